"""Signed anchor transactions of this very network: who signed what, as far as the bytes tell."""

from __future__ import annotations

from dataclasses import dataclass

import rlp  # type: ignore[import-untyped]
from rlp.exceptions import RLPException  # type: ignore[import-untyped]

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.network import Network
from anchoring.chain.transactions import decode_signed
from anchoring.core.anchor import Anchor
from anchoring.errors import ChainError
from anchoring.evidence.model import EvidenceRefusedError

_PARTS = 9
_FIRST_V = 35


@dataclass(frozen=True, slots=True)
class SignedOnChain:
    """What a transaction for a registry of the network says; `sender` signed it."""

    tx_hash: bytes
    sender: bytes
    registry: bytes
    anchors: tuple[Anchor, ...]


def signed_anchors(raw: bytes, network: Network) -> SignedOnChain:
    """Read a signed transaction for one of the network's registries.

    A registry may have the same address on a test chain, and a key may have signed there: so the
    chain id that is signed must be the network's.

    Raises:
        EvidenceRefusedError: `transaction_form`, `other_chain` or `other_registry`.
    """
    try:
        signed = decode_signed(raw, ContractAbi(load("AnchorRegistry").abi))
    except ChainError as error:
        raise EvidenceRefusedError(str(error), "transaction_form") from error
    if _chain_id(raw) != network.chain_id:
        raise EvidenceRefusedError("a transaction is signed for another chain", "other_chain")
    if signed.registry not in {one.address for one in network.registries}:
        raise EvidenceRefusedError("a transaction is for no listed registry", "other_registry")
    return SignedOnChain(signed.tx_hash, signed.sender, signed.registry, signed.anchors)


def _chain_id(raw: bytes) -> int | None:
    """Return the chain id of EIP-155; None for a signature that would do on every chain."""
    try:
        parts = rlp.decode(raw, strict=True)
    except RLPException:
        return None
    if not isinstance(parts, list) or len(parts) != _PARTS or not isinstance(parts[6], bytes):
        return None
    v = int.from_bytes(parts[6])
    return (v - _FIRST_V) // 2 if v >= _FIRST_V else None
