"""The codes tree against a plain dict of all its nodes."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoring.core import merkle, streams
from anchoring.core.codes import (
    CODES_MAX,
    POSITIONS,
    build_codes,
    build_codes_tree,
    root_from_code_path,
)
from anchoring.errors import EventFormError, ProofShapeError
from scripts.vectors import plain
from tests.anchoring.core.published import load
from tests.anchoring.core.strategies import CODES, SECRET

PUBLISHED = load("codes.json")
KEY = bytes.fromhex(PUBLISHED["subSecret"])
LISTS = st.dictionaries(st.sampled_from(plain.CODE_LISTS), CODES)


def serials(count: int) -> list[str]:
    return [f"https://id.gs1.org/01/09506000134352/21/{number:06}" for number in range(count)]


def plain_tree(event: dict[str, Any], key: bytes) -> tuple[plain.SparseTree, list[int]]:
    items = plain.code_items(event)
    salts = plain.cut(plain.stream("salts", key, 16 * len(items)), 16)
    spots = plain.positions(key, len(items))
    leaves = {
        at: plain.leaf(plain.entry_of(plain.disclosure(salt, *item)))
        for at, salt, item in zip(spots, salts, items, strict=True)
    }
    return plain.SparseTree.over(leaves, key), spots


def test_the_published_sub_secret() -> None:
    assert streams.codes_secret(bytes.fromhex(PUBLISHED["secret"])) == KEY


def test_no_codes_are_one_value_of_the_empty_stream() -> None:
    tree = build_codes({}, sub_secret=KEY)
    assert tree.root.hex() == PUBLISHED["none"]["root"]
    assert tree.root == plain.stream("empty", KEY, 32)


def test_the_published_tree() -> None:
    some = PUBLISHED["some"]
    tree = build_codes(some["lists"], sub_secret=KEY)
    assert tree.root.hex() == some["root"]
    assert list(tree.positions) == [item["position"] for item in some["items"]]
    for code, item in zip(tree.codes, some["items"], strict=True):
        assert tree.disclosure(code) == item["disclosure"]
    for path in some["paths"]:
        assert [one.hex() for one in tree.path(path["index"])] == path["siblings"]


def test_a_position_that_is_taken_is_drawn_again() -> None:
    taken = PUBLISHED["taken"]
    key = bytes.fromhex(taken["subSecret"])
    tree = build_codes({"epcList": taken["epcList"]}, sub_secret=key)
    assert len(set(taken["drawn"])) < len(taken["drawn"])
    assert list(tree.positions) == taken["positions"]
    assert len(set(tree.positions)) == len(taken["epcList"])
    assert tree.root.hex() == taken["root"]


@given(LISTS, SECRET)
def test_any_codes_have_the_plain_tree(event: dict[str, Any], key: bytes) -> None:
    ours = build_codes(event, sub_secret=key)
    theirs, spots = plain_tree(event, key)
    assert ours.root == theirs.root
    assert list(ours.positions) == spots
    for position in spots:
        assert ours.path(position) == theirs.path(position)


@pytest.mark.parametrize("count", [300, 2000])
def test_many_codes_have_the_plain_tree(count: int) -> None:
    event = {"epcList": serials(count)}
    ours = build_codes(event, sub_secret=KEY)
    theirs, spots = plain_tree(event, KEY)
    assert (ours.root, list(ours.positions)) == (theirs.root, spots)
    for position in spots[::37]:
        assert ours.path(position) == theirs.path(position)


def test_neighbours_are_each_others_sibling() -> None:
    """Then no empty node is drawn for them; one secret in 25 gives 300 codes such a pair."""
    key = next(
        key
        for key in (plain.sha(b"neighbours" + bytes([number])) for number in range(256))
        if any(at ^ 1 in spots for spots in [set(streams.positions(key, 300))] for at in spots)
    )
    event = {"epcList": serials(300)}
    ours = build_codes(event, sub_secret=key)
    theirs, spots = plain_tree(event, key)
    pair = [position for position in spots if position ^ 1 in spots]
    assert ours.root == theirs.root
    assert len(pair) >= 2
    for position in pair:
        neighbour = next(code for code in ours.codes if ours.position(code) == position ^ 1)
        leaf = merkle.leaf_hash(plain.entry_of(ours.disclosure(neighbour)))
        assert ours.path(position)[0] == leaf


@given(st.integers(1, 40), SECRET, st.data())
@settings(max_examples=30)
def test_a_code_is_accepted_at_its_own_position_only(
    count: int, key: bytes, data: st.DataObject
) -> None:
    tree = build_codes({"epcList": serials(count)}, sub_secret=key)
    code = data.draw(st.sampled_from(list(tree.codes)))
    entry, position = plain.entry_of(tree.disclosure(code)), tree.position(code)
    siblings = tree.path(position)
    assert root_from_code_path(entry, position, siblings) == tree.root
    other = data.draw(st.integers(0, POSITIONS - 1))
    assert (root_from_code_path(entry, other, siblings) == tree.root) == (other == position)


@pytest.mark.parametrize("length", [0, 19, 21])
def test_a_path_has_20_siblings(length: int) -> None:
    with pytest.raises(ProofShapeError):
        root_from_code_path(bytes(32), 0, [bytes(32)] * length)


@pytest.mark.parametrize("position", [-1, POSITIONS])
def test_a_position_lies_below_2_to_20(position: int) -> None:
    with pytest.raises(ProofShapeError):
        root_from_code_path(bytes(32), position, [bytes(32)] * 20)


def test_pooled_paths_show_no_order() -> None:
    """Ranks of positions against ranks of codes: Spearman's coefficient is near zero."""
    for number in range(5):
        key = plain.sha(b"pooled" + bytes([number]))
        positions = list(build_codes({"epcList": serials(400)}, sub_secret=key).positions)
        assert positions != sorted(positions)
        ranks = {position: rank for rank, position in enumerate(sorted(positions))}
        squares = sum((rank - ranks[at]) ** 2 for rank, at in enumerate(positions))
        assert abs(1 - 6 * squares / (400 * (400**2 - 1))) < 0.2  # four standard deviations


def test_pooled_paths_show_no_count() -> None:
    """A path holds 20 hashes whatever the number of codes, and no value twice among its own."""
    for count in (1, 2, 50, 1000):
        tree = build_codes({"epcList": serials(count)}, sub_secret=KEY)
        paths = [tree.path(position) for position in tree.positions[:50]]
        assert {len(path) for path in paths} == {20}
        assert all(len(set(path)) == 20 for path in paths)


def test_the_order_of_the_list_and_repetitions_do_not_matter() -> None:
    codes = serials(30)
    shuffled = [*codes, *codes[:7]]
    Random(1).shuffle(shuffled)
    roots = {build_codes({"epcList": one}, sub_secret=KEY).root for one in (codes, shuffled)}
    assert len(roots) == 1


def test_too_many_codes_are_refused() -> None:
    with pytest.raises(EventFormError) as refusal:
        build_codes_tree([("epcList", "x")] * (CODES_MAX + 1), sub_secret=KEY)
    assert refusal.value.code == "too_many_codes"


def test_a_code_that_is_too_long_is_refused() -> None:
    with pytest.raises(EventFormError) as refusal:
        build_codes({"epcList": ["x" * 16_384]}, sub_secret=KEY)
    assert refusal.value.code == "disclosure_too_long"


def test_a_code_that_the_event_does_not_name_has_no_path() -> None:
    tree = build_codes({"epcList": serials(1)}, sub_secret=KEY)
    with pytest.raises(KeyError):
        tree.disclosure(("epcList", "another"))
    with pytest.raises(KeyError):
        tree.position(("childEPCs", serials(1)[0]))
    with pytest.raises(ProofShapeError):
        tree.path(tree.positions[0] ^ 2)
