"""Words that are planted, all forms in which they could leave, and where to look for them."""

from __future__ import annotations

import json
import re
import sqlite3
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import quote

import zstandard
from eth_utils.crypto import keccak

_UNPACKED_SIZE_BYTES_MAX: Final = 1 << 26
_FRAME: Final = b"\x28\xb5\x2f\xfd"
_DISCLOSURE: Final = re.compile(rb"(?<=\")Wy[A-Za-z0-9_-]{20,}(?=\")")
_ALIGNMENTS: Final = 3


@dataclass(frozen=True)
class Marker:
    """A word, and who may know it besides its owner.

    Attributes:
        text: Stands nowhere else.
        may: Whom policy lets know it.
    """

    text: str
    may: frozenset[str] = frozenset()


def texts_of(raw: bytes) -> set[bytes]:
    """Return the spellings of bytes: themselves, hex, base64 at any place of a longer text."""
    found = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    for shift in range(_ALIGNMENTS):
        padded = bytes(shift) + raw
        for code in (b64encode, urlsafe_b64encode):
            whole = code(padded).rstrip(b"=")
            # The first and last characters depend on what stands beside.
            first, last = -(-shift * 4 // 3), len(padded) * 4 // 3
            found.add(whole[first:last])
    return {one for one in found if len(one) >= 4}


def spellings(marker: str) -> set[bytes]:
    """Return what a marker may look like in a text."""
    escaped = json.dumps(marker)[1:-1]
    plain = texts_of(marker.encode())
    return plain | {escaped.encode(), quote(marker, safe="").encode(), marker.lower().encode()}


def digests(preimages: Iterable[bytes]) -> set[bytes]:
    """Return hashes without salt of what contains a marker, as bytes, hex and base64url."""
    found = set()
    for one in preimages:
        for digest in (sha256(one).digest(), keccak(one)):
            found |= {digest, digest.hex().encode(), urlsafe_b64encode(digest)[:42]}
    return found


def preimages(marker: str, items: Iterable[tuple[str, str]]) -> set[bytes]:
    """Return what somebody would hash who guesses: the word, its values, `[path, value]`.

    Args:
        marker: The word.
        items: (path, RFC 8785 value) of the events that it was planted in.
    """
    found = {marker.encode(), json.dumps(marker).encode()}
    for path, value in items:
        if marker not in value:
            continue
        quoted = json.dumps(path, ensure_ascii=False)
        found |= {value.encode(), value.strip('"').encode()}
        found |= {f"[{quoted},{value}]".encode(), f"{path}{value}".encode()}
        found |= {f"{path}={value}".encode(), f'["",{quoted},{value}]'.encode()}
    return found


def whole_database(file: Path) -> bytes:
    """Return all of a SQLite database: columns as they are and unpacked, and deleted rows."""
    parts = [one.read_bytes() for one in sorted(file.parent.glob(f"{file.name}*"))]
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in tables.fetchall():
            for row in connection.execute(f'SELECT * FROM "{name}"'):
                for value in row:
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    parts.append(raw)
                    parts += opened(raw)
    return b"\n".join(parts)


def opened(raw: bytes) -> list[bytes]:
    """Return what is packed in bytes: zstandard frames, and disclosures in them."""
    plain = [*_frames(raw)]
    return [*plain, *(text for one in (raw, *plain) for text in _disclosures(one))]


def _frames(raw: bytes) -> Iterator[bytes]:
    at = raw.find(_FRAME)
    if at >= 0:
        try:
            yield zstandard.ZstdDecompressor().decompress(
                raw[at:], max_output_size=_UNPACKED_SIZE_BYTES_MAX, allow_extra_data=True
            )
        except zstandard.ZstdError:
            return


def _disclosures(raw: bytes) -> Iterator[bytes]:
    for one in _DISCLOSURE.findall(raw):
        if len(one) % 4 != 1:
            yield urlsafe_b64decode(one + b"=" * (-len(one) % 4))


def found_in(corpus: bytes, forms: Iterable[bytes]) -> list[bytes]:
    """Return what stands around the first place of each form that is there."""
    places = [(corpus.find(one), one) for one in forms]
    return [corpus[max(0, at - 150) : at + len(one) + 60] for at, one in places if at >= 0]


def without(raw: bytes, asked: str) -> bytes:
    """Return an answer without the code that was asked for: it was known before."""

    def plain(found: re.Match[bytes]) -> bytes:
        is_asked = asked.encode() in b"".join(_disclosures(b'"' + found[0] + b'"'))
        return b"(asked)" if is_asked else found[0]

    return _DISCLOSURE.sub(plain, raw.replace(asked.encode(), b"(asked)"))


def corpus_of(parts: Sequence[bytes]) -> bytes:
    """Return parts, and what is packed in them, as one text to search."""
    return b"\n".join([*parts, *(one for part in parts for one in opened(part))])
