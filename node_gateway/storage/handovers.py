"""Handovers as they were said: what features read of them. Writing them is `handover_writing`'s.

Every call takes a connection, so that it can be part of the caller's transaction. They return only
handovers that were said (ours) or are complete and hold in themselves (a partner's):

* `edges(connection, code)`: who gave us a code and to whom we gave it, oldest first. An edge is
  there for every code of the packing tree: a pack in a case on a pallet, the case and the pallet.
  Withdrawn handovers have no edges.
* `handover(connection, digest)`: one handover by the digest of its manifest's message, withdrawn
  ones too; None if there is none.
* `codes_of(connection, digest, after, limit)`: its codes in bytewise order, each with what it is
  packed in (None: it stands on its own), lot and expiry as its commissioner stated them, that
  participant and the entry of that event (None where nothing was disclosed of it).
* `codes_among(connection, digest, codes)`: the same for some codes; others are left out.
* `events_of(connection, digest, after, limit)`: the events that came with it, or went, by number.
* `received_event(connection, entry)`: what we hold of another participant's event.
* `latest_in(connection, code)`: the newest handover to us that brought a code, and what it says.
* `acknowledge(connection, digest, at)`: the receiver has answered for the goods.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import IntEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Select, select, update

from node_gateway.partners.ports import Direction, Edge
from node_gateway.storage.code_states import among
from node_gateway.storage.handover_tables import (
    handover as _handover,
)
from node_gateway.storage.handover_tables import (
    handover_code as _code,
)
from node_gateway.storage.handover_tables import (
    handover_event as _event,
)
from node_gateway.storage.handover_tables import (
    handover_part as _part,
)
from node_gateway.storage.handover_tables import (
    handover_part_event as _part_event,
)

DIRECTIONS: Final = (Direction.IN, Direction.OUT)
"""By the number that is stored."""


ARRIVED: Final = (
    "(CASE WHEN (EXISTS (SELECT 1 FROM receipt r WHERE r.handover = h.number AND r.state = 2) "
    "AND NOT EXISTS (SELECT 1 FROM custody_gap g WHERE g.code = c.code AND g.handover = h.number)) "
    "OR EXISTS (SELECT 1 FROM receipt_scan s WHERE s.handover = h.number AND s.code = c.code "
    "AND s.event IS NOT NULL) THEN 1 ELSE 0 END)"
)
"""In a statement over `handover h` and `handover_code c`: 1 if the code was there when we received
that shipment, 0 if nobody has said so. State 2 is a receipt that is finished."""


class State(IntEnum):
    """Where a handover stands. What comes from a partner is SAID or WITHDRAWN."""

    HELD = 0
    WAITING = 1
    PUTTING = 2
    SAID = 4
    WITHDRAWN = 5
    FAILED = 6

    @property
    def word(self) -> str:
        """Its name in answers."""
        return self.name.lower()


class Sealed(IntEnum):
    """Whether our own chain endpoint has the anchor of an event that came with a handover."""

    NO = 0
    YES = 1
    REFUSED = 2


class Handover(NamedTuple):
    """One handover.

    Attributes:
        number: Local; grows in the order of coming and going.
        shipment: Entry of the sender's shipping event, 32 bytes.
        digest: Of the manifest's message, 32 bytes: names it for ever. None before it was said.
        said_at: By the sender, Unix seconds.
        created_at: When it was written down here, Unix seconds; so are the other times.
        replaces: Digest of the handover that it corrects.
        problem: Stable code of why it was not said.
    """

    number: int
    direction: Direction
    partner: int
    shipment: bytes
    state: State
    digest: bytes | None
    said_at: int | None
    created_at: int
    event_count: int
    code_count: int
    replaces: bytes | None
    withdrawn_at: int | None
    acknowledged_at: int | None
    problem: str | None


class HandedCode(NamedTuple):
    """One code of a handover.

    Attributes:
        parent: What it is packed in, None if it stands on its own.
        lot, expiry: As the commissioner stated them.
        made_by: The participant that commissioned it.
        made: Entry of that event, 32 bytes.
    """

    code: str
    parent: str | None
    lot: str | None
    expiry: str | None
    made_by: int | None
    made: bytes | None


class HandedEvent(NamedTuple):
    """An event that stands in handovers.

    Attributes:
        act: The text of `sealtrail:act`.
        fields: What is disclosed of it as JSON, compressed; None for our own.
        opening: The codes opening as JSON, compressed, if its codes were opened.
        proof: Event path and anchor as JSON, None before they came.
    """

    number: int
    entry: bytes
    participant: int
    act: str
    lot: str | None
    expiry: str | None
    fields: bytes | None
    codes_root: bytes | None
    opening: bytes | None
    proof: bytes | None
    sealed: Sealed


_h, _c = _handover.c, _code.c
_EDGES: Final = (
    select(_handover)
    .join_from(_code, _handover, _h.number == _c.handover)
    .where(_h.state == State.SAID)
    .order_by(_h.number)
)
_TO_US: Final = (
    "SELECT h.number FROM handover_code c JOIN handover h ON h.number = c.handover "  # noqa: S608
    f"WHERE h.direction = 0 AND h.state = 4 AND c.code IN {{}} ORDER BY {ARRIVED}, h.number"
)
_LOTS_TO_US: Final = (
    "SELECT c.code, e.lot FROM handover_code c JOIN handover h ON h.number = c.handover "
    "JOIN handover_event e ON e.number = c.made "
    "WHERE h.direction = 0 AND h.state = 4 AND e.lot IS NOT NULL AND c.code IN {}"
)
_CODES: Final = select(
    _c.code, _c.parent, _event.c.lot, _event.c.expiry, _event.c.participant, _event.c.entry
).join_from(_code, _event, _event.c.number == _c.made, isouter=True)


def edges(connection: Connection, code: str) -> list[Edge]:
    """Return the edges of a canonical code, oldest first; see the module."""
    found = connection.execute(_EDGES.where(_c.code == code)).all()
    return [
        Edge(
            direction=DIRECTIONS[row.direction],
            partner=row.partner,
            handover=bytes(row.digest),
            shipment=bytes(row.shipment),
            at=row.said_at,
            acknowledged=row.acknowledged_at is not None,
        )
        for row in found
    ]


def handover(connection: Connection, digest: bytes) -> Handover | None:
    """Return the handover whose manifest's message has this digest."""
    return _one(connection, select(_handover).where(_h.digest == digest))


def handover_numbered(connection: Connection, number: int) -> Handover | None:
    """Return a handover by its number, said or not."""
    return _one(connection, select(_handover).where(_h.number == number))


def handovers_of(connection: Connection, shipment: bytes) -> list[Handover]:
    """Return the handovers of one shipping event, oldest first, said or not."""
    return _many(connection, select(_handover).where(_h.shipment == shipment))


def handovers(
    connection: Connection,
    *,
    after: int,
    limit: int,
    direction: Direction | None = None,
    partner: int | None = None,
) -> list[Handover]:
    """Return handovers whose number is above `after`, ascending, said or not."""
    query = select(_handover).where(_h.number > after).limit(limit)
    if direction is not None:
        query = query.where(_h.direction == DIRECTIONS.index(direction))
    if partner is not None:
        query = query.where(_h.partner == partner)
    return _many(connection, query)


def codes_of(
    connection: Connection, digest: bytes, after: str = "", limit: int = 1000
) -> list[HandedCode]:
    """Return codes of a handover above `after`, in bytewise order."""
    number = _number(connection, digest)
    query = _CODES.where(_c.handover == number, _c.code > after).order_by(_c.code).limit(limit)
    return [_handed(row) for row in connection.execute(query)]


def codes_among(connection: Connection, digest: bytes, codes: Collection[str]) -> list[HandedCode]:
    """Return those of some codes that a handover names, in bytewise order."""
    number = _number(connection, digest)
    statement = (
        "SELECT c.handover, c.code, c.parent, e.lot, e.expiry, e.participant, e.entry "
        "FROM handover_code c LEFT JOIN handover_event e ON e.number = c.made WHERE c.code IN {}"
    )
    rows = among(connection, statement, codes)
    found = [_handed(told) for where, *told in rows if where == number]
    return sorted(found, key=lambda one: one.code.encode())


def lots_told(connection: Connection, codes: Collection[str]) -> dict[str, set[str]]:
    """Return the lots that standing handovers to us state for codes, of those that have any."""
    found: dict[str, set[str]] = {}
    for code, lot in among(connection, _LOTS_TO_US, codes):
        found.setdefault(code, set()).add(lot)
    return found


def latest_in(connection: Connection, code: str) -> tuple[Handover, HandedCode] | None:
    """Return the newest standing handover to us that brought a code, and what it says of it.

    While none has brought it, the newest that only says so.
    """
    rows = list(among(connection, _TO_US, [code]))
    found = handover_numbered(connection, rows[-1].number) if rows else None
    if found is None:
        return None
    (told,) = codes_among(connection, found.digest or b"", [code])
    return found, told


def events_of(
    connection: Connection, digest: bytes, after: int = 0, limit: int = 1000
) -> list[HandedEvent]:
    """Return the events of a handover whose number is above `after`, ascending."""
    ours = (
        select(_part_event.c.event)
        .join_from(_part_event, _part, _part.c.number == _part_event.c.part)
        .where(_part.c.handover == _number(connection, digest))
    )
    query = select(_event).where(_event.c.number.in_(ours), _event.c.number > after)
    rows = connection.execute(query.order_by(_event.c.number).limit(limit))
    return [read_event(row) for row in rows]


def received_event(connection: Connection, entry: bytes) -> HandedEvent | None:
    """Return what stands in handovers of an event, None if nothing does."""
    row = connection.execute(select(_event).where(_event.c.entry == entry)).first()
    return None if row is None else read_event(row)


def acknowledge(connection: Connection, digest: bytes, at: int) -> bool:
    """Note that the receiver has answered for the goods; the first time stands.

    Returns:
        Whether there is such a handover.
    """
    connection.execute(
        update(_handover)
        .where(_h.digest == digest, _h.acknowledged_at.is_(None))
        .values(acknowledged_at=at)
    )
    return handover(connection, digest) is not None


def _number(connection: Connection, digest: bytes) -> int:
    """Return the number of a handover, -1 if there is none."""
    query = select(_h.number).where(_h.digest == digest)
    found = connection.execute(query).scalar()
    return -1 if found is None else int(found)


def _one(connection: Connection, query: Select[Any]) -> Handover | None:
    found = _many(connection, query)
    return found[0] if found else None


def _many(connection: Connection, query: Select[Any]) -> list[Handover]:
    return [read_handover(row) for row in connection.execute(query.order_by(_h.number))]


def read_handover(row: Row[Any]) -> Handover:
    """Return a row of the table as it is meant."""
    values = row._asdict()
    values["direction"] = DIRECTIONS[values["direction"]]
    values["state"] = State(values["state"])
    for name in ("shipment", "digest", "replaces"):
        values[name] = _bytes(values[name])
    return Handover(**values)


def _handed(row: Iterable[Any]) -> HandedCode:
    code, parent, lot, expiry, made_by, made = row
    return HandedCode(code, parent, lot, expiry, made_by, _bytes(made))


def read_event(row: Row[Any]) -> HandedEvent:
    """Return a row that holds the table of events as it is meant."""
    values = {name: getattr(row, name) for name in HandedEvent._fields}
    for name in ("entry", "fields", "codes_root", "opening", "proof"):
        values[name] = _bytes(values[name])
    return HandedEvent(**{**values, "sealed": Sealed(values["sealed"])})


def _bytes(value: Any) -> Any:
    return None if value is None else bytes(value)


__all__ = [
    "ARRIVED",
    "DIRECTIONS",
    "HandedCode",
    "HandedEvent",
    "Handover",
    "Sealed",
    "State",
    "acknowledge",
    "codes_among",
    "codes_of",
    "edges",
    "events_of",
    "handover",
    "handover_numbered",
    "handovers",
    "handovers_of",
    "latest_in",
    "read_event",
    "read_handover",
    "received_event",
]
