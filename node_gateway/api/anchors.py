"""Anchors and public entry lists: what anybody may read, because it tells nothing."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from node_gateway.api.deps import GatewayDep, address
from node_gateway.errors import NotFoundError
from node_gateway.storage.ports import StoredAnchor

router = APIRouter(tags=["anchors"])

_HASH_SIZE = 32
_NUMBER_MAX = 2**53 - 1
Number = Annotated[int, Path(ge=1, le=_NUMBER_MAX)]


@router.get("/v1/anchors", operation_id="listAnchors")
async def list_anchors(
    request: Request,
    gateway: GatewayDep,
    stream: Annotated[int | None, Query(ge=1, le=_NUMBER_MAX)] = None,
    after: Annotated[int, Query(ge=0, le=_NUMBER_MAX, description="Sequence to go on from.")] = 0,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=1000)] = 100,
) -> Response:
    """List the anchors of a stream, by sequence; RFC 8288 `Link` leads to the next page."""
    gateway.lists.check(address(request))
    number = stream if stream is not None else gateway.streams.ordinary.number
    anchors = await gateway.store.anchors(number, after=after, limit=per_page)
    return anchors_answer(
        [anchor_wire(one) for one in anchors],
        stream=number,
        streams=[one.number for one in gateway.streams.all],
        limit=per_page,
        path="/v1/anchors",
    )


@router.get("/v1/streams/{stream}/anchors/{sequence}/entries", operation_id="listEntries")
async def list_entries(
    request: Request, gateway: GatewayDep, stream: Number, sequence: Number
) -> Response:
    """Return the public list of entries of a batch, decoys included, strictly ascending.

    Problems: anchor_not_found, entries_lost.
    """
    gateway.lists.check(address(request))
    stored = await gateway.store.anchor(stream, sequence)
    if stored is None:
        raise NotFoundError("no such anchor", code="anchor_not_found")
    raw = (await gateway.store.batch_entries(stream, sequence)).hex()
    if not raw:  # taken over from the chain after an old copy was restored
        raise NotFoundError("this database lost the list", code="entries_lost")
    return entries_answer(stream, sequence, raw)


def anchors_answer(
    anchors: list[dict[str, Any]], *, stream: int, streams: list[int], limit: int, path: str
) -> Response:
    """Return a page of anchors with the way to the next one."""
    headers = {}
    if len(anchors) == limit:
        last = anchors[-1]["sequence"]
        target = f"{path}?stream={stream}&after={last}&perPage={limit}"
        headers["Link"] = f'<{target}>; rel="next"'
    body = {"stream": stream, "streams": streams, "anchors": anchors}
    return JSONResponse(body, headers=headers)


def entries_answer(stream: int, sequence: int, raw: str) -> Response:
    """Return a list of entries, given in hex without anything between them; it never changes."""
    width = 2 * _HASH_SIZE
    body = {
        "stream": stream,
        "sequence": sequence,
        "entries": [raw[at : at + width] for at in range(0, len(raw), width)],
    }
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Access-Control-Allow-Origin": "*",  # an auditor's page compares paths with it
    }
    return JSONResponse(body, headers=headers)


def anchor_wire(stored: StoredAnchor) -> dict[str, Any]:
    """The number of events is not among it: under fixed padding nobody may learn it."""
    anchor, place = stored.anchor, stored.place
    return {
        "stream": anchor.stream,
        "sequence": anchor.sequence,
        "root": anchor.root.hex(),
        "size": anchor.size,
        "previousTip": anchor.previous_tip.hex(),
        "state": stored.state,
        "blockNumber": place.block_number if place else None,
        "blockTime": place.block_time if place else None,
        "txHash": place.tx_hash.hex() if place else None,
    }
