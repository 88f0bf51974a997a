"""Writing the platform's files: relation files in both dialects, and bills.

What was read comes out again, row by row, but for what is never kept: people (lineManager, Actor)
and attributes that nobody knows. Days come out as 2026-03-01, times as 2026-03-01 10:00:00, and the
rows of a relation file by lot and level.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal
from xml.sax.saxutils import quoteattr

from node_gateway.codes.china.bills import Bill, texts_of
from node_gateway.codes.china.code_table import NONE
from node_gateway.codes.china.drug_code import unpacked_code
from node_gateway.codes.china.relation_file import Lot, RelationFile

Dialect = Literal["upper", "lower"]
Encoding = Literal["utf-8", "gb18030"]
_NAMES: Final = {"upper": ("Version", "Name"), "lower": ("version", "name")}
_XSI: Final = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_ROWS_PER_PART: Final = 1000


def write_relation(
    file: RelationFile, *, dialect: Dialect = "upper", encoding: Encoding = "utf-8"
) -> Iterator[bytes]:
    """Yield a relation file in parts.

    Args:
        file: From `read_relation` or `relation_of`.
        dialect: How the attributes of Events and Event are spelled.
        encoding: GB18030 is what GB2312 readers of today take.
    """
    version, name = _NAMES[dialect]
    schema = 'xsi:noNamespaceSchemaLocation="关联关系XML Schema-3.0.xsd"'
    yield (
        f'<?xml version="1.0" encoding="{encoding.upper()}"?>\n'
        f'<Document {_XSI} {schema} License="">\n <Events {version}="3.0">\n'
        f'  <Event {name}="RelationCreate">\n'
    ).encode(encoding)
    for lot in file.lots:
        for text in _lot(file, lot):
            yield text.encode(encoding)
    yield b"  </Event>\n </Events>\n</Document>\n"


def _lot(file: RelationFile, lot: Lot) -> Iterator[str]:
    relation = lot.relation
    head = _attributes(
        ("productCode", relation.product_code),
        ("subTypeNo", relation.sub_type_no),
        ("cascade", relation.cascade),
        ("packageSpec", relation.package_spec),
        ("comment", relation.comment),
    )
    batch = _attributes(
        ("batchNo", lot.lot_number),
        ("madeDate", lot.made.isoformat() if lot.made else ""),
        ("validateDate", lot.expires.isoformat() if lot.expires else ""),
        ("workshop", lot.workshop),
        ("lineName", lot.line_name),
        ("lineManager", ""),
    )
    yield f"   <Relation{head}>\n    <Batch{batch}>\n"
    flags = [quoteattr(text) for text in file.flag_texts]
    for start in range(lot.rows.start, lot.rows.stop, _ROWS_PER_PART):
        rows = range(start, min(start + _ROWS_PER_PART, lot.rows.stop))
        yield "".join(
            f'     <Code curCode="{file.table.text(row)}" packLayer="{file.layers[row]}"'
            f' parentCode="{_parent(file.parents[row])}" flag={flags[file.flags[row]]}/>\n'
            for row in rows
        )
    yield "    </Batch>\n   </Relation>\n"


def _parent(packed: int) -> str:
    return "" if packed == NONE else unpacked_code(packed)


def write_bills(bills: Sequence[Bill], *, encoding: Encoding = "utf-8") -> Iterator[bytes]:
    """Yield a file of bills in parts; each type of bill is one Event element.

    A type that has no name of its own in files is given as `BillType`, which `read_bills` takes.
    """
    yield (
        f'<?xml version="1.0" encoding="{encoding.upper()}"?>\n'
        f'<Document {_XSI} Version="3.0">\n <Events>\n'
    ).encode(encoding)
    for number in sorted({bill.type.number for bill in bills}):
        some = [bill for bill in bills if bill.type.number == number]
        kind = some[0].type
        head = _attributes(
            ("Name", kind.event or kind.main_action), ("MainAction", kind.main_action)
        )
        stated = "" if kind.event else _attributes(("BillType", str(number)))
        yield f"  <Event{head}{stated}>\n   <DataField>\n".encode(encoding)
        for bill in some:
            yield from (text.encode(encoding) for text in _rows(bill))
        yield b"   </DataField>\n  </Event>\n"
    yield b" </Events>\n</Document>\n"


def _rows(bill: Bill) -> Iterator[str]:
    sides = [
        (name, corp)
        for name, corp in (
            ("FromCorpID", bill.from_corp),
            ("ToCorpID", bill.to_corp),
            ("DestCorpID", bill.dest_corp),
        )
        if corp
    ]
    if not sides:
        sides = [("FromCorpID" if bill.type.direction == "in" else "ToCorpID", "")]
    tail = _attributes(("ActDate", _time(bill.time)), ("CorpOrderID", bill.number), *sides)
    for part in _portions(texts_of(bill)):
        yield "".join(f'     <Data Code="{text}" Actor=""{tail}/>\n' for text in part)


def _portions(texts: list[str]) -> Iterable[list[str]]:
    return (texts[at : at + _ROWS_PER_PART] for at in range(0, len(texts), _ROWS_PER_PART))


def _time(text: str) -> str:
    """Return a time as the platform writes it; `read_bills` keeps every time at +08:00."""
    clock = text[:19].replace("T", " ")
    return clock if text[19:23] in ("", ".000") else clock + text[19:23]


def _attributes(*pairs: tuple[str, str]) -> str:
    return "".join(f" {name}={quoteattr(text)}" for name, text in pairs)
