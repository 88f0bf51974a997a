"""EPCIS events: queried, and one by one."""

from __future__ import annotations

from fastapi import APIRouter, Response

from node_gateway.api.deps import QueryKey
from node_gateway.api.epcis_documents import query_document
from node_gateway.api.epcis_protocol import Protocol, ProtocolDep
from node_gateway.epcis.query import Condition, query_from_text
from node_gateway.errors import NotFoundError

router = APIRouter(tags=["epcis"])


@router.get("/epcis/events", operation_id="queryEvents")
async def query_events(key: QueryKey, protocol: ProtocolDep) -> Response:
    """Return events that match the parameters of the EPCIS query language, page by page.

    Problems: query_parameter, query_parameter_unknown, query_parameter_conflict, query_value,
    query_too_large, query_too_complex, page_token, page_token_expired, not_acceptable,
    uri_too_long, index_behind.
    """
    del key
    return await answer_query(protocol)


@router.get("/epcis/events/{event_id:path}", operation_id="getEvent")
async def get_event(key: QueryKey, protocol: ProtocolDep, event_id: str) -> Response:
    """Return the event with an eventID, and the declaration that it was an error if there is one.

    Problems: event_not_found, not_acceptable, uri_too_long.
    """
    del key
    found = await protocol.gateway.querying.events_with_id(event_id)
    if not found:
        raise NotFoundError("no such event", code="event_not_found")
    return await query_document(protocol, found)


async def answer_query(protocol: Protocol, *conditions: Condition) -> Response:
    """Answer the query in an address, with further conditions that its path names."""
    query = query_from_text(protocol.pairs, protocol.extensions or None).and_also(conditions)
    results = await protocol.gateway.querying.page(
        query, question=protocol.question, size=protocol.size, token=protocol.token
    )
    return await query_document(protocol, results.events, token=results.token)
