"""Bills: every type and name, people left out, and the way to events and back."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.codes.china.bill_events import bill_events, bills_of
from node_gateway.codes.china.bill_types import ALREADY_ACTIVE, BILL_TYPES, bill_type_of
from node_gateway.codes.china.bills import Bill, BillFile, content_of, read_bills
from node_gateway.codes.china.sniffing import sniff
from node_gateway.codes.china.vocabulary import bill_number_of, bill_uri, document_of
from node_gateway.codes.china.writing import write_bills
from node_gateway.epcis.normalise import normalise_document
from node_gateway.epcis.validation import EpcisValidator
from tests.gateway.codes.china.making import PACK, bills, code, relation, row, rows

VALIDATOR = EpcisValidator()


def read(*data: dict[str, str], **event: Any) -> BillFile:
    return read_bills([bills(*data, **event)])


def found(file: BillFile) -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in file.findings.problems]


def events(file: BillFile, **given: Any) -> list[dict[str, Any]]:
    """Return the normalised events, which must be valid EPCIS."""
    made = [event for _, event in bill_events(file.bills, owner="7", **given)]
    document = document_of(made, "2026-03-01T00:00:00Z")
    assert VALIDATOR.validate_document(document) == []
    return [one.event for one in normalise_document(document)]


def shown(some: list[Bill]) -> list[tuple[object, ...]]:
    return sorted((*one.parts, tuple(one.codes)) for one in some)


@pytest.mark.gs1_corpus(cases=7)
def test_the_corpus_comes_out_as_it_went_in(gs1_dir: Path) -> None:
    files = sorted((gs1_dir / "china").glob("bill_*.xml"))
    assert len(files) >= 7
    for path in files:
        raw = path.read_bytes()
        assert sniff(raw) == "mashang-bills"
        file = read_bills([raw])
        assert found(file) == []
        assert {str(bill.type.number) for bill in file.bills} == {path.name.split("_")[1]}
        assert {bill.type.event for bill in file.bills} == {path.stem.split("_")[2]}
        again = read_bills(write_bills(bills_of(events(file))))
        assert shown(again.bills) == shown(file.bills)


@pytest.mark.gs1_corpus(cases=44)
def test_every_type_and_name_of_the_corpus_is_mapped(gs1_dir: Path) -> None:
    data = json.loads((gs1_dir / "china/bill_types.json").read_text(encoding="utf-8"))
    assert {one["code"] for one in data["types"]} == set(BILL_TYPES)
    for one in data["types"]:
        kind = BILL_TYPES[one["code"]]
        assert kind.name == one["name"]
        if proposed := one["proposed_epcis"]:
            assert (kind.biz_step, kind.disposition, kind.action) == tuple(proposed.values())
    for one in data["event_names"]:
        kind = BILL_TYPES[one["code"]]
        assert (kind.event, kind.main_action) == (one["event"], one["main"])
        for spelled in (one["event"], one["event"].lower(), one["name"], str(one["code"])):
            assert bill_type_of(spelled) is kind


@pytest.mark.parametrize("number", sorted(BILL_TYPES))
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_every_type_is_valid_epcis_and_comes_back(number: int, encoding: Any) -> None:
    kind = BILL_TYPES[number]
    side = "FromCorpID" if kind.direction == "in" else "ToCorpID"
    data = [row(n, "单号/1:2", **{"FromCorpID": "", side: "A 1/企"}) for n in (1, 2, 3)]
    file = read_bills([bills(*data, name="?")], bill_type=number)
    assert found(file) == []
    (event,) = events(file)
    assert (event["bizStep"], event["disposition"]) == (kind.biz_step, kind.disposition)
    assert event["action"] == kind.action
    assert len(event["epcList"]) == 3
    (transaction,) = event["bizTransactionList"]
    assert transaction["type"] == f"urn:x-cn-bill-type:{number}"
    assert bill_number_of(transaction["bizTransaction"]) == "单号/1:2"
    has_side = "sourceList" in event or "destinationList" in event
    assert has_side is (kind.counterparty != "person")
    again = read_bills(write_bills(bills_of([event]), encoding=encoding))
    assert shown(again.bills) == shown(file.bills)


def test_a_type_stands_in_the_name_or_beside_it() -> None:
    for event in ({"name": "供应入库"}, {"name": "107"}, {"name": "x", "BillType": "107"}):
        assert {one.type.number for one in read(row(), **event).bills} == {107}
    assert {one.type.number for one in read(row(), name="DestroyWareHouseOut").bills} == {205}
    assert found(read(row(), name="SomethingElse"))[0] == (3, "unknown_bill_type")
    assert found(read(row(), name="SomethingElse", BillType="999"))[0][1] == "unknown_bill_type"


def test_rows_of_one_bill_time_and_partner_are_one_event() -> None:
    file = read(
        *(row(n) for n in (1, 2)),
        row(3, ActDate="2026-03-01 10:00:01"),
        row(4, FromCorpID="1002"),
        row(5, "CK2"),
        row(6),
    )
    assert [len(event["epcList"]) for event in events(file)] == [3, 1, 1, 1]
    assert list(file.by_number()) == ["CK1", "CK2"]


def test_codes_that_are_active_are_stored_not_commissioned_again() -> None:
    file = read(row(1, "A"), row(2, "B"), name="ProduceWareHouseIn")
    new, old = events(file, is_active=lambda bill: bill.number == "B")
    assert (new["bizStep"], new["action"]) == ("commissioning", "ADD")
    assert (old["bizStep"], old["disposition"], old["action"]) == ALREADY_ACTIVE
    assert shown(bills_of([new, old])) == shown(file.bills)


def test_parties_come_from_the_master_data_and_go_back_to_what_was_said() -> None:
    known = {"1001": "https://id.gs1.org/417/9506000134352"}.get
    sold = row(1, FromCorpID="1001", ToCorpID="2002", DestCorpID="3003")
    file = read(sold, name="DirectAllocateWareHouseOut", main="WareHouseOut")
    (event,) = events(file, party_of=known)
    assert event["sourceList"] == [{"type": "possessing_party", "source": known("1001")}]
    assert event["destinationList"] == [
        {"type": "owning_party", "destination": "urn:x-cn-ent:2002"},
        {"type": "possessing_party", "destination": "urn:x-cn-ent:3003"},
    ]
    assert shown(bills_of([event])) == shown(file.bills)


PERSONAL = {
    "Actor": "李四",
    "OperIcName": "王五",
    "PatientName": "赵六",
    "BuyerPhone": "13812345678",
    "IDCard": "110101199003072316",
    "executer_code": "11034564321",
    "医保卡号": "A123",
    "Address": "北京市",
}


@pytest.mark.parametrize("number", [116, 201, 321, 322, 323])
def test_people_never_enter_an_event_and_are_counted_by_attribute(number: int) -> None:
    data = {**row(1), **PERSONAL, "Colour": "red", "FromCorpID": "", "ToCorpID": ""}
    other = "FromCorpID" if number == 116 else "ToCorpID"
    if number != 201:
        data[other] = "110101199003072316"
    file = read_bills([bills(data, name="x")], bill_type=number)
    assert found(file) == []
    told = json.dumps([events(file), file.personal, file.ignored], ensure_ascii=False)
    for value in (*PERSONAL.values(), "red"):
        assert value not in told
    assert set(file.personal) >= {"actor", "patientname", "buyerphone", "idcard", "医保卡号"}
    assert (other.lower() in file.personal) is (number != 201)
    assert file.ignored == {"colour": 1}
    assert b"110101" not in b"".join(write_bills(file.bills))


def test_mistakes_have_their_lines_and_quote_nothing() -> None:
    file = read(
        row(1),
        row(1),
        row(2, CorpOrderID=""),
        row(3, ActDate="yesterday"),
        row(4, Code="110101199003072316"),
        row(5, CorpOrderID="x" * 101),
        row(6, FromCorpID="a\tb" + "c" * 100),
    )
    assert found(file) == [
        (5, "duplicate_code"),
        (6, "attribute_missing"),
        (7, "date_form"),
        (8, "drug_code_length"),
        (9, "bill_number_form"),
        (10, "partner_form"),
    ]
    assert "110101" not in repr(file.findings.problems)
    assert found(read()) == [(0, "no_codes")]


def test_one_number_is_not_two_types() -> None:
    one, other = bills(row(1)), bills(row(2), name="ReturnWareHouseIn")
    middle = other[other.index(b"<Event ") : other.index(b"</Events>")]
    both = one.replace(b"</Events>", middle + b"</Events>")
    assert found(read_bills([both])) == [(6, "bill_conflict")]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-03-01 10:00:00", "2026-03-01T10:00:00.000+08:00"),
        ("2026-03-01T10:00:00.5", "2026-03-01T10:00:00.500+08:00"),
        ("2026/3/1 9:05", "2026-03-01T09:05:00.000+08:00"),
        ("20260301", "2026-03-01T00:00:00.000+08:00"),
        ("2026-03-01 02:00:00Z", "2026-03-01T10:00:00.000+08:00"),
        ("2026-03-01T03:00:00+09:00", "2026-03-01T02:00:00.000+08:00"),
    ],
)
def test_times(text: str, time: str) -> None:
    assert [one.time for one in read(row(ActDate=text)).bills] == [time]


@pytest.mark.parametrize("text", ["", "2026-02-30", "2026-03-01 25:00:00", "1", "10:00", "x" * 99])
def test_no_times(text: str) -> None:
    assert found(read(row(ActDate=text))) == [(4, "date_form")]


@given(st.text(min_size=1, max_size=60).filter(str.isprintable), st.integers(1, 2**32))
def test_any_bill_number_survives_its_uri(number: str, owner: int) -> None:
    assert bill_number_of(bill_uri(str(owner), number)) == number
    assert bill_uri(str(owner), number).isascii()


@given(st.permutations([row(n, bill) for n in (1, 2, 3) for bill in ("A", "B")]))
def test_the_content_of_a_bill_does_not_depend_on_the_order_of_rows(
    data: list[dict[str, str]],
) -> None:
    wanted = {n: content_of(b) for n, b in read(*sorted(data, key=str)).by_number().items()}
    assert {n: content_of(b) for n, b in read(*data).by_number().items()} == wanted
    fewer = {n: content_of(b) for n, b in read(*data[1:]).by_number().items()}
    assert fewer != wanted


def test_sniffing() -> None:
    assert sniff(bills(row())) == "mashang-bills"
    assert sniff(relation(rows(1), encoding="GB2312")) == "mashang-relation"
    assert sniff(relation([])) == "mashang-relation"
    for other in (
        b"",
        b"{}",
        b"<epcis:EPCISDocument/>",
        b"\xff\xff",
        b"code,lot\n",
        b"<Document/>",
    ):
        assert sniff(other) is None


def test_codes_keep_their_order() -> None:
    (bill,) = read(*(row(n) for n in (3, 1, 2))).bills
    assert [event["epcList"] for event in events(read(*(row(n) for n in (3, 1, 2))))] == [
        [f"urn:x-cn-drug:{code(PACK, n)}" for n in (3, 1, 2)]
    ]
    assert list(bill.lines) == [4, 5, 6]
