"""Tell of captured events: a projection, so that each is looked at once and never in capture's way.

An event that is stored while no webhook asks for it is told to nobody later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from node_gateway.storage import webhooks
from node_gateway.webhooks.kinds import Happened, Kind

if TYPE_CHECKING:
    from node_gateway.services.following import FollowedEvent
    from node_gateway.storage.database import Insert
    from node_gateway.storage.webhooks import NewEvent

_SELLING: Final = ("dispensing", "retail_selling")
_CODES_SHOWN_MAX: Final = 100
_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")


class Captured:
    """Finds events that webhooks ask for."""

    name = "webhooks"

    def __init__(self, new_event: Callable[[Happened], NewEvent]) -> None:
        self._new_event = new_event

    def prepare(
        self, connection: Connection, events: Sequence[FollowedEvent]
    ) -> Sequence[NewEvent]:
        """See `Projection`."""
        wanted = {
            kind
            for one in webhooks.all_webhooks(connection)
            if one.state != "disabled"
            for kind in one.kinds
        } & {Kind.EVENT_CAPTURED, Kind.UNIT_SOLD}
        if not wanted:
            return ()
        return [
            self._new_event(one)
            for followed in events
            for one in _happened(followed)
            if one.kind in wanted
        ]

    def apply(self, connection: Connection, insert: Insert, change: Sequence[NewEvent]) -> None:  # noqa: ARG002
        """See `Projection`."""
        if change:
            webhooks.add_events(connection, change)

    def forget(self, connection: Connection, event: FollowedEvent) -> None:
        """Take back what waits about an event that is being erased."""
        webhooks.remove_events(connection, [f"{word} {event.entry.hex()}" for word in _WORDS])

    def clear(self, connection: Connection) -> None:
        """Keep what was told: a rebuild changes none of it, and tells nothing twice."""


_WORDS: Final = ("captured", "sold")


def _happened(followed: FollowedEvent) -> list[Happened]:
    event, entry = followed.event, followed.entry.hex()
    codes = [code for name in _LISTS for code in event.get(name, ())]
    data = {
        "entry": entry,
        "eventID": event.get("eventID"),
        "bizStep": event.get("bizStep"),
        "codes": codes[:_CODES_SHOWN_MAX],
        "codeCount": len(codes),
    }
    at_ms = followed.received_at_ms
    found = [Happened(Kind.EVENT_CAPTURED, f"captured {entry}", entry, at_ms, data)]
    if event.get("bizStep") in _SELLING and "errorDeclaration" not in event:
        found.append(Happened(Kind.UNIT_SOLD, f"sold {entry}", entry, at_ms, data))
    return found
