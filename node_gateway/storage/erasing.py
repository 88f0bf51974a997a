"""Erasing events: the secret first, in a transaction of its own, then everything that it sealed.

A crash between the two leaves an event without secret (it can already not be disclosed) whose
payload is still there; `half_erased` finds it and the second step is repeated at the next start.

Rows keep their length, so that SQLite overwrites them where they are: a row that moves to another
page can leave its old bytes in the gap. What is not overwritten so are the rows of the code index,
which hold no secret.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from node_gateway.storage import tables
from node_gateway.storage.chunks import read_chunk, without
from node_gateway.storage.events import chunk_at, header_of, select_events
from node_gateway.storage.records import EventHeader

_event, _capture, _code = tables.event.c, tables.capture.c, tables.event_code.c
_NOTHING: Final = bytes(32)
# As long as a time of our age (6 bytes), and no time of any event.
_NO_TIME_MS: Final = -(2**47)


def half_erased(connection: Connection) -> list[int]:
    """Return positions of events whose second step is missing."""
    query = select(_event.position).where(_event.erasure == tables.SECRET_GONE)
    return list(connection.execute(query).scalars())


def erase_secret(connection: Connection, entry: bytes) -> int | None:
    """Overwrite the secret; return the event's position, None if the entry is unknown."""
    query = select(_event.position, _event.erasure).where(tables.is_entry(entry))
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    if row.erasure == tables.KEPT:
        connection.execute(
            update(tables.event)
            .where(_event.position == row.position)
            .values(secret=_NOTHING, erasure=tables.SECRET_GONE)
        )
    position: int = row.position
    return position


def erase_rest(connection: Connection, position: int) -> EventHeader:
    """Remove payload, codes, tiles, bundles and keys; return what is left. Repeatable."""
    query = select_events().where(_event.position == position)
    row = connection.execute(query).one()
    if row.erasure != tables.ERASED:
        _erase_content(connection, position, codes_apart=row.codes_apart)
        connection.execute(delete(tables.code_tile).where(tables.code_tile.c.event == position))
        connection.execute(delete(tables.bundle).where(tables.bundle.c.event == position))
        # The digest of the document would tell a guesser that he has guessed right.
        connection.execute(
            update(tables.capture)
            .where(_capture.number == row.capture)
            .values(document_digest=_NOTHING)
        )
        connection.execute(
            update(tables.event)
            .where(_event.position == position)
            .values(
                event_key=_NOTHING,
                content_key=_NOTHING,
                event_time_ms=_NO_TIME_MS,
                erasure=tables.ERASED,
            )
        )
    return header_of(connection.execute(query).one())


def _erase_content(connection: Connection, position: int, *, codes_apart: bool) -> None:
    first, data = chunk_at(connection, position)
    codes = read_chunk(data)[position - first].codes
    if codes_apart:
        connection.execute(delete(tables.event_code).where(_code.event == position, _code.list > 0))
    for code in codes:
        connection.execute(
            delete(tables.event_code).where(_code.code == code, _code.event == position)
        )
    connection.execute(
        update(tables.chunk)
        .where(tables.chunk.c.first == first)
        .values(data=without(data, position - first))
    )


def cache_bundle(connection: Connection, entry: bytes, variant: str, bundle: bytes) -> None:
    """See `EventStore`. Written by the writer, so never after the event was erased."""
    query = select(_event.position).where(tables.is_entry(entry), _event.erasure == tables.KEPT)
    position = connection.execute(query).scalar()
    if position is not None:
        rows = tables.bundle.c
        same = (rows.event == position, rows.variant == variant)
        connection.execute(delete(tables.bundle).where(*same))
        connection.execute(
            insert(tables.bundle).values(event=position, variant=variant, data=bundle)
        )
