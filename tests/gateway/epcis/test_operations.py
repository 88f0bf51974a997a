"""Every operation states an event that the official schema takes and that means what it says."""

from dataclasses import replace

import pytest

from node_gateway.epcis.normalise import normalise_document
from node_gateway.epcis.operations import (
    OPERATIONS,
    Order,
    document_of,
    document_uri,
    event_of,
    missing,
)
from node_gateway.epcis.validation import EpcisValidator
from tests.rules.source import ROOT

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
CODE, OTHER = (f"https://id.gs1.org/01/09506000134352/21/{n}" for n in ("A1", "A2"))
CASE = "https://id.gs1.org/00/069012340000000016"
ORDER = Order(
    codes=(CODE, OTHER),
    event_time="2026-03-01T09:00:00.000+08:00",
    offset="+08:00",
    parent=CASE,
    document="DN 4711/ü",
    sender="https://id.gs1.org/417/9506000134376",
    receiver="https://id.gs1.org/417/9521321000018",
    place="https://id.gs1.org/414/9521321000018",
    reason="water damage",
)


@pytest.fixture(scope="module")
def validator() -> EpcisValidator:
    return EpcisValidator()


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_states_a_valid_event(validator: EpcisValidator, name: str) -> None:
    operation = OPERATIONS[name]
    document = document_of([event_of(operation, ORDER, participant=7)], CONTEXT)
    assert validator.validate_document(document) == []
    (one,) = normalise_document(document)
    event = one.event
    assert (event["action"], event["bizStep"]) == (operation.action, operation.step)
    assert event["disposition"] == operation.disposition
    goods = event.get("epcList") or event.get("childEPCs")
    assert goods == [CODE, OTHER]
    assert event.get("parentID") == (CASE if operation.packs else None)
    assert event["urn:x-sealtrail:reason"] == "water damage"
    (named,) = event["bizTransactionList"]
    assert named["type"] == operation.document
    assert named["bizTransaction"] == "urn:x-sealtrail:document:7:DN%204711%2F%C3%BC"


def test_operations_mean_different_things() -> None:
    meanings = {(one.action, one.step, one.disposition, one.packs) for one in OPERATIONS.values()}
    assert len(meanings) == len(OPERATIONS)


def test_an_override_becomes_part_of_the_event(validator: EpcisValidator) -> None:
    order = replace(ORDER, override="asked by quality", overridden=("expired", "recalled"))
    document = document_of([event_of(OPERATIONS["dispense"], order, participant=7)], CONTEXT)
    assert validator.validate_document(document) == []
    (one,) = normalise_document(document)
    assert one.event["urn:x-sealtrail:override"] == {
        "urn:x-sealtrail:reason": "asked by quality",
        "urn:x-sealtrail:rules": ["expired", "recalled"],
    }


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_an_operation_needs_is_asked_for(name: str) -> None:
    operation = OPERATIONS[name]
    assert missing(operation, ORDER) == []
    assert missing(operation, Order(codes=())) == sorted(operation.needs)


def test_taking_all_out_names_no_codes(validator: EpcisValidator) -> None:
    event = event_of(OPERATIONS["unpack"], replace(ORDER, codes=()), participant=7)
    assert "childEPCs" not in event
    assert validator.validate_document(document_of([event], CONTEXT)) == []


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("urn:epcglobal:cbv:bt:9506000134376:PO-1", "urn:epcglobal:cbv:bt:9506000134376:PO-1"),
        ("https://erp.example/po/1", "https://erp.example/po/1"),
        ("PO:1", "urn:x-sealtrail:document:7:PO%3A1"),
        ("4500012345", "urn:x-sealtrail:document:7:4500012345"),
    ],
)
def test_a_document_is_named_by_a_uri(text: str, uri: str) -> None:
    assert document_uri(text, participant=7) == uri


def test_the_reference_page_shows_the_table() -> None:
    page = (ROOT / "docs" / "reference" / "operations.md").read_text(encoding="utf-8")
    for one in OPERATIONS.values():
        kind = "AggregationEvent" if one.packs else "ObjectEvent"
        needs = ", ".join(sorted(one.needs))
        row = f"| `{one.name}` | {one.what} | {kind}, {one.action} | `{one.step}` |"
        assert f"{row} `{one.disposition}` | {needs} | `{one.document}` |" in page
