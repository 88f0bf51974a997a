"""I4: every change of a bundle's JSON value outside `hints` is refused, with three exceptions.

The exceptions are what a holder of a bundle may do with it: leave out whole code paths, re-form
the multiproof for fewer items, and leave bundles out of a set.
"""

import copy
from itertools import combinations, permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoring.core.verify import check_bundles
from scripts.vectors import plain
from scripts.vectors.cases import EVENT, chain_of, json_text, seal, seal_together, secret
from scripts.vectors.valid import together
from tests.anchoring.core.mutations import changed, edits, fewer_items, mutations, same
from tests.anchoring.core.published import code_of, refusal_of

HINTS = {"txHash": "0x00", "block": 5, "list": [1, "x", None]}
MADE = plain.commit(EVENT, {}, secret=secret("mutations"))
SEALED = seal(MADE, size=5, index=2, sequence=2, previous_tip=b"p" * 32)
CHAIN = chain_of(SEALED.anchor)
SHOWN = ["sealtrail:act", "$['bizStep']", "$['ilmd']['cbvmda:lotNumber']"]
TEXTS = plain.texts_of(EVENT, {}, secret("mutations")).fields
DOCUMENT = SEALED.document([TEXTS[path] for path in SHOWN]) | {"hints": HINTS}
ALONE = seal(plain.commit({"type": "T"}, {}, secret=secret("alone")), size=1, index=0)


def entry_of(document: Any) -> str:
    return check_bundles(json_text(document))[0].entry.hex()


def leaves_out_codes(document: Any, whole: Any) -> bool:
    """Whether a document is `whole` without some of its code paths."""
    if not isinstance(document, dict) or not isinstance(document.get("codes"), dict):
        return False
    rest = document["codes"].get("paths")
    if not isinstance(rest, list):
        return False
    there = whole["codes"]["paths"]
    order = [next((n for n, one in enumerate(there) if same(one, path)), -1) for path in rest]
    kept = copy.deepcopy(whole)
    kept["codes"]["paths"] = rest
    return order == sorted(set(order)) and -1 not in order and same(kept, document)


def test_the_bundle_is_accepted_before_it_is_changed() -> None:
    assert refusal_of(DOCUMENT, CHAIN) is None
    assert entry_of(DOCUMENT) == MADE.entry.hex()


@pytest.mark.parametrize("name", [name for name in DOCUMENT if name != "hints"])
def test_i4_every_change_of_one_place_is_refused(name: str) -> None:
    """All changes at and below one member, and at the top for `format`."""
    counted = left_out = 0
    for place, document in mutations(DOCUMENT):
        if place[:1] != (name,) and (place or name != "format"):
            continue
        if (
            place == ()
            and isinstance(document, dict)
            and same({**document, "hints": HINTS}, DOCUMENT)
        ):
            continue  # only hints were left out
        allowed = leaves_out_codes(document, DOCUMENT)
        assert (refusal_of(document, CHAIN) is None) == allowed, (place, document)
        counted, left_out = counted + 1, left_out + allowed
    assert counted >= 20
    assert left_out == (3 if name == "codes" else 0)


def test_i4_every_change_of_a_bundle_of_one_item_is_refused() -> None:
    document, chain = ALONE.document(), chain_of(ALONE.anchor)
    assert refusal_of(document, chain) is None
    changes = [one for _, one in mutations(document)]
    assert len(changes) > 500
    assert [one for one in changes if refusal_of(one, chain) is None] == []


EDITS = list(edits(DOCUMENT))


def with_our_hints(document: Any) -> Any:
    return {**document, "hints": HINTS} if isinstance(document, dict) else document


@given(st.sampled_from(EDITS), st.data())
@settings(max_examples=60)
def test_i4_two_changes_at_once_are_refused(first: Any, data: st.DataObject) -> None:
    """Two defects never heal each other, unless the second undoes the first."""
    once = changed(DOCUMENT, *first)
    twice = changed(once, *data.draw(st.sampled_from(list(edits(once)))))
    allowed = leaves_out_codes(with_our_hints(twice), DOCUMENT)
    assert (refusal_of(twice, CHAIN) is None) == allowed


@pytest.mark.parametrize("hints", [{}, {"x": {"y": [0] * 9}}, {"participant": 8}, None])
def test_i4_hints_may_be_anything_or_absent(hints: Any) -> None:
    document = {name: value for name, value in DOCUMENT.items() if name != "hints"}
    if hints is not None:
        document["hints"] = hints
    assert refusal_of(document, CHAIN) is None
    assert entry_of(document) == MADE.entry.hex()


def test_i4_whole_code_paths_may_be_left_out() -> None:
    paths = DOCUMENT["codes"]["paths"]
    for count in range(len(paths) + 1):
        for kept in combinations(paths, count):
            document = {**DOCUMENT, "codes": {**DOCUMENT["codes"], "paths": list(kept)}}
            assert refusal_of(document, CHAIN) is None
            assert entry_of(document) == MADE.entry.hex()


def test_i4_the_multiproof_may_be_formed_again_for_fewer_items() -> None:
    indices = DOCUMENT["fields"]["indices"]
    act = indices.index(MADE.field_places[TEXTS["sealtrail:act"]])
    for count in range(1, len(indices) + 1):
        for kept in combinations(range(len(indices)), count):
            document = fewer_items(DOCUMENT, list(kept))
            assert document["fields"]["siblings"] == [
                one.hex() for one in MADE.fields.multiproof(document["fields"]["indices"])
            ]
            wanted = None if act in kept else "act_missing"
            assert refusal_of(document, CHAIN) == wanted
            if wanted is None:
                assert entry_of(document) == MADE.entry.hex()


def test_i4_the_multiproof_of_fewer_items_is_bound_too() -> None:
    indices = DOCUMENT["fields"]["indices"]
    act = indices.index(MADE.field_places[TEXTS["sealtrail:act"]])
    document = fewer_items(DOCUMENT, [act])
    for place, one in mutations(document):
        if place[:1] == ("fields",):
            assert refusal_of(one, CHAIN) is not None


# --- sets

OTHER = plain.commit(EVENT | {"bizStep": "receiving"}, {}, secret=secret("another"))
ONE, TWO = seal_together([MADE, OTHER])
HALVES = [ONE.document(codes=[text]) for text in MADE.code_places]
BUNDLES = [*HALVES, TWO.document(codes=[])]
SET_EDITS = [list(edits(bundle)) for bundle in BUNDLES]
SET_CHAIN = chain_of(ONE.anchor)


def test_i4_bundles_may_be_left_out_of_a_set_which_has_no_order() -> None:
    for count in range(1, 4):
        for kept in permutations(BUNDLES, count):
            assert code_of(together(*kept), SET_CHAIN) is None
    assert code_of(together(), SET_CHAIN) == "bundle_shape"


def test_i4_a_bundle_twice_in_a_set_is_refused() -> None:
    for bundle in BUNDLES:
        assert code_of(together(*BUNDLES, bundle), SET_CHAIN) == "entry_repeated"
        less = {**bundle, "codes": {**bundle["codes"], "paths": []}}
        assert code_of(together(*BUNDLES, less), SET_CHAIN) == "entry_repeated"


@given(st.integers(0, 2), st.data())
@settings(max_examples=60)
def test_i4_one_changed_bundle_refuses_the_set(which: int, data: st.DataObject) -> None:
    bundles = list(BUNDLES)
    bundles[which] = changed(bundles[which], *data.draw(st.sampled_from(SET_EDITS[which])))
    if not leaves_out_codes(bundles[which], BUNDLES[which]):
        assert code_of(together(*bundles), SET_CHAIN) is not None


@pytest.mark.parametrize("place", ["format", "bundles"])
def test_i4_every_change_of_the_frame_of_a_set_is_refused(place: str) -> None:
    document = {"format": "sealtrail/proofs/v1", "bundles": BUNDLES}
    for value in (None, 0, "", "sealtrail/proof/v1", [], {}, [BUNDLES], BUNDLES[0], "x", [None]):
        assert refusal_of({**document, place: value}, SET_CHAIN) is not None
    assert refusal_of({**document, "hints": {}}, SET_CHAIN) == "bundle_shape"
    assert refusal_of({"format": "sealtrail/proofs/v1"}, SET_CHAIN) == "bundle_shape"


# --- another event, participant, place


def test_i4_parts_of_two_bundles_do_not_mix() -> None:
    """Every member of one bundle put into another of the same participant, batch and chain."""
    one, two = ONE.document(), TWO.document()
    for name in one:
        mixed = {**one, name: two[name]}
        accepted = refusal_of(mixed, SET_CHAIN) is None
        assert accepted == same(one[name], two[name]), name
