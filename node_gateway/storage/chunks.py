"""Contents of consecutive events, compressed together: events of one gateway resemble each other.

Plain form: a 4-byte count, three 4-byte lengths per event, then the bytes of all events. Stored
form: one zstandard frame, perhaps followed by zeros. Erasing keeps the stored length, so that the
database overwrites the old bytes in place instead of moving them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import orjson
import zstandard

from node_gateway.storage.errors import DatabaseDamagedError
from node_gateway.storage.tables import CHUNK_EVENTS_MAX

CHUNK_BYTES_MAX: Final = 128 * 1024
_LEVEL: Final = 1
_COUNT: Final = struct.Struct(">I")
_LENGTHS: Final = struct.Struct(">III")


@dataclass(frozen=True, slots=True)
class Content:
    """The compressible part of an event. `codes` are those indexed for it, empty if kept apart."""

    payload: bytes
    derived: bytes
    codes: tuple[str, ...] = ()


NOTHING: Final = Content(b"", b"")


def cut_chunks(first: int, contents: Sequence[Content]) -> Iterator[tuple[int, bytes]]:
    """Yield (position of the first event, stored form) for events at consecutive positions."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    start, size = 0, 0
    for at, content in enumerate(contents):
        length = len(content.payload) + len(content.derived)
        if at > start and (at - start >= CHUNK_EVENTS_MAX or size + length > CHUNK_BYTES_MAX):
            yield first + start, compressor.compress(_encode(contents[start:at]))
            start, size = at, 0
        size += length
    if contents:
        yield first + start, compressor.compress(_encode(contents[start:]))


def read_chunk(data: bytes) -> list[Content]:
    """Return the contents of a chunk; erased ones are empty.

    Raises:
        DatabaseDamagedError: these bytes were not written by `cut_chunks` or `without`.
    """
    try:
        plain = zstandard.ZstdDecompressor().decompress(data, allow_extra_data=True)
        return _decode(plain)
    except (zstandard.ZstdError, struct.error, ValueError) as error:
        raise DatabaseDamagedError("a chunk of events cannot be read") from error


def without(data: bytes, index: int) -> bytes:
    """Return a chunk of the same stored length in which the event at `index` is empty."""
    contents = read_chunk(data)
    contents[index] = NOTHING
    return (
        zstandard.ZstdCompressor(level=_LEVEL).compress(_encode(contents)).ljust(len(data), b"\x00")
    )


def _encode(contents: Sequence[Content]) -> bytes:
    lengths: list[bytes] = []
    parts: list[bytes] = []
    for content in contents:
        codes = orjson.dumps(content.codes) if content.codes else b""
        lengths.append(_LENGTHS.pack(len(content.payload), len(content.derived), len(codes)))
        parts += (content.payload, content.derived, codes)
    return b"".join((_COUNT.pack(len(contents)), *lengths, *parts))


def _decode(plain: bytes) -> list[Content]:
    (count,) = _COUNT.unpack_from(plain)
    at = _COUNT.size + count * _LENGTHS.size
    contents = []
    for payload, derived, codes in _LENGTHS.iter_unpack(plain[_COUNT.size : at]):
        ends = (at + payload, at + payload + derived, at + payload + derived + codes)
        known = orjson.loads(plain[ends[1] : ends[2]]) if codes else ()
        contents.append(Content(plain[at : ends[0]], plain[ends[0] : ends[1]], tuple(known)))
        at = ends[2]
    if at != len(plain):
        raise ValueError("a chunk does not have its stated length")
    return contents
