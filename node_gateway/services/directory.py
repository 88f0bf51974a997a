"""Keep the directory of the network in step with the chain, for as long as the gateway runs.

It is the only source of participants, keys, prefixes and notices in the gateway. It is loaded from
the database at the start, so that everything it says is there while the chain is down; how old it
is stands beside it. Its connection to the chain is its own: whatever happens to it, anchoring goes
on, and the other way round.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import structlog

from anchoring.chain.network import Network
from anchoring.chain_follower import ChainFollower, FollowState, FollowView
from anchoring.directory.model import Directory
from anchoring.errors import ChainError, ChainUnavailableError
from node_gateway.telemetry import Metrics, without_values

POLL_S_MAX: Final = 2.0
"""A recall must be known within 10 s."""
_RETRY_S_MAX: Final = 5.0
_REREAD_S: Final = 60.0
_WAIT_S: Final = 30.0
_POLL_WAIT_S: Final = 0.1

Listener = Callable[[Directory], None]


class DirectoryService:
    """The directory as of the newest block that was read.

    Args:
        follower: Reads the chain; nobody else calls it.
        network: Whose contracts it follows.
        metrics: Where lag, age and reorgs are shown.
        poll_s: How often the chain is looked at; at most `POLL_S_MAX`.
        clock: Unix seconds.
    """

    def __init__(
        self,
        follower: ChainFollower,
        *,
        network: Network,
        metrics: Metrics,
        poll_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._follower, self._metrics, self._clock = follower, metrics, clock
        self.network = network
        self._poll_s = min(poll_s, POLL_S_MAX)
        self._current = follower.directory
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._ending = False
        self._listeners: list[Listener] = []
        self._failures = 0
        self._said: tuple[FollowState, str | None] | None = None
        self._log = structlog.get_logger()

    @property
    def current(self) -> Directory:
        """The network; its head has the number -1 as long as nothing was ever read."""
        return self._current

    @property
    def view(self) -> FollowView:
        """How good `current` is."""
        return self._follower.view

    @property
    def age_s(self) -> int | None:
        """Seconds since `current` was last seen to be as new as the chain, None if never."""
        checked_at = self.view.checked_at
        return max(0, int(self._clock()) - checked_at) if checked_at else None

    def on_changed(self, listener: Listener) -> None:
        """Register what is called with each new directory; a block without logs makes one, too."""
        self._listeners.append(listener)

    async def load(self) -> None:
        """Take over what is stored. What cannot be used is said, and read again from the chain."""
        try:
            self._publish(await self._follower.load())
        except ChainError as error:
            self._log.error("the stored directory cannot be used", code=error.code)

    async def catch_up(self) -> Directory:
        """Follow to the newest block now.

        Raises:
            ChainError: the chain does not answer, or is another one; `current` stays.
        """
        async with self._lock:
            try:
                directory = await self._follower.catch_up()
            finally:
                self._measure()
            self._publish(directory)
            return directory

    async def at_least(self, block_number: int) -> Directory:
        """Return the directory as of that block or a later one; 0: the newest there is.

        Raises:
            ChainError: the chain does not answer, or does not get there in time.
        """
        directory = await self.catch_up()
        try:
            async with asyncio.timeout(_WAIT_S):
                while directory.head.number < block_number:
                    await asyncio.sleep(_POLL_WAIT_S)
                    directory = await self.catch_up()
        except TimeoutError as error:
            text = f"the chain endpoint does not show block {block_number}"
            raise ChainUnavailableError(text) from error
        return directory

    def wake(self) -> None:
        """Look at the chain now."""
        self._wake.set()

    def stop(self) -> None:
        """Let `run` end after its pass."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """Follow until `stop`. A failure is said once and tried again, for as long as it lasts."""
        while not self._ending:
            self._wake.clear()
            try:
                await self.catch_up()
                self._failures = 0
            except ChainError:
                self._failures += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, the next pass tries again
                self._failures += 1
                self._log.error("following the chain failed", **without_values(error))
            self._say()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pause_s())

    def _pause_s(self) -> float:
        if not self._failures:
            return self._poll_s
        if self.view.code == "chain_logs":
            return _REREAD_S  # the next pass reads the whole chain again
        return min(self._poll_s * (1 << min(self._failures, 8)), max(self._poll_s, _RETRY_S_MAX))

    def _publish(self, directory: Directory) -> None:
        if directory is self._current:
            return
        self._current = directory
        for listener in self._listeners:
            try:
                listener(directory)
            except Exception as error:  # noqa: BLE001 - the others must hear of it
                self._log.error("a listener of the directory failed", **without_values(error))

    def _measure(self) -> None:
        self._metrics.chain_lag.set(self.view.lag_blocks)
        age_s = self.age_s
        if age_s is not None:
            self._metrics.chain_age.set(age_s)

    def _say(self) -> None:
        """Log how the directory stands when that has changed."""
        view = self.view
        if (view.state, view.code) == self._said:
            return
        self._said = (view.state, view.code)
        self._log.info(
            "directory",
            state=str(view.state),
            code=view.code,
            detail=view.detail,
            head=view.head.number if view.head else None,
            participants=len(self._current.participants),
        )


__all__ = ["POLL_S_MAX", "DirectoryService"]
