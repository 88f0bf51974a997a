"""The events that a grant covers: one by its entry, or page by page, never by looking at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from node_gateway.epcis.query import Query, Subject
from node_gateway.storage import granted_goods, tables
from node_gateway.storage.events import contents_at
from node_gateway.storage.facet_reading import Key
from node_gateway.storage.search_planning import Mode
from node_gateway.storage.searching import last_position, search

_event, _capture = tables.event.c, tables.capture.c
_HEADERS: Final = select(
    _event.position,
    _event.entry,
    _event.event_time_ms,
    _capture.stored_at_ms,
).join_from(tables.event, tables.capture, _capture.number == _event.capture)
_WINDOW: Final = 256
_READS_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class CoveredEvent:
    """An event that may be under a grant. `event` lacks its code lists if they are kept apart."""

    position: int
    entry: bytes
    event: Mapping[str, Any]
    event_time_ms: int
    captured_ms: int

    @property
    def key(self) -> Key:
        """Its place in the order of eventTime."""
        return Key(self.event_time_ms, self.position)


@dataclass(frozen=True, slots=True)
class CoveredPage:
    """Some of the events under a grant; where to go on, None at the end."""

    events: tuple[CoveredEvent, ...]
    after: Key | None


def event_at(connection: Connection, entry: bytes) -> CoveredEvent | None:
    """Return an event by its entry; None if it is unknown or erased."""
    found = _read(connection, tables.is_entry(entry))
    return found[0] if found else None


def is_covered(
    connection: Connection, one: CoveredEvent, goods: Collection[str], query: Query
) -> bool:
    """Tell whether an event is about any of some goods (if there are any) and as a query wants."""
    if not query.matches(Subject(one.event, one.event_time_ms, one.captured_ms)):
        return False
    return not goods or granted_goods.is_about(connection, goods, one.position)


def covered(
    connection: Connection,
    goods: Collection[str],
    query: Query,
    *,
    after: Key | None,
    size: int,
) -> CoveredPage:
    """Return the next events that are about some goods and as a query wants.

    In the order of storing if there are goods or only a span of capture, else of eventTime: each
    the order in which an index gives candidates. A page may be short, even empty, before the end.

    Args:
        connection: One snapshot.
        goods: Keys of goods; empty for any.
        query: What else must hold.
        after: `CoveredPage.after` of the page before.
        size: How many at most.
    """
    if goods:
        return _about(connection, goods, query, after.position if after else 0, size)
    page = search(
        connection,
        query,
        mode=_mode(query),
        descending=False,
        through=last_position(connection),
        after=after,
        size=size,
    )
    events = [
        CoveredEvent(one.key.position, one.entry, one.event, one.key.time_ms, one.record_time_ms)
        for one in page.events
    ]
    return CoveredPage(tuple(events), page.after)


def _mode(query: Query) -> Mode:
    by_capture = not query.record_time.open and query.event_time.open and not query.conditions
    return "record" if by_capture else "time"


def _about(
    connection: Connection, goods: Collection[str], query: Query, after: int, size: int
) -> CoveredPage:
    found: list[CoveredEvent] = []
    reads = _READS_MAX
    while reads > 0:
        positions = granted_goods.window(connection, goods, after, _WINDOW)
        for one in _read(connection, _event.position.in_(positions)):
            if query.matches(Subject(one.event, one.event_time_ms, one.captured_ms)):
                if len(found) == size:
                    return CoveredPage(tuple(found), found[-1].key if found else None)
                found.append(one)
        if len(positions) < _WINDOW:
            return CoveredPage(tuple(found), None)
        after = positions[-1]
        reads -= len(positions)
    return CoveredPage(tuple(found), Key(0, after))


def _read(connection: Connection, condition: Any) -> Sequence[CoveredEvent]:
    rows = connection.execute(
        _HEADERS.where(condition, _event.erasure == tables.KEPT).order_by(_event.position)
    ).all()
    contents = contents_at(connection, [row.position for row in rows])
    return [
        CoveredEvent(
            row.position,
            bytes(row.entry),
            orjson.loads(contents[row.position].payload),
            row.event_time_ms,
            row.stored_at_ms,
        )
        for row in rows
    ]
