"""What projections follow: the stored events in order, and how far each projection is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from node_gateway.storage import tables
from node_gateway.storage.captures import LIST_NUMBERS
from node_gateway.storage.chunks import Content, read_chunk
from node_gateway.storage.errors import DatabaseDamagedError
from node_gateway.storage.events import chunk_at, code_lists
from node_gateway.storage.following_tables import projection

_event, _capture = tables.event.c, tables.capture.c
_AFTER: Final = (
    select(
        _event.position,
        _event.entry,
        _event.event_time_ms,
        _event.codes_apart,
        _event.erasure,
        _capture.created_at_ms,
    )
    .join_from(tables.event, tables.capture, _capture.number == _event.capture)
    .where(_event.position > bindparam("after"))
    .order_by(_event.position)
    .limit(bindparam("most"))
)

_POSITIONS: Final = select(projection.c.name, projection.c.position)
_MOVE: Final = (
    update(projection)
    .where(projection.c.name.in_(bindparam("names", expanding=True)))
    .values(position=bindparam("to"))
)


class FollowedEvent(NamedTuple):
    """One stored event with its content.

    Attributes:
        position: Its place in the order of storing.
        event: The normalised event, complete with its code lists.
        derived: Its derived items.
    """

    position: int
    entry: bytes
    event: Mapping[str, Any]
    derived: Mapping[str, str]
    event_time_ms: int
    received_at_ms: int


def events_after(
    connection: Connection, after: int, *, events_max: int, codes_max: int
) -> tuple[list[FollowedEvent], int]:
    """Return the events of one pass, and the position of the last one (`after` at the end).

    Erased events are passed over. Chunks are read as far as needed: a pass of few large events
    does not unpack what comes behind it.

    Args:
        connection: Any connection.
        after: Position behind which the pass begins.
        events_max: How many events at most.
        codes_max: The pass ends with the event that brings it to so many codes.
    """
    found: list[FollowedEvent] = []
    codes, reached = 0, after
    first, contents = 0, list[Content]()
    for row in connection.execute(_AFTER, {"after": after, "most": events_max}).all():
        position, entry, time_ms, apart, erasure, received_ms = row
        reached = position
        if erasure != tables.KEPT:
            continue
        if not first <= position < first + len(contents):
            first, data = chunk_at(connection, position)
            contents = read_chunk(data)
            if position >= first + len(contents):
                raise DatabaseDamagedError("an event is not in its chunk")
        content = contents[position - first]
        event = orjson.loads(content.payload)
        if apart:
            event.update(code_lists(connection, position))
        derived = orjson.loads(content.derived)
        found.append(FollowedEvent(position, entry, event, derived, time_ms or 0, received_ms))
        codes += sum([len(event[name]) for name in LIST_NUMBERS if name in event])
        if codes >= codes_max:
            break
    return found, reached


def positions(connection: Connection) -> dict[str, int]:
    """Return the position of the last event that each projection holds, by its name."""
    return {row.name: row.position for row in connection.execute(_POSITIONS)}


def move(connection: Connection, names: Iterable[str], position: int) -> None:
    """Say that these projections hold every event up to `position`."""
    wanted = list(names)
    moved = connection.execute(_MOVE, {"names": wanted, "to": position}).rowcount
    if moved < len(wanted):
        known = positions(connection)
        fresh = [{"name": one, "position": position} for one in wanted if one not in known]
        connection.execute(insert(projection), fresh)


def restart(connection: Connection, names: Iterable[str]) -> None:
    """Let these projections begin again with the first event."""
    connection.execute(delete(projection).where(projection.c.name.in_(list(names))))
