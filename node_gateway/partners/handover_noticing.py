"""Notice shipments to other participants among the stored events, and those that are taken back.

A projection like others: what it writes is durable with its cursor. It only notes that a shipment
is to be handed over; the handover is drafted when every projection knows the events before it. A
shipment to parties that nobody knows yet is noted, too, and waits (`handover_addressing`).
Events from before this gateway knew handovers are history: nothing is told of them by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, func, select

from anchoring.handover import Correction
from node_gateway.partners.parties import Parties, receivers_named
from node_gateway.partners.ports import Channel, Direction
from node_gateway.services.following import FollowedEvent
from node_gateway.storage import following
from node_gateway.storage import handover_unaddressed as unaddressed
from node_gateway.storage import handover_writing as writing
from node_gateway.storage.database import Insert
from node_gateway.storage.handover_unaddressed import Waiting
from node_gateway.storage.handovers import Handover, State, handovers_of
from node_gateway.storage.ports import event_key
from node_gateway.storage.tables import event, is_event_key

NAME: Final = "handovers"
CORRECTION_KIND: Final = "handover_correction"
_SHIPPING: Final = "shipping"
_TYPES: Final = frozenset({"ObjectEvent", "AggregationEvent", "TransactionEvent"})


class _Change(NamedTuple):
    """What events say of shipments.

    Attributes:
        begun: Partner and entry of those that begin.
        unknown: Entry and event of those whose receiver nobody knows.
        voided: Entries of those that were taken back.
    """

    begun: Sequence[tuple[int, bytes]]
    unknown: Sequence[tuple[bytes, Mapping[str, Any]]]
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
        begun, unknown, voided = [], [], []
        for one in events:
            if one.position <= self._since:
                continue
            if ships(one.event):
                partner = self._parties.receiver_of(one.event)
                if partner is None:
                    unknown.append((one.entry, one.event))
                elif partner != self._own:
                    begun.append((partner, one.entry))
            elif "errorDeclaration" in one.event and one.event.get("bizStep") == _SHIPPING:
                entry = _declared(connection, one, events)
                if entry is not None:
                    voided.append(entry)
        return _Change(begun, unknown, voided)

    def apply(self, connection: Connection, insert: Insert, change: _Change) -> None:
        """See `Projection`."""
        for partner, entry in change.begun:
            self._begin(connection, insert, partner, entry)
        for entry, one in change.unknown:
            self._keep(connection, insert, entry, one)
        at = int(self._clock())
        for entry in change.voided:
            unaddressed.remove(connection, entry)
            for going in _going(connection, entry):
                take_back(connection, self._channel, going, at)

    def address(self, connection: Connection, insert: Insert, one: Waiting) -> None:
        """Begin the handover of a shipment that waited, if its receiver is known by now.

        In the transaction of the caller; what is not waiting any more stays as it is.
        """
        partner = None if one.event is None else self._parties.receiver_of(one.event)
        if one.event is not None and partner is None:
            return
        waited = unaddressed.remove(connection, one.entry)
        if waited and partner not in (None, self._own):
            self._begin(connection, insert, partner or 0, one.entry)

    def _keep(
        self, connection: Connection, insert: Insert, entry: bytes, event: Mapping[str, Any]
    ) -> None:
        """Let a shipment wait for its receiver; who has become known meanwhile is told at once.

        Whoever looks for receivers afterwards finds it: looking begins on this thread, behind us.
        """
        partner = self._parties.receiver_of(event)
        if partner is None:
            if not _going(connection, entry):
                unaddressed.add(connection, insert, receivers_named(event), entry)
        elif partner != self._own:
            self._begin(connection, insert, partner, entry)

    def _begin(self, connection: Connection, insert: Insert, partner: int, entry: bytes) -> None:
        if not any(one.partner == partner for one in _going(connection, entry)):
            state, at = self._state, int(self._clock())
            writing.add_out(connection, insert, partner=partner, shipment=entry, state=state, at=at)

    def forget(self, connection: Connection, event: FollowedEvent) -> None:
        """See `Projection`. What was said stays said; a draft finds its event erased."""
        unaddressed.remove(connection, event.entry)

    def clear(self, connection: Connection) -> None:
        """See `Projection`. What was said is no consequence that could be computed again."""
        unaddressed.clear(connection)


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
