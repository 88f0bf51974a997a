"""The facet index: which events have which event type, step, place, transaction, party, ...

A projection of the stored events. Its rows are ids of values with times and positions; a value
stands in the database once. What it costs does not depend on how many codes an event names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, bindparam, delete, func, select

from node_gateway.epcis.query.facets import facets_of
from node_gateway.storage.query_tables import facet, facet_event

if TYPE_CHECKING:
    from node_gateway.services.following import FollowedEvent
    from node_gateway.storage.database import Insert

_KEY_LENGTH_MAX: Final = 300
_KEPT_LENGTH: Final = 200
_KEYS_PER_QUERY: Final = 500
_KNOWN_MAX: Final = 50_000

_LAST: Final = select(func.max(facet.c.id))
_DROP: Final = delete(facet_event).where(
    facet_event.c.facet == bindparam("one"),
    facet_event.c.event_time_ms == bindparam("time_ms"),
    facet_event.c.position == bindparam("position"),
)


def facet_key(kind: int, value: str) -> str:
    """Return the key of a value: bounded, so that every database can index it."""
    if len(value) > _KEY_LENGTH_MAX:
        digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
        value = f"{value[:_KEPT_LENGTH]} {digest}"
    return f"{kind:02d} {value}"


@dataclass(frozen=True, slots=True)
class Change:
    """Rows to add. `fresh` are values that no event had."""

    fresh: Sequence[tuple[int, str, str | None]]
    entries: Sequence[tuple[int, int, int]]


class Facets:
    """Implements `Projection`."""

    name = "facets"

    def __init__(self) -> None:
        self._known: dict[str, int] = {}  # ids that a snapshot had; never those yet to be written

    def prepare(self, connection: Connection, events: Sequence[FollowedEvent]) -> Change:
        """See `Projection`."""
        values: dict[str, str] = {}
        found: list[tuple[str, int, int]] = []
        for event in events:
            seen = set()
            for kind, value in facets_of(event.event):
                key = facet_key(kind, value)
                if key not in seen:
                    seen.add(key)
                    values[key] = value
                    found.append((key, event.event_time_ms, event.position))
        ids = self._ids(connection, values)
        unknown = [key for key in values if key not in ids]
        following = (connection.execute(_LAST).scalar() or 0) + 1 if unknown else 0
        ids.update({key: following + at for at, key in enumerate(unknown)})
        return Change(
            [
                (ids[key], key, values[key] if len(values[key]) > _KEY_LENGTH_MAX else None)
                for key in unknown
            ],
            sorted((ids[key], time_ms, position) for key, time_ms, position in found),
        )

    def apply(self, connection: Connection, insert: Insert, change: Change) -> None:
        """See `Projection`."""
        insert(connection, facet, change.fresh)
        insert(connection, facet_event, change.entries)

    def forget(self, connection: Connection, event: FollowedEvent) -> None:
        """See `Projection`. A value that no other event has goes, too: it tells of the event."""
        self._known = {}
        keys = {facet_key(kind, value) for kind, value in facets_of(event.event)}
        for one in ids_of(connection, keys).values():
            row = {"one": one, "time_ms": event.event_time_ms, "position": event.position}
            connection.execute(_DROP, row)
            others = select(facet_event.c.facet).where(facet_event.c.facet == one).exists()
            connection.execute(delete(facet).where(facet.c.id == one, ~others))

    def clear(self, connection: Connection) -> None:
        """See `Projection`."""
        self._known = {}
        connection.execute(delete(facet_event))
        connection.execute(delete(facet))

    def _ids(self, connection: Connection, keys: Iterable[str]) -> dict[str, int]:
        """Return the ids of known keys; most stand in event after event."""
        known = self._known
        ids = {key: known[key] for key in keys if key in known}
        read = ids_of(connection, [key for key in keys if key not in known])
        if len(known) > _KNOWN_MAX:
            self._known = known = {}
        known.update(read)
        return ids | read


def ids_of(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """Return the ids of those keys that some event has.

    Plain SQL: making an expression of hundreds of keys takes longer than looking them up.
    """
    wanted = list(keys)
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    found: dict[str, int] = {}
    for start in range(0, len(wanted), _KEYS_PER_QUERY):
        part = tuple(wanted[start : start + _KEYS_PER_QUERY])
        marks = ", ".join([mark] * len(part))
        statement = f"SELECT key, id FROM facet WHERE key IN ({marks})"  # noqa: S608  marks only
        found.update((row[0], row[1]) for row in connection.exec_driver_sql(statement, part))
    return found
