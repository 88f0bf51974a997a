"""Writing handovers: those that we make, part by part, and those that come.

All calls run in a transaction of the caller, on the writing thread; what takes time (checking,
compressing) is done before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection, Table, delete, func, select, update

from node_gateway.partners.ports import Direction
from node_gateway.storage import handover_proofs
from node_gateway.storage.database import Insert
from node_gateway.storage.handover_tables import (
    handover,
    handover_code,
    handover_event,
    handover_part,
    handover_part_event,
    handover_path,
)
from node_gateway.storage.handovers import DIRECTIONS, Sealed, State

T = TypeVar("T")
_PER_QUERY: Final = 500


class PathRow(NamedTuple):
    """A disclosed code of an event and its path; `siblings` are 20 times 32 bytes."""

    position: int
    code: str
    disclosure: str
    siblings: bytes


@dataclass(frozen=True, slots=True)
class EventRow:
    """What is kept of an event of a handover; see `handover_event`. Of our own only the head."""

    entry: bytes
    participant: int
    act: str
    lot: str | None
    expiry: str | None
    fields: bytes | None = None
    codes_root: bytes | None = None
    opening: bytes | None = None
    paths: tuple[PathRow, ...] = ()


@dataclass(frozen=True, slots=True)
class PartRow:
    """A part with its events. `data` is its text, compressed."""

    ordinal: int
    digest: bytes
    data: bytes
    events: tuple[EventRow, ...]


def add_out(
    connection: Connection,
    insert: Insert,
    *,
    partner: int,
    shipment: bytes,
    state: State,
    at: int,
    replaces: bytes | None = None,
) -> int:
    """Note that a shipment is to be handed over; return the handover's number."""
    number = _next(connection, handover)
    out = DIRECTIONS.index(Direction.OUT)
    row = (number, out, partner, shipment, int(state), None, None, at, 0, 0, replaces)
    insert(connection, handover, [(*row, None, None, None)])
    return number


def clear_draft(connection: Connection, number: int) -> None:
    """Remove what an interrupted drafting left of a handover."""
    parts = select(handover_part.c.number).where(handover_part.c.handover == number)
    connection.execute(delete(handover_part_event).where(handover_part_event.c.part.in_(parts)))
    connection.execute(delete(handover_part).where(handover_part.c.handover == number))
    connection.execute(delete(handover_code).where(handover_code.c.handover == number))


def add_part(
    connection: Connection,
    insert: Insert,
    part: PartRow,
    *,
    partner: int,
    number: int | None,
) -> None:
    """Keep a part with its events.

    Args:
        connection: Writing.
        insert: The bulk path.
        part: What to keep.
        partner: The other participant.
        number: Of our handover; None for a part that came, whose manifest follows.
    """
    numbers = _add_events(connection, insert, part.events)
    own = _next(connection, handover_part)
    put = int(number is None)
    row = (own, number, partner, part.ordinal, part.digest, part.data, put)
    insert(connection, handover_part, [row])
    links = [(own, event, 0) for event in sorted(set(numbers.values()))]
    insert(connection, handover_part_event, links)


def knows_part(connection: Connection, partner: int, digest: bytes) -> bool:
    """Tell whether a part of this text came from a partner before."""
    query = select(handover_part.c.number).where(
        handover_part.c.digest == digest,
        handover_part.c.partner == partner,
        handover_part.c.put == 1,
    )
    return connection.execute(query).first() is not None


def add_codes(
    connection: Connection,
    insert: Insert,
    number: int,
    parents: Iterable[tuple[str, str | None]],
    made: Mapping[str, bytes],
) -> None:
    """Write the codes of a handover; `made` has the entries of commissionings by code."""
    numbers = event_numbers(connection, set(made.values()))
    rows = [(number, code, parent, numbers.get(made.get(code, b""))) for code, parent in parents]
    insert(connection, handover_code, rows)


def set_state(connection: Connection, number: int, state: State, **values: Any) -> None:
    """Move a handover on; `values` are further columns."""
    connection.execute(
        update(handover).where(handover.c.number == number).values(state=int(state), **values)
    )


def mark_put(connection: Connection, part: int) -> None:
    """Note that a part is in the channel; its text is not needed any more."""
    connection.execute(
        update(handover_part).where(handover_part.c.number == part).values(put=1, data=None)
    )


def take_in(
    connection: Connection,
    insert: Insert,
    *,
    partner: int,
    shipment: bytes,
    digest: bytes,
    said_at: int,
    at: int,
    parts: Sequence[int],
    counts: tuple[int, int],
    replaces: bytes | None,
) -> int:
    """Write a handover that came complete, its codes aside; return its number."""
    number = _next(connection, handover)
    came = DIRECTIONS.index(Direction.IN)
    row = (number, came, partner, shipment, int(State.SAID), digest, said_at, at, *counts)
    insert(connection, handover, [(*row, replaces, None, None, None)])
    for some in _slices(list(parts)):
        connection.execute(
            update(handover_part)
            .where(handover_part.c.number.in_(some))
            .values(handover=number, data=None)
        )
    if replaces is not None:
        withdraw(connection, replaces, at)
    return number


def withdraw(connection: Connection, digest: bytes, at: int) -> None:
    """Note that a handover was taken back; the first time stands."""
    connection.execute(
        update(handover)
        .where(handover.c.digest == digest, handover.c.state != int(State.WITHDRAWN))
        .values(state=int(State.WITHDRAWN), withdrawn_at=at)
    )


def add_proof(connection: Connection, partner: int, entry: bytes, proof: bytes) -> None:
    """Keep the proof that a partner brought of an event which it handed over."""
    columns = handover_event.c
    number = connection.execute(select(columns.number).where(columns.entry == entry)).scalar_one()
    handover_proofs.bring(connection, partner, number, proof)
    theirs = select(handover_part.c.number).where(handover_part.c.partner == partner)
    connection.execute(
        update(handover_part_event)
        .where(handover_part_event.c.event == number, handover_part_event.c.part.in_(theirs))
        .values(proven=1)
    )


def mark_proven(connection: Connection, links: Iterable[tuple[int, int]]) -> None:
    """Note that the proofs of (part, event) are in the channel."""
    for part, event in links:
        connection.execute(
            update(handover_part_event)
            .where(handover_part_event.c.part == part, handover_part_event.c.event == event)
            .values(proven=1)
        )


def set_sealed(connection: Connection, found: Mapping[int, Sealed]) -> None:
    """Note what the chain says of received events, by number."""
    for number, sealed in found.items():
        connection.execute(
            update(handover_event)
            .where(handover_event.c.number == number)
            .values(sealed=int(sealed))
        )


def event_numbers(connection: Connection, entries: Iterable[bytes]) -> dict[bytes, int]:
    """Return the numbers of known events by entry."""
    found: dict[bytes, int] = {}
    columns = handover_event.c
    for some in _slices(sorted(entries)):
        query = select(columns.entry, columns.number).where(columns.entry.in_(some))
        found.update((bytes(entry), number) for entry, number in connection.execute(query))
    return found


def _add_events(
    connection: Connection, insert: Insert, events: Sequence[EventRow]
) -> dict[bytes, int]:
    """Write events that are new, complete those that are known; return all numbers by entry."""
    numbers = event_numbers(connection, {one.entry for one in events})
    known, fresh = set(numbers), dict[bytes, EventRow]()
    following = _next(connection, handover_event)
    for one in events:
        if one.entry not in numbers:
            numbers[one.entry], fresh[one.entry] = following, one
            following += 1
    insert(
        connection,
        handover_event,
        [(numbers[one.entry], *_columns(one), None, int(Sealed.NO)) for one in fresh.values()],
    )
    for one in events:
        if one.entry in known:
            _complete(connection, numbers[one.entry], one)
    _add_paths(connection, insert, events, numbers, known)
    return numbers


def _columns(one: EventRow) -> tuple[Any, ...]:
    head = (one.entry, one.participant, one.act, one.lot, one.expiry)
    return (*head, one.fields, one.codes_root, one.opening)


def _complete(connection: Connection, number: int, one: EventRow) -> None:
    """Add to a known event what was not disclosed of it before.

    Whoever tells less of a commissioning than its maker must not keep us from its lot and expiry.
    """
    columns = handover_event.c
    known = connection.execute(
        select(columns.lot, columns.expiry, columns.fields, columns.opening).where(
            columns.number == number
        )
    ).one()
    values: dict[str, Any] = {}
    fresh = {
        name: value
        for name, value in (("lot", one.lot), ("expiry", one.expiry))
        if value is not None and getattr(known, name) is None
    }
    keeps = all(
        getattr(known, name) is None or getattr(one, name) is not None for name in ("lot", "expiry")
    )
    values |= fresh
    if one.fields is not None and (known.fields is None or (fresh and keeps)):
        values["fields"] = one.fields
    if one.opening is not None and known.opening is None:
        values["opening"] = one.opening
    if values.keys() & {"fields", "opening"}:
        values["codes_root"] = one.codes_root
    if values:
        connection.execute(update(handover_event).where(columns.number == number).values(**values))


def _add_paths(
    connection: Connection,
    insert: Insert,
    events: Sequence[EventRow],
    numbers: Mapping[bytes, int],
    known: set[bytes],
) -> None:
    rows: dict[tuple[int, int], tuple[Any, ...]] = {}
    for one in events:
        number = numbers[one.entry]
        there = _positions(connection, number) if one.entry in known and one.paths else ()
        for path in one.paths:
            if path.position not in there:
                rows[number, path.position] = (number, *path)
    insert(connection, handover_path, list(rows.values()))


def _positions(connection: Connection, number: int) -> set[int]:
    query = select(handover_path.c.position).where(handover_path.c.event == number)
    return set(connection.execute(query).scalars())


def _slices(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _PER_QUERY):
        yield values[start : start + _PER_QUERY]


def _next(connection: Connection, table: Table) -> int:
    last = connection.execute(select(func.max(table.c.number))).scalar()
    return int(last or 0) + 1


__all__ = [
    "EventRow",
    "PartRow",
    "PathRow",
    "add_codes",
    "add_out",
    "add_part",
    "add_proof",
    "clear_draft",
    "event_numbers",
    "knows_part",
    "mark_proven",
    "mark_put",
    "set_sealed",
    "set_state",
    "take_in",
    "withdraw",
]
