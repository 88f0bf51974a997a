"""When to try again: for three days, ever more seldom, and not all at the same moment.

Source: the schedule that Standard Webhooks 1.0 proposes, with a spread of a fifth.
"""

from __future__ import annotations

from typing import Final

from node_gateway.services.delivery_runs import spread

_S, _MIN, _H = 1, 60, 3600
DELAYS_S: Final = (
    *(5 * _S, 5 * _MIN, 30 * _MIN, 2 * _H, 5 * _H),
    *(10 * _H, 14 * _H, 20 * _H, 24 * _H),
)
WAIT_S_MAX: Final = 24 * _H


def delay_s(name: str, tries: int, *, asked_s: int | None = None, scale: float = 1.0) -> float:
    """Return how long to wait after a try that failed, in seconds.

    Args:
        name: Of the delivery: each has a spread of its own.
        tries: How many there were, from 1.
        asked_s: `Retry-After` of the receiver.
        scale: Of the setting; tests are in a hurry.
    """
    step = DELAYS_S[min(tries, len(DELAYS_S)) - 1] * scale
    return min(max(step * spread(name, tries), asked_s or 0), WAIT_S_MAX)


def is_over(tries: int) -> bool:
    """Tell whether a delivery that failed so often is given up."""
    return tries > len(DELAYS_S)
