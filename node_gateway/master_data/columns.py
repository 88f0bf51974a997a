"""Master data as tables: which column is which member, in Chinese and in English."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from node_gateway.csv_text import Row, pointer
from node_gateway.errors import DocumentRefusedError, Spot
from node_gateway.master_data.records import LEVELS_MAX, Kind, Record, number_text, read_record

Shape = Literal["text", "number", "list"]
_SEPARATORS: Final = re.compile(r"[;；|、\s]+")
_PHRASES: Final = re.compile(r"[;；|、]+")
_LEVEL_POINTER: Final = re.compile(r"/levels/([0-9]+)/?(\w*)")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the member that it holds, its English and Chinese name, and how it is written."""

    member: str
    name: str
    name_zh: str
    shape: Shape = "text"
    level: int = 0
    """Pack level that the member belongs to; 0 for the record itself."""
    phrases: bool = False
    """The members of a list may hold spaces."""


def _level_columns() -> Iterator[Column]:
    for number in range(1, LEVELS_MAX + 1):
        yield Column("name", f"level{number}_name", f"{number}级包装", level=number)
        yield Column("gtins", f"level{number}_gtins", f"{number}级GTIN", "list", number)
        yield Column("drugIds", f"level{number}_drug_ids", f"{number}级药品标识码", "list", number)
        yield Column("contains", f"level{number}_contains", f"{number}级装量", "number", number)


COLUMNS: Final[Mapping[Kind, tuple[Column, ...]]] = {
    "product": (
        Column("id", "id", "产品编号"),
        Column("nameZh", "name_zh", "中文名称"),
        Column("nameEn", "name_en", "英文名称"),
        Column("approvalNumber", "approval_number", "批准文号"),
        Column("specification", "specification", "规格"),
        Column("dosageForm", "dosage_form", "剂型"),
        Column("manufacturer", "manufacturer", "生产企业"),
        Column("storageMinC", "storage_min_c", "最低储存温度", "number"),
        Column("storageMaxC", "storage_max_c", "最高储存温度", "number"),
        Column("shelfLifeMonths", "shelf_life_months", "有效期月数", "number"),
        Column("regions", "regions", "销售区域", "list", phrases=True),
        Column("channels", "channels", "销售渠道", "list", phrases=True),
        Column("productCode", "product_code", "产品编码"),
        Column("subTypeNo", "sub_type_no", "子类编码"),
        *_level_columns(),
    ),
    "location": (
        Column("id", "id", "地点标识"),
        Column("nameZh", "name_zh", "中文名称"),
        Column("nameEn", "name_en", "英文名称"),
        Column("city", "city", "城市"),
        Column("region", "region", "省份"),
        Column("country", "country", "国家"),
        Column("address", "address", "地址"),
        Column("party", "party", "所属企业"),
        Column("parent", "parent", "上级地点"),
    ),
    "party": (
        Column("id", "id", "企业标识"),
        Column("nameZh", "name_zh", "中文名称"),
        Column("nameEn", "name_en", "英文名称"),
        Column("creditCode", "credit_code", "统一社会信用代码"),
        Column("enterpriseIds", "enterprise_ids", "企业ID", "list"),
        Column("identifiers", "identifiers", "其他标识", "list"),
        Column("companyPrefixes", "company_prefixes", "厂商识别代码", "list"),
        Column("participant", "participant", "参与方编号", "number"),
    ),
}
"""By kind; a file may have the columns in any order, by either name, and leave out all but `id`."""


def read_columns(kind: Kind, names: Sequence[str]) -> dict[str, Column]:
    """Return what each column of a file is.

    Raises:
        DocumentRefusedError: `csv_column_unknown`, `csv_column_repeats` or `csv_column_missing`.
    """
    known = {_folded(name): one for one in COLUMNS[kind] for name in (one.name, one.name_zh)}
    spots: list[Spot] = []
    found: dict[str, Column] = {}
    for name in names:
        column = known.get(_folded(name))
        if column is None and name:
            hint = f"Columns are {', '.join(one.name for one in COLUMNS[kind] if one.level < 2)}."
            spots.append(Spot("csv_column_unknown", "no such column", pointer(1, name), hint))
        elif column in found.values():
            spot = Spot("csv_column_repeats", "a column stands twice", pointer(1, name))
            spots.append(spot)
        elif column is not None:
            found[name] = column
    if not spots and not any(column.member == "id" for column in found.values()):
        hint = "It names the record."
        spots.append(Spot("csv_column_missing", "no column id", pointer(1, "id"), hint))
    if spots:
        raise DocumentRefusedError(spots)
    return found


def read_row(kind: Kind, columns: Mapping[str, Column], row: Row) -> Record:
    """Return the record of a row.

    Raises:
        DocumentRefusedError: with pointers to cells, `/<line>/<column>`.
    """
    try:
        return read_record(kind, row_members(columns, row.cells))
    except DocumentRefusedError as error:
        spots = [spot_in_row(kind, columns, row.line, one) for one in error.spots]
        raise DocumentRefusedError(spots) from None


def row_members(columns: Mapping[str, Column], cells: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON form of what cells say, not checked yet; empty cells say nothing."""
    members: dict[str, Any] = {}
    levels: dict[int, dict[str, Any]] = {}
    for name, cell in cells.items():
        column = columns.get(name)
        if column is not None and cell:
            place = levels.setdefault(column.level, {}) if column.level else members
            place[column.member] = _value(column, cell)
    if levels:
        members["levels"] = [levels.get(number, {}) for number in range(1, max(levels) + 1)]
    return members


def _value(column: Column, cell: str) -> object:
    if column.shape == "list":
        separators = _PHRASES if column.phrases else _SEPARATORS
        return [part.strip() for part in separators.split(cell) if part.strip()]
    if column.shape == "number" and _NUMBER.fullmatch(cell):
        return float(cell) if "." in cell else int(cell)
    return cell


def spot_in_row(kind: Kind, columns: Mapping[str, Column], line: int, spot: Spot) -> Spot:
    """Return a spot of a record as one of its row: `/<line>/<column>`."""
    level, member = 0, spot.pointer.lstrip("/").partition("/")[0]
    if found := _LEVEL_POINTER.match(spot.pointer):
        level, member = int(found[1]) + 1, found[2]
    names = [one for one, is_ in columns.items() if (is_.member, is_.level) == (member, level)]
    if not names:
        names = [one.name for one in COLUMNS[kind] if (one.member, one.level) == (member, level)]
    place = pointer(line, names[0] if names else "")
    return Spot(spot.code, spot.detail, place, spot.hint)


def column_names(kind: Kind, *, chinese: bool = False) -> list[str]:
    """Return the names of all columns, in the order of an export."""
    return [one.name_zh if chinese else one.name for one in COLUMNS[kind]]


def write_row(kind: Kind, members: Mapping[str, Any], *, chinese: bool = False) -> dict[str, str]:
    """Return the cells of a record, by the names of their columns."""
    levels = members.get("levels", [])
    cells = {}
    for column in COLUMNS[kind]:
        source: Mapping[str, Any] = members
        if column.level:
            source = levels[column.level - 1] if column.level <= len(levels) else {}
        cells[column.name_zh if chinese else column.name] = _cell(source.get(column.member))
    return cells


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(str(one) for one in value)
    return number_text(value) if isinstance(value, float) else str(value)


def _folded(name: str) -> str:
    return re.sub(r"[\s_\-]+", "", name).casefold()
