"""Messages of other participants: what their gateways post here, signed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from node_gateway.api.deps import GatewayDep
from node_gateway.api.peer_auth import PEER_SECURITY, PeerBodyDep, PeerDep, head_of, signed_body
from node_gateway.partners.message_wire import POST_SIZE_BYTES_MAX, read_told

router = APIRouter(tags=["between gateways"])


@router.post("/v1/peer/messages", operation_id="hearMessage", dependencies=[PEER_SECURITY])
async def hear_message(request: Request, gateway: GatewayDep) -> Response:
    """Take a message, and answer it with a signature.

    Problems: peer_signature, peer_suspended, message_form, message_gap, message_conflict,
    message_not_now.
    """
    peering = gateway.partners.peering
    caller, signed = peering.callers.admit(*head_of(request))
    async with peering.hearing.turn(caller.participant):
        body = await signed_body(request, POST_SIZE_BYTES_MAX)
        await peering.callers.finish(caller, signed, body)
        answer = await peering.hearing.hear(caller, body)
    return Response(answer, media_type="application/json")


@router.post("/v1/peer/position", operation_id="exchangePositions")
async def exchange_positions(
    caller: PeerDep, body: PeerBodyDep, gateway: GatewayDep
) -> dict[str, Any]:
    """Hear how far the caller is with our messages, and tell how far we are with its.

    Problems: peer_signature, peer_suspended, message_position.
    """
    peering = gateway.partners.peering
    own = await peering.hearing.position(caller.participant)
    await peering.positions.told(caller.participant, read_told(body))
    return own.to_wire()
