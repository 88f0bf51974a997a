"""Storing capture units: duplicates, conflicts, receipts and rows, many units per transaction.

Everything that can be refused is decided before the first row is written, so one unit's conflict
touches no other. Units of one transaction see each other in their order.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, func, select

from node_gateway.storage import tables
from node_gateway.storage.backend import Backend, Row
from node_gateway.storage.chunks import Content, cut_chunks
from node_gateway.storage.errors import IdempotencyMismatchError, UnitRefusedError
from node_gateway.storage.records import (
    CaptureOutcome,
    CaptureProblem,
    CaptureUnit,
    EventOutcome,
    NewEvent,
    OutcomeKind,
    SignedPromise,
    StoredReceipt,
)

LIST_NUMBERS: Final = {"epcList": 1, "childEPCs": 2, "inputEPCList": 3, "outputEPCList": 4}
_LAST_POSITION: Final = select(func.max(tables.event.c.position))
_LAST_NUMBER: Final = select(func.max(tables.capture.c.number))
_CONFLICT_INSIDE: Final = -(2**62)
_KEYS_PER_QUERY: Final = 500
_HASHES: Final = ("event_key", "content_key", "secret", "entry", "fields_root", "codes_root")


@dataclass(frozen=True, slots=True)
class _Known:
    """An event that is stored, or will be by this transaction."""

    position: int
    entry: bytes
    content_key: bytes
    receipt: int


@dataclass(slots=True)
class _Rows:
    """Rows of one transaction, by table."""

    captures: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    codes: list[Row] = field(default_factory=list)
    tiles: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class _Plan:
    """What one unit will do. `fresh` are its new events with their positions."""

    outcomes: list[EventOutcome]
    members: list[int]
    fresh: list[tuple[int, NewEvent]]
    known: dict[bytes, _Known]


def store_units(
    connection: Connection,
    units: Sequence[CaptureUnit],
    *,
    backend: Backend,
    now_ms: Callable[[], int],
) -> list[CaptureOutcome | Exception]:
    """Store units; an exception in the answer is that unit's alone and stored nothing of it."""
    work = _Transaction(connection, units, now_ms())
    answers = [work.add(unit) for unit in units]
    rows = work.rows
    backend.insert(connection, tables.capture, rows.captures)
    backend.insert(connection, tables.event, rows.events)
    backend.insert(connection, tables.chunk, list(cut_chunks(work.first, rows.contents)))
    backend.insert(connection, tables.event_code, sorted(rows.codes, key=lambda row: row[0]))
    backend.insert(connection, tables.code_tile, rows.tiles)
    return answers


class _Transaction:
    """The units of one transaction: what is known before, and what they add."""

    def __init__(self, connection: Connection, units: Sequence[CaptureUnit], now_ms: int) -> None:
        self._connection = connection
        self._now_ms = now_ms
        self._known = _known_events(connection, units)
        self._replays: dict[str, tuple[CaptureUnit, CaptureOutcome]] = {}
        last = connection.execute(_LAST_POSITION).scalar()
        self.first = self._next = (last or 0) + 1
        last = connection.execute(_LAST_NUMBER).scalar()
        self._number = (last or 0) + 1
        self.rows = _Rows()

    def add(self, unit: CaptureUnit) -> CaptureOutcome | Exception:
        """Plan one unit and keep its rows, or answer why it is refused."""
        try:
            _check(unit)
            return self._replay(unit) or self._add(unit)
        except Exception as error:  # noqa: BLE001 - of the unit's own making: its signer, its values
            return error

    def _replay(self, unit: CaptureUnit) -> CaptureOutcome | None:
        if unit.idempotency_key is None:
            return None
        here = self._replays.get(unit.idempotency_key)
        if here is None:
            return replayed(self._connection, unit.idempotency_key, unit.document_digest)
        first, outcome = here
        if first.document_digest != unit.document_digest:
            raise IdempotencyMismatchError(capture_id=first.capture_id)
        events = tuple(_as_duplicate(event) for event in outcome.events)
        return CaptureOutcome(outcome.capture_id, events, None, replayed=True)

    def _add(self, unit: CaptureUnit) -> CaptureOutcome:
        plan = self._plan(unit)
        promise = None
        entries = tuple(sorted(event.entry for _, event in plan.fresh))
        if entries:
            promise = unit.sign(entries)
        self.rows.captures.append(_capture_row(unit, plan, promise, self._number, self._now_ms))
        for position, event in plan.fresh:
            self._add_event(position, event)
        self._known.update(plan.known)
        receipt = None
        if promise is not None:
            receipt = StoredReceipt(self._number, unit.capture_id, unit.stream, entries, promise)
        outcome = CaptureOutcome(unit.capture_id, tuple(plan.outcomes), receipt)
        if unit.idempotency_key is not None:
            self._replays[unit.idempotency_key] = (unit, outcome)
        self._next += len(plan.fresh)
        self._number += 1
        return outcome

    def _plan(self, unit: CaptureUnit) -> _Plan:
        """Sort events into new, duplicate and conflict, also against each other."""
        plan = _Plan([], [], [], {})
        for event in unit.events:
            known = plan.known.get(event.event_key) or self._known.get(event.event_key)
            if known is None:
                position = self._next + len(plan.fresh)
                known = _Known(position, event.entry, event.content_key, self._number)
                plan.known[event.event_key] = known
                plan.fresh.append((position, event))
                plan.outcomes.append(EventOutcome("stored", event.entry, self._number))
                plan.members.append(position)
            elif known.content_key == event.content_key:
                plan.outcomes.append(EventOutcome("duplicate", known.entry, known.receipt))
                plan.members.append(known.position)
            else:
                plan.outcomes.append(EventOutcome("conflict", known.entry, known.receipt))
                plan.members.append(-known.position)
        conflicts = any(outcome.kind == "conflict" for outcome in plan.outcomes)
        return self._rolled_back(plan) if unit.all_or_nothing and conflicts else plan

    def _rolled_back(self, plan: _Plan) -> _Plan:
        """Return the plan without its new events; whoever referred to them has nothing."""
        outcomes: list[EventOutcome] = []
        members: list[int] = []
        for outcome, member in zip(plan.outcomes, plan.members, strict=True):
            if outcome.receipt != self._number:
                outcomes.append(outcome)
                members.append(member)
                continue
            conflict = outcome.kind == "conflict"
            outcomes.append(EventOutcome("conflict" if conflict else "rolled_back", None, None))
            members.append(_CONFLICT_INSIDE if conflict else 0)
        return _Plan(outcomes, members, [], {})

    def _add_event(self, position: int, event: NewEvent) -> None:
        rows = self.rows
        rows.events.append(
            (
                position,
                self._number,
                event.entry,
                event.event_key,
                event.content_key,
                event.fields_size,
                event.fields_root,
                event.codes_root,
                event.secret,
                event.event_time_ms,
                event.codes_apart,
                tables.KEPT,
            )
        )
        if event.codes_apart:
            rows.contents.append(Content(event.payload, event.derived))
            rows.codes += [
                (c.code, position, LIST_NUMBERS[c.list_name], c.order, c.ordinal, c.position)
                for c in event.codes
            ]
            rows.tiles += [
                (position, tile.level, tile.index, tile.nodes) for tile in event.code_tiles
            ]
        else:
            codes = tuple(dict.fromkeys(item.code for item in event.codes))
            rows.contents.append(Content(event.payload, event.derived, codes))
            rows.codes += [(code, position, 0, None, None, None) for code in codes]


def _check(unit: CaptureUnit) -> None:
    for event in unit.events:
        if any(len(getattr(event, name)) != 32 for name in _HASHES):
            raise UnitRefusedError("every hash, key and secret of an event has 32 bytes")
        if event.codes_apart and any(c.list_name not in LIST_NUMBERS for c in event.codes):
            raise UnitRefusedError("a code belongs to one of the four code lists")


def _known_events(connection: Connection, units: Sequence[CaptureUnit]) -> dict[bytes, _Known]:
    """Return what is stored under the units' keys. Erased events have no key any more."""
    keys = list({event.event_key for unit in units for event in unit.events})
    event = tables.event.c
    known: dict[bytes, _Known] = {}
    for start in range(0, len(keys), _KEYS_PER_QUERY):
        part = keys[start : start + _KEYS_PER_QUERY]
        query = select(
            event.event_key, event.position, event.entry, event.content_key, event.capture
        ).where(
            tables.event_key_prefix.in_([key[: tables.PREFIX_SIZE] for key in part]),
            event.erasure == tables.KEPT,
        )
        for key, position, entry, content_key, number in connection.execute(query):
            known[key] = _Known(position, entry, content_key, number)
    return known


def _capture_row(
    unit: CaptureUnit, plan: _Plan, promise: SignedPromise | None, number: int, now_ms: int
) -> Row:
    fresh = [position for position, _ in plan.fresh]
    problems = [*unit.problems, *_conflicts(unit, plan.outcomes)]
    receipt: Row = (None,) * 5
    if promise is not None:
        receipt = (
            promise.received_at,
            promise.anchor_by,
            promise.chain_id,
            promise.registry,
            promise.signature,
        )
    return (
        number,
        unit.capture_id,
        unit.part,
        unit.last,
        unit.stream,
        unit.created_at_ms,
        now_ms,
        unit.document_digest,
        unit.all_or_nothing,
        _problems_json(problems) if problems else None,
        len(unit.events),
        None if plan.members == fresh else struct.pack(f">{len(plan.members)}q", *plan.members),
        unit.idempotency_key,
        fresh[0] if fresh else None,
        fresh[-1] if fresh else None,
        *receipt,
    )


def _conflicts(unit: CaptureUnit, outcomes: Sequence[EventOutcome]) -> list[CaptureProblem]:
    detail = "an event with this eventID is stored with other content"
    return [
        CaptureProblem(
            "event_conflict", detail, at if event.document_index is None else event.document_index
        )
        for at, (event, outcome) in enumerate(zip(unit.events, outcomes, strict=True))
        if outcome.kind == "conflict"
    ]


def _problems_json(problems: Sequence[CaptureProblem]) -> bytes:
    return json.dumps([[p.code, p.detail, p.index] for p in problems]).encode()


def problems_of(stored: bytes | None) -> tuple[CaptureProblem, ...]:
    """Return the problems of a capture row."""
    return tuple(CaptureProblem(*problem) for problem in json.loads(stored or b"[]"))


def members_of(stored: bytes | None, first: int | None, through: int | None) -> list[int]:
    """Return what a unit's events are in document order.

    Above 0: the position it is stored at. 0: rolled back. Below 0: a conflict, minus the position
    of the event that was there first (-2^62 if that one was in the unit and rolled back too).
    """
    if stored is not None:
        return list(struct.unpack(f">{len(stored) // 8}q", stored))
    return [] if first is None or through is None else list(range(first, through + 1))


def replayed(connection: Connection, key: str, digest: bytes) -> CaptureOutcome | None:
    """Return the outcome of the unit that used an idempotency key first.

    Raises:
        IdempotencyMismatchError: it came with another document (or with one since erased).
    """
    row = connection.execute(
        select(tables.capture).where(tables.capture.c.idempotency_key == key)
    ).one_or_none()
    if row is None:
        return None
    if row.document_digest != digest:
        raise IdempotencyMismatchError(capture_id=row.capture_id)
    members = members_of(row.members, row.first, row.through)
    found = _entries_at(connection, [abs(member) for member in members])
    outcomes = []
    for member in members:
        entry, receipt = found.get(abs(member), (None, None))
        kind: OutcomeKind = "duplicate" if member > 0 else "conflict" if member else "rolled_back"
        outcomes.append(EventOutcome(kind, entry, receipt))
    return CaptureOutcome(row.capture_id, tuple(outcomes), None, replayed=True)


def _entries_at(connection: Connection, positions: list[int]) -> dict[int, tuple[bytes, int]]:
    event = tables.event.c
    query = select(event.position, event.entry, event.capture)
    found: dict[int, tuple[bytes, int]] = {}
    for start in range(0, len(positions), _KEYS_PER_QUERY):
        part = positions[start : start + _KEYS_PER_QUERY]
        for position, entry, number in connection.execute(query.where(event.position.in_(part))):
            found[position] = (entry, number)
    return found


def _as_duplicate(event: EventOutcome) -> EventOutcome:
    if event.kind != "stored":
        return event
    return EventOutcome("duplicate", event.entry, event.receipt)
