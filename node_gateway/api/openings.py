"""Openings: for an auditor the whole event, for a receiver every code of a shipment."""

from __future__ import annotations

import asyncio
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Response

from anchoring.core.items import encode_base64url
from node_gateway.api.anchors import Number
from node_gateway.api.deps import EntryPath, GatewayDep, requires
from node_gateway.services.opening import codes_opening, decoys_of, full_opening
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


@router.get("/v1/streams/{stream}/anchors/{sequence}/decoys", operation_id="getDecoys")
async def get_decoys(
    key: AuditKey, gateway: GatewayDep, stream: Number, sequence: Number
) -> Response:
    """Open the decoys of a batch, so that an auditor accounts for every entry of its list.

    It tells how many events the batch holds. Problems: anchor_not_found, entries_lost.
    """
    del key
    nonces = await decoys_of(gateway.store, stream, sequence)
    body = {
        "stream": stream,
        "sequence": sequence,
        "decoys": [encode_base64url(nonce) for nonce in nonces],
    }
    return Response(orjson.dumps(body), media_type="application/json")
