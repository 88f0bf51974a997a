"""Signing messages and their answers, and finding out who signed them."""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils.crypto import keccak as _eth_keccak

from anchoring.chain.receipts import recovered_address
from anchoring.chain.signer import Signer
from anchoring.core.message import (
    Answer,
    SignedMessage,
    Statement,
    answer_digest,
    message_digest,
    message_from_wire,
    parse_message,
)
from anchoring.directory.model import Directory, Purpose
from anchoring.errors import ReceiptError


def digest_of(statement: Statement) -> bytes:
    """Return the 32 bytes that name a message for ever."""
    return message_digest(statement, keccak)


def sign_statement(statement: Statement, signer: Signer) -> bytes:
    """Return the sender's signature (65 bytes)."""
    return signer.sign_digest(digest_of(statement))


def sign_answer(statement: Statement, answer: Answer, signer: Signer) -> bytes:
    """Return the receiver's signature (65 bytes)."""
    return signer.sign_digest(answer_digest(statement, answer, keccak))


def sender_key(message: SignedMessage) -> bytes:
    """Return the address (20 bytes) whose key signed a message.

    Raises:
        ReceiptError: the signature is malformed, malleable or opens to no key.
    """
    return recovered_address(digest_of(message.statement), message.signature)


def receiver_key(message: SignedMessage) -> bytes:
    """Return the address (20 bytes) whose key signed the answer.

    Raises:
        ReceiptError: there is none, or as `sender_key`.
    """
    if message.answer is None:
        raise ReceiptError("the message has no answer")
    digest = answer_digest(message.statement, message.answer, keccak)
    return recovered_address(digest, message.answer_signature)


def is_said(message: SignedMessage, directory: Directory, *, now: int) -> bool:
    """Tell whether a sender said this: by a `sign` key of its own, valid then or now.

    A message waits while its receiver is away; a key that replaced the one of then may sign it
    again, for its digest does not hold the key.

    Args:
        message: Whose.
        directory: The network.
        now: Unix seconds; for a message with an answer, the time of the answer counts, too.
    """
    times = [message.statement.at, max(now, directory.head.time)]
    if message.answer is not None:
        times.append(message.answer.at)
    try:
        key = sender_key(message)
    except ReceiptError:
        return False
    return _might_sign(directory, key, message.statement.sender, times)


def is_answered(message: SignedMessage, directory: Directory, *, now: int) -> bool:
    """Tell whether the receiver answered so: by a `sign` key of its own, valid then or now."""
    if message.answer is None:
        return False
    times = (message.answer.at, max(now, directory.head.time))
    try:
        key = receiver_key(message)
    except ReceiptError:
        return False
    return _might_sign(directory, key, message.statement.receiver, times)


def read_message(raw: bytes) -> SignedMessage:
    """Return the message of a `sealtrail/message/v1` file; see `parse_message`."""
    return parse_message(raw, keccak=keccak)


def message_of(document: object) -> SignedMessage:
    """Return the message of a file's JSON value; see `parse_message`."""
    return message_from_wire(document, keccak)


def keccak(data: bytes) -> bytes:
    """Return Keccak-256."""
    return bytes(_eth_keccak(data))


def _might_sign(directory: Directory, key: bytes, participant: int, times: Sequence[int]) -> bool:
    return any(directory.key_valid_at(key, participant, Purpose.SIGN, one) for one in times)
