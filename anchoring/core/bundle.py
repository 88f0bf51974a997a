"""Bundles: portable evidence as JSON, `sealtrail/proof/v1` and `sealtrail/proofs/v1`.

This module reads and writes the form; `verify` decides what a bundle proves.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from anchoring.core import shape
from anchoring.core.anchor import Anchor, AnchoredAt
from anchoring.core.codes import POSITIONS
from anchoring.core.fields import FIELDS_SIZE_MAX, FIELDS_SIZE_MIN
from anchoring.core.strict_json import parse_plain
from anchoring.errors import BundleFormatError, FormatError

BUNDLE_FORMAT = "sealtrail/proof/v1"
BUNDLES_FORMAT = "sealtrail/proofs/v1"


@dataclass(frozen=True, slots=True)
class FieldsProof:
    """Disclosed fields and one multiproof for all of them."""

    size: int
    indices: tuple[int, ...]  # strictly ascending; disclosures stand in their order
    disclosures: tuple[str, ...]
    siblings: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class CodePath:
    """One disclosed code and its path of 20 siblings."""

    disclosure: str
    index: int  # position, below 2^20
    siblings: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Evidence for one event. Nothing in it is believed; everything is recomputed."""

    participant: int
    fields: FieldsProof
    codes_root: bytes
    code_paths: tuple[CodePath, ...]
    event_index: int
    event_siblings: tuple[bytes, ...]
    anchor: Anchor
    anchored_at: AnchoredAt
    hints: Mapping[str, Any] | None = field(default=None, compare=False)

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value of the bundle."""
        wire: dict[str, Any] = {
            "format": BUNDLE_FORMAT,
            "participant": self.participant,
            "fields": {
                "size": self.fields.size,
                "indices": list(self.fields.indices),
                "disclosures": list(self.fields.disclosures),
                "siblings": _hex(self.fields.siblings),
            },
            "codes": {
                "root": self.codes_root.hex(),
                "paths": [
                    {"disclosure": p.disclosure, "index": p.index, "siblings": _hex(p.siblings)}
                    for p in self.code_paths
                ],
            },
            "event": {"index": self.event_index, "siblings": _hex(self.event_siblings)},
            "anchor": {
                "stream": self.anchor.stream,
                "sequence": self.anchor.sequence,
                "root": self.anchor.root.hex(),
                "size": self.anchor.size,
                "previousTip": self.anchor.previous_tip.hex(),
                "blockNumber": self.anchored_at.block_number,
                "blockTime": self.anchored_at.block_time,
            },
        }
        if self.hints is not None:
            wire["hints"] = dict(self.hints)
        return wire

    def to_json(self) -> bytes:
        """Return the bundle as UTF-8 JSON text."""
        return json.dumps(self.to_wire(), ensure_ascii=False, separators=(",", ":")).encode()


def bundles_to_json(bundles: Sequence[Bundle]) -> bytes:
    """Return several bundles as one `sealtrail/proofs/v1` text."""
    wire = {"format": BUNDLES_FORMAT, "bundles": [bundle.to_wire() for bundle in bundles]}
    return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode()


def parse_bundles(raw: bytes) -> tuple[Bundle, ...]:
    """Return the bundles of a `proof/v1` (one) or `proofs/v1` text (at least one).

    Raises:
        FormatError: with the code of the first step that fails (formats page, steps 1 to 3).
    """
    document = parse_plain(raw)
    if not isinstance(document, dict):
        raise BundleFormatError("a bundle is an object")
    if document.get("format") != BUNDLES_FORMAT:
        return (_checked(_read_bundle(document, "")),)
    shape.members(document, ("format", "bundles"))
    wires = shape.array(document["bundles"], pointer="/bundles")
    if not wires:
        raise BundleFormatError("at least one bundle", pointer="/bundles")
    read = [_read_bundle(wire, f"/bundles/{at}") for at, wire in enumerate(wires)]
    return tuple(_checked(bundle) for bundle in read)


def parse_bundle(raw: bytes) -> Bundle:
    """Return the one bundle of a `proof/v1` text.

    Raises:
        FormatError: as `parse_bundles`; `bundle_shape` if there are several.
    """
    bundles = parse_bundles(raw)
    if len(bundles) != 1:
        raise BundleFormatError("one bundle is expected here, not several")
    return bundles[0]


_MEMBERS = ("format", "participant", "fields", "codes", "event", "anchor")


def _read_bundle(wire: Any, pointer: str) -> Bundle:
    if isinstance(wire, dict) and wire.get("format") != BUNDLE_FORMAT:
        code = "format_unknown" if isinstance(wire.get("format"), str) else "bundle_shape"
        raise BundleFormatError(f"the format is not {BUNDLE_FORMAT}", code, pointer=pointer)
    document = shape.members(wire, _MEMBERS, optional=("hints",), pointer=pointer)
    hints = document.get("hints", {})
    if not isinstance(hints, dict):
        raise BundleFormatError("hints is an object", pointer=f"{pointer}/hints")
    codes_root, code_paths = _read_codes(document["codes"], f"{pointer}/codes")
    event = shape.members(document["event"], ("index", "siblings"), pointer=f"{pointer}/event")
    anchor, anchored_at = _read_anchor(document["anchor"], f"{pointer}/anchor")
    return Bundle(
        participant=shape.integer(document["participant"], pointer=f"{pointer}/participant"),
        fields=_read_fields(document["fields"], f"{pointer}/fields"),
        codes_root=codes_root,
        code_paths=code_paths,
        event_index=shape.integer(event["index"], pointer=f"{pointer}/event/index"),
        event_siblings=shape.hashes(event["siblings"], pointer=f"{pointer}/event/siblings"),
        anchor=anchor,
        anchored_at=anchored_at,
        hints=document.get("hints"),
    )


def _read_fields(wire: Any, pointer: str) -> FieldsProof:
    fields = shape.members(wire, ("size", "indices", "disclosures", "siblings"), pointer=pointer)
    indices = tuple(
        shape.integer(one, pointer=f"{pointer}/indices/{at}")
        for at, one in enumerate(shape.array(fields["indices"], pointer=f"{pointer}/indices"))
    )
    texts = shape.array(fields["disclosures"], pointer=f"{pointer}/disclosures")
    disclosures = tuple(
        shape.string(one, pointer=f"{pointer}/disclosures/{at}") for at, one in enumerate(texts)
    )
    if len(indices) != len(disclosures):
        raise BundleFormatError("one index per disclosure", pointer=pointer)
    return FieldsProof(
        size=shape.integer(fields["size"], pointer=f"{pointer}/size"),
        indices=indices,
        disclosures=disclosures,
        siblings=shape.hashes(fields["siblings"], pointer=f"{pointer}/siblings"),
    )


def _read_codes(wire: Any, pointer: str) -> tuple[bytes, tuple[CodePath, ...]]:
    codes = shape.members(wire, ("root", "paths"), pointer=pointer)
    paths = []
    for at, one in enumerate(shape.array(codes["paths"], pointer=f"{pointer}/paths")):
        where = f"{pointer}/paths/{at}"
        path = shape.members(one, ("disclosure", "index", "siblings"), pointer=where)
        paths.append(
            CodePath(
                disclosure=shape.string(path["disclosure"], pointer=f"{where}/disclosure"),
                index=shape.integer(path["index"], pointer=f"{where}/index"),
                siblings=shape.hashes(path["siblings"], pointer=f"{where}/siblings"),
            )
        )
    return shape.hex_bytes(codes["root"], size_bytes=32, pointer=f"{pointer}/root"), tuple(paths)


_ANCHOR = ("stream", "sequence", "root", "size", "previousTip", "blockNumber", "blockTime")


def _read_anchor(wire: Any, pointer: str) -> tuple[Anchor, AnchoredAt]:
    parts = shape.members(wire, _ANCHOR, pointer=pointer)

    def number(name: str) -> int:
        return shape.integer(parts[name], pointer=f"{pointer}/{name}")

    def digest(name: str) -> bytes:
        return shape.hex_bytes(parts[name], size_bytes=32, pointer=f"{pointer}/{name}")

    anchor = Anchor(
        stream=number("stream"),
        sequence=number("sequence"),
        root=digest("root"),
        size=number("size"),
        previous_tip=digest("previousTip"),
    )
    return anchor, AnchoredAt(number("blockNumber"), number("blockTime"))


def _checked(bundle: Bundle) -> Bundle:
    """Check the numbers against each other (step 3)."""
    anchor, fields = bundle.anchor, bundle.fields
    if not 1 <= bundle.participant <= 2**32 - 1:
        raise FormatError("a participant's id is 1..2^32-1", "anchor_values")
    if anchor.participant != bundle.participant:
        raise FormatError("the stream is another participant's", "participant_stream_mismatch")
    anchor.check()
    if not FIELDS_SIZE_MIN <= fields.size <= FIELDS_SIZE_MAX or fields.size & (fields.size - 1):
        raise FormatError("a fields tree has 16, 32, ... 65,536 leaves", "fields_size")
    positions = tuple(path.index for path in bundle.code_paths)
    for indices, size in ((fields.indices, fields.size), (positions, POSITIONS)):
        if any(left >= right for left, right in pairwise(indices)):
            raise FormatError("indices are strictly ascending", "index_order")
        if indices and indices[-1] >= size:
            raise FormatError(f"index {indices[-1]} is not below {size}", "index_range")
    if bundle.event_index >= anchor.size:
        raise FormatError("the event's index is not below the anchor's size", "index_range")
    return bundle


def _hex(nodes: Sequence[bytes]) -> list[str]:
    return [node.hex() for node in nodes]
