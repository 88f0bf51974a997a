"""The files of China's drug platform as something to import: relation files and bills."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from node_gateway.codes.china.bill_events import bill_events
from node_gateway.codes.china.bill_types import COMMISSIONING
from node_gateway.codes.china.bills import Bill, BillFile, content_of, read_bills
from node_gateway.codes.china.code_table import NONE
from node_gateway.codes.china.drug_code import unpacked_code
from node_gateway.codes.china.findings import FileFormError, Findings, LineProblem
from node_gateway.codes.china.relation import RelationFile, read_relation
from node_gateway.codes.china.relation_events import relation_events
from node_gateway.codes.china.reporting import bill_notes, relation_notes
from node_gateway.codes.china.sniffing import sniff
from node_gateway.codes.china.vocabulary import PartyOf
from node_gateway.epcis.identifiers import DRUG_CODE
from node_gateway.services.commissioned import commissioning_of
from node_gateway.services.importing import FileRefusedError, ImportSource, SourceEvent
from node_gateway.storage.importing import BILL_KEY, BillClaim, ClaimedBill, ImportJob, ImportStore
from node_gateway.storage.ports import EventStore

RELATION: Final = "mashang-relation"
BILLS: Final = "mashang-bills"
LOT_KEY: Final = "lot\n"
_READ_SIZE: Final = 1 << 16
_CODES_ASKED: Final = 3


class MashangFiles:
    """Reads relation files and bills (`importing.Format`)."""

    def __init__(
        self,
        *,
        imports: ImportStore,
        events: EventStore,
        participant: int,
        party_of: PartyOf,
        future_tolerance_s: int,
        clock: Callable[[], float],
    ) -> None:
        self._imports, self._events = imports, events
        self._owner, self._party_of = str(participant), party_of
        self._ahead, self._clock = timedelta(seconds=future_tolerance_s), clock

    @property
    def kinds(self) -> Sequence[str]:
        """See `Format`."""
        return (RELATION, BILLS)

    def sniff(self, head: bytes) -> str | None:
        """See `Format`."""
        return sniff(head)

    async def open(self, file: Path, job: ImportJob) -> ImportSource:
        """See `Format`. Bill numbers are bound to their contents here."""
        latest = datetime.fromtimestamp(self._clock(), UTC) + self._ahead
        if job.kind == RELATION:
            relation = await asyncio.to_thread(_relation, file)
            _refuse(relation.findings, relation_notes(relation), future_lots(relation, latest))
            return _RelationSource(relation).source()
        bill_type = int(job.options) if job.options else None
        bills = await asyncio.to_thread(_bills, file, bill_type)
        notes = bill_notes(bills)
        _refuse(bills.findings, notes, future_bills(bills, latest))
        claimed = await self._claimed(bills, job, notes)
        known = sum(one.is_stored for one in claimed.values())
        return ImportSource(
            lambda: self._bill_events(bills, claimed),
            code_count=sum(len(bill.codes) for bill in bills.bills),
            notes={**notes, "billsKnown": known},
        )

    async def finished(self, job: ImportJob, source: ImportSource) -> None:
        """See `Format`."""
        levels = source.notes.get("levels")
        if job.kind == RELATION and levels:
            await self._imports.set_levels(job.number, levels)

    async def _claimed(
        self, bills: BillFile, job: ImportJob, notes: Mapping[str, Any]
    ) -> Mapping[str, BillClaim]:
        """Bind the numbers of bills; return what is known of each.

        Raises:
            FileRefusedError: `bill_conflict`, a number belongs to another content.
        """
        by_number = bills.by_number()
        claims = [
            ClaimedBill(number, content_of(some), await self._is_active(some))
            for number, some in by_number.items()
        ]
        claimed, conflicts = await self._imports.claim_bills(job.number, claims)
        if conflicts:
            raise FileRefusedError(
                [
                    LineProblem(
                        by_number[number][0].line,
                        "bill_conflict",
                        "this bill number came before with other content",
                        "A bill number is used once; give the correction a number of its own.",
                    )
                    for number in conflicts
                ],
                notes=notes,
            )
        return claimed

    async def _is_active(self, bills: Sequence[Bill]) -> bool:
        """Whether the codes of a bill that might commission them were commissioned before."""
        for bill in bills:
            if bill.type.number != COMMISSIONING:
                continue
            for code in bill.codes[:_CODES_ASKED]:
                uri = DRUG_CODE + unpacked_code(code)
                if await commissioning_of(self._events, uri) is not None:
                    return True
        return False

    def _bill_events(
        self, bills: BillFile, claimed: Mapping[str, BillClaim]
    ) -> Iterator[SourceEvent]:
        """Yield the events of bills that no other file has brought, word for word, before."""
        for bill in bills.bills:
            if claimed[bill.number].is_stored:
                continue
            made = bill_events(
                [bill],
                owner=self._owner,
                party_of=self._party_of,
                is_active=lambda one: claimed[one.number].active,
            )
            for line, event in made:
                yield SourceEvent(line, event, (BILL_KEY + bill.number,))


class _RelationSource:
    """Events of a relation file, each with the key of its lot."""

    def __init__(self, file: RelationFile) -> None:
        self._file = file

    def source(self) -> ImportSource:
        inside = sum(parent != NONE for parent in self._file.parents)
        return ImportSource(
            self._events,
            code_count=len(self._file.table) + inside,
            notes={**relation_notes(self._file), "levels": self._file.levels()},
        )

    def _events(self) -> Iterator[SourceEvent]:
        keys = [lot_key(lot.relation.product_code, lot.lot_number) for lot in self._file.lots]
        for line, lot, event in relation_events(self._file):
            yield SourceEvent(line, event, (keys[lot],))


def lot_key(product_code: str, lot_number: str) -> str:
    """Return under what the events of a lot are found again."""
    return f"{LOT_KEY}{product_code}\n{lot_number}"


def future_lots(file: RelationFile, latest: datetime) -> list[LineProblem]:
    """Return the lots that are made later than now."""
    day = (latest + timedelta(hours=8)).date()
    return [
        LineProblem(lot.line, "event_time_future", "madeDate lies in the future")
        for lot in file.lots
        if lot.made is not None and lot.made > day
    ]


def future_bills(file: BillFile, latest: datetime) -> list[LineProblem]:
    """Return the bills that are later than now."""
    return [
        LineProblem(bill.line, "event_time_future", "ActDate lies in the future")
        for bill in file.bills
        if datetime.fromisoformat(bill.time) > latest
    ]


def _refuse(findings: Findings, notes: Mapping[str, Any], more: Sequence[LineProblem]) -> None:
    if findings.count or more:
        problems = sorted([*findings.problems, *more], key=lambda one: one.line)
        raise FileRefusedError(problems, count=findings.count + len(more), notes=notes)


def pieces(file: Path) -> Iterator[bytes]:
    """Yield a file in pieces."""
    with file.open("rb") as stream:
        while piece := stream.read(_READ_SIZE):
            yield piece


def _relation(file: Path) -> RelationFile:
    try:
        return read_relation(pieces(file))
    except FileFormError as error:
        raise _unreadable(error) from error


def _bills(file: Path, bill_type: int | None) -> BillFile:
    try:
        return read_bills(pieces(file), bill_type=bill_type)
    except FileFormError as error:
        raise _unreadable(error) from error


def _unreadable(error: FileFormError) -> FileRefusedError:
    return FileRefusedError([LineProblem(error.line, error.code, error.detail, error.hint)])
