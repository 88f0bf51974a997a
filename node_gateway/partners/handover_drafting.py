"""Draft a handover: from a shipping event to parts of some MiB, in bounded steps.

Each step reads in one go on a reader thread, works out the bundles there, and returns texts of
about `PART_SIZE_BYTES`; nothing of the whole shipment is in memory but its codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from sqlalchemy import Connection

from anchoring.errors import AnchoringError
from anchoring.handover import PARTS_MAX, HandedEvent, Packing, Part
from anchoring.handover_check import PARENT_PATH, CheckedEvent, Shipment, ShipmentCheck
from node_gateway.partners import handover_content as content
from node_gateway.partners.handover_content import Disclosed, Rules
from node_gateway.partners.handover_taking import event_row, part_row
from node_gateway.storage import code_states
from node_gateway.storage.corrections import corrective_ids, declarations_naming
from node_gateway.storage.forgotten import forgotten_handover
from node_gateway.storage.handover_goods import (
    Goods,
    OwnEvent,
    TooManyCodesError,
    goods_of,
    own_events,
)
from node_gateway.storage.handover_writing import PartRow
from node_gateway.storage.handovers import Handover, State, handovers_of
from node_gateway.storage.ports import event_key
from node_gateway.storage.tables import event, is_event_key

PART_SIZE_BYTES: Final = 2 * 1024 * 1024
_EVENTS_AT_ONCE: Final = 64
_CODES_AT_ONCE: Final = 5_000
_CHILDREN_AT_ONCE: Final = 20_000
_BASE_SIZE_BYTES: Final = 200
_HASH_SIZE_BYTES: Final = 67


class NotHandedOverError(Exception):
    """A shipment cannot be handed over as it stands; `code` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Job(NamedTuple):
    """One event to disclose, and with which codes."""

    kind: str
    number: int
    codes: Sequence[str]


@dataclass
class Draft:
    """A handover in the making.

    Attributes:
        jobs: What is still to be disclosed; `told` are packings that we say ourselves.
        current: What was read already and is being worked out.
        replaces: Digest of the handover that this one corrects.
    """

    ship: OwnEvent
    rules: Rules
    replaces: bytes | None
    jobs: list[Job]
    told: list[Packing]
    check: ShipmentCheck
    current: Iterator[Disclosed]
    ordinal: int = 0

    @property
    def is_done(self) -> bool:
        """Whether every part was drafted."""
        return self.ordinal > 0 and not self.jobs and not self.told and self._peek() is None

    def _peek(self) -> Disclosed | None:
        """Return the next event that was begun already, without using it up."""
        one = next(self.current, None)
        if one is not None:
            self.current = chain((one,), self.current)
        return one

    def finish(self) -> Shipment:
        """Return the shipment as the receiver will put it together."""
        try:
            return self.check.finish()
        except AnchoringError as error:
            raise NotHandedOverError(error.code) from error


def start(connection: Connection, row: Handover, rules: Rules, *, replaces: bytes | None) -> Draft:
    """Work out what a shipment holds and what of it is disclosed.

    Raises:
        NotHandedOverError: `shipment_erased`, `shipment_voided`, `policy_hides_shipments`,
            `handover_too_large`.
    """
    ship = _standing(connection, row.shipment)
    return begin(connection, ship, rules, replaces=replaces)


def _standing(connection: Connection, entry: bytes) -> OwnEvent:
    position = code_states.position_of(connection, entry)
    ship = own_events(connection, [position] if position is not None else []).get(position or 0)
    if ship is None:
        raise NotHandedOverError("shipment_erased")
    standing = code_states.standings_at(connection, [ship.position]).get(ship.position)
    if standing is None or standing.standing != code_states.STANDS:
        raise NotHandedOverError("shipment_voided")
    return ship


def begin(connection: Connection, ship: OwnEvent, rules: Rules, *, replaces: bytes | None) -> Draft:
    """As `start`, of an event that is at hand, or only imagined."""
    if not rules.covers(ship.event):
        raise NotHandedOverError("policy_hides_shipments")
    try:
        goods = goods_of(connection, ship)
    except TooManyCodesError as error:
        raise NotHandedOverError("handover_too_large") from error
    if not goods.parents:
        raise NotHandedOverError("shipment_empty")
    replaces = replaces or _replaced_by(connection, ship, rules.partner)
    replaces = replaces or forgotten_handover(connection, rules.partner, set(goods.parents))
    told = [one for unit, inside in goods.told.items() for one in _packings(unit, inside)]
    first = content.shipping_event(ship, rules)
    ship = ship._replace(entry=first.checked.entry)
    check = ShipmentCheck(rules.own, ship.entry, replaces)
    return Draft(ship, rules, replaces, _jobs(goods), told, check, iter((first,)))


def next_part(connection: Connection, draft: Draft) -> PartRow:
    """Return the next part of a draft that is not done, as it is kept."""
    part, checked = next_events(connection, draft)
    both = zip(part.events, checked, strict=True)
    rows = tuple(
        event_row(handed, one, own=one.participant == draft.rules.own) for handed, one in both
    )
    return part_row(part.to_json(), part.ordinal, rows)


def next_events(connection: Connection, draft: Draft) -> tuple[Part, list[CheckedEvent]]:
    """Return the next part of a draft that is not done, with what was recomputed of its events."""
    events: list[Disclosed] = []
    size_bytes = 0
    while size_bytes < PART_SIZE_BYTES:
        one = next(draft.current, None)
        if one is not None:
            events.append(one)
            size_bytes += _size(one.handed)
        elif draft.jobs:
            draft.current = _disclosed(connection, draft)
        else:
            break
    packing: list[Packing] = []
    while draft.told and not draft.jobs and size_bytes < PART_SIZE_BYTES:
        packing.append(draft.told.pop())
        size_bytes += sum(map(len, packing[-1].children)) + _BASE_SIZE_BYTES
    return _part(draft, events, packing)


def _disclosed(connection: Connection, draft: Draft) -> Iterator[Disclosed]:
    """Return what the next jobs disclose; it is read now, and worked out when it is wanted."""
    batch = [draft.jobs.pop()]
    codes = len(batch[0].codes)
    while draft.jobs and len(batch) < _EVENTS_AT_ONCE and codes < _CODES_AT_ONCE:
        batch.append(draft.jobs.pop())
        codes += len(batch[-1].codes)
    own = own_events(connection, [one.number for one in batch if one.kind != "received"])
    found: list[Iterator[Disclosed]] = []
    for job in batch:
        if job.kind == "received":
            found.append(content.passed_on(connection, job.number, job.codes))
        elif job.number in own:
            found.append(_own(draft, own[job.number], job))
    return chain.from_iterable(found)


def _own(draft: Draft, one: OwnEvent, job: Job) -> Iterator[Disclosed]:
    rules = draft.rules
    if job.kind == "made":
        if rules.covers(one.event):
            yield from content.own_event(one, rules, job.codes, ("epcList", "outputEPCList"))
    elif rules.shows(one.event, PARENT_PATH):
        yield from content.own_event(one, rules, job.codes, ("childEPCs",))
    else:  # the event is not shown, yet the receiver must know what is in the unit
        draft.told += _packings(str(one.event["parentID"]), job.codes)


def _part(
    draft: Draft, events: Sequence[Disclosed], packing: Sequence[Packing]
) -> tuple[Part, list[CheckedEvent]]:
    part = Part(
        draft.ship.entry,
        draft.ordinal,
        draft.replaces,
        tuple(one.handed for one in events),
        tuple(packing),
    )
    checked = [one.checked for one in events]
    draft.ordinal += 1
    if draft.ordinal > PARTS_MAX:
        raise NotHandedOverError("handover_too_large")
    try:
        draft.check.add(part, checked)
    except AnchoringError as error:
        raise NotHandedOverError(error.code) from error
    return part, checked


def _jobs(goods: Goods) -> list[Job]:
    """Return the events to disclose; those stored together stand together."""
    jobs = [Job("received", number, codes) for number, codes in goods.received.items()]
    jobs += [Job("made", position, codes) for position, codes in goods.made.items()]
    jobs += [Job("packed", position, codes) for position, codes in goods.packed.items()]
    return sorted(jobs, reverse=True)


def _packings(unit: str, children: Sequence[str]) -> list[Packing]:
    starts = range(0, len(children), _CHILDREN_AT_ONCE)
    return [Packing(unit, tuple(children[at : at + _CHILDREN_AT_ONCE])) for at in starts]


def _replaced_by(connection: Connection, ship: OwnEvent, partner: int) -> bytes | None:
    """Return the handover that a corrective shipping event takes the place of."""
    event_id = str(ship.event.get("eventID"))
    declaring = own_events(connection, declarations_naming(connection, event_id))
    for one in declaring.values():
        if event_id not in corrective_ids(one.event):
            continue
        key = event_key(str(one.event.get("eventID")), error_declaration=False)
        entry = connection.execute(event.select().where(is_event_key(key))).first()
        for old in handovers_of(connection, bytes(entry.entry)) if entry is not None else ():
            said = old.state in (State.SAID, State.WITHDRAWN)
            if said and old.partner == partner and old.digest is not None:
                return old.digest
    return None


def _size(handed: HandedEvent) -> int:
    """Return about how long an event is as JSON, in bytes."""
    fields = handed.fields
    size = _BASE_SIZE_BYTES + sum(map(len, fields.disclosures))
    size += _HASH_SIZE_BYTES * len(fields.siblings)
    for path in handed.code_paths:
        size += len(path.disclosure) + _HASH_SIZE_BYTES * (len(path.siblings) + 1)
    if handed.opening is not None:
        size += sum(len(code) + 3 for some in handed.opening.lists.values() for code in some)
    return size


__all__ = ["Draft", "NotHandedOverError", "begin", "next_events", "next_part", "start"]
