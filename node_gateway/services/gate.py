"""The state of the gateway, and what it lets through.

    starting -> ready | read-only(reason) | fatal(reason)

Unsure means: stop writing, keep serving proofs. A chain that is down only degrades: capture goes
on, roots wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from node_gateway.errors import NotReadyError

GateState = Literal["starting", "ready", "read_only", "fatal"]


@dataclass(frozen=True, slots=True)
class GateView:
    """A moment's state: `reason` for what is not ready, `degraded` for what runs short."""

    state: GateState
    reason: str | None = None
    degraded: str | None = None

    @property
    def serves(self) -> bool:
        """True unless starting or fatal: `/readyz` is 503 only then."""
        return self.state in ("ready", "read_only")


class Gate:
    """Holds the state; the worker moves it, everything else asks it."""

    def __init__(self) -> None:
        self._view = GateView("starting", "reconciling with the chain")

    @property
    def view(self) -> GateView:
        """The state now."""
        return self._view

    def ready(self, *, degraded: str | None = None) -> None:
        """Captures are taken; `degraded` says what runs short."""
        self._view = GateView("ready", degraded=degraded)

    def read_only(self, reason: str) -> None:
        """No captures; proofs are served."""
        self._view = GateView("read_only", reason)

    def fatal(self, reason: str) -> None:
        """Nothing may be written until an operator has looked."""
        self._view = GateView("fatal", reason)

    def require_capture(self) -> None:
        """Let a capture pass.

        Raises:
            NotReadyError: not in this state; `code` is the state.
        """
        if self._view.state != "ready":
            raise NotReadyError(
                f"captures are not taken now: {self._view.reason}",
                code="read_only" if self._view.state == "read_only" else self._view.state,
                hint="Nothing was stored. Send the same document again later.",
            )
