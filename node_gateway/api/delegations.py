"""Delegations: who may act in our name, and acting in somebody else's."""

from __future__ import annotations

import re
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Path, Response

from node_gateway.api.deps import BodyDep, GatewayDep, OperateKey, read
from node_gateway.api.grant_bodies import (
    DelegationIn,
    delegation_wish,
    participant_of,
    slugs_of,
)
from node_gateway.api.grants import (
    BODY_SIZE_BYTES_MAX,
    AdminKey,
    After,
    AuditKey,
    PerPage,
)
from node_gateway.api.operating import OperationIn, order_of
from node_gateway.api.peer_auth import PeerBodyDep, PeerDep
from node_gateway.epcis.operations import OPERATIONS
from node_gateway.errors import NotFoundError, ParameterError
from node_gateway.partners.grants import permission_wire

router = APIRouter(tags=["delegations"])

_PARTY = re.compile(r"[0-9]{13}|[A-Za-z][A-Za-z0-9+.-]*:\S+")
DelegationPath = Annotated[str, Path(max_length=64, description="Id of the delegation.")]
Owner = Annotated[str, Path(max_length=64, description="Short name or id of the participant.")]

RequestKey = Annotated[str, Path(max_length=100, description="The provider's name for it.")]


@router.post("/v1/delegations", operation_id="delegate", status_code=201)
async def delegate(key: AdminKey, gateway: GatewayDep, body: BodyDep) -> dict[str, Any]:
    """Let a logistics provider do operations in our name, limited in goods, places and time.

    Problems: operation_not_found, purpose_form, until_form, time_form, lot_form, product_form,
    participant_not_found.
    """
    wanted = read(DelegationIn, body, size_bytes_max=BODY_SIZE_BYTES_MAX)
    delegations = gateway.partners.granting.delegations
    given = await delegations.give(delegation_wish(gateway, wanted), by=key.key_id)
    return permission_wire(given, gateway.clock(), slugs_of(gateway))


@router.get("/v1/delegations", operation_id="listDelegations")
async def list_delegations(
    key: AuditKey, gateway: GatewayDep, after: After = 0, per_page: PerPage = 100
) -> dict[str, Any]:
    """List the delegations, ended ones too, by number."""
    del key
    delegations = gateway.partners.granting.delegations
    found, following = await delegations.listed(after=after, limit=per_page)
    slugs, now_s = slugs_of(gateway), gateway.clock()
    wire = [permission_wire(one, now_s, slugs) for one in found]
    return {"delegations": wire, "next": following}


@router.post("/v1/delegations/{delegation}/revoke", operation_id="revokeDelegation")
async def revoke(key: AdminKey, gateway: GatewayDep, delegation: DelegationPath) -> dict[str, Any]:
    """End a delegation: the next request under it is refused. Problems: delegation_not_found."""
    delegations = gateway.partners.granting.delegations
    revoked = await delegations.revoke(delegation, by=key.key_id)
    return permission_wire(revoked, gateway.clock(), slugs_of(gateway))


@router.get("/v1/delegated/{participant}/{request_key}", operation_id="getDelegatedRequest")
async def get_request(
    api_key: AuditKey,
    gateway: GatewayDep,
    participant: Owner,
    request_key: RequestKey,
) -> dict[str, Any]:
    """Return a signed request of a provider, and our signed answer: the proof of who did what.

    Problems: participant_not_found, request_not_found.
    """
    del api_key
    provider = participant_of(gateway, participant)
    kept = await gateway.partners.granting.delegations.request(provider, request_key)
    return {
        "participant": provider,
        "key": kept.key,
        "operation": kept.operation,
        "delegation": kept.delegation,
        "outcome": kept.outcome,
        "entry": None if kept.entry is None else kept.entry.hex(),
        "statement": orjson.loads(kept.statement),
        "answer": None if kept.answer is None else orjson.loads(kept.answer),
    }


@router.post("/v1/acting/{participant}/{operation}", operation_id="actFor", status_code=201)
async def act_for(
    key: OperateKey,
    gateway: GatewayDep,
    participant: Owner,
    operation: str,
    body: BodyDep,
    idempotency_key: Annotated[str, Header(max_length=100)],
) -> Response:
    """Do an operation in the name of a participant that delegated it to us.

    The body is that of `/v1/operations/{operation}`. 200 if it was done before under this key.
    Problems: operation_not_found, participant_not_found, delegation_not_found, delegation_scope,
    delegation_receiver, operation_refused, request_key, idempotency_mismatch, peer_unavailable,
    peer_answer.
    """
    del key
    _require_operation(operation)
    wanted = read(OperationIn, body, size_bytes_max=gateway.settings.limits.body_size_bytes_max)
    order = wanted.model_dump(by_alias=True, exclude_defaults=True)
    owner = participant_of(gateway, participant)
    acting = gateway.partners.granting.acting
    done = await acting.act(owner, operation, order, key=idempotency_key)
    status = 200 if done.repeated else 201
    return Response(orjson.dumps(done.to_wire()), status, media_type="application/json")


@router.post("/v1/peer/delegated/{operation}", operation_id="actDelegated")
async def act_delegated(
    caller: PeerDep, gateway: GatewayDep, operation: str, body: PeerBodyDep
) -> Response:
    """Do an operation in our name, for a provider to which it is delegated; our answer is signed.

    Problems: operation_not_found, delegation_not_found, delegation_scope, delegation_receiver,
    operation_refused, statement_refused, request_key, request_old, idempotency_mismatch.
    """
    _require_operation(operation)
    delegations = gateway.partners.granting.delegations
    asked = delegations.asked(caller.participant, operation, body)
    limit = gateway.settings.limits.body_size_bytes_max
    wanted = read(OperationIn, orjson.dumps(asked.order), size_bytes_max=limit)
    for text in (wanted.to, wanted.sender, wanted.place):
        if text is not None and not _PARTY.fullmatch(text):
            raise ParameterError(  # our names of parties are nothing that a provider can try out
                "a party or place is a GLN or an identifier here", code="party_unknown"
            )
    answer = await delegations.act(asked, order_of(gateway, wanted))
    return Response(answer, media_type="application/json")


def _require_operation(operation: str) -> None:
    if operation not in OPERATIONS:
        raise NotFoundError("there is no such operation", code="operation_not_found")
