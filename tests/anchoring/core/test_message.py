"""Messages: vectors, a second opinion on what is signed, and every change refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak as eth_keccak

from anchoring.chain.messages import (
    digest_of,
    keccak,
    read_message,
    receiver_key,
    sender_key,
    sign_answer,
    sign_statement,
)
from anchoring.chain.signer import Signer
from anchoring.core.message import (
    Answer,
    SignedMessage,
    Statement,
    answer_digest,
    body_digest,
)
from anchoring.errors import FormatError, ReceiptError

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "message.json").read_text())
SENDER, RECEIVER = Signer.from_key(b"\x01" * 32), Signer.from_key(b"\x02" * 32)


@pytest.mark.parametrize("case", VECTORS["valid"])
def test_valid_files(case: dict[str, Any]) -> None:
    message = read_message(json.dumps(case["file"]).encode())
    assert digest_of(message.statement).hex() == case["digest"]
    assert sender_key(message).hex() == case["senderKey"]
    assert json.loads(message.to_json()) == case["file"]
    if message.answer is None:
        assert case["answerDigest"] is None
        return
    assert answer_digest(message.statement, message.answer, keccak).hex() == case["answerDigest"]
    assert receiver_key(message).hex() == case["receiverKey"]


@pytest.mark.parametrize("case", VECTORS["invalid"])
def test_invalid_files(case: dict[str, Any]) -> None:
    with pytest.raises(FormatError) as refused:
        read_message(json.dumps(case["file"]).encode())
    assert refused.value.code == case["code"]


def message(code: str = "") -> SignedMessage:
    body = b"what was said"
    statement = Statement(
        7, 9, 3, b"\x11" * 32, "handover", body_digest(body), 1_790_000_000, 4242, b"\x05" * 20
    )
    answer = Answer(digest_of(statement), code, 1_790_000_009)
    return SignedMessage(
        statement,
        sign_statement(statement, SENDER),
        body,
        answer,
        sign_answer(statement, answer, RECEIVER),
    )


DOMAIN = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]


def typed_digest(kind: str, members: list[tuple[str, str, Any]]) -> bytes:
    """Return what another implementation of EIP-712 signs."""
    signable = encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": DOMAIN,
                kind: [{"name": name, "type": form} for name, form, _ in members],
            },
            "primaryType": kind,
            "domain": {
                "name": "Sealtrail",
                "version": "1",
                "chainId": 4242,
                "verifyingContract": "0x" + "05" * 20,
            },
            "message": {name: value for name, _, value in members},
        }
    )
    return bytes(eth_keccak(b"\x19\x01" + signable.header + signable.body))


def test_another_implementation_signs_the_same() -> None:
    one = message("not_this")
    said, answer = one.statement, one.answer
    assert answer is not None
    members = [
        ("sender", "uint32", 7),
        ("receiver", "uint32", 9),
        ("number", "uint64", 3),
        ("previous", "bytes32", said.previous),
        ("kind", "string", "handover"),
        ("body", "bytes32", said.body),
        ("at", "uint64", said.at),
    ]
    assert typed_digest("Message", members) == digest_of(said)
    about = [
        ("receiver", "uint32", 9),
        ("sender", "uint32", 7),
        ("number", "uint64", 3),
        ("message", "bytes32", answer.message),
    ]
    at = ("at", "uint64", answer.at)
    refused = [*about, ("code", "string", "not_this"), at]
    assert typed_digest("Refused", refused) == answer_digest(said, answer, keccak)
    taken = replace(answer, code="")
    assert typed_digest("Taken", [*about, at]) == answer_digest(said, taken, keccak)


@pytest.mark.parametrize(
    "change",
    [
        {"sender": 8},
        {"receiver": 8},
        {"number": 4},
        {"previous": b"\x12" * 32},
        {"kind": "recall"},
        {"body": b"\x13" * 32},
        {"at": 1},
        {"chain_id": 1},
        {"consortium": b"\x06" * 20},
    ],
)
def test_every_part_is_signed(change: dict[str, Any]) -> None:
    one = message()
    other = replace(one, statement=replace(one.statement, **change))
    assert sender_key(one) == SENDER.address
    assert sender_key(other) != SENDER.address
    if set(change) <= {"sender", "receiver", "number", "chain_id", "consortium"}:
        assert receiver_key(other) != RECEIVER.address


@pytest.mark.parametrize("change", [{"message": b"\x01" * 32}, {"code": "not_this"}, {"at": 1}])
def test_every_part_of_the_answer_is_signed(change: dict[str, Any]) -> None:
    one = message()
    assert one.answer is not None
    assert receiver_key(one) == RECEIVER.address
    assert receiver_key(replace(one, answer=replace(one.answer, **change))) != RECEIVER.address


def test_an_answer_is_no_message_and_none_is_none() -> None:
    one = message()
    with pytest.raises(ReceiptError):
        receiver_key(replace(one, answer=None))
    swapped = replace(one, signature=one.answer_signature)
    assert sender_key(swapped) not in (SENDER.address, RECEIVER.address)


def test_a_body_may_be_kept_back() -> None:
    one = replace(message(), body=None)
    found = read_message(one.to_json())
    assert found == one
    assert sender_key(found) == SENDER.address
