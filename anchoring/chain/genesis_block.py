"""Block 0 of a Besu QBFT chain, computed from its genesis file without a running chain.

Source: Besu 26, `GenesisState` (members of the header and of an account) and `QbftExtraDataCodec`.
The hash of block 0 is Keccak-256 of the whole header, its `extraData` as it stands in the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_utils.crypto import keccak
from trie.hexary import HexaryTrie

_VANITY = bytes(32)
_ZERO_HASH = bytes(32)
_EMPTY_LIST_HASH = keccak(rlp.encode([]))
_EMPTY_TRIE_HASH = keccak(rlp.encode(b""))
_BLOOM = bytes(256)
_NONCE_SIZE_BYTES = 8


def qbft_extra_data(validators: Sequence[bytes]) -> bytes:
    """Return `extraData` of block 0: 32 bytes of vanity, validators, no vote, round 0, no seals.

    Args:
        validators: Addresses of 20 bytes, in the order in which they are written; Besu wants them
            ascending.
    """
    encoded: bytes = rlp.encode([_VANITY, list(validators), [], 0, []])
    return encoded


def genesis_hash(genesis: Mapping[str, Any]) -> bytes:
    """Return the hash of block 0 of a genesis file whose chain is at Cancun from the start."""
    header = [
        _ZERO_HASH,
        _EMPTY_LIST_HASH,
        _bytes(genesis["coinbase"]),
        state_root(genesis["alloc"]),
        _EMPTY_TRIE_HASH,
        _EMPTY_TRIE_HASH,
        _BLOOM,
        _number(genesis["difficulty"]),
        0,  # number
        _number(genesis["gasLimit"]),
        0,  # gas used
        _number(genesis["timestamp"]),
        _bytes(genesis["extraData"]),
        _bytes(genesis["mixHash"]),
        _number(genesis["nonce"]).to_bytes(_NONCE_SIZE_BYTES),
        _number(genesis["baseFeePerGas"]),
        _EMPTY_TRIE_HASH,  # withdrawals
        0,  # blob gas used
        0,  # excess blob gas
        _ZERO_HASH,  # root of a beacon block
    ]
    return bytes(keccak(rlp.encode(header)))


def state_root(alloc: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Return the root of the state trie that `alloc` gives."""
    accounts = HexaryTrie({})
    for address, account in alloc.items():
        slots = HexaryTrie({})
        for slot, value in account.get("storage", {}).items():
            if number := _number(value):
                slots[keccak(_number(slot).to_bytes(32))] = rlp.encode(number)
        code = _bytes(account.get("code", "0x"))
        balance, nonce = _number(account["balance"]), _number(account.get("nonce", "0x0"))
        body = rlp.encode([nonce, balance, slots.root_hash, keccak(code)])
        accounts[keccak(_bytes(address))] = body
    return bytes(accounts.root_hash)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _number(text: str) -> int:
    return int(text, 16)
