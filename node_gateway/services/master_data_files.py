"""Master data as files: many records at once, with every mistake told by line and column."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from node_gateway.csv_text import pointer, read_sheet, write_sheet
from node_gateway.errors import DocumentRefusedError, Spot
from node_gateway.master_data.columns import (
    Column,
    column_names,
    read_columns,
    read_row,
    spot_in_row,
    write_row,
)
from node_gateway.master_data.conflicts import conflicts
from node_gateway.master_data.directory import Directory
from node_gateway.master_data.records import Kind, Record
from node_gateway.services.master_data import MasterData

SPOTS_MAX: Final = 1000
"""Mistakes that are reported one by one; further ones are counted."""
_INLINE_SIZE_BYTES_MAX: Final = 16 * 1024
_EXPORTED_AT_ONCE: Final = 1000


@dataclass
class FileReport:
    """What became of a file.

    Attributes:
        rows: Rows with something in them.
        created, replaced, unchanged: What became of the records; nothing yet if only checked.
        refused: Rows that cannot be taken.
        errors: What is wrong with them, at most `SPOTS_MAX` spots.
    """

    rows: int
    created: int = 0
    replaced: int = 0
    unchanged: int = 0
    refused: int = 0
    errors: list[Spot] = field(default_factory=list)


@dataclass
class _Read:
    """The records of a file with their lines, and what is wrong with the others."""

    kind: Kind
    columns: Mapping[str, Column]
    rows: int
    records: dict[str, tuple[int, Record]] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    spots: list[Spot] = field(default_factory=list)

    def placed(self, line: int, spot: Spot) -> Spot:
        return spot_in_row(self.kind, self.columns, line, spot)

    def refuse(self, line: int, spots: Sequence[Spot]) -> None:
        self.refused.add(line)
        if len(self.spots) < SPOTS_MAX:
            self.spots.extend(spots)


class MasterDataFiles:
    """Imports and exports of one gateway's master data."""

    def __init__(self, master: MasterData) -> None:
        self._master = master

    async def take(
        self, kind: Kind, raw: bytes, *, by: str, proceed: bool = False, check: bool = False
    ) -> FileReport:
        """Create or replace the records of a CSV file. The same file again changes nothing.

        Args:
            kind: What the rows are.
            raw: The file.
            by: Who does it.
            proceed: Take the rows that can be taken; otherwise all of them or none.
            check: Take nothing, only say what would become of it.

        Raises:
            DocumentRefusedError: with `/<line>/<column>` pointers; nothing was taken.
            TooLargeError: too many rows.
        """
        if len(raw) > _INLINE_SIZE_BYTES_MAX:
            read = await asyncio.to_thread(_read, kind, raw)
            await asyncio.to_thread(self._find_conflicts, read)
        else:
            read = _read(kind, raw)
            self._find_conflicts(read)
        if read.spots and not proceed and not check:
            raise DocumentRefusedError(read.spots[:SPOTS_MAX])
        report = FileReport(read.rows, refused=len(read.refused), errors=read.spots[:SPOTS_MAX])
        if not check:
            records = [record for line, record in read.records.values() if line not in read.refused]
            for written in await self._master.put_all(kind, records, by=by):
                setattr(report, written.result, getattr(report, written.result) + 1)
        return report

    def _find_conflicts(self, read: _Read) -> None:
        """Look for claims of two records to one code: inside the file, and beyond it."""
        inside = Directory()
        for line, record in read.records.values():
            found = [
                one
                for one in self._master.conflicts_of(record)
                if one.holder not in read.records  # which is judged as the file has it
            ]
            found += conflicts(inside, record)
            if found:
                spots = [Spot(one.code, one.detail, one.pointer) for one in found]
                read.refuse(line, [read.placed(line, one) for one in spots])
            else:
                inside.put(read.kind, record)

    async def export(self, kind: Kind, *, chinese: bool = False) -> AsyncIterator[str]:
        """Return a CSV file of all records, piece by piece; importing it changes nothing."""
        after, is_first = "", True
        columns = column_names(kind, chinese=chinese)
        while True:
            rows = await self._master.page(kind, after=after, limit=_EXPORTED_AT_ONCE)
            cells = [write_row(kind, orjson.loads(row.body), chinese=chinese) for row in rows]
            text = "".join(write_sheet(columns, cells))
            yield text if is_first else text.partition("\r\n")[2]
            if len(rows) < _EXPORTED_AT_ONCE:
                return
            after, is_first = rows[-1].identifier, False


def _read(kind: Kind, raw: bytes) -> _Read:
    sheet = read_sheet(raw)
    columns = read_columns(kind, sheet.columns)
    read = _Read(kind, columns, len(sheet.rows))
    for row in sheet.rows:
        try:
            record = read_row(kind, columns, row)
        except DocumentRefusedError as error:
            read.refuse(row.line, error.spots)
            continue
        known = read.records.get(record.id)
        if known is None:
            read.records[record.id] = row.line, record
        else:
            detail = f"line {known[0]} has this id already"
            read.refuse(row.line, [Spot("row_repeats", detail, pointer(row.line, "id"))])
    return read


def report_wire(report: FileReport) -> dict[str, Any]:
    """Return the JSON form of a report."""
    errors = []
    for one in report.errors:
        spot = {"pointer": one.pointer, "code": one.code, "detail": one.detail}
        errors.append({**spot, "hint": one.hint} if one.hint else spot)
    return {
        "rows": report.rows,
        "created": report.created,
        "replaced": report.replaced,
        "unchanged": report.unchanged,
        "refused": report.refused,
        "errors": errors,
    }
