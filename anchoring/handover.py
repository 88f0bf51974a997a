"""Handovers: a shipment as its sender discloses it to the receiver, `sealtrail/handover/v1`.

A handover is a manifest and its parts; proofs follow when the events are final. A part carries
events as unanchored bundles: what a `sealtrail/proof/v1` bundle holds, without event path and
anchor, and with a codes opening in place of paths where every code of an event is disclosed. So
the receiver recomputes each event entry at once. This module writes the form, `handover_reading`
reads it, `handover_check` decides what it says. docs/reference/handovers.md is normative.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from anchoring.core.anchor import Anchor, AnchoredAt
from anchoring.core.bundle import Bundle, CodePath, FieldsProof
from anchoring.core.opening import CodesOpening

HANDOVER_FORMAT: Final = "sealtrail/handover/v1"
PART_FORMAT: Final = "sealtrail/handover-part/v1"
PROOFS_FORMAT: Final = "sealtrail/handover-proofs/v1"
CORRECTION_FORMAT: Final = "sealtrail/handover-correction/v1"
PART_SIZE_BYTES_MAX: Final = 32 * 1024 * 1024
PARTS_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class HandedEvent:
    """An unanchored bundle. Nothing in it is believed; everything is recomputed.

    Attributes:
        opening: All codes of the event with their sub-secret; None where `code_paths` tell some.
    """

    participant: int
    fields: FieldsProof
    codes_root: bytes
    code_paths: tuple[CodePath, ...] = ()
    opening: CodesOpening | None = None

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value."""
        codes: dict[str, Any] = {"root": self.codes_root.hex()}
        if self.opening is None:
            codes["paths"] = [
                {"disclosure": p.disclosure, "index": p.index, "siblings": _hex(p.siblings)}
                for p in self.code_paths
            ]
        else:
            lists = {name: list(some) for name, some in self.opening.lists.items()}
            codes["opening"] = {"secret": self.opening.secret.hex(), "lists": lists}
        return {
            "participant": self.participant,
            "fields": fields_to_wire(self.fields),
            "codes": codes,
        }


@dataclass(frozen=True, slots=True)
class Packing:
    """What the sender says itself: these codes are in this unit, by no event that it may show."""

    parent: str
    children: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a handover's events.

    Attributes:
        shipment: Entry of the shipping event, 32 bytes.
        ordinal: From 0.
        replaces: Digest of the handover that this one corrects, None if none.
    """

    shipment: bytes
    ordinal: int
    replaces: bytes | None
    events: tuple[HandedEvent, ...]
    packing: tuple[Packing, ...] = ()

    def to_json(self) -> bytes:
        """Return the part as UTF-8 JSON text."""
        return _json(
            {
                "format": PART_FORMAT,
                "shipment": self.shipment.hex(),
                "ordinal": self.ordinal,
                **_replacing(self.replaces),
                "events": [one.to_wire() for one in self.events],
                "packing": [
                    {"parent": one.parent, "children": list(one.children)} for one in self.packing
                ],
            }
        )


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a handover consists of. It comes after its parts.

    Attributes:
        parts: SHA-256 of the text of each part, in order.
        event_count: How many different events they carry; so is `code_count` of codes.
    """

    shipment: bytes
    parts: tuple[bytes, ...]
    event_count: int
    code_count: int
    replaces: bytes | None = None

    def to_json(self) -> bytes:
        """Return the manifest as UTF-8 JSON text."""
        return _json(
            {
                "format": HANDOVER_FORMAT,
                "shipment": self.shipment.hex(),
                **_replacing(self.replaces),
                "parts": _hex(self.parts),
                "eventCount": self.event_count,
                "codeCount": self.code_count,
            }
        )


@dataclass(frozen=True, slots=True)
class EventProof:
    """Where an event is in its batch, and the batch's anchor."""

    entry: bytes
    index: int
    siblings: tuple[bytes, ...]
    anchor: Anchor
    anchored_at: AnchoredAt

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value."""
        anchor, at = self.anchor, self.anchored_at
        return {
            "entry": self.entry.hex(),
            "event": {"index": self.index, "siblings": _hex(self.siblings)},
            "anchor": {
                "stream": anchor.stream,
                "sequence": anchor.sequence,
                "root": anchor.root.hex(),
                "size": anchor.size,
                "previousTip": anchor.previous_tip.hex(),
                "blockNumber": at.block_number,
                "blockTime": at.block_time,
            },
        }


@dataclass(frozen=True, slots=True)
class Correction:
    """The sender takes a handover back: its shipping event was declared an error."""

    handover: bytes

    def to_json(self) -> bytes:
        """Return the correction as UTF-8 JSON text."""
        return _json({"format": CORRECTION_FORMAT, "handover": self.handover.hex()})


def bundle_of(event: HandedEvent, proof: EventProof) -> Bundle:
    """Return the `sealtrail/proof/v1` bundle of an event whose proof has come."""
    return Bundle(
        participant=event.participant,
        fields=event.fields,
        codes_root=event.codes_root,
        code_paths=event.code_paths,
        event_index=proof.index,
        event_siblings=proof.siblings,
        anchor=proof.anchor,
        anchored_at=proof.anchored_at,
    )


def proofs_to_json(proofs: Sequence[EventProof]) -> bytes:
    """Return a `sealtrail/handover-proofs/v1` text."""
    return _json({"format": PROOFS_FORMAT, "proofs": [one.to_wire() for one in proofs]})


def fields_to_wire(fields: FieldsProof) -> dict[str, Any]:
    """Return the JSON value of disclosed fields."""
    return {
        "size": fields.size,
        "indices": list(fields.indices),
        "disclosures": list(fields.disclosures),
        "siblings": _hex(fields.siblings),
    }


def _replacing(replaces: bytes | None) -> dict[str, str]:
    return {} if replaces is None else {"replaces": replaces.hex()}


def _hex(nodes: Sequence[bytes]) -> list[str]:
    return [node.hex() for node in nodes]


def _json(wire: Mapping[str, Any]) -> bytes:
    return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode()
