"""Openings: secrets of an event, handed over on purpose.

A full opening discloses the whole event to an auditor, a codes opening every code of a shipment
to its receiver; both for ever, since what they hold cannot be taken back.
"""

from __future__ import annotations

import asyncio

from anchoring.core import streams
from anchoring.core.items import CODE_LISTS
from anchoring.core.opening import CodesOpening, FullOpening
from node_gateway.errors import NotFoundError
from node_gateway.services.batching import decoy_nonces
from node_gateway.services.disclosing import OpenEvent, open_event, whole_event
from node_gateway.storage.errors import DatabaseDamagedError
from node_gateway.storage.ports import BatchStore, EventStore


async def full_opening(store: EventStore, entry: bytes, *, participant: int) -> FullOpening:
    """Return what the entry of an event is made of.

    Raises:
        NotFoundError: unknown entry.
        ErasedError: it was erased.
        DatabaseDamagedError: what is stored does not give the entry any more.
    """
    opened = await _opened(store, entry)
    opening = FullOpening(
        participant, await whole_event(store, opened), opened.derived, opened.secret
    )
    if (await asyncio.to_thread(opening.commitment)).entry != entry:
        raise DatabaseDamagedError("the stored event is not the one that was committed")
    return opening


async def codes_opening(store: EventStore, entry: bytes) -> CodesOpening:
    """Return what the codes root of an event is made of. Errors as `full_opening`."""
    opened = await _opened(store, entry)
    event = await whole_event(store, opened)
    lists = {name: tuple(event[name]) for name in CODE_LISTS if event.get(name)}
    opening = CodesOpening(streams.codes_secret(opened.secret), lists)
    if (await asyncio.to_thread(opening.tree)).root != opened.stored.header.codes_root:
        raise DatabaseDamagedError("the stored codes are not those that were committed")
    return opening


async def decoys_of(store: BatchStore, stream: int, sequence: int) -> list[bytes]:
    """Return the nonces of a batch's decoys (32 bytes each).

    Raises:
        NotFoundError: there is no such anchor, or this database lost what its decoys come from.
    """
    anchor = await store.anchor(stream, sequence)
    if anchor is None:
        raise NotFoundError("no such anchor", code="anchor_not_found")
    seed = await store.batch_decoys(stream, sequence)
    if seed is None:  # taken over from the chain after an old copy was restored
        raise NotFoundError("this database lost the list", code="entries_lost")
    return decoy_nonces(seed, anchor.anchor.size - anchor.event_count)


async def _opened(store: EventStore, entry: bytes) -> OpenEvent:
    stored = await store.event_by_entry(entry)
    if stored is None:
        raise NotFoundError("no such event", code="event_not_found")
    return open_event(stored)
