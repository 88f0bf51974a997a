"""The typed verdicts: what is said of a unit to people, to programs, and as an exit status.

One table for every surface: the command lines, the API, the pages, the call centre. The browsers'
copy (`node_gateway/web/src/core/verdicts.ts`) and the reference page are written from it by
`scripts/make_verdicts.py`. A verdict is never a bare "genuine": it says what was recorded, and what
should have happened to this unit.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from anchoring.verification_model import Outcome


class ExitStatus(IntEnum):
    """How every command ends."""

    OK = 0
    FAILED = 1
    USAGE = 2
    MISMATCH = 10
    NOT_FOUND = 11
    PENDING = 12
    CANNOT_CHECK = 13
    SUSPICIOUS = 14


class Tone(StrEnum):
    """How a verdict is shown: a shape, a word and a colour of its own; each is enough alone."""

    INTACT = "intact"
    WAITING = "waiting"
    WARNING = "warning"
    STOP = "stop"
    REPAIR = "repair"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What is said of a unit. The value is the code that a call centre can look up."""

    INTACT_UNSOLD = "V01"
    SOLD_ONCE = "V02"
    SEALING = "V03"
    SOLD_AGAIN = "V04"
    RECALLED = "V05"
    EXPIRED = "V06"
    DESTROYED = "V07"
    NEVER_ISSUED = "V08"
    TYPO = "V09"
    NOT_ACTIVATED = "V10"
    TAMPERED = "V11"
    CANNOT_CHECK = "V12"
    NODES_DISAGREE = "V13"
    OUTSIDE_NETWORK = "V14"
    NOT_AUTHORISED = "V15"

    @property
    def exit_status(self) -> ExitStatus:
        """How a command ends that comes to this verdict."""
        return _TABLE[self][0]

    @property
    def tone(self) -> Tone:
        """How it is shown."""
        return _TABLE[self][1]


_TABLE: Final = {
    Verdict.INTACT_UNSOLD: (ExitStatus.OK, Tone.INTACT),
    Verdict.SOLD_ONCE: (ExitStatus.OK, Tone.INTACT),
    Verdict.SEALING: (ExitStatus.PENDING, Tone.WAITING),
    Verdict.SOLD_AGAIN: (ExitStatus.SUSPICIOUS, Tone.WARNING),
    Verdict.RECALLED: (ExitStatus.SUSPICIOUS, Tone.STOP),
    Verdict.EXPIRED: (ExitStatus.SUSPICIOUS, Tone.WARNING),
    Verdict.DESTROYED: (ExitStatus.SUSPICIOUS, Tone.STOP),
    Verdict.NEVER_ISSUED: (ExitStatus.NOT_FOUND, Tone.WARNING),
    Verdict.TYPO: (ExitStatus.USAGE, Tone.REPAIR),
    Verdict.NOT_ACTIVATED: (ExitStatus.SUSPICIOUS, Tone.WARNING),
    Verdict.TAMPERED: (ExitStatus.MISMATCH, Tone.STOP),
    Verdict.CANNOT_CHECK: (ExitStatus.CANNOT_CHECK, Tone.UNKNOWN),
    Verdict.NODES_DISAGREE: (ExitStatus.SUSPICIOUS, Tone.WARNING),
    Verdict.OUTSIDE_NETWORK: (ExitStatus.NOT_FOUND, Tone.UNKNOWN),
    Verdict.NOT_AUTHORISED: (ExitStatus.SUSPICIOUS, Tone.WARNING),
}

PRECEDENCE: Final = (
    Verdict.TAMPERED,
    Verdict.NOT_AUTHORISED,
    Verdict.RECALLED,
    Verdict.NODES_DISAGREE,
    Verdict.DESTROYED,
    Verdict.SOLD_AGAIN,
    Verdict.EXPIRED,
    Verdict.TYPO,
    Verdict.NEVER_ISSUED,
    Verdict.NOT_ACTIVATED,
    Verdict.SEALING,
    Verdict.SOLD_ONCE,
    Verdict.INTACT_UNSOLD,
    Verdict.OUTSIDE_NETWORK,
    Verdict.CANNOT_CHECK,
)
"""Of all that apply the first is said. A slip of the finger goes before "never issued": repair it
before anybody is alarmed. The last two are said only when nothing else can be."""

_ONLY_ALONE: Final = (Verdict.OUTSIDE_NETWORK, Verdict.CANNOT_CHECK)


class CodeState(StrEnum):
    """What is known of the code itself, before any proof of it is looked at."""

    RECORDED = "recorded"
    SEALING = "sealing"
    """Its issuer has recorded it, and it is not final yet."""
    NOT_ACTIVATED = "not_activated"
    """Issued, and no event has brought it into being."""
    NEVER_ISSUED = "never_issued"
    """Its issuer says so; one that merely publishes nothing says nothing (`unknown`)."""
    TYPO = "typo"
    """No code can read like this: a check digit, the length or the prefix is wrong."""
    OUTSIDE = "outside"
    """Nobody in the network owns its prefix."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a unit.

    Attributes:
        outcomes: What the witnesses came to, for each bundle about the unit; empty if there is
            none or nobody was asked.
        code: What is known of the code.
        sales: How many sales are recorded, whoever says so.
        warnings: Codes of what any witness shows beside a bundle (`recalled` counts here).
        is_destroyed: Whether it is recorded as destroyed or taken out of use for good.
        expires: Day (`2027-12-31`) or month (`2027-12`, `2027-12-00`) until whose end it may be
            used; text after it is ignored, anything else is no date.
        today: Day of whoever looks, `2026-11-22`.
    """

    outcomes: tuple[Outcome, ...] = ()
    code: CodeState = CodeState.UNKNOWN
    sales: int = 0
    warnings: Collection[str] = ()
    is_destroyed: bool = False
    expires: str | None = None
    today: str = ""


def judge(facts: Facts) -> Verdict:
    """Return the one verdict on a unit. Pure: no clock, no network."""
    return applying(facts)[0]


def applying(facts: Facts) -> tuple[Verdict, ...]:
    """Return all verdicts that apply, the one to say first.

    Of what was tampered with nothing else is said: the rest comes from the same hands.
    """
    found = _found(facts)
    if Verdict.TAMPERED in found:
        return (Verdict.TAMPERED,)
    said = tuple(one for one in PRECEDENCE if one in found and one not in _ONLY_ALONE)
    return said or tuple(one for one in _ONLY_ALONE if one in found)[:1]


def is_expired(expires: str | None, today: str) -> bool:
    """Whether `today` comes after a day or month as in `Facts.expires`."""
    match = re.match(r"(\d{4}-\d{2})(?:-(\d{2}))?", expires or "", re.ASCII)
    if match is None or not today:
        return False
    month, day = match.groups()
    until = month if day in (None, "00") else f"{month}-{day}"
    return today[: len(until)] > until


def exit_status_of(*outcomes: Outcome) -> ExitStatus:
    """Return how a command ends that asked about recorded bundles and nothing else."""
    return judge(Facts(outcomes=outcomes, code=CodeState.RECORDED)).exit_status


_OF_CODE: Final = {
    CodeState.SEALING: Verdict.SEALING,
    CodeState.NOT_ACTIVATED: Verdict.NOT_ACTIVATED,
    CodeState.NEVER_ISSUED: Verdict.NEVER_ISSUED,
    CodeState.TYPO: Verdict.TYPO,
    CodeState.OUTSIDE: Verdict.OUTSIDE_NETWORK,
}


def _found(facts: Facts) -> set[Verdict]:
    outcomes = set(facts.outcomes)
    found = {Verdict.CANNOT_CHECK}
    if facts.code in _OF_CODE:
        found.add(_OF_CODE[facts.code])
    # Alarms need no proof; that a record is intact does.
    if outcomes == {Outcome.VERIFIED}:
        found |= {Verdict.INTACT_UNSOLD} if facts.sales == 0 else set()
        found |= {Verdict.SOLD_ONCE} if facts.sales == 1 else set()
    holds = {
        Verdict.TAMPERED: Outcome.REFUSED in outcomes,
        Verdict.NOT_AUTHORISED: Outcome.NOT_AUTHORISED in outcomes,
        Verdict.RECALLED: Outcome.RECALLED in outcomes or "recalled" in facts.warnings,
        Verdict.NODES_DISAGREE: Outcome.DISAGREEMENT in outcomes,
        Verdict.DESTROYED: facts.is_destroyed,
        Verdict.SOLD_AGAIN: facts.sales > 1,
        Verdict.EXPIRED: is_expired(facts.expires, facts.today),
    }
    return found | {one for one, applies in holds.items() if applies}
