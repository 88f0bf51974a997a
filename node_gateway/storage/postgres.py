"""PostgreSQL, for production: the same writer design, one writing connection, COPY for bulk."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import URL, BigInteger, Connection, Engine, Integer, Table, create_engine, text
from sqlalchemy import types as sqltypes
from sqlalchemy.exc import DBAPIError

from node_gateway.storage.backend import Fault, Row, holder_of
from node_gateway.storage.errors import DatabaseInUseError

# Any fixed number; advisory locks are per database. ASCII "SEALTRL1".
_LEASE_KEY: Final = 0x5345414C54524C31
_LEASE_WAIT_S: Final = 3.0
_LEASE_POLL_S: Final = 0.05
_COPY_MIN: Final = 8
_REFUSED: Final = (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError)


def _driver_url(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg")


def creating_engine(url: URL) -> Engine:
    """Return an engine for migrations. The (empty) database itself must exist."""
    return create_engine(_driver_url(url), pool_size=1, max_overflow=0)


class PostgresBackend:
    """One PostgreSQL database. The lease is an advisory lock held by the writing connection.

    So the lease ends exactly when that connection does: a writer that lost it cannot commit.
    """

    def __init__(self, url: URL, *, reader_count: int) -> None:
        self.reader = create_engine(
            _driver_url(url),
            pool_size=reader_count,
            max_overflow=0,
            hide_parameters=True,
            pool_pre_ping=True,
            isolation_level="REPEATABLE READ",
            connect_args={"options": "-c default_transaction_read_only=on"},
        )
        self.writer = create_engine(
            _driver_url(url),
            pool_size=1,
            max_overflow=0,
            hide_parameters=True,
            connect_args={"options": "-c synchronous_commit=on"},
        )

    def take_lease(self, connection: Connection) -> None:
        """See `Backend`.

        The server lets go of a lock a moment after its connection has gone, so a gateway that is
        restarted at once waits for that moment.
        """
        lock = text("SELECT pg_try_advisory_lock(:key)")
        ends_at = time.monotonic() + _LEASE_WAIT_S
        while not connection.execute(lock, {"key": _LEASE_KEY}).scalar():
            if time.monotonic() > ends_at:
                raise DatabaseInUseError(f"{holder_of(connection)} writes to this database")
            time.sleep(_LEASE_POLL_S)

    def release_lease(self) -> None:
        """See `Backend`: closing the writing connection has released it."""

    def insert(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
        """See `Backend`: binary COPY, or plain statements for a few rows."""
        if not rows:
            return
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
        target = sql.Identifier(table.name)
        raw: Any = connection.connection.dbapi_connection
        with raw.cursor() as cursor:
            if len(rows) < _COPY_MIN:
                places = sql.SQL(", ").join(sql.Placeholder() * len(table.columns))
                plain = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(target, names, places)
                cursor.executemany(plain, rows)
                return
            into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(target, names)
            with cursor.copy(into) as copy:
                copy.set_types([_copy_type(column.type) for column in table.columns])
                for row in rows:
                    copy.write_row(row)

    def fault_of(self, error: Exception) -> Fault:
        """See `Backend`."""
        raw: Any = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(raw, psycopg.errors.DiskFull):
            return "full"
        if isinstance(raw, psycopg.errors.LockNotAvailable):
            return "busy"
        return "broken" if isinstance(raw, psycopg.Error) and not _is_refusal(raw) else "refused"

    def clear_log(self, connection: Connection) -> bool:  # noqa: ARG002
        """See `Backend`: what the server's log and dead rows keep is the server's business."""
        return False


def _is_refusal(error: psycopg.Error) -> bool:
    return isinstance(error, _REFUSED)


def _copy_type(column: sqltypes.TypeEngine[Any]) -> str:
    if isinstance(column, sqltypes.LargeBinary):
        return "bytea"
    if isinstance(column, sqltypes.Boolean):
        return "bool"
    if isinstance(column, sqltypes.SmallInteger):
        return "int2"
    if isinstance(column, BigInteger):
        return "int8"
    return "int4" if isinstance(column, Integer) else "text"
