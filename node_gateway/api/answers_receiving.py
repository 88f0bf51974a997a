"""What the answers about shipments to us look like; see `answers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from node_gateway.api.answers import Hash, _Answer


class ShipmentHead(_Answer):
    """A shipment to us: `handover` is the digest of its message, `shipment` the sender's event."""

    number: int
    handover: Hash
    shipment: Hash
    from_: Annotated[int, Field(alias="from")]
    from_name: str | None
    said_at: str | None
    state: Literal["open", "finishing", "finished", "void"]
    code_count: int
    for_us: bool
    due_at: str | None
    late: bool
    finished_at: str | None
    finished_by: str | None


class ShipmentList(_Answer):
    """A page of shipments to us; `late` counts all that should have been received by now."""

    shipments: list[ShipmentHead]
    late: int
    next: int | None


class ReceiptCounts(_Answer):
    """How far a receipt is; null where counting would keep the scanner waiting."""

    expected: int | None
    found: int | None
    scanned: int
    extra: int | None
    twice: int | None


class DifferenceAnswer(_Answer):
    """One kind of mismatch; of a finished shipment as the sender was told."""

    kind: str
    codes: list[str]
    cause: str | None = None
    text: str | None = None
    expected: int | None = None
    found: int | None = None
    stated: str | None = None
    seen: str | None = None
    meant: str | None = None


class ShipmentAnswer(ShipmentHead):
    """A shipment to us; `events` are our receiving events."""

    counts: ReceiptCounts
    differences: list[DifferenceAnswer]
    events: list[Hash]
    acknowledgement: Hash | None


class ScanReason(_Answer):
    """Why a scan is not as the data say."""

    reason: str
    cause: str
    text: str
    stated: str | None
    seen: str | None
    meant: str | None


class ScanVerdict(_Answer):
    """What a scan comes to."""

    text: str
    code: str
    verdict: Literal["ok", "again", "difference"]
    reasons: list[ScanReason]


class ScansKept(_Answer):
    """Verdicts in the order of the scans."""

    shipment: int
    results: list[ScanVerdict]
    counts: ReceiptCounts


class ScanRemoved(_Answer):
    """Whether the code had been scanned."""

    shipment: int
    removed: bool
    counts: ReceiptCounts


class AnsweredEvent(_Answer):
    """A receiving event of the receiver; `part` holds it as it was disclosed."""

    entry: Hash
    is_proven: bool
    part: dict[str, Any]


class AcknowledgementAnswer(_Answer):
    """What a receiver answered for a handover; `by` is `us` or the participant `byName`."""

    handover: Hash
    acknowledgement: Hash
    by: Literal["us"] | int
    by_name: str | None
    said_at: str
    expected: int
    found: int
    extra: int
    differences: list[DifferenceAnswer]
    events: list[AnsweredEvent]


class ConflictAnswer(_Answer):
    """Two statements of custody that cannot both hold; `evidence` names the file about them."""

    number: int
    reason: Literal["two_senders", "sent_twice", "way_unknown", "ended_here", "never_left"]
    first: Hash
    first_by: int
    first_by_name: str | None
    second: Hash
    second_by: int
    second_by_name: str | None
    found_at: str
    stands: bool
    exception: int
    evidence: str
    codes: list[str]


class ConflictList(_Answer):
    """A page of conflicts of custody."""

    conflicts: list[ConflictAnswer]
    next: int | None


ANSWERS: Final[Mapping[str, Mapping[int, type[BaseModel] | str]]] = {
    "listShipments": {200: ShipmentList},
    "getShipment": {200: ShipmentAnswer},
    "scanShipment": {200: ScansKept},
    "unscanShipment": {200: ScanRemoved},
    "finishShipment": {200: ShipmentAnswer},
    "getAcknowledgement": {200: AcknowledgementAnswer},
    "listCustodyConflicts": {200: ConflictList},
}
