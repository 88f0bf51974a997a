"""Reading what lies in an evidence zip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anchoring.chain.network import Network
from anchoring.challenges import Leaf
from anchoring.core import merkle
from anchoring.core.anchor import ZERO_HASH, Anchor


@dataclass(frozen=True, slots=True)
class EvidenceAnchor:
    """An anchor of the evidence with its block."""

    registry: bytes
    anchor: Anchor
    block_number: int
    block_time: int
    block_hash: bytes
    stored: bytes


def identity_of(network: Network) -> dict[str, Any]:
    """Return what makes two network files be of one network."""
    wire = network.to_json()
    return {name: wire[name] for name in ("chainId", "genesisHash", "consortium", "registries")}


def anchor_of(wire: Mapping[str, Any]) -> EvidenceAnchor:
    """Return an anchor of its JSON value; KeyError, TypeError or ValueError if it is none."""
    return EvidenceAnchor(
        registry=bytes.fromhex(wire["registry"]),
        anchor=Anchor(
            wire["stream"],
            wire["sequence"],
            bytes.fromhex(wire["root"]),
            wire["size"],
            bytes.fromhex(wire["previousTip"]),
        ),
        block_number=wire["blockNumber"],
        block_time=wire["blockTime"],
        block_hash=bytes.fromhex(wire["blockHash"]),
        stored=bytes.fromhex(wire["record"]),
    )


def root_of(entries: list[bytes]) -> tuple[bytes, int]:
    """Return root and size of a public list; zeros for what is no list."""
    if not entries or any(len(one) != merkle.HASH_SIZE for one in entries):
        return ZERO_HASH, len(entries)
    return merkle.tree_root(merkle.build_levels(merkle.leaf_hashes(entries))), len(entries)


def place_of(leaf: Leaf) -> tuple[int, int, int]:
    """Return stream, sequence and index."""
    return leaf.stream, leaf.sequence, leaf.index
