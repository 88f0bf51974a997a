"""A shipment's data, what was scanned of it, and what may differ. Immutable and pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from node_gateway.partners.ports import ExceptionKind
from node_gateway.state.parties import class_of

LOOSE: Final = "-"
"""As the unit of a scan: it lay outside any."""


class Cause(StrEnum):
    """Why something probably differs. Values are stable; those of `Fault` are causes too."""

    AS_SAID = "as_said"
    LABEL_DIFFERS = "label_differs"
    MORE_THAN_SAID = "more_than_said"
    SWAPPED = "swapped"
    OTHER_SHIPMENT = "other_shipment"
    PIECES_MISSING = "pieces_missing"
    UNIT_MISSING = "unit_missing"
    NOTHING_CAME = "nothing_came"
    RECEIVED_BEFORE = "received_before"
    ENDED_HERE = "ended_here"
    NO_CODE = "no_code"
    PREFIX_OF_NOBODY = "prefix_of_nobody"
    PREFIX_OF_ANOTHER = "prefix_of_another"
    COMMISSIONED_BY_ANOTHER = "commissioned_by_another"
    NOT_COMMISSIONED = "not_commissioned"
    DATA_LATE = "data_late"
    OPENED = "opened"
    REPACKED = "repacked"
    RECALL_NOTICE = "recall_notice"
    OTHER_DESTINATION = "other_destination"
    SCANNER_CASE = "scanner_case"
    SCANNER_LAYOUT = "scanner_layout"
    SCANNER_SEPARATOR = "scanner_separator"


class Expected(NamedTuple):
    """A code that a shipment is said to hold.

    Attributes:
        parent: The unit that it is packed in, None if it stands by itself.
        lot, expiry: As the sender's data have them, None where they do not tell.
    """

    code: str
    parent: str | None = None
    lot: str | None = None
    expiry: str | None = None


class Scan(NamedTuple):
    """A code that somebody read, with what its symbol states beside it.

    Attributes:
        code: Canonical; the text itself where it is no code.
        lot, expiry: As the symbol states them.
        inside: The unit that it was found in, `LOOSE` if outside any, None if nobody said.
        opened: It is a unit, and what is in it is scanned one by one.
    """

    code: str
    lot: str | None = None
    expiry: str | None = None
    inside: str | None = None
    opened: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of codes beside the shipment's data.

    Attributes:
        past: Why a code cannot come (again): `RECEIVED_BEFORE` or `ENDED_HERE`.
        recalled: Codes that a notice which stands means.
        elsewhere: Codes that another open shipment is said to hold.
        unauthorised: Codes that their commissioner had no right to, and why.
        owned: Scanned codes whose prefix somebody owns.
    """

    past: Mapping[str, Cause] = field(default_factory=lambda: MappingProxyType({}))
    recalled: Collection[str] = frozenset()
    elsewhere: Collection[str] = frozenset()
    unauthorised: Mapping[str, Cause] = field(default_factory=lambda: MappingProxyType({}))
    owned: Collection[str] = frozenset()


class Shipment:
    """The codes of a shipment as a tree.

    Args:
        expected: Every code once.
        for_us: Whether we are whom it is addressed to.
    """

    def __init__(self, expected: Iterable[Expected], *, for_us: bool = True) -> None:
        self.codes = {one.code: one for one in expected}
        self.for_us = for_us
        inside: defaultdict[str, list[str]] = defaultdict(list)
        for one in self.codes.values():
            if one.parent is not None and one.parent in self.codes:
                inside[one.parent].append(one.code)
        self.inside: Mapping[str, Sequence[str]] = dict(inside)
        self.leaves = frozenset(code for code in self.codes if code not in inside)
        self.classes = Counter(class_of(code) for code in self.leaves)

    def leaves_of(self, code: str) -> list[str]:
        """Return what counts of a code: itself, or everything at the ends of what is in it."""
        found, waiting, seen = [], [code], {code}
        while waiting:
            one = waiting.pop()
            inside = self.inside.get(one, ())
            if one in self.leaves:
                found.append(one)
            waiting += [each for each in inside if each not in seen]
            seen.update(inside)
        return found


@dataclass(frozen=True, slots=True)
class Difference:
    """One kind of mismatch, with every code that it concerns for the same cause.

    Attributes:
        codes: Canonical, sorted; empty if it is about the shipment as a whole.
        expected, found: How many of the product were said and are there, where that tells.
        stated, seen: What the data say and what the label says, of a wrong lot or expiry; the
            unit by the data and the one where it was found, of a broken packing.
        meant: The code that a misread one probably was.
    """

    kind: ExceptionKind
    cause: Cause
    codes: tuple[str, ...] = ()
    expected: int | None = None
    found: int | None = None
    stated: str | None = None
    seen: str | None = None
    meant: str | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """What came out.

    Attributes:
        expected, found: How many codes that count were said, and how many of them are there.
        extra: How many scanned codes nobody said.
        arrived: What to say was received, outermost first: whole units, and what came singly.
        missing: The codes that count and are not there.
    """

    differences: tuple[Difference, ...]
    expected: int
    found: int
    extra: int
    arrived: tuple[str, ...]
    missing: frozenset[str]


__all__ = ["LOOSE", "Cause", "Difference", "Expected", "Known", "Matched", "Scan", "Shipment"]
