"""Correct an event: declare it an error, and state what is right instead, or nothing.

Nothing is changed or removed. The declaration repeats the event with an errorDeclaration, the
corrective event is one of its own; both are captured in one document, all or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, Literal

import orjson

from node_gateway.errors import ConflictError, NotFoundError, RequestError, Spot
from node_gateway.services.capture import Capture, CaptureReport
from node_gateway.services.disclosing import open_event, whole_event
from node_gateway.services.preparing import Preparing
from node_gateway.services.standing import Correction, Standing, StandingStore
from node_gateway.storage.ports import event_key

Reason = Literal["incorrect_data", "did_not_occur"]
REASONS: Final[tuple[Reason, ...]] = ("incorrect_data", "did_not_occur")
"""CBV 2.0, 7.5: error reason identifiers."""


@dataclass(frozen=True, slots=True)
class CorrectionReport:
    """What correcting did.

    Attributes:
        original: Entry of the event that was taken back.
        declaration: Entry of its error declaration.
        corrective: Entry of the event that is right instead, None if it was voided.
        repeated: The same correction was known already; nothing was stored.
    """

    original: bytes
    declaration: bytes
    corrective: bytes | None
    repeated: bool


class Correcting:
    """The use case of taking an event back."""

    def __init__(
        self,
        *,
        store: StandingStore,
        capture: Capture,
        preparing: Preparing,
        standing: Standing,
        context: Any,
        clock: Callable[[], float],
    ) -> None:
        self._store, self._capture, self._preparing = store, capture, preparing
        self._standing, self._context, self._clock = standing, context, clock

    async def correct(
        self, entry: bytes, *, reason: Reason, replacement: Mapping[str, Any] | None = None
    ) -> CorrectionReport:
        """Declare an event an error.

        Args:
            entry: The event's entry.
            reason: Why.
            replacement: The event that is right instead, as EPCIS JSON with its own `@context`
                if it needs one, or as an EPCISDocument with this event alone; None voids without
                replacement.

        Raises:
            NotFoundError: no such event.
            ErasedError: it was erased: nothing can be said about its content any more.
            RequestError: it is a declaration itself, or the reason contradicts a replacement.
            ConflictError: it was declared an error before, in another way.
            EpcisError, DocumentRefusedError: the replacement is refused; nothing was stored.
        """
        if replacement is not None and reason == "did_not_occur":
            raise RequestError(
                "what did not occur has no right version",
                code="reason_contradicts",
                hint="Say incorrect_data, or leave the event out.",
            )
        replacement = None if replacement is None else _one_event(replacement)
        original = await self._original(entry)
        named: list[str] = []
        if replacement is not None:
            replacement, event_id = self._identified(replacement, original)
            named.append(event_id)
        known = await self._standing.of(original)
        if known is not None:
            return await self._repeated(entry, known, reason, named)
        declaration = {
            **original,
            "errorDeclaration": {
                "declarationTime": _now(self._clock()),
                "reason": reason,
                **({"correctiveEventIDs": named} if named else {}),
            },
        }
        report = await self._capture_both(declaration, replacement)
        entries = [one.entry for one in report.events]
        return CorrectionReport(
            entry, entries[0] or b"", entries[1] if len(entries) > 1 else None, repeated=False
        )

    async def _original(self, entry: bytes) -> dict[str, Any]:
        stored = await self._store.event_by_entry(entry)
        if stored is None:
            raise NotFoundError("no such event", code="event_not_found")
        event = await whole_event(self._store, open_event(stored))
        if "errorDeclaration" in event:
            raise RequestError(
                "this event is an error declaration itself",
                code="not_correctable",
                hint="State again what is right, as an event of its own.",
            )
        return event

    def _identified(
        self, replacement: Mapping[str, Any], original: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], str]:
        """Return the replacement with the eventID under which it will be stored."""
        replacement = {"@context": self._context, **replacement}
        event_id = self._preparing.event_id_of(replacement)
        if event_id == original["eventID"]:
            spot = Spot(
                "event_conflict",
                "the corrective event has the eventID of the event it corrects",
                "/event/eventID",
                "Give it its own eventID, or none.",
            )
            raise ConflictError([spot])
        return {**replacement, "eventID": event_id}, event_id

    async def _repeated(
        self, entry: bytes, known: Correction, reason: Reason, named: list[str]
    ) -> CorrectionReport:
        if known.reason != reason or list(known.corrective_ids) != named:
            spot = Spot(
                "already_corrected",
                "this event was declared an error before, in another way",
                "",
                "Correct the corrective event instead.",
            )
            raise ConflictError([spot])
        corrective = None
        for event_id in named:
            key = event_key(event_id, error_declaration=False)
            stored = await self._store.event_by_key(key)
            corrective = stored.header.entry if stored else None
        return CorrectionReport(entry, known.declaration, corrective, repeated=True)

    async def _capture_both(
        self, declaration: Mapping[str, Any], replacement: Mapping[str, Any] | None
    ) -> CaptureReport:
        events: list[Mapping[str, Any]] = [{**declaration, "@context": self._context}]
        if replacement is not None:
            events.append(replacement)
        document = {
            "@context": self._context,
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": _now(self._clock()),
            "epcisBody": {"eventList": events},
        }
        return await self._capture.converted(
            document, digest=sha256(orjson.dumps(document)).digest()
        )


def _one_event(replacement: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the event of a document that holds one; a bare event as it is."""
    if replacement.get("type") != "EPCISDocument":
        return replacement
    body = replacement.get("epcisBody")
    events = body.get("eventList") if isinstance(body, Mapping) else None
    if not isinstance(events, list) or len(events) != 1 or not isinstance(events[0], Mapping):
        raise RequestError(
            "an event is corrected by one event",
            code="document_refused",
            hint="Write the event alone, or a document with one event in its eventList.",
        )
    context = {"@context": replacement["@context"]} if "@context" in replacement else {}
    return {**context, **events[0]}


def _now(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
