"""Trees against RFC 9162's recursive definition and a plain dict of nodes."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring.core import merkle
from anchoring.errors import ProofShapeError
from scripts.vectors.plain import Tree
from tests.anchoring.core.published import load

HASH = st.binary(min_size=32, max_size=32)
LEAVES = st.lists(HASH, min_size=1, max_size=70)
POWER = st.sampled_from([1, 2, 4, 16, 32, 64])


def recursive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162 section 2.1.1, with our leaf and node rules."""
    if len(leaves) == 1:
        return leaves[0]
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    return sha256(recursive_root(leaves[:left]) + recursive_root(leaves[left:])).digest()


def recursive_path(leaves: list[bytes], index: int) -> list[bytes]:
    """PATH of RFC 9162 section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    if index < left:
        return [*recursive_path(leaves[:left], index), recursive_root(leaves[left:])]
    return [*recursive_path(leaves[left:], index - left), recursive_root(leaves[:left])]


def accepted(leaf: bytes, path: list[bytes], index: int, leaves: list[bytes]) -> bool:
    try:
        root = merkle.root_from_path(leaf, path, index=index, size=len(leaves))
    except ProofShapeError:
        return False
    return root == recursive_root(leaves)


def test_the_rules_are_the_ones_published() -> None:
    assert merkle.leaf_hash(b"e" * 32) == sha256(b"\x00" + b"e" * 32).digest()
    assert merkle.node_hash(b"l" * 32, b"r" * 32) == sha256(b"l" * 32 + b"r" * 32).digest()


@given(LEAVES)
def test_the_root_is_that_of_the_recursive_definition(leaves: list[bytes]) -> None:
    levels = merkle.build_levels(b"".join(leaves))
    assert merkle.tree_root(levels) == recursive_root(leaves)
    assert levels[0] == b"".join(leaves)


@given(LEAVES, st.data())
def test_a_path_is_that_of_the_recursive_definition(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = merkle.path(merkle.build_levels(b"".join(leaves)), index)
    assert path == recursive_path(leaves, index)
    assert len(path) == merkle.path_length(index, len(leaves))
    assert accepted(leaves[index], path, index, leaves)


@given(st.lists(HASH, min_size=1, max_size=40, unique=True), st.data())
def test_a_leaf_is_accepted_at_its_own_index_only(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    claimed = data.draw(st.integers(-2, len(leaves) + 2))
    path = recursive_path(leaves, index)
    assert accepted(leaves[index], path, claimed, leaves) == (claimed == index)


@given(LEAVES, st.data())
def test_one_flipped_bit_anywhere_is_refused(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    nodes = [leaves[index], *recursive_path(leaves, index)]
    target, bit = data.draw(st.integers(0, len(nodes) - 1)), data.draw(st.integers(0, 255))
    nodes[target] = (int.from_bytes(nodes[target]) ^ 1 << bit).to_bytes(32)
    assert not accepted(nodes[0], nodes[1:], index, leaves)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 2**20, 2**53 - 1])
@pytest.mark.parametrize("change", [-1, 1])
def test_a_path_of_another_length_is_refused(size: int, change: int) -> None:
    for index in {0, size // 2, size - 1}:
        length = merkle.path_length(index, size) + change
        if length < 0:
            continue
        with pytest.raises(ProofShapeError) as refusal:
            merkle.root_from_path(b"l" * 32, [b"s" * 32] * length, index=index, size=size)
        assert refusal.value.code == "proof_shape"


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_a_sibling_that_is_not_32_bytes_is_refused(length: int) -> None:
    with pytest.raises(ProofShapeError):
        merkle.root_from_path(b"l" * 32, [b"s" * length], index=0, size=2)
    with pytest.raises(ProofShapeError):
        merkle.root_from_multiproof([b"l" * 32], [0], [b"s" * length], size=2)
    with pytest.raises(ProofShapeError):
        merkle.leaf_hash(b"e" * length)


def test_one_path_can_fit_two_sizes_so_the_size_comes_from_the_anchor() -> None:
    leaves = [sha256(bytes([number])).digest() for number in range(5)]
    path = recursive_path(leaves, 4)
    roots = {
        merkle.root_from_path(leaves[4], path, index=index, size=size)
        for index, size in ((4, 5), (1, 2))
    }
    assert len(roots) == 1


@given(POWER, st.data())
def test_a_multiproof_is_that_of_the_plain_tree(size: int, data: st.DataObject) -> None:
    entries = [sha256(bytes([number])).digest() for number in range(size)]
    indices = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1)))
    plain = Tree.over(entries)
    levels = merkle.build_levels(merkle.leaf_hashes(entries))
    siblings = merkle.multiproof(levels, indices)
    assert siblings == plain.multiproof(indices)
    leaves = [plain.levels[0][index] for index in indices]
    assert merkle.root_from_multiproof(leaves, indices, siblings, size=size) == plain.root


@given(POWER, st.data())
def test_a_changed_multiproof_is_refused(size: int, data: st.DataObject) -> None:
    entries = [sha256(bytes([number])).digest() for number in range(size)]
    indices = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1)))
    plain = Tree.over(entries)
    leaves, siblings = [plain.levels[0][index] for index in indices], plain.multiproof(indices)
    nodes = [*leaves, *siblings]
    target, bit = data.draw(st.integers(0, len(nodes) - 1)), data.draw(st.integers(0, 255))
    nodes[target] = (int.from_bytes(nodes[target]) ^ 1 << bit).to_bytes(32)
    split = len(leaves)
    changed = merkle.root_from_multiproof(nodes[:split], indices, nodes[split:], size=size)
    assert changed != plain.root
    with pytest.raises(ProofShapeError):
        merkle.root_from_multiproof(leaves, indices, [*siblings, b"s" * 32], size=size)
    if siblings:
        with pytest.raises(ProofShapeError):
            merkle.root_from_multiproof(leaves, indices, siblings[:-1], size=size)


@pytest.mark.parametrize(
    ("indices", "size"),
    [([], 4), ([1, 0], 4), ([1, 1], 4), ([4], 4), ([-1], 4), ([0], 3), ([0], 0)],
)
def test_indices_out_of_order_or_range_are_refused(indices: list[int], size: int) -> None:
    with pytest.raises(ProofShapeError):
        merkle.root_from_multiproof([b"l" * 32] * len(indices), indices, [b"s" * 32] * 9, size=size)


@pytest.mark.parametrize("leaves", [b"", b"x" * 31, b"x" * 33])
def test_a_tree_of_no_or_cut_leaves_is_refused(leaves: bytes) -> None:
    with pytest.raises(ProofShapeError):
        merkle.build_levels(leaves)


@pytest.mark.parametrize("tree", load("batch.json")["trees"], ids=lambda t: str(len(t["entries"])))
def test_published_trees(tree: dict) -> None:
    entries = [bytes.fromhex(entry) for entry in tree["entries"]]
    levels = merkle.build_levels(merkle.leaf_hashes(entries))
    assert merkle.tree_root(levels).hex() == tree["root"]
    for index, path in enumerate(tree["paths"]):
        assert [one.hex() for one in merkle.path(levels, index)] == path
    with pytest.raises(ProofShapeError):
        merkle.path(levels, len(entries))
