"""The everyday operations of a warehouse or shop, and the EPCIS event that each one states.

One table row per operation. Words are those of CBV 2.0 (sections 7.1, 7.2); what they mean to the
state of a code is judged in `node_gateway.state`. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal
from urllib.parse import quote

Need = Literal["codes", "parent", "to", "reason"]
EXTENSION: Final = "urn:x-sealtrail:"
"""Namespace of what our events say beyond the standard: `reason`, `override`, `actedBy`."""
PREFIX: Final = "st"
_DOCUMENT: Final = "urn:x-sealtrail:document:"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        name: As in `/v1/operations/<name>` and `sealtrail <name>`.
        what: One sentence for people.
        packs: Whether it is about a parent and its children.
        document: Type of the document that it usually refers to, a CBV word.
        needs: What a request must give.
    """

    name: str
    what: str
    action: str
    step: str
    disposition: str
    packs: bool = False
    document: str = "desadv"
    needs: frozenset[Need] = frozenset({"codes"})


_ALL: Final = (
    Operation(
        *("ship", "Goods leave for another party."),
        *("OBSERVE", "shipping", "in_transit"),
        needs=frozenset({"codes", "to"}),
    ),
    Operation("receive", "Goods arrive from another party.", "OBSERVE", "receiving", "in_progress"),
    Operation(
        *("pack", "Codes are packed into a unit."),
        *("ADD", "packing", "in_progress"),
        packs=True,
        document="prodorder",
        needs=frozenset({"codes", "parent"}),
    ),
    Operation(
        *("unpack", "Codes are taken out of a unit; without codes all of them."),
        *("DELETE", "unpacking", "in_progress"),
        packs=True,
        document="prodorder",
        needs=frozenset({"parent"}),
    ),
    Operation(
        *("dispense", "A pack is sold or handed to a patient."),
        *("OBSERVE", "dispensing", "dispensed"),
        document="inv",
    ),
    Operation(
        *("return", "Goods come back from a customer."),
        *("OBSERVE", "receiving", "returned"),
        document="rma",
    ),
    Operation(
        *("send-back", "Goods go back to the supplier."),
        *("OBSERVE", "shipping", "returned"),
        document="rma",
        needs=frozenset({"codes", "to"}),
    ),
    Operation(
        *("hold", "Goods are set aside; they may not be sold."),
        *("OBSERVE", "holding", "unavailable"),
        needs=frozenset({"codes", "reason"}),
    ),
    Operation(
        *("release", "What was held or returned may be sold again."),
        *("OBSERVE", "inspecting", "sellable_accessible"),
        needs=frozenset({"codes", "reason"}),
    ),
    Operation(
        *("sample", "Goods are taken for a test."),
        *("OBSERVE", "sampling", "unavailable"),
        document="testprd",
    ),
    Operation(
        *("rework", "Goods go back into production."),
        *("OBSERVE", "repairing", "needs_replacement"),
        document="prodorder",
    ),
    Operation(
        *("destroy", "Goods are destroyed."),
        *("DELETE", "destroying", "destroyed"),
        document="cert",
        needs=frozenset({"codes", "reason"}),
    ),
    Operation(
        *("decommission", "Codes end, whatever became of the goods."),
        *("DELETE", "decommissioning", "inactive"),
        needs=frozenset({"codes", "reason"}),
    ),
    Operation(
        *("lose", "Goods are missing or stolen."),
        *("DELETE", "decommissioning", "stolen"),
        needs=frozenset({"codes", "reason"}),
    ),
)
OPERATIONS: Final[Mapping[str, Operation]] = MappingProxyType({one.name: one for one in _ALL})


@dataclass(frozen=True, slots=True)
class ActedBy:
    """Who did an operation in our name, if we did not: a participant, by a request it signed.

    Attributes:
        request: What the signature of its request covers, 64 hex digits.
    """

    participant: int
    delegation: str
    request: str


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator asks for, identifiers in canonical form.

    Attributes:
        codes: The goods: packs, cases, logistic units.
        parent: The unit that is packed or unpacked.
        document: Number of a document, or a URI that names it.
        document_type: A CBV word; None for the operation's usual one.
        sender: Party from which the goods come; `receiver`: to which they go.
        place: Where it happens.
        event_time: ISO 8601 with offset, empty for now; `offset` is the event's own.
        reason: Why, where the operation asks for it.
        override: Why it is done although rules forbid it.
        overridden: The names of these rules.
        lots: Lots that were scanned or stated with codes, by code; they decide whether a recall
            means them, and are no part of the event.
        acted_by: Who did it, if it was somebody else in our name.
    """

    codes: tuple[str, ...]
    event_time: str = ""
    offset: str = ""
    parent: str | None = None
    document: str | None = None
    document_type: str | None = None
    sender: str | None = None
    receiver: str | None = None
    place: str | None = None
    reason: str | None = None
    override: str | None = None
    overridden: tuple[str, ...] = ()
    event_id: str | None = None
    lots: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    acted_by: ActedBy | None = None


def missing(operation: Operation, order: Order) -> list[str]:
    """Return the members that the operation needs and the order lacks."""
    given = {
        "codes": bool(order.codes),
        "parent": order.parent is not None,
        "to": order.receiver is not None,
        "reason": bool(order.reason),
    }
    return sorted(need for need in operation.needs if not given[need])


def event_of(operation: Operation, order: Order, *, participant: int) -> dict[str, Any]:
    """Return the event that states an order, as EPCIS JSON without `@context`."""
    event: dict[str, Any] = {
        "type": "AggregationEvent" if operation.packs else "ObjectEvent",
        "eventTime": order.event_time,
        "eventTimeZoneOffset": order.offset,
        "action": operation.action,
        "bizStep": operation.step,
        "disposition": operation.disposition,
    }
    if order.event_id is not None:
        event["eventID"] = order.event_id
    if operation.packs:
        event["parentID"] = order.parent
        if order.codes:
            event["childEPCs"] = list(order.codes)
    else:
        event["epcList"] = list(order.codes)
    describe(event, order, document_type=operation.document, participant=participant)
    return event


def describe(event: dict[str, Any], order: Order, *, document_type: str, participant: int) -> None:
    """Add to an event where it happened, by which document, between whom and why.

    Args:
        event: EPCIS JSON.
        order: What was asked for.
        document_type: Of the document, where the order states none.
        participant: Whose documents they are.
    """
    if order.place is not None:
        event["readPoint"] = {"id": order.place}
        event["bizLocation"] = {"id": order.place}
    if order.document is not None:
        named = {
            "type": order.document_type or document_type,
            "bizTransaction": document_uri(order.document, participant=participant),
        }
        event["bizTransactionList"] = [named]
    _add_parties(event, order)
    _add_reasons(event, order)


def document_uri(text: str, *, participant: int) -> str:
    """Return the URI of a business document: the text itself if it is one already."""
    scheme, found, rest = text.partition(":")
    if found and rest and scheme.lower() in ("urn", "http", "https"):
        return text
    return f"{_DOCUMENT}{participant}:{quote(text, safe='')}"


def document_of(events: Sequence[Mapping[str, Any]], context: str) -> dict[str, Any]:
    """Return an EPCISDocument with these events. `creationDate` is the first event's time."""
    return {
        "@context": [context, {PREFIX: EXTENSION}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": events[0]["eventTime"],
        "epcisBody": {"eventList": list(events)},
    }


def _add_parties(event: dict[str, Any], order: Order) -> None:
    if order.sender is not None:
        event["sourceList"] = [{"type": "owning_party", "source": order.sender}]
    if order.receiver is not None:
        event["destinationList"] = [{"type": "owning_party", "destination": order.receiver}]


def _add_reasons(event: dict[str, Any], order: Order) -> None:
    if order.reason:
        event[f"{PREFIX}:reason"] = order.reason
    if order.override:
        event[f"{PREFIX}:override"] = {
            f"{PREFIX}:reason": order.override,
            f"{PREFIX}:rules": list(order.overridden),
        }
    if order.acted_by is not None:
        event[f"{PREFIX}:actedBy"] = {
            f"{PREFIX}:participant": order.acted_by.participant,
            f"{PREFIX}:delegation": order.acted_by.delegation,
            f"{PREFIX}:request": order.acted_by.request,
        }
