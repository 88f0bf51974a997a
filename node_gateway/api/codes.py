"""Codes: the operator's trace, and the public answer by possession."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from node_gateway.api.deps import GatewayDep, QueryKey, address, key_text
from node_gateway.services.access import SCOPES
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

    A code that is unknown here and one of which nothing is disclosed get the same answer, and
    wait for it as long. With an API key the look-up counts for the key, else for the address.
    Problems: identifier_form, check_digit, rate_limit, api_key.
    """
    began, key = time.monotonic(), key_text(request)
    known = await gateway.access.require(key, *SCOPES) if key else None
    gateway.lookups.check(address(request), key=known.key_id if known else None)
    canonical, lot = gateway.scanned(code)
    gateway.lookups.about(canonical, lot)
    answer = await gateway.public.answer(canonical)
    await gateway.lookups.pace(began)
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})
