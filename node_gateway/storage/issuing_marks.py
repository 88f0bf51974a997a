"""What was declared of issued codes: void, replaced, commissioned.

Each of these that makes an event is kept with that event before it is captured, so that a try
after a kill captures the very same event and finds it stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from node_gateway.storage.database import Database
from node_gateway.storage.issuing_allocation import next_number
from node_gateway.storage.issuing_tables import issuing_commission, issuing_mark

_mark, _commission = issuing_mark.c, issuing_commission.c


@dataclass(frozen=True, slots=True)
class Mark:
    """One code that is void or replaced.

    Attributes:
        order_number: The order it was issued by, with its place there; None: not issued here.
        new_order_number: The order of the replacement, with its place there, if the event
            commissions it.
        event: The event as JSON as long as it is not captured; None where none is needed.
        entry: Of the captured event, 32 bytes.
    """

    code: str
    kind: str
    reason: str
    replacement: str | None
    order_number: int | None
    order_index: int | None
    marked_at_ms: int
    new_order_number: int | None = None
    new_order_index: int | None = None
    event: bytes | None = None
    entry: bytes | None = None


@dataclass(frozen=True, slots=True)
class Commission:
    """Codes of an order that one event commissions.

    Attributes:
        first: Index of its first code in the order.
        digest: 32 bytes of what was asked for.
        marks_through: Codes marked up to here were left out.
        event: The event as JSON, without its codes.
        entry: Of the captured event, 32 bytes; None until then.
    """

    order_number: int
    first: int
    count: int
    digest: bytes
    event: bytes
    created_at_ms: int
    marks_through: int = 0
    entry: bytes | None = None


class MarkStore:
    """Marks and commissions in a database; every call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mark(self, code: str) -> Mark | None:
        """Return what was declared of a code."""
        return await self._database.read(lambda connection: _find(connection, code))

    async def replaced_by(self, code: str, *, limit: int) -> list[Mark]:
        """Return the codes that this one replaces, oldest first."""
        query = select(issuing_mark).where(_mark.replacement == code)
        query = query.order_by(_mark.number).limit(limit)

        def work(connection: Connection) -> list[Mark]:
            return [_mark_of(row) for row in connection.execute(query)]

        return await self._database.read(work)

    async def add_mark(self, new: Mark) -> Mark:
        """Keep a mark; return the one that is kept, which may be an earlier one."""

        def work(connection: Connection) -> Mark:
            known = _find(connection, new.code)
            if known is not None:
                return known
            values = {name: getattr(new, name) for name in Mark.__slots__}
            number = next_number(connection, issuing_mark)
            connection.execute(insert(issuing_mark).values(number=number, **values))
            return new

        return await self._database.write("mark", work)

    async def captured(self, code: str, entry: bytes) -> None:
        """Say which event a mark became; the copy of the event goes."""

        def work(connection: Connection) -> None:
            connection.execute(
                update(issuing_mark).where(_mark.code == code).values(event=None, entry=entry)
            )

        await self._database.write("mark", work)

    async def take_back(self, code: str) -> None:
        """Forget a mark whose event was refused, so nothing is stored of it."""

        def work(connection: Connection) -> None:
            connection.execute(
                delete(issuing_mark).where(_mark.code == code, _mark.entry.is_(None))
            )

        await self._database.write("mark", work)

    async def left_out(self, commission: Commission) -> set[int]:
        """Return indexes in the order of the codes that a commission leaves out.

        Those that were void or replaced before it, or came into use in place of another one.
        """
        last = commission.first + commission.count

        def work(connection: Connection) -> set[int]:
            found: set[int] = set()
            for number, index in (
                (_mark.order_number, _mark.order_index),
                (_mark.new_order_number, _mark.new_order_index),
            ):
                query = select(index).where(
                    number == commission.order_number,
                    index >= commission.first,
                    index < last,
                    _mark.number <= commission.marks_through,
                )
                found.update(connection.execute(query).scalars())
            return found

        return await self._database.read(work)

    async def begin(self, new: Commission) -> list[Commission]:
        """Keep a commission; return it, or those that its codes are in already."""

        def work(connection: Connection) -> list[Commission]:
            known = _overlapping(connection, new)
            if known:
                return known
            through = next_number(connection, issuing_mark) - 1
            connection.execute(
                insert(issuing_commission).values(
                    order_number=new.order_number,
                    first=new.first,
                    code_count=new.count,
                    digest=new.digest,
                    marks_through=through,
                    event=new.event,
                    created_at_ms=new.created_at_ms,
                )
            )
            return _overlapping(connection, new)

        return await self._database.write("commission", work)

    async def done(self, commission: Commission, entry: bytes) -> None:
        """Say which event a commission became."""

        def work(connection: Connection) -> None:
            connection.execute(
                update(issuing_commission)
                .where(
                    _commission.order_number == commission.order_number,
                    _commission.first == commission.first,
                )
                .values(entry=entry)
            )

        await self._database.write("commission", work)

    async def give_up(self, commission: Commission) -> None:
        """Forget a commission whose event was refused, so nothing is stored of it."""

        def work(connection: Connection) -> None:
            connection.execute(
                delete(issuing_commission).where(
                    _commission.order_number == commission.order_number,
                    _commission.first == commission.first,
                    _commission.entry.is_(None),
                )
            )

        await self._database.write("commission", work)

    async def commissions(self, order_number: int) -> list[Commission]:
        """Return the commissions of an order, by their first code."""
        query = select(issuing_commission).where(_commission.order_number == order_number)

        def work(connection: Connection) -> list[Commission]:
            rows = connection.execute(query.order_by(_commission.first))
            return [_commission_of(row) for row in rows]

        return await self._database.read(work)

    async def unfinished(self, order_number: int, index: int) -> bool:
        """Tell whether a code lies in a commission whose event is not captured yet."""
        query = select(func.count()).where(
            _commission.order_number == order_number,
            _commission.first <= index,
            _commission.first + _commission.code_count > index,
            _commission.entry.is_(None),
        )
        found = await self._database.read(lambda connection: connection.execute(query).scalar_one())
        return bool(found)

    async def marked_count(self, order_number: int) -> int:
        """Return how many codes of an order are marked."""
        query = select(func.count()).where(_mark.order_number == order_number)
        found = await self._database.read(lambda connection: connection.execute(query).scalar_one())
        return int(found)


def _find(connection: Connection, code: str) -> Mark | None:
    row = connection.execute(select(issuing_mark).where(_mark.code == code)).one_or_none()
    return None if row is None else _mark_of(row)


def _mark_of(row: Row[Any]) -> Mark:
    return Mark(*(getattr(row, name) for name in Mark.__slots__))


def _overlapping(connection: Connection, new: Commission) -> list[Commission]:
    last = new.first + new.count
    query = select(issuing_commission).where(
        _commission.order_number == new.order_number,
        _commission.first < last,
        or_(
            _commission.first >= new.first,
            _commission.first + _commission.code_count > new.first,
        ),
    )
    rows = connection.execute(query.order_by(_commission.first))
    return [_commission_of(row) for row in rows]


def _commission_of(row: Row[Any]) -> Commission:
    return Commission(
        order_number=row.order_number,
        first=row.first,
        count=row.code_count,
        digest=row.digest,
        event=row.event,
        created_at_ms=row.created_at_ms,
        marks_through=row.marks_through,
        entry=row.entry,
    )
