"""What participants published before they left, served in their place from their archives.

Below `/archives/{slug}` stand the public addresses of a gateway, so that whoever reads a gateway
reads an archive by its base address.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from node_gateway.api.anchors import Number, anchors_answer, entries_answer
from node_gateway.api.deps import GatewayDep, address
from node_gateway.archive import reading
from node_gateway.errors import NotFoundError

router = APIRouter(tags=["archives"])

_NUMBER_MAX = 2**53 - 1
Slug = Annotated[str, Path(max_length=32)]


@router.get("/v1/archives", operation_id="listArchives")
async def list_archives(request: Request, gateway: GatewayDep) -> dict[str, Any]:
    """List the participants whose archives are served here."""
    gateway.lists.check(address(request))
    return {
        "archives": [
            {"slug": one.slug, **one.about(), "base": f"/archives/{one.slug}"}
            for one in gateway.archives.all()
        ]
    }


@router.get("/archives/{slug}/v1/anchors", operation_id="listArchivedAnchors")
async def list_anchors(
    request: Request,
    gateway: GatewayDep,
    slug: Slug,
    stream: Annotated[int | None, Query(ge=1, le=_NUMBER_MAX)] = None,
    after: Annotated[int, Query(ge=0, le=_NUMBER_MAX)] = 0,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=1000)] = 100,
) -> Response:
    """List the final anchors of a stream, like `/v1/anchors`. Problems: archive_not_found."""
    gateway.lists.check(address(request))
    archive = gateway.archives.of(slug)
    number = stream if stream is not None else min(archive.streams, default=0)
    return anchors_answer(
        await reading.anchors(archive, number, after=after, limit=per_page),
        stream=number,
        streams=list(archive.streams),
        limit=per_page,
        path=f"/archives/{slug}/v1/anchors",
    )


@router.get(
    "/archives/{slug}/v1/streams/{stream}/anchors/{sequence}/entries",
    operation_id="listArchivedEntries",
)
async def list_entries(
    request: Request, gateway: GatewayDep, slug: Slug, stream: Number, sequence: Number
) -> Response:
    """Return the public list of a batch. Problems: archive_not_found, anchor_not_found."""
    gateway.lists.check(address(request))
    entries = await reading.entries(gateway.archives.of(slug), stream, sequence)
    if entries is None:
        raise NotFoundError("no such anchor", code="anchor_not_found")
    return entries_answer(stream, sequence, entries.hex())


@router.get("/archives/{slug}/v1/public/codes/{code:path}", operation_id="lookUpArchivedCode")
async def look_up_code(request: Request, gateway: GatewayDep, slug: Slug, code: str) -> Response:
    """Answer anybody who holds a code, as of the export.

    Problems: archive_not_found, identifier_form, check_digit, rate_limit.
    """
    gateway.lookups.check(address(request))
    archive, (canonical, stated) = gateway.archives.of(slug), gateway.scanned(code)
    gateway.lookups.about(canonical, stated)
    answer = await reading.answer(archive, canonical)
    lot = answer.get("product", {}).get("lot")
    answer["notices"] = await gateway.public.banners(canonical, lot)  # those of now
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})
