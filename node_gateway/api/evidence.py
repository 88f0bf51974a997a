"""What was said that cannot both hold: kept, and given out as files that anybody checks."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from node_gateway.api.deps import GatewayDep, OperateKey
from node_gateway.partners.evidence import EvidenceNotFoundError
from node_gateway.services.gateway import Gateway

router = APIRouter(tags=["evidence"])

_NUMBER_MAX: Final = 2**53 - 1
_PAGE_MAX: Final = 1000
_NAME_MAX: Final = 64
VERDICT_HEADER: Final = "Sealtrail-Evidence"
"""Says how the file stands: `proven` or `cannot_check`, and the code of the verdict."""

Name = Annotated[
    str,
    Path(max_length=_NAME_MAX, description="As in the list, or the digest of any message."),
]
Number = Annotated[int, Path(ge=1, le=_NUMBER_MAX, description="Number of the exception.")]
Bare = Annotated[bool, Query(description="Without proofs of keys from our own node.")]


@router.get("/v1/evidence", operation_id="listEvidence")
async def list_evidence(
    key: OperateKey,
    gateway: GatewayDep,
    after: Annotated[str, Query(max_length=_NAME_MAX, description="Where to go on.")] = "",
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=_PAGE_MAX)] = 100,
) -> dict[str, Any]:
    """List contradictions that were kept, custody last, each by time. Problems: parameter."""
    del key
    found = await gateway.partners.evidence.kept(after=after, limit=per_page + 1)
    shown = found[:per_page]
    more = len(found) > per_page
    return {
        "evidence": [one.to_wire() for one in shown],
        "next": shown[-1].place if more else None,
    }


@router.get("/v1/evidence/{name}", operation_id="getEvidence")
async def get_evidence(
    key: OperateKey,
    gateway: GatewayDep,
    name: Name,
    *,
    bare: Bare = False,
) -> Response:
    """Return a contradiction, or any signed message, as one file that anybody verifies offline.

    Problems: evidence_not_found, evidence_incomplete.
    """
    del key
    return await _file(gateway, name, bare=bare)


@router.get("/v1/exceptions/{number}/evidence", operation_id="getExceptionEvidence")
async def get_exception_evidence(
    key: OperateKey,
    gateway: GatewayDep,
    number: Number,
    *,
    bare: Bare = False,
) -> Response:
    """Return the file about what an exception is about; its `evidence` names further ones.

    Problems: exception_not_found, evidence_not_found, evidence_incomplete.
    """
    del key
    await gateway.partners.exceptions.desk.codes(number, after="", limit=1)
    kept = await gateway.partners.evidence.of_case(number)
    if not kept:
        raise EvidenceNotFoundError("no contradiction was kept of this exception")
    return await _file(gateway, kept[0].name, bare=bare)


async def _file(gateway: Gateway, name: str, *, bare: bool) -> Response:
    found = await gateway.partners.evidence.checked(name, bare=bare)
    verdict = f"{found.outcome}; {found.code}"
    return Response(found.raw, media_type="application/json", headers={VERDICT_HEADER: verdict})
