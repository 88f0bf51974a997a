"""CSV rows as events: the mapping language, grouping, every mistake at its line."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.codes.csv.making import MadeEvents, make_events
from node_gateway.codes.csv.mapping import (
    FORMAT,
    CsvMapping,
    needed_columns,
    pieces_of,
    read_mapping,
)
from node_gateway.codes.csv.values import CellError, code_of
from node_gateway.csv_text import read_sheet
from node_gateway.errors import DocumentRefusedError

GTIN = "06901234123456"
RULE = {"type": "ObjectEvent", "action": "OBSERVE", "eventTime": "{Time}", "codes": "{Code}"}


def mapping(*rules: dict[str, Any], **members: Any) -> CsvMapping:
    whole = {"format": FORMAT, "timeZone": "+08:00", "event": list(rules) or [RULE], **members}
    return read_mapping(json.dumps(whole).encode())


def made(text: str, wanted: CsvMapping, **options: Any) -> MadeEvents:
    return make_events(read_sheet(text.encode()), wanted, **options)


def events(text: str, wanted: CsvMapping, **options: Any) -> list[dict[str, Any]]:
    result = made(text, wanted, **options)
    assert result.findings.problems == ()
    return [one.event for one in result.events]


def problems(text: str, wanted: CsvMapping, **options: Any) -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in made(text, wanted, **options).findings.problems]


def test_a_delivery_of_several_rows_is_one_event() -> None:
    wanted = read_mapping(
        b"""
        format = "sealtrail/csv-mapping/v1"
        timeZone = "Asia/Shanghai"
        times = ["%d.%m.%Y %H:%M"]
        eventPer = ["Delivery"]
        [words.Plant]
        "1000" = "6901234000009"
        [words.Movement]
        "601" = "shipping"
        [context]
        erp = "https://erp.example.com/epcis/"
        [[event]]
        when = { Movement = ["601", "603"] }
        type = "ObjectEvent"
        action = "OBSERVE"
        bizStep = "{Movement}"
        eventTime = "{Date} {Time}"
        codes = "{Code}"
        quantity = { of = { gtin = "{EAN}", lot = "{Lot}" }, quantity = "{Qty}", uom = "{Unit?}" }
        readPoint = "{Plant}"
        transactions = { po = "urn:example:po:{PO}" }
        destinations = { owning_party = "{Customer}", location = "{Dock?}" }
        more = { "erp:note" = "{{{Note?}}}" }
        [[event]]
        when = { Movement = ["999"] }
        skip = true
        """
    )
    text = (
        "Movement,Delivery,Date,Time,Code,EAN,Lot,Qty,Plant,PO,Customer,Note\n"
        f"601,80001,01.03.2026,10:00,(01){GTIN}(21)A1,,,,1000,45/1,C-7,n\n"
        "999,,,,,,,,,,,\n"
        "601,80002,01.03.2026,11:00,83062330000356039980,,,,1000,45/2,C-7,n\n"
        f"601,80001,01.03.2026,10:00,(01){GTIN}(21)A1,{GTIN},B1,2.5,1000,45/1,C-7,n\n"
        f"601,80001,01.03.2026,10:00,,{GTIN},B1,5,1000,45/1,C-7,n\n"
    )
    known = {"C-7": "urn:example:customer:7"}
    first, second = events(text, wanted, party_of=known.get)
    assert first == {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T10:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "readPoint": {"id": "https://id.gs1.org/414/6901234000009"},
        "bizTransactionList": [{"type": "po", "bizTransaction": "urn:example:po:45%2F1"}],
        "destinationList": [{"type": "owning_party", "destination": "urn:example:customer:7"}],
        "https://erp.example.com/epcis/note": "{n}",
        "epcList": [f"https://id.gs1.org/01/{GTIN}/21/A1"],
        "quantityList": [{"epcClass": f"https://id.gs1.org/01/{GTIN}/10/B1", "quantity": 7.5}],
    }
    assert second["epcList"] == ["urn:x-cn-drug:83062330000356039980"]
    result = made(text, wanted, party_of=known.get)
    assert [one.line for one in result.events] == [2, 4]
    assert (result.row_count, result.skipped_count) == (5, 1)


def test_packing_and_transforming() -> None:
    packing = {
        "type": "AggregationEvent",
        "action": "ADD",
        "eventTime": "{Time}",
        "parent": {"sscc": "{Case}"},
        "codes": {"gtin": "{EAN}", "serial": "{Serial}"},
    }
    text = (
        "Time,Case,EAN,Serial\n"
        f"2026-03-01 10:00,069012340000000016,{GTIN},1\n"
        f"2026/3/1 10:00,069012340000000016,{GTIN[1:]},2\n"
    )
    (event,) = events(text, mapping(packing, eventPer=["Case"]))
    assert event["parentID"] == "https://id.gs1.org/00/069012340000000016"
    assert event["childEPCs"] == [f"https://id.gs1.org/01/{GTIN}/21/{n}" for n in (1, 2)]
    mixing = {
        "type": "TransformationEvent",
        "eventTime": "{Time}",
        "inputs": "{In}",
        "outputs": "{Out}",
        "ilmd": {"cbvmda:lotNumber": "{Lot}", "cbvmda:itemExpirationDate": "{Exp}"},
    }
    text = "Time,In,Out,Lot,Exp\n20260301100000,urn:a:1,urn:a:2,L1,2028/2/29\n"
    (event,) = events(text, mapping(mixing))
    assert (event["inputEPCList"], event["outputEPCList"]) == (["urn:a:1"], ["urn:a:2"])
    assert event["ilmd"] == {"cbvmda:lotNumber": "L1", "cbvmda:itemExpirationDate": "2028-02-29"}


@pytest.mark.parametrize(
    ("cell", "zone", "time"),
    [
        ("2026-03-01T10:00:00Z", "+08:00", "2026-03-01T10:00:00.000+00:00"),
        ("2026-03-01T10:00:00.123456-05:30", "+08:00", "2026-03-01T10:00:00.123-05:30"),
        ("2026-03-01", "Asia/Shanghai", "2026-03-01T00:00:00.000+08:00"),
        ("2026/03/01 10:00", "Europe/Berlin", "2026-03-01T10:00:00.000+01:00"),
        ("2026/07/01 10:00", "Europe/Berlin", "2026-07-01T10:00:00.000+02:00"),
        ("2026年3月1日 10:00", "-03:30", "2026-03-01T10:00:00.000-03:30"),
        ("20260301", "Z", "2026-03-01T00:00:00.000+00:00"),
    ],
)
def test_times(cell: str, zone: str, time: str) -> None:
    (event,) = events(f"Time,Code\n{cell},urn:a:b\n", mapping(timeZone=zone))
    assert event["eventTime"] == time
    assert event["eventTimeZoneOffset"] == time[-6:]


def test_every_mistake_has_its_line() -> None:
    rule = {**RULE, "when": {"Kind": ["x"]}, "readPoint": "{Place}", "disposition": "{State}"}
    text = (
        "Kind,Time,Code,Place,State\n"
        f"x,2026-03-01 10:00,(01){GTIN[:-1]}7(21)1,6901234000009,active\n"
        "y,2026-03-01 10:00,urn:a:b,,\n"
        "x,yesterday,nothing,warehouse,\n"
        'x,,6.9E+12,"6901234000008",\n'
        "x,2031-01-01 10:00,urn:a:b,,\n"
        "x,2026-03-01 10:00,8306233000035603998,,\n"
    )
    assert problems(text, mapping(rule), latest=datetime(2030, 1, 1, tzinfo=UTC)) == [
        (2, "check_digit"),
        (3, "no_rule"),
        (4, "code_form"),
        (4, "identifier_form"),
        (4, "time_form"),
        (5, "check_digit"),
        (5, "number_mangled"),
        (5, "time_form"),
        (6, "event_time_future"),
        (7, "code_form"),
    ]


def test_rows_of_one_event_must_agree() -> None:
    wanted = mapping({**RULE, "bizStep": "{Step}"}, eventPer=["Delivery"])
    text = (
        "Delivery,Time,Code,Step\n"
        "1,2026-03-01 10:00,urn:a:1,shipping\n"
        "2,2026-03-01 10:00,urn:a:2,shipping\n"
        "1,2026-03-01 10:00,urn:a:3,receiving\n"
    )
    (problem,) = made(text, wanted).findings.problems
    assert (problem.line, problem.code) == (4, "group_differs")
    assert "bizStep" in problem.detail


def test_columns_that_are_needed() -> None:
    wanted = mapping({**RULE, "when": {"Kind": ["x"]}, "bizStep": "{Step?}"}, eventPer=["Delivery"])
    assert needed_columns(wanted) == {"Kind", "Time", "Code", "Delivery"}
    assert problems("Kind,Time\nx,y\n", wanted) == [(1, "csv_column_missing")] * 2


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"format": "v2"}, "not_allowed", "/format"),
        ({"timeZone": "Mars/Olympus"}, "time_zone_unknown", "/timeZone"),
        ({"timeZone": "+25:00"}, "time_zone_unknown", "/timeZone"),
        ({"timeZone": "../../etc/passwd"}, "time_zone_unknown", "/timeZone"),
        ({"event": []}, "not_allowed", "/event"),
        ({"event": [{**RULE, "codes": "{Code"}]}, "template_form", None),
        ({"event": [{**RULE, "codes": {"gtin": "{A}", "sscc": "{B}"}}]}, "goods_form", None),
        ({"event": [{**RULE, "codes": {"serial": "{A}"}}]}, "goods_form", None),
        ({"event": [{"type": "ObjectEvent"}]}, "rule_form", "/event/0"),
        ({"event": [{**RULE, "inputs": "{A}"}]}, "rule_form", "/event/0"),
        ({"event": [{**RULE, "colour": "red"}]}, "member_unknown", "/event/0/colour"),
        ({"event": [{**RULE, "type": "Event"}]}, "not_allowed", "/event/0/type"),
        ({"colour": "red"}, "member_unknown", "/colour"),
    ],
)
def test_bad_mappings(change: dict[str, Any], code: str, pointer: str | None) -> None:
    whole = {"format": FORMAT, "timeZone": "+08:00", "event": [RULE], **change}
    with pytest.raises(DocumentRefusedError) as error:
        read_mapping(json.dumps(whole).encode())
    found = {(spot.code, spot.pointer) for spot in error.value.spots}
    assert any(one == code and pointer in (None, place) for one, place in found), found


@pytest.mark.parametrize("raw", [b"{", b"\xff\xff", b"a = ", b"[" * 100_000, b"#" * 300_000, b""])
def test_no_mappings(raw: bytes) -> None:
    with pytest.raises(DocumentRefusedError):
        read_mapping(raw)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("83062330000356039980", "urn:x-cn-drug:83062330000356039980"),
        (" 8306233 0000356039980 ", "urn:x-cn-drug:83062330000356039980"),
        ("８３０６２３３0000356039980", "urn:x-cn-drug:83062330000356039980"),
        ("8306233-0000356039980", "urn:x-cn-drug:83062330000356039980"),
        ("urn:x-cn-drug:83062330000356039980", "urn:x-cn-drug:83062330000356039980"),
        ("069012340000000016", "https://id.gs1.org/00/069012340000000016"),
        (f"(01){GTIN}(21)A/1", f"https://id.gs1.org/01/{GTIN}/21/A%2F1"),
        (f"]d201{GTIN}21A1", f"https://id.gs1.org/01/{GTIN}/21/A1"),
        (f"]d201{GTIN}10LOT\x1d21A1", f"https://id.gs1.org/01/{GTIN}/21/A1"),
        ("urn:epc:id:sgtin:6901234.012345.A1", f"https://id.gs1.org/01/{GTIN}/21/A1"),
        (f"https://example.com/01/{GTIN}/21/A1", f"https://id.gs1.org/01/{GTIN}/21/A1"),
        ("urn:example:thing:1", "urn:example:thing:1"),
    ],
)
def test_codes_in_any_spelling(text: str, code: str) -> None:
    assert code_of(text) == code


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_codes(text: str) -> None:
    refusal: CellError | None = None
    try:
        assert ":" in code_of(text)
    except CellError as error:
        refusal = error
    assert refusal is None or len(text) < 4 or text not in refusal.detail


@given(st.text(alphabet="{}ab?", max_size=12))
def test_templates_are_read_or_refused(text: str) -> None:
    try:
        wanted = mapping({**RULE, "bizStep": text})
    except DocumentRefusedError:
        return
    rebuilt = ""
    for piece in pieces_of(wanted.event[0].biz_step or ""):
        optional = "?" if piece.is_optional else ""
        plain = piece.text.replace("{", "{{").replace("}", "}}")
        rebuilt += f"{{{piece.text}{optional}}}" if piece.is_column else plain
    assert rebuilt == text


def test_the_same_file_makes_the_same_events() -> None:
    rows = "".join(f"2026-03-01 10:{n % 60:02},urn:a:{n}\n" for n in range(300))
    text, wanted = "Time,Code\n" + rows, mapping(eventPer=["Time"])
    assert made(text, wanted).events == made(text, wanted).events
    assert len(made(text, wanted).events) == 60
