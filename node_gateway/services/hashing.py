"""Event hashes for the owner's eyes: duplicates found by content, names that partners may state."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from node_gateway.epcis.event_hash import EventHashVersion, hash_of_normalised
from node_gateway.services.disclosing import open_event, whole_event
from node_gateway.storage.ports import EventStore, StoredEvent

SHOWN: Final = (EventHashVersion.CBV_2_0, EventHashVersion.CBV_2_1)
_INLINE_SIZE_BYTES_MAX: Final = 8 * 1024
"""Smaller events are hashed on the event loop: a thread switch costs more than the work."""


async def event_hashes_of(store: EventStore, stored: StoredEvent) -> dict[str, str] | None:
    """Return the CBV event hash of a stored event by version, None if the event was erased.

    For its owner only: whoever holds the hash can try out what was not disclosed of the event.

    Cost: two hashes; of an event with codes apart also the reading of all of them.
    """
    if stored.payload is None:
        return None
    event = await whole_event(store, open_event(stored))
    if not stored.codes_apart and len(stored.payload) <= _INLINE_SIZE_BYTES_MAX:
        return _hashes(event)
    return await asyncio.to_thread(_hashes, event)


def _hashes(event: dict[str, Any]) -> dict[str, str]:
    return {version.value: hash_of_normalised(event, version) for version in SHOWN}
