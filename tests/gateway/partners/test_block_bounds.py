"""A proof that names a block which cannot come does not wait for it."""

import pytest

from anchoring.core.anchor import AnchoredAt
from anchoring.ports import BlockRef
from node_gateway.partners.block_bounds import AHEAD_S, can_come

NOW = 1_770_000_000
SEEN = BlockRef(100, bytes(32), NOW - 10)


@pytest.mark.parametrize(
    ("number", "time", "expected"),
    [
        (101, NOW, True),  # we are a little behind
        (5000, NOW, True),  # far behind: it shows once we are as far as its time
        (101, NOW - 10, True),
        (2**40, NOW - 11, False),  # later blocks are not earlier
        (101, NOW + AHEAD_S, True),  # clocks differ
        (101, NOW + AHEAD_S + 1, False),
        (2**40, 2**40, False),
        (100, NOW, False),
        (1, 1, False),
    ],
)
def test_only_blocks_that_can_come_are_waited_for(number: int, time: int, expected: bool) -> None:
    assert can_come(AnchoredAt(number, time), SEEN, now=NOW) is expected


def test_a_chain_whose_time_is_ahead_of_ours_counts_by_its_own() -> None:
    ahead = BlockRef(100, bytes(32), NOW + 10 * AHEAD_S)
    assert can_come(AnchoredAt(101, ahead.time + 1), ahead, now=NOW)


def test_what_is_waited_for_is_decided_in_the_end() -> None:
    """As soon as our chain is past the time that it names, whatever number it names."""
    far = AnchoredAt(2**40, NOW + AHEAD_S)
    assert can_come(far, SEEN, now=NOW)
    assert not can_come(far, BlockRef(200, bytes(32), NOW + AHEAD_S + 1), now=NOW + AHEAD_S + 1)
