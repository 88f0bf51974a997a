"""Building a tree from leaf hashes, beside two libraries."""

import os
from collections.abc import Iterator

from benchmarks.rows import Row, paired, seconds
from blockcerts_merkletools import MerkleTools
from pymerkle import InmemoryTree

from anchoring.core import merkle

NAME = "tree.build.1048576"
ROUNDS = 5


def rows(*, quick: bool) -> Iterator[Row]:
    rounds = 1 if quick else ROUNDS
    size = 1 << (12 if quick else 20)
    leaves = os.urandom(32 * size)
    split = [leaves[at : at + 32] for at in range(0, len(leaves), 32)]
    workload = f"{size} leaf hashes"
    yield paired(
        NAME,
        "s",
        [(_ours(leaves), _merkletools(split)) for _ in range(rounds)],
        peer="blockcerts-merkletools",
        workload=workload,
    )
    yield paired(
        NAME,
        "s",
        [(_ours(leaves), _pymerkle(split)) for _ in range(rounds)],
        peer="pymerkle",
        workload=workload + " (the peer hashes its entries too)",
    )


def _ours(leaves: bytes) -> float:
    return seconds(lambda: merkle.build_levels(leaves))


def _merkletools(leaves: list[bytes]) -> float:
    tree = MerkleTools("sha256")
    tree.leaves = list(leaves)
    taken = seconds(tree.make_tree)
    assert bytes.fromhex(tree.get_merkle_root()) == merkle.build_levels(b"".join(leaves))[-1]
    return taken


def _pymerkle(leaves: list[bytes]) -> float:
    tree = InmemoryTree(algorithm="sha256")

    def build() -> None:
        for leaf in leaves:
            tree.append_entry(leaf)
        tree.get_state()

    return seconds(build)
