"""Transactions for what is kept beside the events: master data, states, facets, orders.

A feature's store is a class over this, so that it shares the one writing thread (and the disk's
flush) with capture, and its readers with everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Table

T = TypeVar("T")
Insert = Callable[[Connection, Table, Sequence[tuple[Any, ...]]], None]
"""Insert many rows by the driver's fast path; each row has the table's columns in order."""


class Readable(Protocol):
    """One database of which somebody else may be the writer."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a reader thread: one snapshot, nothing can be written."""
        ...


class Database(Readable, Protocol):
    """One database. Both calls may raise what every call of the store may raise."""

    async def write(self, kind: str, work: Callable[[Connection], T]) -> T:
        """Run `work` in one durable transaction on the writer thread.

        Args:
            kind: Names the durable step, `<kind>.before_commit` and `<kind>.after_commit`.
            work: Short, since every capture waits behind it. A StorageError that it raises rolls
                back this work alone and reaches the caller.
        """
        ...

    @property
    def insert(self) -> Insert:
        """The bulk path, for use inside `write`."""
        ...
