"""Normalising: same meaning, same text; what is doubtful is refused with its place."""

import copy
import json
from typing import Any

import pytest

from node_gateway.epcis.cbv import bare_word
from node_gateway.epcis.normalise import NORMALISATION_VERSION, normalise_document
from node_gateway.epcis.normalise_errors import DocumentRefusedError
from tests.conftest import ROOT
from tests.gateway.epcis.documents import GLN, OFFICIAL, SGTIN, document, event, normal, problems

WHOLE = event(
    recordTime="2026-03-01T11:00:00Z",
    eventID="ni:///sha-256;abc?ver=CBV2.0",
    eventTime="2026-03-01T10:00:00+08:00",
    epcList=["urn:epc:id:sgtin:6901234.012345.1001"],
    quantityList=[{"epcClass": "urn:epc:class:lgtin:6901234.012345.L1", "quantity": 2.5}],
    bizStep="https://ref.gs1.org/cbv/BizStep-shipping",
    disposition="urn:epcglobal:cbv:disp:in_transit",
    persistentDisposition={"set": ["cbv:Disp-damaged", "damaged"]},
    readPoint={"id": "urn:epc:id:sgln:6901234.00001.0"},
    bizLocation={"id": "urn:epc:id:sgln:6901234.00001.9", "ex:dock": 4},
    bizTransactionList=[
        {
            "type": "urn:epcglobal:cbv:btt:po",
            "bizTransaction": "urn:epc:id:gdti:6901234.00001.7",
        }
    ],
    sourceList=[
        {"type": "cbv:SDT-owning_party", "source": "urn:epc:id:pgln:6901234.00001"},
    ],
    destinationList=[
        {"type": "location", "destination": "urn:epc:id:sgln:6901234.00001.0"},
    ],
    errorDeclaration={
        "declarationTime": "2026-03-02T00:00:00+00:00",
        "reason": "https://ref.gs1.org/cbv/ER-incorrect_data",
    },
    ilmd={"cbvmda:lotNumber": "L1", "ex:inner": [{"ex:deep": None, "plain": True}]},
)


def test_a_whole_event() -> None:
    assert NORMALISATION_VERSION == 1
    before = copy.deepcopy(WHOLE)
    [found] = normalise_document(document(WHOLE))
    assert before == WHOLE
    assert found.pointer == "/epcisBody/eventList/0"
    assert found.event == {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T10:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "eventID": "ni:///sha-256;abc?ver=CBV2.0",
        "epcList": [SGTIN],
        "quantityList": [
            {"epcClass": "https://id.gs1.org/01/06901234123456/10/L1", "quantity": 2.5}
        ],
        "bizStep": "shipping",
        "disposition": "in_transit",
        "persistentDisposition": {"set": ["damaged"]},
        "readPoint": {"id": GLN},
        "bizLocation": {"id": GLN + "/254/9", "https://example.org/ns/dock": 4},
        "bizTransactionList": [
            {"type": "po", "bizTransaction": "https://id.gs1.org/253/69012340000167"}
        ],
        "sourceList": [{"type": "owning_party", "source": "https://id.gs1.org/417/6901234000016"}],
        "destinationList": [{"type": "location", "destination": GLN}],
        "errorDeclaration": {
            "declarationTime": "2026-03-02T00:00:00.000Z",
            "reason": "incorrect_data",
        },
        "ilmd": {
            "cbvmda:lotNumber": "L1",
            "https://example.org/ns/inner": [{"https://example.org/ns/deep": None, "plain": True}],
        },
    }


def test_the_lists_and_the_parent_of_every_event_type() -> None:
    urn, drug = "urn:epc:id:sgtin:6901234.012345.1001", "urn:x-cn-drug:81234567890123456789"
    for name in ("epcList", "childEPCs", "inputEPCList", "outputEPCList"):
        assert normal(**{name: [urn, drug, SGTIN]})[name] == [SGTIN, drug]
        assert normal(**{name: []})[name] == []
    for name in ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"):
        assert normal(**{name: [{"epcClass": urn}]})[name] == [{"epcClass": SGTIN}]
    for name in ("parentID", "transformationID"):
        assert normal(**{name: urn})[name] == SGTIN


def test_sensor_data_keep_their_links_and_lose_their_spellings() -> None:
    link = "https://sensors.example/8004/4012345ABC/raw?from=1"
    normalised = normal(
        sensorElementList=[
            {
                "sensorMetadata": {
                    "time": "2026-03-01T02:00:00Z",
                    "deviceID": "urn:epc:id:giai:4012345.ABC",
                    "rawData": link,
                    "dataProcessingMethod": "https://example.com/253/4012345000054987?v=2",
                    "bizRules": "urn:epc:id:gdti:4012345.00005.987",
                },
                "sensorReport": [
                    {
                        "type": "gs1:Temperature",
                        "exception": "https://gs1.org/voc/ALARM_CONDITION",
                        "component": "cbv:Comp-x",
                        "time": "2026-03-01T02:00:00.1234Z",
                        "value": 26,
                        "ex:own": 1,
                    }
                ],
            }
        ]
    )
    assert normalised["sensorElementList"] == [
        {
            "sensorMetadata": {
                "time": "2026-03-01T02:00:00.000Z",
                "deviceID": "https://id.gs1.org/8004/4012345ABC",
                "rawData": link,
                "dataProcessingMethod": "https://example.com/253/4012345000054987?v=2",
                "bizRules": "https://id.gs1.org/253/4012345000054987",
            },
            "sensorReport": [
                {
                    "type": "Temperature",
                    "exception": "ALARM_CONDITION",
                    "component": "x",
                    "time": "2026-03-01T02:00:00.123Z",
                    "value": 26,
                    "https://example.org/ns/own": 1,
                }
            ],
        }
    ]


def test_words_of_others_are_written_out_and_kept() -> None:
    assert normal(bizStep="ex:blessing")["bizStep"] == "https://example.org/ns/blessing"
    assert normal(bizStep="https://ref.gs1.org/cbv/BizStep-new")["bizStep"] == (
        "https://ref.gs1.org/cbv/BizStep-new"
    )
    assert normal(bizStep="in_transit")["bizStep"] == "in_transit"
    assert bare_word("disposition", "in_transit") == "in_transit"
    assert bare_word("biz_step", "in_transit") is None
    assert normal(epcList=["ex:thing/1"])["epcList"] == ["https://example.org/ns/thing/1"]
    assert normal(type="ex:OwnEvent")["type"] == "https://example.org/ns/OwnEvent"
    assert problems(event(type="none:OwnEvent"))[0][0] == "unknown_prefix"
    assert normal(**{"ex:note": "shipping"})["https://example.org/ns/note"] == "shipping"
    kept = "https://ref.gs1.org/cbv/BizStep-shipping"
    assert normal(**{"ex:note": kept})["https://example.org/ns/note"] == kept


def test_problems_are_collected_with_their_places() -> None:
    wrong = "urn:epc:id:sgtin:6901234.1.1"
    digit = "https://id.gs1.org/01/06901234123454/21/1"
    members = {
        "epcList": ["urn:uuid:1", digit],
        "parentID": wrong,
        "readPoint": {"id": wrong},
        "quantityList": [{"epcClass": SGTIN}, {"epcClass": wrong}],
        "sourceList": [{"type": "location", "source": wrong}],
        "ex:a/b~c": {"no:pe": 1},
    }
    place = "/epcisBody/eventList/1"
    assert problems(event(), event(**members)) == [
        ("check_digit", f"{place}/epcList/1"),
        ("identifier_form", f"{place}/parentID"),
        ("identifier_form", f"{place}/readPoint/id"),
        ("identifier_form", f"{place}/quantityList/1/epcClass"),
        ("identifier_form", f"{place}/sourceList/0/source"),
        ("unknown_prefix", f"{place}/ex:a~1b~0c/no:pe"),
    ]
    with pytest.raises(DocumentRefusedError) as caught:
        normalise_document(document(event(epcList=[digit])))
    assert caught.value.hint == "https://id.gs1.org/01/06901234123456/21/1"
    assert caught.value.errors[0].hint == caught.value.hint


def test_at_most_twenty_problems_are_told() -> None:
    assert len(problems(event(epcList=[f"urn:epc:{n}" for n in range(19)]))) == 19
    assert len(problems(event(epcList=[f"urn:epc:{n}" for n in range(100)]))) == 20


def test_every_form_of_a_document_is_taken() -> None:
    one = event(epcList=["urn:epc:id:sgtin:6901234.012345.1001"])
    expected = event(epcList=[SGTIN])
    single = document(one)
    single["epcisBody"] = {"event": one}
    query = {
        "type": "EPCISQueryDocument",
        "epcisBody": {"queryResults": {"resultsBody": {"eventList": [one, one]}}},
    }
    for taken, pointers in (
        (document(one), ["/epcisBody/eventList/0"]),
        (single, ["/epcisBody/event"]),
        (query, [f"/epcisBody/queryResults/resultsBody/eventList/{i}" for i in (0, 1)]),
        ({"@context": OFFICIAL, **one}, [""]),
        (document(), []),
    ):
        found = normalise_document(taken)
        assert [each.pointer for each in found] == pointers
        assert all(each.event == expected for each in found)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (None, "/epcisBody"),
        ([], "/epcisBody"),
        ({}, "/epcisBody/eventList"),
        ({"eventList": {}}, "/epcisBody/eventList"),
        ({"eventList": [event(), 1]}, "/epcisBody/eventList/1"),
        ({"event": 1}, "/epcisBody/event"),
    ],
)
def test_a_document_without_events_where_they_belong_is_refused(body: Any, pointer: str) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        normalise_document({"type": "EPCISDocument", "epcisBody": body})
    assert (caught.value.code, caught.value.pointer) == ("document_shape", pointer)


def test_the_example_of_the_reference_page_is_true() -> None:
    page = (ROOT / "docs/reference/normalisation.md").read_text("utf-8")
    before, after = (
        json.loads(page.split(f"```json {name}\n")[1].split("```")[0])
        for name in ("before", "after")
    )
    [found] = normalise_document(before)
    assert found.event == after
    assert f"version {NORMALISATION_VERSION}\n" in page
