"""Search: the events that match a query, page by page, with bounded work for each page.

The most selective index gives candidates in order; the other indexed conditions thin them out;
what is left is read, and `Query.matches` decides. So an index may know too many events, but the
result is that of reading all of them. A page ends when it is full, or when its work is done: then
it is short (perhaps empty), and goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, select

from node_gateway.epcis.query import Codes, Query, Subject
from node_gateway.storage import tables
from node_gateway.storage.captures import LIST_NUMBERS
from node_gateway.storage.events import contents_at, large_event_codes
from node_gateway.storage.facet_reading import Key, having, record_bounds
from node_gateway.storage.search_planning import Mode, planned, rest_of

ROWS_MAX: Final = 10_000
READS_MAX: Final = 1_000
CODES_MAX: Final = 100_000
"""The work of one page: rows of an index, events read, codes of large events read."""
_WINDOW_MIN: Final = 128
_WINDOW_MAX: Final = 4_096
_READ_AT_ONCE: Final = 64
_CODES_PER_READ: Final = 10_000

_event, _capture = tables.event.c, tables.capture.c
_HEADERS: Final = select(
    _event.position,
    _event.entry,
    _event.event_time_ms,
    _event.codes_apart,
    _capture.stored_at_ms,
).join_from(tables.event, tables.capture, _capture.number == _event.capture)


@dataclass(frozen=True, slots=True)
class Found:
    """An event of the result. `event` has its code lists."""

    key: Key
    entry: bytes
    event: dict[str, Any]
    record_time_ms: int

    @property
    def code_count(self) -> int:
        """How many codes it names."""
        return sum(len(self.event.get(name, ())) for name in LIST_NUMBERS)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the result, in order.

    Attributes:
        events: What was found; may be fewer than wanted, even none, before the end.
        after: Where the next page begins; None at the end.
    """

    events: tuple[Found, ...]
    after: Key | None


@dataclass(frozen=True, slots=True)
class Work:
    """How much one page may cost."""

    rows: int = ROWS_MAX
    reads: int = READS_MAX
    codes: int = CODES_MAX


ONE_PAGE: Final = Work()


def last_position(connection: Connection) -> int:
    """Return the position of the last stored event."""
    return int(connection.execute(select(func.max(_event.position))).scalar() or 0)


def search(
    connection: Connection,
    query: Query,
    *,
    mode: Mode,
    descending: bool,
    through: int,
    after: Key | None,
    size: int,
    work: Work = ONE_PAGE,
) -> Page:
    """Return one page of a query's result.

    Args:
        connection: One snapshot.
        query: With everything supplied that it needed.
        mode: Ordered by eventTime, or by recordTime (that is, in the order of storing).
        descending: The other way round.
        through: Events stored later are left out, so that pages fit together.
        after: `Page.after` of the page before.
        size: How many events at most.
        work: What it may cost.
    """
    bounds = record_bounds(connection, query.record_time, through)
    if mode == "record" and after is not None:  # what was passed need not be planned for
        bounds = rest_of(bounds, after, descending=descending)
    plan = planned(connection, query, mode, bounds, descending=descending)
    found: list[Found] = []
    rows, reads, codes = work.rows, work.reads, work.codes
    limit = max(_WINDOW_MIN, 2 * size)
    while rows > 0 and reads > 0 and codes > 0:
        window = plan.window(after, limit)
        if not window:
            return Page(tuple(found), None)
        rows -= len(window)
        limit = min(2 * limit, _WINDOW_MAX)
        candidates = [key for key in window if bounds[0] <= key.position <= bounds[1]]
        for probe in plan.probes:
            if candidates:
                positions = having(connection, probe.ids, candidates)
                candidates = [key for key in candidates if key.position in positions]
        for part in _parts(candidates, wanted=size + 1 - len(found)):
            for key, one, cost in _examined(connection, query, part):
                reads -= 1
                codes -= cost
                if one is not None:
                    if len(found) == size:  # there is more
                        return Page(tuple(found), found[-1].key if found else after)
                    found.append(one)
                after = key
                if reads <= 0 or codes <= 0:
                    return Page(tuple(found), after)
        after = window[-1]
    return Page(tuple(found), after)


def _parts(keys: Sequence[Key], *, wanted: int) -> Iterator[Sequence[Key]]:
    """Cut candidates into pieces that are read at once: few if few are wanted, then more."""
    at, count = 0, min(wanted, _READ_AT_ONCE)
    while at < len(keys):
        yield keys[at : at + count]
        at += count
        count = min(2 * count, _READ_AT_ONCE)


def _examined(
    connection: Connection, query: Query, keys: Sequence[Key]
) -> Iterator[tuple[Key, Found | None, int]]:
    """Yield each candidate with what it is in the result, and how many codes had to be read."""
    positions = [key.position for key in keys]
    rows = connection.execute(
        _HEADERS.where(_event.position.in_(positions), _event.erasure == tables.KEPT)
    )
    headers = {row.position: row for row in rows}
    contents = contents_at(connection, headers)
    for key in keys:
        row = headers.get(key.position)
        if row is None:
            yield key, None, 0
            continue
        event = orjson.loads(contents[key.position].payload)
        cost = 0
        if row.codes_apart:
            subject = Subject(event, row.event_time_ms, row.stored_at_ms)
            if not _without_codes(query).matches(subject):
                yield key, None, 0
                continue
            lists = dict(_code_lists(connection, row.entry))
            event.update(lists)
            cost = sum(map(len, lists.values()))
        subject = Subject(event, row.event_time_ms, row.stored_at_ms)
        matched = query.matches(subject)
        yield key, Found(key, row.entry, event, row.stored_at_ms) if matched else None, cost


def _without_codes(query: Query) -> Query:
    """Return what can be asked of an event before its code lists are read."""
    return query.only(
        one
        for one in query.conditions
        if not isinstance(one.hint, Codes)
        and one.parameter.removeprefix("EXISTS_") not in LIST_NUMBERS
    )


def _code_lists(connection: Connection, entry: bytes) -> Iterator[tuple[str, list[str]]]:
    for name in LIST_NUMBERS:
        codes: list[str] = []
        after = -1
        while page := large_event_codes(connection, entry, name, after, _CODES_PER_READ):
            codes += [row.code for row in page]
            after = page[-1].order
        if codes:
            yield name, codes
