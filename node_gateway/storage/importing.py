"""Imports: which file is how far, where its events are, and which bills are known.

Order of writes for a part, and what a crash between them leaves: its places (a look-up finds a
part that is not there, and finds nothing in it), its events (captured under the part's own
idempotency key), the job's counters (the part is captured again, which stores nothing).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, exists, func, insert, literal, select, update

from node_gateway.storage import tables
from node_gateway.storage.captures import members_of
from node_gateway.storage.database import Database
from node_gateway.storage.importing_tables import (
    import_bill,
    import_job,
    import_level,
    import_place,
)

OPEN: Final = "open"
DONE: Final = "done"
REFUSED: Final = "refused"
_PER_QUERY: Final = 500
_job, _place, _bill, _level = import_job.c, import_place.c, import_bill.c, import_level.c


@dataclass(frozen=True, slots=True)
class ImportJob:
    """One import of one file.

    Attributes:
        number: From 1, in the order in which files came.
        digest: SHA-256 of the file, 32 bytes.
        kind: What the file is.
        options: How it was to be read, as text.
        state: `open`, `done` or `refused`.
        code_count: How many codes its events name in all; 0 until the first part is stored.
        part_count: How many parts of it are stored.
        event_count: Events of these parts, stored now or before; so are the other counts.
        report: JSON about the file, None if there is none yet.
    """

    number: int
    digest: bytes
    kind: str
    options: str
    state: str
    size_bytes: int
    created_at_ms: int
    finished_at_ms: int | None
    code_count: int
    part_count: int
    event_count: int
    duplicate_count: int
    captured_code_count: int
    report: bytes | None


@dataclass(frozen=True, slots=True)
class ClaimedBill:
    """A bill's number, what tells its content, and whether its codes are active now."""

    number: str
    content: bytes
    active: bool = False


@dataclass(frozen=True, slots=True)
class BillClaim:
    """What is known of a bill.

    Attributes:
        active: Its codes were active when it first came.
        is_stored: Another file brought it, and all of that file is stored.
    """

    active: bool
    is_stored: bool = False


class ImportStore:
    """Imports in a database; every call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, digest: bytes, kind: str, options: str, *, size_bytes: int, now_ms: int
    ) -> ImportJob:
        """Return the job of a file, a new one if the file is new."""

        def work(connection: Connection) -> ImportJob:
            is_it = (_job.digest == digest) & (_job.kind == kind) & (_job.options == options)
            row = connection.execute(select(import_job).where(is_it)).one_or_none()
            if row is None:
                number = (connection.execute(select(func.max(_job.number))).scalar() or 0) + 1
                values = (number, digest, kind, options, OPEN, size_bytes, now_ms)
                connection.execute(insert(import_job).values((*values, None, 0, 0, 0, 0, 0, None)))
            elif row.state == REFUSED:  # what refused it may be gone
                connection.execute(update(import_job).where(is_it).values(state=OPEN, report=None))
            return _job_of(connection.execute(select(import_job).where(is_it)).one())

        return await self._database.write("import", work)

    async def job(self, number: int) -> ImportJob | None:
        """Return a job by its number."""

        def work(connection: Connection) -> ImportJob | None:
            row = connection.execute(select(import_job).where(_job.number == number)).one_or_none()
            return None if row is None else _job_of(row)

        return await self._database.read(work)

    async def open_jobs(self) -> list[ImportJob]:
        """Return the jobs that are not finished, oldest first."""
        query = select(import_job).where(_job.state == OPEN).order_by(_job.number)
        return await self._database.read(
            lambda connection: [_job_of(row) for row in connection.execute(query)]
        )

    async def place(self, number: int, part: int, keys: Iterable[str]) -> None:
        """Say which keys a part is about, before it is captured."""
        wanted = sorted(set(keys))

        def work(connection: Connection) -> None:
            here = (_place.job == number) & (_place.part == part)
            known: set[str] = set()
            for some in _portions(wanted):
                query = select(_place.key).where(here, _place.key.in_(some))
                known |= set(connection.execute(query).scalars())
            rows = [(key, number, part) for key in wanted if key not in known]
            if rows:
                self._database.insert(connection, import_place, rows)

        if wanted:
            await self._database.write("import", work)

    async def advance(
        self, number: int, part: int, *, events: int, duplicates: int, codes: int, code_count: int
    ) -> None:
        """Say that a part is stored; saying it again changes nothing."""

        def work(connection: Connection) -> None:
            connection.execute(
                update(import_job)
                .where(_job.number == number, _job.part_count == part)
                .values(
                    part_count=part + 1,
                    event_count=_job.event_count + events,
                    duplicate_count=_job.duplicate_count + duplicates,
                    captured_code_count=_job.captured_code_count + codes,
                    code_count=code_count,
                )
            )

        await self._database.write("import", work)

    async def finish(self, number: int, state: str, report: bytes, *, now_ms: int) -> None:
        """End a job. What a refused one said of parts that are not stored is forgotten."""

        def work(connection: Connection) -> None:
            is_it = _job.number == number
            connection.execute(
                update(import_job)
                .where(is_it)
                .values(state=state, report=report, finished_at_ms=now_ms)
            )
            if state == REFUSED:
                stored = select(_job.part_count).where(is_it).scalar_subquery()
                connection.execute(
                    delete(import_place).where(_place.job == number, _place.part >= stored)
                )

        await self._database.write("import", work)

    async def claim_bills(
        self, number: int, bills: Sequence[ClaimedBill]
    ) -> tuple[dict[str, BillClaim], list[str]]:
        """Bind bill numbers to their contents: all of them, or none.

        Returns:
            What is known of each bill, by number; and the numbers that belong to another content,
            in which case nothing was bound. A number whose bill
            was claimed by a refused import, and is in no part of it, is free again.
        """

        def work(connection: Connection) -> tuple[dict[str, BillClaim], list[str]]:
            known = _known_bills(connection, [one.number for one in bills])
            conflicts = [
                one.number
                for one in bills
                if one.number in known
                and known[one.number].content != one.content
                and known[one.number].is_kept
            ]
            if conflicts:
                return {}, conflicts
            claimed: dict[str, BillClaim] = {}
            rows, stale = [], []
            for one in bills:
                old = known.get(one.number)
                if old is not None and old.content == one.content:
                    is_stored = old.is_done and old.job != number
                    claimed[one.number] = BillClaim(old.active, is_stored)
                    continue
                if old is not None:
                    stale.append(one.number)
                claimed[one.number] = BillClaim(one.active)
                rows.append((one.number, one.content, number, one.active))
            for some in _portions(stale):
                connection.execute(delete(import_bill).where(_bill.number.in_(some)))
            if rows:
                self._database.insert(connection, import_bill, rows)
            return claimed, []

        return await self._database.write("import", work)

    async def set_levels(self, number: int, levels: Mapping[str, int]) -> None:
        """Keep the pack level of identification codes; the latest file holds."""

        def work(connection: Connection) -> None:
            for some in _portions(sorted(levels)):
                connection.execute(delete(import_level).where(_level.drug_id.in_(some)))
            rows = [(name, level, number) for name, level in sorted(levels.items())]
            if rows:
                self._database.insert(connection, import_level, rows)

        await self._database.write("import", work)

    async def level(self, drug_id: str) -> int | None:
        """Return the pack level of an identification code, as relation files have it."""
        query = select(_level.level).where(_level.drug_id == drug_id)
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def places(self, key: str) -> list[tuple[int, int]]:
        """Return the parts, as (job, part), that are about a key; oldest first."""
        query = select(_place.job, _place.part).where(_place.key == key)
        query = query.order_by(_place.job, _place.part)
        return await self._database.read(
            lambda connection: [(row.job, row.part) for row in connection.execute(query)]
        )

    async def positions(self, idempotency_key: str) -> list[int]:
        """Return the positions of the events of a captured part, in the part's order.

        Args:
            idempotency_key: Under which it was captured. Parts of a capture that went into several
                streams are all found.
        """
        capture = tables.capture.c
        first = select(capture.capture_id).where(capture.idempotency_key == idempotency_key)
        query = (
            select(capture.members, capture.first, capture.through)
            .where(capture.capture_id == first.scalar_subquery())
            .order_by(capture.part)
        )

        def work(connection: Connection) -> list[int]:
            found = [
                member
                for row in connection.execute(query)
                for member in members_of(row.members, row.first, row.through)
                if member > 0
            ]
            return list(dict.fromkeys(found))

        return await self._database.read(work)


@dataclass(frozen=True, slots=True)
class _KnownBill:
    content: bytes
    active: bool
    job: int
    is_done: bool
    is_kept: bool


def _known_bills(connection: Connection, numbers: Sequence[str]) -> dict[str, _KnownBill]:
    """Return what is known of bills. One of a refused import is kept if a part of it is stored."""
    placed = exists().where(
        _place.job == _bill.job, _place.key == bill_key_column(), _place.part < _job.part_count
    )
    known: dict[str, _KnownBill] = {}
    for some in _portions(numbers):
        query = (
            select(import_bill, _job.state, placed.label("placed"))
            .join(import_job, _job.number == _bill.job)
            .where(_bill.number.in_(some))
        )
        for row in connection.execute(query):
            is_kept = row.state != REFUSED or bool(row.placed)
            is_done = row.state == DONE
            known[row.number] = _KnownBill(row.content, row.active, row.job, is_done, is_kept)
    return known


BILL_KEY: Final = "bill\n"
"""Before the number of a bill: the key of its events."""


def bill_key_column() -> Any:
    """Return the key of a bill's events, inside a query over bills."""
    return literal(BILL_KEY) + _bill.number


def _portions(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[at : at + _PER_QUERY] for at in range(0, len(values), _PER_QUERY))


def _job_of(row: Row[Any]) -> ImportJob:
    return ImportJob(*tuple(row))
