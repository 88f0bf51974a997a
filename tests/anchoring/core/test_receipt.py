"""Receipts: the signed digest is the EIP-712 digest that every wallet makes."""

import json
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from anchoring.core.receipt import (
    Receipt,
    domain_separator,
    entries_digest,
    parse_receipt,
    struct_digest,
)
from anchoring.errors import FormatError
from scripts.vectors import plain
from tests.anchoring.core.published import load

PUBLISHED = load("receipt.json")
WIRE = PUBLISHED["receipt"]
TYPES = {
    "EIP712Domain": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ],
    "Receipt": [
        {"name": "participant", "type": "uint32"},
        {"name": "stream", "type": "uint64"},
        {"name": "entries", "type": "bytes32"},
        {"name": "receivedAt", "type": "uint64"},
        {"name": "anchorBy", "type": "uint64"},
    ],
}


def typed_data(receipt: Receipt) -> dict[str, Any]:
    return {
        "types": TYPES,
        "primaryType": "Receipt",
        "domain": {
            "name": "Sealtrail",
            "version": "1",
            "chainId": receipt.chain_id,
            "verifyingContract": "0x" + receipt.registry.hex(),
        },
        "message": {
            "participant": receipt.participant,
            "stream": receipt.stream,
            "entries": plain.sha(b"".join(sorted(receipt.entries))),
            "receivedAt": receipt.received_at,
            "anchorBy": receipt.anchor_by,
        },
    }


def wallet_digest(receipt: Receipt) -> bytes:
    message = encode_typed_data(full_message=typed_data(receipt))
    return keccak(b"\x19" + message.version + message.header + message.body)


HASH = st.binary(min_size=32, max_size=32)
RECEIPT = st.builds(
    lambda participant, local, entries, received_at, wait, chain_id, registry: Receipt(
        participant=participant,
        stream=participant << 16 | local,
        entries=tuple(sorted(entries)),
        received_at=received_at,
        anchor_by=received_at + wait,
        chain_id=chain_id,
        registry=registry,
        signature=bytes(65),
    ),
    st.integers(1, 2**32 - 1),
    st.integers(0, 65_535),
    st.sets(HASH, min_size=1, max_size=5),
    st.integers(0, 2**52),
    st.integers(0, 2**51),
    st.integers(1, 2**53 - 1),
    st.binary(min_size=20, max_size=20),
)


def test_the_published_receipt() -> None:
    receipt = parse_receipt(json.dumps(WIRE).encode())
    assert receipt.to_wire() == WIRE
    assert entries_digest(receipt.entries).hex() == PUBLISHED["entriesDigest"]
    separator = domain_separator(
        chain_id=receipt.chain_id, registry=receipt.registry, keccak=keccak
    )
    assert separator.hex() == PUBLISHED["domainSeparator"]
    digest = struct_digest(receipt, keccak, separator=separator)
    assert digest.hex() == PUBLISHED["digest"]
    assert digest == wallet_digest(receipt)
    message = encode_typed_data(full_message=typed_data(receipt))
    signer = Account.recover_message(message, signature=receipt.signature)
    assert signer.lower() == "0x" + PUBLISHED["signer"]
    signed = Account.sign_message(message, bytes.fromhex(PUBLISHED["key"]))
    assert bytes(signed.signature) == receipt.signature


@given(RECEIPT)
def test_any_digest_is_that_of_a_wallet(receipt: Receipt) -> None:
    assert struct_digest(receipt, keccak) == wallet_digest(receipt)


@given(RECEIPT)
def test_a_receipt_is_read_as_it_was_written(receipt: Receipt) -> None:
    assert parse_receipt(receipt.to_json()) == receipt


@pytest.mark.parametrize("case", PUBLISHED["refused"], ids=lambda case: case["name"])
def test_a_published_receipt_that_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(FormatError) as refusal:
        parse_receipt(json.dumps(WIRE | case["change"]).encode())
    assert refusal.value.code == case["code"]


@pytest.mark.parametrize("name", WIRE)
def test_a_missing_member_is_refused(name: str) -> None:
    wire = {member: value for member, value in WIRE.items() if member != name}
    with pytest.raises(FormatError):
        parse_receipt(json.dumps(wire).encode())


@pytest.mark.parametrize("name", ["participant", "stream", "receivedAt", "anchorBy", "chainId"])
def test_every_number_is_bound_by_the_digest(name: str) -> None:
    wire = WIRE | {name: WIRE[name] + 1}
    if name in ("participant", "stream"):
        wire = WIRE | {"participant": 8, "stream": (8 << 16) + (name == "stream")}
    receipt = parse_receipt(json.dumps(wire).encode())
    assert struct_digest(receipt, keccak).hex() != PUBLISHED["digest"]


def test_every_entry_is_bound_and_their_order_is_not() -> None:
    entries = [bytes.fromhex(entry) for entry in WIRE["entries"]]
    assert entries_digest(entries[::-1]).hex() == PUBLISHED["entriesDigest"]
    assert entries_digest(entries[:2]).hex() != PUBLISHED["entriesDigest"]
