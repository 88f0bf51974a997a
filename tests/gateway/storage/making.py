"""Makes units, events and batches for the storage suite: real trees, cheap contents."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from typing import Any

from anchoring.core import merkle
from anchoring.core.anchor import ZERO_HASH, Anchor
from node_gateway.storage.ports import (
    CaptureUnit,
    NewBatch,
    NewCode,
    NewEvent,
    SignedPromise,
    Unbatched,
    event_key,
)
from node_gateway.storage.tiles import batch_tiles

STREAM = 7 << 16
OTHER_STREAM = STREAM + 1
NOW_MS = 1_790_000_000_000


def digest(*parts: object) -> bytes:
    return hashlib.sha256("|".join(map(str, parts)).encode()).digest()


def code_name(number: int) -> str:
    return f"https://id.gs1.org/01/09506000134352/21/S{number:09d}"


def payload_of(name: object, codes: Sequence[str]) -> bytes:
    """About 1 KB with 15 fields, as a shipment of one pack looks after normalising."""
    rng = random.Random(str(name))
    event: dict[str, Any] = {
        "action": "OBSERVE",
        "bizLocation": {"id": f"https://id.gs1.org/414/{rng.randrange(10**13):013d}"},
        "bizStep": rng.choice(["shipping", "receiving", "commissioning", "packing"]),
        "bizTransactionList": [
            {"bizTransaction": f"urn:epcglobal:cbv:bt:{rng.randrange(10**12)}", "type": "po"}
        ],
        "destinationList": [
            {
                "destination": f"https://id.gs1.org/417/{rng.randrange(10**13)}",
                "type": "owning_party",
            }
        ],
        "disposition": "in_transit",
        "epcList": list(codes),
        "eventID": f"urn:uuid:{rng.getrandbits(128):032x}",
        "eventTime": f"2026-09-{rng.randrange(1, 29):02d}T10:{rng.randrange(60):02d}:11.123+08:00",
        "eventTimeZoneOffset": "+08:00",
        "ilmd": {
            "cbvmda:itemExpirationDate": "2028-12-31",
            "cbvmda:lotNumber": f"LOT{rng.randrange(5000)}",
        },
        "readPoint": {"id": f"https://id.gs1.org/414/{rng.randrange(10**13):013d}/254/gate"},
        "sourceList": [
            {"source": f"https://id.gs1.org/417/{rng.randrange(10**13)}", "type": "owning_party"}
        ],
        "type": "ObjectEvent",
        "https://example.org/extension/remark": f"{rng.getrandbits(256):064x}",
    }
    return json.dumps(event, sort_keys=True, separators=(",", ":")).encode()


def event(
    name: object,
    *,
    content: object = "",
    codes: Sequence[str] | None = None,
    time_ms: int = NOW_MS,
    **overrides: Any,
) -> NewEvent:
    """An event whose identity is `name`; another `content` under the same name is a conflict."""
    codes = [code_name(int(digest(name)[0]))] if codes is None else codes
    values: dict[str, Any] = {
        "event_key": event_key(f"urn:uuid:{name}", error_declaration=False),
        "content_key": digest("content", name, content),
        "payload": payload_of(f"{name}{content}", codes),
        "derived": b'{"sealtrail:act":"ObjectEvent OBSERVE shipping in_transit 0"}',
        "secret": digest("secret", name, content, random.random()),
        "entry": digest("entry", name, content, random.random()),
        "fields_size": 32,
        "fields_root": digest("fields", name, random.random()),
        "codes_root": digest("codes", name, random.random()),
        "event_time_ms": time_ms,
        "codes": [NewCode(code, "epcList", i, i, i) for i, code in enumerate(codes)],
    }
    return NewEvent(**values | overrides)


def sign(entries: Sequence[bytes]) -> SignedPromise:
    """A stand-in for the signature only: 65 bytes that depend on the entries."""
    assert list(entries) == sorted(entries)
    signature = digest(b"".join(entries).hex())
    return SignedPromise(1_790_000_000, 1_790_003_600, 4242, bytes(20), signature * 2 + b"\x1b")


def unit(capture_id: str, *events: NewEvent, **overrides: Any) -> CaptureUnit:
    values: dict[str, Any] = {
        "capture_id": capture_id,
        "stream": STREAM,
        "created_at_ms": NOW_MS,
        "document_digest": digest("document", capture_id),
        "events": events,
        "all_or_nothing": False,
        "sign": sign,
    }
    return CaptureUnit(**values | overrides)


def batch(
    waiting: Unbatched,
    *,
    sequence: int,
    size: int | None = None,
    stream: int = STREAM,
    previous_tip: bytes | None = None,
) -> NewBatch:
    """A batch of the waiting events, filled up with decoys to `size`."""
    count = len(waiting.entries)
    size = max(16, count) if size is None else size
    decoys = [digest("decoy", stream, sequence, i) for i in range(size - count)]
    entries = sorted([*waiting.entries, *decoys])
    levels = merkle.build_levels(merkle.leaf_hashes(entries))
    tip = previous_tip or (ZERO_HASH if sequence == 1 else digest("tip", stream, sequence - 1))
    return NewBatch(
        anchor=Anchor(stream, sequence, merkle.tree_root(levels), size, tip),
        created_at=1_790_000_100 + sequence,
        anchor_by=waiting.anchor_by,
        through=waiting.through,
        event_count=count,
        entries=b"".join(entries),
        decoys=b"".join(digest("nonce", i) for i in range(size - count)),
        tiles=batch_tiles(levels),
    )
