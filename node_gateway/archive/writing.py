"""Writing an archive of everything that a gateway publishes."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import zstandard

from node_gateway.archive.sealing import SALT_SIZE_BYTES, answer_id, seal
from node_gateway.storage.ports import BatchStore, StoredAnchor

FORMAT: Final = "sealtrail/archive/v1"
_PAGE: Final = 500
_SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE anchor (
    stream INTEGER, sequence INTEGER, wire TEXT NOT NULL, entries BLOB NOT NULL,
    PRIMARY KEY (stream, sequence)
) WITHOUT ROWID;
CREATE TABLE answer (id BLOB PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID;
"""


class ArchivedStore(BatchStore, Protocol):
    """What archiving needs of the store."""

    async def codes_with_prefix(self, prefix: str, *, after: str = "", limit: int) -> list[str]:
        """Return codes of stored events above `after`, ascending."""
        ...


class Answering(Protocol):
    """Gives the public answer about a code."""

    async def answer(self, code: str) -> dict[str, Any]:
        """Return the public answer for a canonical code."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose archive it is, and of when."""

    participant: int
    slug: str
    name: str
    exported_at: int


@dataclass(frozen=True, slots=True)
class Archived:
    """What an archive holds."""

    anchors: int
    answers: int


async def write_archive(
    path: Path,
    store: ArchivedStore,
    public: Answering,
    origin: Origin,
    *,
    wire: Callable[[StoredAnchor], dict[str, Any]],
    on_progress: Callable[[int], None] = lambda _: None,
) -> Archived:
    """Write everything public into a new file.

    Args:
        path: Must not exist; appears when it is whole.
        store: The gateway's database.
        public: Its public answers.
        origin: Whose they are.
        wire: The public form of an anchor.
        on_progress: Told the number of codes looked at.

    Raises:
        FileExistsError: there is such a file.
    """
    if path.exists():  # noqa: ASYNC240  a command's, with nothing beside it
        raise FileExistsError(path)
    staged = path.with_name(path.name + ".part")
    staged.unlink(missing_ok=True)
    salt = os.urandom(SALT_SIZE_BYTES)
    try:
        with closing(sqlite3.connect(staged)) as file:
            file.executescript(_SCHEMA)
            anchors = await _anchors(file, store, wire)
            answers = await _answers(file, store, public, salt, on_progress)
            meta = {
                "format": FORMAT,
                "participant": origin.participant,
                "slug": origin.slug,
                "name": origin.name,
                "exportedAt": origin.exported_at,
                "salt": salt.hex(),
                "streams": await store.streams(),
            }
            with file:
                rows = [(name, json.dumps(value)) for name, value in meta.items()]
                file.executemany("INSERT INTO meta VALUES (?, ?)", rows)
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    return Archived(anchors, answers)


async def _anchors(
    file: sqlite3.Connection,
    store: ArchivedStore,
    wire: Callable[[StoredAnchor], dict[str, Any]],
) -> int:
    count, pack = 0, zstandard.ZstdCompressor().compress
    for stream in await store.streams():
        after = 0
        while page := await store.anchors(stream, after=after, limit=_PAGE):
            after = page[-1].anchor.sequence
            for one in page:
                if one.state != "final":
                    continue
                entries = await store.batch_entries(stream, one.anchor.sequence)
                row = (stream, one.anchor.sequence, json.dumps(wire(one)), pack(entries))
                file.execute("INSERT INTO anchor VALUES (?, ?, ?, ?)", row)
                count += 1
            file.commit()
    return count


async def _answers(
    file: sqlite3.Connection,
    store: ArchivedStore,
    public: Answering,
    salt: bytes,
    on_progress: Callable[[int], None],
) -> int:
    count, looked_at = 0, 0
    async for page in _pages(store):
        for code in page:
            answer = await public.answer(code)
            if answer["proofs"] is not None:
                raw = json.dumps(answer, ensure_ascii=False).encode()
                row = (answer_id(salt, code), seal(salt, code, raw))
                file.execute("INSERT INTO answer VALUES (?, ?)", row)
                count += 1
        file.commit()
        looked_at += len(page)
        on_progress(looked_at)
    return count


async def _pages(store: ArchivedStore) -> AsyncIterator[list[str]]:
    after = ""
    while page := await store.codes_with_prefix("", after=after, limit=_PAGE):
        after = page[-1]
        yield page
