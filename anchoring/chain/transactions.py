"""Reading signed transactions: who signed what. Evidence needs no chain for this."""

from __future__ import annotations

from dataclasses import dataclass

import coincurve
import rlp  # type: ignore[import-untyped]
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_canonical_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from anchoring.chain.abi import ContractAbi
from anchoring.chain.recursion import recursion_limit_kept
from anchoring.chain.signer import LegacyCall
from anchoring.core.anchor import Anchor
from anchoring.errors import ChainError, ChainUnavailableError, SignerMismatchError

with recursion_limit_kept():
    from eth_account import Account

_ANCHOR_ONE, _ANCHOR = "anchorOne", "anchor"
_FIELDS = ("nonce", "gasPrice", "gas", "to", "value", "data")
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Highest s of a signature that a chain takes (EIP-2)."""
_WORD_BYTES = 32


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


def check_signed(raw: bytes, call: LegacyCall, *, sender: bytes) -> bytes:
    """Check that `raw` is exactly `call`, signed by `sender`, and return its hash (32 bytes).

    Nothing of what comes back from a signer elsewhere is trusted: every field is compared in its
    one canonical encoding, and the sender is recovered from the signature.

    Args:
        raw: What the signer returned.
        call: What it was asked to sign.
        sender: Address of the key that was to sign, 20 bytes.

    Raises:
        SignerMismatchError: any difference; the message names the first.

    Source: EIP-155 (legacy transaction with chain id), EIP-2 (low s).
    """
    wanted = [call.nonce, 0, call.gas, call.to or b"", 0, call.data]
    expected = [_minimal(one) if isinstance(one, int) else one for one in wanted]
    try:
        parts = rlp.decode(raw)
        complete = isinstance(parts, list) and len(parts) == len(_FIELDS) + 3
        complete = complete and all(isinstance(part, bytes) for part in parts)
    except (rlp.DecodingError, TypeError, ValueError, RecursionError):
        complete = False
    if not complete:
        raise SignerMismatchError("the signer returned something that is no legacy transaction")
    *fields, v, r, s = parts
    for name, given, right in zip(_FIELDS, fields, expected, strict=True):
        if given != right:
            raise SignerMismatchError(f"the signer changed the transaction: another {name}")
    parity = int.from_bytes(v) - 35 - 2 * call.chain_id
    if parity not in (0, 1) or v != _minimal(int.from_bytes(v)):
        raise SignerMismatchError(f"the signer did not sign for chain {call.chain_id}")
    digest = keccak(rlp.encode([*expected, _minimal(call.chain_id), b"", b""]))
    if _recovered(digest, parity, r, s) != sender:
        raise SignerMismatchError(f"the signer did not sign with the key of 0x{sender.hex()}")
    return bytes(keccak(raw))


def _recovered(digest: bytes, parity: int, r: bytes, s: bytes) -> bytes | None:
    """Return the address that signed a digest, None if the signature is none a chain takes."""
    if any(not part or part[0] == 0 or len(part) > _WORD_BYTES for part in (r, s)):
        return None
    if int.from_bytes(s) > _HALF_ORDER:
        return None
    signature = r.rjust(_WORD_BYTES, b"\0") + s.rjust(_WORD_BYTES, b"\0") + bytes([parity])
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except Exception:  # noqa: BLE001  the library raises bare Exception for impossible values
        return None
    return bytes(keccak(key.format(compressed=False)[1:])[-20:])


def _minimal(number: int) -> bytes:
    """Return an integer as RLP has it: big-endian without leading zeros, empty for 0."""
    return number.to_bytes((number.bit_length() + 7) // 8)


def _anchors(data: bytes, abi: ContractAbi) -> tuple[Anchor, ...]:
    if data[:4] == abi.selector(_ANCHOR_ONE):
        return (Anchor(*abi.arguments(_ANCHOR_ONE, data)),)
    return tuple(Anchor(*append) for append in abi.arguments(_ANCHOR, data)[0])
