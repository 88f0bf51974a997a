"""The next events of a standing query, as the body of one delivery.

Webhooks and WebSockets share it. Nothing is kept here: whoever delivers knows how far it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from node_gateway.epcis.query import Query
from node_gateway.services.querying import Querying
from node_gateway.storage.searching import Found

_READERS: Final = 4
"""How many standing queries are run at once; readers are there for everybody."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a delivery is written.

    Attributes:
        epc_format: In which form identifiers stand in it (`GS1-EPC-Format`).
        extensions: Namespaces by the prefix that the subscriber gave them.
    """

    query: str
    subscription: str
    epc_format: str
    extensions: Mapping[str, str]


Write: TypeAlias = Callable[[Form, Sequence[Found]], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What goes out at once.

    Attributes:
        body: An EPCISQueryDocument; empty if there is no event.
        event_count: How many events it has.
        position: Everything up to here is in it, was before it, or does not match.
        more: Whether events above `position` may wait already.
        record_time_ms: When its last event was captured; those behind it, not before.
    """

    body: bytes
    event_count: int
    position: int
    more: bool
    record_time_ms: int = 0


class StandingPages:
    """Reads standing queries.

    Args:
        querying: Finds the events.
        write: Makes an EPCISQueryDocument of them.
        size_bytes_max: Deliveries are cut to it, but for a single event.
    """

    def __init__(self, querying: Querying, write: Write, *, size_bytes_max: int) -> None:
        self._querying, self._write = querying, write
        self._size_bytes_max = size_bytes_max
        self._readers = asyncio.Semaphore(_READERS)

    async def begin(self, initial_ms: int | None, *, now_ms: int) -> int | None:
        """Return the position above which a subscription begins.

        Args:
            initial_ms: Events captured from then on count; None: from now on.
            now_ms: If `initial_ms` lies after it, the answer is None: that time has not come.

        Raises:
            NotReadyError: the index is being brought up to date.
        """
        if initial_ms is None:
            return await self._querying.reached()
        if initial_ms > now_ms:
            return None
        return await self._querying.position_at(initial_ms)

    async def reached(self) -> int:
        """Return the position of the last event that is stored now; errors as `begin`."""
        return await self._querying.reached()

    async def next(
        self, query: Query, form: Form, *, after: int, through: int | None, limit: int
    ) -> Delivery:
        """Return the next events above a position.

        Args:
            query: The standing query.
            form: How they are written.
            after: Position up to which everything was looked at.
            through: Events above it are left for the next delivery; None: there is no bound.
            limit: How many events at most.

        Raises:
            NotReadyError: the index is being brought up to date.
        """
        async with self._readers:
            while True:
                found = await self._querying.new_events(query, after=after, limit=limit)
                events, position, more = found.events, found.position, found.more
                if through is not None and position >= through:
                    events = tuple(one for one in events if one.key.position <= through)
                    position, more = through, False
                if events:
                    return await self._fitting(form, events, position, more=more)
                if not more:
                    return Delivery(b"", 0, position, more=False)
                after = position

    async def empty(self, form: Form) -> bytes:
        """Return the document that says that a run found nothing."""
        return await self._write(form, ())

    async def _fitting(
        self, form: Form, events: Sequence[Found], position: int, *, more: bool
    ) -> Delivery:
        body = await self._write(form, events)
        while len(body) > self._size_bytes_max and len(events) > 1:
            events = events[: len(events) // 2]
            position, more = events[-1].key.position, True
            body = await self._write(form, events)
        return Delivery(body, len(events), position, more, events[-1].record_time_ms)
