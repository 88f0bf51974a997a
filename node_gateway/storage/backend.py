"""What the store needs from a database beyond SQLAlchemy Core; one module per database."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import Any, Literal, Protocol

from sqlalchemy import Connection, Engine, Table, delete, insert, select

from node_gateway.storage import tables

Fault = Literal["full", "busy", "refused", "broken"]
Row = tuple[Any, ...]


class Backend(Protocol):
    """One database: engines, lease, bulk path and the meaning of its errors."""

    @property
    def reader(self) -> Engine:
        """Engine of the readers: each transaction is one snapshot and cannot write."""
        ...

    @property
    def writer(self) -> Engine:
        """Engine of the only writing connection: its commits are on the disk."""
        ...

    def take_lease(self, connection: Connection) -> None:
        """Become the only writer until `release_lease`, or until the process ends.

        Raises:
            DatabaseInUseError: another process is.
        """
        ...

    def release_lease(self) -> None:
        """Let another process write. Without a lease: no-op."""
        ...

    def insert(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
        """Insert many rows by the driver's fast path; each row has the table's columns in order."""
        ...

    def fault_of(self, error: Exception) -> Fault:
        """Say what an error means: no space, locked, bad values, or anything worse."""
        ...

    def clear_log(self, connection: Connection) -> bool:
        """Empty the write-ahead log, which still holds what was erased; False if it cannot."""
        ...


def note_holder(connection: Connection, *, now: int) -> None:
    """Write down who holds the lease; for people only, the lock is elsewhere."""
    connection.execute(delete(tables.lease))
    holder = f"process {os.getpid()} on {socket.gethostname()}"
    connection.execute(insert(tables.lease).values(id=1, holder=holder, taken_at=now))


def holder_of(connection: Connection) -> str:
    """Return who was the last to take the lease."""
    holder = connection.execute(select(tables.lease.c.holder)).scalar()
    return str(holder) if holder else "another process"
