"""Other participants: what their gateways post here, signed; what operators see of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from node_gateway.api.deps import GatewayDep, QueryKey, address, requires
from node_gateway.api.peer_auth import (
    PEER_SECURITY,
    PeerBodyDep,
    PeerDep,
    head_of,
    signed_body,
)
from node_gateway.partners.message_wire import POST_SIZE_BYTES_MAX, read_told, read_wanted
from node_gateway.storage.peers import Way
from node_gateway.storage.ports import ApiKey

router = APIRouter(tags=["between gateways"])

_NUMBER_MAX = 2**53 - 1
AdminKey = Annotated[ApiKey, Depends(requires("admin"))]
Peer = Annotated[str, Path(max_length=64, description="Slug or id of a participant.")]
Direction = Annotated[
    Literal["in", "out"], Query(alias="way", description="What it said, or what we said.")
]
_WAYS = {"in": Way.HEARD, "out": Way.SAID}


@router.post("/v1/peer/messages", operation_id="hearMessage", dependencies=[PEER_SECURITY])
async def hear_message(request: Request, gateway: GatewayDep) -> Response:
    """Take a message, and answer it with a signature.

    Problems: peer_signature, peer_suspended, message_form, message_gap, message_conflict,
    message_not_now, rate_limit.
    """
    peering = gateway.partners.peering
    caller, signed = peering.callers.admit(address(request), *head_of(request))
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


@router.post("/v1/peer/messages/back", operation_id="giveMessageBack")
async def give_message_back(caller: PeerDep, body: PeerBodyDep, gateway: GatewayDep) -> Response:
    """Give back a message that the caller said to us and has forgotten, with our answer to it.

    Problems: peer_signature, peer_suspended, message_form, message_not_found.
    """
    hearing = gateway.partners.peering.hearing
    found = await hearing.give_back(caller.participant, read_wanted(body))
    return Response(found, media_type="application/octet-stream")


@router.get("/v1/peers", operation_id="listPeers")
async def list_peers(key: QueryKey, gateway: GatewayDep) -> dict[str, Any]:
    """List everybody else in the network, and how far we are with each other."""
    del key
    return {"peers": await gateway.partners.peering.views.all()}


@router.get("/v1/peers/{peer}", operation_id="getPeer")
async def get_peer(key: QueryKey, gateway: GatewayDep, peer: Peer) -> dict[str, Any]:
    """Return one of them, with what is wrong in words. Problems: participant_not_found."""
    del key
    return await gateway.partners.peering.views.one(peer)


@router.post("/v1/peers/{peer}/ping", operation_id="pingPeer")
async def ping_peer(admin: AdminKey, gateway: GatewayDep, peer: Peer) -> dict[str, Any]:
    """Ask its gateway how far it is, and say what is wrong. Problems: participant_not_found."""
    del admin
    return await gateway.partners.peering.views.ping(peer)


@router.post("/v1/peers/{peer}/retry", operation_id="retryPeer")
async def retry_peer(admin: AdminKey, gateway: GatewayDep, peer: Peer) -> dict[str, Any]:
    """Send now what waits for it; an alarm counts as seen. Problems: participant_not_found."""
    del admin
    return await gateway.partners.peering.views.retry(peer)


@router.get("/v1/peers/{peer}/messages", operation_id="listPeerMessages")
async def list_messages(
    key: QueryKey,
    gateway: GatewayDep,
    peer: Peer,
    way: Direction = "out",
    after: Annotated[int, Query(ge=0, le=_NUMBER_MAX, description="Number to go on from.")] = 0,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """List messages of one way by number, without their bodies.

    Problems: participant_not_found, parameter.
    """
    del key
    views = gateway.partners.peering.views
    return await views.messages(peer, _WAYS[way], after=after, limit=per_page)


@router.get("/v1/peers/{peer}/messages/{number}", operation_id="exportPeerMessage")
async def export_message(
    key: QueryKey,
    gateway: GatewayDep,
    peer: Peer,
    number: Annotated[int, Path(ge=1, le=_NUMBER_MAX)],
    way: Direction = "out",
) -> Response:
    """Return one message with both signatures as a file that a third party verifies.

    Problems: participant_not_found, message_not_found.
    """
    del key
    message = await gateway.partners.peering.views.message(peer, _WAYS[way], number)
    return Response(message.to_json(), media_type="application/json")
