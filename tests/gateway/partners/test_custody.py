"""One holder at a time: conflicting claims are found, and nothing that can be explained is one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.partners.custody import (
    Claim,
    Conflict,
    OwnBooks,
    Reason,
    Standing,
    believed,
    conflict,
)
from node_gateway.partners.ports import Direction

US, MAKER, TRADER, SHOP, CARRIER = 1, 2, 3, 4, 5
IN, OUT = Direction.IN, Direction.OUT
_NUMBERS = itertools.count(1)


def claim(direction: Direction, partner: int, *, at: int = 0, **more: object) -> Claim:
    number = next(_NUMBERS)
    made = Claim(
        direction, partner, number.to_bytes(32), (10**6 + number).to_bytes(32), at or number
    )
    return made._replace(**more)


def reason(claims: list[Claim], new: Claim, books: OwnBooks | None = None) -> Reason | None:
    found = conflict(claims, new, books or OwnBooks())
    return None if found is None else found.reason


@dataclass
class World:
    """A code on its legal way between participants, and what one of them knows of it."""

    holder: int
    claims: list[Claim] = field(default_factory=list)
    given_to: int | None = None
    left_at: int | None = None
    clock: int = 10**6

    def move(self, to: int, what: str) -> tuple[Claim, OwnBooks, int | None] | None:
        """Hand it on; return the claim as it is disclosed to us if it comes to us."""
        self.clock += 10
        sender, seen = self.holder, None
        if to == US:
            new = claim(IN, sender, at=self.clock)
            seen = (new, OwnBooks(left_at=self.left_at), self.given_to)
            self._keep(new, what, taken=lambda: self._come())
        elif sender == US:
            self._keep(claim(OUT, to, at=self.clock), what, taken=lambda: self._go(to))
        if what == "taken":
            self.holder = to
        return seen

    def _come(self) -> None:
        self.given_to = self.left_at = None

    def _go(self, to: int) -> None:
        self.given_to, self.left_at = to, self.clock

    def _keep(self, new: Claim, what: str, *, taken: object) -> None:
        if what == "called off":
            return  # taken back: it is no claim any more
        self.claims.append(new._replace(kept=what == "missing"))
        if what == "taken":
            taken()  # type: ignore[operator]


@given(
    st.sampled_from([US, MAKER]),
    st.lists(
        st.tuples(
            st.sampled_from([US, MAKER, TRADER, SHOP]),
            st.sampled_from(["taken", "taken", "missing", "called off"]),
        ),
        max_size=30,
    ),
)
def test_whatever_goes_its_legal_way_is_no_conflict(
    first: int, moves: list[tuple[int, str]]
) -> None:
    """But for one thing: what we passed on comes back from somebody to whom we know no way."""
    world = World(first)
    for to, what in moves:
        if to == world.holder:
            continue
        before = list(world.claims)
        seen = world.move(to, what)
        if seen is None:
            continue
        new, books, given_to = seen
        had_from = {one.partner for one in before if one.direction is IN and not one.kept}
        way_known = given_to is None or given_to == new.partner or given_to in had_from
        assert reason(before, new, books) is (None if way_known else Reason.WAY_UNKNOWN)


@given(
    st.lists(st.sampled_from([MAKER, TRADER]), min_size=1, max_size=8),
    st.sampled_from([MAKER, TRADER, SHOP]),
)
def test_what_is_with_us_nobody_else_can_hand_over(ways: list[int], thief: int) -> None:
    claims = []
    for partner in ways:
        claims += [claim(IN, partner), claim(OUT, partner)]
    held = claim(IN, MAKER)
    found = conflict([*claims, held], claim(IN, thief), OwnBooks())
    reason = Reason.SENT_TWICE if thief == MAKER else Reason.TWO_SENDERS
    assert found == Conflict(reason, held.handover, MAKER, undecided=thief != MAKER)


def test_a_second_sender_while_the_first_shipment_is_under_way() -> None:
    assert reason([claim(IN, MAKER)], claim(IN, TRADER)) is Reason.TWO_SENDERS


def test_the_same_sender_twice_without_getting_it_back() -> None:
    first = claim(IN, MAKER)
    assert reason([first], claim(IN, MAKER)) is Reason.SENT_TWICE
    assert reason([first, claim(OUT, MAKER)], claim(IN, MAKER)) is None


def test_the_same_shipment_told_again_is_a_correction() -> None:
    first = claim(IN, MAKER)
    assert reason([first], claim(IN, MAKER, shipment=first.shipment)) is None


def test_what_was_missing_may_come_from_anybody_later() -> None:
    assert reason([claim(IN, MAKER, kept=True)], claim(IN, MAKER)) is None
    assert reason([claim(IN, MAKER, kept=True)], claim(IN, TRADER)) is None


def test_what_we_handed_on_comes_back_from_another() -> None:
    out = claim(OUT, TRADER)
    assert conflict([out], claim(IN, SHOP), OwnBooks()) == Conflict(
        Reason.WAY_UNKNOWN, out.handover, None
    )
    assert reason([out], claim(IN, TRADER)) is None


def test_what_went_back_to_its_supplier_may_come_again_over_anybody() -> None:
    assert reason([claim(IN, TRADER), claim(OUT, TRADER)], claim(IN, MAKER)) is None
    assert reason([claim(IN, TRADER), claim(OUT, SHOP)], claim(IN, MAKER)) is Reason.WAY_UNKNOWN


@pytest.mark.parametrize(
    ("out", "back"),
    [
        # Our shipment named the shop that the carrier brings it to.
        (claim(OUT, CARRIER, others=frozenset({SHOP})), claim(IN, SHOP)),
        # The shop's shipment says that it is made for the trader.
        (claim(OUT, TRADER), claim(IN, SHOP, others=frozenset({TRADER}))),
    ],
)
def test_ways_that_a_shipment_tells(out: Claim, back: Claim) -> None:
    assert reason([out], back) is None


def test_carrier_and_shop_are_told_of_one_shipment() -> None:
    carrier = claim(OUT, CARRIER)
    shop = claim(OUT, SHOP, shipment=carrier.shipment)
    assert reason([shop, carrier], claim(IN, SHOP)) is None


def test_a_shipment_made_for_another_is_no_second_holder() -> None:
    straight = claim(IN, MAKER, others=frozenset({TRADER}))
    assert reason([straight], claim(IN, TRADER)) is None
    assert reason([straight], claim(IN, SHOP)) is Reason.TWO_SENDERS


def test_what_ended_here_is_handed_over_by_nobody() -> None:
    ended = OwnBooks(ended=b"e" * 32)
    assert conflict([claim(IN, MAKER)], claim(IN, MAKER), ended) == Conflict(
        Reason.ENDED_HERE, b"e" * 32, None
    )


def test_our_own_code_that_never_left() -> None:
    made = OwnBooks(made=b"m" * 32)
    assert reason([], claim(IN, SHOP), made) is Reason.NEVER_LEFT
    assert reason([], claim(IN, SHOP), OwnBooks(made=b"m" * 32, left_at=5)) is None
    assert reason([], claim(IN, SHOP)) is None


def test_what_left_for_somebody_outside_the_network_may_come_from_anybody() -> None:
    first = claim(IN, MAKER, at=100)
    assert reason([first], claim(IN, SHOP), OwnBooks(left_at=200)) is None
    assert reason([first], claim(IN, SHOP), OwnBooks(left_at=50)) is Reason.TWO_SENDERS


@pytest.mark.parametrize("shown", [Standing.SHOWN, Standing.RECEIVED])
def test_who_is_shown_to_have_had_it_is_believed_before_who_was_first(shown: Standing) -> None:
    planted, true = claim(IN, SHOP), claim(IN, MAKER, standing=shown)
    assert conflict([planted], true, OwnBooks()) == Conflict(
        Reason.TWO_SENDERS, planted.handover, SHOP, first_doubted=True
    )
    assert conflict([true], planted, OwnBooks()) == Conflict(
        Reason.TWO_SENDERS, true.handover, MAKER
    )


@pytest.mark.parametrize(
    ("first", "second", "undecided"),
    [
        (Standing.CLAIMED, Standing.CLAIMED, True),
        (Standing.SHOWN, Standing.CLAIMED, False),
        (Standing.CLAIMED, Standing.SHOWN, False),
        (Standing.SHOWN, Standing.SHOWN, False),
    ],
)
def test_where_neither_is_shown_to_have_had_it_nobody_is_accused_alone(
    first: Standing, second: Standing, undecided: bool
) -> None:
    found = conflict(
        [claim(IN, MAKER, standing=first)], claim(IN, TRADER, standing=second), OwnBooks()
    )
    assert found is not None
    assert found.undecided is undecided
    assert not (found.undecided and found.first_doubted)


def test_of_two_that_are_not_shown_no_third_one_profits() -> None:
    planted, other, third = (claim(IN, one) for one in (MAKER, TRADER, SHOP))
    held = believed([planted, other], [(planted.handover, other.handover)])
    assert held == [planted]
    assert reason(held, third) is Reason.TWO_SENDERS


def test_a_planted_claim_is_no_step_of_the_way_afterwards() -> None:
    """Planted while the goods are with another: their return accuses nobody."""
    had, gone, planted = claim(IN, MAKER), claim(OUT, SHOP), claim(IN, TRADER)
    found = conflict([had, gone], planted, OwnBooks())
    assert found is not None
    assert found.reason is Reason.WAY_UNKNOWN
    left = believed([had, gone, planted], [(found.first, planted.handover)])
    assert left == [had, gone]
    assert reason(left, claim(IN, SHOP)) is None


def test_of_two_claims_the_better_one_stays() -> None:
    first, second = claim(IN, MAKER), claim(IN, TRADER)
    pair = [(first.handover, second.handover)]
    assert believed([first, second], pair) == [first]
    received = second._replace(standing=Standing.RECEIVED)
    assert believed([first, received], pair) == [received]
    both = first._replace(standing=Standing.RECEIVED)
    assert believed([both, received], pair) == [both]


def test_against_our_own_books_only_goods_that_came_are_believed() -> None:
    said = claim(IN, TRADER)
    pair = [(b"m" * 32, said.handover)]
    assert believed([said], pair) == []
    came = said._replace(standing=Standing.RECEIVED)
    assert believed([came], pair) == [came]
    out = claim(OUT, SHOP)
    assert believed([out, came], [(out.handover, came.handover)]) == [out, came]


def test_what_was_taken_back_stands_against_nothing() -> None:
    one = claim(IN, MAKER)
    assert believed([one], [(one.handover, b"w" * 32)]) == [one]
