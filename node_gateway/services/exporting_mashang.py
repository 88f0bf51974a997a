"""Bills and relation files from stored events, as the platform takes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from node_gateway.codes.china.bill_events import as_bill, bills_of
from node_gateway.codes.china.bills import Bill
from node_gateway.codes.china.relation_events import RelationRows
from node_gateway.codes.china.relation_file import RelationFile
from node_gateway.codes.china.vocabulary import bill_number_of, bill_uri
from node_gateway.codes.china.writing import Dialect, Encoding, write_bills, write_relation
from node_gateway.epcis.operations import document_uri
from node_gateway.epcis.query.conditions import Query
from node_gateway.epcis.query.families import transaction_condition
from node_gateway.errors import NotFoundError
from node_gateway.services.disclosing import open_event, whole_event
from node_gateway.services.importing import part_key
from node_gateway.services.importing_mashang import lot_key
from node_gateway.services.querying import Querying
from node_gateway.services.standing import Standing
from node_gateway.storage.importing import BILL_KEY, ImportStore
from node_gateway.storage.ports import EventStore

_PAGE_EVENTS: Final = 500


class MashangExports:
    """The use case of exporting what was imported, and bills of what was captured otherwise."""

    def __init__(
        self,
        imports: ImportStore,
        events: EventStore,
        *,
        querying: Querying,
        standing: Standing,
        participant: int,
    ) -> None:
        self._imports, self._events = imports, events
        self._querying, self._standing = querying, standing
        self._participant = participant

    async def bill(self, number: str, *, encoding: Encoding = "utf-8") -> Iterator[bytes]:
        """Return the file of one bill, in parts.

        If none of this number was imported: of the events that name it as their document.

        Raises:
            NotFoundError: `bill_not_found`, no event that is still there names it.
        """
        bills: list[Bill] = []
        async for event in self._stored(BILL_KEY + number):
            stated = event.get("bizTransactionList") or ()
            if any(bill_number_of(str(one.get("bizTransaction"))) == number for one in stated):
                bills += bills_of([event])
        if not bills:
            bills = bills_of([event async for event in self._naming(number)])
        if not any(len(one.codes) for one in bills):
            raise NotFoundError(
                "no such bill",
                code="bill_not_found",
                hint="Nothing that names this document names drug codes.",
            )
        return write_bills(bills, encoding=encoding)

    async def relation(
        self,
        product_code: str,
        lot_number: str,
        *,
        dialect: Dialect = "upper",
        encoding: Encoding = "utf-8",
    ) -> Iterator[bytes]:
        """Return the relation file of one lot, in parts.

        Raises:
            NotFoundError: `lot_not_found`, no relation file of this lot was imported.
        """
        rows = RelationRows()
        async for event in self._stored(lot_key(product_code, lot_number)):
            rows.add(event)
        file = _only(rows.file, product_code, lot_number)
        if not file.lots:
            raise NotFoundError(
                "no such lot of this product",
                code="lot_not_found",
                hint="Only lots of imported relation files are exported.",
            )
        return write_relation(file, dialect=dialect, encoding=encoding)

    async def _naming(self, number: str) -> AsyncIterator[dict[str, Any]]:
        """Yield, as bills, the events that name a document and still stand."""
        owner = str(self._participant)
        uris = {bill_uri(owner, number), document_uri(number, participant=self._participant)}
        query, after, more = Query((transaction_condition(frozenset(uris)),)), 0, True
        while more:
            page = await self._querying.new_events(query, after=after, limit=_PAGE_EVENTS)
            after, more = page.position, page.more
            for found in page.events:
                event = as_bill(found.event, number, owner)
                is_void = "errorDeclaration" in found.event
                if event is not None and not is_void and not await self._standing.of(event):
                    yield event

    async def _stored(self, key: str) -> AsyncIterator[dict[str, Any]]:
        """Yield the events of the parts that are about a key, in their order, each once."""
        seen: set[int] = set()
        for number, part in await self._imports.places(key):
            job = await self._imports.job(number)
            if job is None:
                continue
            positions = await self._imports.positions(part_key(job, part))
            fresh = [position for position in positions if position not in seen]
            seen.update(fresh)
            async for event in self._at(fresh):
                yield event

    async def _at(self, positions: Sequence[int]) -> AsyncIterator[dict[str, Any]]:
        """Yield the events at positions; those that were erased are left out."""
        wanted = set(positions)
        for first, last in _runs(positions):
            after = first - 1
            while after < last:
                limit = min(_PAGE_EVENTS, last - after)
                page = await self._events.events_after(after, limit=limit)
                for stored in page:
                    after = stored.header.position
                    if after in wanted and stored.payload is not None:
                        yield await whole_event(self._events, open_event(stored))
                if not page:
                    break
                await asyncio.sleep(0)


def _runs(positions: Sequence[int]) -> list[tuple[int, int]]:
    """Return positions as runs without gaps: (first, last)."""
    runs: list[tuple[int, int]] = []
    for position in positions:
        if runs and position == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], position)
        else:
            runs.append((position, position))
    return runs


def _only(file: RelationFile, product_code: str, lot_number: str) -> RelationFile:
    """Return the file with the wanted lot alone; another one may share its parts."""
    file.lots = [
        replace(lot)
        for lot in file.lots
        if lot.lot_number == lot_number and lot.relation.product_code == product_code
    ]
    return file
