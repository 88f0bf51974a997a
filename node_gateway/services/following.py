"""Follow the stored events: what is computed from them, behind capture and never in its way.

Each projection has a cursor. What it writes and the cursor's move are one transaction, so a crash
leaves it behind but never wrong; the next pass goes on from the cursor. A restart, a new
projection and a rebuild run this same path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol

import structlog
from sqlalchemy import Connection

from node_gateway.services.disclosing import open_event, whole_event
from node_gateway.storage import following
from node_gateway.storage.database import Database, Insert
from node_gateway.storage.following import FollowedEvent
from node_gateway.storage.ports import EventStore, StoredEvent
from node_gateway.telemetry import without_values

_EVENTS_MAX: Final = 500
_CODES_MAX: Final = 3_000
"""A pass ends after this many codes: the writing thread is everybody's."""
_RETRY_S: Final = 5.0


class Projection(Protocol):
    """Something computed from the events in the order of storing, kept in tables of its own.

    Attributes:
        name: Stable; its cursor is kept under it.
    """

    name: str

    def prepare(self, connection: Connection, events: Sequence[FollowedEvent]) -> Any:
        """Work out the change that `events` make. Reads only; runs on a reader thread."""
        ...

    def apply(self, connection: Connection, insert: Insert, change: Any) -> None:
        """Write the change, in the transaction that moves the cursor."""
        ...

    def forget(self, connection: Connection, event: FollowedEvent) -> None:
        """Remove what this event left; called before an operator's erasure of it."""
        ...

    def clear(self, connection: Connection) -> None:
        """Remove everything, before a rebuild."""
        ...


class FollowerStore(EventStore, Database, Protocol):
    """What following needs of the store."""


class Follower:
    """Brings the projections up to the last stored event."""

    def __init__(self, store: FollowerStore, projections: Sequence[Projection]) -> None:
        self._store = store
        self._projections = tuple(projections)
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._ending = False
        self._listeners: list[Callable[[], None]] = []
        self._log = structlog.get_logger()

    def on_followed(self, listener: Callable[[], None]) -> None:
        """Register what is called when more events have been projected."""
        self._listeners.append(listener)

    def also(self, projection: Projection) -> None:
        """Follow for one more projection; before `run`."""
        self._projections = (*self._projections, projection)

    def wake(self) -> None:
        """Let `run` do its next pass now."""
        self._wake.set()

    def stop(self) -> None:
        """Let `run` end after its pass, however much is left: the next start goes on there."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """Follow until `stop`. A failure is said and tried again: capture goes on without us."""
        while not self._ending:
            self._wake.clear()
            try:
                await self.catch_up()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next pass tries again
                self._log.error("following the events failed", **without_values(error))
                await asyncio.sleep(_RETRY_S)
                continue
            await self._wake.wait()

    async def catch_up(self) -> int:
        """Project everything that was stored before the call; return the position reached."""
        async with self._lock:
            return await self._catch_up()

    async def lag(self) -> int:
        """Return the position of the last event that every projection holds."""
        reached = await self._store.read(following.positions)
        return min((reached.get(one.name, 0) for one in self._projections), default=0)

    async def forget(self, entry: bytes) -> None:
        """Remove an event from every projection. Unknown or erased: no-op.

        Done before the erasure: a crash between the two leaves an event that is still there and
        only not found by some look-ups; the operator's next try finishes.
        """
        stored = await self._store.event_by_entry(entry)
        if stored is None or stored.payload is None:
            return
        async with self._lock:
            await self._catch_up()
            event = await self._followed(stored)

            def work(connection: Connection) -> None:
                for projection in self._projections:
                    projection.forget(connection, event)

            await self._store.write("forget", work)

    async def rebuild(self) -> int:
        """Compute every projection again from the first event; return the position reached."""
        async with self._lock:

            def work(connection: Connection) -> None:
                for projection in self._projections:
                    projection.clear(connection)
                following.restart(connection, [one.name for one in self._projections])

            await self._store.write("rebuild", work)
            return await self._catch_up()

    async def _catch_up(self) -> int:
        while self._projections and not self._ending:
            position, moved = await self._project()
            if not moved:
                return position
        reached = await self._store.read(following.positions)
        return min((reached.get(one.name, 0) for one in self._projections), default=0)

    async def _followed(self, stored: StoredEvent) -> FollowedEvent:
        opened = open_event(stored)
        event = await whole_event(self._store, opened)
        return FollowedEvent(
            position=stored.header.position,
            entry=stored.header.entry,
            event=event,
            derived=opened.derived,
            event_time_ms=stored.event_time_ms or 0,
            received_at_ms=stored.header.received_at_ms,
        )

    async def _project(self) -> tuple[int, bool]:
        """Run one pass: events and all projections are read, then all write in one transaction.

        Returns:
            The position that every projection has reached, and whether that is news.
        """

        def prepare(connection: Connection) -> _Pass:
            reached = following.positions(connection)
            cursors = {one.name: reached.get(one.name, 0) for one in self._projections}
            after = min(cursors.values())
            events, position = following.events_after(
                connection, after, events_max=_EVENTS_MAX, codes_max=_CODES_MAX
            )
            behind = [one for one in self._projections if cursors[one.name] < position]
            changes = [
                (one, one.prepare(connection, _after(cursors[one.name], events))) for one in behind
            ]
            return _Pass(after, position, changes)

        done = await self._store.read(prepare)
        if done.position == done.after:
            return done.position, False

        def write(connection: Connection) -> None:
            for one, change in done.changes:
                one.apply(connection, self._store.insert, change)
            following.move(connection, [one.name for one, _ in done.changes], done.position)

        await self._store.write("project", write)
        for listener in self._listeners:
            listener()
        return done.position, True


class _Pass(NamedTuple):
    """What one pass will write, and from where to where it leads."""

    after: int
    position: int
    changes: list[tuple[Projection, Any]]


def _after(cursor: int, events: Sequence[FollowedEvent]) -> Sequence[FollowedEvent]:
    if events and events[0].position > cursor:
        return events
    return [one for one in events if one.position > cursor]


__all__ = ["FollowedEvent", "Follower", "FollowerStore", "Projection"]
