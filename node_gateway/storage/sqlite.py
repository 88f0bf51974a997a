"""SQLite: the embedded default. Write-ahead log, every commit flushed to the disk."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from node_gateway.storage.backend import Fault, Row, holder_of
from node_gateway.storage.errors import DatabaseInUseError

BUSY_TIMEOUT_S: Final = 30.0
_CHECKPOINT_TIMEOUT_S: Final = 5.0
# synchronous=FULL flushes the log at every commit. secure_delete overwrites what is deleted.
_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
# The writer's cache holds the upper part of the random-key indexes; checkpoints are fewer.
_WRITER_PRAGMAS: Final = (*_PRAGMAS, "cache_size=-65536", "wal_autocheckpoint=4000")
_READER_PRAGMAS: Final = (*_PRAGMAS, "query_only=ON", "cache_size=-8192")


def _engine(path: Path, *, mode: str, begin: str, pragmas: Sequence[str], size: int) -> Engine:
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def creating_engine(path: Path) -> Engine:
    """Return an engine that may create the file: for migrations only.

    A new file is its owner's alone, and so are the log and index that SQLite puts beside it.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return _engine(path, mode="rwc", begin="BEGIN IMMEDIATE", pragmas=_PRAGMAS, size=1)


class SqliteBackend:
    """One database file. The lease is an operating system lock on `<file>.lock`."""

    def __init__(self, path: Path, *, reader_count: int) -> None:
        self._path = path
        self._lock: int | None = None
        self.reader = _engine(
            path, mode="rw", begin="BEGIN", pragmas=_READER_PRAGMAS, size=reader_count
        )
        self.writer = _engine(
            path, mode="rw", begin="BEGIN IMMEDIATE", pragmas=_WRITER_PRAGMAS, size=1
        )

    def take_lease(self, connection: Connection) -> None:
        """See `Backend`. The lock file is never removed: a new one would be another lock."""
        lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise DatabaseInUseError(f"{holder_of(connection)} writes to this database") from error
        self._lock = lock

    def release_lease(self) -> None:
        """See `Backend`."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def insert(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
        """See `Backend`: one prepared statement for all rows."""
        if rows:
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            places = ", ".join("?" * len(table.columns))
            statement = f'INSERT INTO "{table.name}" ({columns}) VALUES ({places})'  # noqa: S608
            connection.exec_driver_sql(statement, list(rows))

    def fault_of(self, error: Exception) -> Fault:
        """See `Backend`."""
        raw: Any = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(raw, "sqlite_errorcode", None)
        if code is not None:
            known: dict[int, Fault] = {
                sqlite3.SQLITE_FULL: "full",
                sqlite3.SQLITE_BUSY: "busy",
                sqlite3.SQLITE_CONSTRAINT: "refused",
                sqlite3.SQLITE_MISMATCH: "refused",
                sqlite3.SQLITE_TOOBIG: "refused",
            }
            return known.get(code & 0xFF, "broken")  # the low byte is the primary code
        # Without a code the statement never ran: values that the driver could not bind.
        return "broken" if isinstance(raw, sqlite3.OperationalError) else "refused"

    def clear_log(self, connection: Connection) -> bool:
        """See `Backend`. Waits shortly for readers that still need the log."""
        raw = connection.connection.dbapi_connection
        if raw is None:
            return False
        cursor = raw.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(_CHECKPOINT_TIMEOUT_S * 1000)}")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}")
        cursor.close()
        return not busy
