"""Operate: state what is being done to goods, unless the state rules forbid it.

`/epcis` takes every event and flags it; this refuses beforehand, because somebody stands in front
of the goods and can still do otherwise. An override with a reason goes through, and the reason
becomes part of the event. The chain is not asked: its outage stops no warehouse.
"""

from __future__ import annotations

import asyncio
import hmac
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final, Protocol

import orjson

from node_gateway.epcis.operations import (
    EXTENSION,
    OPERATIONS,
    Operation,
    Order,
    document_of,
    event_of,
    missing,
)
from node_gateway.errors import NotFoundError, ParameterError, RefusedOperationError, Spot
from node_gateway.services.capture import Capture
from node_gateway.services.correcting import Correcting
from node_gateway.services.disclosing import open_event, whole_event
from node_gateway.services.preparing import Preparing
from node_gateway.services.standing import Standing
from node_gateway.storage.errors import IdempotencyMismatchError
from node_gateway.storage.ports import EventStore, event_key

UNDO: Final = "undo"
_PAGE_EVENTS: Final = 1000
_NEEDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "codes": "Give the codes: scan them, or a file of them with --codes.",
        "parent": "Give the unit: an SSCC or a case code.",
        "to": "Say with `to` (--to) which party gets the goods: its GLN or known name.",
        "reason": "Say why with `reason` (--reason).",
    }
)


class Notices(Protocol):
    """What the notices that stand say of an event before it is captured."""

    async def refusals(self, event: Mapping[str, Any], lots: Mapping[str, str]) -> Sequence[Spot]:
        """Return what recalls forbid; everything stored must have been followed."""
        ...


class Judging(Protocol):
    """What the rules say of an event before it is captured."""

    async def refusals(self, event: Mapping[str, Any]) -> Sequence[Spot]:
        """Return what a normalised event would contradict, of all that is stored by now."""
        ...


@dataclass(frozen=True, slots=True)
class OperationReport:
    """What an operation stated.

    Attributes:
        repeated: The same request was answered before; nothing was stored.
        overridden: What the rules said against it.
    """

    operation: str
    event_id: str
    entry: bytes
    capture_id: str | None
    repeated: bool = False
    overridden: tuple[Spot, ...] = ()


class CodesInHand:
    """Lets one operation at a time decide about a code: two tills must not both sell it."""

    def __init__(self) -> None:
        self._held: set[str] = set()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def hold(self, codes: Collection[str]) -> AsyncIterator[None]:
        """Wait until nobody else decides about any of `codes`, and hold them."""
        wanted = set(codes)
        async with self._changed:
            await self._changed.wait_for(lambda: self._held.isdisjoint(wanted))
            self._held |= wanted
        try:
            yield
        finally:
            async with self._changed:
                self._held -= wanted
                self._changed.notify_all()


def event_id_under(secret: bytes, name: str, key: str, index: int = 0) -> str:
    """Return the eventID of what is done under a client's key. Keyed itself, see ADR 5.

    Args:
        secret: The gateway's key for eventIDs.
        name: Of the operation.
        key: The client's.
        index: Of the event, where an operation states several.
    """
    text = orjson.dumps([name, key, index] if index else [name, key])
    mac = hmac.digest(secret, text, "sha256")[:16]
    number = int.from_bytes(mac) & ~(0xF << 76) & ~(0x3 << 62) | (0x8 << 76) | (0x2 << 62)
    return f"urn:uuid:{uuid.UUID(int=number)}"


def timed(order: Order, now_s: float) -> Order:
    """Give the order the time of now, at this machine's offset, if it states none."""
    if order.event_time:
        return order
    text = datetime.fromtimestamp(now_s, UTC).astimezone().isoformat(timespec="milliseconds")
    return replace(order, event_time=text, offset=text[-6:])


class Operating:
    """The use cases of an operator, for HTTP and for the command line."""

    def __init__(
        self,
        *,
        store: EventStore,
        capture: Capture,
        preparing: Preparing,
        judging: Judging,
        notices: Notices,
        standing: Standing,
        correcting: Correcting,
        context: str,
        party: str | None,
        clock: Callable[[], float],
        in_hand: CodesInHand,
    ) -> None:
        self._store, self._capture, self._preparing = store, capture, preparing
        self._judging, self._notices = judging, notices
        self._standing, self._correcting = standing, correcting
        self._context, self._party, self._clock = context, party, clock
        self._in_hand = in_hand
        self._judges: list[Judging] = []

    def also_ask(self, judge: Judging) -> None:
        """Ask one more what is against an operation, before it is stated."""
        self._judges.append(judge)

    async def do(
        self, name: str, order: Order, *, idempotency_key: str | None = None
    ) -> OperationReport:
        """State an operation.

        Args:
            name: One of `OPERATIONS`.
            order: What is asked for, identifiers in canonical form.
            idempotency_key: The same key with the same order is answered by what is stored.

        Raises:
            NotFoundError: no such operation.
            ParameterError: the order lacks something.
            RefusedOperationError: the rules forbid it; nothing was stored.
            EpcisError, DocumentRefusedError, NotReadyError: as capturing does.
        """
        operation = OPERATIONS.get(name)
        if operation is None:
            raise NotFoundError(f"there is no operation {name}", code="operation_not_found")
        lacking = missing(operation, order)
        if lacking:
            raise ParameterError(
                f"{name} needs {', '.join(lacking)}",
                code="operation_incomplete",
                hint=" ".join(_NEEDS[one] for one in lacking),
            )
        order = self._with_party(operation, order)
        if idempotency_key is not None:
            order = replace(
                order, event_id=event_id_under(self._preparing.event_id_key, name, idempotency_key)
            )
        codes = [*order.codes, *([order.parent] if order.parent else [])]
        async with self._in_hand.hold(codes):
            known = await self._known(operation, order)
            return known or await self._decide(operation, timed(order, self._clock()))

    async def undo(self, name: str, code: str) -> OperationReport:
        """Take back the latest statement of an operation about a code: it did not occur.

        Raises:
            NotFoundError: no such operation, or no statement of it that still stands.
        """
        operation = OPERATIONS.get(name)
        if operation is None:
            raise NotFoundError(f"there is no operation {name}", code="operation_not_found")
        async with self._in_hand.hold([code]):
            entry, event_id = await self._latest(operation, code)
            report = await self._correcting.correct(entry, reason="did_not_occur")
        return OperationReport(
            f"{UNDO}-{name}", event_id, report.declaration, None, repeated=report.repeated
        )

    def _with_party(self, operation: Operation, order: Order) -> Order:
        """Put our own party where the other side is named, or where goods come to us."""
        if self._party is None:
            return order
        if operation.step == "shipping" and order.sender is None:
            return replace(order, sender=self._party)
        if operation.name == "receive" and order.receiver is None:
            return replace(order, receiver=self._party)
        return order

    async def _known(self, operation: Operation, order: Order) -> OperationReport | None:
        """Return what was done under the order's key before.

        Raises:
            IdempotencyMismatchError: another order was.
        """
        if order.event_id is None:
            return None
        key = event_key(order.event_id, error_declaration=False)
        stored = await self._store.event_by_key(key)
        if stored is None:
            return None
        event = await whole_event(self._store, open_event(stored))
        if self._stated(operation, as_stored(order, event)) != event:
            raise IdempotencyMismatchError(capture_id=order.event_id)
        return OperationReport(
            operation.name, order.event_id, stored.header.entry, None, repeated=True
        )

    def _stated(self, operation: Operation, order: Order) -> dict[str, Any]:
        """Return the normalised event that an order states."""
        event = event_of(operation, order, participant=self._preparing.participant)
        (normalised,) = self._preparing.normalised(document_of([event], self._context))
        return normalised

    async def _decide(self, operation: Operation, order: Order) -> OperationReport:
        participant = self._preparing.participant
        plain = event_of(operation, replace(order, override=None), participant=participant)
        document = document_of([plain], self._context)
        (event,) = self._preparing.normalised(document)
        broken = await self._judging.refusals(event)
        refusals = [*broken, *await self._notices.refusals(event, order.lots)]
        for judge in self._judges:
            refusals += await judge.refusals(event)
        if refusals:
            if not order.override:
                raise RefusedOperationError(operation.name, refusals)
            rules = tuple(sorted({one.code for one in refusals}))
            order = replace(order, overridden=rules)
            stated = event_of(operation, order, participant=participant)
            document = document_of([stated], self._context)
        digest = sha256(orjson.dumps(document)).digest()
        report = await self._capture.converted(document, digest=digest)
        (result,) = report.events
        return OperationReport(
            operation.name,
            result.event_id,
            result.entry or b"",
            report.capture_id,
            repeated=result.kind == "duplicate",
            overridden=tuple(refusals),
        )

    async def _latest(self, operation: Operation, code: str) -> tuple[bytes, str]:
        latest: tuple[bytes, str] | None = None
        after = 0
        while stored := await self._store.events_of_code(code, after=after, limit=_PAGE_EVENTS):
            after = stored[-1].header.position
            for one in stored:
                if one.payload is None:
                    continue
                event = open_event(one).event
                fits = event.get("bizStep") == operation.step and event.get("disposition") == (
                    operation.disposition
                )
                if fits and "errorDeclaration" not in event and not await self._standing.of(event):
                    latest = one.header.entry, str(event["eventID"])
        if latest is None:
            raise NotFoundError(
                f"no standing {operation.name} of this code is known here", code="nothing_to_undo"
            )
        return latest


def as_stored(order: Order, event: Mapping[str, Any]) -> Order:
    """Give an order what the stored event has beyond it: the time of then, the rules overridden."""
    if not order.event_time:
        order = replace(
            order, event_time=event["eventTime"], offset=event.get("eventTimeZoneOffset", "")
        )
    said = event.get(f"{EXTENSION}override")
    if said is None:  # there was nothing to override
        return replace(order, override=None)
    return replace(order, overridden=tuple(said[f"{EXTENSION}rules"]))
