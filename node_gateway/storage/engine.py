"""Opening and migrating a database by its address. Only `wiring` and the operator's commands do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from node_gateway.storage import postgres, sqlite
from node_gateway.storage.backend import Backend, note_holder
from node_gateway.storage.database import Readable
from node_gateway.storage.errors import DatabaseRevisionError, DatabaseUrlError
from node_gateway.storage.migrations import head_revision, require_revision, upgrade
from node_gateway.storage.ports import GatewayStore
from node_gateway.storage.store import Store
from node_gateway.storage.writer import OnStep

READER_COUNT = 4
T = TypeVar("T")


def _no_step(_step: str) -> None:
    """Do nothing; fault tests pass something that kills the process."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def open_store(
    url: str,
    *,
    reader_count: int = READER_COUNT,
    on_step: OnStep = _no_step,
    now_ms: Callable[[], int] = _now_ms,
) -> GatewayStore:
    """Open a database for reading and writing; creates and migrates nothing.

    Args:
        url: `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://...`.
        reader_count: Connections (and threads) that read.
        on_step: Called in the writer thread at numbered durable steps such as
            `store.before_commit` and `store.after_commit` (kinds: store, batch, outbox, seen,
            unseen, final, erase_secret, erase, bundle, register).
        now_ms: Clock of `finished_at_ms` and of the lease's note.

    Raises:
        DatabaseUrlError: the address is of another kind.
        DatabaseRevisionError: there is no database, or its schema is of another version.
        DatabaseInUseError: another process writes to it.
    """
    store = await asyncio.to_thread(_open, url, reader_count, on_step, now_ms)
    for position in await store.half_erased():
        await store.finish_erasure(position)
    return store


def _open(url: str, reader_count: int, on_step: OnStep, now_ms: Callable[[], int]) -> Store:
    backend = _backend(_parse(url), reader_count)
    connection = backend.writer.connect()
    try:
        with connection.begin():
            require_revision(connection)
            backend.take_lease(connection)
            note_holder(connection, now=now_ms() // 1000)
    except BaseException:
        connection.close()
        backend.writer.dispose()
        backend.release_lease()
        raise
    return Store(backend, connection, reader_count=reader_count, on_step=on_step, now_ms=now_ms)


@asynccontextmanager
async def open_for_reading(url: str) -> AsyncIterator[Readable]:
    """Open a database for reading only: a gateway may run on it, and nothing can be written.

    Raises:
        DatabaseUrlError: the address is of another kind.
        DatabaseRevisionError: there is no database, or its schema is of another version.
    """
    backend = await asyncio.to_thread(_backend, _parse(url), 1)
    reading = _Reading(backend.reader)
    try:
        await reading.read(require_revision)
        yield reading
    finally:
        backend.reader.dispose()
        backend.writer.dispose()


class _Reading:
    """A database without its writer; implements `Readable`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def read(self, work: Callable[[Connection], T]) -> T:
        """See `Readable`."""

        def run() -> T:
            with self._engine.connect() as connection:
                return work(connection)

        return await asyncio.to_thread(run)


def migrate(url: str, revision: str = "head") -> None:
    """Create or migrate a database. Blocks; refuses while a gateway has it open.

    Raises:
        DatabaseUrlError: the address is of another kind.
        DatabaseInUseError: a gateway writes to it.
    """
    parsed = _parse(url)
    engine = _creating_engine(parsed)
    try:
        with engine.connect() as connection:
            exists = engine.dialect.has_table(connection, "lease")
        if not exists:
            upgrade(engine, revision)
            return
        backend = _backend(parsed, 1)
        try:
            with backend.writer.connect() as holder:
                backend.take_lease(holder)
                holder.rollback()
                upgrade(engine, revision)
        finally:
            backend.writer.dispose()
            backend.release_lease()
    finally:
        engine.dispose()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUrlError("the database address cannot be read") from error
    file = parsed.drivername == "sqlite" and parsed.database not in {None, "", ":memory:"}
    if not file and parsed.drivername not in {"postgresql", "postgresql+psycopg"}:
        raise DatabaseUrlError("a database address is sqlite:///path or postgresql://...")
    return parsed


def _backend(url: URL, reader_count: int) -> Backend:
    if url.drivername != "sqlite":
        return postgres.PostgresBackend(url, reader_count=reader_count)
    path = Path(str(url.database))
    if not path.is_file():
        raise DatabaseRevisionError(found=None, expected=head_revision())
    return sqlite.SqliteBackend(path, reader_count=reader_count)


def _creating_engine(url: URL) -> Engine:
    if url.drivername == "sqlite":
        return sqlite.creating_engine(Path(str(url.database)))
    return postgres.creating_engine(url)
