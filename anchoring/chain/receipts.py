"""Signing receipts and finding out who signed one (EIP-712 over secp256k1)."""

from __future__ import annotations

from dataclasses import replace

import coincurve
from eth_utils.crypto import keccak

from anchoring.chain.signer import Signer
from anchoring.core.receipt import (
    SIGNATURE_SIZE_BYTES,
    Receipt,
    domain_separator,
    struct_digest,
)
from anchoring.errors import ReceiptError

_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class ReceiptSigner:
    """Signs the receipts of one gateway on one chain and registry."""

    def __init__(self, signer: Signer, *, chain_id: int, registry: bytes) -> None:
        self._signer = signer
        self._separator = domain_separator(chain_id=chain_id, registry=registry, keccak=_keccak)
        self.chain_id, self.registry, self.address = chain_id, registry, signer.address

    def sign(self, receipt: Receipt) -> Receipt:
        """Return the receipt with its signature.

        Raises:
            ReceiptError: the receipt is for another chain or registry.
        """
        if (receipt.chain_id, receipt.registry) != (self.chain_id, self.registry):
            raise ReceiptError("the receipt is for another chain or registry")
        digest = struct_digest(receipt, _keccak, separator=self._separator)
        return replace(receipt, signature=self._signer.sign_digest(digest))


def receipt_signer(receipt: Receipt) -> bytes:
    """Return the address (20 bytes) whose key signed the receipt.

    The caller checks that it was a `sign` key of the participant, valid at `received_at`.

    Raises:
        ReceiptError: the signature is malformed, malleable (high s) or opens to no key.
    """
    return recovered_address(struct_digest(receipt, _keccak), receipt.signature)


def recovered_address(digest: bytes, signature: bytes) -> bytes:
    """Return the address (20 bytes) whose key signed a 32-byte digest.

    Raises:
        ReceiptError: the signature is malformed, malleable (high s) or opens to no key.
    """
    if len(signature) != SIGNATURE_SIZE_BYTES or signature[64] not in (27, 28):
        raise ReceiptError("a signature is r, s, v: 65 bytes, v 27 or 28")
    if int.from_bytes(signature[32:64]) > _HALF_ORDER:
        raise ReceiptError("the signature's s is in the upper half")
    recoverable = signature[:64] + bytes([signature[64] - 27])
    try:
        key = coincurve.PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
    except Exception as error:  # the library raises bare Exception for impossible values
        raise ReceiptError("the signature opens to no key") from error
    return _keccak(key.format(compressed=False)[1:])[-20:]


def _keccak(data: bytes) -> bytes:
    return bytes(keccak(data))
