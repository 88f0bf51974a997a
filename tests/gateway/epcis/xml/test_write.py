"""JSON as XML: valid where XML has a form, and the same again when read."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from node_gateway.epcis.normalise import normalise_document
from node_gateway.epcis.normalise_errors import DocumentRefusedError
from node_gateway.epcis.xml.naming import UnwritableError
from node_gateway.epcis.xml.read import read_xml
from node_gateway.epcis.xml.write import write_xml
from node_gateway.epcis.xml.write_answers import write_capture_job, write_problem
from tests.gateway.epcis.documents import EX, document, event

BIG = 1 << 26


def again(written: bytes) -> dict[str, Any]:
    found = read_xml(written, size_bytes_max=BIG)
    assert found.problems == ()
    return found.document


def normal(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [one.event for one in normalise_document(found)]


def there_and_back(**members: Any) -> None:
    given_ = document(event(**members))
    for words in ("web", "urn"):
        assert normal(again(write_xml(given_, words=words))) == normal(given_), members


def text_of(tag: str, words: str, **members: Any) -> str | None:
    root = etree.fromstring(write_xml(document(event(**members)), words=words))  # type: ignore[arg-type]
    return next(root.iter(tag)).text


@pytest.mark.parametrize(
    ("words", "step", "reason"),
    [
        ("web", "https://ref.gs1.org/cbv/BizStep-shipping", "https://ref.gs1.org/cbv/ER-did_not_occur"),
        ("urn", "urn:epcglobal:cbv:bizstep:shipping", "urn:epcglobal:cbv:er:did_not_occur"),
    ],
)  # fmt: skip
def test_words_are_uris(words: str, step: str, reason: str) -> None:
    declared = {"declarationTime": "2026-03-02T00:00:00.000Z", "reason": "did_not_occur"}
    assert text_of("bizStep", words, bizStep="shipping") == step
    assert text_of("bizStep", words, bizStep="urn:x:own") == "urn:x:own"
    assert text_of("reason", words, errorDeclaration=declared) == reason


def test_the_order_is_that_of_the_schema() -> None:
    written = write_xml(
        document(
            {
                "bizStep": "packing",
                "ilmd": {"ex:a": "1"},
                "action": "ADD",
                "ex:more": "1",
                "epcList": ["urn:x:1"],
                "eventTimeZoneOffset": "+08:00",
                "eventTime": "2026-03-01T10:00:00.000+08:00",
                "type": "ObjectEvent",
            }
        )
    )
    (listed,) = etree.fromstring(written).iter("ObjectEvent")
    assert [one.tag for one in listed] == [
        "eventTime", "eventTimeZoneOffset", "epcList", "action", "bizStep", "ilmd",
        f"{{{EX['ex']}}}more",
    ]  # fmt: skip
    assert listed[-1].prefix == "ex"


@pytest.mark.parametrize(
    "value",
    [
        "", " a ", "a\nb\r\n\tc", "<&>\"'", "药", "\u0000", "\ud7ff\ue000", "\uffff", "a\u000bb",
        0, -1, 2**53 - 1, 1.5, 1e-7, True, False, None, {}, [], [[]], [{}], ["a"], ["a", "b"],
        [1, "1", True, None], [["a"]], {"plain": "x"}, {"plain": {"plain": ["x"]}},
        {"#text": "3", "unit": "KGM"}, {"#text": "3"}, {"#text": 3, "unit": "KGM"},
        {"#text": " 3", "unit": "KGM"}, {"@type": "x"}, {"a b": "x"}, {"1a": "x"}, {"": "x"},
        {"ex:a": "1", "https://example.org/ns/b": "2"}, {"https://example.org/1": "x"},
        {"ex:名": "x"}, {"ex:%E5%90%8D": "x"}, {"urn:a:b:c": "x"},
        {"x": "1", "ex:x": "2"},
    ],
)  # fmt: skip
def test_extensions_come_back(value: Any) -> None:
    there_and_back(**{"ex:a": value})
    there_and_back(ilmd={"ex:a": value})
    there_and_back(readPoint={"id": "urn:x:1", "ex:a": value})


@pytest.mark.parametrize(
    "members",
    [
        {"certificationInfo": "https://example.org/c"},
        {"certificationInfo": ["https://example.org/c"]},
        {"certificationInfo": ["https://example.org/c", "https://example.org/d"]},
        {"epcList": []},
        {"bizTransactionList": []},
        {"sourceList": []},
        {"sensorElementList": []},
        {"quantityList": [{"epcClass": "urn:x:1"}]},
        {"quantityList": [{"epcClass": "urn:x:1", "uom": "KGM"}]},
        {"quantityList": [{"epcClass": "urn:x:1", "quantity": 1e-9, "uom": "KGM"}]},
        {"persistentDisposition": {"set": ["recalled"], "unset": ["urn:x:1"]}},
        {"ilmd": {}},
        {"bizLocation": {"id": "ex:1"}},
        {"sensorElementList": [{"ex:a": {"b": 1}, "sensorMetadata": {"ex:n": 1, "ex:s": " 1 "},
          "sensorReport": [{"type": "Temperature", "value": 26.0, "exception": "ALARM_CONDITION",
          "component": "x", "booleanValue": False, "stringValue": " \n", "ex:b": [1],
          "uriValue": "ex:1", "hexBinaryValue": "f0"}, {"type": "ex:own"}]}]},
        {"errorDeclaration": {"declarationTime": "2026-03-02T00:00:00.000Z",
          "reason": "urn:x:1", "correctiveEventIDs": ["urn:x:2"], "ex:a": 1}},
        {"errorDeclaration": {"declarationTime": "2026-03-02T00:00:00.000Z",
          "correctiveEventIDs": []}},
    ],
)  # fmt: skip
def test_standard_members_come_back(members: dict[str, Any]) -> None:
    there_and_back(**members)


def test_a_context_of_an_event_holds_there() -> None:
    inner = event(**{"@context": {"ex": "https://example.org/other/"}, "ex:a": "1"})
    given_ = document(inner, event(**{"ex:a": "2"}))
    found = normal(again(write_xml(given_)))
    assert found == normal(given_)
    assert found[0]["https://example.org/other/a"] == "1"


def test_an_event_type_of_an_extension() -> None:
    own = {
        "type": "ex:Audit",
        "eventTime": "2026-03-01T10:00:00.000Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "ADD",
    }
    given_ = document(own)
    written = write_xml(given_)
    assert b"<extension><ex:Audit>" in written
    assert normal(again(written)) == normal(given_)


def test_a_document_with_everything_around_it() -> None:
    header = {
        "epcisMasterData": {
            "vocabularyList": [
                {
                    "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
                    "vocabularyElementList": [
                        {
                            "id": "urn:x:1",
                            "attributes": [
                                {"id": "urn:x:a", "attribute": "Suzhou"},
                                {"id": "urn:x:b", "attribute": 5},
                                {"id": "urn:x:c", "attribute": {"ex:d": "1"}},
                                {"id": "urn:x:e", "attribute": {}},
                            ],
                            "children": ["urn:x:2"],
                        }
                    ],
                }
            ]
        }
    }
    given_ = {
        **document(event()),
        "sender": "urn:x:a",
        "receiver": "urn:x:b",
        "instanceIdentifier": "1",
        "epcisHeader": header,
        "id": "urn:x:doc",
        "ex:more": ["1"],
    }
    found = again(write_xml(given_))
    for name in ("sender", "receiver", "instanceIdentifier", "epcisHeader", "id", "ex:more"):
        assert found[name] == given_[name]
    del given_["receiver"]
    given_["epcisHeader"] = {"ex:own": "1"}
    found = again(write_xml(given_))
    assert found["sender"] == "urn:x:a"
    assert found["epcisHeader"] == {f"{EX['ex']}own": "1"}


def test_what_is_no_document() -> None:
    for wrong in ({}, {"type": "ObjectEvent"}, {**document(event()), "creationDate": None}):
        with pytest.raises(UnwritableError):
            write_xml(wrong)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False, width=32).filter(lambda f: abs(f) < 2**53)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "ex:a", "ex:b", "urn:x:y", "https://example.org/ns/b", "#text"])
            | st.text(max_size=3).filter(lambda t: ":" not in t and not t.startswith("@")),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(JSON_VALUES)
def test_any_extension_comes_back(value: Any) -> None:
    given_ = document(event(**{"ex:a": value}))
    try:
        expected = normal(given_)
    except DocumentRefusedError:  # two spellings of one name
        return
    assert normal(again(write_xml(given_))) == expected


def corpus(root: Path) -> list[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    found = []
    for folder in ("epcis_json/valid_capture", "epcis_json/valid_query", "flows"):
        for path in sorted((root / folder).glob("*.json")):
            text = {"creationDate": "2026-03-02T00:00:00Z", **json.loads(path.read_text("utf-8"))}
            try:
                found.append((path.name, text, normal(text)))
            except DocumentRefusedError:
                continue
    return found


def normalised(text: dict[str, Any], events: list[dict[str, Any]]) -> dict[str, Any]:
    frame = {name: value for name, value in text.items() if name in ("type", "creationDate")}
    if frame["type"] == "EPCISDocument":
        return {**frame, "epcisBody": {"eventList": events}}
    results = {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": events}}
    return {**frame, "epcisBody": {"queryResults": results}}


@pytest.mark.gs1_corpus(cases=400)
@pytest.mark.parametrize("words", ["web", "urn"])
def test_the_corpus_comes_back_and_is_valid(gs1_dir: Path, words: Any) -> None:
    folder = gs1_dir / "schema/xsd"
    schemas = {
        kind: etree.XMLSchema(etree.parse(folder / name))
        for kind, name in (
            ("EPCISDocument", "EPCglobal-epcis-2_0.xsd"),
            ("EPCISQueryDocument", "EPCglobal-epcis-query-2_0.xsd"),
        )
    }
    checked = 0
    for name, text, events in corpus(gs1_dir):
        for one in (text, normalised(text, events)):
            written = write_xml(one, words=words)
            schemas[text["type"]].assertValid(etree.fromstring(written))
            assert normal(again(written)) == events, name
            checked += 1
    assert checked >= 200


@pytest.mark.gs1_corpus(cases=3)
def test_jobs_and_problems_are_valid(gs1_dir: Path) -> None:
    schema = etree.XMLSchema(etree.parse(gs1_dir / "schema/xsd/EPCglobal-epcis-2_0.xsd"))
    problem = {"type": "epcisException:ValidationException", "title": "Refused", "status": 400,
               "detail": "a < b \x00", "code": "x", "index": 1}  # fmt: skip
    job = {"captureID": "1", "running": False, "success": False, "errors": [problem, problem],
           "captureErrorBehaviour": "proceed", "createdAt": "2026-03-02T00:00:00.000Z",
           "finishedAt": "2026-03-02T00:00:01.000Z"}  # fmt: skip
    running = {"captureID": "1", "running": True, "success": True, "errors": [],
               "captureErrorBehaviour": "rollback"}  # fmt: skip
    for written in (write_capture_job(job), write_capture_job(running), write_problem(problem)):
        schema.assertValid(etree.fromstring(written))
