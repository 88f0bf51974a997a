"""Reading handovers strictly: every number, every hash; nothing is checked against another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from anchoring.core import shape
from anchoring.core.anchor import Anchor, AnchoredAt
from anchoring.core.bundle import CodePath, FieldsProof
from anchoring.core.codes import POSITIONS
from anchoring.core.commit import PARTICIPANT_MAX
from anchoring.core.fields import FIELDS_SIZE_MAX, FIELDS_SIZE_MIN
from anchoring.core.items import CODE_LISTS
from anchoring.core.opening import CodesOpening
from anchoring.core.streams import SECRET_SIZE_BYTES
from anchoring.core.strict_json import parse_plain
from anchoring.errors import BundleFormatError, FormatError
from anchoring.handover import (
    CORRECTION_FORMAT,
    HANDOVER_FORMAT,
    PART_FORMAT,
    PART_SIZE_BYTES_MAX,
    PARTS_MAX,
    PROOFS_FORMAT,
    Correction,
    EventProof,
    HandedEvent,
    Manifest,
    Packing,
    Part,
)

_COUNT_MAX: Final = 2**31 - 1


def parse_manifest(raw: bytes) -> Manifest:
    """Return the manifest of a text.

    Raises:
        FormatError: as for bundles (formats page, steps 1 to 3).
    """
    members = ("format", "shipment", "parts", "eventCount", "codeCount")
    wire = _document(raw, HANDOVER_FORMAT, members, optional=("replaces",))
    parts = shape.hashes(wire["parts"], pointer="/parts")
    if not 1 <= len(parts) <= PARTS_MAX or len(set(parts)) != len(parts):
        raise BundleFormatError(f"1 to {PARTS_MAX} different parts", pointer="/parts")
    return Manifest(
        shipment=_digest(wire["shipment"], "/shipment"),
        parts=parts,
        event_count=_count(wire["eventCount"], "/eventCount"),
        code_count=_count(wire["codeCount"], "/codeCount"),
        replaces=_replaced(wire),
    )


def parse_part(raw: bytes) -> Part:
    """Return the part of a text. Errors as `parse_manifest`."""
    members = ("format", "shipment", "ordinal", "events", "packing")
    wire = _document(raw, PART_FORMAT, members, optional=("replaces",))
    ordinal = shape.integer(wire["ordinal"], pointer="/ordinal")
    if ordinal >= PARTS_MAX:
        raise BundleFormatError(f"at most {PARTS_MAX} parts", pointer="/ordinal")
    return Part(
        shipment=_digest(wire["shipment"], "/shipment"),
        ordinal=ordinal,
        replaces=_replaced(wire),
        events=tuple(
            _event(one, f"/events/{at}")
            for at, one in enumerate(shape.array(wire["events"], pointer="/events"))
        ),
        packing=tuple(
            _packing(one, f"/packing/{at}")
            for at, one in enumerate(shape.array(wire["packing"], pointer="/packing"))
        ),
    )


def parse_proofs(raw: bytes) -> tuple[EventProof, ...]:
    """Return the proofs of a text, at least one. Errors as `parse_manifest`."""
    wire = _document(raw, PROOFS_FORMAT, ("format", "proofs"))
    proofs = tuple(
        event_proof(one, pointer=f"/proofs/{at}")
        for at, one in enumerate(shape.array(wire["proofs"], pointer="/proofs"))
    )
    if not proofs or len({one.entry for one in proofs}) != len(proofs):
        raise BundleFormatError("at least one proof, each of another event", pointer="/proofs")
    return proofs


def parse_correction(raw: bytes) -> Correction:
    """Return the correction of a text. Errors as `parse_manifest`."""
    wire = _document(raw, CORRECTION_FORMAT, ("format", "handover"))
    return Correction(_digest(wire["handover"], "/handover"))


def event_proof(wire: Any, *, pointer: str = "") -> EventProof:
    """Return one proof as read from its JSON value."""
    parts = shape.members(wire, ("entry", "event", "anchor"), pointer=pointer)
    event = shape.members(parts["event"], ("index", "siblings"), pointer=f"{pointer}/event")
    anchor, at = _anchor(parts["anchor"], f"{pointer}/anchor")
    index = shape.integer(event["index"], pointer=f"{pointer}/event/index")
    anchor.check()
    if index >= anchor.size:
        raise FormatError("the event's index is not below the anchor's size", "index_range")
    siblings = shape.hashes(event["siblings"], pointer=f"{pointer}/event/siblings")
    return EventProof(_digest(parts["entry"], f"{pointer}/entry"), index, siblings, anchor, at)


def fields_from_wire(wire: Any, *, pointer: str = "") -> FieldsProof:
    """Return disclosed fields as read from their JSON value."""
    parts = shape.members(wire, ("size", "indices", "disclosures", "siblings"), pointer=pointer)
    indices = tuple(
        shape.integer(one, pointer=f"{pointer}/indices/{at}")
        for at, one in enumerate(shape.array(parts["indices"], pointer=f"{pointer}/indices"))
    )
    size = shape.integer(parts["size"], pointer=f"{pointer}/size")
    disclosures = _texts(parts["disclosures"], f"{pointer}/disclosures")
    if len(indices) != len(disclosures):
        raise BundleFormatError("one index per disclosure", pointer=pointer)
    if not FIELDS_SIZE_MIN <= size <= FIELDS_SIZE_MAX or size & (size - 1):
        raise FormatError("a fields tree has 16, 32, ... 65,536 leaves", "fields_size")
    _check_order(indices, size)
    siblings = shape.hashes(parts["siblings"], pointer=f"{pointer}/siblings")
    return FieldsProof(size, indices, disclosures, siblings)


def opening_from_wire(wire: Any, *, pointer: str = "") -> CodesOpening:
    """Return a codes opening as read from its JSON value."""
    parts = shape.members(wire, ("secret", "lists"), pointer=pointer)
    lists = shape.members(parts["lists"], (), optional=CODE_LISTS, pointer=f"{pointer}/lists")
    secret = shape.hex_bytes(
        parts["secret"], size_bytes=SECRET_SIZE_BYTES, pointer=f"{pointer}/secret"
    )
    read = {name: _texts(some, f"{pointer}/lists/{name}") for name, some in lists.items()}
    return CodesOpening(secret, read)


def _event(wire: Any, pointer: str) -> HandedEvent:
    parts = shape.members(wire, ("participant", "fields", "codes"), pointer=pointer)
    participant = shape.integer(parts["participant"], pointer=f"{pointer}/participant")
    if not 1 <= participant <= PARTICIPANT_MAX:
        raise FormatError("a participant's id is 1..2^32-1", "anchor_values")
    where = f"{pointer}/codes"
    codes = shape.members(parts["codes"], ("root",), optional=("paths", "opening"), pointer=where)
    if ("paths" in codes) == ("opening" in codes):
        raise BundleFormatError("codes have either paths or an opening", pointer=where)
    return HandedEvent(
        participant=participant,
        fields=fields_from_wire(parts["fields"], pointer=f"{pointer}/fields"),
        codes_root=_digest(codes["root"], f"{where}/root"),
        code_paths=_paths(codes.get("paths", []), f"{where}/paths"),
        opening=opening_from_wire(codes["opening"], pointer=f"{where}/opening")
        if "opening" in codes
        else None,
    )


def _paths(wire: Any, pointer: str) -> tuple[CodePath, ...]:
    found = []
    for at, one in enumerate(shape.array(wire, pointer=pointer)):
        where = f"{pointer}/{at}"
        path = shape.members(one, ("disclosure", "index", "siblings"), pointer=where)
        found.append(
            CodePath(
                shape.string(path["disclosure"], pointer=f"{where}/disclosure"),
                shape.integer(path["index"], pointer=f"{where}/index"),
                shape.hashes(path["siblings"], pointer=f"{where}/siblings"),
            )
        )
    _check_order(tuple(one.index for one in found), POSITIONS)
    return tuple(found)


def _packing(wire: Any, pointer: str) -> Packing:
    parts = shape.members(wire, ("parent", "children"), pointer=pointer)
    children = _texts(parts["children"], f"{pointer}/children")
    if not children:
        raise BundleFormatError("at least one child", pointer=f"{pointer}/children")
    return Packing(shape.string(parts["parent"], pointer=f"{pointer}/parent"), children)


_ANCHOR: Final = ("stream", "sequence", "root", "size", "previousTip", "blockNumber", "blockTime")


def _anchor(wire: Any, pointer: str) -> tuple[Anchor, AnchoredAt]:
    parts = shape.members(wire, _ANCHOR, pointer=pointer)
    numbers = {
        name: shape.integer(parts[name], pointer=f"{pointer}/{name}")
        for name in ("stream", "sequence", "size", "blockNumber", "blockTime")
    }
    anchor = Anchor(
        stream=numbers["stream"],
        sequence=numbers["sequence"],
        root=_digest(parts["root"], f"{pointer}/root"),
        size=numbers["size"],
        previous_tip=_digest(parts["previousTip"], f"{pointer}/previousTip"),
    )
    return anchor, AnchoredAt(numbers["blockNumber"], numbers["blockTime"])


def _document(
    raw: bytes, form: str, members: Sequence[str], *, optional: Sequence[str] = ()
) -> dict[str, Any]:
    document = parse_plain(raw, size_bytes_max=PART_SIZE_BYTES_MAX)
    if isinstance(document, dict) and document.get("format") != form:
        code = "format_unknown" if isinstance(document.get("format"), str) else "bundle_shape"
        raise BundleFormatError(f"the format is not {form}", code)
    return shape.members(document, members, optional=optional)


def _check_order(indices: Sequence[int], size: int) -> None:
    if any(left >= right for left, right in pairwise(indices)):
        raise FormatError("indices are strictly ascending", "index_order")
    if indices and indices[-1] >= size:
        raise FormatError(f"index {indices[-1]} is not below {size}", "index_range")


def _texts(value: Any, pointer: str) -> tuple[str, ...]:
    texts = shape.array(value, pointer=pointer)
    return tuple(shape.string(one, pointer=f"{pointer}/{at}") for at, one in enumerate(texts))


def _count(value: Any, pointer: str) -> int:
    count = shape.integer(value, pointer=pointer)
    if not 1 <= count <= _COUNT_MAX:
        raise BundleFormatError(f"{pointer} is no count", pointer=pointer)
    return count


def _digest(value: Any, pointer: str) -> bytes:
    return shape.hex_bytes(value, size_bytes=32, pointer=pointer)


def _replaced(wire: Mapping[str, Any]) -> bytes | None:
    return _digest(wire["replaces"], "/replaces") if "replaces" in wire else None
