"""Health, readiness and metrics."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from node_gateway.api.deps import GatewayDep, key_text

router = APIRouter(tags=["health"])

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@router.get("/healthz", operation_id="health")
async def health() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/readyz", operation_id="readiness")
async def readiness(
    gateway: GatewayDep,
    verbose: Annotated[str | None, Query(max_length=8, description="Say more.")] = None,
) -> Response:
    """Say what the gateway takes: 503 only while starting or fatal.

    `read_only` is 200 with a reason (proofs are served, captures answer 503); `degraded` is 200
    too, with what runs short. `?verbose` adds how new the directory of the network is.
    """
    view = gateway.gate.view
    body: dict[str, Any] = {"status": view.state}
    if view.reason:
        body["reason"] = view.reason
    if view.degraded:
        body["degraded"] = view.degraded
    if verbose is not None:
        known = gateway.directory.view
        body["directory"] = {
            "state": str(known.state),
            "code": known.code,
            "block": known.head.number if known.head else None,
            "lagBlocks": known.lag_blocks,
            "ageSeconds": gateway.directory.age_s,
        }
    return JSONResponse(body, status_code=200 if view.serves else 503)


@router.get("/metrics", operation_id="metrics")
async def metrics(request: Request, gateway: GatewayDep) -> Response:
    """Return Prometheus metrics; needs a key with scope `query` unless bound to loopback."""
    if gateway.settings.gateway.host not in _LOOPBACK:
        await gateway.access.require(key_text(request), "query")
    return Response(generate_latest(gateway.metrics.registry), media_type=CONTENT_TYPE_LATEST)
