"""Reading the facet index and the code index: windows of candidates, counts, lists of values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy import func as sql

from node_gateway.epcis.query import Codes, Facet, Span
from node_gateway.epcis.query.facets import KINDS
from node_gateway.storage import tables
from node_gateway.storage.facets import facet_key, ids_of
from node_gateway.storage.query_tables import facet, facet_event

_event, _code, _capture = tables.event.c, tables.event_code.c, tables.capture.c
_row = facet_event.c
_PER_QUERY: Final = 300
_CODE_ROWS_MAX: Final = 10_000
COUNTED_MAX: Final = 20_000
"""What more events have is a broad value; how broad does not matter."""
MERGED_MAX: Final = 50
"""So many values of one condition are read each for itself and merged."""


class Key(NamedTuple):
    """The place of an event in the order of eventTime."""

    time_ms: int
    position: int


class FacetIds(NamedTuple):
    """The values of one condition, as the index knows them.

    Attributes:
        events: How many events have them, counted no further than `COUNTED_MAX`.
    """

    ids: tuple[int, ...]
    events: int


def facet_ids(connection: Connection, hint: Facet) -> FacetIds | None:
    """Return what the index knows of a condition, None if it does not index that."""
    kind = KINDS.get(hint.kind)
    if kind is None:
        return None
    found = ids_of(connection, [facet_key(kind, value) for value in hint.values])
    ids = tuple(sorted(found.values()))
    events = 0
    for one in ids:
        some = select(_row.position).where(_row.facet == one).limit(COUNTED_MAX - events)
        counted = select(sql.count()).select_from(some.subquery())
        events += connection.execute(counted).scalar() or 0
        if events >= COUNTED_MAX:
            break
    return FacetIds(ids, events)


def facet_window(
    connection: Connection,
    ids: Sequence[int],
    span: Span,
    after: Key | None,
    limit: int,
    *,
    descending: bool,
) -> list[Key]:
    """Return the next events of a condition in the order of eventTime, each once."""

    def of(one: ColumnElement[bool]) -> list[Key]:
        query = select(_row.event_time_ms, _row.position).where(one)
        query = _ranged(
            query, (_row.event_time_ms, _row.position), span, after, descending=descending
        )
        return [Key(*row) for row in connection.execute(query.limit(limit))]

    if len(ids) > MERGED_MAX:
        parts = [of(_row.facet.in_(ids))]
    else:
        parts = [of(_row.facet == one) for one in ids]
    return list(islice(_once(merge(*parts, reverse=descending)), limit))


def facet_window_by_position(
    connection: Connection,
    ids: Sequence[int],
    bounds: tuple[int, int],
    limit: int,
    *,
    descending: bool,
) -> list[Key]:
    """Return the next events of a condition in the order of storing; reads all of its rows."""
    ordered = _row.position.desc() if descending else _row.position
    query = (
        select(_row.event_time_ms, _row.position)
        .where(_row.facet.in_(ids), _row.position >= bounds[0], _row.position <= bounds[1])
        .order_by(ordered)
        .limit(limit)
    )
    return list(dict.fromkeys(Key(*row) for row in connection.execute(query)))


def event_window(
    connection: Connection, span: Span, after: Key | None, limit: int, *, descending: bool
) -> list[Key]:
    """Return the next of all events in the order of eventTime."""
    query = select(_event.event_time_ms, _event.position).where(_event.erasure == tables.KEPT)
    columns = (_event.event_time_ms, _event.position)
    query = _ranged(query, columns, span, after, descending=descending)
    return [Key(*row) for row in connection.execute(query.limit(limit))]


def event_window_by_position(
    connection: Connection, bounds: tuple[int, int], limit: int, *, descending: bool
) -> list[Key]:
    """Return the next of all events in the order of storing."""
    query = (
        select(_event.event_time_ms, _event.position)
        .where(
            _event.position >= bounds[0],
            _event.position <= bounds[1],
            _event.erasure == tables.KEPT,
        )
        .order_by(_event.position.desc() if descending else _event.position)
        .limit(limit)
    )
    return [Key(*row) for row in connection.execute(query)]


def having(connection: Connection, ids: Sequence[int], keys: Sequence[Key]) -> set[int]:
    """Return the positions of those events that have one of some values.

    Plain SQL: making an expression of hundreds of keys takes far longer than looking them up.
    """
    found: set[int] = set()
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    some = ", ".join([mark] * len(ids))
    for part in _parts(keys):
        first = f"(CAST({mark} AS BIGINT), CAST({mark} AS BIGINT))"
        rows = ", ".join([first, *[f"({mark}, {mark})"] * (len(part) - 1)])
        statement = (
            f"WITH wanted (time_ms, position) AS (VALUES {rows}) "  # noqa: S608  marks only
            "SELECT wanted.position FROM wanted WHERE EXISTS (SELECT 1 FROM facet_event"
            f" WHERE facet IN ({some}) AND event_time_ms = wanted.time_ms"
            " AND facet_event.position = wanted.position)"
        )
        arguments = (*(number for key in part for number in key), *ids)
        found.update(connection.exec_driver_sql(statement, arguments).scalars())
    return found


def positions_of_codes(connection: Connection, hint: Codes, most: int) -> list[int] | None:
    """Return the events that name the codes of a condition, None if they are more than `most`.

    Also None if the index has too many rows for them: an event can have a row for each code.
    """
    queries = []
    if hint.listed:
        queries += [
            select(_code.event).where(condition) for condition in _code_ranges(hint, _code.code, "")
        ]
    if hint.parents:
        queries += [
            select(_row.position).where(_row.facet.in_(select(facet.c.id).where(condition)))
            for condition in _code_ranges(hint, facet.c.key, f"{KINDS['parent']:02d} ")
        ]
    found: set[int] = set()
    for query in queries:
        positions = connection.execute(query.limit(_CODE_ROWS_MAX)).scalars().all()
        found.update(positions)
        if len(positions) == _CODE_ROWS_MAX or len(found) > most:
            return None
    return sorted(found)


def _code_ranges(hint: Codes, column: Any, before: str) -> Iterator[ColumnElement[bool]]:
    exact = [before + one.exact for one in hint.patterns if one.exact is not None]
    for part in _parts(exact):
        yield column.in_(part)
    for pattern in hint.patterns:
        for prefix in pattern.prefixes:
            start = before + prefix
            yield (column >= start) & (column < start[:-1] + chr(ord(start[-1]) + 1))


def keys_at(connection: Connection, positions: Sequence[int], span: Span) -> list[Key]:
    """Return the places of events by their positions, in the order of eventTime."""
    found: list[Key] = []
    for part in _parts(positions):
        query = select(_event.event_time_ms, _event.position).where(
            _event.position.in_(part), _event.erasure == tables.KEPT
        )
        found += [Key(*row) for row in connection.execute(query) if span.holds(row.event_time_ms)]
    return sorted(found)


def record_bounds(connection: Connection, span: Span, through: int) -> tuple[int, int]:
    """Return first and last position whose events were captured in a span.

    Units are stored in the order of time, so their numbers are searched by halving.
    """
    first, last = 1, through
    if span.from_ms is not None:
        first = _position_from(connection, span.from_ms, through)
    if span.before_ms is not None:
        last = min(last, _position_from(connection, span.before_ms, through) - 1)
    return first, last


def _position_from(connection: Connection, moment_ms: int, through: int) -> int:
    low = 1
    high = int(connection.execute(select(sql.max(_capture.number))).scalar() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        query = select(_capture.stored_at_ms).where(_capture.number == middle)
        stored_at_ms = connection.execute(query).scalar()
        if stored_at_ms is None or stored_at_ms < moment_ms:
            low = middle + 1
        else:
            high = middle
    query = (
        select(_capture.first)
        .where(_capture.number >= low, _capture.first.is_not(None))
        .order_by(_capture.number)
        .limit(1)
    )
    first = connection.execute(query).scalar()
    return through + 1 if first is None else first


def count_in_span(connection: Connection, span: Span, most: int) -> int:
    """Return how many events happened in a span, counting no further than `most`."""
    some = _ranged(
        select(literal_column("1", Integer)),
        (_event.event_time_ms, _event.position),
        span,
        None,
        descending=False,
    ).limit(most)
    return int(connection.execute(select(sql.count()).select_from(some.subquery())).scalar() or 0)


def facet_values(connection: Connection, kind: str, after: str, limit: int) -> list[str]:
    """Return values of a kind that events have, ascending by key, above `after`."""
    space = f"{KINDS[kind]:02d} "
    query = (
        select(facet.c.key, facet.c.value)
        .where(
            facet.c.key > (facet_key(KINDS[kind], after) if after else space),
            facet.c.key < space[:-1] + "!",
        )
        .order_by(facet.c.key)
        .limit(limit)
    )
    return [row.value or row.key[len(space) :] for row in connection.execute(query)]


def _ranged(
    query: Select[Any],
    columns: tuple[Any, Any],
    span: Span,
    after: Key | None,
    *,
    descending: bool,
) -> Select[Any]:
    time, position = columns
    if span.from_ms is not None:
        query = query.where(time >= span.from_ms)
    if span.before_ms is not None:
        query = query.where(time < span.before_ms)
    if after is not None:
        here, there = tuple_(time, position), tuple_(*after)
        query = query.where(here < there if descending else here > there)
    if descending:
        return query.order_by(time.desc(), position.desc())
    return query.order_by(time, position)


def _once(keys: Iterable[Key]) -> Iterator[Key]:
    last: Key | None = None
    for key in keys:
        if key != last:
            yield key
        last = key


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[at : at + _PER_QUERY] for at in range(0, len(values), _PER_QUERY))
