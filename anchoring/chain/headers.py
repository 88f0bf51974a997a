"""Block headers as an endpoint gives them: recomputed, never believed; and who sealed them.

A header is what a block hash commits to, so whoever holds the hash can check the state root in it.
On a Besu QBFT chain the hash leaves out the round and the commit seals, and each seal signs the
header without any seal. Source: Besu 26, `BftBlockHashing`, `QbftExtraDataCodec`,
`BftHelpers.calculateRequiredValidatorQuorum`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException  # type: ignore[import-untyped]

from anchoring.errors import FormatError

_HASH = 32
_FIXED = (
    ("parentHash", _HASH),
    ("sha3Uncles", _HASH),
    ("miner", 20),
    ("stateRoot", _HASH),
    ("transactionsRoot", _HASH),
    ("receiptsRoot", _HASH),
    ("logsBloom", 256),
    ("difficulty", None),
    ("number", None),
    ("gasLimit", None),
    ("gasUsed", None),
    ("timestamp", None),
    ("extraData", 0),
    ("mixHash", _HASH),
    ("nonce", 8),
)
"""Members in the order of the header; the size in bytes, 0 for any, None for a number."""
_LATER = (
    ("baseFeePerGas", None),
    ("withdrawalsRoot", _HASH),
    ("blobGasUsed", None),
    ("excessBlobGas", None),
    ("parentBeaconBlockRoot", _HASH),
    ("requestsHash", _HASH),
)
"""Members that forks added, London to Prague, each only behind all before it."""
_EXTRA_DATA = 12
_STATE_ROOT = 3
_NUMBER, _TIME = 8, 11
_SEAL_SIZE = 65
_VANITY_SIZE = 32
_EXTRA_DATA_SIZE_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Header:
    """A header whose hash was recomputed.

    Attributes:
        block_hash: Keccak-256 that the members give, the same as was asked for.
        state_root: Root of the state trie, 32 bytes.
        parent_hash: Hash of the block before it.
        number: Of the block.
        time: Of the block, Unix seconds.
        sealers: Addresses recovered from the commit seals, ascending; empty if there are none.
    """

    block_hash: bytes
    state_root: bytes
    parent_hash: bytes
    number: int
    time: int
    sealers: tuple[bytes, ...]


def check_header(answer: Mapping[str, Any], block_hash: bytes) -> Header:
    """Recompute the hash of a header as `eth_getBlockByHash` gives it.

    Args:
        answer: The block, as JSON-RPC gives it.
        block_hash: The hash that was agreed on; the members must give it.

    Raises:
        FormatError: `header_form` (a member is missing or malformed) or `header_hash` (the
            members give another hash: a lie, or a fork that this program does not know).
    """
    return _checked(_members(answer), block_hash)


def header_rlp(answer: Mapping[str, Any]) -> bytes:
    """Return the RLP text of a header as `eth_getBlockByHash` gives it; see `check_header_rlp`.

    Raises:
        FormatError: `header_form`: a member is missing or malformed.
    """
    return bytes(rlp.encode(_members(answer)))


def check_header_rlp(raw: bytes, block_hash: bytes) -> Header:
    """Recompute the hash of a header from its RLP text, seals included.

    Raises:
        FormatError: `header_form` or `header_hash`, as in `check_header`.
    """
    try:
        parts = rlp.decode(raw, strict=True)
    except (RLPException, RecursionError) as error:
        raise FormatError("the header is no RLP", code="header_form") from error
    names = (*_FIXED, *_LATER)
    if not isinstance(parts, list) or not len(_FIXED) <= len(parts) <= len(names):
        raise FormatError("the header has not the members of one", code="header_form")
    answer = {
        name: _hex(part, is_number=size is None)
        for (name, size), part in zip(names, parts, strict=False)
    }
    return _checked(_members(answer), block_hash)


def _hex(part: object, *, is_number: bool) -> str | None:
    if not isinstance(part, bytes):
        return None
    return "0x" + (part.hex() or ("0" if is_number else ""))


def _checked(members: list[bytes], block_hash: bytes) -> Header:
    extra = _qbft_extra(members[_EXTRA_DATA])
    number, time = int.from_bytes(members[_NUMBER]), int.from_bytes(members[_TIME])
    if keccak(rlp.encode(members)) == block_hash:
        sealed = None
    elif extra is not None and number and _hash(members, [*extra[:3], b"", []]) == block_hash:
        sealed = extra
    else:
        raise FormatError("the header does not give the block hash", code="header_hash")
    sealers = _sealers(members, sealed) if sealed is not None else ()
    return Header(block_hash, members[_STATE_ROOT], members[0], number, time, sealers)


def seals_needed(validators: int) -> int:
    """Return how many validators must seal a block of a chain with so many: two thirds, up."""
    return -(-2 * validators // 3)


def known_sealers(sealers: Sequence[bytes], validators: Sequence[bytes]) -> tuple[int, bool]:
    """Return how many known validators sealed, and whether these are enough."""
    count = len(set(sealers) & set(validators))
    return count, bool(validators) and count >= seals_needed(len(set(validators)))


def _members(answer: Mapping[str, Any]) -> list[bytes]:
    found = [_bytes(answer.get(name), name, size) for name, size in _FIXED]
    if len(found[_EXTRA_DATA]) > _EXTRA_DATA_SIZE_BYTES_MAX:
        raise FormatError("the header's extraData is too long", code="header_form")
    for name, size in _LATER:
        if answer.get(name) is None:
            break
        found.append(_bytes(answer[name], name, size))
    return found


def _bytes(value: object, name: str, size: int | None) -> bytes:
    text = value[2:] if isinstance(value, str) and value.startswith("0x") else None
    if text is not None and size is None and 0 < len(text) <= 64:
        text = text.zfill(len(text) + len(text) % 2)
    try:
        data = bytes.fromhex(text) if text is not None else None
    except ValueError:
        data = None
    if data is None or (size and len(data) != size):
        raise FormatError(f"the header has no {name}", code="header_form")
    return data.lstrip(b"\0") if size is None else data


def _hash(members: Sequence[bytes], extra: Sequence[Any]) -> bytes:
    changed = list(members)
    changed[_EXTRA_DATA] = rlp.encode(list(extra))
    return keccak(rlp.encode(changed))


def _qbft_extra(data: bytes) -> list[Any] | None:
    """Decode QBFT's extraData: vanity, validators, vote, round, seals; None if it is none."""
    try:
        parts = rlp.decode(data, strict=True)
    except (RLPException, RecursionError):
        return None
    shape = isinstance(parts, list) and [isinstance(part, list) for part in parts]
    if shape != [False, True, True, False, True] or len(parts[0]) != _VANITY_SIZE:
        return None
    seals = parts[4]
    if any(isinstance(one, list) or len(one) != _SEAL_SIZE for one in seals):
        return None
    return list(parts)


def _sealers(members: Sequence[bytes], extra: Sequence[Any]) -> tuple[bytes, ...]:
    """Recover who sealed; a seal that gives no key seals nothing."""
    digest = _hash(members, [*extra[:4], []])
    found: set[bytes] = set()
    for seal in extra[4]:
        try:
            key = Signature(seal).recover_public_key_from_msg_hash(digest)
        except (BadSignature, ValidationError, ValueError):
            continue
        found.add(key.to_canonical_address())
    return tuple(sorted(found))
