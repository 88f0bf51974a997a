"""Reading signed transactions: who signed which anchors. Evidence needs no chain for this."""

from __future__ import annotations

from dataclasses import dataclass

import rlp  # type: ignore[import-untyped]
from eth_account import Account
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_canonical_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from anchoring.chain.abi import ContractAbi
from anchoring.core.anchor import Anchor
from anchoring.errors import ChainError, ChainUnavailableError

_ANCHOR_ONE, _ANCHOR = "anchorOne", "anchor"


@dataclass(frozen=True, slots=True)
class SignedAnchors:
    """What a signed transaction says: `sender` wants `anchors` in `registry`."""

    tx_hash: bytes
    sender: bytes
    nonce: int
    registry: bytes
    anchors: tuple[Anchor, ...]


def decode_signed(raw: bytes, abi: ContractAbi) -> SignedAnchors:
    """Decode a signed legacy transaction that calls an AnchorRegistry.

    Args:
        raw: The bytes as they were or would be sent.
        abi: The registry's coder.

    Raises:
        ChainError: the bytes are nothing of the kind, or the signature opens to no key.
    """
    try:
        nonce, _, _, to, _, data, *_ = rlp.decode(raw)
        sender = to_canonical_address(Account.recover_transaction(raw))
    except (rlp.DecodingError, BadSignature, ValidationError, ValueError, TypeError) as error:
        raise ChainError("the signed transaction cannot be decoded") from error
    try:
        anchors = _anchors(data, abi)
    except ChainUnavailableError as error:
        raise ChainError("the signed transaction calls no registry") from error
    return SignedAnchors(bytes(keccak(raw)), sender, int.from_bytes(nonce), bytes(to), anchors)


def _anchors(data: bytes, abi: ContractAbi) -> tuple[Anchor, ...]:
    if data[:4] == abi.selector(_ANCHOR_ONE):
        return (Anchor(*abi.arguments(_ANCHOR_ONE, data)),)
    return tuple(Anchor(*append) for append in abi.arguments(_ANCHOR, data)[0])
