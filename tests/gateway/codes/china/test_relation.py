"""Relation files: both dialects, every encoding, every mistake with its line."""

import json
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from node_gateway.codes.china.findings import PROBLEMS_KEPT_MAX, FileFormError
from node_gateway.codes.china.relation import RelationFile, read_relation
from tests.gateway.codes.china.making import BOX, CASE, PACK, code, relation, rows, tag

Row = dict[str, str]
FIRST_LINE = 6


def read(*args: object, **kwargs: object) -> RelationFile:
    return read_relation([relation(*args, **kwargs)])  # type: ignore[arg-type]


def found(file: RelationFile) -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in file.findings.problems]


@pytest.mark.gs1_corpus(cases=5)
def test_the_corpus(gs1_dir: Path) -> None:
    for line in (gs1_dir / "china/relation_expect.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        file = read_relation([(gs1_dir / case["file"]).read_bytes()])
        assert file.is_valid is case["valid"], case
        assert file.row_count == case["codes"]
        assert {str(k): v for k, v in file.level_counts.items()} == case["levels"]


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-8-SIG", "UTF-16", "GB2312", "GBK", "GB18030"])
@pytest.mark.parametrize(("version", "name"), [("Version", "Name"), ("version", "name")])
def test_dialects_and_encodings(encoding: str, version: str, name: str) -> None:
    file = read(rows(2), encoding=encoding, version=version, name=name)
    assert found(file) == []
    assert len(file.table) == 18
    assert file.lots[0].workshop == "一号车间"
    assert file.lots[0].relation.package_spec == "盒24片"
    assert file.levels() == {CASE: 3, BOX: 2, PACK: 1}


def test_names_are_read_in_any_case_and_order_of_rows_does_not_matter() -> None:
    raw = relation(reversed(rows(2)))
    shouted = raw.replace(b"curCode", b"CURCODE").replace(b"<Code", b"<code")
    shouted = shouted.replace(b"packLayer", b"pack_layer").replace(b"batchNo", b"BatchNo")
    assert found(read_relation([shouted])) == []


def test_pieces_of_any_size_give_the_same() -> None:
    raw = relation(rows(1), encoding="GB18030")
    for size in (1, 3, 50):
        pieces = (raw[at : at + size] for at in range(0, len(raw), size))
        assert len(read_relation(pieces).table) == 9


def test_people_are_counted_and_not_kept() -> None:
    file = read(rows(1), lineManager="王五", phoneOfManager="13800000000")
    assert file.personal == {"linemanager": 1}
    assert file.ignored == {"phoneofmanager": 1}
    assert "王五" not in repr(file.lots)


def changed(at: int, **values: str) -> Callable[[list[Row]], list[Row]]:
    def change(made: list[Row]) -> list[Row]:
        made[at] = {**made[at], **values}
        return made

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda made: [*made, made[2]], [(15, "duplicate_code")]),
        (
            changed(0, parentCode=code(BOX, 0)),
            [(6, "cycle"), (6, "wrong_layer"), (7, "cascade_mismatch")],
        ),
        (changed(2, parentCode=""), [(7, "cascade_mismatch"), (8, "missing_parent")]),
        (
            changed(2, parentCode=code(BOX, 77)),
            [(7, "cascade_mismatch"), (8, "unknown_parent")],
        ),
        (
            changed(2, parentCode=code(CASE, 0)),
            [(6, "cascade_mismatch"), (7, "cascade_mismatch"), (8, "wrong_layer")],
        ),
        (changed(2, parentCode=code(PACK, 1)), [(7, "cascade_mismatch"), (8, "wrong_layer")]),
        (changed(2, curCode="123"), [(7, "cascade_mismatch"), (8, "drug_code_length")]),
        (
            changed(2, parentCode="8123"),
            [(7, "cascade_mismatch"), (8, "drug_code_length")],
        ),
        (changed(2, packLayer="one"), [(8, "layer_form")]),
        (
            changed(2, packLayer="4"),
            [(8, "wrong_layer"), (8, "wrong_layer")],
        ),
        (lambda made: made[:-1], [(11, "cascade_mismatch")]),
        (lambda made: [*made, rows(2)[11]], [(15, "unknown_parent")]),
        (lambda _made: [], [(0, "no_codes")]),
    ],
)
def test_mistakes_between_codes(
    change: Callable[[list[Row]], list[Row]], expected: list[tuple[int, str]]
) -> None:
    file = read(change(rows(1)))
    assert found(file) == expected


def test_one_pack_too_many() -> None:
    made = rows(1)
    made.append({**made[-1], "curCode": code(PACK, 50)})
    assert found(read(made)) == [(11, "cascade_mismatch")]


def test_an_incomplete_pack_says_so_and_an_empty_one_never_does() -> None:
    second_box = 5
    assert found(read(rows(1)[:-1])) == [(11, "cascade_mismatch")]
    assert found(read(changed(second_box, flag="1")(rows(1)[:-1]))) == []
    assert found(read(changed(second_box, flag="1")(rows(1)[:6]))) == [(11, "cascade_mismatch")]


@pytest.mark.parametrize(
    ("cascade", "good"),
    [
        *(("1:2:6", True), ("1：2：6", True), ("6:2:1", True), ("", True)),
        *(("1:2:5", False), ("2:4", False), ("1:x:6", False), ("1:2:", False)),
    ],
)
def test_cascades(cascade: str, good: bool) -> None:
    assert ((4, "cascade_form") not in found(read(rows(1), cascade=cascade))) is good


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ({"madeDate": "20260301", "validateDate": "2028/2/29"}, []),
        ({"madeDate": "2026年3月1日", "validateDate": "2028-02"}, []),
        ({"madeDate": "2026-03-01 08:00:00"}, []),
        ({"madeDate": "2026-02-30"}, [(5, "date_form")]),
        ({"madeDate": "", "validateDate": "soon"}, [(5, "date_form"), (5, "date_form")]),
        ({"validateDate": "2026-02-28"}, [(5, "date_order")]),
        ({"batchNo": ""}, [(5, "attribute_missing")]),
        ({"workshop": "x" * 301}, [(5, "attribute_length")]),
    ],
)
def test_lots(batch: dict[str, str], expected: list[tuple[int, str]]) -> None:
    assert found(read(rows(1), **batch)) == expected


def test_a_month_ends_with_its_last_day() -> None:
    (lot,) = read(rows(1), validateDate="2028-02").lots
    assert str(lot.expires) == "2028-02-29"


def test_all_problems_are_counted_and_a_thousand_kept() -> None:
    file = read([{"curCode": "1", "packLayer": "1"}] * (PROBLEMS_KEPT_MAX + 5))
    assert file.findings.counts["drug_code_length"] == PROBLEMS_KEPT_MAX + 5
    assert len(file.findings.problems) == PROBLEMS_KEPT_MAX


@pytest.mark.parametrize(
    ("raw", "kind", "line"),
    [
        (b"", "xml_form", 1),
        (b"<Document><Events></Document>", "xml_form", 1),
        (b"<Document/>\n<Document/>", "xml_form", 2),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><Document/>', "xml_doctype", 1),
        (b"<Document>&b;</Document>", "xml_form", 1),
        (b"<a>" * 20, "xml_too_deep", 1),
        (b"<Document a='" + b"x" * (2 << 20), "xml_tag_size", 1),
        (b"<?xml version='1.0' encoding='EBCDIC-CP-BE'?><Document/>", "xml_encoding", 1),
        (b"<Document>\n\xb0\xcb</Document>", "xml_encoding", 1),
    ],
)
def test_what_is_no_xml_of_ours_is_refused(raw: bytes, kind: str, line: int) -> None:
    pieces = (raw[at : at + 65536] for at in range(0, max(len(raw), 1), 65536))
    with pytest.raises(FileFormError) as caught:
        read_relation(pieces)
    assert caught.value.code == kind
    assert caught.value.line == line


def test_lines_are_right_beyond_sixteen_bits() -> None:
    made = rows(7500, first=0)
    made.append({"curCode": "8", "packLayer": "1", "parentCode": "", "flag": "0"})
    (problem,) = read(made).findings.problems
    assert problem.line == FIRST_LINE + len(made) - 1
    assert problem.line > 2**16


def _pieces(cases: int) -> Iterator[bytes]:
    yield relation([]).partition(b"</Batch>")[0]
    for case in range(cases):
        made = rows(1, 20, 10, first=case)
        yield "".join(tag("Code", one) for one in made).encode()
    yield b"</Batch></Relation></Event></Events></Document>"


def test_memory_per_code_is_a_few_words() -> None:
    pieces = (one.replace(b'"1:2:6"', b'"1:20:200"') for one in _pieces(200))
    tracemalloc.start()
    file = read_relation(pieces)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert list(islice(found(file), 3)) == []
    count = len(file.table)
    assert count == 200 * 221
    assert peak / count < 100  # bytes; a dict of strings takes 250
