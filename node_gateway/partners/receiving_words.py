"""Receipts as JSON and in sentences for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from node_gateway.partners.ports import ExceptionKind
from node_gateway.partners.shipment import Cause, Difference, Matched
from node_gateway.storage.handovers import Handover
from node_gateway.storage.receiving import Phase, ReceiptRow, ScanRow

_KINDS: Final[Mapping[ExceptionKind, str]] = MappingProxyType(
    {
        ExceptionKind.OVERAGE: "more is there than the data say",
        ExceptionKind.SHORTAGE: "less is there than the data say",
        ExceptionKind.UNKNOWN_CODE: "a code that is unknown",
        ExceptionKind.PRODUCT_NO_DATA: "goods without data",
        ExceptionKind.DATA_NO_PRODUCT: "data without goods",
        ExceptionKind.WRONG_RECEIVER: "the shipment is addressed to somebody else",
        ExceptionKind.WRONG_LOT: "the label states another lot",
        ExceptionKind.WRONG_EXPIRY: "the label states another expiry date",
        ExceptionKind.BROKEN_PACKING: "a pack is not in the unit that the data say",
        ExceptionKind.ALREADY_RECEIVED: "it was received before",
        ExceptionKind.RECALLED: "a recall means it",
        ExceptionKind.NOT_AUTHORISED: "who commissioned it had no right to its codes",
    }
)
_CAUSES: Final[Mapping[Cause, str]] = MappingProxyType(
    {
        Cause.LABEL_DIFFERS: "compare the label with the data, ask the sender",
        Cause.MORE_THAN_SAID: "the sender forgot it, or it belongs to a later shipment",
        Cause.SWAPPED: "one pack was sent for another",
        Cause.OTHER_SHIPMENT: "another open shipment holds it",
        Cause.PIECES_MISSING: "single pieces are missing; was everything scanned?",
        Cause.UNIT_MISSING: "a whole unit is missing",
        Cause.NOTHING_CAME: "nothing of this product came; is it on its way?",
        Cause.RECEIVED_BEFORE: "it is here already, by another shipment",
        Cause.ENDED_HERE: "it left the trade here before",
        Cause.NO_CODE: "the text is no code; scan it again",
        Cause.PREFIX_OF_NOBODY: "nobody in the network owns such codes",
        Cause.PREFIX_OF_ANOTHER: "the codes belong to another participant",
        Cause.DATA_LATE: "the sender has not told of it yet",
        Cause.OPENED: "its unit was opened",
        Cause.REPACKED: "it was packed again",
        Cause.RECALL_NOTICE: "set it aside; see the notice",
        Cause.OTHER_DESTINATION: "the event names another destination",
        Cause.SCANNER_CASE: "the scanner changes capitals: Caps Lock?",
        Cause.SCANNER_LAYOUT: "the scanner has another keyboard layout",
        Cause.SCANNER_SEPARATOR: "the scanner drops the separator (GS)",
    }
)


def sentence(one: Difference) -> str:
    """Return what is wrong, and why probably, in one sentence. Names no code."""
    text = _KINDS.get(one.kind, one.kind.value)
    if one.expected is not None and one.found is not None:
        text += f" ({one.expected} said, {one.found} there)"
    if one.kind in (ExceptionKind.WRONG_LOT, ExceptionKind.WRONG_EXPIRY):
        text += f" ({one.stated} said, {one.seen} on the label)"
    cause = _CAUSES.get(one.cause)
    return text if cause is None else f"{text}: {cause}"


def reason_wire(one: Difference) -> dict[str, Any]:
    """Return why a scan is not fine, as JSON."""
    return {
        "reason": one.kind.value,
        "cause": one.cause.value,
        "text": sentence(one),
        "stated": one.stated,
        "seen": one.seen,
        "meant": one.meant,
    }


def difference_wire(one: Difference) -> dict[str, Any]:
    """Return a difference as JSON."""
    return {
        "kind": one.kind.value,
        "cause": one.cause.value,
        "text": sentence(one),
        "codes": list(one.codes),
        "expected": one.expected,
        "found": one.found,
        "stated": one.stated,
        "seen": one.seen,
        "meant": one.meant,
    }


def counts_wire(matched: Matched, scans: Sequence[ScanRow]) -> dict[str, Any]:
    """Return counts as JSON."""
    return {
        "expected": matched.expected,
        "found": matched.found,
        "scanned": len(scans),
        "extra": matched.extra,
        "twice": sum(one.times > 1 for one in scans),
    }


def shipment_wire(handover: Handover, row: ReceiptRow, *, now: int) -> dict[str, Any]:
    """Return the head of a shipment to us as JSON."""
    return {
        "number": handover.number,
        "handover": (handover.digest or b"").hex(),
        "shipment": handover.shipment.hex(),
        "from": handover.partner,
        "saidAt": moment(handover.said_at),
        "state": row.state.word,
        "codeCount": handover.code_count,
        "forUs": row.for_us,
        "dueAt": moment(row.due_at),
        "late": row.state < Phase.FINISHED and row.due_at <= now,
        "finishedAt": moment(row.finished_at),
        "finishedBy": row.who if row.state is Phase.FINISHED else None,
    }


def moment(at: int | None) -> str | None:
    """Return Unix seconds as ISO 8601."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
