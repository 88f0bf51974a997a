"""CSV text in and out, as spreadsheets and ERP systems write and read it.

Pure: no I/O. What it reads may be UTF-8 (with or without a byte order mark) or GB18030, with comma,
semicolon or tab between the cells. What it writes can be opened in a spreadsheet without any cell
being taken for a formula, and is read back as it was.

Source: RFC 4180; OWASP, "CSV Injection".
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from node_gateway.errors import DocumentRefusedError, Spot, TooLargeError

MEDIA_TYPE: Final = "text/csv"
ROWS_MAX: Final = 200_000
COLUMNS_MAX: Final = 200
CELL_LENGTH_MAX: Final = 10_000
_DELIMITERS: Final = (",", ";", "\t")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: cells by the name of their column, without spaces around them.

    `line` is the number of its first line in the file, from 1; the header has 1 as a rule.
    """

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: the names of the columns as the file has them, and its rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def decode(raw: bytes) -> str:
    """Return the text of a file.

    Raises:
        DocumentRefusedError: `csv_encoding`.
    """
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _refused("csv_encoding", "UTF-16 is not read here", 'Save it as "CSV UTF-8".')
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        hint = 'Save it as "CSV UTF-8".'
        raise _refused("csv_encoding", "neither UTF-8 nor GB18030", hint) from None


def read_sheet(raw: bytes, *, rows_max: int = ROWS_MAX) -> Sheet:
    """Read a table whose first row names its columns; empty rows are left out.

    Raises:
        DocumentRefusedError: `csv_encoding`, `csv_form`, `csv_column_repeats`.
        TooLargeError: `too_many_rows`.
    """
    text = decode(raw)
    if "\x00" in text:
        raise _refused("csv_form", "NUL characters", "Export it again as CSV.")
    lines = _lines(text, _delimiter(text))
    header = next(lines, None)
    if header is None:
        raise _refused("csv_form", "the file is empty", "The first line names the columns.")
    columns = tuple(name.strip() for name in header[1])
    _check_columns(columns)
    rows: list[Row] = []
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) >= rows_max:
            raise TooLargeError(
                f"more than {rows_max} rows", code="too_many_rows", hint="Split the file."
            )
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            hint = "Put quotes around a cell that holds the separator."
            raise _refused("csv_form", "more cells than columns", hint, line)
        named = zip(columns, cells, strict=False)
        rows.append(Row(line, {name: unguarded(cell.strip()) for name, cell in named if name}))
    return Sheet(columns, tuple(rows))


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    first = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            hint = "Look for a quote that is not closed, or text after a closing quote."
            raise _refused("csv_form", "no CSV from here on", hint, first) from None
        if cells is None:
            return
        if any(len(cell) > CELL_LENGTH_MAX for cell in cells):
            hint = f"A cell has at most {CELL_LENGTH_MAX} characters."
            raise _refused("csv_form", "a cell is too long", hint, first)
        yield first, cells
        first = reader.line_num + 1


def _delimiter(text: str) -> str:
    """Return what separates the cells: what stands most often in the first line."""
    end = min((at for at in (text.find("\n"), text.find("\r")) if at >= 0), default=len(text))
    head = text[: min(end, 100_000)]
    return max(_DELIMITERS, key=head.count)


def _check_columns(columns: Sequence[str]) -> None:
    if len(columns) > COLUMNS_MAX:
        raise _refused("csv_form", f"more than {COLUMNS_MAX} columns", "Leave out what is empty.")
    named = [name for name in columns if name]
    if len(set(named)) != len(named):
        raise _refused("csv_column_repeats", "two columns have one name", "Rename one of them.", 1)


def write_sheet(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Return the lines of a table, with a byte order mark for spreadsheets, piece by piece."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([guarded(row.get(name, "")) for name in columns])
        if buffer.tell() > 65_536:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; plain numbers stay as they are."""
    needs = cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell)
    return "'" + cell if needs or _is_guarded(cell) else cell


def unguarded(cell: str) -> str:
    """Return what `guarded` was given."""
    return cell[1:] if _is_guarded(cell) else cell


def _is_guarded(cell: str) -> bool:
    """An apostrophe before a formula's sign, or before such a thing."""
    return cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA)


def pointer(line: int, column: str = "") -> str:
    """Return the JSON pointer to a cell: `/<line>/<column>`, lines from 1."""
    escaped = column.replace("~", "~0").replace("/", "~1")
    return f"/{line}/{escaped}" if column else f"/{line}"


def _refused(code: str, detail: str, hint: str, line: int = 0) -> DocumentRefusedError:
    return DocumentRefusedError([Spot(code, detail, pointer(line) if line else "", hint)])
