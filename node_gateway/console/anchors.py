"""Sealed: the anchors of each stream, newest first, with their state."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from node_gateway.api.anchors import anchor_wire
from node_gateway.api.deps import GatewayDep
from node_gateway.console.access import Screen, Viewer
from node_gateway.console.layout import screen
from node_gateway.console.lists import NUMBER_MAX, PAGE, After, Listed, PerPage, Wanted, links, twin
from node_gateway.services.gateway import Gateway

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

_COLUMNS: Final = (
    *("stream", "sequence", "state", "root", "size", "blockNumber", "blockTime", "txHash"),
)


@router.get("/anchors", name="anchors")
async def list_anchors(
    request: Request,
    gateway: GatewayDep,
    asking: Viewer,
    stream: Annotated[int | None, Query(ge=1, le=NUMBER_MAX)] = None,
    after: After = 0,
    per_page: PerPage = PAGE,
    form: Wanted = "html",
) -> Response:
    """List the anchors of a stream, newest first; `after` is a sequence to go down from."""
    own = gateway.streams
    streams = {own.ordinary.number: "ordinary", own.dispensing.number: "dispensing"}
    number = stream if stream is not None else gateway.streams.ordinary.number
    last = after - 1 if after else await _last(gateway, number)
    first = max(0, last - per_page)  # sequences are dense: a page is known by its ends
    found = await gateway.store.anchors(number, after=first, limit=last - first) if last else []
    rows = [anchor_wire(one) for one in reversed(found)]
    listed = Listed("anchors", _COLUMNS, rows, first + 1 if first else None)
    return twin(listed, form) or screen(
        request,
        asking.person,
        "anchors",
        listed=listed,
        links=links(request, listed),
        stream=number,
        streams=streams,
    )


async def _last(gateway: Gateway, number: int) -> int:
    status = await gateway.store.status()
    known = [one.last_batched_sequence for one in status.streams if one.stream == number]
    return known[0] if known else 0


__all__ = ["router"]
