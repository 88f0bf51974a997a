"""Signing statements and finding out who signed one (EIP-712 over secp256k1)."""

from __future__ import annotations

from dataclasses import replace

from eth_utils.crypto import keccak

from anchoring.chain.receipts import recovered_address
from anchoring.chain.signer import Signer
from anchoring.core.statement import Statement


def sign_statement(statement: Statement, signer: Signer) -> Statement:
    """Return the statement with its signature."""
    return replace(statement, signature=signer.sign_digest(statement_digest(statement)))


def statement_digest(statement: Statement) -> bytes:
    """Return what its signature covers, 32 bytes."""
    return statement.digest(_keccak)


def statement_signer(statement: Statement) -> bytes:
    """Return the address (20 bytes) whose key signed the statement.

    The caller checks that it was a `sign` key of the participant, valid at `at`.

    Raises:
        ReceiptError: the signature is malformed, malleable or opens to no key.
    """
    return recovered_address(statement_digest(statement), statement.signature)


def _keccak(data: bytes) -> bytes:
    return bytes(keccak(data))
