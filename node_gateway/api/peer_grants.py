"""Reading under grants: what other gateways ask for, signed. It needs no API key, nor takes one."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from anchoring.core.merkle import HASH_SIZE
from anchoring.core.strict_json import BUNDLE_SIZE_BYTES_MAX
from node_gateway.api.deps import EntryPath, GatewayDep
from node_gateway.api.grants import NUMBER_MAX, GrantPath
from node_gateway.api.peer_auth import PeerDep
from node_gateway.errors import TooLargeError
from node_gateway.storage.grants import Permission

router = APIRouter(tags=["between gateways"])

CODES_MAX = 256
_JSON = "application/json"
AfterEntry = Annotated[
    str | None,
    Query(pattern=rf"^[0-9a-f]{{{2 * HASH_SIZE}}}$", description="Entry to go on from."),
]
Codes = Annotated[
    list[str] | None, Query(alias="code", max_length=CODES_MAX, description="Codes to disclose.")
]


@router.get("/v1/peer/grants", operation_id="listHeldGrants")
async def list_grants(caller: PeerDep, gateway: GatewayDep) -> dict[str, Any]:
    """List the grants that the caller has here now. Problems: peer_signature, peer_suspended."""
    held = await gateway.partners.grants.grants(caller.participant)
    return {"owner": gateway.settings.gateway.participant, "grants": [_wire(one) for one in held]}


@router.get("/v1/peer/grants/{grant}/events", operation_id="listGrantedEvents")
async def list_events(
    caller: PeerDep,
    gateway: GatewayDep,
    grant: GrantPath,
    after: AfterEntry = None,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """List entries of the events under a grant. Problems: grant_not_found, event_not_found."""
    found = await gateway.partners.grants.events(
        caller.participant,
        grant,
        after=None if after is None else bytes.fromhex(after),
        limit=min(per_page, gateway.settings.grants.page_events_max),
    )
    return {
        "entries": [one.hex() for one in found.entries],
        "next": None if found.after is None else found.after.hex(),
    }


@router.get("/v1/peer/grants/{grant}/events/{entry}/bundle", operation_id="getGrantedBundle")
async def get_bundle(
    caller: PeerDep,
    gateway: GatewayDep,
    grant: GrantPath,
    entry: EntryPath,
    codes: Codes = None,
) -> Response:
    """Return the bundle of an event with the items of a grant.

    Problems: grant_not_found, event_not_found, code_not_found, codes_not_chosen, not_final.
    """
    bundle = await gateway.partners.grants.bundle(
        caller.participant,
        grant,
        bytes.fromhex(entry),
        [gateway.canonical_code(code) for code in codes or ()],
    )
    raw = bundle.to_json()
    if len(raw) > BUNDLE_SIZE_BYTES_MAX:
        raise TooLargeError("the bundle would be too large", code="bundle_too_large")
    return Response(raw, media_type=_JSON)


@router.get("/v1/peer/grants/{grant}/events/{entry}/opening", operation_id="getGrantedOpening")
async def get_opening(
    caller: PeerDep, gateway: GatewayDep, grant: GrantPath, entry: EntryPath
) -> Response:
    """Return the full opening of an event, if the grant says so.

    Problems: grant_not_found, event_not_found, opening_beyond_scope.
    """
    made = await gateway.partners.grants.opening(caller.participant, grant, bytes.fromhex(entry))
    return Response(await asyncio.to_thread(made.to_json), media_type=_JSON)


@router.get(
    "/v1/peer/grants/{grant}/events/{entry}/codes-opening", operation_id="getGrantedCodesOpening"
)
async def get_codes_opening(
    caller: PeerDep, gateway: GatewayDep, grant: GrantPath, entry: EntryPath
) -> Response:
    """Return the codes opening of an event, if the grant says so; problems as of the opening."""
    made = await gateway.partners.grants.codes_opening(
        caller.participant, grant, bytes.fromhex(entry)
    )
    return Response(await asyncio.to_thread(made.to_json), media_type=_JSON)


@router.get("/v1/peer/reads", operation_id="stateOwnReads")
async def reads(
    caller: PeerDep,
    gateway: GatewayDep,
    after: Annotated[int, Query(ge=0, le=NUMBER_MAX, description="Number to go on from.")] = 0,
) -> dict[str, Any]:
    """Return what the caller read here, signed, with the proof of the anchored end of the log."""
    return await gateway.partners.granting.log.statement(caller.participant, after=after)


def _wire(one: Permission) -> dict[str, Any]:
    return {
        "id": one.id,
        "purpose": one.purpose,
        "validFrom": one.valid_from,
        "validUntil": one.valid_until,
        "terms": one.terms,
    }
