"""Codes: the operator's trace, and the public answer by possession."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from node_gateway.api.deps import GatewayDep, QueryKey, address
from node_gateway.services.tracing import trace

router = APIRouter(tags=["codes"])


@router.get("/v1/codes/{code:path}", operation_id="traceCode")
async def trace_code(key: QueryKey, gateway: GatewayDep, code: str) -> dict[str, Any]:
    """Return every event of this gateway that names a code, oldest first.

    Problems: identifier_form, check_digit, code_not_found.
    """
    del key
    await gateway.follower.catch_up()
    return await trace(gateway.store, gateway.canonical_code(code))


@router.get("/v1/public/codes/{code:path}", operation_id="lookUpCode")
async def look_up_code(request: Request, gateway: GatewayDep, code: str) -> Response:
    """Answer anybody who holds a code, without a key.

    A code that is unknown here and one of which nothing is disclosed get the same answer.
    Problems: identifier_form, check_digit, rate_limit.
    """
    gateway.lookups.check(address(request))
    answer = await gateway.public.answer(gateway.canonical_code(code))
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})
