"""A second opinion on an inclusion path, from code that is not ours: stock merkletools.

Our trees are built so that merkletools (here its maintained release, `blockcerts-merkletools`)
computes the same roots and accepts the same paths. That lets a party check a path with none of our
code. It is NOT a verifier: `validate_proof` knows neither index nor size, takes siblings of any
length, and would accept an inner node in place of a leaf. So a "yes" here adds nothing to what
`anchoring.core` has refused, and nothing in the trust path may call this module; a "no" where
`anchoring.core` says yes means that one of the two is wrong, and is worth an alarm.
"""

from collections.abc import Sequence

from blockcerts_merkletools import MerkleTools  # type: ignore[import-untyped]

from anchoring.core.merkle import path_length
from anchoring.errors import ProofShapeError


def stock_path(path: Sequence[bytes], *, index: int, size: int) -> list[dict[str, str]]:
    """Return `path` in the form of merkletools: `{"left": hex}` or `{"right": hex}` per sibling.

    Args:
        path: Sibling hashes, leaf side first.
        index: Zero-based position of the leaf.
        size: Number of leaves, from the anchor.

    Raises:
        ProofShapeError: `index` is not in a tree of `size` leaves, or no path there has this
            length: merkletools could not notice, and the sides would mean nothing.
    """
    if not 0 <= index < size:
        raise ProofShapeError(f"index {index} is not in a tree of {size} leaves")
    if len(path) != path_length(index, size):
        raise ProofShapeError(f"({index}, {size}) needs {path_length(index, size)} hashes")
    siblings = iter(path)
    steps: list[dict[str, str]] = []
    last = size - 1
    while last:
        if index & 1:
            steps.append({"left": next(siblings).hex()})
        elif index < last:
            steps.append({"right": next(siblings).hex()})
        index, last = index >> 1, last >> 1
    return steps


def stock_accepts(leaf: bytes, path: Sequence[bytes], index: int, size: int, root: bytes) -> bool:
    """Tell whether stock merkletools accepts an inclusion path.

    Args:
        leaf: Leaf hash, 32 bytes, made by `anchoring.core.merkle.leaf_hash` from an entry that the
            caller recomputed; never one out of a bundle.
        path: Sibling hashes, leaf side first.
        index: Zero-based position of the leaf.
        size: Number of leaves, from the anchor.
        root: Anchored root, 32 bytes.

    Raises:
        ProofShapeError: no path of this (index, size) has this length.
    """
    steps = stock_path(path, index=index, size=size)
    return bool(MerkleTools().validate_proof(steps, leaf.hex(), root.hex()))
