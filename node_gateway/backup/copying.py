"""Copy a database while a gateway writes to it: as it was at one moment, and no lock for long.

SQLite copies itself into a new file from one snapshot; what was deleted is not in the copy.
PostgreSQL streams its tables from one repeatable-read transaction. Neither waits for the writer,
and the writer waits for neither.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import Table, make_url

from node_gateway.backup.errors import BackupDamagedError, BackupPlaceError
from node_gateway.storage.schema import metadata

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
_CHUNK_SIZE_BYTES: Final = 16 * 1024 * 1024
_ROWS_PER_CALL: Final = 100
# Of this process or machine: a lease, and who held it.
_NOT_COPIED: Final = frozenset({"lease"})


def kind_of(url: str) -> str:
    """Return `sqlite` or `postgresql` for the address of a database."""
    return SQLITE if make_url(url).drivername == SQLITE else POSTGRESQL


def copy_sqlite(source: Path, target: Path) -> None:
    """Write a consistent copy of a database into a new file that only its owner can read.

    Raises:
        OSError, sqlite3.Error: the source cannot be read, or there is no space.
    """
    target.touch(mode=0o600, exist_ok=False)
    # Not mode=ro: a reader of a write-ahead log needs to write its index.
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


def check_sqlite(file: Path) -> None:
    """Let SQLite look through every page.

    Raises:
        BackupDamagedError: it finds something.
    """
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        raise BackupDamagedError("the database in the backup is damaged")


def _tables() -> Iterator[Table]:
    return (one for one in metadata.sorted_tables if one.name not in _NOT_COPIED)


def dump_postgresql(url: str, member: Callable[[str, bytes], None]) -> str:
    """Copy all tables from one snapshot; return the revision of the schema.

    Args:
        url: The database.
        member: Takes pieces of `tables/<name>.<number>`, each some MiB, in binary COPY form.
    """
    with psycopg.connect(_plain(url), autocommit=False) as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.read_only = True
        revision = session.execute("SELECT version_num FROM alembic_version").fetchone()
        if revision is None:
            raise BackupDamagedError("the database has no schema")
        for table in _tables():
            for number, piece in enumerate(_pieces(session, table)):
                member(f"tables/{table.name}.{number:06d}", piece)
    return str(revision[0])


def _pieces(session: psycopg.Connection[Any], table: Table) -> Iterator[bytes]:
    statement = sql.SQL("COPY {} ({}) TO STDOUT (FORMAT BINARY)").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns),
    )
    waiting: list[bytes] = []
    size = 0
    with session.cursor() as cursor, cursor.copy(statement) as copy:
        for data in copy:
            waiting.append(bytes(data))
            size += len(data)
            if size >= _CHUNK_SIZE_BYTES:
                yield b"".join(waiting)
                waiting, size = [], 0
    yield b"".join(waiting)


def load_postgresql(url: str, name: str, pieces: Iterable[bytes]) -> None:
    """Put one table back into a database whose tables are there and empty; all of it or nothing.

    Raises:
        BackupDamagedError: there is no such table.
    """
    table = metadata.tables.get(name)
    if table is None or name in _NOT_COPIED:
        raise BackupDamagedError("the backup names a table that this version does not have")
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns),
    )
    with (
        psycopg.connect(_plain(url)) as session,
        session.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for piece in pieces:
            copy.write(piece)


def require_empty(url: str) -> None:
    """Check that a PostgreSQL database holds no table of ours.

    Raises:
        BackupPlaceError: it does.
    """
    with psycopg.connect(_plain(url)) as session:
        found = session.execute(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema()"
        ).fetchone()
    if found is not None:
        raise BackupPlaceError(
            "the database to restore into is not empty", hint="createdb a new one, and name it"
        )


def mark_sqlite(file: Path, name: str, value: bytes) -> None:
    """Set a value about the database itself, in a file that no gateway has open."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))


def mark_postgresql(url: str, name: str, value: bytes) -> None:
    """As `mark_sqlite`."""
    with psycopg.connect(_plain(url)) as session:
        session.execute(
            "INSERT INTO meta (name, value) VALUES (%s, %s) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )


def _plain(url: str) -> str:
    return make_url(url).set(drivername=POSTGRESQL).render_as_string(hide_password=False)
