"""The event that brought a code into being, if it stands."""

from __future__ import annotations

from typing import Final

from node_gateway.services.disclosing import OpenEvent, open_event
from node_gateway.storage.ports import EventStore

_PAGE_EVENTS: Final = 1000
_STEP: Final = "commissioning"


async def commissioning_of(store: EventStore, code: str) -> OpenEvent | None:
    """Return the newest event that commissioned a code and was not declared an error.

    That is an ObjectEvent which adds the code, or a TransformationEvent that puts it out.
    """
    standing: dict[str, OpenEvent] = {}
    after = 0
    while stored := await store.events_of_code(code, after=after, limit=_PAGE_EVENTS):
        after = stored[-1].header.position
        for one in stored:
            if one.payload is None:
                continue
            opened = open_event(one)
            event_id = str(opened.event.get("eventID"))
            if "errorDeclaration" in opened.event:
                standing.pop(event_id, None)
            elif await _begins(store, opened, code):
                standing[event_id] = opened
        if len(stored) < _PAGE_EVENTS:
            break
    return next(reversed(standing.values()), None)


async def takes_in(store: EventStore, opened: OpenEvent, code: str) -> bool:
    """Tell whether an event makes another thing of this one: then that one's code replaces it."""
    return await _is_in(store, opened, code, "inputEPCList")


async def _begins(store: EventStore, opened: OpenEvent, code: str) -> bool:
    event = opened.event
    if event.get("type") == "TransformationEvent":
        return await _is_in(store, opened, code, "outputEPCList")
    is_object = event.get("type") == "ObjectEvent" and event.get("action") == "ADD"
    return is_object and opened.biz_step == _STEP


async def _is_in(store: EventStore, opened: OpenEvent, code: str, list_name: str) -> bool:
    if opened.event.get("type") != "TransformationEvent":
        return False
    if not opened.stored.codes_apart:
        return code in opened.event.get(list_name, ())
    apart = await store.large_event_code(opened.stored.header.entry, code)
    return any(one.list_name == list_name for one in apart)
