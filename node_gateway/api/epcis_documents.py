"""Query results as EPCISQueryDocuments, in the form that the client wants."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson
from fastapi import Response

from node_gateway.api.epcis_protocol import JSON, XML, Protocol, time_text
from node_gateway.epcis.spelling import with_identifiers, with_prefixes
from node_gateway.epcis.xml.write import CbvForm, write_xml
from node_gateway.services.page_tokens import PageToken
from node_gateway.storage.searching import Found

SIMPLE_QUERY: Final = "SimpleEventQuery"
_INLINE_CODES_MAX: Final = 2_000
"""Larger results are written on another thread: the event loop is everybody's."""
_INLINE_EVENTS_MAX: Final = 100


async def query_document(
    protocol: Protocol,
    events: Sequence[Found],
    *,
    token: PageToken | None = None,
    query_name: str = SIMPLE_QUERY,
    subscription_id: str | None = None,
) -> Response:
    """Return a page of events as the answer to a request."""

    def write() -> tuple[bytes, bool]:
        document, mixed = document_of(
            protocol, events, query_name=query_name, subscription_id=subscription_id
        )
        if protocol.xml:
            words: CbvForm = "urn" if protocol.cbv_format == "Always_URN" else "web"
            return write_xml(document, words=words), mixed
        return orjson.dumps(document), mixed

    few = len(events) <= _INLINE_EVENTS_MAX
    if few and sum(one.code_count for one in events) <= _INLINE_CODES_MAX:
        raw, mixed = write()
    else:
        raw, mixed = await asyncio.to_thread(write)
    headers = {
        **protocol.headers,
        **protocol.link_headers(token),
        "GS1-EPC-Format": _format(protocol, mixed=mixed),
    }
    if protocol.xml:
        web = protocol.cbv_format != "Always_URN"
        headers["GS1-CBV-XML-Format"] = "Always_Web_URI" if web else "Always_URN"
    return Response(raw, 200, headers, media_type=XML if protocol.xml else JSON)


def document_of(
    protocol: Protocol,
    events: Sequence[Found],
    *,
    query_name: str = SIMPLE_QUERY,
    subscription_id: str | None = None,
) -> tuple[dict[str, Any], bool]:
    """Return an EPCISQueryDocument, and whether an identifier had to stay a Digital Link."""
    rewrite, missed = _counted(protocol.identifier())
    made = []
    for one in events:
        event = wire_event(one)
        if rewrite is not None:
            event = with_identifiers(event, rewrite)
        if protocol.extensions:
            event = with_prefixes(event, protocol.extensions)
        made.append(event)
    results: dict[str, Any] = {"queryName": query_name}
    if subscription_id is not None:
        results["subscriptionID"] = subscription_id
    results["resultsBody"] = {"eventList": made}
    document = {
        "@context": protocol.context,
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": time_text(int(protocol.gateway.clock() * 1000)),
        "epcisBody": {"queryResults": results},
    }
    return document, bool(missed)


def wire_event(found: Found) -> dict[str, Any]:
    """Return an event as it is handed out: with the time of its capture."""
    return {**found.event, "recordTime": time_text(found.record_time_ms)}


def _counted(
    rewrite: Callable[[str], str] | None,
) -> tuple[Callable[[str], str] | None, list[None]]:
    missed: list[None] = []
    if rewrite is None:
        return None, missed
    inner = rewrite

    def counting(text: str) -> str:
        made = inner(text)
        if made.startswith("https://id.gs1.org/") and not missed:
            missed.append(None)
        return made

    return counting, missed


def _format(protocol: Protocol, *, mixed: bool) -> str:
    """Return the format of the identifiers in the answer, as it came out."""
    if protocol.epc_format == "Always_EPC_URN":
        return "No_Preference" if mixed else "Always_EPC_URN"
    return "Always_GS1_Digital_Link"
