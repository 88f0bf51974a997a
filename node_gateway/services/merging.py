"""Merge: what lies in some units is packed into another (合箱), in one document or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

import orjson

from node_gateway.codes.china.packing import merge
from node_gateway.epcis.operations import OPERATIONS, Order, describe, document_of
from node_gateway.errors import DocumentRefusedError, NotFoundError, RefusedOperationError, Spot
from node_gateway.services.capture import Capture
from node_gateway.services.disclosing import open_event, whole_event
from node_gateway.services.judging import Judging
from node_gateway.services.operating import CodesInHand, as_stored, event_id_under, timed
from node_gateway.services.preparing import Preparing
from node_gateway.services.states import States
from node_gateway.storage.errors import IdempotencyMismatchError
from node_gateway.storage.ports import EventStore, event_key

MERGE: Final = "merge"
_DOCUMENT_TYPE: Final = OPERATIONS["pack"].document
_PAGE_CODES: Final = 1000


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit or a pack, by its code."""

    uri: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge stated.

    Attributes:
        events: eventID and entry of each event: one unpacking per unit, then the packing.
        repeated: The same request was answered before; nothing was stored.
        overridden: What the rules said against it.
    """

    events: tuple[tuple[str, bytes], ...]
    capture_id: str | None
    repeated: bool = False
    overridden: tuple[Spot, ...] = ()


Contents = Mapping[Unit, Sequence[Unit]]
"""What lies in each unit."""


class Merging:
    """The use case of merging units."""

    def __init__(
        self,
        *,
        store: EventStore,
        capture: Capture,
        preparing: Preparing,
        judging: Judging,
        states: States,
        context: str,
        clock: Callable[[], float],
        in_hand: CodesInHand,
    ) -> None:
        self._store, self._capture, self._preparing = store, capture, preparing
        self._judging, self._states, self._in_hand = judging, states, in_hand
        self._context, self._clock = context, clock

    async def merge(self, order: Order, *, idempotency_key: str | None = None) -> Merged:
        """Take everything out of some units and pack it into another.

        Args:
            order: `parent` is where everything goes, `codes` are the units that are emptied.
            idempotency_key: The same key with the same order is answered by what is stored.

        Raises:
            DocumentRefusedError: `packing_form`, a unit holds nothing, or is the target.
            IdempotencyMismatchError: another order was sent under the key.
            RefusedOperationError: the rules forbid it; nothing was stored.
            EpcisError, NotReadyError: as capturing does.
        """
        ids = self._event_ids(order, idempotency_key)
        named = {str(order.parent), *order.codes}
        contents: Contents = {}
        while True:  # until what is held is what lies in the units
            held = named | {one.uri for some in contents.values() for one in some}
            async with self._in_hand.hold(held):
                known = await self._known(order, ids)
                if known is not None:
                    return known
                found = await self._contents(order)
                if found == contents:
                    return await self._decide(timed(order, self._clock()), contents, ids)
                contents = found

    async def _contents(self, order: Order) -> dict[Unit, list[Unit]]:
        found: dict[Unit, list[Unit]] = {}
        for index, code in enumerate(order.codes):
            inside = [Unit(one) for one in await self._children(code)]
            if not inside or code == order.parent:
                raise DocumentRefusedError([_nothing(f"/units/{index}")])
            found[Unit(code)] = inside
        return found

    async def _children(self, code: str) -> list[str]:
        found: list[str] = []
        after: str | None = ""
        while after is not None:
            try:
                page = await self._states.tree(code, after=after, limit=_PAGE_CODES)
            except NotFoundError:
                return []
            found += [one["code"] for one in page["children"]]
            after = page["next"]
        return found

    async def _decide(self, order: Order, contents: Contents, ids: Sequence[str]) -> Merged:
        events = self._events(replace(order, override=None), contents, ids)
        normalised = self._preparing.normalised(document_of(events, self._context))
        places = {
            one.uri: f"/units/{index}"
            for index, (unit, inside) in enumerate(contents.items())
            for one in (unit, *inside)
        }
        places[str(order.parent)] = "/parent"
        refusals = tuple(await self._judging.refusals_together(normalised, places))
        if refusals:
            if not order.override:
                raise RefusedOperationError(MERGE, refusals)
            rules = tuple(sorted({one.code for one in refusals}))
            events = self._events(replace(order, overridden=rules), contents, ids)
        document = document_of(events, self._context)
        report = await self._capture.converted(
            document, digest=sha256(orjson.dumps(document)).digest()
        )
        stored = tuple((one.event_id, one.entry or b"") for one in report.events)
        return Merged(stored, report.capture_id, overridden=refusals)

    def _events(self, order: Order, contents: Contents, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return what a merge states: everything taken out, then packed."""
        target = Unit(str(order.parent))
        events = merge(target, contents, time=order.event_time, offset=order.offset)
        for index, event in enumerate(events):
            if ids:
                event["eventID"] = ids[index]
            describe(
                event,
                order,
                document_type=_DOCUMENT_TYPE,
                participant=self._preparing.participant,
            )
        return events

    def _event_ids(self, order: Order, key: str | None) -> list[str]:
        """Return the eventIDs under a client's key; without one capture gives them."""
        if key is None:
            return []
        secret = self._preparing.event_id_key
        return [event_id_under(secret, MERGE, key, at) for at in range(len(order.codes) + 1)]

    async def _known(self, order: Order, ids: Sequence[str]) -> Merged | None:
        """Return what was done under the order's key before.

        Raises:
            IdempotencyMismatchError: another order was.
        """
        if not ids or await self._stored(ids[0]) is None:
            return None
        stored = [one for one in [await self._stored(each) for each in ids] if one is not None]
        events = [event for event, _ in stored]
        contents = {
            Unit(code): [Unit(one) for one in event.get("childEPCs", ())]
            for code, event in zip(order.codes, events, strict=False)
        }
        again = self._events(as_stored(order, events[0]), contents, ids)
        if self._preparing.normalised(document_of(again, self._context)) != events:
            raise IdempotencyMismatchError(capture_id=ids[0])
        done = tuple((str(event["eventID"]), entry) for event, entry in stored)
        return Merged(done, None, repeated=True)

    async def _stored(self, event_id: str) -> tuple[dict[str, Any], bytes] | None:
        stored = await self._store.event_by_key(event_key(event_id, error_declaration=False))
        if stored is None:
            return None
        return await whole_event(self._store, open_event(stored)), stored.header.entry


def _nothing(pointer: str) -> Spot:
    return Spot(
        "packing_form",
        "nothing is known to lie in this unit, or it is the one into which is packed",
        pointer,
        "Name the unit that is filled, and other units that hold something.",
    )
