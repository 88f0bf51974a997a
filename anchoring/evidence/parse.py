"""Reading an evidence file: strict JSON, exact members, limits on everything."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from anchoring.chain.messages import message_of
from anchoring.core import shape
from anchoring.core.anchor import Anchor, AnchoredAt
from anchoring.core.bundle import Bundle, parse_bundle
from anchoring.core.items import decode_base64url
from anchoring.core.message import SignedMessage
from anchoring.core.receipt import parse_receipt
from anchoring.core.strict_json import parse_plain
from anchoring.errors import BundleFormatError
from anchoring.evidence.chain_material import (
    HEADERS_MAX,
    PROOFS_MAX,
    SLOTS_MAX,
    TRANSACTION_SIZE_BYTES_MAX,
    TRANSACTIONS_MAX,
    AccountProof,
    ChainMaterial,
    RawHeader,
)
from anchoring.evidence.model import (
    EVIDENCE_FORMAT,
    EVIDENCE_SIZE_BYTES_MAX,
    BrokenReceipt,
    Content,
    CustodyConflict,
    Evidence,
    EvidenceKind,
    HandedOver,
    Placed,
    PublicList,
    Said,
    Shown,
    TwoContents,
    TwoMessages,
    TwoTransactions,
    TwoValues,
)
from anchoring.handover import PART_FORMAT, PARTS_MAX, HandedEvent
from anchoring.handover_reading import parse_part

NODES_MAX = 64
NODE_SIZE_BYTES_MAX = 2048
HEADER_SIZE_BYTES_MAX = 72 * 1024
CODE_CHARACTERS_MAX = 1024

_Members = Mapping[str, Any]


def parse_evidence(raw: bytes) -> Evidence:
    """Return the evidence of a `sealtrail/evidence/v1` text; `check_evidence` judges it.

    Raises:
        FormatError: the text is not of that form; `.pointer` says where.
    """
    document = parse_plain(raw, size_bytes_max=EVIDENCE_SIZE_BYTES_MAX)
    if not isinstance(document, dict):
        raise BundleFormatError("an evidence file is an object")
    if document.get("format") != EVIDENCE_FORMAT:
        raise BundleFormatError(f"the format is not {EVIDENCE_FORMAT}", "format_unknown")
    kind = document.get("kind")
    if kind not in list(EvidenceKind):
        raise BundleFormatError("the kind is unknown", "kind_unknown", pointer="/kind")
    required, optional, read = _KINDS[EvidenceKind(kind)]
    wire = shape.members(document, ("format", "kind", *required), optional=("chain", *optional))
    chain = _chain(wire["chain"]) if "chain" in wire else ChainMaterial()
    return Evidence(EvidenceKind(kind), read(wire), chain)


def _pair(value: Any, pointer: str) -> tuple[Any, Any]:
    found = shape.array(value, pointer=pointer)
    if len(found) != 2:
        raise BundleFormatError(f"{pointer} holds exactly two", pointer=pointer)
    return found[0], found[1]


def _bundle(value: Any, pointer: str) -> Bundle:
    if not isinstance(value, dict):
        raise BundleFormatError(f"{pointer} is no bundle", pointer=pointer)
    return parse_bundle(_text(value))


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _two_values(wire: _Members) -> Shown:
    first, second = _pair(wire["bundles"], "/bundles")
    return TwoValues((_bundle(first, "/bundles/0"), _bundle(second, "/bundles/1")))


def _two_contents(wire: _Members) -> Shown:
    first, second = _pair(wire["contents"], "/contents")
    return TwoContents((_content(first, "/contents/0"), _content(second, "/contents/1")))


def _content(value: Any, pointer: str) -> Content:
    wire = shape.members(value, ("bundle",), optional=("opening",), pointer=pointer)
    opening = shape.string(wire.get("opening", ""), pointer=f"{pointer}/opening")
    if "opening" in wire and not opening:
        raise BundleFormatError("an empty opening is left out", pointer=f"{pointer}/opening")
    return Content(_bundle(wire["bundle"], f"{pointer}/bundle"), opening)


def _two_transactions(wire: _Members) -> Shown:
    first, second = _pair(wire["transactions"], "/transactions")
    return TwoTransactions(
        (_raw_transaction(first, "/transactions/0"), _raw_transaction(second, "/transactions/1"))
    )


def _raw_transaction(value: Any, pointer: str) -> bytes:
    return _bytes(value, pointer, size_bytes_max=TRANSACTION_SIZE_BYTES_MAX)


def _broken_receipt(wire: _Members) -> Shown:
    if not isinstance(wire["receipt"], dict):
        raise BundleFormatError("the receipt is no object", pointer="/receipt")
    receipt = parse_receipt(_text(wire["receipt"]))
    placed = {
        name: _placed(wire[name], f"/{name}")
        for name in ("before", "after", "last")
        if name in wire
    }
    if "after" in placed and "last" in placed:
        raise BundleFormatError("last stands only where there is no after", pointer="/last")
    lists = shape.array(wire["lists"], pointer="/lists")
    return BrokenReceipt(
        receipt,
        shape.hex_bytes(wire["entry"], size_bytes=32, pointer="/entry"),
        tuple(_list(one, f"/lists/{at}", receipt.stream) for at, one in enumerate(lists)),
        **placed,
    )


_ANCHOR = ("sequence", "root", "size", "previousTip")


def _placed(value: Any, pointer: str) -> Placed:
    members = ("stream", *_ANCHOR, "blockNumber", "blockTime")
    wire = shape.members(value, members, pointer=pointer)
    stream = shape.integer(wire["stream"], pointer=f"{pointer}/stream")
    number = shape.integer(wire["blockNumber"], pointer=f"{pointer}/blockNumber")
    time = shape.integer(wire["blockTime"], pointer=f"{pointer}/blockTime")
    return Placed(_anchor(wire, pointer, stream), AnchoredAt(number, time))


def _list(value: Any, pointer: str, stream: int) -> PublicList:
    wire = shape.members(value, (*_ANCHOR, "entries"), pointer=pointer)
    entries = None
    if wire["entries"] is not None:
        entries = shape.hashes(wire["entries"], pointer=f"{pointer}/entries")
    return PublicList(_anchor(wire, pointer, stream), entries)


def _anchor(wire: _Members, pointer: str, stream: int) -> Anchor:
    return Anchor(
        stream=stream,
        sequence=shape.integer(wire["sequence"], pointer=f"{pointer}/sequence"),
        root=shape.hex_bytes(wire["root"], size_bytes=32, pointer=f"{pointer}/root"),
        size=shape.integer(wire["size"], pointer=f"{pointer}/size"),
        previous_tip=shape.hex_bytes(
            wire["previousTip"], size_bytes=32, pointer=f"{pointer}/previousTip"
        ),
    )


def _message(value: Any, pointer: str) -> SignedMessage:
    if not isinstance(value, dict):
        raise BundleFormatError(f"{pointer} is no message", pointer=pointer)
    return message_of(value)


def _said(wire: _Members) -> Shown:
    return Said(_message(wire["message"], "/message"))


def _two_messages(wire: _Members) -> Shown:
    first, second = _pair(wire["messages"], "/messages")
    return TwoMessages((_message(first, "/messages/0"), _message(second, "/messages/1")))


def _custody_conflict(wire: _Members) -> Shown:
    first, second = _pair(wire["handovers"], "/handovers")
    code = shape.string(wire["code"], pointer="/code")
    if not 1 <= len(code) <= CODE_CHARACTERS_MAX:
        raise BundleFormatError("a code has 1 to 1,024 characters", pointer="/code")
    handed = (_handed_over(first, "/handovers/0"), _handed_over(second, "/handovers/1"))
    return CustodyConflict(code, handed)


def _handed_over(value: Any, pointer: str) -> HandedOver:
    wire = shape.members(value, ("message",), optional=("event", "parts"), pointer=pointer)
    if ("event" in wire) == ("parts" in wire):
        raise BundleFormatError("either the event or the parts", pointer=pointer)
    message = _message(wire["message"], f"{pointer}/message")
    if "event" in wire:
        return HandedOver(message, event=_event(wire["event"]))
    texts = _limited(wire["parts"], f"{pointer}/parts", PARTS_MAX)
    return HandedOver(message, parts=tuple(_part(one, f"{pointer}/parts") for one in texts))


def _event(value: Any) -> HandedEvent:
    """Read an event as the reader of handovers does: in a part of its own."""
    alone = {"format": PART_FORMAT, "shipment": "00" * 32, "ordinal": 0, "packing": []}
    (event,) = parse_part(_text({**alone, "events": [value]})).events
    return event


def _part(value: Any, pointer: str) -> bytes:
    text = decode_base64url(shape.string(value, pointer=pointer))
    if not text:
        raise BundleFormatError("a part is base64url", pointer=pointer)
    return text


_KINDS: Final[
    Mapping[EvidenceKind, tuple[tuple[str, ...], tuple[str, ...], Callable[[_Members], Shown]]]
] = {
    EvidenceKind.TWO_VALUES: (("bundles",), (), _two_values),
    EvidenceKind.TWO_CONTENTS: (("contents",), (), _two_contents),
    EvidenceKind.TWO_TRANSACTIONS: (("transactions",), (), _two_transactions),
    EvidenceKind.BROKEN_RECEIPT: (
        ("receipt", "entry", "lists"),
        ("before", "after", "last"),
        _broken_receipt,
    ),
    EvidenceKind.SAID: (("message",), (), _said),
    EvidenceKind.TWO_MESSAGES: (("messages",), (), _two_messages),
    EvidenceKind.CUSTODY_CONFLICT: (("code", "handovers"), (), _custody_conflict),
}


def _chain(value: Any) -> ChainMaterial:
    wire = shape.members(value, ("headers", "proofs", "transactions"), pointer="/chain")
    headers = _limited(wire["headers"], "/chain/headers", HEADERS_MAX)
    proofs = _limited(wire["proofs"], "/chain/proofs", PROOFS_MAX)
    raws = _limited(wire["transactions"], "/chain/transactions", TRANSACTIONS_MAX)
    return ChainMaterial(
        tuple(_header(one, f"/chain/headers/{at}") for at, one in enumerate(headers)),
        tuple(_proof(one, f"/chain/proofs/{at}") for at, one in enumerate(proofs)),
        tuple(_raw_transaction(one, f"/chain/transactions/{at}") for at, one in enumerate(raws)),
    )


def _header(value: Any, pointer: str) -> RawHeader:
    wire = shape.members(value, ("hash", "rlp"), pointer=pointer)
    block_hash = shape.hex_bytes(wire["hash"], size_bytes=32, pointer=f"{pointer}/hash")
    rlp = _bytes(wire["rlp"], f"{pointer}/rlp", size_bytes_max=HEADER_SIZE_BYTES_MAX)
    return RawHeader(block_hash, rlp)


def _proof(value: Any, pointer: str) -> AccountProof:
    wire = shape.members(value, ("block", "address", "account", "slots"), pointer=pointer)
    slots = []
    listed = _limited(wire["slots"], f"{pointer}/slots", SLOTS_MAX)
    for at, one in enumerate(listed):
        where = f"{pointer}/slots/{at}"
        slot = shape.members(one, ("slot", "nodes"), pointer=where)
        key = shape.hex_bytes(slot["slot"], size_bytes=32, pointer=f"{where}/slot")
        slots.append((key, _nodes(slot["nodes"], f"{where}/nodes")))
    return AccountProof(
        shape.hex_bytes(wire["block"], size_bytes=32, pointer=f"{pointer}/block"),
        shape.hex_bytes(wire["address"], size_bytes=20, pointer=f"{pointer}/address"),
        _nodes(wire["account"], f"{pointer}/account"),
        tuple(slots),
    )


def _nodes(value: Any, pointer: str) -> tuple[bytes, ...]:
    nodes = _limited(value, pointer, NODES_MAX)
    return tuple(
        _bytes(one, f"{pointer}/{at}", size_bytes_max=NODE_SIZE_BYTES_MAX)
        for at, one in enumerate(nodes)
    )


def _limited(value: Any, pointer: str, most: int) -> list[Any]:
    found = shape.array(value, pointer=pointer)
    if len(found) > most:
        raise BundleFormatError(f"{pointer} holds more than {most}", pointer=pointer)
    return found


def _bytes(value: Any, pointer: str, *, size_bytes_max: int) -> bytes:
    text = shape.string(value, pointer=pointer)
    size_bytes = len(text) // 2
    if not 1 <= size_bytes <= size_bytes_max:
        raise BundleFormatError(f"{pointer} has not 1 to {size_bytes_max} bytes", pointer=pointer)
    return shape.hex_bytes(text, size_bytes=size_bytes, pointer=pointer)
