"""What stands in a gateway's database, whoever put it there: everything, unpacked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import zstandard

_UNPACKED_SIZE_BYTES_MAX = 1 << 26


def found_in(database: Path, texts: Sequence[str]) -> set[str]:
    """Return those of some texts that stand anywhere in a database file."""
    wanted = {text: text.encode() for text in texts}
    found: set[str] = set()
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for value in _values(connection):
            found |= {text for text, raw in wanted.items() if raw in value}
    return found


def _values(connection: sqlite3.Connection) -> Iterator[bytes]:
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608  its own names
            for value in row:
                if isinstance(value, str):
                    yield value.encode()
                elif isinstance(value, bytes):
                    yield value
                    yield _unpacked(value)


def _unpacked(value: bytes) -> bytes:
    try:
        unpacking = zstandard.ZstdDecompressor()
        return unpacking.decompress(value, max_output_size=_UNPACKED_SIZE_BYTES_MAX)
    except zstandard.ZstdError:
        return b""
