"""What an operator can want of the consortium, and the plan that comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from anchoring.chain.governance import NO_EVIDENCE, Action
from anchoring.chain.governance_calls import NoticeScope, NoticeText
from anchoring.chain.governor import PreparedCall


@dataclass(frozen=True, slots=True)
class Propose:
    """Propose an action; `evidence` is the SHA-256 of a file that shows why."""

    action: Action
    evidence: bytes = NO_EVIDENCE


@dataclass(frozen=True, slots=True)
class Approve:
    """Approve what stands under a number."""

    proposal: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take one's approval back."""

    proposal: int


@dataclass(frozen=True, slots=True)
class Execute:
    """Carry out what was decided."""

    proposal: int


@dataclass(frozen=True, slots=True)
class Veto:
    """Forbid the replacement of one's own admin key."""

    proposal: int


@dataclass(frozen=True, slots=True)
class SetUrl:
    """Change the address of one's own gateway; empty: it runs none."""

    url: str


@dataclass(frozen=True, slots=True)
class OfferPrefix:
    """Offer one's own grant to another participant."""

    grant: int
    to: int


@dataclass(frozen=True, slots=True)
class AcceptPrefix:
    """Take over what is offered."""

    grant: int


@dataclass(frozen=True, slots=True)
class RefusePrefix:
    """Make an offer void, as the one who made it or got it."""

    grant: int


@dataclass(frozen=True, slots=True)
class SurrenderPrefix:
    """Give one's own grant up; 0: now."""

    grant: int
    until: int = 0


@dataclass(frozen=True, slots=True)
class PublishNotice:
    """Publish a recall, or an exercise of one."""

    level: int
    scope: NoticeScope
    text: NoticeText
    drill: bool


@dataclass(frozen=True, slots=True)
class EscalateNotice:
    """Make a notice graver."""

    notice: int
    level: int
    text: NoticeText


@dataclass(frozen=True, slots=True)
class LiftNotice:
    """Lift a notice for good."""

    notice: int
    text: NoticeText


PrefixWish = OfferPrefix | AcceptPrefix | RefusePrefix | SurrenderPrefix
NoticeWish = PublishNotice | EscalateNotice | LiftNotice
Vote = Approve | Withdraw | Execute | Veto
Wish = Propose | Vote | SetUrl | PrefixWish | NoticeWish


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be signed.

    Attributes:
        words: What it does, in sentences.
        call: None if nothing is left to do; then `words` say why.
        rehearsed: An action that must succeed as things stand, or the call makes no sense.
        proposal, grant, notice: What it is about, as far as that has a number yet.
    """

    words: tuple[str, ...]
    call: PreparedCall | None
    rehearsed: Action | None = None
    proposal: int | None = None
    grant: int | None = None
    notice: int | None = None
