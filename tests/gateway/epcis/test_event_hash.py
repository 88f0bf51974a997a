"""The event hash on events of our own: each rule, its negative twin, the versions told apart."""

import copy
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node_gateway.epcis.event_hash import (
    EventHash,
    EventHashFormatError,
    EventHashVersion,
    agreeing_versions,
    event_hash,
    event_hashes,
    hash_of_normalised,
    hashed_text,
    parse_event_hash,
)
from node_gateway.epcis.normalise import normalise_event
from node_gateway.epcis.normalise_errors import DocumentRefusedError
from tests.gateway.epcis.documents import EX, OFFICIAL, SGTIN, document, event
from tests.rules.source import ROOT

CBV_2_0, CBV_2_1, LEGACY = EventHashVersion
CONTEXT = [OFFICIAL, EX]
VECTORS = json.loads(Path(__file__).with_name("event_hash_vectors.json").read_text("utf-8"))
NOT_HASHED = ("eventID", "recordTime", "errorDeclaration", "rdfs:comment")


def name_of(text: str, label: str) -> str:
    return f"ni:///sha-256;{hashlib.sha256(text.encode()).hexdigest()}?ver={label}"


@pytest.mark.parametrize("version", EventHashVersion)
@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_our_vectors(vector: dict[str, Any], version: EventHashVersion) -> None:
    before = copy.deepcopy(vector["event"])
    text = vector["text"].get(version, vector["text"]["CBV2.0"])
    assert hashed_text(vector["event"], version=version, context=CONTEXT) == text
    named = name_of(text, version.label)
    assert event_hash(vector["event"], version=version, context=CONTEXT) == named
    assert event_hashes(document(vector["event"]), version=version) == [named]
    assert vector["event"] == before
    if version is not LEGACY:
        normalised = normalise_event(vector["event"], CONTEXT)
        assert hash_of_normalised(normalised, version) == named


def both(**members: Any) -> list[str]:
    return [event_hash(event(**members), version=v, context=CONTEXT) for v in (CBV_2_0, CBV_2_1)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"epcList": [SGTIN, "urn:x:1"]}, {"epcList": ["urn:x:1", SGTIN]}),
        ({"eventTime": "2026-03-01T02:00:00Z"}, {"eventTime": "2026-03-01T10:00:00.0000+08:00"}),
        ({"eventTime": "2026-02-28T23:59:59.9995Z"}, {"eventTime": "2026-03-01T00:00:00Z"}),
        ({"ex:a": 1}, {"ex:a": "1.0"}),
        ({"ex:a": "007"}, {"ex:a": "7"}),
        ({"ex:a": " x "}, {"ex:a": "x"}),
        ({"ex:a": ["x", "y"]}, {"ex:a": ["y", "x"]}),
        ({"ex:a": "x"}, {"https://example.org/ns/a": "x"}),
        ({"gs1:a": "x"}, {"https://gs1.org/voc/a": "x"}),
        ({"ilmd": {"cbvmda:a": "x"}}, {"ilmd": {"urn:epcglobal:cbv:mda:a": "x"}}),
        ({"bizStep": "shipping"}, {"bizStep": "cbv:BizStep-shipping"}),
        ({"bizStep": "shipping"}, {"bizStep": "https://ns.gs1.org/cbv/BizStep-shipping"}),
        ({"bizStep": "ex:new"}, {"bizStep": "https://example.org/ns/new"}),
        ({}, {"epcList": [], "ex:a": [], "bizLocation": None, "readPoint": {}}),
        ({}, {"eventID": "urn:x:1", "recordTime": "2026-03-01T00:00:00Z", "comment": "c"}),
        ({}, {"certificationInfo": "https://example.org/c"}),
        ({}, {"errorDeclaration": {"declarationTime": "2026-03-02T00:00:00Z"}}),
    ],
)
def test_one_event_in_two_spellings(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert both(**one) == both(**other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"epcList": [SGTIN]}, {"epcList": [SGTIN, SGTIN]}),
        ({"epcList": [SGTIN]}, {"inputEPCList": [SGTIN]}),
        ({"eventTime": "2026-03-01T02:00:00.0004Z"}, {"eventTime": "2026-03-01T02:00:00.0005Z"}),
        ({"eventTimeZoneOffset": "+08:00"}, {"eventTimeZoneOffset": "+09:00"}),
        ({"ex:a": "81234567890123456789"}, {"ex:a": "81234567890123456790"}),
        ({"ex:a": "0.1000000000000000000001"}, {"ex:a": "0.1000000000000000000002"}),
        ({"ex:a": "x"}, {"ex:b": "x"}),
        ({"ex:a": "x"}, {"gs1:a": "x"}),
        ({"ex:a": "shipping"}, {"ex:a": "https://ref.gs1.org/cbv/BizStep-shipping"}),
        ({"ex:a": "(01)06901234123456"}, {"ex:a": "https://id.gs1.org/01/06901234123456"}),
        ({"ex:a": ""}, {}),
        ({"ilmd": {"ex:a": "x"}}, {"ex:a": "x"}),
        ({"readPoint": {"id": "urn:x:1"}}, {"bizLocation": {"id": "urn:x:1"}}),
        ({"type": "ObjectEvent"}, {"type": "AssociationEvent"}),
        ({"type": "ex:Event"}, {"type": "ObjectEvent"}),
        ({"sourceList": [{"type": "location", "source": "urn:x:1"}]},
         {"sourceList": [{"type": "owning_party", "source": "urn:x:1"}]}),
    ],
)  # fmt: skip
def test_two_events(one: dict[str, Any], other: dict[str, Any]) -> None:
    for left, right in zip(both(**one), both(**other), strict=True):
        assert left != right


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"ex:a": {"ex:b": "x"}, "ex:c": "y"}, {"ex:a": {"ex:b": "x", "ex:c": "y"}}),
        ({"ex:a": "x", "ex:b": "y"}, {"ex:a": "x{https://example.org/ns/}b=y"}),
    ],
)
def test_two_events_that_the_standard_takes_for_one(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    """Nothing separates the members, so a hash is no commitment; ours is of another kind."""
    assert both(**one) == both(**other)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path


def with_changed(source: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    changed = copy.deepcopy(source)
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    old = holder[path[-1]]
    if isinstance(old, str) and old[:3] == "202":
        holder[path[-1]] = old.replace("202", "201", 1)
    elif isinstance(old, str) and "?" in old:
        holder[path[-1]] = old.replace("?", "1?")
    elif isinstance(old, bool) or old is None:
        holder[path[-1]] = not old
    else:
        holder[path[-1]] = old + ("1" if isinstance(old, str) else 1)
    return changed


def test_every_change_of_a_value_changes_the_hash() -> None:
    """And a change of what is not hashed does not: of eventID, recordTime and the like."""
    tried = 0
    for vector in VECTORS["vectors"]:
        for path in leaves(vector["event"]):
            if vector["event"].get(path[0]) == [] or path[-1] in ("ex:absent",):
                continue
            changed = with_changed(vector["event"], path)
            for version in EventHashVersion:
                same = event_hash(changed, version=version, context=CONTEXT) == event_hash(
                    vector["event"], version=version, context=CONTEXT
                )
                unhashed = path[0] in NOT_HASHED
                unhashed |= path[0] == "certificationInfo" and version is not LEGACY
                assert same is unhashed, (vector["name"], path, version)
                tried += 1
    assert tried >= 200


def test_every_member_that_is_left_out_changes_the_hash() -> None:
    for vector in VECTORS["vectors"]:
        whole = event_hash(vector["event"], context=CONTEXT)
        for name, value in vector["event"].items():
            less = {key: inner for key, inner in vector["event"].items() if key != name}
            same = event_hash(less, context=CONTEXT) == whole
            assert same is (name in (*NOT_HASHED, "certificationInfo") or value in ([], None)), name


def test_a_namespace_without_a_slash_at_its_end() -> None:
    """The reference looks for `/}`: such an extension stays sorted among those of the event."""
    context = [OFFICIAL, {"no": "https://example.org/ns"}]
    members = event(readPoint={"id": "urn:x:1", "no:a": "x"}, **{"no:z": "y"})
    end = "readPoint{https://example.org/ns}a=x{https://example.org/ns}z=y"
    for version in (CBV_2_0, CBV_2_1):
        assert hashed_text(members, version=version, context=context).endswith("id=urn:x:1" + end)


def test_an_extension_alone_in_a_standard_member_is_left_to_the_end_by_cbv_2_1_too() -> None:
    members = event(readPoint={"ex:a": "x"}, **{"ex:z": "y"})
    for version in (CBV_2_0, CBV_2_1):
        assert hashed_text(members, version=version, context=CONTEXT).endswith(
            "action=OBSERVEreadPoint{https://example.org/ns/}a=x{https://example.org/ns/}z=y"
        )


def test_the_order_of_sensor_elements_is_their_own() -> None:
    elements = [
        {"sensorReport": [{"type": "Temperature", "value": value, "ex:a": extension}]}
        for value, extension in ((1, "z"), (2, "y"), (3, "x"))
    ]
    texts = {
        hashed_text(event(sensorElementList=order), context=CONTEXT)
        for order in (elements, elements[::-1], [elements[1], elements[0], elements[2]])
    }
    (text,) = texts
    assert text.endswith(
        "".join(f"sensorElementsensorReport{{https://example.org/ns/}}a={one}" for one in "zyx")
    )


def test_prefixes_that_xml_converters_leave_in_the_object() -> None:
    inline = {"old:a": {"@xmlns:old": "https://example.org/ns/", "#text": "x", "old:b": ["1", "2"]}}
    assert both(**inline) == both(**{"ex:a": {"#text": "x", "ex:b": ["2", "1"]}})


def test_contexts_of_events_hold_inside_those_of_the_document() -> None:
    own = {"@context": {"mine": "https://example.org/ns/"}, **event(**{"mine:a": "x"})}
    (hashed,) = event_hashes(document(own, context=OFFICIAL))
    assert [hashed] == both(**{"ex:a": "x"})[:1]
    assert event_hashes(own) == [hashed]  # a bare event


def test_the_example_of_the_reference_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "reference" / "event-hash.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, flags=re.M | re.S)
    exec(compile(code, "event-hash.md", "exec"), {})
    assert capsys.readouterr().out.startswith(
        "eventType=ObjectEventeventTime=2026-03-01T02:00:00.0"
    )


def test_documents_and_query_documents() -> None:
    events = [event(), event(action="ADD")]
    plain = document(*events)
    results = {"resultsBody": {"eventList": events}}
    query = {**plain, "type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}
    single = {**plain, "epcisBody": {"event": events[0]}}
    assert event_hashes(query) == event_hashes(plain)
    assert event_hashes(single) == event_hashes(plain)[:1]
    assert event_hashes(document()) == []


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"type": "EPCISDocument"}, "/epcisBody/queryResults/resultsBody/eventList"),
        ({"epcisBody": {}}, "/epcisBody/queryResults/eventList"),
        ({"epcisBody": {"eventList": [{}, "x"]}}, "/epcisBody/eventList/1"),
    ],
)
def test_what_holds_no_events_is_refused(document: dict[str, Any], pointer: str) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        event_hashes(document)
    assert caught.value.code == "document_shape"
    assert caught.value.pointer.startswith("/epcisBody")


def test_an_unknown_version_is_an_error() -> None:
    for version in ("CBV1.2", "", "cbv2.0"):
        with pytest.raises(ValueError, match="is not a valid EventHashVersion"):
            event_hash(event(), version=version)


@pytest.mark.parametrize(
    ("algorithm", "digits"), [("sha-256", 64), ("sha3-256", 64), ("sha-384", 96), ("sha-512", 128)]
)
def test_names_are_read_and_written(algorithm: str, digits: int) -> None:
    text = f"ni:///{algorithm};{'0a' * (digits // 2)}?ver=CBV2.0.1"
    assert parse_event_hash(text) == EventHash(algorithm, "0a" * (digits // 2), "CBV2.0.1")
    assert str(parse_event_hash(text)) == text
    assert str(parse_event_hash(text.replace("0a", "0A").replace("ni:", "NI:"))) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "ni:", "urn:uuid:1", f"ni:///sha-256;{'0' * 64}",
        f"ni:///sha-256;{'0' * 63}?ver=CBV2.0",
        f"ni:///sha-256;{'0' * 128}?ver=CBV2.0", f"ni:///md5;{'0' * 32}?ver=CBV2.0",
        f"ni:///sha-256;{'g' * 64}?ver=CBV2.0", f"ni:///sha-256;{'0' * 64}?ver=CBV2",
        f"ni:///sha-256;{'0' * 64}?ver=CBV2.0\n", f"ni://host/sha-256;{'0' * 64}?ver=CBV2.0",
        f"ni:///sha-256;{'0' * 64}?ver=CBV2.0&x=1", "ni:///sha-256;" + "0" * 100_000,
    ],
)  # fmt: skip
def test_other_texts_are_no_event_hashes(text: str) -> None:
    with pytest.raises(EventHashFormatError) as caught:
        parse_event_hash(text)
    assert caught.value.code == "event_hash_form"


def test_a_stated_hash_agrees_with_the_versions_that_make_it() -> None:
    plain = event(epcList=[SGTIN])
    parted = event(certificationInfo="https://example.org/c", **{"ex:a": True})
    for version in EventHashVersion:
        stated = event_hash(parted, version=version, context=CONTEXT)
        assert agreeing_versions(stated, parted, context=CONTEXT) == (version,)
        assert agreeing_versions(stated, plain) == ()
    assert agreeing_versions(event_hash(plain), plain) == (CBV_2_0, LEGACY)
    revised = event_hash(plain).replace("CBV2.0", "CBV2.0.1")
    assert agreeing_versions(revised, plain) == (CBV_2_0, LEGACY)
    assert agreeing_versions(event_hash(plain).replace("CBV2.0", "CBV2.2"), plain) == ()


@pytest.mark.parametrize("algorithm", ["sha3-256", "sha-384", "sha-512"])
def test_other_algorithms_agree_too(algorithm: str) -> None:
    text = hashed_text(event())
    digest = hashlib.new(algorithm.replace("sha-", "sha").replace("3-", "3_"), text.encode())
    stated = f"ni:///{algorithm};{digest.hexdigest()}?ver=CBV2.0"
    assert CBV_2_0 in agreeing_versions(stated, event())
    assert agreeing_versions(stated, event(action="ADD")) == ()


@pytest.mark.parametrize(
    ("text", "exact", "double"),
    [
        ("10.0", "10", "10"), ("1.50", "1.5", "1.5"), ("-0", "-0", "0"), ("1e2", "1E+2", "100"),
        ("1e-7", "0.0000001", "1e-07"), ("1_000", "1000", "1000"), (".5", "0.5", "0.5"),
        ("12345678901234567890123456789.5", "12345678901234567890123456790",
         "12345678901234568227576610816"),
        ("1e-999999999", "1e-999999999", "0"), ("-Infinity", "-Infinity", "-Infinity"),
        ("-nan", "-nan", "-nan"), ("1,5", "1,5", "1,5"), ("--1", "--1", "--1"), ("+", "+", "+"),
    ],
)  # fmt: skip
def test_numbers(text: str, exact: str, double: str) -> None:
    for version, spelling in ((CBV_2_0, exact), (CBV_2_1, exact), (LEGACY, double)):
        hashed = hashed_text(event(**{"ex:a": text}), version=version, context=CONTEXT)
        assert hashed.endswith(f"}}a={spelling}"), (hashed, version)
