"""What `eth_getProof` proves, checked here against a state root that a block hash commits to.

account address -> storage root and code hash -> slot of `records`. The layout of the slot is that
of `IAnchorRegistry.records`: a nested mapping at slot 0. Source: EIP-1186.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_utils.crypto import keccak
from rlp.exceptions import RLPException  # type: ignore[import-untyped]
from trie.exceptions import BadTrieProof, InvalidNode, MissingTrieNode, ValidationError
from trie.hexary import HexaryTrie

from anchoring.errors import FormatError, VerificationError

NODES_MAX = 64
NODE_SIZE_BYTES_MAX = 2048

_EMPTY_ROOT = keccak(rlp.encode(b""))
_NO_CODE = keccak(b"")
_WORD = 32
_BROKEN = (BadTrieProof, InvalidNode, MissingTrieNode, ValidationError)
_NO_NODE = (RLPException, RecursionError, ValueError, TypeError, IndexError, KeyError)


@dataclass(frozen=True, slots=True)
class ProvenSlot:
    """A slot of one account under one state root; a slot that is not there is zero.

    Attributes:
        code_hash: Keccak-256 of the account's code, None if it has none.
        value: 32 bytes.
    """

    code_hash: bytes | None
    value: bytes


class ProofError(VerificationError):
    """The proof does not hold under the state root."""

    code = "proof_invalid"


def record_slot(stream: int, sequence: int) -> bytes:
    """Return the storage slot of an anchor's record, 32 bytes."""
    outer = keccak(stream.to_bytes(_WORD) + bytes(_WORD))
    return keccak(sequence.to_bytes(_WORD) + outer)


def check_proof(
    answer: Mapping[str, Any], *, state_root: bytes, address: bytes, slot: bytes
) -> ProvenSlot:
    """Check what `eth_getProof` answered for one account and one slot.

    Only the nodes of the two proofs are used; what the answer says beside them is not read.

    Raises:
        FormatError: `proof_form`: it is no such answer.
        ProofError: a node is missing or another one's: the proof does not hold.
    """
    account = _leaf(state_root, address, _nodes(answer.get("accountProof")))
    if not account:
        return ProvenSlot(None, bytes(_WORD))
    try:
        fields = rlp.decode(account)
    except (RLPException, RecursionError) as error:
        raise ProofError("the account's node is no account") from error
    if not isinstance(fields, list) or len(fields) != 4 or not _hashes(fields[2:]):
        raise ProofError("the account's node is no account")
    storage_root, code_hash = fields[2], fields[3]
    known = None if code_hash == _NO_CODE else code_hash
    if storage_root == _EMPTY_ROOT:
        return ProvenSlot(known, bytes(_WORD))
    value = _leaf(storage_root, slot, _nodes(_storage_proof(answer, slot)))
    try:
        number = rlp.decode(value) if value else b""
    except (RLPException, RecursionError) as error:
        raise ProofError("the slot's node is no value") from error
    if not isinstance(number, bytes) or len(number) > _WORD:
        raise ProofError("the slot's node is no value")
    return ProvenSlot(known, number.rjust(_WORD, b"\0"))


def _hashes(values: list[Any]) -> bool:
    return all(isinstance(value, bytes) and len(value) == _WORD for value in values)


def _leaf(root: bytes, key: bytes, nodes: list[Any]) -> bytes:
    try:
        value = HexaryTrie.get_from_proof(root, keccak(key), nodes)  # type: ignore[no-untyped-call]
    except (*_BROKEN, *_NO_NODE) as error:
        raise ProofError("a node of the proof is missing, or is another one's") from error
    if not isinstance(value, bytes):  # of a root that somebody made up
        raise ProofError("a leaf of the proof holds no bytes")
    return value


def _storage_proof(answer: Mapping[str, Any], slot: bytes) -> object:
    """Find the slot's proof; endpoints write the key with and without leading zeros."""
    listed = answer.get("storageProof")
    for one in listed if isinstance(listed, list) else []:
        key = one.get("key") if isinstance(one, dict) else None
        if isinstance(key, str) and _number(key) == int.from_bytes(slot):
            return one.get("proof")
    raise FormatError("the answer proves no such slot", code="proof_form")


def _number(text: str) -> int | None:
    try:
        return int(text, 16)
    except ValueError:
        return None


def _nodes(value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > NODES_MAX:
        raise FormatError("the answer has no list of nodes", code="proof_form")
    found = []
    for text in value:
        if not isinstance(text, str) or not 4 <= len(text) <= 2 * NODE_SIZE_BYTES_MAX + 2:
            raise FormatError("a node of the proof has no usual size", code="proof_form")
        try:
            found.append(rlp.decode(bytes.fromhex(text.removeprefix("0x"))))
        except (ValueError, RLPException, RecursionError) as error:
            raise FormatError("a node of the proof is no RLP", code="proof_form") from error
    return found
