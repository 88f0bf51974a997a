"""Normalising any JSON, and the whole corpus: twice is once, and valid stays valid."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.epcis.normalise import normalise_document, normalise_event
from node_gateway.epcis.normalise_errors import DocumentRefusedError
from node_gateway.epcis.validation import EpcisValidator
from tests.gateway.epcis.documents import SGTIN, event

NAMES = st.sampled_from(
    [
        *event(), "epcList", "childEPCs", "parentID", "quantityList", "epcClass", "readPoint", "id",
        "bizStep", "disposition", "sourceList", "source", "sensorElementList", "sensorReport",
        "errorDeclaration", "persistentDisposition", "set", "ilmd", "recordTime", "@context", "@id",
        "ex:a", "also:a", "ex", "a", "cbvmda:lot", "urn:x:y", "https://example.org/ns/a", "no:a",
        "epcis:action", "sealtrail:a", "", ":",
    ]
) | st.text(max_size=4)  # fmt: skip


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
    | st.sampled_from(
        [
            "urn:epc:id:sgtin:6901234.012345.1001", SGTIN, "urn:epc:id:sgtin:6901234.1.1",
            "ex:thing", "gs1:Foo", "cbv:BizStep-shipping", "gs1:Temperature", "urn:x:y",
            "2026-03-01T10:00:00+08:00", "2026-03-01T10:00:00.99996Z", "https://example.org/ns/",
            "urn:epcglobal:cbv:mda", "@type", "https://gs1.org/voc/",
        ]
    )
    | st.text(max_size=6)
)  # fmt: skip


JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)


CONTEXTS = st.dictionaries(
    st.sampled_from(["ex", "also", "a", "@vocab", "cbvmda", "gs1", "ex:a", "bizStep"]),
    JSON | st.sampled_from(["https://example.org/ns/", "ex:sub/", "urn:epcglobal:cbv:mda:"]),
)


@given(st.dictionaries(NAMES, JSON, max_size=12), CONTEXTS | JSON)
def test_normalising_twice_is_normalising_once(members: dict[str, Any], context: Any) -> None:
    before = copy.deepcopy(members)
    once, refused = None, None
    try:
        once = normalise_event(members, context)
    except DocumentRefusedError as error:
        refused = error
    assert members == before
    if once is None:
        assert refused is not None
        assert 1 <= len(refused.errors) <= 20
        assert all(each.code and each.detail for each in refused.errors)
        return
    assert json.dumps(normalise_event(once)) == json.dumps(once)
    assert "@context" not in json.dumps(list(keys(once)))
    assert not any(key.startswith("sealtrail:") for key in keys(once))


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def corpus_documents(root: Path, *folders: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for folder in folders:
        for path in sorted((root / folder).glob("*.json")):
            yield path.name, json.loads(path.read_text("utf-8-sig"))


@pytest.mark.gs1_corpus(cases=123)
def test_the_corpus_normalises_to_itself_or_is_refused_for_a_reason(gs1_dir: Path) -> None:
    events, refused = 0, {}
    for name, text in corpus_documents(
        gs1_dir, "epcis_json/valid_capture", "epcis_json/valid_query", "epcis_json/valid_event",
        "flows",
    ):  # fmt: skip
        try:
            found = normalise_document(text)
        except DocumentRefusedError as error:
            refused[name] = {each.code for each in error.errors}
            continue
        for each in found:
            assert json.dumps(normalise_event(each.event)) == json.dumps(each.event), name
            events += 1
    assert events >= 190
    # Contexts by URL alone, wrong check digits, a GRAI without its zero, `urn:epc:po:123`.
    assert sorted(map(sorted, refused.values())) == sorted(
        [["unknown_prefix"]] * 7 + [["check_digit"]] + [["identifier_form"]] * 4
    )


@pytest.mark.gs1_corpus(cases=190)
def test_a_normalised_event_is_still_a_valid_one(gs1_dir: Path) -> None:
    validator, valid = EpcisValidator(), 0
    for name, text in corpus_documents(gs1_dir, "epcis_json/valid_capture", "flows"):
        try:
            found = normalise_document(text)
        except DocumentRefusedError:
            continue
        for each in found:
            assert validator.validate_event(each.event) == [], name
            valid += 1
    assert valid >= 170


@pytest.mark.gs1_corpus(cases=17)
def test_the_corpus_of_equal_and_different_events(gs1_dir: Path) -> None:
    # What the CBV hash makes equal on purpose and a commitment must not: it hides content.
    kept_apart = {
        "list_order", "errorDeclaration_ignored", "trim", "empty_list", "leading_zero_serial",
        "boolean_json",
    }  # fmt: skip
    compared = 0
    for line in (gs1_dir / "hash/metamorphic.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        one, other = ([each.event for each in normalise_document(row[side])] for side in ("a", "b"))
        equal = row["relation"] == "equal" and row["name"] not in kept_apart
        assert (one == other) is equal, row["name"]
        compared += 1
    assert compared == 17
