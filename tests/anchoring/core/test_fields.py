"""The fields tree against the plain one, byte for byte."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring.core import merkle, streams
from anchoring.core.fields import build_fields, fields_size
from anchoring.errors import EventFormError
from scripts.vectors import plain
from tests.anchoring.core.published import load
from tests.anchoring.core.strategies import DERIVED, EVENT, SECRET

PUBLISHED = load("fields.json")


def test_the_published_tree() -> None:
    key = streams.fields_secret(bytes.fromhex(PUBLISHED["secret"]))
    assert key.hex() == PUBLISHED["subSecret"]
    tree = build_fields(PUBLISHED["event"], PUBLISHED["derived"], sub_secret=key)
    assert (tree.size, tree.root.hex()) == (PUBLISHED["size"], PUBLISHED["root"])
    assert list(tree.paths) == [item["path"] for item in PUBLISHED["items"]]
    assert list(tree.disclosures) == [item["disclosure"] for item in PUBLISHED["items"]]
    assert [entry.hex() for entry in tree.entries] == [i["entry"] for i in PUBLISHED["items"]]
    salts, decoys = streams.salts_and_decoys(key, len(tree.paths), 16 - len(tree.paths))
    assert [salt.hex() for salt in salts] == [item["salt"] for item in PUBLISHED["items"]]
    assert [decoy.hex() for decoy in decoys] == PUBLISHED["decoys"]
    leaves = merkle.leaf_hashes([bytes.fromhex(entry) for entry in PUBLISHED["entries"]])
    assert tree.levels[0] == leaves
    assert PUBLISHED["entries"] == sorted(PUBLISHED["entries"])
    for item in PUBLISHED["items"]:
        assert tree.select([item["path"]])[0] == [item["index"]]


@pytest.mark.parametrize("case", PUBLISHED["multiproofs"], ids=lambda case: str(case["indices"]))
def test_published_multiproofs(case: dict[str, Any]) -> None:
    entries = [bytes.fromhex(entry) for entry in PUBLISHED["entries"]]
    levels = merkle.build_levels(merkle.leaf_hashes(entries))
    siblings = merkle.multiproof(levels, case["indices"])
    assert [one.hex() for one in siblings] == case["siblings"]
    leaves = [merkle.leaf_hash(entries[index]) for index in case["indices"]]
    root = merkle.root_from_multiproof(leaves, case["indices"], siblings, size=16)
    assert root.hex() == PUBLISHED["root"]


@given(EVENT, DERIVED, SECRET)
def test_any_event_has_the_plain_tree(
    event: dict[str, Any], derived: dict[str, str], secret: bytes
) -> None:
    ours = build_fields(event, derived, sub_secret=streams.fields_secret(secret))
    theirs = plain.commit(event, derived, secret=secret)
    assert (ours.size, ours.root) == (theirs.size, theirs.fields.root)
    assert set(ours.disclosures) == theirs.field_places.keys()


@given(EVENT, SECRET, st.data())
def test_a_selection_has_the_plain_multiproof(
    event: dict[str, Any], secret: bytes, data: st.DataObject
) -> None:
    ours = build_fields(event, {}, sub_secret=streams.fields_secret(secret))
    theirs = plain.commit(event, {}, secret=secret)
    chosen = data.draw(st.lists(st.sampled_from(list(ours.paths)), min_size=1))
    indices, disclosures, siblings = ours.select(chosen)
    assert {theirs.field_places[text] for text in disclosures} == set(indices)
    assert [theirs.field_places[text] for text in disclosures] == indices == sorted(set(indices))
    assert siblings == theirs.fields.multiproof(indices)


@pytest.mark.parametrize(
    ("count", "size"),
    [(1, 16), (16, 16), (17, 32), (32, 32), (33, 64), (4097, 8192), (65_536, 65_536)],
)
def test_decoys_fill_up_to_the_next_power_of_two(count: int, size: int) -> None:
    assert fields_size(count) == size


@pytest.mark.parametrize("count", [2, 15, 16, 17, 40])
def test_the_tree_shows_its_size_and_not_its_count(count: int) -> None:
    event = {"type": "ObjectEvent"} | {f"ex:{number}": number for number in range(count - 2)}
    tree = build_fields(event, {}, sub_secret=bytes(32))
    assert len(tree.paths) == count
    assert len(tree.levels[0]) == 32 * tree.size
    decoys = set(plain.cut(tree.levels[0], 32)) - {plain.leaf(one) for one in tree.entries}
    assert len(decoys) == tree.size - count


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(EventFormError) as refusal:
        fields_size(65_537)
    assert refusal.value.code == "too_many_fields"


def test_a_path_that_the_event_lacks_is_not_selected() -> None:
    tree = build_fields({"type": "ObjectEvent"}, {}, sub_secret=bytes(32))
    with pytest.raises(KeyError):
        tree.select(["$['ex:a']"])


def test_items_stand_in_the_order_of_path_then_value_text() -> None:
    event = {"type": "T", "b": 1, "a": {"z": 1, "\U0001f48a": 2, "\uffff": 3, "A": 4}}
    tree = build_fields(event, {"sealtrail:a": "x"}, sub_secret=bytes(32))
    assert [path.encode() for path in tree.paths] == sorted(path.encode() for path in tree.paths)


@given(SECRET)
def test_places_do_not_follow_the_order_of_items(secret: bytes) -> None:
    """Not for one secret, of course; ten fields in order under four of them is no accident."""
    event = {"type": "T"} | {f"ex:{number}": number for number in range(8)}
    in_order = 0
    for number in range(4):
        key = plain.sha(secret + bytes([number]))
        tree = build_fields(event, {}, sub_secret=key)
        places = [tree.select([path])[0][0] for path in tree.paths]
        in_order += places == sorted(places)
    assert in_order < 4
