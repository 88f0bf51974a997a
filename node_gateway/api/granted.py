"""Reading at other participants: for the operator of the gateway that has a grant there."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from node_gateway.api.deps import EntryPath, GatewayDep
from node_gateway.api.grant_bodies import participant_of
from node_gateway.api.grants import After, AuditKey, GrantPath
from node_gateway.api.peer_grants import AfterEntry, Codes

router = APIRouter(tags=["grants"])

_JSON = "application/json"
Owner = Annotated[str, Path(max_length=64, description="Short name or id of the owner.")]


@router.get("/v1/granted/{participant}", operation_id="listGrantsOf")
async def list_grants(key: AuditKey, gateway: GatewayDep, participant: Owner) -> dict[str, Any]:
    """List what a participant lets us read now.

    Problems: participant_not_found, peer_unavailable.
    """
    del key
    owner = participant_of(gateway, participant)
    return await gateway.partners.granting.grantee.grants(owner)


@router.get("/v1/granted/{participant}/reads", operation_id="compareReads")
async def reads(
    key: AuditKey, gateway: GatewayDep, participant: Owner, after: After = 0
) -> dict[str, Any]:
    """Return what a participant says that we read there, signed and recomputed.

    Problems: participant_not_found, peer_unavailable, peer_answer.
    """
    del key
    owner = participant_of(gateway, participant)
    return await gateway.partners.granting.grantee.reads(owner, after=after)


@router.get("/v1/granted/{participant}/{grant}/events", operation_id="listEventsGrantedUs")
async def list_events(
    key: AuditKey,
    gateway: GatewayDep,
    participant: Owner,
    grant: GrantPath,
    after: AfterEntry = None,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """List entries of the events under a grant of a participant.

    Problems: participant_not_found, grant_not_found, peer_unavailable.
    """
    del key
    owner = participant_of(gateway, participant)
    grantee = gateway.partners.granting.grantee
    return await grantee.events(owner, grant, after=after, limit=per_page)


@router.get(
    "/v1/granted/{participant}/{grant}/events/{entry}/bundle", operation_id="fetchGrantedBundle"
)
async def get_bundle(
    key: AuditKey,
    gateway: GatewayDep,
    participant: Owner,
    grant: GrantPath,
    entry: EntryPath,
    codes: Codes = None,
) -> Response:
    """Return the bundle of an event under a grant of a participant: it is of that very event.

    Problems: participant_not_found, grant_not_found, event_not_found, not_final, peer_unavailable,
    peer_answer.
    """
    del key
    owner = participant_of(gateway, participant)
    grantee = gateway.partners.granting.grantee
    raw = await grantee.bundle(owner, grant, bytes.fromhex(entry), list(codes or ()))
    return Response(raw, media_type=_JSON)


@router.get(
    "/v1/granted/{participant}/{grant}/events/{entry}/opening", operation_id="fetchGrantedOpening"
)
async def get_opening(
    key: AuditKey, gateway: GatewayDep, participant: Owner, grant: GrantPath, entry: EntryPath
) -> Response:
    """Return the full opening of an event under a grant; problems as of the bundle."""
    del key
    owner = participant_of(gateway, participant)
    grantee = gateway.partners.granting.grantee
    return Response(await grantee.opening(owner, grant, bytes.fromhex(entry)), media_type=_JSON)


@router.get(
    "/v1/granted/{participant}/{grant}/events/{entry}/codes-opening",
    operation_id="fetchGrantedCodesOpening",
)
async def get_codes_opening(
    key: AuditKey, gateway: GatewayDep, participant: Owner, grant: GrantPath, entry: EntryPath
) -> Response:
    """Return the codes opening of an event under a grant; problems as of the bundle."""
    del key
    owner = participant_of(gateway, participant)
    grantee = gateway.partners.granting.grantee
    return Response(
        await grantee.codes_opening(owner, grant, bytes.fromhex(entry)), media_type=_JSON
    )
