"""Everything random in a commitment, drawn from one secret per commit by SHAKE-256.

Forgetting the secret makes an event undisclosable for ever; keeping it makes every salt, decoy,
position and empty node reproducible, so nothing else has to be stored.
"""

from collections.abc import Iterator
from hashlib import shake_256
from struct import iter_unpack

SECRET_SIZE_BYTES = 32
SALT_SIZE_BYTES = 16
CODES_DEPTH = 20
_POSITION_MASK = (1 << CODES_DEPTH) - 1
_POSITION_BYTES = 3


def _stream(label: bytes, secret: bytes, size_bytes: int) -> bytes:
    return shake_256(label + secret).digest(size_bytes)


def fields_secret(secret: bytes) -> bytes:
    """Return the sub-secret of the fields tree (32 bytes)."""
    return _stream(b"sealtrail/fields/v1\n", secret, SECRET_SIZE_BYTES)


def codes_secret(secret: bytes) -> bytes:
    """Return the sub-secret of the codes tree (32 bytes); all that a codes opening needs."""
    return _stream(b"sealtrail/codes/v1\n", secret, SECRET_SIZE_BYTES)


def salts(sub_secret: bytes, count: int) -> list[bytes]:
    """Return the salts of one tree's items, in item order (16 bytes each)."""
    raw = _stream(b"sealtrail/salts/v1\n", sub_secret, count * SALT_SIZE_BYTES)
    return [raw[at : at + SALT_SIZE_BYTES] for at in range(0, len(raw), SALT_SIZE_BYTES)]


def salt_at(sub_secret: bytes, ordinal: int) -> bytes:
    """Return the salt of item `ordinal` alone. Cost: grows with the ordinal, ~2 ns a byte."""
    end = (ordinal + 1) * SALT_SIZE_BYTES
    return _stream(b"sealtrail/salts/v1\n", sub_secret, end)[-SALT_SIZE_BYTES:]


def salts_and_decoys(sub_secret: bytes, items: int, decoys: int) -> tuple[list[bytes], list[bytes]]:
    """Return the salts and then the decoy entries (32 bytes each) of a fields tree."""
    split = items * SALT_SIZE_BYTES
    raw = _stream(b"sealtrail/salts/v1\n", sub_secret, split + decoys * 32)
    salted = [raw[at : at + SALT_SIZE_BYTES] for at in range(0, split, SALT_SIZE_BYTES)]
    return salted, [raw[at : at + 32] for at in range(split, len(raw), 32)]


def positions(sub_secret: bytes, count: int) -> list[int]:
    """Return the position of each code in item order: distinct, below 2^20.

    Three bytes big-endian each, the low 20 bits count; the next three where one is taken.
    """
    taken: dict[int, None] = {}
    for position in _draws(sub_secret, count):
        if len(taken) == count:
            break
        taken.setdefault(position)
    return list(taken)


def _draws(sub_secret: bytes, count: int) -> Iterator[int]:
    start, size_bytes = 0, (count + count // 4 + 8) * _POSITION_BYTES
    while True:
        raw = _stream(b"sealtrail/positions/v1\n", sub_secret, size_bytes)
        for high, low in iter_unpack(">BH", raw[start:]):
            yield (high << 16 | low) & _POSITION_MASK
        start, size_bytes = size_bytes, 2 * size_bytes


def empties(sub_secret: bytes, count: int) -> bytes:
    """Return `count` values for empty nodes, concatenated (32 bytes each)."""
    return _stream(b"sealtrail/empty/v1\n", sub_secret, count * 32)
