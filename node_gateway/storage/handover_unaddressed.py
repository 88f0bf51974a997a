"""Shipments whose receiver nobody knows yet: kept until one of the parties they name is known.

There may be a million of them, to few parties that never join. What looks whether a party is known
by now costs as much as there are parties; what is found is read in pages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, delete, func, select, text

from node_gateway.storage import tables
from node_gateway.storage.addressing_tables import handover_unaddressed
from node_gateway.storage.database import Insert
from node_gateway.storage.events import contents_at

SHOWN_MAX: Final = 10
"""So many shipments of a party are named in a list."""
_u = handover_unaddressed.c
# One step in the index for each party, however many shipments it has.
_PARTIES: Final = text(
    "WITH RECURSIVE named(party) AS ("
    "SELECT (SELECT min(party) FROM handover_unaddressed WHERE party > :after) "
    "UNION ALL SELECT (SELECT min(party) FROM handover_unaddressed u WHERE u.party > named.party) "
    "FROM named WHERE named.party IS NOT NULL) "
    "SELECT party FROM named WHERE party IS NOT NULL LIMIT :most"
)


class Waiting(NamedTuple):
    """A shipment that waits; `event` without its code lists, None once it was erased."""

    entry: bytes
    event: dict[str, Any] | None


class Unknown(NamedTuple):
    """A party that nobody knows: how many shipments wait for it, and the first of them."""

    party: str
    waiting: int
    shipments: tuple[bytes, ...]


def add(connection: Connection, insert: Insert, parties: Iterable[str], entry: bytes) -> None:
    """Keep a shipment under each party that may turn out to be its receiver; again is the same."""
    remove(connection, entry)
    insert(connection, handover_unaddressed, [(party, entry) for party in sorted(set(parties))])


def remove(connection: Connection, entry: bytes) -> bool:
    """Let a shipment wait no longer; tell whether it did."""
    return connection.execute(delete(handover_unaddressed).where(_u.entry == entry)).rowcount > 0


def clear(connection: Connection) -> None:
    """Let nothing wait."""
    connection.execute(delete(handover_unaddressed))


def parties_after(connection: Connection, after: str, limit: int) -> list[str]:
    """Return parties above `after`, in bytewise order; costs one index look-up for each."""
    return list(connection.execute(_PARTIES, {"after": after, "most": limit}).scalars())


def waiting_for(connection: Connection, party: str, after: bytes, limit: int) -> list[Waiting]:
    """Return shipments that wait for a party, with entries above `after`, ascending."""
    query = select(_u.entry).where(_u.party == party, _u.entry > after)
    found = connection.execute(query.order_by(_u.entry).limit(limit)).scalars()
    return _read(connection, [bytes(entry) for entry in found])


def unknown(connection: Connection, after: str, limit: int) -> list[Unknown]:
    """Return parties above `after` with what waits for them. Cost: counts those shipments."""
    return [_counted(connection, party) for party in parties_after(connection, after, limit)]


def _counted(connection: Connection, party: str) -> Unknown:
    count = select(func.count()).select_from(handover_unaddressed).where(_u.party == party)
    first = select(_u.entry).where(_u.party == party).order_by(_u.entry).limit(SHOWN_MAX)
    shown = tuple(bytes(entry) for entry in connection.execute(first).scalars())
    return Unknown(party, connection.execute(count).scalar_one(), shown)


def _read(connection: Connection, entries: Collection[bytes]) -> list[Waiting]:
    places = {entry: _position(connection, entry) for entry in entries}
    kept = [position for position in places.values() if position is not None]
    contents = contents_at(connection, kept)
    return [
        Waiting(entry, None if position is None else orjson.loads(contents[position].payload))
        for entry, position in places.items()
    ]


def _position(connection: Connection, entry: bytes) -> int | None:
    query = select(tables.event.c.position).where(
        tables.is_entry(entry), tables.event.c.erasure == tables.KEPT
    )
    return connection.execute(query).scalar()


__all__ = [
    "SHOWN_MAX",
    "Unknown",
    "Waiting",
    "add",
    "clear",
    "parties_after",
    "remove",
    "unknown",
    "waiting_for",
]
