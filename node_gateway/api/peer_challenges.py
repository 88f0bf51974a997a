"""Challenges: what an auditor's gateway asks ours, and what we ask others for an auditor here."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from node_gateway.api.deps import BodyDep, GatewayDep, requires
from node_gateway.api.peer_auth import PeerBodyDep, PeerDep
from node_gateway.partners.challenges import asked
from node_gateway.storage.ports import ApiKey

router = APIRouter(tags=["between gateways"])

AuditKey = Annotated[ApiKey, Depends(requires("audit"))]
_JSON: Final = "application/json"


@router.post("/v1/peer/challenges", operation_id="answerChallenge")
async def answer_challenge(caller: PeerDep, body: PeerBodyDep, gateway: GatewayDep) -> Response:
    """Open drawn leaves of ours for an auditor with a grant of full openings of everything.

    Problems: grant_required, anchor_not_found, entries_lost, answer_too_large.
    """
    raw = await gateway.partners.challenges.answer(caller.participant, body)
    return Response(raw, media_type=_JSON)


@router.post("/v1/challenges", operation_id="putChallenge")
async def put_challenge(key: AuditKey, body: BodyDep, gateway: GatewayDep) -> Response:
    """Put a challenge to another participant's gateway, signed with our key; nothing is checked.

    Problems: grant_required, answer_too_large, challenge_refused, peer_unavailable.
    """
    del key
    raw = await gateway.partners.challenges.put(*asked(body))
    return Response(raw, media_type=_JSON)
