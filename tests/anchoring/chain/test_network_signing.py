"""Signatures under a network file, and what differs between two files."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
import rfc8785
from eth_account import Account
from eth_account.messages import encode_typed_data

from anchoring.chain.network import Contract, Network, WitnessGroup, parse_network
from anchoring.chain.network_compare import differences
from anchoring.chain.network_signing import content_hash, is_signed_by, signed, signing_digest
from tests.anchoring.chain.founders import signer

NETWORK = Network(
    chain_id=4242,
    genesis_hash=b"\x01" * 32,
    consortium=b"\x02" * 20,
    registries=(Contract(b"\x03" * 20, b"\x04" * 32), Contract(b"\x05" * 20, b"\x06" * 32)),
    witnesses=(
        WitnessGroup("maker", 1, ("http://127.0.0.1:1",)),
        WitnessGroup("药监", None, ("http://r",)),
    ),
    consortium_code_hash=b"\x07" * 32,
    code_registry=Contract(b"\x08" * 20, b"\x09" * 32),
    notice_board=Contract(b"\x0a" * 20, b"\x0b" * 32),
    validators=(b"\x0c" * 20, b"\x0d" * 20),
)
BOTH = signed(signed(NETWORK, 2, signer("admin 2")), 1, signer("admin 1"))


def test_the_digest_is_that_of_eip_712() -> None:
    """Against eth-account's implementation, from the text of docs/reference/formats.md."""
    document = NETWORK.to_json()
    content = hashlib.sha256(rfc8785.dumps(document)).digest()
    assert content_hash(NETWORK) == content_hash(BOTH) == content
    message: dict[str, Any] = {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "NetworkFile": [{"name": "content", "type": "bytes32"}],
        },
        "primaryType": "NetworkFile",
        "domain": {
            "name": "Sealtrail",
            "version": "1",
            "chainId": 4242,
            "verifyingContract": "0x" + "02" * 20,
        },
        "message": {"content": content},
    }
    encoded = encode_typed_data(full_message=message)
    first = BOTH.signatures[0]
    assert bytes.fromhex(Account.recover_message(encoded, signature=first.signature)[2:]) == (
        first.address
    )


def test_signatures_stand_by_participant_and_survive_a_file() -> None:
    assert [one.participant for one in BOTH.signatures] == [1, 2]
    again = parse_network(json.dumps(BOTH.to_json(), ensure_ascii=False).encode())
    assert again == BOTH
    assert all(is_signed_by(again, one) for one in again.signatures)


def test_signing_again_replaces_ones_own() -> None:
    renewed = signed(BOTH, 1, signer("admin 1 later"))
    assert [one.participant for one in renewed.signatures] == [1, 2]
    assert renewed.signatures[0].address == signer("admin 1 later").address
    assert is_signed_by(renewed, renewed.signatures[0])
    assert renewed.signatures[1] == BOTH.signatures[1]


CHANGES: list[tuple[str, dict[str, Any], bool]] = [
    ("/chainId", {"chain_id": 4243}, True),
    ("/genesisHash", {"genesis_hash": b"\x02" * 32}, True),
    ("/consortium", {"consortium": b"\x03" * 20}, True),
    ("/consortiumCodeHash", {"consortium_code_hash": None}, True),
    ("/codeRegistry", {"code_registry": None}, True),
    ("/codeRegistry", {"code_registry": Contract(b"\x08" * 20, b"\x0a" * 32)}, True),
    ("/noticeBoard", {"notice_board": Contract(b"\x0b" * 20, b"\x0b" * 32)}, True),
    ("/validators", {"validators": (b"\x0c" * 20,)}, True),
    ("/registries", {"registries": NETWORK.registries[:1]}, True),
    ("/registries", {"registries": NETWORK.registries[::-1]}, True),
    (
        "/registries",
        {"registries": (Contract(b"\x03" * 20, b"\x05" * 32), NETWORK.registries[1])},
        True,
    ),
    ("/witnesses", {"witnesses": NETWORK.witnesses[:1]}, False),
    (
        "/witnesses",
        {"witnesses": (replace(NETWORK.witnesses[0], participant=2), NETWORK.witnesses[1])},
        False,
    ),
    (
        "/witnesses",
        {"witnesses": (replace(NETWORK.witnesses[0], urls=("http://x",)), NETWORK.witnesses[1])},
        False,
    ),
]


@pytest.mark.parametrize(("pointer", "change", "carries_trust"), CHANGES)
def test_every_change_is_told_and_breaks_the_signatures(
    pointer: str, change: dict[str, Any], carries_trust: bool
) -> None:
    other = replace(BOTH, **change)
    (found,) = differences(BOTH, other)
    assert (found.pointer, found.carries_trust) == (pointer, carries_trust)
    (back,) = differences(other, BOTH)
    assert back.text != found.text or pointer in ("/registries", "/witnesses")
    assert not any(is_signed_by(other, one) for one in other.signatures)
    assert signing_digest(other) != signing_digest(BOTH)


def test_the_same_network_differs_in_nothing() -> None:
    assert differences(BOTH, BOTH) == []


def test_who_signed_carries_no_trust_between_files() -> None:
    found = differences(BOTH, NETWORK)
    assert [(one.pointer, one.carries_trust) for one in found] == [("/signatures", False)] * 2
    assert [one.text for one in found] == [
        "participant 1 signed the first only",
        "participant 2 signed the first only",
    ]


@pytest.mark.parametrize("position", [0, 31, 32, 63, 64])
def test_a_changed_signature_opens_to_nobody_that_it_names(position: int) -> None:
    first = BOTH.signatures[0]
    damaged = bytearray(first.signature)
    damaged[position] ^= 1
    assert not is_signed_by(BOTH, replace(first, signature=bytes(damaged)))
    assert not is_signed_by(BOTH, replace(first, address=signer("admin 2").address))


def test_the_second_form_of_a_signature_is_refused() -> None:
    """(r, n - s) with the other v opens to the same key; one statement has one text."""
    first = BOTH.signatures[0]
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    flipped = order - int.from_bytes(first.signature[32:64])
    other = first.signature[:32] + flipped.to_bytes(32) + bytes([55 - first.signature[64]])
    assert not is_signed_by(BOTH, replace(first, signature=other))
