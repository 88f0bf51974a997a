"""The storage port. Everything else of the gateway knows the database only through these.

Every writing call is one durable transaction (concurrent calls share the disk's flush, never
their outcome): what it returned survives a power cut. Calls may run concurrently. All may raise
`StoreClosedError`, `DatabaseFullError` and `StoreBusyError`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

from anchoring.ports import AnchorOutbox, AnchorPlace, PendingAnchor, SignedTransaction
from node_gateway.storage.database import Database
from node_gateway.storage.records import (
    AdoptedAnchor,
    Adoption,
    ApiKey,
    BatchPlace,
    CaptureJob,
    CaptureOutcome,
    CaptureProblem,
    CaptureUnit,
    ErasedEvent,
    EventHeader,
    EventOutcome,
    EventState,
    NewBatch,
    NewCode,
    NewEvent,
    OutcomeKind,
    SignedPromise,
    StoredAnchor,
    StoredEvent,
    StoredReceipt,
    StoreStatus,
    StreamStatus,
    Tile,
    Unbatched,
)

__all__ = [
    "AdoptedAnchor",
    "Adoption",
    "AnchorOutbox",
    "AnchorPlace",
    "ApiKey",
    "ApiKeyStore",
    "BatchPlace",
    "BatchStore",
    "CaptureJob",
    "CaptureOutcome",
    "CaptureProblem",
    "CaptureStore",
    "CaptureUnit",
    "Database",
    "ErasedEvent",
    "EventHeader",
    "EventOutcome",
    "EventState",
    "EventStore",
    "GatewayStore",
    "MetaStore",
    "NewBatch",
    "NewCode",
    "NewEvent",
    "OutcomeKind",
    "PendingAnchor",
    "SignedPromise",
    "SignedTransaction",
    "StoreStatus",
    "StoredAnchor",
    "StoredEvent",
    "StoredReceipt",
    "StreamStatus",
    "Tile",
    "Unbatched",
    "event_key",
]


def event_key(event_id: str, *, error_declaration: bool) -> bytes:
    """Return the 32-byte key of an event's identity: (eventID, has errorDeclaration)."""
    return hashlib.sha256(f"{event_id}\n{int(error_declaration)}".encode()).digest()


class CaptureStore(Protocol):
    """Capture: units in, jobs and receipts out."""

    async def capture(self, unit: CaptureUnit) -> CaptureOutcome:
        """Store a unit: events, codes, job and receipt in one transaction.

        The same identity with the same content is a duplicate (existing entry and receipt), with
        other content a conflict; both are outcomes, not errors.

        Raises:
            IdempotencyMismatchError: the unit's idempotency key belongs to another document.
        """
        ...

    async def capture_job(self, capture_id: str) -> CaptureJob | None:
        """Return a job by its id."""
        ...

    async def capture_jobs(self, *, after: int = 0, limit: int) -> list[CaptureJob]:
        """List jobs whose number is above `after`, ascending."""
        ...

    async def receipt(self, number: int) -> StoredReceipt | None:
        """Return a receipt by its number."""
        ...

    async def receipt_of_entry(self, entry: bytes) -> StoredReceipt | None:
        """Return the receipt that promises an entry."""
        ...

    async def receipts_of_capture(self, capture_id: str) -> list[StoredReceipt]:
        """Return every receipt that covers an event of the job, also those of duplicates."""
        ...

    async def status(self) -> StoreStatus:
        """Return counters of the store and of each stream."""
        ...


class EventStore(Protocol):
    """Events by every key that is needed, their codes, and erasing."""

    async def event_by_entry(self, entry: bytes) -> StoredEvent | None:
        """Return an event by its entry, erased or not."""
        ...

    async def event_by_key(self, key: bytes) -> StoredEvent | None:
        """Return an event by `event_key(...)`; erased events are not found by it."""
        ...

    async def events_of_code(
        self, code: str, *, after: int = 0, limit: int = 1000
    ) -> list[StoredEvent]:
        """Return the events that name a code, by position, at most `limit` above `after`."""
        ...

    async def events_after(self, position: int, *, limit: int) -> list[StoredEvent]:
        """Return events whose position is above the given one, ascending: the feed."""
        ...

    async def events_by_time(
        self, *, from_ms: int, before_ms: int, after: tuple[int, int] | None = None, limit: int
    ) -> list[StoredEvent]:
        """Return events with `from_ms <= event_time_ms < before_ms`, by (time, position).

        `after` is the (event_time_ms, position) of the last event of the page before.
        """
        ...

    async def codes_with_prefix(self, prefix: str, *, after: str = "", limit: int) -> list[str]:
        """Return known codes that begin with `prefix`, ascending bytewise, above `after`."""
        ...

    async def large_event_codes(
        self, entry: bytes, *, list_name: str, after: int = -1, limit: int
    ) -> list[NewCode]:
        """Return codes of an event with `codes_apart`, in the list's order, above `after`."""
        ...

    async def large_event_code(self, entry: bytes, code: str) -> list[NewCode]:
        """Return where one code of an event with `codes_apart` stands (one item per list)."""
        ...

    async def code_tiles(self, entry: bytes, position: int) -> list[Tile]:
        """Return the tiles that prove one position of a codes tree, lowest level first."""
        ...

    async def cache_bundle(self, entry: bytes, variant: str, bundle: bytes) -> None:
        """Keep a bundle of a final event until the event is erased. Unknown or erased: no-op."""
        ...

    async def cached_bundle(self, entry: bytes, variant: str) -> bytes | None:
        """Return a kept bundle."""
        ...

    async def erase_event(self, entry: bytes) -> ErasedEvent | None:
        """Erase an event: its secret in a transaction of its own, then everything else.

        What stays is the header, its receipt and its place in a batch. Repeating it finishes
        what a crash left; None if the entry is unknown.
        """
        ...


class BatchStore(Protocol):
    """Batches: what waits, what was batched, and the public lists."""

    async def unbatched(self, stream: int, *, limit: int) -> Unbatched:
        """Return the oldest events of a stream that are in no batch."""
        ...

    async def add_batch(self, batch: NewBatch) -> None:
        """Make a batch durable; its events become "batched" in the same transaction.

        Raises:
            BatchConflictError: its sequence is not the stream's next one, its entries are not
                strictly ascending, or they miss one of the events up to `through`.
        """
        ...

    async def adopt_anchors(
        self, stream: int, adopted: Sequence[AdoptedAnchor], *, created_at: int
    ) -> Adoption:
        """Take over a stream as the chain holds it, after an old copy was restored.

        Args:
            stream: The stream.
            adopted: All of its anchors on the chain, dense from sequence 1.
            created_at: Unix seconds, for the rows that are added.

        Raises:
            AnchorConflictError: a final anchor of this database is not on that chain.
        """
        ...

    async def anchor(self, stream: int, sequence: int) -> StoredAnchor | None:
        """Return one anchor."""
        ...

    async def anchors(self, stream: int, *, after: int = 0, limit: int) -> list[StoredAnchor]:
        """List a stream's anchors whose sequence is above `after`, ascending."""
        ...

    async def streams(self) -> list[int]:
        """Return every stream with an event or a batch, ascending."""
        ...

    async def batch_entries(
        self, stream: int, sequence: int, *, first: int = 0, limit: int | None = None
    ) -> bytes:
        """Return entries `first`, `first + 1`, ... of a batch, concatenated: the public list."""
        ...

    async def batch_decoys(self, stream: int, sequence: int) -> bytes | None:
        """Return `NewBatch.decoys`."""
        ...

    async def batch_place(self, entry: bytes) -> BatchPlace | None:
        """Return where an event is in its batch, None if it is in no batch yet."""
        ...

    async def batch_tiles(self, stream: int, sequence: int, index: int) -> list[Tile]:
        """Return the tiles that prove one leaf, lowest level first; `tiles.batch_path` uses them.

        The tile of level 0 is made from its entries.
        """
        ...


class ApiKeyStore(Protocol):
    """API keys, hashed at rest."""

    async def add_api_key(self, key: ApiKey) -> None:
        """Register a key.

        Raises:
            ApiKeyExistsError: the id or the hash is known.
        """
        ...

    async def api_key_by_hash(self, key_hash: bytes) -> ApiKey | None:
        """Return a key by the SHA-256 of what the client sent, also a revoked or expired one."""
        ...

    async def api_keys(self) -> list[ApiKey]:
        """Return all keys, oldest first."""
        ...

    async def revoke_api_key(self, key_id: str, *, revoked_at: int) -> ApiKey | None:
        """Revoke a key; the first revocation stands. None if the id is unknown."""
        ...


class MetaStore(Protocol):
    """Small values about the database itself: participant, chain identity, state flags."""

    async def meta(self, name: str) -> bytes | None:
        """Return a value."""
        ...

    async def all_meta(self) -> dict[str, bytes]:
        """Return every value by name."""
        ...

    async def set_meta(self, name: str, value: bytes | None) -> None:
        """Set a value; None removes it."""
        ...


class GatewayStore(
    CaptureStore, EventStore, BatchStore, ApiKeyStore, MetaStore, AnchorOutbox, Database, Protocol
):
    """All of it: what `open_store` returns and `wiring` hands out."""

    @property
    def failure(self) -> str | None:
        """Code of the error that ended writing (`store_closed`, ...), None while it works."""
        ...

    async def close(self) -> None:
        """Finish what waits, release the lease. Nothing can be read or written afterwards."""
        ...
