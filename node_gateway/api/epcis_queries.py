"""Named queries: made, listed, shown, run, removed."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Response

from node_gateway.api.deps import BodyDep, GatewayDep, QueryKey
from node_gateway.api.epcis_documents import query_document
from node_gateway.api.epcis_protocol import ProtocolDep, json_answer, require_json
from node_gateway.epcis.parse import parse_json
from node_gateway.epcis.query import QueryParameterError
from node_gateway.services.named_queries import Named

router = APIRouter(tags=["epcis"])

QUERY_LEVELS_MAX = 16
QUERY_SIZE_BYTES_MAX = 256 * 1024


@router.get("/epcis/queries", operation_id="listQueries")
async def list_queries(key: QueryKey, protocol: ProtocolDep) -> Response:
    """Return named queries by name.

    Problems: query_value, page_token, page_token_expired, not_acceptable, uri_too_long.
    """
    del key
    require_json(protocol)
    querying = protocol.gateway.querying
    after = await querying.list_state(protocol.token, protocol.question)
    found = await protocol.gateway.queries.page(after=after, limit=protocol.size + 1)
    shown = found[: protocol.size]
    more = len(found) > len(shown)
    token = querying.list_token(shown[-1].name, protocol.question) if more else None
    return json_answer(
        protocol, [_wire(one) for one in shown], headers=protocol.link_headers(token)
    )


@router.post("/epcis/queries", operation_id="addQuery", status_code=201)
async def add_query(key: QueryKey, protocol: ProtocolDep, body: BodyDep) -> Response:
    """Keep a query under a name: `{"name": ..., "query": {...}}`.

    Problems: not_json, query_form, query_name, query_parameter, query_parameter_unknown,
    query_parameter_conflict, query_value, query_too_complex, query_exists, too_many_queries,
    body_too_large, media_type, not_acceptable.
    """
    del key
    require_json(protocol)
    definition = parse_json(body, size_bytes_max=QUERY_SIZE_BYTES_MAX, depth_max=QUERY_LEVELS_MAX)
    made = await protocol.gateway.queries.add(definition)
    location = f"/epcis/queries/{quote(made.name, safe='')}"
    return json_answer(protocol, _wire(made), status=201, headers={"Location": location})


@router.get("/epcis/queries/{name}/events", operation_id="runQuery")
async def run_query(key: QueryKey, protocol: ProtocolDep, name: str) -> Response:
    """Return the events that match a named query, page by page.

    Problems: query_not_found, query_parameter_unknown, query_too_large, query_too_complex,
    page_token, page_token_expired, not_acceptable, uri_too_long, index_behind.
    """
    del key
    named = await protocol.gateway.queries.get(name)
    if protocol.pairs:
        raise QueryParameterError(
            "a named query takes no further parameters",
            parameter=protocol.pairs[0][0][:200],
            code="query_parameter_unknown",
            hint="Only perPage and nextPageToken belong here.",
        )
    results = await protocol.gateway.querying.page(
        named.query,
        question=f"{protocol.question} {named.created_at_ms}",
        size=protocol.size,
        token=protocol.token,
    )
    return await query_document(
        protocol, results.events, token=results.token, query_name=named.name
    )


@router.get("/epcis/queries/{name}", operation_id="getQuery")
async def get_query(key: QueryKey, protocol: ProtocolDep, name: str) -> Response:
    """Return a named query. Problems: query_not_found, not_acceptable, uri_too_long."""
    del key
    require_json(protocol)
    return json_answer(protocol, _wire(await protocol.gateway.queries.get(name)))


@router.delete("/epcis/queries/{name}", operation_id="removeQuery", status_code=204)
async def remove_query(key: QueryKey, gateway: GatewayDep, name: str) -> Response:
    """Remove a named query. Problems: query_not_found."""
    del key
    await gateway.queries.remove(name)
    return Response(status_code=204)


def _wire(named: Named) -> dict[str, Any]:
    return {"name": named.name, "query": named.body}
