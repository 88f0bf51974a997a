"""Count recalled goods by where they came from and what became of them. Pure.

A pack counts once. Its way says how it came and whether a partner answers for it (`recall_ways`);
else it is ours: secured (here and blocked, destroyed, taken out of trade), gone (sold, consumed,
lost), or open (announced and not received, shipped to somebody who is told nothing).

What a partner reports of a handover out is shared among the ways that its goods came by, in
proportion: a gateway knows of each pack where it came from, its partner's report has none. The
shares add up to what was reported.

Goods that come back, at once or in a circle, stay here twice, and each stay is accounted for by
itself. The first ends with the partner that they left to: it reports them with everything else that
it was handed, whoever has them now. The second is told to the partner that they came back from. The
total is that of first stays. So every pack counts once, however shares fall, when everybody has
answered; until then goods are open, never counted twice. Where that partner has not answered at
all, what is known here of goods that are here again stands in for its report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

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


class Origin(NamedTuple):
    """How packs came.

    Attributes:
        came: By partner, the handovers that state it, oldest first. Empty: made here.
        is_back: Whether they had left before.
    """

    came: tuple[tuple[int, tuple[bytes, ...]], ...] = ()
    is_back: bool = False


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
        own: Packs that are ours to account for, by how they came last.
        passed: Packs that left, by how they had come and the handover out; what left twice counts
            twice.
        again: Of `passed`, those that are ours again.
        outside: Packs shipped to somebody who is told nothing; among the open ones of `own`.
        receivers: From the handover out to the partner that it went to.
    """

    own: dict[Origin, Counter[Fate]] = field(default_factory=dict)
    passed: Counter[tuple[Origin, bytes]] = field(default_factory=Counter)
    again: dict[tuple[Origin, bytes], Counter[Fate]] = field(default_factory=dict)
    outside: int = 0
    receivers: dict[bytes, int] = field(default_factory=dict)

    def add(self, way: Way, fate: Fate) -> None:
        """Count one pack; `fate` counts only if no partner answers for it."""
        is_ours = way.stays[-1].out is None
        for place, stay in enumerate(way.stays):
            came = tuple((one.partner, one.names) for one in stay.came)
            origin = Origin(came, is_back=place > 0)
            if stay.out is None:
                self.own.setdefault(origin, Counter())[fate] += 1
                self.outside += fate is Fate.OUTSIDE
                continue
            out = stay.out.names[-1]
            self.receivers[out] = stay.out.partner
            self.passed[origin, out] += 1
            if is_ours:
                self.again.setdefault((origin, out), Counter())[fate] += 1

    def answers_for(self, partner: int) -> bool:
        """Tell whether any pack that a partner was handed is not ours again."""
        return any(
            self.receivers[out] == partner
            and count > sum(self.again.get((origin, out), {}).values())
            for (origin, out), count in self.passed.items()
        )

    def handed_to(self, partner: int) -> dict[bytes, int]:
        """Return the handovers to a partner, and how many packs it was handed by each."""
        found: Counter[bytes] = Counter()
        for (_, out), count in self.passed.items():
            if self.receivers[out] == partner:
                found[out] += count
        return dict(found)

    def total(self, reports: Mapping[bytes, Tally]) -> Tally:
        """Return what became of all packs; `reports` by handover out, as partners last told."""
        parts = self._parts(reports)
        return sum((one for origin, one in parts if not origin.is_back), Tally())

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
            yield origin, _tally(fates, fates.total())
        by_out: dict[bytes, dict[Origin, int]] = {}
        for (origin, out), count in sorted(self.passed.items()):
            by_out.setdefault(out, {})[origin] = count
        for out, counts in by_out.items():
            if out in reports:
                shares = _shares(reports[out], list(counts.values()))
                yield from zip(counts, shares, strict=True)
                continue
            for origin, count in counts.items():
                yield origin, _tally(self.again.get((origin, out), Counter()), count)


def _tally(fates: Counter[Fate], units: int) -> Tally:
    return Tally(units, fates[Fate.SECURED], fates[Fate.GONE])


def _meant(origin: Origin, partner: int, asked: Collection[bytes]) -> set[bytes]:
    """Return the handovers among `asked` under which a partner counts packs that came so."""
    found = set()
    for giver, names in origin.came:
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
