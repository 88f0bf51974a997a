"""Standing queries over open connections: who has one, and what goes out on it.

Nothing is kept of them: a client that comes back says by `initialRecordTime` where it was.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from node_gateway.epcis.query.controls import Controls
from node_gateway.services.named_queries import Named
from node_gateway.services.standing_pages import Form, StandingPages
from node_gateway.settings import SubscriptionsSection
from node_gateway.storage.subscriptions import TooManySubscriptionsError

QUERY_REMOVED: Final = "query_removed"


class OpenSocket:
    """One open connection.

    Attributes:
        woken: Set when there may be something to do.
        ended: Why it is to be closed; None: it is not.
    """

    def __init__(self, key_id: str, query: str) -> None:
        self.key_id, self.query = key_id, query
        self.woken = asyncio.Event()
        self.ended: str | None = None


class Sockets:
    """All open connections."""

    def __init__(self, settings: SubscriptionsSection) -> None:
        self._settings = settings
        self._open: set[OpenSocket] = set()

    @contextmanager
    def open(self, key_id: str, query: str) -> Iterator[OpenSocket]:
        """Count a connection while it is open.

        Raises:
            TooManySubscriptionsError: there are as many as there may be, or as one API key may
                have.
        """
        of_keys = Counter(one.key_id for one in self._open)
        if len(self._open) >= self._settings.sockets_max:
            raise TooManySubscriptionsError("there are as many WebSockets as there may be")
        if of_keys[key_id] >= self._settings.per_key_max:
            raise TooManySubscriptionsError(
                f"this API key has {self._settings.per_key_max} WebSockets already"
            )
        opened = OpenSocket(key_id, query)
        self._open.add(opened)
        try:
            yield opened
        finally:
            self._open.discard(opened)

    def wake(self) -> None:
        """There are new events."""
        for one in self._open:
            one.woken.set()

    def query_removed(self, name: str) -> None:
        """Close the connections of a query."""
        for one in self._open:
            if one.query == name:
                one.ended = QUERY_REMOVED
                one.woken.set()


class SocketRuns:
    """The runs of a standing query over one connection.

    Args:
        named: The query.
        controls: When it reports.
        form: How.
        pages: Finds the events.
        send: Takes one message.
        limit: Most events of one message.
        clock: Unix seconds.
    """

    def __init__(
        self,
        named: Named,
        controls: Controls,
        form: Form,
        *,
        pages: StandingPages,
        send: Callable[[bytes], Awaitable[None]],
        limit: int,
        clock: Callable[[], float],
    ) -> None:
        self._named, self._controls, self._form = named, controls, form
        self._pages, self._send, self._limit, self._clock = pages, send, limit, clock
        self._position: int | None = None
        self._next_at_ms: int | None = None

    async def begin(self) -> None:
        """Find where to begin; errors as `StandingPages.begin`."""
        now_ms = self._now_ms()
        self._position = await self._pages.begin(self._controls.initial_ms, now_ms=now_ms)
        if self._controls.schedule is not None:
            self._next_at_ms = self._controls.schedule.next_after(now_ms)

    def due_in_s(self) -> float | None:
        """Return when the next run is due, in seconds; None: when there are new events."""
        moment_ms = self._next_at_ms
        if self._controls.schedule is None:
            moment_ms = self._controls.initial_ms if self._position is None else None
        return None if moment_ms is None else max(0.0, moment_ms / 1000 - self._clock())

    async def run(self) -> None:
        """Send what there is; errors as `StandingPages.next`, and those of sending."""
        if self._position is None:
            await self.begin_late()
        bound = None if self._controls.schedule is None else await self._pages.reached()
        sent = False
        while self._position is not None:
            found = await self._pages.next(
                self._named.query,
                self._form,
                after=self._position,
                through=bound,
                limit=self._limit,
            )
            if found.event_count:
                await self._send(found.body)
                sent = True
            self._position = found.position
            if not found.more:
                break
        schedule = self._controls.schedule
        if schedule is not None:
            if not sent and self._controls.report_if_empty:
                await self._send(await self._pages.empty(self._form))
            self._next_at_ms = schedule.next_after(self._now_ms())

    async def begin_late(self) -> None:
        """Begin, if the time of `initialRecordTime` has come."""
        self._position = await self._pages.begin(self._controls.initial_ms, now_ms=self._now_ms())

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)
