"""Which block a proof may name: what can still come is waited for, nothing else. Pure.

A participant's proof may be ahead of what our own endpoint shows, so a block that is not there yet
is no lie. But blocks are ordered by number and by time alike, and no block is from the future: so
each proof is decided at the latest when our chain is as far as the time that it names, and at once
where that is later than anything can be.
"""

from __future__ import annotations

from typing import Final

from anchoring.core.anchor import AnchoredAt
from anchoring.ports import BlockRef

AHEAD_S: Final = 3600
"""How far the time of a block may lie before us: clocks differ, and an endpoint may be behind."""


def can_come(at: AnchoredAt, seen: BlockRef, *, now: float) -> bool:
    """Tell whether a block beyond the one that we see may have this number and time.

    Args:
        at: What a proof names.
        seen: The newest block that counts here.
        now: Unix seconds. A chain's time may be ahead of it; then that counts.
    """
    if at.block_number <= seen.number or at.block_time < seen.time:
        return False
    return at.block_time <= max(now, seen.time) + AHEAD_S


__all__ = ["AHEAD_S", "can_come"]
