"""Capture jobs: listed, shown, with both behaviours on errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from node_gateway.epcis.validation import EpcisValidator
from tests.gateway.rest.conftest import CAPTURED, Rest
from tests.gateway.rest.covering import covers
from tests.gateway.running import commissioning, events_of, sgtin

pytestmark = pytest.mark.asyncio(loop_scope="module")


@covers("GET /capture", "GET /capture/{captureID}")
async def test_jobs_are_listed_in_pages(rest: Rest) -> None:
    pages = await rest.pages("/capture?perPage=2")
    jobs = [job for page in pages for job in page.json()]
    assert len(jobs) >= 3
    assert [job["createdAt"] for job in jobs] == sorted(job["createdAt"] for job in jobs)
    for job in jobs[:3]:
        shown = await rest.get(f"/capture/{job['captureID']}")
        assert (shown.status_code, shown.json()) == (200, job)
        assert (job["running"], job["success"], job["errors"]) == (False, True, [])
    refusal = await rest.refused("/capture/none")
    assert refusal == (404, "capture_not_found", "NoSuchNameException")


@covers("POST /capture")
async def test_both_behaviours_on_errors(rest: Rest) -> None:
    good, bad = commissioning(sgtin()), {**commissioning(sgtin()), "action": "PERHAPS"}

    async def capture(behaviour: str) -> Any:
        return await rest.up.capture(good, bad, **{"GS1-Capture-Error-Behaviour": behaviour})

    refused = await capture("rollback")
    assert refused.status_code == 400
    assert refused.json()["type"] == "epcisException:ValidationException"
    taken = await capture("proceed")
    assert taken.status_code == 202
    job = (await rest.up.client.get(taken.headers["location"])).json()
    assert (job["captureErrorBehaviour"], job["success"]) == ("proceed", False)
    assert [one["index"] for one in job["errors"]] == [1]


async def test_a_query_document_is_captured_like_any_other(rest: Rest) -> None:
    answer = await rest.get("/events?EQ_bizStep=commissioning&perPage=2")
    again = await rest.up.client.post("/epcis/capture", content=answer.content)
    assert [one["result"] for one in again.json()["events"]] == ["duplicate", "duplicate"]
    body = answer.json()
    fresh = {**commissioning(sgtin()), "eventID": "urn:uuid:from-a-query"}
    body["epcisBody"]["queryResults"]["resultsBody"]["eventList"] = [
        fresh,
        {**fresh, "action": "NO"},
    ]
    raw = json.dumps(body)
    refused = await rest.up.client.post("/epcis/capture", content=raw)
    pointer = "/epcisBody/queryResults/resultsBody/eventList/1/action"
    assert [one["pointer"] for one in refused.json()["errors"]] == [pointer]
    taken = await rest.up.client.post(
        "/epcis/capture", content=raw, headers={"GS1-Capture-Error-Behaviour": "proceed"}
    )
    assert [one["result"] for one in taken.json()["events"]] == ["stored"]
    assert taken.json()["errors"][0]["detail"].startswith(pointer)
    body["epcisBody"]["queryResults"]["resultsBody"]["eventList"] = []
    empty = await rest.up.client.post("/epcis/capture", content=json.dumps(body))
    assert (empty.status_code, empty.json()["code"]) == (400, "no_events")


async def test_too_large_a_document_is_413(rest: Rest) -> None:
    limit = rest.up.gateway.settings.limits.body_size_bytes_max
    answer = await rest.up.client.post(
        "/epcis/capture", content=b"{}", headers={"Content-Length": str(limit + 1)}
    )
    assert answer.status_code == 413
    assert answer.json()["type"] == "epcisException:CaptureLimitExceededException"


async def test_results_are_documents_that_gs1_and_we_take(rest: Rest) -> None:
    answer = await rest.get("/events?perPage=100")
    assert len(events_of(answer.json())) >= len(CAPTURED)
    assert EpcisValidator().validate_document(answer.json()) == []
