"""Batch: the events that wait become a tree, durable before anything is sent.

Under `fixed:N` every slot of the cadence anchors exactly N entries, full or empty, so that a
size tells nothing about a volume; what does not fit waits for the next slot. Only a promise at
risk anchors one more batch, with an alarm.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import shake_256
from typing import Protocol

from anchoring.core.anchor import ZERO_HASH, Anchor
from anchoring.core.batch import (
    NONCE_SIZE_BYTES,
    Batch,
    batch_capacity,
    decoy_entry,
    padded_size,
)
from anchoring.succession import Succession
from node_gateway.storage.ports import AnchorOutbox, BatchStore, NewBatch, Unbatched
from node_gateway.storage.tiles import batch_tiles
from node_gateway.streams import Stream

Clock = Callable[[], float]
_SEED_SIZE_BYTES = 32


class BatchingStore(BatchStore, AnchorOutbox, Protocol):
    """What batching needs of the store."""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """One batch that was made. `extra` tells that a promise was at risk: an alarm."""

    stream: int
    sequence: int
    events: int
    extra: bool


class Batcher:
    """Makes at most one batch per stream and slot; more only for a promise at risk."""

    def __init__(
        self, store: BatchingStore, *, chain_id: int, succession: Succession, clock: Clock
    ) -> None:
        self._store, self._clock = store, clock
        self._chain_id, self._succession = chain_id, succession
        self._turn = asyncio.Lock()  # sequence and previous tip are read, then written

    async def run_slot(self, stream: Stream) -> list[BatchReport]:
        """Make the batch of the current slot, unless it is made already.

        Returns:
            What was made: nothing, the slot's batch, and perhaps one more.
        """
        async with self._turn:
            last = await self._store.last_batched(stream.number)
            made = await self._made_in_slot(stream, last)
            reports = [] if made else await self._batch(stream, extra=False)
            if await self._promise_at_risk(stream):
                reports += await self._batch(stream, extra=True)
            return reports

    async def batch_now(self, stream: Stream) -> list[BatchReport]:
        """Make a batch at once, as an operator asks: its size tells nothing, its time does."""
        async with self._turn:
            return await self._batch(stream, extra=False)

    async def _made_in_slot(self, stream: Stream, last: Anchor | None) -> bool:
        if last is None:
            return False
        stored = await self._store.anchor(stream.number, last.sequence)
        # Only the present slot counts: a clock that was put back must not stop batches for a day.
        return stored is not None and stream.slot(stored.created_at) == stream.slot(self._clock())

    async def _promise_at_risk(self, stream: Stream) -> bool:
        waiting = await self._store.unbatched(stream.number, limit=1)
        if waiting.anchor_by is None:
            return False
        return waiting.anchor_by - self._clock() < margin_s(stream)

    async def _batch(self, stream: Stream, *, extra: bool) -> list[BatchReport]:
        waiting = await self._store.unbatched(stream.number, limit=batch_capacity(stream.padding))
        size = padded_size(len(waiting.entries), stream.padding)
        if size == 0:
            return []
        last = await self._store.last_batched(stream.number)
        seed = os.urandom(_SEED_SIZE_BYTES)
        batch = await asyncio.to_thread(_build, waiting, size, seed)
        anchor = Anchor(
            stream=stream.number,
            sequence=last.sequence + 1 if last else 1,
            root=batch.root,
            size=batch.size,
            previous_tip=self._tip(last),
        )
        await self._store.add_batch(
            NewBatch(
                anchor=anchor,
                created_at=int(self._clock()),
                anchor_by=waiting.anchor_by,
                through=waiting.through,
                event_count=len(waiting.entries),
                entries=b"".join(batch.entries),
                decoys=seed,
                tiles=batch_tiles(batch.levels),
            )
        )
        return [BatchReport(stream.number, anchor.sequence, len(waiting.entries), extra)]

    def _tip(self, last: Anchor | None) -> bytes:
        if last is None:
            return ZERO_HASH
        return self._succession.tip(last, chain_id=self._chain_id)


def decoy_nonces(seed: bytes, count: int) -> list[bytes]:
    """Return the nonces of a batch's decoys; with one the owner opens its entry as a decoy."""
    raw = shake_256(b"sealtrail/decoys/v1\n" + seed).digest(count * NONCE_SIZE_BYTES)
    return [raw[at : at + NONCE_SIZE_BYTES] for at in range(0, len(raw), NONCE_SIZE_BYTES)]


def _build(waiting: Unbatched, size: int, seed: bytes) -> Batch:
    nonces = decoy_nonces(seed, size - len(waiting.entries))
    return Batch.build([*waiting.entries, *map(decoy_entry, nonces)])


def margin_s(stream: Stream) -> float:
    """Return below which time left a promise is at risk: the next slot and becoming final."""
    return min(stream.promise_s / 2, stream.cadence_s * 1.5)
