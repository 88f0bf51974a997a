"""Reading events, their codes and their cached bundles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
)

from node_gateway.storage import tables
from node_gateway.storage.captures import LIST_NUMBERS
from node_gateway.storage.chunks import Content, read_chunk
from node_gateway.storage.errors import DatabaseDamagedError
from node_gateway.storage.records import EventHeader, NewCode, StoredEvent, Tile
from node_gateway.storage.tiles import code_tile_keys

_event, _capture, _batch = tables.event.c, tables.capture.c, tables.batch.c
_code, _tile, _bundle, _chunk = (
    tables.event_code.c,
    tables.code_tile.c,
    tables.bundle.c,
    tables.chunk.c,
)
_LIST_NAMES: Final = {number: name for name, number in LIST_NUMBERS.items()}

_STATE = (
    select(_batch.state)
    .where(_batch.stream == _capture.stream, _batch.through >= _event.position)
    .order_by(_batch.through, _batch.sequence)
    .limit(1)
    .correlate(tables.event, tables.capture)
    .scalar_subquery()
)


def select_events() -> Select[Any]:
    """Return the query of events with what their units and batches say of them."""
    return select(
        tables.event, _capture.stream, _capture.created_at_ms, _STATE.label("state")
    ).join_from(tables.event, tables.capture, _capture.number == _event.capture)


_BY_ENTRY: Final = select_events().where(tables.IS_ENTRY)
# A literal above 0 is what lets both planners use the partial index.
_APART: Final[ColumnElement[bool]] = literal_column("event_code.list > 0")
_LISTS: Final = (
    select(_code.list, _code.code)
    .where(_code.event == bindparam("position"), _APART)
    .order_by(_code.list, _code.item_order)
)
_CHUNK_AT: Final = (
    select(_chunk.first, _chunk.data)
    .where(_chunk.first <= bindparam("position"))
    .order_by(_chunk.first.desc())
    .limit(1)
)


def header_of(row: Row[Any]) -> EventHeader:
    """Return the header of a row of `select_events`."""
    return EventHeader(
        position=row.position,
        entry=row.entry,
        stream=row.stream,
        fields_size=row.fields_size,
        fields_root=row.fields_root,
        codes_root=row.codes_root,
        received_at_ms=row.created_at_ms,
        receipt=row.capture,
        state="stored" if row.state is None else tables.STATE_NAMES[row.state],
        erased=row.erasure != tables.KEPT,
    )


def _stored(row: Row[Any], content: Content | None) -> StoredEvent:
    header = header_of(row)
    if header.erased or content is None:
        return StoredEvent(header, None, None, None, None, codes_apart=row.codes_apart)
    return StoredEvent(
        header,
        row.event_time_ms,
        content.payload,
        content.derived,
        row.secret,
        codes_apart=row.codes_apart,
    )


def chunk_at(connection: Connection, position: int) -> tuple[int, bytes]:
    """Return (first position, stored form) of the chunk that holds an event."""
    row = connection.execute(_CHUNK_AT, {"position": position}).one_or_none()
    if row is None:
        raise DatabaseDamagedError("an event has no chunk")
    return row.first, row.data


def contents_at(connection: Connection, positions: Iterable[int]) -> dict[int, Content]:
    """Return the contents of events; each chunk is read once."""
    found: dict[int, Content] = {}
    first, contents = 0, list[Content]()
    for position in sorted(positions):
        if not first <= position < first + len(contents):
            first, data = chunk_at(connection, position)
            contents = read_chunk(data)
            if position >= first + len(contents):
                raise DatabaseDamagedError("an event is not in its chunk")
        found[position] = contents[position - first]
    return found


def _read(
    connection: Connection, query: Select[Any], values: Mapping[str, Any] | None = None
) -> list[StoredEvent]:
    rows = connection.execute(query, values).all()
    kept = (row.position for row in rows if row.erasure == tables.KEPT)
    contents = contents_at(connection, kept)
    return [_stored(row, contents.get(row.position)) for row in rows]


def _one(connection: Connection, condition: ColumnElement[bool]) -> StoredEvent | None:
    found = _read(connection, select_events().where(condition))
    return found[0] if found else None


def event_by_entry(connection: Connection, entry: bytes) -> StoredEvent | None:
    """See `EventStore`."""
    found = _read(connection, _BY_ENTRY, tables.entry_values(entry))
    return found[0] if found else None


def event_by_key(connection: Connection, key: bytes) -> StoredEvent | None:
    """See `EventStore`."""
    return _one(connection, tables.is_event_key(key))


def events_of_code(connection: Connection, code: str, after: int, limit: int) -> list[StoredEvent]:
    """See `EventStore`."""
    named = (
        select(_code.event)
        .where(_code.code == code, _code.event > after)
        .group_by(_code.event)
        .order_by(_code.event)
        .limit(limit)
    )
    positions = list(connection.execute(named).scalars())
    query = select_events().where(_event.position.in_(positions)).order_by(_event.position)
    return _read(connection, query)


def events_after(connection: Connection, position: int, limit: int) -> list[StoredEvent]:
    """See `EventStore`."""
    query = select_events().where(_event.position > position)
    return _read(connection, query.order_by(_event.position).limit(limit))


def events_by_time(
    connection: Connection,
    from_ms: int,
    before_ms: int,
    after: tuple[int, int] | None,
    limit: int,
) -> list[StoredEvent]:
    """See `EventStore`. Erased events have no time."""
    query = select_events().where(
        _event.event_time_ms >= from_ms,
        _event.event_time_ms < before_ms,
        _event.erasure == tables.KEPT,
    )
    if after is not None:
        query = query.where(tuple_(_event.event_time_ms, _event.position) > tuple_(*after))
    return _read(connection, query.order_by(_event.event_time_ms, _event.position).limit(limit))


def codes_with_prefix(connection: Connection, prefix: str, after: str, limit: int) -> list[str]:
    """See `EventStore`: one range of the index. The order is bytewise on both databases."""
    query = select(_code.code).where(_code.code >= prefix, _code.code > after)
    if prefix:
        query = query.where(_code.code < prefix[:-1] + chr(ord(prefix[-1]) + 1))
    query = query.group_by(_code.code).order_by(_code.code).limit(limit)
    return list(connection.execute(query).scalars())


def _position_of(connection: Connection, entry: bytes) -> int | None:
    query = select(_event.position).where(tables.is_entry(entry))
    return connection.execute(query).scalar()


def _codes(connection: Connection, query: Select[Any]) -> list[NewCode]:
    return [
        NewCode(row.code, _LIST_NAMES[row.list], row.item_order, row.ordinal, row.position)
        for row in connection.execute(query)
    ]


def code_lists(connection: Connection, position: int) -> dict[str, list[str]]:
    """Return the code lists of a large event, in item order."""
    found: dict[str, list[str]] = {}
    for number, code in connection.execute(_LISTS, {"position": position}).all():
        found.setdefault(_LIST_NAMES[number], []).append(code)
    return found


def large_event_codes(
    connection: Connection, entry: bytes, list_name: str, after: int, limit: int
) -> list[NewCode]:
    """See `EventStore`."""
    position = _position_of(connection, entry)
    if position is None:
        return []
    query = select(tables.event_code).where(
        _code.event == position,
        _is_apart(connection),
        _code.list == LIST_NUMBERS[list_name],
        _code.item_order > after,
    )
    return _codes(connection, query.order_by(_code.item_order).limit(limit))


def _is_apart(connection: Connection) -> ColumnElement[bool]:
    """Return what lets a planner use the partial index, and seek in it by list and order.

    SQLite would take the condition itself for the better range: it then reads all codes of an
    event for each page, and sorts them. It is told that the condition excludes nothing.
    """
    if connection.dialect.name == "sqlite":
        return func.likelihood(_APART, literal_column("0.9999"))
    return _APART


def large_event_code(connection: Connection, entry: bytes, code: str) -> list[NewCode]:
    """See `EventStore`."""
    position = _position_of(connection, entry)
    query = select(tables.event_code).where(
        _code.code == code, _code.event == position, _code.list > 0
    )
    return [] if position is None else _codes(connection, query.order_by(_code.list))


def code_tiles(connection: Connection, entry: bytes, position: int) -> list[Tile]:
    """See `EventStore`."""
    number = _position_of(connection, entry)
    found: list[Tile] = []
    for level, index in code_tile_keys(position) if number is not None else ():
        query = select(_tile.nodes).where(
            _tile.event == number, _tile.level == level, _tile.tile == index
        )
        nodes = connection.execute(query).scalar()
        if nodes is not None:
            found.append(Tile(level, index, nodes))
    return found


def cached_bundle(connection: Connection, entry: bytes, variant: str) -> bytes | None:
    """See `EventStore`."""
    query = (
        select(_bundle.data)
        .join_from(tables.event, tables.bundle, _bundle.event == _event.position)
        .where(tables.is_entry(entry), _bundle.variant == variant)
    )
    return connection.execute(query).scalar()
