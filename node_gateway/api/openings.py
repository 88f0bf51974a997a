"""Openings: for an auditor the whole event, for a receiver every code of a shipment."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from node_gateway.api.deps import EntryPath, GatewayDep, requires
from node_gateway.services.opening import codes_opening, full_opening
from node_gateway.storage.ports import ApiKey

router = APIRouter(tags=["openings"])

AuditKey = Annotated[ApiKey, Depends(requires("audit"))]


@router.get("/v1/events/{entry}/opening", operation_id="getOpening")
async def get_opening(key: AuditKey, gateway: GatewayDep, entry: EntryPath) -> Response:
    """Return a full opening: the whole event and its secret. Whoever has it can show all of it.

    Problems: event_not_found, event_erased.
    """
    del key
    participant = gateway.settings.gateway.participant
    opening = await full_opening(gateway.store, bytes.fromhex(entry), participant=participant)
    return Response(await asyncio.to_thread(opening.to_json), media_type="application/json")


@router.get("/v1/events/{entry}/codes-opening", operation_id="getCodesOpening")
async def get_codes_opening(key: AuditKey, gateway: GatewayDep, entry: EntryPath) -> Response:
    """Return a codes opening: every code of the event, provable without paths.

    Problems: event_not_found, event_erased.
    """
    del key
    opening = await codes_opening(gateway.store, bytes.fromhex(entry))
    return Response(await asyncio.to_thread(opening.to_json), media_type="application/json")
