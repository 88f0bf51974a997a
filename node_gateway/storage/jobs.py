"""Reading capture jobs, receipts and counters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from node_gateway.storage import tables
from node_gateway.storage.batches import last_batch, last_final, stream_numbers
from node_gateway.storage.captures import members_of, problems_of
from node_gateway.storage.records import (
    CaptureJob,
    SignedPromise,
    StoredReceipt,
    StreamStatus,
)

_capture = tables.capture.c
_MEMBERS_PER_QUERY = 500


def capture_job(connection: Connection, capture_id: str) -> CaptureJob | None:
    """See `CaptureStore`."""
    rows = connection.execute(
        select(tables.capture).where(_capture.capture_id == capture_id).order_by(_capture.part)
    ).all()
    return _job(rows) if rows else None


def capture_jobs(connection: Connection, after: int, limit: int) -> list[CaptureJob]:
    """See `CaptureStore`. A job is numbered by its first unit."""
    firsts = connection.execute(
        select(_capture.capture_id)
        .where(_capture.number > after, _capture.part == 0)
        .order_by(_capture.number)
        .limit(limit)
    ).scalars()
    jobs = (capture_job(connection, capture_id) for capture_id in firsts)
    return [job for job in jobs if job is not None]


def _job(rows: Sequence[Row[Any]]) -> CaptureJob:
    problems = tuple(problem for row in rows for problem in problems_of(row.problems))
    ended = [row.stored_at_ms for row in rows if row.last]
    return CaptureJob(
        number=rows[0].number,
        capture_id=rows[0].capture_id,
        created_at_ms=rows[0].created_at_ms,
        finished_at_ms=ended[0] if ended else None,
        success=bool(ended) and not problems,
        all_or_nothing=rows[0].all_or_nothing,
        problems=problems,
        event_count=sum(row.event_count for row in rows),
    )


def receipt(connection: Connection, number: int) -> StoredReceipt | None:
    """See `CaptureStore`."""
    row = connection.execute(
        select(tables.capture).where(_capture.number == number, _capture.signature.is_not(None))
    ).one_or_none()
    if row is None:
        return None
    entries = connection.execute(
        select(tables.event.c.entry).where(tables.event.c.position.between(row.first, row.through))
    ).scalars()
    promise = SignedPromise(
        row.received_at, row.anchor_by, row.chain_id, row.registry, row.signature
    )
    return StoredReceipt(row.number, row.capture_id, row.stream, tuple(sorted(entries)), promise)


def receipt_of_entry(connection: Connection, entry: bytes) -> StoredReceipt | None:
    """See `CaptureStore`."""
    number = connection.execute(
        select(tables.event.c.capture).where(tables.is_entry(entry))
    ).scalar()
    return None if number is None else receipt(connection, number)


def receipts_of_capture(connection: Connection, capture_id: str) -> list[StoredReceipt]:
    """See `CaptureStore`."""
    rows = connection.execute(
        select(_capture.number, _capture.members, _capture.first, _capture.through)
        .where(_capture.capture_id == capture_id)
        .order_by(_capture.part)
    ).all()
    numbers: set[int] = set()
    for row in rows:
        if row.first is not None:
            numbers.add(row.number)
        if row.members is not None:
            numbers |= _numbers_at(connection, members_of(row.members, None, None))
    found = (receipt(connection, number) for number in sorted(numbers))
    return [each for each in found if each is not None]


def _numbers_at(connection: Connection, members: Sequence[int]) -> set[int]:
    positions = [member for member in members if member > 0]
    numbers: set[int] = set()
    for start in range(0, len(positions), _MEMBERS_PER_QUERY):
        part = positions[start : start + _MEMBERS_PER_QUERY]
        query: Select[int] = select(tables.event.c.capture).where(tables.event.c.position.in_(part))
        numbers |= set(connection.execute(query.distinct()).scalars())
    return numbers


def event_count(connection: Connection) -> int:
    """Return how many events were ever stored: positions are dense."""
    return connection.execute(select(func.max(tables.event.c.position))).scalar() or 0


def stream_statuses(connection: Connection) -> list[StreamStatus]:
    """Return the counters of every stream."""
    return [_stream_status(connection, stream) for stream in stream_numbers(connection)]


def _stream_status(connection: Connection, stream: int) -> StreamStatus:
    batch = last_batch(connection, stream)
    done = batch.through if batch else 0
    # A unit may be half batched: only what is above `done` counts.
    larger = func.greatest if connection.dialect.name == "postgresql" else func.max
    first = larger(_capture.first, done + 1)
    count, oldest, promised = connection.execute(
        select(
            func.sum(_capture.through - first + 1),
            func.min(_capture.created_at_ms),
            func.min(_capture.anchor_by),
        ).where(_capture.stream == stream, _capture.through > done)
    ).one()
    return StreamStatus(
        stream=stream,
        unbatched_count=int(count or 0),
        oldest_received_at_ms=oldest,
        oldest_anchor_by=promised,
        last_batched_sequence=batch.sequence if batch else 0,
        last_final=last_final(connection, stream),
    )
