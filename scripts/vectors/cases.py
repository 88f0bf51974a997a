"""What a case is, the event that most cases are about, and how it is sealed into a batch."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import plain
from .plain import Anchor, Event, Tree

CHAIN_ID = 31337
REGISTRY = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")
URL = "https://id.gs1.org"
DERIVED = {"sealtrail:month": "2026-11", "sealtrail:source": plain.sha(b"document").hex()}
EVENT = {
    "type": "ObjectEvent",
    "action": "OBSERVE",
    "bizStep": "shipping",
    "eventID": "urn:uuid:6f1c1c58-5a0e-4b5e-9d0e-0d7c5a4b3a21",
    "eventTime": "2026-11-20T14:02:11.000+08:00",
    "eventTimeZoneOffset": "+08:00",
    "epcList": [f"{URL}/01/09506000134352/21/A1", f"{URL}/01/09506000134352/21/A2"],
    "readPoint": {"id": f"{URL}/414/9506000134376"},
    "ilmd": {"cbvmda:lotNumber": "L-0042", "cbvmda:itemExpirationDate": "2028-10-31"},
}


def secret(name: str) -> bytes:
    """The fixed 32 bytes that stand for randomness in the case `name`."""
    return plain.stream("vectors", name.encode(), 32)


def json_text(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Case:
    """One bundle, the chain it is held against, and what a verifier must say."""

    name: str
    note: str
    bundle: bytes
    chain: dict[str, Any]
    expect: dict[str, Any]

    def to_wire(self) -> dict[str, Any]:
        text = base64.b64encode(self.bundle).decode()
        return {
            "name": self.name,
            "note": self.note,
            "bundle_b64": text,
            "chain": self.chain,
            "expect": self.expect,
        }


def chain_of(anchor: Anchor, **other: Any) -> dict[str, Any]:
    """The chain as it is when exactly this anchor stands in its registry."""
    slot = anchor.record(CHAIN_ID, REGISTRY).hex()
    return {"chainId": CHAIN_ID, "registry": REGISTRY.hex(), "slot": slot, **other}


def hex_list(nodes: Sequence[bytes]) -> list[str]:
    return [one.hex() for one in nodes]


def decoys_around(entry: bytes, size: int, index: int) -> list[bytes]:
    """`size` entries in order: `entry` at `index`, and decoys around it."""
    below: list[bytes] = []
    above: list[bytes] = []
    number = 0
    while len(below) < index or len(above) < size - 1 - index:
        made = plain.decoy(plain.stream("decoys", entry + number.to_bytes(4, "big"), 32))
        number += 1
        side, room = (below, index) if made < entry else (above, size - 1 - index)
        if len(side) < room:
            side.append(made)
    return sorted([*below, entry, *above])


@dataclass(frozen=True)
class Sealed:
    """An event in an anchored batch, ready to be disclosed."""

    event: Event
    batch: Tree
    index: int
    anchor: Anchor

    def document(
        self, fields: Sequence[str] | None = None, codes: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """The bundle as a JSON value; it discloses the given texts, or all."""
        places = self.event.field_places
        shown = sorted((places[text], text) for text in (places if fields is None else fields))
        spots = self.event.code_places
        paths = sorted((spots[text], text) for text in (spots if codes is None else codes))
        indices = [index for index, _ in shown]
        siblings = self.event.fields.multiproof(indices) if shown else []
        return {
            "format": "sealtrail/proof/v1",
            "participant": self.event.participant,
            "fields": {
                "size": self.event.size,
                "indices": indices,
                "disclosures": [text for _, text in shown],
                "siblings": hex_list(siblings),
            },
            "codes": {
                "root": self.event.codes.root.hex(),
                "paths": [
                    {
                        "disclosure": text,
                        "index": at,
                        "siblings": hex_list(self.event.codes.path(at)),
                    }
                    for at, text in paths
                ],
            },
            "event": {"index": self.index, "siblings": hex_list(self.batch.path(self.index))},
            "anchor": anchor_wire(self.anchor),
        }


def anchor_wire(anchor: Anchor) -> dict[str, Any]:
    return {
        "stream": anchor.stream,
        "sequence": anchor.sequence,
        "root": anchor.root.hex(),
        "size": anchor.size,
        "previousTip": anchor.previous_tip.hex(),
        "blockNumber": anchor.block_number,
        "blockTime": anchor.block_time,
    }


def seal(event: Event, *, size: int = 2, index: int = 1, **anchor: Any) -> Sealed:
    """Put an event at `index` of a batch of `size` entries and anchor it."""
    batch = Tree.over(decoys_around(event.entry, size, index))
    made = {"stream": event.participant << 16, **anchor}
    return Sealed(event, batch, index, Anchor(batch.root, size, **made))


def seal_together(events: Sequence[Event], **anchor: Any) -> list[Sealed]:
    """Put several events into one batch, with one decoy."""
    entries = sorted([*(event.entry for event in events), plain.decoy(b"\x07" * 32)])
    batch = Tree.over(entries)
    made = Anchor(batch.root, len(entries), **anchor)
    return [Sealed(event, batch, entries.index(event.entry), made) for event in events]


def accepted(name: str, note: str, sealed: Sealed, bundle: bytes | None = None) -> Case:
    """A case that every verifier accepts."""
    text = json_text(sealed.document()) if bundle is None else bundle
    expect = {"verified": True, "entry": sealed.event.entry.hex()}
    return Case(name, note, text, chain_of(sealed.anchor), expect)


def refused(code: str, name: str, note: str, sealed: Sealed, bundle: Any = None) -> Case:
    """A case that every verifier refuses with `code`; `bundle` is a text or a JSON value."""
    document = sealed.document() if bundle is None else bundle
    text = document if isinstance(document, bytes) else json_text(document)
    return Case(name, note, text, chain_of(sealed.anchor), {"code": code})
