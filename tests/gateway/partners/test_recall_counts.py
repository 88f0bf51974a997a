"""Counting recalled goods: a model of a whole network beside what each gateway counts alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from node_gateway.partners.ports import Direction
from node_gateway.partners.recall_counts import Fate, Picture, Step, Tally, score

PEOPLE = 4  # 0 makes; goods go from lower to higher numbers, and back to whoever gave them


@dataclass
class World:
    """Packs, where each has been, and what became of it; handovers are named by their number."""

    holder: dict[int, int] = field(default_factory=dict)
    steps: dict[tuple[int, int], list[Step]] = field(default_factory=dict)
    fate: dict[int, Fate] = field(default_factory=dict)
    count: int = 0

    def hand(self, packs: list[int], to: int) -> None:
        by_holder: dict[int, list[int]] = {}
        for pack in packs:
            if pack not in self.fate and self.holder[pack] != to:
                by_holder.setdefault(self.holder[pack], []).append(pack)
        for holder, moved in by_holder.items():
            self.count += 1
            digest = self.count.to_bytes(32)
            for pack in moved:
                self.steps.setdefault((holder, pack), []).append(Step(Direction.OUT, to, digest))
                self.steps.setdefault((to, pack), []).append(Step(Direction.IN, holder, digest))
                self.holder[pack] = to

    def picture(self, who: int) -> Picture:
        made = Picture()
        for pack in self.holder:
            steps = self.steps.get((who, pack), [])
            if steps or who == 0:
                made.add(steps, self.fate.get(pack, Fate.SECURED))
        return made


moves = st.lists(
    st.tuples(st.lists(st.integers(0, 11), min_size=1, max_size=6), st.integers(1, PEOPLE - 1)),
    max_size=6,
)
fates = st.dictionaries(st.integers(0, 11), st.sampled_from([Fate.GONE, Fate.OPEN]), max_size=6)


@given(moves, fates)
def test_the_issuer_learns_of_every_pack_what_became_of_it(
    shipped: list[tuple[list[int], int]], ended: dict[int, Fate]
) -> None:
    """Goods flow down only here: reports go up, and the sums are those of the whole network."""
    world = World(holder=dict.fromkeys(range(12), 0))
    for packs, to in shipped:
        world.hand([pack for pack in packs if world.holder[pack] < to], to)
    world.fate = ended
    reports: dict[bytes, Tally] = {}
    for who in reversed(range(PEOPLE)):
        picture = world.picture(who)
        for origin in picture.origins:
            reports[origin] = picture.tally(origin, reports)
    total = world.picture(0).tally(None, reports, every=True)
    assert total.units == 12
    gone = sum(one is Fate.GONE for one in ended.values())
    unclear = sum(one is Fate.OPEN for one in ended.values())
    # Shares of a partner's report are rounded down, so what is claimed is never too much.
    assert total.gone + total.secured <= 12 - unclear
    if not unclear:
        assert total.open == 0
    assert total.gone <= gone + _mixed(world)


def _mixed(world: World) -> int:
    """How many packs may be put down to the other kind by sharing among several origins."""
    return sum(len(world.picture(who).origins) > 1 for who in range(PEOPLE)) * 12


@given(moves)
def test_every_pack_is_answered_for_by_exactly_one(shipped: list[tuple[list[int], int]]) -> None:
    world = World(holder=dict.fromkeys(range(12), 0))
    for packs, to in shipped:
        world.hand(packs, to)
    own = 0
    for who in range(PEOPLE):
        picture = world.picture(who)
        own += sum(sum(fates.values()) for fates in picture.own.values())
    assert own == 12


def test_what_went_back_is_answered_for_by_whoever_has_it() -> None:
    out, back = b"o" * 32, b"b" * 32
    shop, maker = Picture(), Picture()
    shop.add([Step(Direction.IN, 0, out), Step(Direction.OUT, 0, back)], Fate.SECURED)
    maker.add([Step(Direction.OUT, 1, out), Step(Direction.IN, 1, back)], Fate.SECURED)
    assert shop.own == {}
    assert shop.passed == {}
    assert maker.tally(None, {}, every=True) == Tally(1, 1, 0)


def test_a_partner_cannot_account_for_more_than_it_was_handed() -> None:
    picture = Picture()
    for _ in range(3):
        picture.add([Step(Direction.OUT, 2, b"h" * 32)], Fate.SECURED)
    told = picture.tally(None, {b"h" * 32: Tally(1000, 900, 100)}, every=True)
    assert told.units == 3
    assert told.open == 0
    assert (told.secured, told.gone) == (2, 1)


def test_goods_that_left_the_network_stay_open() -> None:
    picture = Picture()
    picture.add([], Fate.OUTSIDE)
    assert picture.outside == 1
    assert picture.tally(None, {}, every=True).open == 1


def test_a_score_says_what_it_is_made_of() -> None:
    whole = Tally(10, 7, 3)
    assert score(whole, acknowledged=2, asked=2, closed_after_s=60) == {
        "goods": 60,
        "people": 25,
        "speed": 15,
        "total": 100,
    }
    half = score(Tally(10, 5, 0), acknowledged=0, asked=2, closed_after_s=None)
    assert half == {"goods": 30, "people": 0, "speed": 0, "total": 30}
    assert score(whole, acknowledged=2, asked=2, closed_after_s=48 * 3600)["speed"] == 0
