"""Does a statement still stand? What the owner declared about it afterwards.

An error declaration repeats the event it takes back, with its eventID, and says since when and
why; it may name the events that are right instead (EPCIS 2.0, 7.4.1.4). Both stay provable: what
was said, and that it was taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from node_gateway.services.disclosing import open_event
from node_gateway.storage.corrections import corrective_ids, declarations_naming
from node_gateway.storage.database import Database
from node_gateway.storage.ports import EventStore, event_key


class StandingStore(EventStore, Database, Protocol):
    """What looking up corrections needs of the store."""


@dataclass(frozen=True, slots=True)
class Correction:
    """That an event was declared an error.

    Attributes:
        status: "replaced" if the declaration names a corrective event, else "voided".
        declaration: Entry of the declaring event.
        sealed: Whether the declaration is final.
        declared_at: Its declarationTime, as stated.
        reason: A bare CBV word or a URI, None if none was given.
        corrective_ids: eventIDs named as right.
    """

    status: Literal["replaced", "voided"]
    declaration: bytes
    sealed: bool
    declared_at: str | None
    reason: str | None
    corrective_ids: tuple[str, ...]

    def to_wire(self) -> dict[str, Any]:
        """Return the owner's view as JSON."""
        return {
            "status": self.status,
            "declaration": self.declaration.hex(),
            "declaredAt": self.declared_at,
            "reason": self.reason,
            "correctiveEventIDs": list(self.corrective_ids),
        }


class Standing:
    """Answers from the events themselves, so also for corrections that came in by `/epcis`."""

    def __init__(self, store: StandingStore) -> None:
        self._store = store

    async def of(self, event: Mapping[str, Any]) -> Correction | None:
        """Return how a normalised event was taken back, None if it stands (or declares itself)."""
        event_id = event.get("eventID")
        if "errorDeclaration" in event or not isinstance(event_id, str):
            return None
        stored = await self._store.event_by_key(event_key(event_id, error_declaration=True))
        if stored is None or stored.payload is None:
            return None
        declaring = open_event(stored).event
        said = declaring["errorDeclaration"]
        named = corrective_ids(declaring)
        return Correction(
            status="replaced" if named else "voided",
            declaration=stored.header.entry,
            sealed=stored.header.state == "final",
            declared_at=said.get("declarationTime"),
            reason=said.get("reason"),
            corrective_ids=tuple(named),
        )

    async def hints(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what a bundle of a normalised event hints at: that it was taken back, by which.

        A hint proves nothing; the declaration has a bundle of its own.
        """
        correction = await self.of(event)
        if correction is None:
            return None
        return {"correction": {"status": correction.status, "by": correction.declaration.hex()}}

    async def corrected_by(self, event: Mapping[str, Any]) -> list[bytes]:
        """Return entries of the events that a normalised event is declared to correct."""
        event_id = event.get("eventID")
        if not isinstance(event_id, str):
            return []
        positions = await self._store.read(lambda c: declarations_naming(c, event_id))
        found: list[bytes] = []
        for position in positions:
            for stored in await self._store.events_after(position - 1, limit=1):
                if stored.payload is None:
                    continue
                declaring = open_event(stored).event
                if event_id not in corrective_ids(declaring):
                    continue
                key = event_key(str(declaring["eventID"]), error_declaration=False)
                original = await self._store.event_by_key(key)
                if original is not None:
                    found.append(original.header.entry)
        return found
