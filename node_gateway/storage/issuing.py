"""Orders of codes: ranges, allocations, and where a number was given out.

An allocation is one transaction on the one writing thread, so two orders never share a number;
what it returned survives a kill, and a kill before leaves nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from node_gateway.storage import issuing_allocation, issuing_reading
from node_gateway.storage.database import Database
from node_gateway.storage.issuing_rows import (
    OrderRow,
    Place,
    RangeRow,
    Refusal,
    SchemeRow,
    Wanted,
)
from node_gateway.storage.issuing_tables import issuing_order, issuing_scheme

_scheme, _order = issuing_scheme.c, issuing_order.c


class IssuingStore:
    """Orders and ranges in a database; every call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def allocate(self, wanted: Wanted) -> OrderRow | Refusal:
        """Give out numbers once; the same order again gets the same ones."""
        return await self._database.write(
            "issue", lambda connection: issuing_allocation.allocate(connection, wanted)
        )

    async def add_range(self, wanted: Wanted) -> RangeRow | Refusal:
        """Set aside `wanted.count` numbers for a line, which then takes no others by itself."""
        return await self._database.write(
            "issue", lambda connection: issuing_allocation.add_range(connection, wanted)
        )

    async def close_ranges(self, *, skip: int, name: tuple[str, str] | None) -> list[RangeRow]:
        """Give out nothing more from the ranges there are; return those that were open.

        Args:
            skip: So many numbers of each scheme are never given out: those that may have been,
                after the copy was made that this database came from.
            name: Kind and name of one scheme; None for all.
        """
        return await self._database.write(
            "issue", lambda connection: issuing_allocation.close_ranges(connection, skip, name)
        )

    async def scheme(self, kind: str, name: str) -> SchemeRow | None:
        """Return the scheme of a kind and name."""
        return await self._database.read(
            lambda connection: issuing_reading.find_scheme(connection, kind, name)
        )

    async def schemes(self, kind: str, names: Sequence[str]) -> list[SchemeRow]:
        """Return the schemes of a kind that have one of these names."""
        query = select(issuing_scheme).where(_scheme.kind == kind, _scheme.name.in_(names))

        def work(connection: Connection) -> list[SchemeRow]:
            return [issuing_reading.scheme_row(row) for row in connection.execute(query)]

        return await self._database.read(work)

    async def order(self, order_id: str) -> OrderRow | None:
        """Return an order with its parts."""
        return await self._database.read(
            lambda connection: issuing_reading.find_order(connection, order_id)
        )

    async def orders(self, *, after: int = 0, limit: int) -> list[OrderRow]:
        """Return orders without their parts, oldest first; `after` is a number of one."""
        query = select(issuing_order).where(_order.number > after)
        query = query.order_by(_order.number).limit(limit)

        def work(connection: Connection) -> list[OrderRow]:
            rows = connection.execute(query).all()
            return [issuing_reading.order_row(connection, row, ()) for row in rows]

        return await self._database.read(work)

    async def places(self, scheme: int, numbers: Sequence[int]) -> dict[int, Place]:
        """Return where each of a few numbers was given out; those that were not are left out."""
        return await self._database.read(
            lambda connection: issuing_reading.places(connection, scheme, numbers)
        )

    async def place(self, scheme: int, number: int) -> Place | None:
        """Return where a number was given out; None if it was not."""
        return await self._database.read(
            lambda connection: issuing_reading.place(connection, scheme, number)
        )

    async def ranges(self) -> list[RangeRow]:
        """Return every range, oldest first."""
        return await self._database.read(issuing_reading.ranges)
