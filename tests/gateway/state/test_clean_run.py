"""A whole chain of supply: no false alarm in it; planted clones, skips and back-dates are found."""

import random

import pytest

from tests.gateway.state.flows import (
    MAKER,
    SHOP,
    TRADER,
    Event,
    broken,
    case,
    dispensed,
    made,
    pack,
    packed,
    received,
    shipped,
    unpacked,
)

PER_CASE, PER_PALLET, PALLETS = 10, 5, 8
PACKS = [pack(number) for number in range(PER_CASE * PER_PALLET * PALLETS)]
CASES = [case(number) for number in range(1, PER_PALLET * PALLETS + 1)]
PALLET = [case(number) for number in range(1001, 1001 + PALLETS)]


def inside(at: int) -> list[str]:
    return PACKS[at * PER_CASE : (at + 1) * PER_CASE]


def on(at: int) -> list[str]:
    return CASES[at * PER_PALLET : (at + 1) * PER_PALLET]


def run() -> list[Event]:
    """Made, packed on pallets, shipped in cases, unpacked, sold pack by pack."""
    events = [made(0, PACKS), made(0.1, CASES + PALLET, lot=None)]
    events += [packed(1, unit, inside(at)) for at, unit in enumerate(CASES)]
    events += [packed(2, unit, on(at)) for at, unit in enumerate(PALLET)]
    for at, unit in enumerate(PALLET):
        events += [shipped(3 + at, [unit], MAKER, TRADER), received(20 + at, [unit], MAKER, TRADER)]
        events.append(unpacked(30 + at, unit, on(at) if at % 2 else (), who=TRADER))
    for at, unit in enumerate(CASES):
        events += [shipped(40 + at, [unit], TRADER, SHOP), received(90, [unit], TRADER, SHOP)]
        events.append(unpacked(91, unit, inside(at) if at % 2 else (), who=SHOP))
    return events + [dispensed(92 + at, [code]) for at, code in enumerate(PACKS)]


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_no_false_alarm_in_whatever_order_it_arrives(seed: int | None) -> None:
    events = run()
    if seed is not None:
        random.Random(seed).shuffle(events)
    assert broken(events) == []


WRONG = {
    "the same number made again": (lambda code: made(50, [code]), {"double_commission"}),
    "a clone sold elsewhere": (
        lambda code: dispensed(900, [code], who=TRADER), {"already_dispensed"},
    ),
    "a clone shipped by its maker": (
        lambda code: shipped(901, [code], MAKER, TRADER), {"already_dispensed"},
    ),
    "sold before it was made": (lambda code: dispensed(-5, [code]), {"before_commissioning"}),
    "shipped before it was made": (
        lambda code: shipped(-5, [code], MAKER, SHOP), {"before_commissioning"},
    ),
    "sold by the trader, past the shop": (
        lambda code: dispensed(35, [code], who=TRADER), {"child_moved_while_aggregated"},
    ),
    "received by a shop that was skipped": (
        lambda code: received(91.5, [code], TRADER, MAKER), {"not_shipped"},
    ),
    "packed a second time": (lambda code: packed(5, case(5000), [code]), {"already_aggregated"}),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_everything_planted_is_found(name: str) -> None:
    wrong, rules = WRONG[name]
    rng = random.Random(name)
    for code in rng.sample(PACKS, 3):
        events = run()
        at = rng.randrange(len(events) + 1)
        events.insert(at, wrong(code))
        found = broken(events)
        assert (at, *rules) in found, (name, code)
