"""Bundles: what they are made of, what they say, and what no vector can show."""

import json
from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoring.core.act import parse_act
from anchoring.core.anchor import Anchor, AnchoredAt
from anchoring.core.batch import Batch, decoy_entry
from anchoring.core.bundle import Bundle, bundles_to_json, parse_bundle, parse_bundles
from anchoring.core.commit import EventCommitment, commit_event
from anchoring.core.items import Item, OpenedItem, decode_disclosure, encode_disclosure
from anchoring.core.paths import name_segment
from anchoring.core.prove import code_paths, fields_proof, make_bundle
from anchoring.core.verify import (
    about_code,
    check_anchored,
    check_bundle,
    check_bundles,
    check_record,
    check_set,
)
from anchoring.errors import AnchoringError, FormatError, VerificationError
from tests.anchoring.core.published import bundle_of, cases, document_of
from tests.anchoring.core.strategies import EVENT, SECRET

REGISTRY, OTHER = b"\x01" * 20, b"\x02" * 20


def sealed(made: EventCommitment, paths: list[str], codes: list[tuple[str, str]]) -> Bundle:
    """The bundle of an event that stands among four decoys."""
    batch = Batch.build([made.entry, *(decoy_entry(bytes([n]) * 32) for n in range(4))])
    index = batch.index_of(made.entry)
    return make_bundle(
        fields=fields_proof(made.fields, paths),
        codes_root=made.codes.root,
        paths=code_paths(made.codes, codes),
        event_index=index,
        event_siblings=batch.path(index),
        anchor=Anchor(made.participant << 16, 1, batch.root, batch.size, bytes(32)),
        anchored_at=AnchoredAt(1200, 1_795_000_000),
    )


@given(EVENT, SECRET, st.data())
@settings(max_examples=60)
def test_i4_every_event_has_a_bundle_that_verifies(
    event: dict, secret: bytes, data: st.DataObject
) -> None:
    made = commit_event(event, {}, participant=7, secret=secret)
    paths = data.draw(st.lists(st.sampled_from(list(made.fields.paths))))
    codes = data.draw(st.lists(st.sampled_from(list(made.codes.codes)))) if made.codes.codes else []
    bundle = sealed(made, paths, codes)
    (checked,) = check_bundles(bundle.to_json())
    assert checked.entry == made.entry
    assert checked.bundle == bundle
    assert checked.values.keys() == {"sealtrail:act", *paths}
    assert checked.code_values == {code for _, code in codes}
    assert checked.act.type == event["type"]
    assert checked.act.has_error_declaration == ("errorDeclaration" in event)
    record = checked.record(chain_id=1, registry=REGISTRY)
    check_record(checked, chain_id=1, registry=REGISTRY, slot=record)
    for chain_id, registry in ((2, REGISTRY), (1, OTHER)):
        with pytest.raises(VerificationError):
            check_record(checked, chain_id=chain_id, registry=registry, slot=record)


@pytest.mark.parametrize("case", cases("proof_valid.json"), ids=lambda case: case["name"])
def test_what_is_read_is_written_again(case: dict) -> None:
    bundles = parse_bundles(bundle_of(case))
    again = json.loads(bundles_to_json(bundles) if "set_" in case["name"] else bundles[0].to_json())
    assert again == document_of(case)


def test_a_set_is_no_single_bundle() -> None:
    two = next(case for case in cases("proof_valid.json") if case["name"] == "set_of_two")
    with pytest.raises(FormatError) as refusal:
        parse_bundle(bundle_of(two))
    assert refusal.value.code == "bundle_shape"


EVENT_OF_TWO = {"type": "ObjectEvent", "epcList": ["urn:x:1", "urn:x:2"]}
MADE = commit_event(EVENT_OF_TWO, {}, participant=7, secret=bytes(32))


def test_the_act_is_always_disclosed_and_paths_that_are_absent_are_left_out() -> None:
    checked = check_bundle(sealed(MADE, ["$['ex:absent']"], []))
    assert checked.values == {"sealtrail:act": "ObjectEvent - - - 0"}


def test_code_paths_stand_by_position_and_each_once() -> None:
    codes = list(MADE.codes.codes)
    paths = code_paths(MADE.codes, [*codes, *reversed(codes)])
    assert [path.index for path in paths] == sorted(MADE.codes.positions)


def test_a_question_about_a_code_is_answered_by_the_bundles_that_disclose_it() -> None:
    with_one = check_bundle(sealed(MADE, [], [("epcList", "urn:x:1")]))
    with_none = check_bundle(sealed(MADE, [], []))
    assert about_code([with_none, with_one], "urn:x:1") == (with_one,)
    for code in ("urn:x:2", "urn:x:3", ""):
        with pytest.raises(VerificationError) as refusal:
            about_code([with_none, with_one], code)
        assert refusal.value.code == "code_not_disclosed"


def test_exactly_one_listed_registry_holds_the_anchor() -> None:
    checked = check_bundle(sealed(MADE, [], []))
    zero, good = bytes(32), checked.record(chain_id=1, registry=OTHER)

    def verdict(*slots: tuple[bytes, bytes]) -> str | bytes:
        try:
            return check_anchored(checked, chain_id=1, slots=slots)
        except AnchoringError as refusal:
            return refusal.code

    assert verdict((REGISTRY, zero), (OTHER, good)) == OTHER
    assert verdict((REGISTRY, zero), (OTHER, zero)) == "anchor_not_found"
    assert verdict() == "anchor_not_found"
    assert verdict((REGISTRY, good), (OTHER, good)) == "anchor_ambiguous"
    assert verdict((REGISTRY, b"x" * 32), (OTHER, good)) == "anchor_ambiguous"
    assert verdict((REGISTRY, good), (OTHER, zero)) == "record_mismatch"


@pytest.mark.parametrize(("registry", "slot"), [(19, 32), (21, 32), (20, 31), (20, 33), (20, 0)])
def test_a_cut_slot_or_address_is_no_verdict_on_the_bundle(registry: int, slot: int) -> None:
    checked = check_bundle(sealed(MADE, [], []))
    with pytest.raises(FormatError) as refusal:
        check_record(checked, chain_id=1, registry=bytes(registry), slot=b"x" * slot)
    assert refusal.value.code == "record_form"


def opened(path: str, *, is_code: bool = False) -> OpenedItem:
    return decode_disclosure(encode_disclosure(Item(bytes(16), path, "x")), is_code=is_code)


def test_one_disclosure_among_fields_and_codes_is_refused() -> None:
    """No decoded text can be both; should that ever change, the set is still refused."""
    code = opened("$['epcList'][*]", is_code=True)
    with pytest.raises(VerificationError) as refusal:
        check_set([replace(code, is_code=False)], [code])
    assert refusal.value.code == "duplicate_entry"


def fits(*paths: str) -> str | None:
    try:
        check_set([opened(path) for path in paths], [])
    except AnchoringError as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    ("paths", "code"),
    [
        (("$['a']['b']", "$['a']['c']", "$['ab']", "$['a\\']']"), None),
        (("$['a'][0]", "$['a'][1]['b']", "$['a'][10]", "$['a'][1]['c'][0]"), None),
        (("$['x[']['a']", "$['x[0']['a']", "$['x']"), None),
        (("$['a']['0']", "$['a']['1']", "$['b'][0]"), None),
        (("$['a']['b']['c']", "$['a']['b!']", "$['a']['b']"), "path_prefix"),
        (("$['a']['b']['c']", "$['a']['b']", "$['a\\'][\\'b']"), "path_prefix"),
        (("$['a']", "$['a!']", "$['a'][0]"), "path_prefix"),
        (("$['a']['z']", "$['a'][0]"), "path_conflict"),
        (("$['a']['b'][0]['x']", "$['a']['b']['c']", "$['a']['a']"), "path_conflict"),
    ],
)
def test_paths_fit_into_one_json_value(paths: tuple[str, ...], code: str | None) -> None:
    assert fits(*paths) == code
    assert fits(*reversed(paths)) == code


SEGMENTS = st.lists(st.sampled_from(["a", "b", "a']['b", "[", "0", 0, 1, 10]), max_size=3)


@given(st.sets(SEGMENTS.map(tuple), max_size=5))
def test_paths_fit_exactly_if_a_plain_tree_takes_them(rest: set[tuple[str | int, ...]]) -> None:
    paths = [("r", *one) for one in rest]
    texts = [
        "$" + "".join(f"[{p}]" if isinstance(p, int) else name_segment(p) for p in path)
        for path in paths
    ]
    prefix = any(a != b and b[: len(a)] == a for a in paths for b in paths)
    mixed = any(
        a[:at] == b[:at] and isinstance(a[at], str) != isinstance(b[at], str)
        for a in paths
        for b in paths
        for at in range(1, min(len(a), len(b)))
    )
    found = fits(*texts)
    assert (found is None) == (not prefix and not mixed)
    assert found in (None, *["path_prefix"] * prefix, *["path_conflict"] * mixed)


def test_deep_paths_cost_no_more_than_their_text() -> None:
    """Paths as long as a disclosure allows, as many as a bundle has room for."""
    texts = [f"$['{number:03}']" + "[0]" * 4_000 for number in range(400)]
    items = [opened(text) for text in texts]
    started = process_time()
    check_set(items, [])
    assert process_time() - started < 2


def test_an_act_is_read_as_five_tokens() -> None:
    act = parse_act("ObjectEvent DELETE decommissioning - 1")
    assert (act.token("action"), act.token("disposition")) == ("DELETE", "-")
    assert act.has_error_declaration
    assert act.text == "ObjectEvent DELETE decommissioning - 1"
