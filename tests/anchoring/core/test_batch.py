"""Batches: sorted, padded, and decoys that their owner can open."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring.core import merkle
from anchoring.core.batch import Batch, check_entries, decoy_entry, padded_size
from anchoring.errors import FormatError
from scripts.vectors import plain
from tests.anchoring.core.published import load

PUBLISHED = load("batch.json")
ENTRIES = st.sets(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


@pytest.mark.parametrize("case", PUBLISHED["decoys"], ids=lambda case: case["nonce"][:8])
def test_a_published_decoy(case: dict[str, Any]) -> None:
    assert decoy_entry(bytes.fromhex(case["nonce"])).hex() == case["entry"]
    assert plain.sha(case["text"].encode()).hex() == case["entry"]


@pytest.mark.parametrize("tree", PUBLISHED["trees"], ids=lambda t: str(len(t["entries"])))
def test_a_published_batch(tree: dict[str, Any]) -> None:
    entries = [bytes.fromhex(entry) for entry in tree["entries"]]
    batch = Batch.build(reversed(entries))
    assert list(batch.entries) == entries
    assert (batch.root.hex(), batch.size) == (tree["root"], len(entries))
    for entry, path in zip(entries, tree["paths"], strict=True):
        assert [one.hex() for one in batch.path(batch.index_of(entry))] == path


@pytest.mark.parametrize("case", PUBLISHED["padding"], ids=str)
def test_published_sizes(case: dict[str, Any]) -> None:
    assert padded_size(case["events"], case["padding"]) == case["size"]


@pytest.mark.parametrize("case", PUBLISHED["refused"], ids=str)
def test_sizes_that_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(FormatError) as refusal:
        padded_size(case["events"], case["padding"])
    assert refusal.value.code == case["code"]


@given(st.integers(0, 2**20))
def test_a_power_of_two_holds_the_events(count: int) -> None:
    size = padded_size(count, "pow2")
    assert size >= max(16, count)
    assert size & (size - 1) == 0
    assert size == 16 or size < 2 * count


def test_more_than_2_to_20_entries_are_refused() -> None:
    for padding in ("pow2", "none"):
        assert padded_size(2**20, padding) == 2**20
        with pytest.raises(FormatError):
            padded_size(2**20 + 1, padding)


@given(ENTRIES)
def test_every_entry_is_found_with_a_path_to_the_root(entries: set[bytes]) -> None:
    batch = Batch.build(entries)
    assert list(batch.entries) == sorted(entries)
    for entry in entries:
        index = batch.index_of(entry)
        leaf, path = merkle.leaf_hash(entry), batch.path(index)
        assert merkle.root_from_path(leaf, path, index=index, size=batch.size) == batch.root
    assert plain.Tree.over(sorted(entries)).root == batch.root


@given(ENTRIES, st.binary(min_size=32, max_size=32))
def test_an_entry_that_is_absent_is_not_found(entries: set[bytes], other: bytes) -> None:
    batch = Batch.build(entries - {other} or {bytes(32)})
    if other not in batch.entries:
        with pytest.raises(KeyError):
            batch.index_of(other)


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [b"b" * 32, b"a" * 32],
        [b"a" * 32, b"a" * 32],
        [b"a" * 31],
        [b"a" * 33],
        [b"a" * 32, b""],
    ],
)
def test_a_list_that_is_not_strictly_ascending_is_refused(entries: list[bytes]) -> None:
    with pytest.raises(FormatError) as refusal:
        check_entries(entries)
    assert refusal.value.code == "batch_entries"


def test_an_entry_twice_is_no_batch() -> None:
    with pytest.raises(FormatError):
        Batch.build([b"a" * 32, b"b" * 32, b"a" * 32])
