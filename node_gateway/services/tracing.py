"""Trace: every event of this gateway that names a code, as its operator sees it."""

from __future__ import annotations

from typing import Any, Protocol

from node_gateway.errors import NotFoundError
from node_gateway.services.disclosing import open_event
from node_gateway.storage.code_states import events_with_parent
from node_gateway.storage.corrections import corrective_ids
from node_gateway.storage.database import Database
from node_gateway.storage.ports import EventStore, StoredEvent

PAGE_EVENTS = 1000
PARENTS_MAX = 10_000


class TracingStore(EventStore, Database, Protocol):
    """What tracing needs of the store."""


async def trace(store: TracingStore, code: str) -> dict[str, Any]:
    """Return the events that name a canonical code, in the order of storing.

    One that was declared an error has `correction`: replaced or voided, and by which event. One
    that names it as a parent only, so that no proof is about the code itself, has `role`.

    Raises:
        NotFoundError: no event of this gateway names it.
    """
    found: dict[int, dict[str, Any]] = {}
    after = 0
    while stored := await store.events_of_code(code, after=after, limit=PAGE_EVENTS):
        after = stored[-1].header.position
        found |= {one.header.position: _step(one) for one in stored}
    packed = await store.read(lambda c: events_with_parent(c, code, limit=PARENTS_MAX))
    for position in packed:
        if position not in found:
            (one,) = await store.events_after(position - 1, limit=1)
            found[position] = {**_step(one), "role": "parent"}
    steps = [found[position] for position in sorted(found)]
    if not steps:
        raise NotFoundError("no event of this gateway names this code", code="code_not_found")
    declared = {step["eventID"]: step for step in steps if step.get("hasErrorDeclaration")}
    for step in steps:
        declaration = declared.get(step.get("eventID", ""))
        if declaration is not None and step is not declaration:
            step["correction"] = {
                "status": "replaced" if declaration["correctiveEventIDs"] else "voided",
                "declaration": declaration["entry"],
            }
    return {"code": code, "events": steps}


def _step(stored: StoredEvent) -> dict[str, Any]:
    header = stored.header
    step: dict[str, Any] = {
        "entry": header.entry.hex(),
        "state": header.state,
        "erased": header.erased,
    }
    if header.erased or stored.payload is None:
        return step
    opened = open_event(stored)
    for member in ("eventID", "type", "action", "bizStep", "disposition", "eventTime"):
        if member in opened.event:
            step[member] = opened.event[member]
    for member in ("readPoint", "bizLocation"):
        if member in opened.event:
            step[member] = opened.event[member].get("id")
    if "parentID" in opened.event:
        step["parentID"] = opened.event["parentID"]
    step["hasErrorDeclaration"] = "errorDeclaration" in opened.event
    if step["hasErrorDeclaration"]:
        step["correctiveEventIDs"] = corrective_ids(opened.event)
    return step
