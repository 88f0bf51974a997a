"""Committing events: no database, no network."""

import base64
import hashlib
import json
import os
from collections.abc import Iterator

import rfc8785
from benchmarks.rows import Row, paired, seconds, single
from benchmarks.workload import event
from blockcerts_merkletools import MerkleTools

from anchoring.core import streams
from anchoring.core.commit import commit_event
from anchoring.core.fields import fields_size, sorted_fields
from anchoring.core.streams import CODES_DEPTH
from node_gateway.epcis.normalise import normalise_event

DERIVED = {"sealtrail:month": "2026-03", "sealtrail:source": "ab" * 32}
ROUNDS = 5


def rows(*, quick: bool) -> Iterator[Row]:
    rounds = 1 if quick else ROUNDS
    yield _commit_event(rounds, 200 if quick else 2000)
    yield _commit_codes(rounds, 1000 if quick else 100_000)


def _commit_event(rounds: int, count: int) -> Row:
    normal = normalise_event(event(7))
    secrets = [os.urandom(32) for _ in range(count)]
    made = commit_event(normal, DERIVED, participant=1, secret=secrets[0])
    assert _plain_commit(normal, secrets[0]) == (made.fields.root, made.codes.root)

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
        peer="rfc8785 and merkletools",
        workload="15 fields, one code; the peer makes the same two roots item by item",
    )


def _plain_commit(normal: dict, secret: bytes) -> tuple[bytes, bytes]:
    """Both roots in the obvious way, with the reference libraries."""
    items = sorted_fields(normal, DERIVED)
    salts, decoys = streams.salts_and_decoys(
        streams.fields_secret(secret), len(items), fields_size(len(items)) - len(items)
    )
    entries = [
        _entry(salt, path, json.loads(value))
        for salt, (path, value) in zip(salts, items, strict=True)
    ]
    tree = MerkleTools("sha256")
    tree.leaves = [_leaf(entry) for entry in sorted([*entries, *decoys])]
    tree.make_tree()
    codes = streams.codes_secret(secret)
    node = _leaf(_entry(streams.salt_at(codes, 0), "$['epcList'][*]", normal["epcList"][0]))
    position, empties = streams.positions(codes, 1)[0], streams.empties(codes, CODES_DEPTH)
    for level in range(CODES_DEPTH):
        empty = empties[32 * level : 32 * level + 32]
        pair = empty + node if position >> level & 1 else node + empty
        node = hashlib.sha256(pair).digest()
    return bytes.fromhex(tree.get_merkle_root()), node


def _entry(salt: bytes, path: str, value: object) -> bytes:
    text = base64.urlsafe_b64encode(salt).rstrip(b"=").decode()
    disclosure = base64.urlsafe_b64encode(rfc8785.dumps([text, path, value])).rstrip(b"=")
    return hashlib.sha256(disclosure).digest()


def _leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def _commit_codes(rounds: int, count: int) -> Row:
    normal = normalise_event(event(7, codes=count))
    values = [
        seconds(lambda: commit_event(normal, DERIVED, participant=1, secret=os.urandom(32)))
        for _ in range(rounds)
    ]
    return single("commit.codes100k", "s", values, f"one event with {count} codes")
