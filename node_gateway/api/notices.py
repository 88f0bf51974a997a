"""Notices: what anybody may read on the chain, and what they mean for the goods of this gateway."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from anchoring.directory.code_list import (
    LIST_SIZE_BYTES_MAX,
    LIST_TOO_LARGE,
    CodeListError,
    parse_code_list,
)
from node_gateway.api.deps import GatewayDep, OperateKey, QueryKey, address
from node_gateway.services.notice_goods import Where
from node_gateway.services.notice_words import notice_wire

router = APIRouter(tags=["notices"])

_NUMBER_MAX = 2**53 - 1
_PAGE_MAX = 1000
Number = Annotated[int, Path(ge=1, le=_NUMBER_MAX, description="Number of the notice.")]
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=_PAGE_MAX)]
AfterCode = Annotated[str, Query(max_length=1000, description="Code to go on from.")]


@router.get("/v1/notices", operation_id="listNotices")
async def list_notices(
    request: Request,
    gateway: GatewayDep,
    after: Annotated[int, Query(ge=0, le=_NUMBER_MAX, description="Number to go on from.")] = 0,
    per_page: PerPage = 100,
    product: Annotated[str | None, Query(max_length=64, description="gs1:... or cn:...")] = None,
    standing: Annotated[bool, Query(description="Only those that are not lifted.")] = False,
) -> dict[str, Any]:
    """List the notices of the board, as far as the chain was read. Anybody may ask.

    Problems: parameter, rate_limit.
    """
    gateway.lists.check(address(request))
    directory = gateway.notices.directory
    found = [
        one
        for number, one in sorted(directory.notices.items())
        if number > after and (one.level or not standing) and product in (None, one.product)
    ]
    more = found[per_page - 1].id if len(found) > per_page else None
    head = directory.head
    time = datetime.fromtimestamp(head.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "notices": [notice_wire(one, directory) for one in found[:per_page]],
        "next": more,
        "head": {"number": head.number, "time": time if head.time else None},
    }


@router.get("/v1/notices/{number}", operation_id="getNotice")
async def get_notice(request: Request, gateway: GatewayDep, number: Number) -> dict[str, Any]:
    """Return one notice with its history. Anybody may ask. Problems: notice_not_found, rate_limit.

    A lifted notice stays, with level 0.
    """
    gateway.lists.check(address(request))
    return notice_wire(gateway.notices.notice(number), gateway.notices.directory)


@router.get("/v1/notices/{number}/affected", operation_id="listAffectedCodes")
async def affected(
    key: QueryKey,
    gateway: GatewayDep,
    number: Number,
    after: AfterCode = "",
    per_page: PerPage = 100,
    where: Annotated[Where, Query(description="In our hands, no longer, or both.")] = "here",
) -> dict[str, Any]:
    """List the codes known here that a notice means or may mean, with counts on the first page.

    Problems: notice_not_found, parameter.
    """
    del key
    return await gateway.notice_goods.affected(number, after=after, limit=per_page, where=where)


@router.get("/v1/notices/{number}/findings", operation_id="listNoticeFindings")
async def findings(
    key: QueryKey, gateway: GatewayDep, number: Number, after: AfterCode = ""
) -> dict[str, Any]:
    """List the events by which recalled codes went on while the notice stood.

    Problems: notice_not_found, parameter.
    """
    del key
    return await gateway.notice_goods.findings(number, after=after)


@router.post("/v1/notices/{number}/list", operation_id="loadNoticeList", status_code=201)
async def load_list(
    key: OperateKey, gateway: GatewayDep, request: Request, number: Number
) -> dict[str, Any]:
    """Take in the list of codes that a notice names by its digest. It is never handed out again.

    Problems: notice_not_found, list_not_wanted, list_digest, list_product, list_form,
    list_too_large.
    """
    del key
    notice = gateway.notices.notice(number)
    async with gateway.notices.loading:  # one at a time: a list may fill a good part of the memory
        raw = await _limited(request, gateway.settings.limits.import_size_bytes_max)
        codes = await asyncio.to_thread(parse_code_list, raw)
        del raw
        count = await gateway.notices.load_list(number, codes)
    return {"notice": number, "digest": notice.digest.hex(), "codeCount": count}


async def _limited(request: Request, size_bytes_max: int) -> bytes:
    limit, body = min(LIST_SIZE_BYTES_MAX, size_bytes_max), bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise CodeListError(f"a list has at most {limit} bytes here", code=LIST_TOO_LARGE)
    return bytes(body)
