"""Receipts in the database: which handovers to us are open, what was scanned, how it ended.

All functions run inside a transaction of the caller. Handovers are named by local numbers.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from node_gateway.partners.ports import Direction
from node_gateway.storage.code_states import among
from node_gateway.storage.database import Insert
from node_gateway.storage.handover_tables import handover as _handover
from node_gateway.storage.handovers import DIRECTIONS, State
from node_gateway.storage.receiving_tables import (
    receipt,
    receipt_event,
    receipt_scan,
    receipt_unmatched,
)

NOBODY: Final = 0
"""No participant's id: whose goods these are must still be looked up."""
IN: Final = DIRECTIONS.index(Direction.IN)
# In statements of text: state 4 of a handover is SAID, direction 0 IN; state 2 of a receipt
# FINISHED.


class Phase(IntEnum):
    """How far a receipt is."""

    OPEN = 0
    FINISHING = 1
    FINISHED = 2
    VOID = 3

    @property
    def word(self) -> str:
        """Its name in answers."""
        return self.name.lower()


class Expecting(NamedTuple):
    """A handover that expects a code and is not received: its number, and whose it is."""

    handover: int
    partner: int


class ReceiptRow(NamedTuple):
    """Where the receipt of a handover is.

    Attributes:
        for_us: Whether its event names us as the destination, or nobody.
        plan: While it is finishing, what is to be said.
    """

    handover: int
    state: Phase
    opened_at: int
    due_at: int
    for_us: bool
    finished_at: int | None
    who: str | None
    plan: Mapping[str, Any] | None


class ScanRow(NamedTuple):
    """A code that was read, or that our event says was received.

    Attributes:
        times: How often it was read.
        at_ms: When first; Unix milliseconds.
        event: Position of our event that says so, None if it was scanned.
    """

    code: str
    lot: str | None
    expiry: str | None
    inside: str | None
    opened: bool
    times: int
    at_ms: int
    who: str
    event: int | None = None


class UnmatchedRow(NamedTuple):
    """A receiving event of ours about a participant's goods, of which it has told nothing.

    Attributes:
        partner: The participant; `NOBODY` if the event came before the chain was read.
    """

    position: int
    entry: bytes
    partner: int
    at: int
    codes: Sequence[str]
    case_number: int | None


_r, _s, _e, _h, _u = (
    receipt.c,
    receipt_scan.c,
    receipt_event.c,
    _handover.c,
    receipt_unmatched.c,
)


def packed(value: Any) -> bytes:
    """Return a JSON value as compressed text."""
    return zlib.compress(orjson.dumps(value))


def unpacked(data: bytes) -> Any:
    """Return the JSON value that `packed` wrote."""
    return orjson.loads(zlib.decompress(data))


def new_handovers(connection: Connection, limit: int = 100) -> list[int]:
    """Return numbers of handovers to us that stand and that nobody has looked at yet."""
    reached = select(func.coalesce(func.max(_r.handover), 0)).scalar_subquery()
    query = select(_h.number).where(_h.number > reached, _h.direction == IN, _h.state == State.SAID)
    return list(connection.execute(query.order_by(_h.number).limit(limit)).scalars())


def add_receipt(connection: Connection, row: ReceiptRow) -> None:
    """Begin the receipt of a handover."""
    values = row._asdict()
    values["plan"] = None if row.plan is None else packed(row.plan)
    connection.execute(insert(receipt).values(**{**values, "for_us": int(row.for_us)}))


def receipt_of(connection: Connection, handover: int) -> ReceiptRow | None:
    """Return the receipt of a handover, None if it was not looked at or is none to us."""
    found = _receipts(connection, select(receipt).where(_r.handover == handover))
    return found[0] if found else None


def receipts(
    connection: Connection, *, after: int, limit: int, states: Collection[Phase] = ()
) -> list[ReceiptRow]:
    """Return receipts of handovers above `after`, ascending."""
    query = select(receipt).where(_r.handover > after)
    if states:
        query = query.where(_r.state.in_([int(one) for one in states]))
    return _receipts(connection, query.order_by(_r.handover).limit(limit))


def change_receipt(connection: Connection, handover: int, **values: Any) -> None:
    """Change members of a receipt; `plan` as a JSON value."""
    if values.get("plan") is not None:
        values["plan"] = packed(values["plan"])
    connection.execute(update(receipt).where(_r.handover == handover).values(**values))


def withdrawn(connection: Connection, limit: int = 100) -> list[int]:
    """Return handovers of which the receipt is open and that their sender took back."""
    query = (
        select(_r.handover)
        .join_from(receipt, _handover, _h.number == _r.handover)
        .where(_r.state == Phase.OPEN, _h.state == State.WITHDRAWN)
    )
    return list(connection.execute(query.order_by(_r.handover).limit(limit)).scalars())


def late_count(connection: Connection, now: int) -> int:
    """Return how many receipts should have been finished by now."""
    query = select(func.count()).where(_r.state < Phase.FINISHED, _r.due_at <= now)
    return int(connection.execute(query).scalar() or 0)


def scans(connection: Connection, handover: int) -> list[ScanRow]:
    """Return everything that was read for a handover, in bytewise order of the codes."""
    query = select(receipt_scan).where(_s.handover == handover).order_by(_s.code)
    return [_scan(row) for row in connection.execute(query)]


def scans_among(
    connection: Connection, handover: int, codes: Collection[str]
) -> dict[str, ScanRow]:
    """Return what was read of some codes for a handover."""
    statement = "SELECT * FROM receipt_scan WHERE code IN {}"
    rows = among(connection, statement, codes)
    return {row.code: _scan(row) for row in rows if row.handover == handover}


def scan_count(connection: Connection, handover: int) -> int:
    """Return how many different codes were read for a handover."""
    query = select(func.count()).select_from(receipt_scan).where(_s.handover == handover)
    return int(connection.execute(query).scalar() or 0)


def keep_scans(
    connection: Connection, put: Insert, handover: int, rows: Sequence[ScanRow]
) -> set[str]:
    """Keep what was read; of a code that was read before, what is stated beside it anew.

    Returns:
        The codes that had been read before.
    """
    known = scans_among(connection, handover, [one.code for one in rows])
    for one in rows:
        if one.code in known:
            stated = {
                name: value
                for name in ("lot", "expiry", "inside", "event")
                if (value := getattr(one, name)) is not None
            }
            connection.execute(
                update(receipt_scan)
                .where(_s.handover == handover, _s.code == one.code)
                .values(
                    times=_s.times + one.times,
                    opened=int(one.opened or known[one.code].opened),
                    **stated,
                )
            )
    fresh = {one.code: one for one in rows if one.code not in known}
    put(
        connection,
        receipt_scan,
        [
            (handover, *row[:4], int(row.opened), row.times, row.at_ms, row.who, row.event)
            for _, row in sorted(fresh.items())
        ],
    )
    return set(known)


def remove_scan(connection: Connection, handover: int, code: str) -> bool:
    """Forget that a code was read, unless an event says it; return whether it was."""
    done = connection.execute(
        delete(receipt_scan).where(_s.handover == handover, _s.code == code, _s.event.is_(None))
    )
    return done.rowcount > 0


def open_for(connection: Connection, codes: Collection[str]) -> dict[str, list[Expecting]]:
    """Return, for each code that handovers to us expect which are open, those, oldest first.

    One that has just come is open, too: goods may be received before it was looked at.
    """
    statement = (
        "SELECT c.code, c.handover, h.partner FROM handover_code c "
        "JOIN handover h ON h.number = c.handover AND h.direction = 0 AND h.state = 4 "
        "LEFT JOIN receipt r ON r.handover = c.handover "
        "WHERE (r.state IS NULL OR r.state < 2) AND c.code IN {} ORDER BY c.handover"
    )
    found: dict[str, list[Expecting]] = {}
    for code, number, partner in among(connection, statement, codes):
        found.setdefault(code, []).append(Expecting(number, partner))
    return found


def add_event(connection: Connection, handover: int, position: int, entry: bytes) -> None:
    """Note that a receiving event of ours counts for a handover. Again: no-op."""
    if position not in {at for at, _ in events_of(connection, handover)}:
        connection.execute(
            insert(receipt_event).values(
                handover=handover, position=position, entry=entry, proven=0
            )
        )


def forget_event(connection: Connection, position: int) -> None:
    """Forget that an event of ours says something of shipments that are open."""
    opened = select(_r.handover).where(_r.state == Phase.OPEN)
    connection.execute(delete(receipt_scan).where(_s.event == position, _s.handover.in_(opened)))
    connection.execute(
        delete(receipt_event).where(_e.position == position, _e.handover.in_(opened))
    )
    connection.execute(delete(receipt_unmatched).where(_u.position == position))


def forget_events(connection: Connection) -> None:
    """Forget what events of ours say of shipments that are open; they are followed again."""
    opened = select(_r.handover).where(_r.state == Phase.OPEN)
    connection.execute(delete(receipt_scan).where(_s.event.is_not(None), _s.handover.in_(opened)))
    connection.execute(delete(receipt_event).where(_e.handover.in_(opened)))
    connection.execute(delete(receipt_unmatched))


def events_of(connection: Connection, handover: int) -> list[tuple[int, bytes]]:
    """Return (position, entry) of our receiving events that count for a handover."""
    query = select(_e.position, _e.entry).where(_e.handover == handover).order_by(_e.position)
    return [(row.position, bytes(row.entry)) for row in connection.execute(query)]


def counted(connection: Connection, positions: Collection[int]) -> set[int]:
    """Return those of some positions whose events count for a handover."""
    statement = "SELECT position FROM receipt_event WHERE position IN {}"
    return {at for (at,) in among(connection, statement, positions)}


def unproven(connection: Connection, limit: int = 100) -> list[tuple[int, int, bytes]]:
    """Return (handover, position, entry) of events whose proof the sender did not get yet."""
    query = (
        select(_e.handover, _e.position, _e.entry)
        .join_from(receipt_event, receipt, _r.handover == _e.handover)
        .where(_e.proven == 0, _r.state == Phase.FINISHED)
        .order_by(_e.position)
        .limit(limit)
    )
    return [(row.handover, row.position, bytes(row.entry)) for row in connection.execute(query)]


def set_proven(connection: Connection, handover: int, position: int) -> None:
    """Note that the sender gets the proof of an event."""
    connection.execute(
        update(receipt_event)
        .where(_e.handover == handover, _e.position == position)
        .values(proven=1)
    )


def add_unmatched(connection: Connection, row: UnmatchedRow) -> None:
    """Keep a receiving event for which no handover has come."""
    values = {**row._asdict(), "codes": packed(list(row.codes))}
    connection.execute(insert(receipt_unmatched).values(**values))


def unmatched(connection: Connection) -> list[UnmatchedRow]:
    """Return the receiving events that wait for a handover, oldest first."""
    rows = connection.execute(select(receipt_unmatched).order_by(_u.position))
    return [
        UnmatchedRow(
            row.position,
            bytes(row.entry),
            row.partner,
            row.at,
            unpacked(bytes(row.codes)),
            row.case_number,
        )
        for row in rows
    ]


def change_unmatched(connection: Connection, row: UnmatchedRow) -> None:
    """Write whose goods they are, what is left of an event's codes, and its case.

    Without codes it is forgotten.
    """
    if not row.codes:
        connection.execute(delete(receipt_unmatched).where(_u.position == row.position))
        return
    connection.execute(
        update(receipt_unmatched)
        .where(_u.position == row.position)
        .values(partner=row.partner, codes=packed(list(row.codes)), case_number=row.case_number)
    )


def _receipts(connection: Connection, query: Select[Any]) -> list[ReceiptRow]:
    found = []
    for row in connection.execute(query):
        values = row._asdict()
        plan = values["plan"]
        values["plan"] = None if plan is None else unpacked(bytes(plan))
        values["state"], values["for_us"] = Phase(values["state"]), bool(values["for_us"])
        found.append(ReceiptRow(**values))
    return found


def _scan(row: Row[Any]) -> ScanRow:
    return ScanRow(
        row.code,
        row.lot,
        row.expiry,
        row.inside,
        bool(row.opened),
        row.times,
        row.at_ms,
        row.who,
        row.event,
    )
