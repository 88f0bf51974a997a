"""What operators ask of handovers: which there are, what is in them, who would see what."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection

from anchoring.handover_check import CheckedEvent
from node_gateway.epcis.operations import OPERATIONS, Order, document_of, event_of
from node_gateway.errors import NotFoundError, NotPossibleError, ParameterError
from node_gateway.partners import handover_drafting as drafting
from node_gateway.partners.handing_over import HandingOver
from node_gateway.partners.handover_drafting import NotHandedOverError
from node_gateway.partners.handover_noticing import ships
from node_gateway.partners.parties import Parties
from node_gateway.partners.ports import Direction
from node_gateway.services.directory import DirectoryService
from node_gateway.services.operating import timed
from node_gateway.services.preparing import Preparing
from node_gateway.storage import code_states
from node_gateway.storage import handover_unaddressed as unaddressed
from node_gateway.storage import handover_writing as writing
from node_gateway.storage import handovers as reading
from node_gateway.storage.database import Database
from node_gateway.storage.handover_goods import OwnEvent, own_events
from node_gateway.storage.handover_reading import proofs_said, seals_of
from node_gateway.storage.handovers import HandedCode, Handover, State

EVENTS_SHOWN_MAX: Final = 200
_NAME: Final = re.compile("[0-9]{1,15}|[0-9a-f]{64}")
_DIGEST_LENGTH: Final = 64
_NEVER: Final = 2**62
"""Position of an event that is only imagined: everything stored is before it."""
PROBLEMS: Final = {
    "shipment_erased": "The shipping event was erased.",
    "shipment_voided": "The shipping event was declared an error, or repeats another one.",
    "policy_hides_shipments": "The policy for partners, or the event itself, keeps it back.",
    "handover_too_large": "It holds more codes than one handover carries: ship in several events.",
    "shipment_empty": "The shipping event names no goods.",
}


class HandoverDesk:
    """The use cases of an operator, for HTTP and for the command line."""

    def __init__(
        self,
        database: Database,
        sending: HandingOver,
        parties: Parties,
        directory: DirectoryService,
        preparing: Preparing,
        context: str,
    ) -> None:
        self._database, self._sending, self._parties = database, sending, parties
        self._directory, self._preparing, self._context = directory, preparing, context

    async def page(
        self, *, after: int, limit: int, direction: str | None, partner: int | None
    ) -> dict[str, Any]:
        """Return a page of handovers by number, as JSON."""
        way = None if direction is None else Direction(direction)

        def work(connection: Connection) -> list[Handover]:
            return reading.handovers(
                connection, after=after, limit=limit + 1, direction=way, partner=partner
            )

        found = await self._database.read(work)
        following = found[limit - 1].number if len(found) > limit else None
        return {"handovers": [self._wire(one) for one in found[:limit]], "next": following}

    async def show(self, name: str) -> dict[str, Any]:
        """Return one handover by its number or digest, as JSON.

        Raises:
            NotFoundError: `handover_not_found`.
        """

        def work(connection: Connection) -> dict[str, Any]:
            one = _named(connection, name)
            count = seals_of if one.direction is Direction.IN else proofs_said
            seals = count(connection, one.number)
            proofs = {"sealed": seals.sealed, "sealing": seals.sealing, "refused": seals.refused}
            return {**self._wire(one), "proofs": proofs}

        return await self._database.read(work)

    async def codes(self, name: str, *, after: str, limit: int) -> dict[str, Any]:
        """Return a page of the codes of a handover that was said. Errors as `show`."""

        def work(connection: Connection) -> list[HandedCode]:
            one = _named(connection, name)
            return reading.codes_of(connection, one.digest or b"", after, limit + 1)

        found = await self._database.read(work)
        following = found[limit - 1].code if len(found) > limit else None
        return {"codes": [_code_wire(one) for one in found[:limit]], "next": following}

    async def unaddressed(self, *, after: str, limit: int) -> dict[str, Any]:
        """Return a page of parties that shipments wait for, as JSON: nobody knows who they are."""
        found = await self._database.read(lambda c: unaddressed.unknown(c, after, limit + 1))
        following = found[limit - 1].party if len(found) > limit else None
        return {"parties": [_unknown_wire(one) for one in found[:limit]], "next": following}

    async def send(self, entry: bytes) -> dict[str, Any]:
        """Hand over a stored shipment that nobody handed over, one of before for example.

        Raises:
            NotFoundError: `event_not_found`.
            NotPossibleError: `no_receiver`, `handover_known`.
        """

        def work(connection: Connection) -> int:
            partner = self._receiver(_own_event(connection, entry))
            for one in reading.handovers_of(connection, entry):
                if one.direction is Direction.OUT and one.partner == partner:
                    raise NotPossibleError(
                        f"it is handover {one.number} already",
                        code="handover_known",
                        hint=f"sealtrail handover resend {one.number}",
                    )
            unaddressed.remove(connection, entry)
            return self._begin(connection, partner, entry, None)

        return await self._begun(await self._database.write("handover", work))

    async def resend(self, name: str) -> dict[str, Any]:
        """Confirm a handover that is held back, try a failed one again, or say one anew.

        Raises:
            NotFoundError: `handover_not_found`.
            NotPossibleError: `handover_not_ours`, `handover_withdrawn`, `handover_on_its_way`.
        """

        def work(connection: Connection) -> int:
            one = _named(connection, name)
            if one.direction is Direction.IN:
                raise NotPossibleError("a partner said it, not we", code="handover_not_ours")
            if one.state is State.WITHDRAWN:
                raise NotPossibleError("it was taken back", code="handover_withdrawn")
            if one.state in (State.WAITING, State.PUTTING):
                raise NotPossibleError("it is on its way", code="handover_on_its_way")
            if one.state is State.SAID:
                return self._begin(connection, one.partner, one.shipment, one.digest)
            writing.set_state(connection, one.number, State.WAITING, problem=None)
            return one.number

        return await self._begun(await self._database.write("handover", work))

    async def preview_event(self, entry: bytes) -> dict[str, Any]:
        """Return what the receiver of a stored shipment is shown. Errors as `send`."""
        await self._sending.followed()
        return await self._database.read(lambda c: self._preview(c, _own_event(c, entry)))

    async def preview_codes(self, order: Order) -> dict[str, Any]:
        """Return what the receiver would be shown if these codes were shipped now.

        Raises:
            NotPossibleError: `no_receiver`.
            EpcisError: an identifier is malformed.
        """
        own = self._preparing.participant
        stated = event_of(OPERATIONS["ship"], timed(order, self._sending.now()), participant=own)
        (event,) = self._preparing.normalised(document_of([stated], self._context))
        now_ms = int(self._sending.now() * 1000)
        await self._sending.followed()
        ship = OwnEvent(_NEVER, b"", event, {}, bytes(32), now_ms)  # nobody gets to see its secret
        return await self._database.read(lambda c: self._preview(c, ship))

    def _preview(self, connection: Connection, ship: OwnEvent) -> dict[str, Any]:
        partner = self._receiver(ship)
        events: list[dict[str, Any]] = []
        part_count = size_bytes = 0
        try:
            draft = drafting.begin(connection, ship, self._sending.rules(partner), replaces=None)
            while not draft.is_done:
                part, checked = drafting.next_events(connection, draft)
                part_count, size_bytes = part_count + 1, size_bytes + len(part.to_json())
                room = EVENTS_SHOWN_MAX - len(events)
                events += [_event_wire(one) for one in checked[:room]]
            shipment = draft.finish()
        except NotHandedOverError as error:
            text = PROBLEMS.get(error.code, "It cannot be handed over as it stands.")
            raise NotPossibleError(text, code=error.code) from error
        return {
            "to": self._participant(partner),
            "eventCount": shipment.event_count,
            "codeCount": len(shipment.parents),
            "withoutCommissioning": len(shipment.parents.keys() - shipment.made.keys()),
            "partCount": part_count,
            "sizeBytes": size_bytes,
            "events": events,
        }

    def _receiver(self, ship: OwnEvent) -> int:
        partner = self._parties.receiver_of(ship.event) if ships(ship.event) else None
        if partner is None or partner == self._preparing.participant:
            raise NotPossibleError(
                "the event ships nothing to another participant",
                code="no_receiver",
                hint="Its destinationList names the receiver; sealtrail party list shows who is "
                "known.",
            )
        return partner

    def _begin(
        self, connection: Connection, partner: int, entry: bytes, replaces: bytes | None
    ) -> int:
        return writing.add_out(
            connection,
            self._database.insert,
            partner=partner,
            shipment=entry,
            state=State.WAITING,
            at=int(self._sending.now()),
            replaces=replaces,
        )

    async def _begun(self, number: int) -> dict[str, Any]:
        self._sending.wake()
        return await self.show(str(number))

    def _participant(self, number: int) -> dict[str, Any]:
        known = self._directory.current.participants.get(number)
        return {"participant": number, "name": known.name if known is not None else None}

    def _wire(self, one: Handover) -> dict[str, Any]:
        return {
            "number": one.number,
            "direction": one.direction.value,
            "partner": self._participant(one.partner),
            "shipment": one.shipment.hex(),
            "state": one.state.word,
            "digest": _hex(one.digest),
            "replaces": _hex(one.replaces),
            "eventCount": one.event_count,
            "codeCount": one.code_count,
            "createdAt": _time(one.created_at),
            "saidAt": _time(one.said_at),
            "withdrawnAt": _time(one.withdrawn_at),
            "acknowledgedAt": _time(one.acknowledged_at),
            "problem": one.problem,
        }


def _named(connection: Connection, name: str) -> Handover:
    if _NAME.fullmatch(name) is None:
        raise ParameterError("a handover is named by its number or its digest")
    if len(name) == _DIGEST_LENGTH:
        found = reading.handover(connection, bytes.fromhex(name))
    else:
        found = reading.handover_numbered(connection, int(name))
    if found is None:
        raise NotFoundError("there is no such handover", code="handover_not_found")
    return found


def _own_event(connection: Connection, entry: bytes) -> OwnEvent:
    position = code_states.position_of(connection, entry)
    found = own_events(connection, [position]) if position is not None else {}
    if not found:
        raise NotFoundError("no such event", code="event_not_found")
    return next(iter(found.values()))


def _event_wire(one: CheckedEvent) -> dict[str, Any]:
    return {
        "act": one.act.text,
        "participant": one.participant,
        "shown": {path: one.values[path] for path in sorted(one.values)},
        "codeCount": len(one.codes),
        "opened": one.is_open,
    }


def _unknown_wire(one: unaddressed.Unknown) -> dict[str, Any]:
    shipments = [entry.hex() for entry in one.shipments]
    return {"party": one.party, "count": one.waiting, "shipments": shipments}


def _code_wire(one: HandedCode) -> dict[str, Any]:
    return {
        "code": one.code,
        "parent": one.parent,
        "lot": one.lot,
        "expiry": one.expiry,
        "commissionedBy": one.made_by,
        "commissioning": _hex(one.made),
    }


def _hex(digest: bytes | None) -> str | None:
    return None if digest is None else digest.hex()


def _time(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


__all__ = ["EVENTS_SHOWN_MAX", "PROBLEMS", "HandoverDesk"]
