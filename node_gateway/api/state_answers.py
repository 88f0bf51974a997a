"""What the answers about states and findings look like; see `answers`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from node_gateway.api.answers import Hash, _Answer
from node_gateway.api.answers_notices import ConcernAnswer


class Sentence(_Answer):
    """One sentence in both languages."""

    en: str
    zh: str


class RuleBroken(_Answer):
    """A rule that an event breaks; docs/reference/state-rules.md lists them.

    `contradicts` is the entry of the event against it. `lot` is set where the rule is about one.
    """

    rule: str
    severity: Literal["info", "warning", "alarm"]
    text: Sentence
    code: str | None
    lot: str | None
    contradicts: Hash | None


class FindingAnswer(RuleBroken):
    """A finding. Its number is stable as long as it holds."""

    number: int
    event: Hash | None
    found_at: str


class Findings(_Answer):
    """A page of findings; `next` is the number to go on from, null at the end."""

    findings: list[FindingAnswer]
    next: int | None


class EventFindings(_Answer):
    """The findings that accuse one event."""

    findings: list[FindingAnswer]


class Said(_Answer):
    """When something happened, as stated, and the entry of the event that says so."""

    stated_at: str
    event: Hash | None


class EndedAnswer(Said):
    """How a code left the trade."""

    kind: Literal["dispensed", "decommissioned", "destroyed", "lost", "consumed"]


class PartyAnswer(_Answer):
    """A party or place of a shipment."""

    type: str
    id: str


class ShipmentAnswer(_Answer):
    """A shipment under way."""

    stated_at: str
    event: Hash | None
    from_: Annotated[list[PartyAnswer], Field(alias="from")]
    to: list[PartyAnswer]


class PlatformState(_Answer):
    """The letter that the drug platform has for the state of a code, and its words."""

    letter: Literal["A", "I", "O", "C", "E"]
    text: Sentence


class CodeStateAnswer(_Answer):
    """What its events have made of a code.

    `platformState` and `packLevel` (1 for the smallest) are of 20-digit drug codes, else null.
    """

    code: str
    product: str | None
    status: str
    lot: str | None
    expiry: str | None
    commissioned: Said | None
    last: Said
    biz_step: str | None
    disposition: str | None
    persistent_dispositions: list[str]
    ended: EndedAnswer | None
    returned: bool
    recalled: Said | None
    parents: list[str]
    place: str | None
    holder: str | None
    supplier: str | None
    in_transit: ShipmentAnswer | None
    child_count: int
    findings: list[FindingAnswer]
    notices: list[ConcernAnswer]
    platform_state: PlatformState | None
    pack_level: int | None


class Child(_Answer):
    """A code that is packed in another one; `isUnit` if something may be in it in turn."""

    code: str
    status: str
    is_unit: bool


class CodeTree(_Answer):
    """What a code is packed into, nearest first, and a page of what is packed in it."""

    code: str
    status: str
    parents: list[str]
    children: list[Child]
    next: str | None


class Recalled(_Answer):
    """What a notice holds against an event: a rule of docs/reference/operations.md, in words."""

    rule: str
    detail: str


class CheckedEvent(_Answer):
    """What one event of a document would contradict; `index` is its place there."""

    index: int
    findings: list[RuleBroken]
    recalls: list[Recalled]


class StateCheck(_Answer):
    """What the events of a document would contradict."""

    finding_count: int
    events: list[CheckedEvent]
