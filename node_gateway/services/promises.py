"""Watches the receipts' promises: kept, at risk, or broken, in whatever state the gateway is.

Batching alone cannot see a promise slip: a batch may wait for a chain that is down, and events
may wait in a gateway that is read-only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

PromiseState = Literal["kept", "at_risk", "broken"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """One promise that is still open: `anchor_by` in Unix seconds, and when it becomes risky."""

    anchor_by: int
    margin_s: float


@dataclass(frozen=True, slots=True)
class PromiseView:
    """A moment's verdict over all open promises; `anchor_by` is the earliest, None if none."""

    state: PromiseState = "kept"
    anchor_by: int | None = None


class PromiseWatch:
    """Holds the verdict; the worker renews it, `/v1/status` shows it."""

    def __init__(self) -> None:
        self._view = PromiseView()

    @property
    def view(self) -> PromiseView:
        """The verdict now."""
        return self._view

    def renew(self, deadlines: Iterable[Deadline], now_s: float) -> bool:
        """Judge the open promises; return whether the verdict became worse: an alarm."""
        known = list(deadlines)
        state: PromiseState = "kept"
        if any(one.anchor_by < now_s for one in known):
            state = "broken"
        elif any(one.anchor_by - now_s < one.margin_s for one in known):
            state = "at_risk"
        worse = _RANK[state] > _RANK[self._view.state]
        earliest = min((one.anchor_by for one in known), default=None)
        self._view = PromiseView(state, earliest)
        return worse


_RANK = {"kept": 0, "at_risk": 1, "broken": 2}
