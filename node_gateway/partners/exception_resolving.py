"""Resolve a case: a statement of ours like any other, captured, sealed and provable.

The resolution is a TransactionEvent about no goods: it says what became of the case, never moves
anything (goods that go back or are destroyed have events of their own), and changes the state of
no code. Its business transaction is the case, `urn:uuid:<case>`.

Crash order: the event is captured first, then the case is closed and the partner told, in one
transaction. A crash between leaves an event and an open case; the same resolution again finds the
event, by its eventID, and closes the case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from node_gateway.epcis.operations import EXTENSION, PREFIX, Order, document_of
from node_gateway.errors import NotPossibleError
from node_gateway.partners import exception_words as words
from node_gateway.partners.exception_talking import Said, Talking, found
from node_gateway.partners.exceptions import Rules
from node_gateway.partners.ports import Channel
from node_gateway.services.capture import Capture
from node_gateway.services.gateway import EPCIS_CONTEXT
from node_gateway.services.operating import event_id_under, timed
from node_gateway.storage import exceptions as cases
from node_gateway.storage.exceptions import CaseRow, ChangeRow
from node_gateway.storage.ports import GatewayStore, event_key

CASE_TYPE: Final = f"{EXTENSION}exception"
"""Type of the business transaction that a case is."""
RESOLUTION: Final = f"{EXTENSION}resolution"
STEP: Final = "inspecting"
"""CBV 2.0, 7.1: reviewing objects to address potential physical or documentation defects."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """How a case ends.

    Attributes:
        cause: One of `exception_words.CAUSES`.
        action: One of `exception_words.ACTIONS`.
        text: For people at both sides.
        who: Resolves it; the partner hears only which participant.
    """

    cause: str
    action: str
    text: str
    who: str


class Resolving:
    """The use case of resolving."""

    def __init__(
        self,
        store: GatewayStore,
        rules: Rules,
        *,
        talking: Talking,
        channel: Channel,
        capture: Capture,
        event_id_key: bytes,
    ) -> None:
        self._store, self._rules, self._talking = store, rules, talking
        self._channel, self._capture, self._key = channel, capture, event_id_key

    async def resolve(self, number: int, resolution: Resolution) -> bytes:
        """Close a case; return the entry of the event that states it, 32 bytes.

        Raises:
            NotFoundError: no such case.
            NotPossibleError: it is resolved already, in another way.
            NotReadyError, StorageError: as capturing does; the case stays open.
        """
        row = await self._store.read(lambda connection: found(connection, number))
        if row.resolved:
            return self._again(row, resolution)
        entry = await self._state(row, resolution)

        def close(connection: Connection) -> bytes:
            now = found(connection, number)
            if now.resolved:
                return self._again(now, resolution)
            self._close(connection, now, resolution, entry)
            return entry

        closed = await self._store.write("exception_resolved", close)
        self._channel.wake()
        return closed

    def _again(self, row: CaseRow, resolution: Resolution) -> bytes:
        same = (row.cause, row.action, row.resolution)
        if row.entry is None or same != (resolution.cause, resolution.action, resolution.text):
            raise NotPossibleError(
                "the exception is resolved already",
                code="exception_closed",
                hint="sealtrail exception message NUMBER --act reopen, if that was wrong",
            )
        return row.entry

    async def _state(self, row: CaseRow, resolution: Resolution) -> bytes:
        """Capture the event, or find it: it has the same eventID for the same resolution."""
        said = [row.uuid, row.due_at_ms, resolution.cause, resolution.action, resolution.text]
        name = orjson.dumps(said).decode()
        event_id = event_id_under(self._key, "exception", name)
        known = await self._store.event_by_key(event_key(event_id, error_declaration=False))
        if known is not None:
            return known.header.entry
        event = resolution_event(row, resolution, event_id=event_id, clock=self._rules.clock)
        document = document_of([event], EPCIS_CONTEXT)
        digest = sha256(orjson.dumps(document)).digest()
        report = await self._capture.converted(document, digest=digest)
        return report.events[0].entry or b""

    def _close(
        self, connection: Connection, row: CaseRow, resolution: Resolution, entry: bytes
    ) -> None:
        said = Said(words.RESOLVE, resolution.text, resolution.who, resolution.action)
        self._talking.put(connection, row, said, entry=entry, cause=resolution.cause)
        now_ms = self._rules.now_ms
        cases.change_case(
            connection,
            row.number,
            state=cases.RESOLVED,
            resolved_at_ms=now_ms,
            cause=resolution.cause,
            action=resolution.action,
            resolution=resolution.text,
            entry=entry,
            proof_owed=int(row.told),
        )
        change = ChangeRow(
            now_ms, resolution.who, "resolved", f"{resolution.cause} {resolution.action}"
        )
        cases.add_change(connection, row.number, change)


def resolution_event(
    row: CaseRow, resolution: Resolution, *, event_id: str, clock: Callable[[], float]
) -> Mapping[str, Any]:
    """Return the event that states a resolution, as EPCIS JSON without `@context`.

    It names no code, no quantity and no party: with the case's UUID, which only the two sides
    know, it says nothing to anybody else.
    """
    at = timed(Order(codes=()), clock())
    return {
        "type": "TransactionEvent",
        "eventID": event_id,
        "eventTime": at.event_time,
        "eventTimeZoneOffset": at.offset,
        "action": "OBSERVE",
        "bizStep": STEP,
        "epcList": [],
        "bizTransactionList": [{"type": CASE_TYPE, "bizTransaction": f"urn:uuid:{row.uuid}"}],
        f"{PREFIX}:resolution": {
            f"{PREFIX}:kind": row.kind,
            f"{PREFIX}:cause": resolution.cause,
            f"{PREFIX}:action": resolution.action,
            f"{PREFIX}:text": resolution.text,
        },
        f"{PREFIX}:preset": "partner",
    }
