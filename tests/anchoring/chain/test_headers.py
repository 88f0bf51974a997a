"""Headers: a public block, Anvil's at every fork, and QBFT blocks that the test seals itself."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
import rlp
from eth_keys.datatypes import PrivateKey
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from anchoring.chain.headers import check_header, known_sealers, seals_needed
from anchoring.errors import FormatError
from tests.anvil import Anvil

MAINNET_1 = {
    "parentHash": "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
    "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
    "miner": "0x05a56e2d52c817161883f50c441c3228cfe54d9f",
    "stateRoot": "0xd67e4d450343046425ae4271474353857ab860dbc0a1dde64b41b5cd3a532bf3",
    "transactionsRoot": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    "receiptsRoot": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    "logsBloom": "0x" + "00" * 256,
    "difficulty": "0x3ff800000",
    "number": "0x1",
    "gasLimit": "0x1388",
    "gasUsed": "0x0",
    "timestamp": "0x55ba4224",
    "extraData": "0x476574682f76312e302e302f6c696e75782f676f312e342e32",
    "mixHash": "0x969b900de27b6ac6a67742365dd65f55a0526c41fd18e1b16f1a1215c2e66f59",
    "nonce": "0x539bd4979fef1ec4",
}
MAINNET_1_HASH = bytes.fromhex("88e96d4537bea4d9c05d12549907b32561d3bf31f45aae734cdc119f13406cb6")
# From Besu's QbftExtraDataCodecTest: two validators, a vote, round 0xfedcba and two seals.
BESU_EXTRA = (
    "f8f0a00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20ea940000000000000000"
    "000000000000000000000001940000000000000000000000000000000000000002d7940000000000000000"
    "00000000000000000000000181ff83fedcbaf886b841000000000000000000000000000000000000000000"
    "0000000000000000000001000000000000000000000000000000000000000000000000000000000000000a"
    "00b841000000000000000000000000000000000000000000000000000000000000000a0000000000000000"
    "00000000000000000000000000000000000000000000000100"
)
KEYS = [PrivateKey(sha256(f"validator {one}".encode()).digest()) for one in range(4)]
VALIDATORS = [key.public_key.to_canonical_address() for key in KEYS]


def members(block: dict[str, Any], extra: bytes) -> list[Any]:
    """Return a pre-London header with that extraData, apart from the code under test."""
    numbers = ("difficulty", "number", "gasLimit", "gasUsed", "timestamp")
    return [
        extra
        if name == "extraData"
        else int(value, 16)
        if name in numbers
        else bytes.fromhex(value[2:])
        for name, value in block.items()
    ]


def sealed(*keys: PrivateKey, round_: int = 3, number: int = 7) -> tuple[dict[str, Any], bytes]:
    """Return a QBFT block as Besu seals it, and its hash: without round and seals."""
    block = {**MAINNET_1, "number": hex(number)}
    vanity, vote = bytes(32), [VALIDATORS[0], b"\xff"]

    def extra(round_number: int, seals: list[bytes]) -> bytes:
        return bytes(rlp.encode([vanity, VALIDATORS, vote, round_number, seals]))

    digest = keccak(rlp.encode(members(block, extra(round_, []))))
    seals = [key.sign_msg_hash(digest).to_bytes() for key in keys]
    block_hash = keccak(rlp.encode(members(block, extra(0, []))))
    return {**block, "extraData": "0x" + extra(round_, seals).hex()}, block_hash


def test_a_public_block_gives_its_hash_and_state_root() -> None:
    header = check_header(MAINNET_1, MAINNET_1_HASH)
    assert header.state_root.hex() == MAINNET_1["stateRoot"][2:]
    assert (header.block_hash, header.sealers) == (MAINNET_1_HASH, ())


@pytest.mark.parametrize("name", list(MAINNET_1))
def test_every_member_counts(name: str) -> None:
    value = MAINNET_1[name]
    changed = value[:-1] + ("1" if value[-1] != "1" else "2")
    with pytest.raises(FormatError) as raised:
        check_header({**MAINNET_1, name: changed}, MAINNET_1_HASH)
    assert raised.value.code == "header_hash"
    with pytest.raises(FormatError) as raised:
        check_header({**MAINNET_1, name: None}, MAINNET_1_HASH)
    assert raised.value.code == "header_form"


@pytest.mark.parametrize("fork", ["berlin", "london", "shanghai", "cancun", "prague"])
def test_anvil_s_blocks_give_their_hashes_at_every_fork(fork: str) -> None:
    with Anvil("--timestamp", "1790000000", "--hardfork", fork) as anvil:
        anvil.rpc("evm_mine")
        block = anvil.rpc("eth_getBlockByNumber", "latest", False)
        header = check_header(block, bytes.fromhex(block["hash"][2:]))
        assert "0x" + header.state_root.hex() == block["stateRoot"]


def test_besu_s_own_extra_data_is_read() -> None:
    block = {**MAINNET_1, "extraData": "0x" + BESU_EXTRA}
    parts = rlp.decode(bytes.fromhex(BESU_EXTRA))
    stripped = rlp.encode([*parts[:3], b"", []])
    block_hash = keccak(rlp.encode(members(block, stripped)))
    # Its two seals are numbers of a test, which no key ever made: whoever they give seals nothing.
    header = check_header(block, block_hash)
    assert not set(header.sealers) & set(parts[1])


@pytest.mark.parametrize("count", range(5))
def test_who_sealed_a_block_is_recovered(count: int) -> None:
    block, block_hash = sealed(*KEYS[:count])
    header = check_header(block, block_hash)
    assert header.sealers == tuple(sorted(VALIDATORS[:count]))
    assert known_sealers(header.sealers, VALIDATORS) == (count, count >= 3)


def test_seals_count_once_and_strangers_not_at_all() -> None:
    stranger = PrivateKey(b"\x05" * 32)
    block, block_hash = sealed(KEYS[0], KEYS[0], KEYS[0], stranger)
    assert known_sealers(check_header(block, block_hash).sealers, VALIDATORS) == (1, False)
    assert known_sealers(VALIDATORS, ()) == (0, False)


def test_seals_of_another_round_or_block_give_others() -> None:
    block, _ = sealed(*KEYS)
    other, other_hash = sealed(number=8)
    parts = rlp.decode(bytes.fromhex(block["extraData"][2:]))
    for round_, member in ((b"\x03", other), (b"\x04", other)):
        extra = rlp.encode([*parts[:3], round_, parts[4]])
        header = check_header({**member, "extraData": "0x" + extra.hex()}, other_hash)
        assert known_sealers(header.sealers, VALIDATORS) == (0, False)


def test_a_qbft_block_is_not_its_full_hash() -> None:
    block, block_hash = sealed(*KEYS)
    full = keccak(rlp.encode(members(block, bytes.fromhex(block["extraData"][2:]))))
    assert full != block_hash
    assert check_header(block, full).sealers == ()  # of a block 0 the file's extraData counts whole


@pytest.mark.parametrize(
    ("count", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5), (10, 7)]
)
def test_two_thirds_of_the_validators_are_needed(count: int, needed: int) -> None:
    assert seals_needed(count) == needed


@given(extra=st.binary(max_size=200))
def test_no_extra_data_ends_in_another_error(extra: bytes) -> None:
    block = {**MAINNET_1, "extraData": "0x" + extra.hex()}
    with pytest.raises(FormatError):
        check_header(block, MAINNET_1_HASH)


@pytest.mark.parametrize("extra", ["0x" + "c1" * 60_000, "0x" + "00" * 70_000, "0x1", 7])
def test_extra_data_has_limits(extra: object) -> None:
    with pytest.raises(FormatError):
        check_header({**MAINNET_1, "extraData": extra}, MAINNET_1_HASH)
