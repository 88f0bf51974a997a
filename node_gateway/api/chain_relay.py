"""The chain relay: what a browser asks a participant about the chain, from any page."""

from __future__ import annotations

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from node_gateway.api.deps import GatewayDep, address
from node_gateway.errors import NotFoundError, RateLimitError
from node_gateway.services.gateway import Gateway
from node_gateway.services.relaying_chain import BODY_SIZE_BYTES_MAX, METHODS, refusal

PATH: Final = "/chain/rpc"
router = APIRouter(tags=["chain"])
_OPEN: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Sealtrail-Relay, Retry-After",
    "Cache-Control": "no-store",
}
_PREFLIGHT: Final = {
    **_OPEN,
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "content-type",
    "Access-Control-Allow-Private-Network": "true",
    "Access-Control-Max-Age": "86400",
}


@router.post(PATH, operation_id="relayChain")
async def relay_chain(request: Request, gateway: GatewayDep) -> Response:
    """Pass JSON-RPC calls that read on to our chain endpoint; needs no key, open to all pages.

    Problems: relay_not_found. Limits are told as JSON-RPC errors, with 413 and 429, so that
    pages of other origins can read them.
    """
    _require(gateway)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_SIZE_BYTES_MAX:
            said = refusal(f"the body has more than {BODY_SIZE_BYTES_MAX} bytes")
            return _answer(gateway, said, status=413, Connection="close")
    try:
        answer = await gateway.pages.relay.answer(bytes(body), address(request))
    except RateLimitError as error:
        wait = {"Retry-After": str(error.retry_after_s)}
        return _answer(gateway, refusal(str(error)), status=429, **wait)
    return _answer(gateway, answer)


@router.get(PATH, operation_id="describeRelay")
async def describe_relay(gateway: GatewayDep) -> Response:
    """Say that this is a relay, whose, and what it passes on.

    Problems: relay_not_found.
    """
    _require(gateway)
    said = {
        "relay": True,
        "participant": gateway.settings.gateway.participant,
        "chainId": gateway.directory.network.chain_id,
        "methods": sorted(METHODS),
    }
    return _answer(gateway, said)


@router.options(PATH, include_in_schema=False)
async def relay_preflight() -> Response:
    """Let pages of every origin ask, of private networks too."""
    return Response(status_code=204, headers=_PREFLIGHT)


def _require(gateway: Gateway) -> None:
    if not gateway.pages.relay.enabled:
        raise NotFoundError("no relay is offered here", code="relay_not_found")


def _answer(gateway: Gateway, said: Any, *, status: int = 200, **more: str) -> Response:
    label = f"participant={gateway.settings.gateway.participant}"
    return Response(
        orjson.dumps(said),
        status_code=status,
        media_type="application/json",
        headers={**_OPEN, "Sealtrail-Relay": label, **more},
    )
