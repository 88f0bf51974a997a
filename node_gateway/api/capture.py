"""EPCIS capture: documents and single events in, jobs and receipts out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, Header, Query, Response

from node_gateway.api.deps import CaptureKey, EpcisBodyDep, GatewayDep
from node_gateway.api.epcis_documents import wire_event
from node_gateway.api.epcis_protocol import (
    XML,
    ProtocolDep,
    check_json,
    json_answer,
    require_json,
    standard_headers,
    time_text,
)
from node_gateway.epcis.xml.write_answers import write_capture_job
from node_gateway.errors import NotFoundError
from node_gateway.services.capture import CaptureReport, EventResult
from node_gateway.services.gateway import Gateway
from node_gateway.storage.ports import CaptureJob

router = APIRouter(tags=["capture"])

_POLL_S = 0.1

ErrorBehaviour = Annotated[
    Literal["rollback", "proceed"],
    Header(alias="GS1-Capture-Error-Behaviour", description="rollback stores all events or none"),
]
Wait = Annotated[
    Literal["final"] | None,
    Query(description="Answer when every event is final, or after 30 s with 202."),
]
IdempotencyKey = Annotated[str | None, Header(max_length=255)]
Prefer = Annotated[
    str | None,
    Header(max_length=255, description="return=representation: answer with the event itself"),
]
_REPRESENTATION = "return=representation"


@router.post(
    "/epcis/capture",
    operation_id="captureDocument",
    status_code=202,
    dependencies=[Depends(check_json)],
)
async def capture_document(
    key: CaptureKey,
    gateway: GatewayDep,
    body: EpcisBodyDep,
    behaviour: ErrorBehaviour = "rollback",
    idempotency_key: IdempotencyKey = None,
    wait: Wait = None,
) -> Response:
    """Capture an EPCIS document. 202 means durable; with `wait=final` 200 means final.

    Problems: body_too_large, not_json, document_refused, event_conflict, read_only, not_acceptable.
    """
    del key
    report = await gateway.capture.document(
        body.raw,
        proceed=behaviour == "proceed",
        idempotency_key=idempotency_key,
        xml=body.is_xml,
    )
    await gateway.prefixes.learn(body.raw)
    headers = {**_headers(gateway), "Location": f"/epcis/capture/{report.capture_id}"}
    if report.replayed:
        headers["Idempotency-Replayed"] = "true"
    entries = [one.entry for one in report.events if one.entry is not None]
    final = wait == "final" and await _wait_final(gateway, entries)
    return _json(_report(report), 200 if final else 202, headers)


@router.get("/epcis/capture", operation_id="listCaptureJobs")
async def capture_jobs(key: CaptureKey, protocol: ProtocolDep) -> Response:
    """Return capture jobs, oldest first.

    Problems: query_value, page_token, page_token_expired, not_acceptable, uri_too_long.
    """
    del key
    require_json(protocol)
    querying = protocol.gateway.querying
    after = await querying.list_state(protocol.token, protocol.question)
    jobs = await protocol.gateway.store.capture_jobs(after=int(after or 0), limit=protocol.size + 1)
    shown = jobs[: protocol.size]
    more = len(jobs) > len(shown)
    token = querying.list_token(str(shown[-1].number), protocol.question) if more else None
    return json_answer(protocol, [_job(job) for job in shown], headers=protocol.link_headers(token))


@router.get("/epcis/capture/{capture_id}", operation_id="getCaptureJob")
async def capture_job(key: CaptureKey, protocol: ProtocolDep, capture_id: str) -> Response:
    """Return a capture job. Problems: capture_not_found, not_acceptable, uri_too_long."""
    del key
    job = await protocol.gateway.store.capture_job(capture_id)
    if job is None:
        raise NotFoundError("no such capture job", code="capture_not_found")
    if protocol.xml:
        headers = {**protocol.headers, **_headers(protocol.gateway)}
        return Response(write_capture_job(_job(job)), 200, headers, media_type=XML)
    return json_answer(protocol, _job(job), headers=_headers(protocol.gateway))


@router.post(
    "/epcis/events",
    operation_id="captureEvent",
    status_code=201,
    dependencies=[Depends(check_json)],
)
async def capture_event(
    key: CaptureKey,
    gateway: GatewayDep,
    body: EpcisBodyDep,
    wait: Wait = None,
    prefer: Prefer = None,
) -> Response:
    """Capture one event. 201 means durable; the same content again gives the same entry.

    With `wait=final`, 201 means final, and 202 after 30 s that it is being sealed. GS1's interface
    answers with the event: `Prefer: return=representation` (RFC 7240) gives that.
    Problems: body_too_large, not_json, document_refused, event_conflict, read_only.
    """
    del key
    report = await gateway.capture.event(body.raw, xml=body.is_xml)
    result = report.events[0]
    await gateway.prefixes.learn(body.raw)
    entries = [result.entry] if result.entry else []
    pending = wait == "final" and not await _wait_final(gateway, entries)
    headers = {**_headers(gateway), "Location": f"/epcis/events/{quote(result.event_id, safe='')}"}
    wire = _result(result)
    if prefer is not None and _REPRESENTATION in prefer.replace(" ", "").lower():
        found = await gateway.querying.events_with_id(result.event_id)
        stored = [one for one in found if one.entry == result.entry]
        wire = {"@context": gateway.epcis_context, **wire_event(stored[0])}
        headers["Preference-Applied"] = _REPRESENTATION
    return _json(wire, 202 if pending else 201, headers)


async def _wait_final(gateway: Gateway, entries: Sequence[bytes]) -> bool:
    """Wait until all are final, at most as long as configured."""
    ends_at = time.monotonic() + gateway.settings.limits.wait_s_max
    waiting = list(dict.fromkeys(entries))[::-1]  # final stays final: none is asked about again
    while waiting:
        stored = await gateway.store.event_by_entry(waiting[-1])
        if stored is not None and stored.header.state == "final":
            waiting.pop()
        elif time.monotonic() > ends_at:
            return False
        else:
            await asyncio.sleep(_POLL_S)
    return True


def _json(body: dict[str, Any], status: int, headers: dict[str, str]) -> Response:
    # The reports of large documents take the framework's own encoder four times as long.
    return Response(orjson.dumps(body), status, headers, media_type="application/json")


def _headers(gateway: Gateway) -> dict[str, str]:
    return {
        **standard_headers(),
        "GS1-EPCIS-Capture-File-Size-Limit": str(gateway.settings.limits.body_size_bytes_max),
    }


def _report(report: CaptureReport) -> dict[str, Any]:
    return {
        "captureID": report.capture_id,
        "success": report.success,
        "receipts": f"/v1/captures/{report.capture_id}/receipts",
        "events": [_result(one) for one in report.events],
        "errors": [_problem(one.code, one.detail, one.index) for one in report.problems],
    }


def _result(result: EventResult) -> dict[str, Any]:
    return {
        "eventID": result.event_id,
        "entry": result.entry.hex() if result.entry else None,
        "result": result.kind,
    }


def _job(job: CaptureJob) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "captureID": job.capture_id,
        "createdAt": time_text(job.created_at_ms),
        "running": job.running,
        "success": job.success,
        "captureErrorBehaviour": "rollback" if job.all_or_nothing else "proceed",
        "errors": [_problem(one.code, one.detail, one.index) for one in job.problems],
    }
    if job.finished_at_ms is not None:
        wire["finishedAt"] = time_text(job.finished_at_ms)
    return wire


def _problem(code: str, detail: str, index: int | None) -> dict[str, Any]:
    problem: dict[str, Any] = {
        "type": "epcisException:ValidationException",
        "title": "Event refused" if index is not None else "Document refused",
        "status": 400,
        "code": code,
        "detail": detail,
    }
    if index is not None:
        problem["index"] = index
    return problem
