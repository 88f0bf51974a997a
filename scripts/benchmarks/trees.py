"""Trees and commits: no database, no network."""

import base64
import hashlib
import os
from collections.abc import Iterator

import rfc8785
from benchmarks.rows import Row, paired, seconds, single
from benchmarks.workload import event
from blockcerts_merkletools import MerkleTools
from pymerkle import InmemoryTree

from anchoring.core import merkle, streams
from anchoring.core.commit import commit_event
from anchoring.core.fields import sorted_fields
from node_gateway.epcis.normalise import normalise_event

DERIVED = {"sealtrail:month": "2026-03", "sealtrail:source": "ab" * 32}
ROUNDS = 5


def rows(*, quick: bool) -> Iterator[Row]:
    rounds = 1 if quick else ROUNDS
    size = 1 << (12 if quick else 20)
    leaves = os.urandom(32 * size)
    split = [leaves[at : at + 32] for at in range(0, len(leaves), 32)]
    workload = f"{size} leaf hashes"
    yield paired(
        f"tree.build.{size}",
        "s",
        [
            (seconds(lambda: merkle.build_levels(leaves)), _merkletools(split))
            for _ in range(rounds)
        ],
        peer="blockcerts-merkletools",
        workload=workload,
    )
    yield paired(
        f"tree.build.{size}",
        "s",
        [(seconds(lambda: merkle.build_levels(leaves)), _pymerkle(split)) for _ in range(rounds)],
        peer="pymerkle",
        workload=workload + " (the peer hashes its entries too)",
    )
    yield _commit_event(rounds, 200 if quick else 2000)
    yield _commit_codes(rounds, 1000 if quick else 100_000)


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


def _commit_event(rounds: int, count: int) -> Row:
    normal = normalise_event(event(7))
    secrets = [os.urandom(32) for _ in range(count)]

    def ours() -> None:
        for secret in secrets:
            commit_event(normal, DERIVED, participant=1, secret=secret)

    def peer() -> None:
        for secret in secrets:
            _plain_commit(normal, secret)

    measured = [(seconds(ours) / count * 1e6, seconds(peer) / count * 1e6) for _ in range(rounds)]
    return paired(
        "commit.event",
        "us",
        measured,
        peer="rfc8785 item by item",
        workload="15 fields, one code; the peer makes the disclosures and leaves only",
    )


def _plain_commit(normal: dict, secret: bytes) -> list[bytes]:
    """Salted disclosures and their leaves in the obvious way, with the reference library."""
    items = sorted_fields(normal, DERIVED)
    salts = streams.salts(streams.fields_secret(secret), len(items))
    leaves = []
    for salt, (path, value) in zip(salts, items, strict=True):
        text = base64.urlsafe_b64encode(salt).rstrip(b"=").decode()
        disclosure = base64.urlsafe_b64encode(rfc8785.dumps([text, path, value])).rstrip(b"=")
        leaves.append(hashlib.sha256(b"\x00" + hashlib.sha256(disclosure).digest()).digest())
    return leaves


def _commit_codes(rounds: int, count: int) -> Row:
    normal = normalise_event(event(7, codes=count))
    values = [
        seconds(lambda: commit_event(normal, DERIVED, participant=1, secret=os.urandom(32)))
        for _ in range(rounds)
    ]
    return single("commit.codes100k", "s", values, f"one event with {count} codes")
