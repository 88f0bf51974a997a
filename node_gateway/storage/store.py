"""The store: the port over one writer thread and a few readers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection

from anchoring.core.anchor import Anchor
from anchoring.ports import AnchorPlace, PendingAnchor, SignedTransaction
from node_gateway.storage import (
    adopting,
    batches,
    captures,
    erasing,
    events,
    jobs,
    outbox,
    registers,
)
from node_gateway.storage.backend import Backend
from node_gateway.storage.database import Insert
from node_gateway.storage.records import (
    AdoptedAnchor,
    Adoption,
    ApiKey,
    BatchPlace,
    CaptureJob,
    CaptureOutcome,
    CaptureUnit,
    ErasedEvent,
    EventHeader,
    NewBatch,
    NewCode,
    StoredAnchor,
    StoredEvent,
    StoredReceipt,
    StoreStatus,
    StreamStatus,
    Tile,
    Unbatched,
)
from node_gateway.storage.writer import Job, OnStep, Writer

_HELD_MAX: Final = 64
P = ParamSpec("P")
T = TypeVar("T")


def _counted(connection: Connection) -> tuple[int, tuple[StreamStatus, ...]]:
    return jobs.event_count(connection), tuple(jobs.stream_statuses(connection))


class Store:
    """Implements `ports.GatewayStore` on a database whose lease and revision were checked."""

    def __init__(
        self,
        backend: Backend,
        connection: Connection,
        *,
        reader_count: int,
        on_step: OnStep,
        now_ms: Callable[[], int],
    ) -> None:
        self._backend = backend
        self._connection = connection
        self._readers = ThreadPoolExecutor(reader_count, thread_name_prefix="storage-reader")
        bulk = partial(captures.store_units, backend=backend, now_ms=now_ms)
        self._writer = Writer(connection, backend, bulk=bulk, on_step=on_step)
        self._held: dict[tuple[object, ...], tuple[int, Any]] = {}

    @property
    def failure(self) -> str | None:
        """See `GatewayStore`."""
        return None if self._writer.failure is None else self._writer.failure.code

    async def close(self) -> None:
        """See `GatewayStore`."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.close()
        self._readers.shutdown(wait=True)
        # After a failed commit the connection may refuse even this; the lease must go anyway.
        try:
            self._connection.close()
        finally:
            self._backend.writer.dispose()
            self._backend.reader.dispose()
            self._backend.release_lease()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """See `Database`."""
        return await self._read(work)

    async def write(self, kind: str, work: Callable[[Connection], T]) -> T:
        """See `Database`."""
        return await self._write(kind, work)

    @property
    def insert(self) -> Insert:
        """See `Database`."""
        return self._backend.insert

    async def _read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        def run() -> T:
            with self._backend.reader.connect() as connection:
                return work(connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._readers, run)

    async def _read_once(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Read what only this store's writer changes, and is asked for again and again.

        The answer is held until the next commit.
        """
        commits, asked = self._writer.commits, (work, *args, *kwargs.values())
        if asked in self._held and self._held[asked][0] == commits:
            held: T = self._held[asked][1]
            return held
        answer = await self._read(work, *args, **kwargs)
        if len(self._held) >= _HELD_MAX:
            self._held.clear()
        self._held[asked] = (commits, answer)
        return answer

    async def _write(
        self,
        kind: str,
        work: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        job = Job(kind, work=lambda connection: work(connection, *args, **kwargs))
        result: T = await self._writer.submit(job)
        return result

    # capture

    async def capture(self, unit: CaptureUnit) -> CaptureOutcome:
        """See `CaptureStore`."""
        outcome: CaptureOutcome = await self._writer.submit(Job("store", unit=unit))
        return outcome

    async def capture_job(self, capture_id: str) -> CaptureJob | None:
        """See `CaptureStore`."""
        return await self._read(jobs.capture_job, capture_id)

    async def capture_jobs(self, *, after: int = 0, limit: int) -> list[CaptureJob]:
        """See `CaptureStore`."""
        return await self._read(jobs.capture_jobs, after, limit)

    async def receipt(self, number: int) -> StoredReceipt | None:
        """See `CaptureStore`."""
        return await self._read(jobs.receipt, number)

    async def receipt_of_entry(self, entry: bytes) -> StoredReceipt | None:
        """See `CaptureStore`."""
        return await self._read(jobs.receipt_of_entry, entry)

    async def receipts_of_capture(self, capture_id: str) -> list[StoredReceipt]:
        """See `CaptureStore`."""
        return await self._read(jobs.receipts_of_capture, capture_id)

    async def status(self) -> StoreStatus:
        """See `CaptureStore`."""
        event_count, streams = await self._read_once(_counted)
        return StoreStatus(
            event_count=event_count,
            streams=streams,
            failure=self.failure,
            waiting_units=self._writer.waiting_count,
        )

    # events

    async def event_by_entry(self, entry: bytes) -> StoredEvent | None:
        """See `EventStore`."""
        return await self._read(events.event_by_entry, entry)

    async def event_by_key(self, key: bytes) -> StoredEvent | None:
        """See `EventStore`."""
        return await self._read(events.event_by_key, key)

    async def events_of_code(
        self, code: str, *, after: int = 0, limit: int = 1000
    ) -> list[StoredEvent]:
        """See `EventStore`."""
        return await self._read(events.events_of_code, code, after, limit)

    async def events_after(self, position: int, *, limit: int) -> list[StoredEvent]:
        """See `EventStore`."""
        return await self._read(events.events_after, position, limit)

    async def events_by_time(
        self, *, from_ms: int, before_ms: int, after: tuple[int, int] | None = None, limit: int
    ) -> list[StoredEvent]:
        """See `EventStore`."""
        return await self._read(events.events_by_time, from_ms, before_ms, after, limit)

    async def codes_with_prefix(self, prefix: str, *, after: str = "", limit: int) -> list[str]:
        """See `EventStore`."""
        return await self._read(events.codes_with_prefix, prefix, after, limit)

    async def large_event_codes(
        self, entry: bytes, *, list_name: str, after: int = -1, limit: int
    ) -> list[NewCode]:
        """See `EventStore`."""
        return await self._read(events.large_event_codes, entry, list_name, after, limit)

    async def large_event_code(self, entry: bytes, code: str) -> list[NewCode]:
        """See `EventStore`."""
        return await self._read(events.large_event_code, entry, code)

    async def code_tiles(self, entry: bytes, position: int) -> list[Tile]:
        """See `EventStore`."""
        return await self._read(events.code_tiles, entry, position)

    async def cache_bundle(self, entry: bytes, variant: str, bundle: bytes) -> None:
        """See `EventStore`."""
        await self._write("bundle", erasing.cache_bundle, entry, variant, bundle)

    async def cached_bundle(self, entry: bytes, variant: str) -> bytes | None:
        """See `EventStore`."""
        return await self._read(events.cached_bundle, entry, variant)

    async def erase_event(self, entry: bytes) -> ErasedEvent | None:
        """See `EventStore`."""
        position = await self._write("erase_secret", erasing.erase_secret, entry)
        return None if position is None else await self.finish_erasure(position)

    async def finish_erasure(self, position: int) -> ErasedEvent:
        """Do the second step of an erasure; `open_store` repeats it for what a crash left."""

        def cleared(connection: Connection, header: EventHeader) -> ErasedEvent:
            return ErasedEvent(header, log_cleared=self._backend.clear_log(connection))

        def work(connection: Connection) -> EventHeader:
            return erasing.erase_rest(connection, position)

        job = Job("erase", work=work, after_commit=cleared)
        erased: ErasedEvent = await self._writer.submit(job)
        return erased

    async def half_erased(self) -> list[int]:
        """Return positions of events whose erasure was interrupted after the secret."""
        return await self._read(erasing.half_erased)

    # batches

    async def unbatched(self, stream: int, *, limit: int) -> Unbatched:
        """See `BatchStore`."""
        if limit > 1:  # for a batch, which is made at once
            return await self._read(batches.unbatched, stream, limit)
        return await self._read_once(batches.unbatched, stream, limit)

    async def add_batch(self, batch: NewBatch) -> None:
        """See `BatchStore`."""
        await self._write("batch", batches.add_batch, batch, backend=self._backend)

    async def adopt_anchors(
        self, stream: int, adopted: Sequence[AdoptedAnchor], *, created_at: int
    ) -> Adoption:
        """See `BatchStore`."""
        return await self._write("adopt", adopting.adopt_anchors, stream, adopted, created_at)

    async def anchor(self, stream: int, sequence: int) -> StoredAnchor | None:
        """See `BatchStore`."""
        return await self._read_once(batches.stored_anchor, stream, sequence)

    async def anchors(self, stream: int, *, after: int = 0, limit: int) -> list[StoredAnchor]:
        """See `BatchStore`."""
        return await self._read(batches.stored_anchors, stream, after, limit)

    async def streams(self) -> list[int]:
        """See `BatchStore`."""
        return await self._read(batches.stream_numbers)

    async def batch_entries(
        self, stream: int, sequence: int, *, first: int = 0, limit: int | None = None
    ) -> bytes:
        """See `BatchStore`."""
        return await self._read(batches.batch_entries, stream, sequence, first, limit)

    async def batch_decoys(self, stream: int, sequence: int) -> bytes | None:
        """See `BatchStore`."""
        return await self._read(batches.batch_decoys, stream, sequence)

    async def batch_place(self, entry: bytes) -> BatchPlace | None:
        """See `BatchStore`."""
        return await self._read(batches.batch_place, entry)

    async def batch_tiles(self, stream: int, sequence: int, index: int) -> list[Tile]:
        """See `BatchStore`."""
        return await self._read(batches.batch_tiles, stream, sequence, index)

    # outbox

    async def pending(self, *, limit: int) -> list[PendingAnchor]:
        """See `AnchorOutbox`."""
        return list(await self._read_once(outbox.pending, limit))

    async def add_transaction(self, tx: SignedTransaction) -> None:
        """See `AnchorOutbox`."""
        await self._write("outbox", outbox.add_transaction, tx)

    async def transactions(self) -> list[SignedTransaction]:
        """See `AnchorOutbox`."""
        return list(await self._read_once(outbox.transactions))

    async def mark_seen(self, places: Sequence[AnchorPlace]) -> None:
        """See `AnchorOutbox`."""
        await self._write("seen", outbox.mark_seen, places)

    async def mark_unseen(self, anchors: Sequence[tuple[int, int]]) -> None:
        """See `AnchorOutbox`."""
        await self._write("unseen", outbox.mark_unseen, anchors)

    async def mark_final(self, places: Sequence[AnchorPlace]) -> None:
        """See `AnchorOutbox`."""
        await self._write("final", outbox.mark_final, places)

    async def last_final(self, stream: int) -> AnchorPlace | None:
        """See `AnchorOutbox`."""
        return await self._read_once(batches.last_final, stream)

    async def last_batched(self, stream: int) -> Anchor | None:
        """See `AnchorOutbox`."""
        return await self._read_once(outbox.last_batched, stream)

    # registers

    async def add_api_key(self, key: ApiKey) -> None:
        """See `ApiKeyStore`."""
        await self._write("register", registers.add_api_key, key)

    async def api_key_by_hash(self, key_hash: bytes) -> ApiKey | None:
        """See `ApiKeyStore`."""
        return await self._read(registers.api_key_by_hash, key_hash)

    async def api_keys(self) -> list[ApiKey]:
        """See `ApiKeyStore`."""
        return await self._read(registers.api_keys)

    async def revoke_api_key(self, key_id: str, *, revoked_at: int) -> ApiKey | None:
        """See `ApiKeyStore`."""
        return await self._write("register", registers.revoke_api_key, key_id, revoked_at)

    async def meta(self, name: str) -> bytes | None:
        """See `MetaStore`."""
        return await self._read(registers.meta, name)

    async def all_meta(self) -> dict[str, bytes]:
        """See `MetaStore`."""
        return await self._read(registers.all_meta)

    async def set_meta(self, name: str, value: bytes | None) -> None:
        """See `MetaStore`."""
        await self._write("register", registers.set_meta, name, value)
