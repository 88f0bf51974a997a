"""Merkle trees over 32-byte entries: one leaf rule, one node rule, RFC 9162's shape.

    leaf(entry) = SHA-256(0x00 || entry)
    node(l, r)  = SHA-256(l || r)

Nodes carry no prefix on purpose: roots and paths are then exactly those of merkletools. Leaf
preimages are 33 bytes and node preimages 64, so neither can stand for the other.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import pairwise
from struct import iter_unpack

from anchoring.errors import ProofShapeError

HASH_SIZE = 32
_LEAF_PREFIX = b"\x00"


def leaf_hash(entry: bytes) -> bytes:
    """Return the leaf of one entry.

    Args:
        entry: Exactly 32 bytes.

    Raises:
        ProofShapeError: the entry is not 32 bytes.
    """
    if len(entry) != HASH_SIZE:
        raise ProofShapeError(f"an entry is {HASH_SIZE} bytes, not {len(entry)}")
    return sha256(_LEAF_PREFIX + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> bytes:
    """Return the leaves of many entries, concatenated (32 bytes each, in the given order)."""
    known = list(entries)
    if not {HASH_SIZE}.issuperset(map(len, known)):
        raise ProofShapeError(f"an entry is {HASH_SIZE} bytes")
    return b"".join([sha256(_LEAF_PREFIX + entry).digest() for entry in known])


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the parent of two nodes; the caller guarantees 32 bytes each."""
    return sha256(left + right).digest()


def build_levels(leaves: bytes) -> list[bytes]:
    """Return all levels of the tree, leaves first; an odd last node is promoted unchanged.

    Args:
        leaves: The leaf hashes, concatenated; at least one.

    Returns:
        Level k as concatenated 32-byte nodes; the last level is the root alone.

    Raises:
        ProofShapeError: there is no leaf, or the length is not a multiple of 32.

    Cost: one SHA-256 call per inner node, 32 bytes of memory per node.
    """
    if not leaves or len(leaves) % HASH_SIZE:
        raise ProofShapeError("a tree has at least one leaf, 32 bytes each")
    levels = [leaves]
    while len(levels[-1]) > HASH_SIZE:
        below = levels[-1]
        paired = len(below) // (2 * HASH_SIZE) * (2 * HASH_SIZE)
        pairs = iter_unpack("64s", below[:paired])
        levels.append(b"".join([sha256(pair).digest() for (pair,) in pairs]) + below[paired:])
    return levels


def tree_root(levels: Sequence[bytes]) -> bytes:
    """Return the root of a tree made by `build_levels`."""
    return levels[-1]


def node_at(level: bytes, index: int) -> bytes:
    """Return node `index` (zero-based) of one level."""
    return level[index * HASH_SIZE : (index + 1) * HASH_SIZE]


def path(levels: Sequence[bytes], index: int) -> list[bytes]:
    """Return the inclusion path of leaf `index`: sibling hashes, leaf side first.

    Raises:
        ProofShapeError: there is no such leaf.
    """
    if not 0 <= index < len(levels[0]) // HASH_SIZE:
        raise ProofShapeError(f"index {index} is not in a tree of this size")
    siblings = []
    for level in levels[:-1]:
        sibling = node_at(level, index ^ 1)
        if sibling:  # an odd last node has none and is promoted
            siblings.append(sibling)
        index >>= 1
    return siblings


def path_length(index: int, size: int) -> int:
    """Return the only length that a path for (`index`, `size`) can have."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def root_from_path(leaf: bytes, path: Sequence[bytes], *, index: int, size: int) -> bytes:
    """Return the root that `path` implies for `leaf`; the caller compares it with the anchor.

    Args:
        leaf: Leaf hash, exactly 32 bytes, made by `leaf_hash` from a recomputed entry.
        path: Sibling hashes, 32 bytes each, leaf side first; empty if `size == 1`.
        index: Zero-based position of the leaf, `0 <= index < size`.
        size: Number of leaves (a count). MUST come from the anchor, never from the bundle: one
            path can fit two sizes, e.g. (index 4, size 5) and (index 1, size 2).

    Raises:
        ProofShapeError: a hash is not 32 bytes, `index` is out of range, or the length is not
            the only one possible for (`index`, `size`). Checked before anything is hashed.

    Cost: len(path) <= ceil(log2(size)) SHA-256 calls.
    Source: RFC 9162 section 2.1.3.2 (shape); nodes un-prefixed, see the module's docstring.
    """
    if not 0 <= index < size:
        raise ProofShapeError(f"index {index} is not in a tree of {size} leaves")
    if any(len(node) != HASH_SIZE for node in (leaf, *path)):
        raise ProofShapeError(f"every hash must be {HASH_SIZE} bytes")
    inner = (index ^ (size - 1)).bit_length()  # levels below where leaf and right edge part ways
    if len(path) != path_length(index, size):
        raise ProofShapeError(
            f"({index}, {size}) needs {path_length(index, size)} hashes, got {len(path)}"
        )
    node = leaf
    for level, sibling in enumerate(path):
        node_is_left = level < inner and not index >> level & 1
        node = node_hash(node, sibling) if node_is_left else node_hash(sibling, node)
    return node


def multiproof(levels: Sequence[bytes], indices: Sequence[int]) -> list[bytes]:
    """Return the siblings that prove several leaves of a tree at once.

    Args:
        levels: From `build_levels`; the number of leaves is a power of two.
        indices: Zero-based, strictly ascending, at least one.

    Returns:
        The missing partners, level by level from the leaves, left to right.
    """
    known = list(indices)
    siblings = []
    for level in levels[:-1]:
        present = set(known)
        siblings += [node_at(level, i ^ 1) for i in known if i ^ 1 not in present]
        known = sorted({i >> 1 for i in known})
    return siblings


def root_from_multiproof(
    leaves: Sequence[bytes], indices: Sequence[int], siblings: Sequence[bytes], *, size: int
) -> bytes:
    """Return the root that a multiproof implies.

    Args:
        leaves: Leaf hashes in the order of `indices`, at least one.
        indices: Zero-based, strictly ascending, all below `size`.
        siblings: 32 bytes each, in the order of `multiproof`; all must be consumed.
        size: Number of leaves, a power of two.

    Raises:
        ProofShapeError: indices are not strictly ascending or out of range, a hash is not 32
            bytes, or there are too few or too many siblings.
    """
    if size < 1 or size & (size - 1):
        raise ProofShapeError(f"{size} is not a power of two")
    ascending = all(a < b for a, b in pairwise(indices))
    if not indices or not ascending or indices[0] < 0 or indices[-1] >= size:
        raise ProofShapeError("indices must be strictly ascending and inside the tree")
    if len(leaves) != len(indices) or any(len(n) != HASH_SIZE for n in (*leaves, *siblings)):
        raise ProofShapeError(f"one leaf per index, every hash {HASH_SIZE} bytes")
    known = list(zip(indices, leaves, strict=True))
    rest = iter(siblings)
    for _ in range(size.bit_length() - 1):
        known = _parents(known, rest)
    if next(rest, None) is not None:
        raise ProofShapeError("more siblings than the tree has room for")
    return known[0][1]


def _parents(known: list[tuple[int, bytes]], rest: Iterable[bytes]) -> list[tuple[int, bytes]]:
    """Return one level up; only a missing partner is read from `rest`."""
    source = iter(rest)
    parents: list[tuple[int, bytes]] = []
    at = 0
    while at < len(known):
        index, node = known[at]
        at += 1
        if not index & 1 and at < len(known) and known[at][0] == index + 1:
            parents.append((index >> 1, node_hash(node, known[at][1])))
            at += 1
            continue
        sibling = next(source, None)
        if sibling is None:
            raise ProofShapeError("a sibling is missing")
        pair = (sibling, node) if index & 1 else (node, sibling)
        parents.append((index >> 1, node_hash(*pair)))
    return parents
