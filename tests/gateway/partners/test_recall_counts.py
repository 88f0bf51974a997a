"""Counting recalled goods: a model of a whole network beside what each gateway counts alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hypothesis import example, given
from hypothesis import strategies as st

from node_gateway.partners.ports import Direction
from node_gateway.partners.recall_counts import Fate, Picture, Tally, score
from node_gateway.partners.recall_ways import Step, way_of

PEOPLE = 4  # 0 makes; goods go anywhere, in circles too
PACKS = 12


@dataclass
class World:
    """Packs, where each has been, and what became of it; handovers are named by their number."""

    holder: dict[int, int] = field(default_factory=dict)
    steps: dict[tuple[int, int], list[Step]] = field(default_factory=dict)
    ends: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    fate: dict[int, Fate] = field(default_factory=dict)
    count: int = 0

    def hand(self, packs: list[int], to: int) -> None:
        by_holder: dict[int, list[int]] = {}
        for pack in packs:
            if self.holder[pack] != to:
                by_holder.setdefault(self.holder[pack], []).append(pack)
        for holder, moved in by_holder.items():
            digest = self._named(holder, to)
            for pack in moved:
                self._state(holder, to, pack, digest, arrived=True)
                self.holder[pack] = to

    def state_again(self, chosen: int) -> None:
        """Let a giver state a shipment a second time; nothing moves by it, and it comes late."""
        was = self._some(chosen)
        if was is None:
            return
        giver, taker = self.ends[was]
        digest = self._named(giver, taker)
        for pack in self.holder:
            steps = self.steps.get((giver, pack), [])
            if steps and steps[-1].handover == was:
                self._state(giver, taker, pack, digest, arrived=False)

    def resend(self, chosen: int) -> None:
        """Let a giver say a handover anew: at both ends it takes the place of the old one."""
        was = self._some(chosen)
        if was is None:
            return
        digest = self._named(*self.ends.pop(was))
        for steps in self.steps.values():
            steps[:] = [
                replace(one, handover=digest, said=self.count) if one.handover == was else one
                for one in steps
            ]

    def picture(self, who: int) -> Picture:
        made = Picture()
        for pack in self.holder:
            steps = self.steps.get((who, pack), [])
            if steps or who == 0:
                way = way_of(steps, made_here=who == 0)
                made.add(way, self.fate.get(pack, Fate.SECURED))
        return made

    def told(self) -> Tally:
        """Return what the maker learns when everybody asked and answered until nothing changed."""
        pictures = [self.picture(who) for who in range(PEOPLE)]
        reports: list[dict[bytes, Tally]] = [{} for _ in pictures]
        for _ in range(2 * PACKS):
            for who, picture in enumerate(pictures):
                for other in set(picture.receivers.values()):
                    asked = picture.handed_to(other)
                    answer = pictures[other].tallies(who, asked, reports[other])
                    reports[who].update(answer)
        return pictures[0].total(reports[0])

    def _some(self, chosen: int) -> bytes | None:
        names = sorted(self.ends)
        return names[chosen % len(names)] if names else None

    def _named(self, giver: int, taker: int) -> bytes:
        self.count += 1
        digest = self.count.to_bytes(32)
        self.ends[digest] = (giver, taker)
        return digest

    def _state(self, giver: int, taker: int, pack: int, digest: bytes, *, arrived: bool) -> None:
        out = Step(Direction.OUT, taker, digest, said=self.count)
        came = Step(Direction.IN, giver, digest, arrived=arrived, said=self.count)
        self.steps.setdefault((giver, pack), []).append(out)
        self.steps.setdefault((taker, pack), []).append(came)


def world_of(shipped: list[tuple[list[int], int]], again: Mapping[int, list[int]]) -> World:
    """Play a story: shipments, and behind each what is stated again (even: twice, odd: anew)."""
    world = World(holder=dict.fromkeys(range(PACKS), 0))
    for place, (packs, to) in enumerate(shipped):
        world.hand(packs, to)
        for one in again.get(place, []):
            (world.resend if one % 2 else world.state_again)(one // 2)
    return world


packs = st.integers(0, PACKS - 1)
moves = st.lists(
    st.tuples(st.lists(packs, min_size=1, max_size=6), st.integers(0, PEOPLE - 1)), max_size=7
)
agains = st.dictionaries(
    st.integers(0, 6), st.lists(st.integers(0, 15), min_size=1, max_size=3), max_size=4
)
fates = st.dictionaries(packs, st.sampled_from([Fate.GONE, Fate.OPEN, Fate.OUTSIDE]), max_size=6)


@example([([0, 1], 2), ([0], 1), ([0], 0)], {}, {0: Fate.GONE}).via("a circle, and one stays")
@example([([1, 6], 2), ([1], 1), ([1], 0)], {}, {0: Fate.GONE, 6: Fate.OPEN}).via("one is open")
@example([([0], 1), ([0], 2), ([0], 3), ([5], 3), ([0, 5], 1)], {}, {0: Fate.GONE}).via(
    "a circle meets others on its way"
)
@example([([0], 2), ([0], 1), ([0, 1], 3), ([0, 1], 2), ([0], 0)], {}, {}).via(
    "what comes straight back to its maker went round with others"
)
@given(moves, agains, fates)
def test_the_issuer_learns_of_every_pack_what_became_of_it(
    shipped: list[tuple[list[int], int]], again: dict[int, list[int]], ended: dict[int, Fate]
) -> None:
    """Wherever goods went, and whatever was stated again: the sums are those of the network."""
    world = world_of(shipped, again)
    world.fate = ended
    found = Counter(ended.values())
    total = world.told()
    assert (total.units, total.gone) == (PACKS, found[Fate.GONE])
    assert total.open == found[Fate.OPEN] + found[Fate.OUTSIDE]
    assert total.secured == PACKS - sum(found.values())


@example([([0], 2), ([0], 1), ([0], 2), ([0], 0)], {3: [4]}).via("stated again when all went back")
@given(moves, agains)
def test_every_pack_is_answered_for_by_exactly_one(
    shipped: list[tuple[list[int], int]], again: dict[int, list[int]]
) -> None:
    world = world_of(shipped, again)
    own = [
        sum(sum(fates.values()) for fates in world.picture(who).own.values())
        for who in range(PEOPLE)
    ]
    held = Counter(world.holder.values())
    assert own == [held[who] for who in range(PEOPLE)]


def test_what_went_back_is_answered_for_by_whoever_has_it() -> None:
    out, back = b"o" * 32, b"b" * 32
    shop, maker = Picture(), Picture()
    shop.add(way_of([Step(Direction.IN, 0, out), Step(Direction.OUT, 0, back)]), Fate.SECURED)
    maker.add(way_of([Step(Direction.OUT, 1, out), Step(Direction.IN, 1, back)]), Fate.SECURED)
    assert shop.own == {}
    assert (shop.handed_to(0), maker.handed_to(1)) == ({back: 1}, {out: 1})
    assert shop.answers_for(0)
    assert not maker.answers_for(1)
    assert maker.total({}) == Tally(1, 1, 0)
    told = maker.tallies(1, [back], {})
    assert told == {back: Tally(1, 1, 0)}
    assert maker.total(shop.tallies(0, [out], told)) == Tally(1, 1, 0)


def test_a_partner_that_is_silent_hides_nothing_that_is_here_again() -> None:
    maker = Picture()
    out, back = Step(Direction.OUT, 2, b"o" * 32), Step(Direction.IN, 1, b"b" * 32)
    for _ in range(2):
        maker.add(way_of([out, back], made_here=True), Fate.GONE)
    maker.add(way_of([out], made_here=True), Fate.SECURED)
    assert maker.total({}) == Tally(3, 0, 2)
    assert maker.total({b"o" * 32: Tally(3, 1, 2)}) == Tally(3, 1, 2)


def test_a_partner_cannot_account_for_more_than_it_was_handed() -> None:
    picture = Picture()
    for _ in range(3):
        picture.add(way_of([Step(Direction.OUT, 2, b"h" * 32)]), Fate.SECURED)
    told = picture.total({b"h" * 32: Tally(1000, 900, 100)})
    assert told.units == 3
    assert told.open == 0
    assert (told.secured, told.gone) == (2, 1)


def test_goods_that_left_the_network_stay_open() -> None:
    picture = Picture()
    picture.add(way_of([]), Fate.OUTSIDE)
    assert picture.outside == 1
    assert picture.total({}).open == 1


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
