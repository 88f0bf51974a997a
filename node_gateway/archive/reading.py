"""Serving archives of participants that left."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import structlog
import zstandard

from node_gateway.archive.sealing import ArchiveDamagedError, answer_id, unseal
from node_gateway.archive.writing import FORMAT
from node_gateway.errors import NotFoundError
from node_gateway.services.public import nothing_known

SUFFIX: Final = ".archive"
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_LIST_SIZE_BYTES_MAX: Final = 2**20 * 32
_STATEMENT: Final = (
    "as kept for a participant that left; check the proofs against witnesses you chose"
)


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive file, checked to be one."""

    path: Path
    participant: int
    slug: str
    name: str
    exported_at: int
    salt: bytes
    streams: tuple[int, ...]

    def about(self) -> dict[str, Any]:
        """Return what answers say of where they come from."""
        return {
            "participant": self.participant,
            "name": self.name,
            "exportedAt": self.exported_at,
        }


def is_slug(text: str) -> bool:
    """Tell whether a text is a participant's short name."""
    return _SLUG.fullmatch(text) is not None


def open_archive(path: Path) -> Archive:
    """Read what an archive says of itself.

    Raises:
        ArchiveDamagedError: it is no archive.
    """
    try:
        with closing(_connect(path)) as file:
            rows = file.execute("SELECT name, value FROM meta").fetchall()
        meta = {name: json.loads(value) for name, value in rows}
        made = Archive(
            path=path,
            participant=int(meta["participant"]),
            slug=str(meta["slug"]),
            name=str(meta["name"]),
            exported_at=int(meta["exportedAt"]),
            salt=bytes.fromhex(meta["salt"]),
            streams=tuple(int(one) for one in meta["streams"]),
        )
    except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
        raise ArchiveDamagedError(f"{path.name} is no archive") from error
    if meta["format"] != FORMAT or not is_slug(made.slug):
        raise ArchiveDamagedError(f"{path.name} is no archive of {FORMAT}")
    return made


class Archives:
    """The archives in a folder: files that end in `.archive`, read at the start."""

    def __init__(self, folder: Path | None) -> None:
        self._by_slug: dict[str, Archive] = {}
        for path in sorted(folder.glob(f"*{SUFFIX}")) if folder else ():
            try:
                archive = open_archive(path)
            except ArchiveDamagedError as error:
                structlog.get_logger().warning("an archive is not served", reason=str(error))
                continue
            self._by_slug[archive.slug] = archive

    def of(self, slug: str) -> Archive:
        """Return an archive.

        Raises:
            NotFoundError: `archive_not_found`.
        """
        archive = self._by_slug.get(slug)
        if archive is None:
            raise NotFoundError("no such archive is served here", code="archive_not_found")
        return archive

    def all(self) -> list[Archive]:
        """Return every archive that is served."""
        return list(self._by_slug.values())


async def anchors(archive: Archive, stream: int, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Return anchors of a stream above `after`, as the gateway showed them."""
    query = "SELECT wire FROM anchor WHERE stream = ? AND sequence > ? ORDER BY sequence LIMIT ?"
    rows = await asyncio.to_thread(_rows, archive, query, (stream, after, limit))
    return [json.loads(wire) for (wire,) in rows]


async def entries(archive: Archive, stream: int, sequence: int) -> bytes | None:
    """Return the entries of a batch, 32 bytes each; None if there is no such anchor."""
    query = "SELECT entries FROM anchor WHERE stream = ? AND sequence = ?"
    rows = await asyncio.to_thread(_rows, archive, query, (stream, sequence))
    if not rows:
        return None
    unpack = zstandard.ZstdDecompressor().decompress
    return bytes(unpack(rows[0][0], max_output_size=_LIST_SIZE_BYTES_MAX))


async def answer(archive: Archive, code: str) -> dict[str, Any]:
    """Return the public answer about a canonical code, as of the export.

    Raises:
        ArchiveDamagedError: it was changed.
    """
    found = await asyncio.to_thread(_answer, archive, code)
    said = {**nothing_known(code), **(found or {})}
    return {**said, "statement": _STATEMENT, "archive": archive.about()}


def _answer(archive: Archive, code: str) -> dict[str, Any] | None:
    query = "SELECT sealed FROM answer WHERE id = ?"
    rows = _rows(archive, query, (answer_id(archive.salt, code),))
    if not rows:
        return None
    try:
        found = json.loads(unseal(archive.salt, code, rows[0][0]))
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("product", {}), dict):
        raise ArchiveDamagedError("an answer of the archive is none")
    return found


def _rows(archive: Archive, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
    try:
        with closing(_connect(archive.path)) as file:
            return file.execute(query, values).fetchall()
    except sqlite3.Error as error:
        raise ArchiveDamagedError(f"{archive.path.name} cannot be read") from error


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
