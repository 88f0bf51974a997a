"""How many sales of a code stand, by the claims that a gateway has of it. Pure.

A claim is one neighbour's word. So that no neighbour's word weighs more than the goods that went
to it, each has so many claims that count: two where the code itself went (the pack may have been
sold there, and a copy of it too), one where only something of its product went (whatever was sold
there is a copy; a second one says no more against anybody else). Our own sales all count.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from node_gateway.storage.sales import Claim, ClaimState, Kind

LIVE_MAX: Final = 2
"""Most standing claims of one kind about one code by one neighbour: one more changes no answer."""
_STRANGE_MAX: Final = 1
LAPSES_S: Final = 31 * 24 * 3600
"""A return waits so long for the sale that it takes back: as long as a sale may be told late."""


class Counted(NamedTuple):
    """The claims that count, oldest first."""

    sold: Sequence[Claim]
    came_back: Sequence[Claim]

    @property
    def gross(self) -> int:
        """How often the code was sold."""
        return len(self.sold)

    @property
    def net(self) -> int:
        """How many of these sales no return took back.

        Which sale a return belongs to nobody says; each takes one, that came before it or at the
        latest `LAPSES_S` after it.
        """
        open_sales = sorted(one.since for one in self.sold)
        for back in sorted(one.since for one in self.came_back):
            if open_sales and open_sales[0] <= back + LAPSES_S:
                del open_sales[0]
        return len(open_sales)


def counted(claims: Iterable[Claim], *, early: bool = False) -> Counted:
    """Return those of a code's claims that count here.

    Args:
        claims: All of them.
        early: Count our own sales that nobody may hear of yet, too.
    """
    standing = [
        one for one in claims if one.stands and (early or not one.is_own or not one.is_at_home)
    ]
    had_it = {one.source for one in standing if not one.strange}
    seen: Counter[tuple[int, Kind]] = Counter()
    found: defaultdict[Kind, list[Claim]] = defaultdict(list)
    for one in sorted(standing, key=lambda one: (not one.is_out, one.number)):
        most = LIVE_MAX if one.source in had_it else _STRANGE_MAX
        if one.is_own or seen[one.source, one.kind] < most:
            seen[one.source, one.kind] += 1
            found[one.kind].append(one)
    by_number = {kind: sorted(some, key=lambda one: one.number) for kind, some in found.items()}
    return Counted(by_number.get(Kind.SOLD, ()), by_number.get(Kind.CAME_BACK, ()))


def to_tell(claims: Iterable[Claim], count: Counted) -> list[Claim]:
    """Return which claims the next one has to hear of now: of each kind, `LIVE_MAX` at once."""
    out = Counter(one.kind for one in claims if one.is_out)
    found: list[Claim] = []
    for kind, some in ((Kind.SOLD, count.sold), (Kind.CAME_BACK, count.came_back)):
        room = max(0, LIVE_MAX - out[kind])
        found += [one for one in some if one.state is ClaimState.HELD][:room]
    return found
