"""Notice shipments to other participants among the stored events, and those that are taken back.

A projection like others: what it writes is durable with its cursor. It only notes that a shipment
is to be handed over; the handover is drafted when every projection knows the events before it.
Events from before this gateway knew handovers are history: nothing is told of them by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, func, select

from anchoring.handover import Correction
from node_gateway.partners.parties import Parties
from node_gateway.partners.ports import Channel, Direction
from node_gateway.services.following import FollowedEvent
from node_gateway.storage import following
from node_gateway.storage import handover_writing as writing
from node_gateway.storage.database import Insert
from node_gateway.storage.handovers import Handover, State, handovers_of
from node_gateway.storage.ports import event_key
from node_gateway.storage.tables import event, is_event_key

NAME: Final = "handovers"
CORRECTION_KIND: Final = "handover_correction"
_SHIPPING: Final = "shipping"
_TYPES: Final = frozenset({"ObjectEvent", "AggregationEvent", "TransactionEvent"})


class _Change(NamedTuple):
    """Shipments (partner, entry) that begin, and entries of those that were taken back."""

    begun: Sequence[tuple[int, bytes]]
    voided: Sequence[bytes]


def ships(one: Mapping[str, Any]) -> bool:
    """Tell whether a normalised event states a shipment."""
    return (
        one.get("bizStep") == _SHIPPING
        and one.get("type") in _TYPES
        and one.get("action") != "DELETE"
        and "errorDeclaration" not in one
    )


class Noticing:
    """The projection.

    Args:
        own: Our participant id.
        parties: Who a destination is.
        channel: Where corrections are said.
        automatic: Whether a shipment is handed over without anybody's confirmation.
        since: Position of the last event from before handovers.
        clock: Unix seconds.
    """

    name = NAME

    def __init__(
        self,
        own: int,
        parties: Parties,
        channel: Channel,
        *,
        automatic: bool,
        since: int,
        clock: Callable[[], float],
    ) -> None:
        self._own, self._parties, self._channel = own, parties, channel
        self._state = State.WAITING if automatic else State.HELD
        self._since, self._clock = since, clock

    def prepare(self, connection: Connection, events: Sequence[FollowedEvent]) -> _Change:
        """See `Projection`."""
        begun, voided = [], []
        for one in events:
            if one.position <= self._since:
                continue
            if ships(one.event):
                partner = self._parties.receiver_of(one.event)
                if partner not in (None, self._own):
                    begun.append((partner or 0, one.entry))
            elif "errorDeclaration" in one.event and one.event.get("bizStep") == _SHIPPING:
                entry = _declared(connection, one, events)
                if entry is not None:
                    voided.append(entry)
        return _Change(begun, voided)

    def apply(self, connection: Connection, insert: Insert, change: _Change) -> None:
        """See `Projection`."""
        at = int(self._clock())
        for partner, entry in change.begun:
            if not any(one.partner == partner for one in _going(connection, entry)):
                state = self._state
                writing.add_out(
                    connection, insert, partner=partner, shipment=entry, state=state, at=at
                )
        for entry in change.voided:
            for one in _going(connection, entry):
                take_back(connection, self._channel, one, at)

    def forget(self, connection: Connection, event: FollowedEvent) -> None:
        """See `Projection`. What was said stays said; a draft finds its event erased."""

    def clear(self, connection: Connection) -> None:
        """See `Projection`. What was said is no consequence that could be computed again."""


def take_back(connection: Connection, channel: Channel, one: Handover, at: int) -> None:
    """Withdraw a handover of ours, and tell its receiver if it has it."""
    if one.state is State.WITHDRAWN:
        return
    if one.digest is not None:
        channel.put(connection, one.partner, CORRECTION_KIND, Correction(one.digest).to_json())
    writing.set_state(connection, one.number, State.WITHDRAWN, withdrawn_at=at)


def begin(connection: Connection) -> int:
    """Place a projection that never ran behind the history; return the last position of that."""
    if NAME in following.positions(connection):
        return 0
    last = int(connection.execute(select(func.max(event.c.position))).scalar() or 0)
    following.move(connection, [NAME], last)
    return last


def _declared(
    connection: Connection, declaration: FollowedEvent, events: Sequence[FollowedEvent]
) -> bytes | None:
    """Return the entry of the event that a declaration takes back."""
    event_id = str(declaration.event.get("eventID"))
    for one in events:
        if one.event.get("eventID") == event_id and "errorDeclaration" not in one.event:
            return one.entry
    key = event_key(event_id, error_declaration=False)
    found = connection.execute(select(event.c.entry).where(is_event_key(key))).scalar()
    return None if found is None else bytes(found)


def _going(connection: Connection, entry: bytes) -> list[Handover]:
    return [one for one in handovers_of(connection, entry) if one.direction is Direction.OUT]


__all__ = ["CORRECTION_KIND", "NAME", "Noticing", "begin", "ships", "take_back"]
