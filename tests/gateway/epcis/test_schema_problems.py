"""What a refused document is told: one place, one code, words that lead to the repair."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from node_gateway.epcis.validation import PROBLEMS_MAX, EpcisValidator

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
ITEM = "https://id.gs1.org/01/09506000134352/21/A1"
PLACE = {"id": "https://id.gs1.org/414/9506000134352"}
BASE = {"eventTime": "2026-03-01T09:30:00.000+08:00", "eventTimeZoneOffset": "+08:00"}
OBJECT = {**BASE, "type": "ObjectEvent", "action": "OBSERVE", "epcList": [ITEM]}
AGGREGATION = {**BASE, "type": "AggregationEvent", "action": "ADD", "childEPCs": [ITEM]}
ASSOCIATION = {**AGGREGATION, "type": "AssociationEvent", "parentID": "urn:a:b"}
TRANSACTION = {
    **BASE,
    "type": "TransactionEvent",
    "action": "ADD",
    "epcList": [ITEM],
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:a:po"}],
}
TRANSFORMATION = {
    **BASE,
    "type": "TransformationEvent",
    "inputEPCList": [ITEM],
    "outputQuantityList": [{"epcClass": "urn:a:b", "quantity": 2}],
}
EXTENSION = {**BASE, "type": "https://example.org/Event", "whatever": [1]}
SENSOR = {"sensorReport": [{"type": "Temperature", "value": 5.5, "uom": "CEL"}]}


def document(*events: Any) -> dict[str, Any]:
    return {
        "@context": [CONTEXT, {"example": "https://example.org/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": BASE["eventTime"],
        "epcisBody": {"eventList": list(events)},
    }


def query_document(*events: Any) -> dict[str, Any]:
    results = {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": list(events)}}
    body = {"queryResults": results}
    return {"@context": CONTEXT, "type": "EPCISQueryDocument", "epcisBody": body}


@pytest.fixture(scope="module")
def validator() -> EpcisValidator:
    return EpcisValidator()


@pytest.mark.parametrize(
    "event",
    [
        *(OBJECT, AGGREGATION, ASSOCIATION, TRANSACTION, TRANSFORMATION, EXTENSION),
        {**OBJECT, "epcList": []},
        {**OBJECT, "example:field": {"any": [1, None]}, "bizStep": "https://example.org/step"},
        {**OBJECT, "action": "ADD", "ilmd": {"cbvmda:lotNumber": "L1"}},
        {**OBJECT, "readPoint": PLACE, "sensorElementList": [SENSOR]},
        {**OBJECT, "persistentDisposition": {"set": ["available"]}},
        {**AGGREGATION, "action": "DELETE", "childEPCs": []},
        {
            **AGGREGATION,
            "certificationInfo": ["urn:a:b"],
            "errorDeclaration": {"declarationTime": BASE["eventTime"]},
        },
        {
            **BASE,
            "type": "TransformationEvent",
            "transformationID": "urn:a:b",
            "inputEPCList": [ITEM],
        },
    ],
)
def test_a_good_event_stands_alone_and_in_both_documents(
    validator: EpcisValidator, event: dict[str, Any]
) -> None:
    assert validator.validate_event(event) == []
    assert validator.is_valid_event(event)
    for record in (document(event), query_document(event), {"@context": CONTEXT, **event}):
        assert validator.validate_document(record) == []
        assert validator.is_valid_document(record)


def without(event: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in names}


@pytest.mark.parametrize(
    ("event", "pointer", "code"),
    [
        (without(OBJECT, "eventTime"), "", "member_missing"),
        (without(OBJECT, "eventTimeZoneOffset"), "", "member_missing"),
        (without(OBJECT, "action"), "", "member_missing"),
        (without(OBJECT, "type"), "", "member_missing"),
        (without(ASSOCIATION, "parentID"), "", "member_missing"),
        (without(TRANSACTION, "bizTransactionList"), "", "member_missing"),
        ({**OBJECT, "eventTime": "2026-03-01T09:30:00"}, "/eventTime", "time_offset_missing"),
        ({**OBJECT, "eventTime": "yesterday"}, "/eventTime", "time_form"),
        ({**OBJECT, "eventTime": 1}, "/eventTime", "type_wrong"),
        ({**OBJECT, "eventTimeZoneOffset": "Z"}, "/eventTimeZoneOffset", "offset_form"),
        ({**OBJECT, "action": "ADDED"}, "/action", "action_unknown"),
        ({**OBJECT, "type": "ObjectEvnt"}, "/type", "event_type_unknown"),
        ({**OBJECT, "type": 5}, "/type", "type_wrong"),
        ({**OBJECT, "bizStep": "sending"}, "/bizStep", "biz_step_unknown"),
        ({**OBJECT, "bizStep": None}, "/bizStep", "type_wrong"),
        (
            {**OBJECT, "bizStep": "urn:epcglobal:cbv:bizstep:shipping"},
            "/bizStep",
            "biz_step_unknown",
        ),
        ({**OBJECT, "disposition": "lost"}, "/disposition", "disposition_unknown"),
        ({**OBJECT, "epcList": [ITEM, "A 1"]}, "/epcList/1", "uri_form"),
        ({**OBJECT, "epcList": [ITEM, ITEM]}, "/epcList", "list_repeats"),
        ({**OBJECT, "epcList": ITEM}, "/epcList", "type_wrong"),
        (without(OBJECT, "epcList"), "", "codes_missing"),
        ({**AGGREGATION, "childEPCs": []}, "", "codes_missing"),
        ({**ASSOCIATION, "childEPCs": []}, "", "codes_missing"),
        (without(TRANSACTION, "epcList"), "", "codes_missing"),
        (without(TRANSFORMATION, "inputEPCList"), "", "codes_missing"),
        ({**TRANSACTION, "bizTransactionList": []}, "/bizTransactionList", "list_empty"),
        ({**OBJECT, "ilmd": {}}, "/ilmd", "ilmd_forbidden"),
        ({**OBJECT, "action": "ADD", "ilmd": {"lot": 1}}, "/ilmd/lot", "member_unknown"),
        ({**OBJECT, "lot": 1}, "/lot", "member_unknown"),
        ({**OBJECT, "a/b~c": 1}, "/a~1b~0c", "member_unknown"),
        ({**OBJECT, "my field:x": 1}, "/my field:x", "member_name_form"),
        ({**AGGREGATION, "ilmd": {}}, "/ilmd", "member_unknown"),
        ({**TRANSFORMATION, "action": "ADD"}, "/action", "member_unknown"),
        ({**OBJECT, "readPoint": "here"}, "/readPoint", "type_wrong"),
        ({**OBJECT, "readPoint": {}}, "/readPoint", "member_missing"),
        ({**OBJECT, "@context": "x"}, "/@context", "context_form"),
        ({**OBJECT, "@context": ["x"]}, "/@context/0", "context_form"),
        ({**OBJECT, "@context": [CONTEXT, CONTEXT]}, "/@context", "list_repeats"),
        ({**OBJECT, "quantityList": [{"quantity": 1}]}, "/quantityList/0", "member_missing"),
        (
            {**OBJECT, "quantityList": [{"epcClass": "urn:a:b", "uom": "kg"}]},
            *("/quantityList/0/uom", "unit_form"),
        ),
        (
            {**OBJECT, "quantityList": [{"epcClass": "urn:a:b", "weight": 1}]},
            *("/quantityList/0/weight", "member_unknown"),
        ),
        ({**OBJECT, "persistentDisposition": {}}, "/persistentDisposition", "member_missing"),
        (
            {**OBJECT, "persistentDisposition": {"set": []}},
            *("/persistentDisposition/set", "list_empty"),
        ),
        (
            {**OBJECT, "sensorElementList": [{"sensorReport": [{"type": "Warmth"}]}]},
            *("/sensorElementList/0/sensorReport/0/type", "measurement_type_unknown"),
        ),
        (
            {
                **OBJECT,
                "sensorElementList": [{"sensorReport": [{"type": "Count", "hexBinaryValue": "x"}]}],
            },
            *("/sensorElementList/0/sensorReport/0/hexBinaryValue", "hex_form"),
        ),
        (
            {**OBJECT, "sourceList": [{"type": "x", "source": "urn:a:b"}]},
            "/sourceList/0/type",
            "source_destination_type_unknown",
        ),
        ({**OBJECT, "errorDeclaration": {}}, "/errorDeclaration", "member_missing"),
        ([], "", "type_wrong"),
    ],
)
def test_a_bad_event_is_told_the_one_place_and_reason(
    validator: EpcisValidator, event: Any, pointer: str, code: str
) -> None:
    assert not validator.is_valid_event(event)
    assert [(p.pointer, p.code) for p in validator.validate_event(event)] == [(pointer, code)]
    for record, path in (
        (document(OBJECT, event), "/epcisBody/eventList/1"),
        (query_document(event), "/epcisBody/queryResults/resultsBody/eventList/0"),
    ):
        assert not validator.is_valid_document(record)
        (problem,) = validator.validate_document(record)
        assert (problem.pointer, problem.code) == (path + pointer, code)
        assert problem.detail.endswith(".")
        assert problem.hint


def edited(edit: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    record = copy.deepcopy(document(OBJECT))
    edit(record)
    return record


@pytest.mark.parametrize(
    ("record", "pointer", "code"),
    [
        (edited(lambda d: d.pop("@context")), "", "member_missing"),
        (edited(lambda d: d.pop("schemaVersion")), "", "member_missing"),
        (edited(lambda d: d.pop("epcisBody")), "", "member_missing"),
        (edited(lambda d: d.update(schemaVersion="two")), "/schemaVersion", "version_form"),
        (edited(lambda d: d.update(id="x")), "/id", "uri_form"),
        (edited(lambda d: d.update(note="x")), "/note", "member_unknown"),
        (edited(lambda d: d.update(type="EPCISDocment")), "/type", "event_type_unknown"),
        (edited(lambda d: d["epcisBody"].pop("eventList")), "/epcisBody", "member_missing"),
        (
            edited(lambda d: d["epcisBody"].update(eventList={})),
            "/epcisBody/eventList",
            "type_wrong",
        ),
        (edited(lambda d: d.update(epcisBody=[])), "/epcisBody", "type_wrong"),
        (OBJECT, "", "member_missing"),
        ({"type": []}, "/type", "type_wrong"),
        ({}, "", "member_missing"),
        (None, "", "type_wrong"),
        (query_document() | {"sender": "x"}, "/sender", "member_unknown"),
        (
            edited(lambda d: d.update(epcisHeader={"epcisMasterData": {"vocabularyList": [{}]}})),
            *("/epcisHeader/epcisMasterData/vocabularyList/0", "member_missing"),
        ),
    ],
)
def test_a_bad_frame_is_told_the_place_and_reason(
    validator: EpcisValidator, record: Any, pointer: str, code: str
) -> None:
    first = validator.validate_document(record)[0]
    assert (first.pointer, first.code) == (pointer, code)


@pytest.mark.parametrize(
    ("event", "hint"),
    [
        ({**OBJECT, "bizStep": "Shipping"}, 'Did you mean "shipping"?'),
        ({**OBJECT, "bizStep": "https://ns.gs1.org/cbv/BizStep-shipping"}, '"shipping"?'),
        ({**OBJECT, "action": "observed"}, 'Did you mean "OBSERVE"?'),
        ({**OBJECT, "type": "objectEvent"}, 'Did you mean "ObjectEvent"?'),
        ({**OBJECT, "bizlocation": PLACE}, 'Did you mean "bizLocation"?'),
        ({**OBJECT, "eventTime": "2026-03-01T09:30:00.5"}, "such as +08:00"),
        ({**OBJECT, "lotNumber": "L1"}, "prefix:name"),
    ],
)
def test_a_hint_says_what_was_probably_meant(
    validator: EpcisValidator, event: dict[str, Any], hint: str
) -> None:
    (problem,) = validator.validate_event(event)
    assert hint in problem.hint


def test_two_missing_members_are_two_problems(validator: EpcisValidator) -> None:
    problems = validator.validate_event(without(OBJECT, "eventTime", "eventTimeZoneOffset"))
    assert [p.detail for p in problems] == [
        "The record has no eventTime.",
        "The record has no eventTimeZoneOffset.",
    ]


def test_a_problem_never_carries_a_value(validator: EpcisValidator) -> None:
    secret = "SECRET-4711"
    event = dict.fromkeys(OBJECT, secret) | {"readPoint": {"id": secret}, "bizStep": secret}
    problems = [*validator.validate_event(event | {"type": "ObjectEvent"})]
    problems += validator.validate_document(document(event))
    assert len(problems) > 5
    assert secret not in repr(problems)


def test_at_most_twenty_problems_are_listed(validator: EpcisValidator) -> None:
    assert len(validator.validate_document(document(*[{}] * 100))) == PROBLEMS_MAX
    assert len(validator.validate_event({**OBJECT, "epcList": ["x"] * 100})) == PROBLEMS_MAX


@pytest.mark.timeout(20)
def test_a_large_refused_document_is_answered_at_once(validator: EpcisValidator) -> None:
    """Listing all errors of these took minutes and gigabytes (see validation.py)."""
    many = document(*[0] * 300_000)
    assert len(validator.validate_document(many)) == PROBLEMS_MAX
    wide = {**OBJECT, **{f"a{number}": 1 for number in range(100_000)}}
    assert [p.code for p in validator.validate_event(wide)] == ["member_unknown"]


def test_a_flaw_behind_the_listed_beginning_is_found(validator: EpcisValidator) -> None:
    codes = [f"https://id.gs1.org/01/09506000134352/21/{number}" for number in range(5_000)]
    codes[4_321] = "not a uri"
    problems = validator.validate_document(document(OBJECT, {**OBJECT, "epcList": codes}))
    assert [(p.pointer, p.code) for p in problems] == [
        ("/epcisBody/eventList/1/epcList/4321", "uri_form")
    ]


def test_validating_changes_nothing(validator: EpcisValidator) -> None:
    record = document({**OBJECT, "bizStep": 1}, {})
    before = json.dumps(record)
    validator.validate_document(record)
    assert json.dumps(record) == before
