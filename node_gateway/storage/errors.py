"""Every error that storage raises on purpose.

* StorageError
  x DatabaseUrlError          the address names no database that we can open
  x DatabaseRevisionError     no schema, or the schema of another version; nothing was changed
  x DatabaseInUseError        another process holds the single-writer lease
  x StoreBusyError            too many units wait already; nothing was taken; try again
  x StoreClosedError          writing has ended (closed, or a commit failed); reads may go on
  x DatabaseFullError         no space; nothing of the unit was stored
  x UnitRefusedError          values that the database cannot hold; nothing was stored
  x BatchConflictError        not the next batch of its stream, or not exactly its events
  x AnchorConflictError       unknown anchor, or a final one at another place
  x IdempotencyMismatchError  one idempotency key, two documents
  x ApiKeyExistsError         that key id or that key is registered already
  x DatabaseDamagedError      stored rows contradict each other
"""

from __future__ import annotations

from typing import ClassVar


class StorageError(Exception):
    """Base class. `code` is stable and part of the API; the message may change."""

    code: ClassVar[str] = "storage_error"
    retryable: ClassVar[bool] = False


class DatabaseUrlError(StorageError):
    """The address is none of `sqlite:///path` and `postgresql://...`."""

    code = "database_url"


class DatabaseRevisionError(StorageError):
    """The database has no schema or another revision. Carries both revisions."""

    code = "database_revision"

    def __init__(self, *, found: str | None, expected: str) -> None:
        self.found, self.expected = found, expected
        has = "no schema" if found is None else f"schema revision {found}"
        super().__init__(f"the database has {has}, this version needs {expected}; migrate it first")


class DatabaseInUseError(StorageError):
    """Another process writes to this database; two writers would sign two histories."""

    code = "database_in_use"


class StoreBusyError(StorageError):
    """The queue of the writer is full. Nothing was taken, so a retry is safe."""

    code = "store_busy"
    retryable = True


class StoreClosedError(StorageError):
    """The store does not write any more. A unit that fails so may or may not be durable."""

    code = "store_closed"


class DatabaseFullError(StorageError):
    """The disk or the database's page limit is full; the unit's transaction was rolled back."""

    code = "database_full"


class UnitRefusedError(StorageError):
    """The unit holds values that the database cannot hold, or its signing failed."""

    code = "unit_refused"


class BatchConflictError(StorageError):
    """The batch is not the stream's next one, or does not hold exactly the events it names."""

    code = "batch_conflict"


class AnchorConflictError(StorageError):
    """The anchor is not in this database, or is final at another place."""

    code = "anchor_conflict"


class IdempotencyMismatchError(StorageError):
    """An idempotency key came back with another document. Carries the first capture's id."""

    code = "idempotency_mismatch"

    def __init__(self, *, capture_id: str) -> None:
        self.capture_id = capture_id
        super().__init__("the idempotency key was used for another document")


class ApiKeyExistsError(StorageError):
    """An API key with this id or this hash exists already."""

    code = "api_key_exists"


class DatabaseDamagedError(StorageError):
    """Stored rows contradict each other; nothing is guessed."""

    code = "database_damaged"
