"""The platform's one-letter status of a code, as a view of its state here.

The platform's interface lists: A activated (已激活), I and O checked (已核注), C cancelled
(已注销), E the code does not exist (码不存在). That I is checked by a bill in and O by a bill out
is our reading, from their order and letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from node_gateway.state.code_state import NEVER_SEEN, CodeState

PlatformStatus = Literal["A", "I", "O", "C", "E"]
WORDS: Final[Mapping[PlatformStatus, tuple[str, str]]] = MappingProxyType(
    {
        "A": ("activated", "已激活"),
        "I": ("checked in", "已核注"),
        "O": ("checked out", "已核注"),
        "C": ("cancelled", "已注销"),
        "E": ("the code does not exist", "码不存在"),
    }
)
"""English and Chinese words of the letters."""

_OUT_STEPS: Final = frozenset(
    {"shipping", "departing", "picking", "sampling", "repairing", "other", "staging_outbound"}
)
_IN_STEPS: Final = frozenset({"receiving", "accepting", "storing", "stocking", "holding"})
_COUNTING: Final = "stock_taking"
_NOT_FOUND: Final = "unknown"
_SOLD: Final = "dispensed"


def platform_status(
    state: CodeState | None, around: Mapping[str, CodeState] | None = None
) -> PlatformStatus:
    """Return the letter of a code.

    Args:
        state: Its state; None if no event names it.
        around: The states of what it lies in, nearest first: a bill names the case alone.
    """
    if state is None or state == NEVER_SEEN:
        return "E"
    chain = (state, *(around or {}).values())
    ended = next((one.ended for one in chain if one.ended is not None), None)
    if ended is not None:
        return "O" if ended.kind == _SOLD else "C"
    if any(one.sent is not None for one in chain):
        return "O"
    latest = max(chain, key=lambda one: one.last)
    for one in (latest, *chain):
        if one.step in _OUT_STEPS or (one.step == _COUNTING and one.disposition == _NOT_FOUND):
            return "O"
        if one.step in _IN_STEPS or one.step == _COUNTING or one.moved is not None:
            return "I"
    return "A"
