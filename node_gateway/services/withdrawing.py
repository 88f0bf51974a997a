"""Declare a code void, or replaced by another one.

A code that was never commissioned is marked in the register alone: nobody else has heard of it. A
commissioned one is taken out by an event that is captured like any other: decommissioning, or a
transformation of the old code into the new one, so that either code leads to the other and both
have a proof.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import orjson

from node_gateway.codes.issuing import Status
from node_gateway.epcis.errors import EpcisError
from node_gateway.errors import (
    DocumentRefusedError,
    NotFoundError,
    NotPossibleError,
    ParameterError,
)
from node_gateway.services.capture import Capture
from node_gateway.services.commissioned import commissioning_of
from node_gateway.services.gate import Gate
from node_gateway.services.issuing import CodeStatus, Issuing
from node_gateway.storage.issuing_marks import Mark, MarkStore
from node_gateway.storage.issuing_rows import OrderRow
from node_gateway.storage.ports import EventStore

REASON_LENGTH_MAX: Final = 500
CONTEXT: Final = (
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"st": "urn:x-sealtrail:"},
)
"""`urn:x-sealtrail:reason`: why an operator did it, in words."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What became of a code.

    Attributes:
        entry: Of the event that says so; None where none was needed.
        repeated: It was declared so before, with the same words.
    """

    mark: Mark
    entry: bytes | None
    repeated: bool


class Withdrawing:
    """The use case of taking codes out of use."""

    def __init__(
        self,
        *,
        issuing: Issuing,
        marks: MarkStore,
        events: EventStore,
        capture: Capture,
        gate: Gate,
        clock: Callable[[], float],
        lock: asyncio.Lock,
    ) -> None:
        self._issuing, self._marks, self._events = issuing, marks, events
        self._capture, self._gate, self._clock, self._lock = capture, gate, clock, lock

    async def void(self, code: str, reason: str, *, dry_run: bool = False) -> Withdrawn:
        """Declare a canonical code void. The same again is a no-op.

        Raises:
            NotReadyError: nothing may be written now.
            ParameterError: there is no reason, or too long a one.
            NotFoundError: the code was neither issued nor commissioned here.
            NotPossibleError: it was declared otherwise before, or is being commissioned.
        """
        return await self._withdraw(code, "void", reason, None, dry_run=dry_run)

    async def replace(self, old: str, new: str, reason: str, *, dry_run: bool = False) -> Withdrawn:
        """Declare that `new` takes the place of `old`, both canonical. The same again is a no-op.

        If the old code is commissioned, this commissions the new one: with its lot and expiry.

        Raises:
            As `void`; NotPossibleError also if the new code is in use already or was never issued.
        """
        if old == new:
            raise ParameterError("a code cannot replace itself", code="replacement")
        return await self._withdraw(old, "replaced", reason, new, dry_run=dry_run)

    async def count(self, order: OrderRow) -> int:
        """Return how many codes of an order are void or replaced."""
        return await self._marks.marked_count(order.number)

    async def _withdraw(
        self, code: str, kind: str, reason: str, new: str | None, *, dry_run: bool
    ) -> Withdrawn:
        self._gate.require_capture()
        if not reason.strip() or len(reason) > REASON_LENGTH_MAX:
            raise ParameterError(
                f"a reason has 1 to {REASON_LENGTH_MAX} characters", code="reason_form"
            )
        async with self._lock:  # between looking and writing nothing is commissioned
            state = await self._issuing.status(code)
            if state.mark is not None:
                return await self._again(state.mark, kind, reason, new)
            await self._require_withdrawable(state)
            taken = None if new is None else await self._require_free(new)
            mark = await self._mark(state, kind, reason, taken)
            if dry_run:
                return Withdrawn(mark, None, repeated=False)
            kept = await self._marks.add_mark(mark)
            return Withdrawn(kept, await self._say(kept), repeated=False)

    async def _again(self, known: Mark, kind: str, reason: str, new: str | None) -> Withdrawn:
        if (known.kind, known.reason, known.replacement) != (kind, reason, new):
            raise NotPossibleError(
                f"the code is {known.kind} already, with another reason or replacement",
                code="code_withdrawn",
                hint="sealtrail code status shows what was declared.",
            )
        return Withdrawn(known, await self._say(known), repeated=True)

    async def _say(self, mark: Mark) -> bytes | None:
        """Capture the event of a mark, if it has one; after a kill the next try gets here."""
        if mark.event is None:
            return mark.entry
        document = orjson.loads(mark.event)
        try:
            report = await self._capture.converted(document, digest=sha256(mark.event).digest())
        except (EpcisError, DocumentRefusedError):
            await self._marks.take_back(mark.code)
            raise
        entry = report.events[0].entry
        if entry is None:
            raise NotPossibleError("the event was not stored", code="event_conflict")
        await self._marks.captured(mark.code, entry)
        return entry

    async def _require_withdrawable(self, state: CodeStatus) -> None:
        if state.status in (Status.NEVER_ISSUED, Status.CHECK_WRONG):
            raise NotFoundError(
                "this code was neither issued nor commissioned here", code="code_not_issued"
            )
        place = state.place
        if place is not None and await self._marks.unfinished(place.order_number, place.index):
            raise NotPossibleError(
                "commissioning of its order broke off; whether it is commissioned is open",
                code="commission_unfinished",
                hint="Commission the order again with the same words, then come back.",
            )

    async def _require_free(self, new: str) -> CodeStatus:
        state = await self._issuing.status(new)
        place = state.place
        pending = place is not None and await self._marks.unfinished(
            place.order_number, place.index
        )
        if state.status is Status.ISSUED_NOT_COMMISSIONED and not pending and not state.replaces:
            return state
        if state.status is Status.NEVER_ISSUED and not state.product_known:
            return state  # of a product whose codes are issued elsewhere
        raise NotPossibleError(
            f"the replacement is {'being commissioned' if pending else _word(state)}",
            code="replacement",
            hint="Take a code that was issued and is in no use yet.",
        )

    async def _mark(
        self, state: CodeStatus, kind: str, reason: str, new: CodeStatus | None
    ) -> Mark:
        now_ms = int(self._clock() * 1000)
        place, replacement = state.place, None if new is None else new.code
        mark = Mark(
            code=state.code,
            kind=kind,
            reason=reason,
            replacement=replacement,
            order_number=None if place is None else place.order_number,
            order_index=None if place is None else place.index,
            marked_at_ms=now_ms,
        )
        if state.status is not Status.COMMISSIONED:
            return mark
        made = await commissioning_of(self._events, state.code)
        ilmd = {} if made is None else made.event.get("ilmd") or {}
        event = _event(state.code, reason, replacement, now_ms, ilmd)
        taken = None if new is None else new.place
        return replace(
            mark,
            new_order_number=None if taken is None else taken.order_number,
            new_order_index=None if taken is None else taken.index,
            event=orjson.dumps(document_of(event, now_ms)),
        )


def _word(state: CodeStatus) -> str:
    if state.replaces:
        return "the replacement of another code already"
    return state.status.value.replace("_", " ")


def _event(
    code: str, reason: str, new: str | None, now_ms: int, ilmd: Mapping[str, Any]
) -> dict[str, Any]:
    time = stated(now_ms)
    both = {"eventTime": time, "eventTimeZoneOffset": "+00:00", "st:reason": reason}
    if new is None:
        return {
            "type": "ObjectEvent",
            **both,
            "epcList": [code],
            "action": "DELETE",
            "bizStep": "decommissioning",
            "disposition": "inactive",
        }
    return {
        "type": "TransformationEvent",
        **both,
        "inputEPCList": [code],
        "outputEPCList": [new],
        "bizStep": "commissioning",
        "disposition": "active",
        **({"ilmd": dict(ilmd)} if ilmd else {}),
    }


def document_of(event: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
    """Return the EPCISDocument of one event."""
    return {
        "@context": list(CONTEXT),
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": stated(now_ms),
        "epcisBody": {"eventList": [event]},
    }


def stated(milliseconds: int) -> str:
    """Return a time as events have it, in UTC."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
