"""States of codes, packing trees and findings, as the operator sees them."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from node_gateway.api.deps import BodyDep, EntryPath, GatewayDep, QueryKey
from node_gateway.codes.china.platform_status import WORDS
from node_gateway.epcis.normalise_errors import NormalisationError
from node_gateway.epcis.times import time_ms
from node_gateway.errors import ParameterError
from node_gateway.services.drug_codes import PlatformView
from node_gateway.services.notice_words import concern_wire, is_recalled
from node_gateway.state.code_state import ENDS
from node_gateway.state.words import RECALLED

router = APIRouter(tags=["states"])

_NUMBER_MAX = 2**53 - 1
_PAGE_MAX = 1000
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=_PAGE_MAX)]
After = Annotated[int, Query(ge=0, le=_NUMBER_MAX, description="Number to go on from.")]
Rules = Annotated[list[str] | None, Query(alias="rule", max_length=64)]


@router.get("/v1/codes/{code:path}/state", operation_id="getCodeState")
async def code_state(key: QueryKey, gateway: GatewayDep, code: str) -> dict[str, Any]:
    """Return what its events have made of a code, and what they contradict.

    With the notices that stand and mean it, or something in it; its status is `recalled` then. Of a
    drug code also the platform's letter for it, and the level of its pack.

    Problems: identifier_form, check_digit, code_too_long, code_not_found.
    """
    del key
    canonical = gateway.canonical_code(code)
    state = await gateway.states.state(canonical)
    concerns = (await gateway.notices.of([canonical])).concerns.get(canonical, ())
    directory = gateway.notices.standing.directory
    if state["ended"] is None and is_recalled(concerns):
        state["status"] = RECALLED
    return {
        **state,
        "notices": [concern_wire(one, canonical, directory) for one in concerns],
        **platform_wire(await gateway.drug_codes.view(canonical)),
    }


@router.get("/v1/codes/{code:path}/tree", operation_id="getCodeTree")
async def code_tree(
    key: QueryKey,
    gateway: GatewayDep,
    code: str,
    after: Annotated[str, Query(max_length=1000, description="Child to go on from.")] = "",
    per_page: PerPage = 100,
) -> dict[str, Any]:
    """Return what a code is packed into and a page of what is packed in it.

    Problems: identifier_form, check_digit, code_too_long, code_not_found, parameter.
    """
    del key
    canonical = gateway.canonical_code(code)
    tree = await gateway.states.tree(canonical, after=after, limit=per_page)
    laid = await gateway.notices.of([one["code"] for one in tree["children"]])
    for one in tree["children"]:
        if one["status"] not in ENDS and is_recalled(laid.concerns.get(one["code"], ())):
            one["status"] = RECALLED
    return tree


@router.get("/v1/findings", operation_id="listFindings")
async def list_findings(
    request: Request,
    key: QueryKey,
    gateway: GatewayDep,
    after: After = 0,
    per_page: PerPage = 100,
    rules: Rules = None,
    since: Annotated[str | None, Query(max_length=64, description="RFC 3339 time.")] = None,
) -> Response:
    """List findings in the order in which they were made; RFC 8288 `Link` leads on.

    Problems: parameter, unknown_rule.
    """
    del key
    found, last = await gateway.states.findings(
        after=after, limit=per_page, rules=rules or (), since_ms=_since_ms(since)
    )
    headers = {}
    if last is not None:
        target = request.url.include_query_params(after=last)
        headers["Link"] = f'<{target.path}?{target.query}>; rel="next"'
    return JSONResponse({"findings": found, "next": last}, headers=headers)


@router.get("/v1/findings/{number}", operation_id="getFinding")
async def get_finding(
    key: QueryKey,
    gateway: GatewayDep,
    number: Annotated[int, Path(ge=1, le=_NUMBER_MAX)],
) -> dict[str, Any]:
    """Return one finding. Problems: finding_not_found."""
    del key
    return await gateway.states.finding(number)


@router.get("/v1/events/{entry}/findings", operation_id="getEventFindings")
async def event_findings(key: QueryKey, gateway: GatewayDep, entry: EntryPath) -> dict[str, Any]:
    """Return the findings that accuse an event, at most 1,000. Problems: event_not_found."""
    del key
    return {"findings": await gateway.states.of_event(bytes.fromhex(entry))}


@router.post("/v1/state/check", operation_id="checkState")
async def check_state(key: QueryKey, gateway: GatewayDep, body: BodyDep) -> dict[str, Any]:
    """Return what the events of a document would contradict were they captured now.

    Takes an EPCISDocument or one bare event; stores nothing.
    Problems: document_refused, body_too_large.
    """
    del key
    single, recalls = not _is_document(body), gateway.notices.refusals
    return await gateway.states.check_document(body, single=single, recalls=recalls)


def platform_wire(view: PlatformView) -> dict[str, Any]:
    """Return as JSON what the drug platform would say of a code."""
    if view.status is None:
        return {"platformState": None, "packLevel": None}
    en, zh = WORDS[view.status]
    words = {"letter": view.status, "text": {"en": en, "zh": zh}}
    return {"platformState": words, "packLevel": view.pack_level}


def _is_document(body: bytes) -> bool:
    """Tell a document from a bare event; what is neither is refused where it is read."""
    try:
        value = orjson.loads(body)
    except ValueError:
        return True
    return not isinstance(value, dict) or str(value.get("type")).startswith("EPCIS")


def _since_ms(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return time_ms(text.replace(" ", "+"))  # what an unescaped plus sign becomes
    except NormalisationError as error:
        raise ParameterError(
            "since is no RFC 3339 time with an offset", hint="For example 2026-03-01T00:00:00Z."
        ) from error
