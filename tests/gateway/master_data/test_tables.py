"""CSV: what spreadsheets write is read, what is written opens nowhere as a formula."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.csv_text import read_sheet, write_sheet
from node_gateway.errors import DocumentRefusedError, TooLargeError
from node_gateway.master_data.columns import (
    COLUMNS,
    column_names,
    read_columns,
    read_row,
    write_row,
)
from node_gateway.master_data.records import Kind, Record, read_record

ENGLISH = (
    "id,name_zh,storage_min_c,level1_gtins,level1_drug_ids,level2_drug_ids,level2_contains\n"
    "AMOX,阿莫西林胶囊,-2.5,6901234123456; 06901234123463,8306233 8306234,8021762,10\n"
)
CHINESE = (
    "产品编号,中文名称,最低储存温度,1级GTIN,1级药品标识码,2级药品标识码,2级装量\r\n"
    "AMOX,阿莫西林胶囊,-2.5,6901234123456；06901234123463,8306233、8306234,8021762,10\r\n"
)
AMOX = {
    "id": "AMOX",
    "nameZh": "阿莫西林胶囊",
    "storageMinC": -2.5,
    "levels": [
        {"gtins": ["06901234123456", "06901234123463"], "drugIds": ["8306233", "8306234"]},
        {"drugIds": ["8021762"], "contains": 10},
    ],
}


def records(kind: Kind, raw: bytes) -> list[Record]:
    sheet = read_sheet(raw)
    columns = read_columns(kind, sheet.columns)
    return [read_row(kind, columns, row) for row in sheet.rows]


@pytest.mark.parametrize(
    "raw",
    [
        ENGLISH.encode(),
        b"\xef\xbb\xbf" + ENGLISH.encode(),
        ENGLISH.replace(",", "\t").encode(),
        ENGLISH.replace(";", "|").replace(",", ";").encode(),
        ENGLISH.replace("\n", "\r\n\r\n ,,\r\n").encode(),
        ENGLISH.replace("name_zh", " Name ZH ").encode(),
        ENGLISH.replace("\n", "\r").encode(),
        CHINESE.encode(),
        CHINESE.encode("gb18030"),
        b"\xef\xbb\xbf" + CHINESE.encode(),
    ],
)
def test_a_table_is_read_however_it_was_saved(raw: bytes) -> None:
    (made,) = records("product", raw)
    assert made.to_json() == AMOX


def spots(kind: Kind, raw: bytes) -> list[tuple[str, str]]:
    with pytest.raises(DocumentRefusedError) as error:
        records(kind, raw)
    return [(spot.code, spot.pointer) for spot in error.value.spots]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ("csv_form", "")),
        (b"\xff\xfei\x00d\x00", ("csv_encoding", "")),
        (b"id\n\xff\xff\xff", ("csv_encoding", "")),
        (b"id\nA\x00", ("csv_form", "")),
        (b'id,name_en\nA,"never closed\nB,b\n', ("csv_form", "/2")),
        (b'id,name_en\nA,"x"y\n', ("csv_form", "/2")),
        (b"id\nA,more\n", ("csv_form", "/2")),
        (b"id,id\n", ("csv_column_repeats", "/1")),
        (b"id,\xe4\xba\xa7\xe5\x93\x81\xe7\xbc\x96\xe5\x8f\xb7\n", ("csv_column_repeats", None)),
        (b"id,colour\nA,red\n", ("csv_column_unknown", "/1/colour")),
        (b"name_en\nA\n", ("csv_column_missing", "/1/id")),
        (b"," * 300 + b"\n", ("csv_form", "")),
        (b"id\n" + b"x" * 10_001, ("csv_form", "/2")),
    ],
)
def test_bad_tables(raw: bytes, expected: tuple[str, str | None]) -> None:
    ((code, pointer),) = spots("product", raw)
    assert code == expected[0]
    assert expected[1] in (None, pointer)


def test_too_many_rows() -> None:
    with pytest.raises(TooLargeError) as error:
        read_sheet(b"id\n" + b"A\n" * 11, rows_max=10)
    assert error.value.code == "too_many_rows"
    assert len(read_sheet(b"id\n" + b"A\n" * 10, rows_max=10).rows) == 10


def test_mistakes_are_told_by_line_and_column() -> None:
    raw = (
        'id,name_en,level1_gtins,2级装量,storage_min_c\nA,"two\nlines",6901234123456,,\n'
    ).encode()
    assert spots("product", raw) == [("text_form", "/2/name_en")]
    raw = (
        "id,name_en,level1_gtins,2级装量,storage_min_c\n"
        'A,"x\ny",,,\n'
        "B,,6901234123457 6.90123E+12,-1,cold\n"
    ).encode()
    sheet = read_sheet(raw)
    columns = read_columns("product", sheet.columns)
    with pytest.raises(DocumentRefusedError) as error:
        read_row("product", columns, sheet.rows[1])
    assert [(spot.code, spot.pointer) for spot in error.value.spots] == [
        ("type_wrong", "/4/storage_min_c"),
        ("check_digit", "/4/level1_gtins"),
        ("number_mangled", "/4/level1_gtins"),
        ("not_allowed", "/4/2级装量"),
    ]


@pytest.mark.parametrize("kind", ["product", "location", "party"])
def test_both_names_of_every_column_are_known_and_differ(kind: Kind) -> None:
    for chinese in (False, True):
        names = column_names(kind, chinese=chinese)
        assert len(set(names)) == len(names) == len(COLUMNS[kind])
        assert list(read_columns(kind, names)) == names


TEXT = st.text(max_size=20).map(str.strip)
NAMES = st.one_of(
    TEXT,
    st.sampled_from(["=1+1", "+cmd|' /C calc'!A0", "-x", "@SUM(A1)", "'=1", "''=1", '"', "a,b;c"]),
)


def exported(kind: Kind, members: dict[str, Any], *, chinese: bool = False) -> str:
    columns = column_names(kind, chinese=chinese)
    return "".join(write_sheet(columns, [write_row(kind, members, chinese=chinese)]))


@given(NAMES, NAMES, st.booleans())
def test_what_is_exported_is_imported_as_it_was(name: str, city: str, chinese: bool) -> None:
    members = {"id": "urn:example:1", "nameEn": name, "city": city}
    try:
        record = read_record("location", members)
    except DocumentRefusedError:  # control characters
        return
    text = exported("location", record.to_json(), chinese=chinese)
    assert records("location", text.encode()) == [record]
    assert records("location", text.removeprefix("\ufeff").encode()) == [record]


@given(NAMES)
def test_no_cell_is_a_formula(name: str) -> None:
    text = exported("location", {"id": "urn:example:1", "nameEn": name})
    rows = read_cells(text)
    begun = [cell for cell in rows[1] if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert all(re.fullmatch(r"-[0-9]+([.][0-9]+)?", cell) for cell in begun)  # numbers stay numbers


def read_cells(text: str) -> list[list[str]]:
    import csv
    import io

    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_numbers_stay_numbers() -> None:
    product = {**AMOX, "storageMaxC": -2.0}
    rows = read_cells(exported("product", product))
    named = dict(zip(*rows, strict=True))
    assert (named["storage_min_c"], named["storage_max_c"]) == ("-2.5", "-2")
    assert named["level1_gtins"] == "06901234123456; 06901234123463"
    (made,) = records("product", exported("product", product).encode())
    assert made.to_json() == product
