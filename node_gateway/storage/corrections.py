"""Which declarations name an event as the one that is right."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, select

from node_gateway.storage.corrections_tables import correction
from node_gateway.storage.tables import PREFIX_SIZE

if TYPE_CHECKING:
    from node_gateway.services.following import FollowedEvent
    from node_gateway.storage.database import Insert


def corrective_ids(event: Mapping[str, Any]) -> list[str]:
    """Return the eventIDs that an event declares to be right instead of it, without repeats."""
    declaration = event.get("errorDeclaration")
    named = declaration.get("correctiveEventIDs") if isinstance(declaration, Mapping) else None
    return list(dict.fromkeys(named)) if isinstance(named, list) else []


def declarations_naming(connection: Connection, event_id: str) -> list[int]:
    """Return positions of the declarations that may name `event_id`; a prefix can deceive."""
    query = (
        select(correction.c.declaration)
        .where(correction.c.corrective == _prefix(event_id))
        .order_by(correction.c.declaration)
    )
    return list(connection.execute(query).scalars())


class Corrections:
    """The projection that fills the table."""

    name = "corrections"

    def prepare(
        self, connection: Connection, events: Sequence[FollowedEvent]
    ) -> list[tuple[bytes, int]]:
        """See `Projection`."""
        del connection
        return [
            (_prefix(event_id), one.position)
            for one in events
            for event_id in corrective_ids(one.event)
        ]

    def apply(
        self, connection: Connection, insert: Insert, change: list[tuple[bytes, int]]
    ) -> None:
        """See `Projection`."""
        if change:
            insert(connection, correction, change)

    def forget(self, connection: Connection, event: FollowedEvent) -> None:
        """See `Projection`."""
        connection.execute(delete(correction).where(correction.c.declaration == event.position))

    def clear(self, connection: Connection) -> None:
        """See `Projection`."""
        connection.execute(delete(correction))


def _prefix(event_id: str) -> bytes:
    return hashlib.sha256(event_id.encode()).digest()[:PREFIX_SIZE]
