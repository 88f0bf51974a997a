"""Messages of other participants: what their gateways post here, signed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from node_gateway.api.deps import GatewayDep
from node_gateway.api.peer_auth import PEER_SECURITY, PeerDep, head_of, signed_body
from node_gateway.partners.message_wire import POST_SIZE_BYTES_MAX

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


@router.post("/v1/peer/position", operation_id="showPosition")
async def show_position(caller: PeerDep, gateway: GatewayDep) -> dict[str, Any]:
    """Tell the caller how far we are with its messages.

    Problems: peer_signature, peer_suspended.
    """
    position = await gateway.partners.peering.hearing.position(caller.participant)
    return position.to_wire()
