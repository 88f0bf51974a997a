"""The log of reads: appended before an answer leaves, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, func, insert, select, update

from anchoring.core.read_log import START, Read
from node_gateway.storage.database import Insert
from node_gateway.storage.grant_tables import (
    grant_read,
    grant_read_end,
    grant_read_statement,
)

_read, _end, _statement = grant_read.c, grant_read_end.c, grant_read_statement.c
PAGE_MAX: Final = 1000


class NewRead(NamedTuple):
    """A read before it has a number. `items` is JSON text and holds no value of the event."""

    grant: str
    kind: str
    entry: bytes
    items: str


class LogEnd(NamedTuple):
    """How far the chain of a grantee is; `stated` is the number that an event states last."""

    grantee: int
    number: int
    digest: bytes
    stated: int


class StatedEnd(NamedTuple):
    """How far the chain of a grantee was, as an event states it."""

    grantee: int
    number: int
    digest: bytes
    entry: bytes
    stated_at: int


def append(
    connection: Connection,
    insert_rows: Insert,
    reads: Sequence[NewRead],
    *,
    owner: int,
    grantee: int,
    at_ms: int,
) -> None:
    """Append reads to the chain of a grantee."""
    if not reads:
        return
    last = end_of(connection, grantee)
    number, digest = (last.number, last.digest) if last else (0, START)
    rows: list[tuple[Any, ...]] = []
    for one in reads:
        number += 1
        read = Read(owner, grantee, number, one.grant, at_ms, one.kind, one.entry, one.items)
        digest = read.digest(digest)
        row = (grantee, number, one.grant, at_ms, one.kind, one.entry, one.items.encode(), digest)
        rows.append(row)
    insert_rows(connection, grant_read, rows)
    values = {"number": number, "digest": digest}
    if last is None:
        connection.execute(insert(grant_read_end).values(grantee=grantee, stated=0, **values))
    else:
        connection.execute(update(grant_read_end).where(_end.grantee == grantee).values(**values))


def end_of(connection: Connection, grantee: int) -> LogEnd | None:
    """Return how far the chain of a grantee is, None before its first read."""
    row = connection.execute(select(grant_read_end).where(_end.grantee == grantee)).first()
    return None if row is None else _as_end(row)


def ends(connection: Connection, *, unstated: bool = False, limit: int = -1) -> list[LogEnd]:
    """Return how far the chains are; with `unstated` those that went on since an event said it."""
    query = select(grant_read_end).order_by(_end.grantee)
    if unstated:
        query = query.where(_end.number > _end.stated)
    if limit >= 0:
        query = query.limit(limit)
    return [_as_end(row) for row in connection.execute(query)]


def state(connection: Connection, stated: Iterable[LogEnd], *, entry: bytes, at: int) -> None:
    """Keep that an event states these ends. The same again is a no-op."""
    for one in stated:
        same = (_statement.grantee == one.grantee) & (_statement.number == one.number)
        if connection.execute(select(_statement.number).where(same)).first() is None:
            connection.execute(
                insert(grant_read_statement).values(
                    grantee=one.grantee,
                    number=one.number,
                    digest=one.digest,
                    entry=entry,
                    stated_at=at,
                )
            )
        connection.execute(
            update(grant_read_end)
            .where(_end.grantee == one.grantee, _end.stated < one.number)
            .values(stated=one.number)
        )


def reads_of(
    connection: Connection, grantee: int, *, owner: int, after: int, limit: int
) -> list[Read]:
    """Return reads of a grantee above a number, ascending."""
    query = (
        select(grant_read)
        .where(_read.grantee == grantee, _read.number > after)
        .order_by(_read.number)
        .limit(limit)
    )
    return [_as_read(row, owner) for row in connection.execute(query)]


def digest_at(connection: Connection, grantee: int, number: int) -> bytes:
    """Return the digest of a chain as it was kept with a read; that of an empty chain for 0."""
    if number == 0:
        return START
    query = select(_read.digest).where(_read.grantee == grantee, _read.number == number)
    return bytes(connection.execute(query).scalar_one())


def reads_of_event(
    connection: Connection, entry: bytes, *, owner: int, limit: int
) -> tuple[list[Read], int]:
    """Return the latest reads of an event, newest first, and how many there are in all."""
    mine = _read.entry == entry
    count = connection.execute(select(func.count()).select_from(grant_read).where(mine)).scalar()
    query = select(grant_read).where(mine).order_by(_read.at_ms.desc(), _read.number.desc())
    found = [_as_read(row, owner) for row in connection.execute(query.limit(limit))]
    return found, count or 0


def statements_of(
    connection: Connection, grantee: int, *, after: int = 0, limit: int = PAGE_MAX
) -> list[StatedEnd]:
    """Return what events state of the chain of a grantee, ascending by number."""
    query = (
        select(grant_read_statement)
        .where(_statement.grantee == grantee, _statement.number > after)
        .order_by(_statement.number)
        .limit(limit)
    )
    return [_as_stated(row) for row in connection.execute(query)]


def last_statement(connection: Connection, grantee: int, through: int) -> StatedEnd | None:
    """Return the latest statement about a chain up to a number."""
    query = (
        select(grant_read_statement)
        .where(_statement.grantee == grantee, _statement.number <= through)
        .order_by(_statement.number.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else _as_stated(row)


def _as_end(row: Row[Any]) -> LogEnd:
    return LogEnd(row.grantee, row.number, bytes(row.digest), row.stated)


def _as_stated(row: Row[Any]) -> StatedEnd:
    return StatedEnd(row.grantee, row.number, bytes(row.digest), bytes(row.entry), row.stated_at)


def _as_read(row: Row[Any], owner: int) -> Read:
    return Read(
        owner,
        row.grantee,
        row.number,
        row.grant_id,
        row.at_ms,
        row.kind,
        bytes(row.entry),
        bytes(row.items).decode(),
    )
