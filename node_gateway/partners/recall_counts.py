"""Count recalled goods by where they came from and what became of them. Pure.

A pack counts once. Its way says how it came and whether a partner answers for it (`recall_ways`);
else it is ours: secured (here and blocked, destroyed, taken out of trade), gone (sold, consumed,
lost), or open (announced and not received, shipped to somebody who is told nothing).

What a partner reports of a handover out is shared among the ways that its goods came by, in
proportion: a gateway knows of each pack where it came from, its partner's report has none. The
shares add up to what was reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from node_gateway.partners.recall_ways import Way

CLOSED_SHARE: Final = 0.95
"""A recall counts as closed when so much of the goods is accounted for."""


class Fate(StrEnum):
    """What became of a pack in our hands."""

    SECURED = "secured"
    GONE = "gone"
    OPEN = "open"
    OUTSIDE = "outside"
    """Shipped, and no participant was handed it: nobody will report. Counts as open."""


Origin: TypeAlias = tuple[tuple[int, tuple[bytes, ...]], ...]
"""How packs came: by partner, the handovers that state it, oldest first. Empty: made here."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Packs by what became of them; `units` are all of them."""

    units: int = 0
    secured: int = 0
    gone: int = 0

    @property
    def open(self) -> int:
        """How many nobody has accounted for yet."""
        return self.units - self.secured - self.gone

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.units + other.units, self.secured + other.secured, self.gone + other.gone)


@dataclass(slots=True)
class Picture:
    """Recalled goods as one gateway sees them.

    Attributes:
        own: Packs that are ours to account for, by how they came.
        passed: Packs that a partner answers for, by how they came and the handover out.
        outside: Packs shipped to somebody who is told nothing; among the open ones of `own`.
        receivers: From the handover out to the partner that it went to.
    """

    own: dict[Origin, Counter[Fate]] = field(default_factory=dict)
    passed: Counter[tuple[Origin, bytes]] = field(default_factory=Counter)
    outside: int = 0
    receivers: dict[bytes, int] = field(default_factory=dict)

    def add(self, way: Way, fate: Fate) -> None:
        """Count one pack; `fate` counts only if no partner answers for it."""
        origin = tuple((one.partner, one.names) for one in way.came)
        out = way.out
        if out is not None:
            self.receivers[out.names[-1]] = out.partner
            self.passed[origin, out.names[-1]] += 1
        elif way.is_here:
            self.own.setdefault(origin, Counter())[fate] += 1
            self.outside += fate is Fate.OUTSIDE

    def handed_to(self, partner: int) -> dict[bytes, int]:
        """Return the handovers to a partner, and how many packs it answers for in each."""
        found: Counter[bytes] = Counter()
        for (_, out), count in self.passed.items():
            if self.receivers[out] == partner:
                found[out] += count
        return dict(found)

    def total(self, reports: Mapping[bytes, Tally]) -> Tally:
        """Return what became of all packs; `reports` by handover out, as partners last told."""
        return sum((one for _, one in self._parts(reports)), Tally())

    def tallies(
        self, partner: int, asked: Collection[bytes], reports: Mapping[bytes, Tally]
    ) -> dict[bytes, Tally]:
        """Return what became of the packs that came by handovers a partner asks about.

        Where several state how a pack came, the partner means the last one of those it names.
        """
        found = dict.fromkeys(asked, Tally())
        for origin, part in self._parts(reports):
            for name in _meant(origin, partner, found):
                found[name] += part
        return found

    def _parts(self, reports: Mapping[bytes, Tally]) -> Iterator[tuple[Origin, Tally]]:
        for origin, fates in self.own.items():
            yield origin, Tally(sum(fates.values()), fates[Fate.SECURED], fates[Fate.GONE])
        by_out: dict[bytes, dict[Origin, int]] = {}
        for (origin, out), count in sorted(self.passed.items()):
            by_out.setdefault(out, {})[origin] = count
        for out, counts in by_out.items():
            shares = _shares(reports.get(out, Tally()), list(counts.values()))
            yield from zip(counts, shares, strict=True)


def _meant(origin: Origin, partner: int, asked: Collection[bytes]) -> set[bytes]:
    """Return the handovers among `asked` under which a partner counts packs that came so."""
    found = set()
    for giver, names in origin:
        told = [one for one in names if one in asked] if giver == partner else []
        found |= set(told[-1:])
    return found


def _shares(report: Tally, counts: Sequence[int]) -> list[Tally]:
    """Return the shares of so many packs each; they add up to what the partner accounts for.

    A partner accounts for no more packs than it was handed. Where it reports more, those that are
    open with it are taken to be the others first: whoever stated a pack to two partners counts it
    with the second, and it is open with the first.
    """
    size = sum(counts)
    closed = min(report.secured + report.gone, size)
    secured = closed * report.secured // max(report.secured + report.gone, 1)
    found, seen = [], 0
    closed_before = secured_before = 0
    for count in counts:
        seen += count
        closed_now = closed * seen // size
        secured_now = secured * closed_now // max(closed, 1)
        mine, safe = closed_now - closed_before, secured_now - secured_before
        found.append(Tally(count, safe, mine - safe))
        closed_before, secured_before = closed_now, secured_now
    return found


def score(
    tally: Tally, *, acknowledged: int, asked: int, closed_after_s: float | None
) -> dict[str, int]:
    """Return the score of an exercise, 0 to 100, by parts.

    60 for the goods that are accounted for, 25 for the direct partners of whom a person has
    acknowledged, 15 for speed: all within an hour, none after a day.
    """
    goods = 60 * (tally.secured + tally.gone) // tally.units if tally.units else 60
    people = 25 * acknowledged // asked if asked else 25
    speed = 0
    if closed_after_s is not None:
        hours = closed_after_s / 3600
        speed = round(15 * max(0.0, min(1.0, (24 - hours) / 23)))
    return {"goods": goods, "people": people, "speed": speed, "total": goods + people + speed}
