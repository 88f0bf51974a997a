"""The published JSON Schemas, through two implementations, over the published vectors."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from tests.anchoring.core.published import bundle_of, cases, load

FOLDER = Path(__file__).parents[2] / "anchoring" / "schemas"
NAMES = (
    *("codes-opening-v1", "list-v1", "network-v1", "opening-v1", "proof-v1", "proofs-v1"),
    *("receipt-v1", "evidence-v1", "audit-report-v1"),
)
SCHEMAS = {
    name: json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")) for name in NAMES
}
ACCEPTS: dict[str, Callable[[str, Any], bool]] = {
    "jsonschema": lambda name, value: PYTHON[name].is_valid(value),
    "jsonschema_rs": lambda name, value: RUST[name].is_valid(value),
}
PYTHON = {name: jsonschema.Draft202012Validator(schema) for name, schema in SCHEMAS.items()}
RUST = {name: jsonschema_rs.Draft202012Validator(schema) for name, schema in SCHEMAS.items()}
# What no schema can say: that two lists are of one length.
BEYOND_A_SCHEMA = {"type_more_indices"}
LATER_STEPS = {
    *("disclosure_not_utf8", "disclosure_json", "disclosure_shape", "salt_form", "item_kind"),
    *("disclosure_not_canonical", "path_form", "reserved_name", "duplicate_path", "path_conflict"),
    *("duplicate_code", "path_prefix", "act_form", "inconsistent", "codes_root_mismatch"),
    *("root_mismatch", "entry_repeated", "anchor_not_found", "record_mismatch"),
}

both = pytest.mark.parametrize("accepts", ACCEPTS.values(), ids=ACCEPTS)


def schema_of(document: Any) -> str:
    is_set = isinstance(document, dict) and document.get("format") == "sealtrail/proofs/v1"
    return "proofs-v1" if is_set else "proof-v1"


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"urn:sealtrail:schema:{name}"


def test_every_file_is_tested_and_the_set_holds_the_very_bundle() -> None:
    assert {file.name for file in FOLDER.glob("*.json")} == {f"{n}.schema.json" for n in NAMES}
    assert SCHEMAS["proofs-v1"]["$defs"]["proof-v1"] == SCHEMAS["proof-v1"]
    for name in ("proof-v1", "receipt-v1"):
        assert SCHEMAS["evidence-v1"]["$defs"][name] == SCHEMAS[name]


@both
@pytest.mark.parametrize("case", cases("proof_valid.json"), ids=lambda case: case["name"])
def test_a_valid_bundle_has_the_shape(accepts: Any, case: dict[str, Any]) -> None:
    document = json.loads(bundle_of(case))
    assert accepts(schema_of(document), document)
    assert not accepts("receipt-v1", document)


@both
def test_every_shape_that_is_wrong_is_refused(accepts: Any) -> None:
    wrong = [
        case
        for case in cases("proof_invalid.json")
        if case["expect"]["code"] in ("bundle_shape", "format_unknown", "hash_form")
    ]
    accepted = set()
    for case in wrong:
        document = json.loads(bundle_of(case))
        if accepts(schema_of(document), document):
            accepted.add(case["name"])
    assert len(wrong) > 70
    assert accepted == BEYOND_A_SCHEMA


@both
def test_a_later_refusal_is_no_matter_of_shape(accepts: Any) -> None:
    """So that nobody takes the schema for the verifier."""
    later = [c for c in cases("proof_invalid.json") if c["expect"]["code"] in LATER_STEPS]
    assert {case["expect"]["code"] for case in later} == LATER_STEPS
    for case in later:
        document = json.loads(bundle_of(case))
        if document.get("fields", {}).get("indices") != []:
            assert accepts(schema_of(document), document), case["name"]


@both
def test_numbers_out_of_range_are_refused(accepts: Any) -> None:
    names = {"fields_size", "anchor_values"}
    found = [c for c in cases("proof_invalid.json") if c["expect"]["code"] in names]
    accepted = {c["name"] for c in found if accepts("proof-v1", json.loads(bundle_of(c)))}
    assert len(found) == 14
    assert accepted == {"anchor_sequence_2_tip_zero", "anchor_sequence_1_tip_not_zero"}


@both
def test_receipts(accepts: Any) -> None:
    published = load("receipt.json")
    assert accepts("receipt-v1", published["receipt"])
    shapes = {"bundle_shape", "format_unknown", "hash_form", "anchor_values"}
    for case in published["refused"]:
        if case["code"] in shapes or case["change"].get("entries") == []:
            assert not accepts("receipt-v1", published["receipt"] | case["change"]), case["name"]


@both
def test_openings(accepts: Any) -> None:
    published = load("openings.json")
    for name, part in (("codes-opening-v1", "codes"), ("opening-v1", "full")):
        for case in published[part]:
            assert accepts(name, case["opening"])
            assert not accepts(name, case["opening"] | {"more": 1})
            assert not accepts(name, case["opening"] | {"secret": "00" * 31})
    full = published["full"][0]["opening"]
    for change in (
        {"derived": {"sealtrail:act": "ObjectEvent - - - 0"}},
        {"derived": {"sealtrail:month": 11}},
        {"derived": {"month": "11"}},
        {"event": {}},
        {"event": {"type": "ObjectEvent", "epcList": "x"}},
        {"participant": 0},
    ):
        assert not accepts("opening-v1", full | change), change
