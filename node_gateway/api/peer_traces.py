"""Traces across gateways: an operator's question, and what neighbours ask."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from node_gateway.api.deps import GatewayDep, QueryKey, read
from node_gateway.api.peer_auth import PeerBodyDep, PeerDep
from node_gateway.partners.sale_asking import PATH as SALE_PATH
from node_gateway.partners.sale_asking import SaleQuestion
from node_gateway.partners.trace_wire import HOPS_MAX, Question, Way
from node_gateway.partners.trace_wire import PATH as TRACE_PATH
from node_gateway.partners.tracing import Wanted

router = APIRouter(tags=["codes"])
_BODY_SIZE_BYTES_MAX = 4096


@router.get("/v1/traces/{code:path}", operation_id="traceNetwork")
async def trace_network(
    key: QueryKey,
    gateway: GatewayDep,
    code: str,
    way: Annotated[list[Way] | None, Query(description="up, down; both without it.")] = None,
    hops: Annotated[int | None, Query(ge=0, le=HOPS_MAX)] = None,
) -> dict[str, Any]:
    """Return what is known of a code here, and what those show who had it before and after us.

    Each gateway asks its neighbours only. What is not shown is a hole with a role and a reason.
    Problems: identifier_form, check_digit, code_not_found, rate_limit.
    """
    await gateway.follower.catch_up()
    wanted = Wanted(frozenset(Way) if way is None else frozenset(way), hops)
    canonical = gateway.canonical_code(code)
    return await gateway.partners.traces.tracing.trace(canonical, wanted, key=key.key_id)


@router.post(TRACE_PATH, operation_id="askTrace", tags=["between gateways"])
async def ask_trace(caller: PeerDep, body: PeerBodyDep, gateway: GatewayDep) -> Response:
    """Answer a neighbour about the way of a code that it had from us, or that we had from it.

    Anybody else is answered as about an unknown code. Problems: peer_signature, parameter,
    rate_limit.
    """
    question = read(Question, body, size_bytes_max=_BODY_SIZE_BYTES_MAX)
    found = await gateway.partners.traces.answering.answer(caller.participant, question)
    return Response(found.body(), media_type="application/json")


@router.post(SALE_PATH, operation_id="askSale", tags=["between gateways"])
async def ask_sale(caller: PeerDep, body: PeerBodyDep, gateway: GatewayDep) -> dict[str, str]:
    """Tell a neighbour whether the issuer of a code that it had from us has heard of a sale.

    Anybody else is answered as if nobody knew. Problems: peer_signature, parameter.
    """
    question = read(SaleQuestion, body, size_bytes_max=_BODY_SIZE_BYTES_MAX)
    heard = await gateway.partners.traces.asking.answer(caller.participant, question)
    return {"heard": heard.value}
