"""What is kept of labels: jobs, prints, and which codes were printed before."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, insert, select, update

from node_gateway.storage.database import Database
from node_gateway.storage.issuing_allocation import next_number
from node_gateway.storage.issuing_tables import issuing_commission, issuing_mark, issuing_order
from node_gateway.storage.label_tables import (
    label_job,
    label_print,
    label_printed,
    label_printed_code,
)

COMMISSIONS_MAX: Final = 10_000
"""So many commissionings are looked through for a lot, newest first."""
_SHOWN_MAX: Final = 100
_BOUND_MAX: Final = 900  # variables of one statement
_job, _print = label_job.c, label_print.c
_printed, _loose = label_printed.c, label_printed_code.c
_mark, _commission, _order = issuing_mark.c, issuing_commission.c, issuing_order.c


@dataclass(frozen=True, slots=True)
class Span:
    """Codes of an order in a row: `first` is an index in it."""

    order_number: int
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job. Times are Unix milliseconds; `unlocked_at_ms` None: locked."""

    number: int
    made_by: str
    created_at_ms: int
    request: bytes
    label_count: int
    failed_scans: int
    unlocked_at_ms: int | None
    unlocked_by: str | None


@dataclass(frozen=True, slots=True)
class PrintRow:
    """One file of labels that was handed out."""

    number: int
    job: int | None
    kind: str
    format: str
    key_id: str
    at_ms: int
    label_count: int
    reason: str | None
    override: str | None


@dataclass(frozen=True, slots=True)
class NewPrint:
    """A print to be logged, and what was printed: places in orders, and other codes."""

    job: int | None
    kind: str
    format: str
    key_id: str
    at_ms: int
    label_count: int
    reason: str | None
    override: str | None
    spans: tuple[Span, ...]
    codes: tuple[str, ...]


class LabelStore:
    """Jobs and prints in a database; every call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_job(self, key_id: str, at_ms: int, request: bytes, count: int) -> JobRow:
        """Keep a new job, locked."""

        def work(connection: Connection) -> JobRow:
            number = next_number(connection, label_job)
            made = JobRow(number, key_id, at_ms, request, count, 0, None, None)
            values = {name: getattr(made, name) for name in JobRow.__slots__}
            connection.execute(insert(label_job).values(values))
            return made

        return await self._database.write("label_job", work)

    async def job(self, number: int) -> JobRow | None:
        """Return a job."""
        query = select(label_job).where(_job.number == number)

        def work(connection: Connection) -> JobRow | None:
            row = connection.execute(query).one_or_none()
            return None if row is None else JobRow(*row)

        return await self._database.read(work)

    async def jobs(self, *, before: int | None, limit: int) -> list[JobRow]:
        """Return jobs, newest first; `before` is the number of one."""
        query = select(label_job).order_by(_job.number.desc()).limit(limit)
        if before is not None:
            query = query.where(_job.number < before)
        return await self._database.read(lambda c: [JobRow(*row) for row in c.execute(query)])

    async def scanned(self, number: int, *, is_right: bool, key_id: str, at_ms: int) -> None:
        """Keep that the first label was scanned: it unlocks the job, or it counts as failed."""
        change = update(label_job).where(_job.number == number, _job.unlocked_at_ms.is_(None))
        values: dict[str, Any] = {"failed_scans": _job.failed_scans + 1}
        if is_right:
            values = {"unlocked_at_ms": at_ms, "unlocked_by": key_id}
        await self._database.write("label_scan", lambda c: c.execute(change.values(values)))

    async def add_print(self, new: NewPrint) -> tuple[int, int]:
        """Log a print, unless codes of it were printed before and no reason is given.

        Both in one transaction, so of two at once the second one needs a reason.

        Returns:
            The number of the print, 0 if nothing was logged; and how many of its codes, or more,
            were printed before.
        """

        def work(connection: Connection) -> tuple[int, int]:
            before = _printed_before(connection, new.spans, new.codes)
            if before and new.reason is None and new.kind != "first":
                return 0, before
            number = next_number(connection, label_print)
            values = {name: getattr(new, name) for name in PrintRow.__slots__ if name != "number"}
            connection.execute(insert(label_print).values(number=number, **values))
            spans = [(one.order_number, one.first, number, one.count) for one in new.spans]
            if spans:
                self._database.insert(connection, label_printed, spans)
            if new.codes:
                rows = [(code, number) for code in new.codes]
                self._database.insert(connection, label_printed_code, rows)
            return number, before

        return await self._database.write("label_print", work)

    async def printed_before(self, spans: Sequence[Span], codes: Sequence[str]) -> int:
        """Return how many of these codes were printed before; of a span that overlaps all."""
        return await self._database.read(lambda c: _printed_before(c, spans, codes))

    async def prints(
        self, *, before: int | None, limit: int, job: int | None = None
    ) -> list[PrintRow]:
        """Return the log of prints, newest first; `before` is the number of one."""
        query = select(label_print).order_by(_print.number.desc()).limit(limit)
        if before is not None:
            query = query.where(_print.number < before)
        if job is not None:
            query = query.where(_print.job == job)
        return await self._database.read(lambda c: [PrintRow(*row) for row in c.execute(query)])

    async def spans_of(self, number: int) -> tuple[list[tuple[str, int, int]], list[str]]:
        """Return what a print was of: (order id, first, count), and other codes, the first 100."""
        query = (
            select(_order.order_id, _printed.first, _printed.code_count)
            .join_from(label_printed, issuing_order, _printed.order_number == _order.number)
            .where(_printed.print == number)
            .order_by(_printed.order_number, _printed.first)
            .limit(_SHOWN_MAX)
        )
        loose = select(_loose.code).where(_loose.print == number).order_by(_loose.code)

        def work(connection: Connection) -> tuple[list[tuple[str, int, int]], list[str]]:
            spans = [(one, first, count) for one, first, count in connection.execute(query)]
            return spans, list(connection.execute(loose.limit(_SHOWN_MAX)).scalars())

        return await self._database.read(work)

    async def marked(self, order_number: int, first: int, last: int) -> dict[str, str]:
        """Return the codes of an order that are void or replaced, with which of both."""
        query = select(_mark.code, _mark.kind).where(
            _mark.order_number == order_number, _mark.order_index >= first, _mark.order_index < last
        )
        return await self._database.read(lambda c: {row.code: row.kind for row in c.execute(query)})

    async def of_lot(self, lot: str) -> list[tuple[str, int, int]]:
        """Return what was commissioned with a lot, as (order id, first, count), oldest first.

        Cost: the newest `COMMISSIONS_MAX` commissionings are looked through; each is of up to
        100,000 codes.
        """
        query = (
            select(_order.order_id, _commission.first, _commission.code_count, _commission.event)
            .join_from(issuing_commission, issuing_order, _commission.order_number == _order.number)
            .order_by(_commission.created_at_ms.desc())
            .limit(COMMISSIONS_MAX)
        )

        def work(connection: Connection) -> list[tuple[str, int, int]]:
            found = [
                (row.order_id, row.first, row.code_count)
                for row in connection.execute(query)
                if _lot_in(row.event) == lot
            ]
            return found[::-1]

        return await self._database.read(work)


def _lot_in(event: bytes) -> object:
    return orjson.loads(event).get("ilmd", {}).get("cbvmda:lotNumber")


def _printed_before(connection: Connection, spans: Collection[Span], codes: Sequence[str]) -> int:
    found = 0
    for span in spans:
        last = span.first + span.count
        query = select(func.count()).where(
            _printed.order_number == span.order_number,
            _printed.first < last,
            _printed.first + _printed.code_count > span.first,
        )
        found += span.count if connection.execute(query).scalar_one() else 0
    for start in range(0, len(codes), _BOUND_MAX):
        some = codes[start : start + _BOUND_MAX]
        query = select(func.count(func.distinct(_loose.code))).where(_loose.code.in_(some))
        found += int(connection.execute(query).scalar_one())
    return found
