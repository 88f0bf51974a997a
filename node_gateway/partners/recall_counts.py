"""Count recalled goods by where they came from and what became of them. Pure.

A pack counts once. It came to us by its first handover in, or was commissioned here. If its last
handover is one out, the partner there answers for it; else it is ours: secured (here and blocked,
destroyed, taken out of trade), gone (sold, consumed, lost), or open (announced and not received,
shipped to somebody who is told nothing).

What a partner reports of a handover out is shared among the handovers in that its goods came by,
in proportion: a gateway knows of each pack where it came from, its partner's report has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from node_gateway.partners.ports import Direction

CLOSED_SHARE: Final = 0.95
"""A recall counts as closed when so much of the goods is accounted for."""


class Fate(StrEnum):
    """What became of a pack in our hands."""

    SECURED = "secured"
    GONE = "gone"
    OPEN = "open"
    OUTSIDE = "outside"
    """Shipped, and no participant was handed it: nobody will report. Counts as open."""


@dataclass(frozen=True, slots=True)
class Step:
    """One handover that a pack went by, in the order of happening."""

    direction: Direction
    partner: int
    handover: bytes


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
        own: Packs that are ours to account for, by where they came from (None: made here).
        passed: Packs that a partner answers for, by where they came from and the handover out.
        outside: Packs shipped to somebody who is told nothing; among the open ones of `own`.
        origins: From the handover in to the partner that it came from.
        receivers: From the handover out to the partner that it went to.
    """

    own: dict[bytes | None, Counter[Fate]] = field(default_factory=dict)
    passed: Counter[tuple[bytes | None, bytes]] = field(default_factory=Counter)
    outside: int = 0
    origins: dict[bytes, int] = field(default_factory=dict)
    receivers: dict[bytes, int] = field(default_factory=dict)

    def add(self, steps: Iterable[Step], fate: Fate) -> None:
        """Count one pack; `fate` is asked for only if its last step is not one out."""
        way = list(steps)
        came = next((one for one in way if one.direction is Direction.IN), None)
        origin = None if came is None else came.handover
        if came is not None:
            self.origins[came.handover] = came.partner
        last = way[-1] if way else None
        if last is not None and last.direction is Direction.OUT:
            if came is not None and last.partner == came.partner:
                return  # it went back to whoever gave it, who answers for it again
            self.receivers[last.handover] = last.partner
            self.passed[origin, last.handover] += 1
            return
        self.own.setdefault(origin, Counter())[fate] += 1
        self.outside += fate is Fate.OUTSIDE

    def handed_to(self, partner: int) -> dict[bytes, int]:
        """Return the handovers to a partner, and how many packs it answers for in each."""
        found: Counter[bytes] = Counter()
        for (_, out), count in self.passed.items():
            if self.receivers[out] == partner:
                found[out] += count
        return dict(found)

    def tally(
        self, origin: bytes | None, reports: Mapping[bytes, Tally], *, every: bool = False
    ) -> Tally:
        """Return what became of the packs that came by a handover, partners' reports included.

        Args:
            origin: The handover in; None: made here.
            reports: By handover out, as the partner last reported.
            every: Of all packs, wherever they came from.
        """
        total = Tally()
        for came, fates in self.own.items():
            if every or came == origin:
                total += Tally(sum(fates.values()), fates[Fate.SECURED], fates[Fate.GONE])
        sizes: Counter[bytes] = Counter()
        for (_, out), count in self.passed.items():
            sizes[out] += count
        for (came, out), count in self.passed.items():
            if every or came == origin:
                total += _share(reports.get(out, Tally()), count, sizes[out])
        return total


def _share(report: Tally, count: int, size: int) -> Tally:
    """Return the share of `count` among `size` packs; a closed report gives a closed share.

    A partner that reports more than it was handed accounts for no more than that.
    """
    units = max(report.units, size)
    closed = min(report.secured + report.gone, units)
    mine = count * closed // units
    secured = min(count * report.secured // units, mine)
    return Tally(count, secured, mine - secured)


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
