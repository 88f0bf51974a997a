"""Receiving events that were captured otherwise count as receipts: a projection of the follower.

`sealtrail receive` and events of a warehouse system name codes, not shipments. What fits an open
shipment is noted there as read; when all of it came that way, the shipment is answered for. What
fits none and comes from a participant waits for its data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from node_gateway.partners.parties import Parties, sources_of
from node_gateway.services.following import FollowedEvent
from node_gateway.state.words import RECEIVING
from node_gateway.storage import receiving, receiving_lookups
from node_gateway.storage.database import Insert
from node_gateway.storage.events import event_by_key
from node_gateway.storage.ports import event_key
from node_gateway.storage.receiving import Expecting, Phase, ScanRow, UnmatchedRow

WHO: Final = "event"
"""As whoever read a code: one of our events says it."""


class _Change(NamedTuple):
    """What one event means to receipts.

    Attributes:
        scans: By handover.
        undone: Position of the event that it takes back.
    """

    position: int
    entry: bytes
    scans: Mapping[int, Sequence[ScanRow]]
    unmatched: UnmatchedRow | None
    undone: int | None


class ReceiptEvents:
    """See the module.

    Args:
        parties: Who is behind a party.
        participant: We.
        since: Position of the last event from before this gateway knew handovers: nobody tells of
            what was received by then.
        on_change: Called when an event counts for a shipment; on the writing thread.
    """

    name = "receipts"

    def __init__(
        self, parties: Parties, participant: int, *, since: int, on_change: Callable[[], None]
    ) -> None:
        self._parties, self._participant = parties, participant
        self._since, self._on_change = since, on_change

    def prepare(self, connection: Connection, events: Sequence[FollowedEvent]) -> list[_Change]:
        """See `Projection`."""
        found = [self._change(connection, one) for one in events if _is_receipt(one.event)]
        return [one for one in found if one.scans or one.unmatched or one.undone]

    def _change(self, connection: Connection, one: FollowedEvent) -> _Change:
        if "errorDeclaration" in one.event:
            key = event_key(str(one.event["eventID"]), error_declaration=False)
            stored = event_by_key(connection, key)
            undone = None if stored is None else stored.header.position
            return _Change(one.position, one.entry, {}, None, undone)
        codes = received(one.event)
        expected = receiving.open_for(connection, codes)
        scans: dict[int, list[ScanRow]] = {}
        senders = senders_of(one.event, self._parties, self._participant)
        for code, some in expected.items():
            number = _meant(some, senders)
            if number is not None:
                row = by_event(code, one.received_at_ms, one.position)
                scans.setdefault(number, []).append(row)
        return _Change(
            one.position, one.entry, scans, self._unmatched(connection, one, codes), None
        )

    def _unmatched(
        self, connection: Connection, one: FollowedEvent, codes: Sequence[str]
    ) -> UnmatchedRow | None:
        if one.position <= self._since:
            return None
        senders = senders_of(one.event, self._parties, self._participant)
        if not senders and (self._parties.is_read or not any(sources_of(one.event))):
            return None
        partner = senders[0] if senders else receiving.NOBODY
        known = receiving_lookups.named_in_handovers(connection, codes)
        left = [code for code in codes if code not in known]
        if not left:
            return None
        at = one.received_at_ms // 1000
        return UnmatchedRow(one.position, one.entry, partner, at, left, None)

    def apply(self, connection: Connection, insert: Insert, change: Any) -> None:
        """See `Projection`."""
        changes: list[_Change] = change
        for one in changes:
            if one.undone is not None:
                receiving.forget_event(connection, one.undone)
            for number, rows in one.scans.items():
                receipt = receiving.receipt_of(connection, number)
                if receipt is None or receipt.state is Phase.OPEN:
                    receiving.keep_scans(connection, insert, number, rows)
                    receiving.add_event(connection, number, one.position, one.entry)
            if one.unmatched is not None:
                receiving.add_unmatched(connection, one.unmatched)
        if changes:
            self._on_change()

    def forget(self, connection: Connection, event: FollowedEvent) -> None:
        """See `Projection`."""
        receiving.forget_event(connection, event.position)

    def clear(self, connection: Connection) -> None:
        """See `Projection`: what was answered for stays."""
        receiving.forget_events(connection)


def senders_of(event: Mapping[str, Any], parties: Parties, participant: int) -> list[int]:
    """Return the other participants that an event names as sources."""
    named = [parties.participant_of(party) for _, party in sources_of(event)]
    return [one for one in named if one is not None and one != participant]


def by_event(code: str, at_ms: int, position: int) -> ScanRow:
    """Return that an event of ours says a code came."""
    return ScanRow(
        code,
        lot=None,
        expiry=None,
        inside=None,
        opened=False,
        times=1,
        at_ms=at_ms,
        who=WHO,
        event=position,
    )


def received(event: Mapping[str, Any]) -> list[str]:
    """Return the codes that a receiving event names as its goods."""
    if event.get("type") == "AggregationEvent":
        parent = event.get("parentID")
        named = [parent] if isinstance(parent, str) else []
        return [*named, *(event.get("childEPCs") or ())]
    return list(dict.fromkeys(event.get("epcList") or ()))


def _meant(some: Sequence[Expecting], senders: Sequence[int]) -> int | None:
    """Return the handover that an event means by a code which open receipts expect.

    Whoever hands over what another sends must not get the receipt of it: where several say that a
    code comes from them, the event says from whom it came, or a person does.
    """
    theirs = [one.handover for one in some if one.partner in senders]
    if theirs:
        return theirs[0]
    return some[0].handover if len({one.partner for one in some}) == 1 else None


def _is_receipt(event: Mapping[str, Any]) -> bool:
    return event.get("bizStep") in RECEIVING and event.get("action") != "DELETE"


__all__ = ["WHO", "ReceiptEvents", "by_event", "received", "senders_of"]
