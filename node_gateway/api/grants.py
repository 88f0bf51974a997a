"""Grants: what the operator lets others read, what they read, and who can see an event."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from node_gateway.api.deps import BodyDep, EntryPath, GatewayDep, QueryKey, read, requires
from node_gateway.api.grant_bodies import GrantIn, grant_wish, participant_of, slugs_of
from node_gateway.epcis.parse import parse_json
from node_gateway.errors import ParameterError
from node_gateway.partners.grants import permission_wire
from node_gateway.services.gateway import Gateway
from node_gateway.storage import grant_reads
from node_gateway.storage.grants import Permission
from node_gateway.storage.ports import ApiKey

router = APIRouter(tags=["grants"])

NUMBER_MAX = 2**53 - 1
BODY_SIZE_BYTES_MAX = 2 * 1024 * 1024
AdminKey = Annotated[ApiKey, Depends(requires("admin"))]
AuditKey = Annotated[ApiKey, Depends(requires("audit"))]
GrantPath = Annotated[str, Path(max_length=64, description="Id of the grant.")]
After = Annotated[int, Query(ge=0, le=NUMBER_MAX, description="Number to go on from.")]
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=1000)]
Participant = Annotated[str, Query(max_length=64, description="Short name or id.")]


@router.post("/v1/grants", operation_id="giveGrant", status_code=201)
async def give(key: AdminKey, gateway: GatewayDep, body: BodyDep) -> dict[str, Any]:
    """Let another participant read chosen items of chosen events until a date.

    Problems: grant_scope, grant_items, purpose_form, until_form, time_form, lot_form,
    product_form, participant_not_found, identifier_form, check_digit.
    """
    wanted = read(GrantIn, body, size_bytes_max=BODY_SIZE_BYTES_MAX)
    granting = gateway.partners.granting
    given = await granting.giving.give(grant_wish(gateway, wanted), by=key.key_id)
    return _wire(gateway, given)


@router.get("/v1/grants", operation_id="listGrants")
async def list_grants(
    key: AuditKey,
    gateway: GatewayDep,
    after: After = 0,
    per_page: PerPage = 100,
    participant: Participant | None = None,
) -> dict[str, Any]:
    """List the grants, ended ones too, by number. Problems: participant_not_found."""
    del key
    grantee = None if participant is None else participant_of(gateway, participant)
    giving = gateway.partners.granting.giving
    found, following = await giving.listed(after=after, limit=per_page, grantee=grantee)
    return {"grants": [_wire(gateway, one) for one in found], "next": following}


@router.get("/v1/grants/{grant}", operation_id="getGrant")
async def get_grant(key: AuditKey, gateway: GatewayDep, grant: GrantPath) -> dict[str, Any]:
    """Return a grant. Problems: grant_not_found."""
    del key
    return _wire(gateway, await gateway.partners.granting.giving.of_id(grant))


@router.post("/v1/grants/{grant}/revoke", operation_id="revokeGrant")
async def revoke(key: AdminKey, gateway: GatewayDep, grant: GrantPath) -> dict[str, Any]:
    """End a grant: the next request under it is refused. Problems: grant_not_found."""
    giving = gateway.partners.granting.giving
    return _wire(gateway, await giving.revoke(grant, by=key.key_id))


@router.get("/v1/reads", operation_id="listReads")
async def list_reads(
    key: AuditKey,
    gateway: GatewayDep,
    participant: Participant,
    after: After = 0,
    per_page: PerPage = 100,
) -> dict[str, Any]:
    """List what a participant read here under grants, oldest first.

    Problems: participant_not_found.
    """
    del key
    grantee, owner = participant_of(gateway, participant), gateway.settings.gateway.participant
    found = await gateway.store.read(
        lambda c: grant_reads.reads_of(c, grantee, owner=owner, after=after, limit=per_page + 1)
    )
    more = found[per_page - 1].number if len(found) > per_page else None
    return {
        "participant": grantee,
        "reads": [one.to_wire() for one in found[:per_page]],
        "next": more,
    }


@router.get("/v1/reads/check", operation_id="checkReads")
async def check_reads(key: AuditKey, gateway: GatewayDep) -> dict[str, Any]:
    """Recompute the log of reads, and compare it with what anchored events state of it."""
    del key
    return (await gateway.partners.granting.log.check()).to_wire()


@router.post("/v1/reads/state", operation_id="stateReads", status_code=201)
async def state_reads(key: AdminKey, gateway: GatewayDep) -> dict[str, Any]:
    """State the log of reads in an event now; `entry` is null where it did not go on.

    Problems: read_only.
    """
    del key
    entry = await gateway.partners.granting.log.state_now()
    return {"entry": None if entry is None else entry.hex()}


@router.get("/v1/events/{entry}/visibility", operation_id="getVisibility")
async def visibility(key: QueryKey, gateway: GatewayDep, entry: EntryPath) -> dict[str, Any]:
    """Return who can see an event: audiences, partners that got it, grants, reads, the chain.

    Problems: event_not_found, event_erased.
    """
    del key
    return await gateway.partners.granting.visibility.of(bytes.fromhex(entry))


@router.post("/v1/visibility", operation_id="foreseeVisibility")
async def foresee(key: QueryKey, gateway: GatewayDep, body: BodyDep) -> dict[str, Any]:
    """Return who will see the events of an EPCIS document; nothing is stored.

    Problems: document_refused, body_too_large.
    """
    del key
    limit = gateway.settings.limits.body_size_bytes_max
    document = parse_json(body, size_bytes_max=limit)
    if not isinstance(document, dict):
        raise ParameterError("an EPCISDocument is expected here", code="document_kind")
    events = await asyncio.to_thread(gateway.partners.granting.normalised, document)
    seen = gateway.partners.granting.visibility
    return {"events": [seen.of_draft(one) for one in events]}


def _wire(gateway: Gateway, one: Permission) -> dict[str, Any]:
    return permission_wire(one, gateway.clock(), slugs_of(gateway))
