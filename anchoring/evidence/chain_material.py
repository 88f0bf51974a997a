"""What makes a file checkable without a chain: headers, proofs of state, signed transactions.

A header counts if enough validators of the viewer's network file sealed it, if the viewer trusts
its hash, or if it is an ancestor of one that counts. A slot counts if `eth_getProof` proves it
under the state root of such a header.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from anchoring.chain.headers import Header, check_header_rlp, known_sealers
from anchoring.chain.network import Network
from anchoring.chain.proofs import ProvenSlot, check_proof
from anchoring.errors import FormatError, VerificationError

HEADERS_MAX = 50_000
PROOFS_MAX = 1_024
SLOTS_MAX = 1_024
TRANSACTIONS_MAX = 256
TRANSACTION_SIZE_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RawHeader:
    """A header's RLP text, and the hash that it must give."""

    block_hash: bytes
    rlp: bytes

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value."""
        return {"hash": self.block_hash.hex(), "rlp": self.rlp.hex()}


@dataclass(frozen=True, slots=True)
class AccountProof:
    """What `eth_getProof` gave for one account at one block; nodes are RLP texts."""

    block_hash: bytes
    address: bytes
    account: tuple[bytes, ...]
    slots: tuple[tuple[bytes, tuple[bytes, ...]], ...]

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value."""
        return {
            "block": self.block_hash.hex(),
            "address": self.address.hex(),
            "account": [node.hex() for node in self.account],
            "slots": [
                {"slot": slot.hex(), "nodes": [node.hex() for node in nodes]}
                for slot, nodes in self.slots
            ],
        }


@dataclass(frozen=True, slots=True)
class ChainMaterial:
    """Everything of the chain that a file carries."""

    headers: tuple[RawHeader, ...] = ()
    proofs: tuple[AccountProof, ...] = ()
    transactions: tuple[bytes, ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value."""
        return {
            "headers": [one.to_wire() for one in self.headers],
            "proofs": [one.to_wire() for one in self.proofs],
            "transactions": [raw.hex() for raw in self.transactions],
        }


@dataclass(frozen=True, slots=True)
class ProvenBlock:
    """A header that counts; `why` says to people why it does."""

    header: Header
    why: str


@dataclass(frozen=True, slots=True)
class ProvenState:
    """Blocks that count, by hash, and slots proven under them."""

    blocks: dict[bytes, ProvenBlock]
    slots: dict[tuple[bytes, bytes], list[tuple[ProvenBlock, ProvenSlot]]]

    def slot(self, address: bytes, slot: bytes) -> list[tuple[ProvenBlock, ProvenSlot]]:
        """Return what is proven of a slot, the newest block first."""
        found = self.slots.get((address, slot), [])
        return sorted(found, key=lambda one: -one[0].header.number)


def prove_state(
    material: ChainMaterial, network: Network, *, trusted_blocks: Collection[bytes] = ()
) -> ProvenState:
    """Check all headers and proofs of a file.

    Args:
        material: As the file has it.
        network: The viewer's own; its validators are those that count.
        trusted_blocks: Hashes of blocks that the viewer knows to be of this chain.

    Raises:
        FormatError: a header or a node is malformed, or a header does not give its hash.
        VerificationError: `proof_invalid`: a proof does not hold under a block that counts.
    """
    headers = [check_header_rlp(one.rlp, one.block_hash) for one in material.headers]
    blocks = _counting(headers, network, frozenset(trusted_blocks))
    slots: dict[tuple[bytes, bytes], list[tuple[ProvenBlock, ProvenSlot]]] = {}
    known = {one.block_hash for one in headers}
    for proof in material.proofs:
        block = blocks.get(proof.block_hash)
        if block is None:
            if proof.block_hash not in known:
                raise VerificationError("a proof's block is not in the file", "proof_invalid")
            continue  # its block does not count here, so it proves nothing
        answer = _answer(proof)
        for slot, _ in proof.slots:
            proven = check_proof(
                answer, state_root=block.header.state_root, address=proof.address, slot=slot
            )
            slots.setdefault((proof.address, slot), []).append((block, proven))
    return ProvenState(blocks, slots)


def _counting(
    headers: list[Header], network: Network, trusted: frozenset[bytes]
) -> dict[bytes, ProvenBlock]:
    by_hash = {one.block_hash: one for one in headers}
    if len(by_hash) != len(headers):
        raise FormatError("a header stands twice in the file", "header_form")
    validators = network.validators
    blocks: dict[bytes, ProvenBlock] = {}
    for one in headers:
        count, enough = known_sealers(one.sealers, validators)
        if enough:
            why = f"sealed by {count} of {len(validators)} known validators"
        elif one.block_hash in trusted:
            why = "which you trust"
        elif one.block_hash == network.genesis_hash:
            why = "the first of the chain"
        else:
            continue
        blocks[one.block_hash] = ProvenBlock(one, why)
    for found in list(blocks.values()):
        _add_ancestors(found, by_hash, blocks)
    return blocks


def _add_ancestors(
    found: ProvenBlock, by_hash: dict[bytes, Header], blocks: dict[bytes, ProvenBlock]
) -> None:
    """A block commits to the one before it, so all that lead to one that counts count too."""
    why = f"before block {found.header.number}, {found.why}"
    parent = by_hash.get(found.header.parent_hash)
    while parent is not None and parent.block_hash not in blocks:
        blocks[parent.block_hash] = ProvenBlock(parent, why)
        parent = by_hash.get(parent.parent_hash)


def _answer(proof: AccountProof) -> dict[str, Any]:
    """Return a proof in the form of `eth_getProof`, which is what the checker reads."""
    return {
        "accountProof": [node.hex() for node in proof.account],
        "storageProof": [
            {"key": slot.hex(), "proof": [node.hex() for node in nodes]}
            for slot, nodes in proof.slots
        ],
    }
