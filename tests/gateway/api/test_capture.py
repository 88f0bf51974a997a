"""Capturing over HTTP: durable when acknowledged, the same again changes nothing."""

import asyncio
import json

import pytest

from anchoring.core.anchor import stream_id
from tests.gateway.running import (
    Running,
    commissioning,
    dispensing,
    document,
    events_of,
    serial,
    sgtin,
    shipping,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


def named(event: dict, event_id: str | None = None) -> dict:
    return {**event, "eventID": event_id or f"urn:uuid:0190a6f0-0000-7000-8000-{serial():012d}"}


async def events_stored(up: Running) -> int:
    return (await up.gateway.store.status()).event_count


async def receipt(up: Running, entry: str) -> dict:
    response = await up.client.get(f"/v1/events/{entry}/receipt")
    assert response.status_code == 200, response.text
    return response.json()


async def test_202_means_durable(shared: Running) -> None:
    event = named(commissioning(sgtin()))
    response = await shared.capture(event)
    assert response.status_code == 202
    report = response.json()
    assert (report["success"], report["errors"]) == (True, [])
    (result,) = report["events"]
    assert (result["eventID"], result["result"]) == (event["eventID"], "stored")
    assert response.headers["location"] == f"/epcis/capture/{report['captureID']}"
    assert response.headers["gs1-epcis-version"] == "2.0.0"
    stored = await shared.client.get(f"/v1/events/{result['entry']}")
    assert stored.status_code == 200
    read = await shared.read(event["eventID"])
    assert read["epcList"] == event["epcList"]


async def test_the_job_says_what_became_of_it(shared: Running) -> None:
    response = await shared.capture(commissioning(sgtin()))
    job = (await shared.client.get(response.headers["location"])).json()
    assert (job["running"], job["success"], job["errors"]) == (False, True, [])
    assert job["captureErrorBehaviour"] == "rollback"
    assert job["createdAt"].endswith("Z")
    assert job["finishedAt"] >= job["createdAt"]
    missing = await shared.client.get("/epcis/capture/0190a6f0-0000-7000-8000-000000000000")
    assert (missing.status_code, missing.json()["code"]) == (404, "capture_not_found")


async def test_i6_the_same_again_gives_the_same_entry_and_receipt(shared: Running) -> None:
    event = commissioning(sgtin())  # no eventID: the gateway makes one, and the same one again
    first, count = await shared.capture(event), await events_stored(shared)
    second = await shared.capture(event)
    assert second.status_code == 202
    (one,), (two,) = first.json()["events"], second.json()["events"]
    assert (one["entry"], one["eventID"]) == (two["entry"], two["eventID"])
    assert two["result"] == "duplicate"
    assert await events_stored(shared) == count
    receipts = [
        (await shared.client.get(f"/v1/captures/{made.json()['captureID']}/receipts")).json()
        for made in (first, second)
    ]
    assert receipts[0] == receipts[1]
    assert receipts[0]["receipts"] == [await receipt(shared, one["entry"])]


async def test_i6_another_spelling_of_the_same_is_the_same(shared: Running) -> None:
    number, event_id = serial(), f"urn:uuid:0190a6f0-0000-7000-8000-{serial():012d}"
    urn = named(commissioning(f"urn:epc:id:sgtin:6901234.012345.{number}"), event_id)
    link = named(commissioning(sgtin(number)), event_id)
    link["bizStep"] = "https://ref.gs1.org/cbv/BizStep-commissioning"
    first, second = await shared.capture(urn), await shared.capture(link)
    assert first.json()["events"][0]["entry"] == second.json()["events"][0]["entry"]
    assert second.json()["events"][0]["result"] == "duplicate"


async def test_i6_holds_for_many_at_once(shared: Running) -> None:
    event, count = commissioning(sgtin()), await events_stored(shared)
    responses = await asyncio.gather(*(shared.capture(event) for _ in range(20)))
    assert {one.status_code for one in responses} == {202}
    assert len({one.json()["events"][0]["entry"] for one in responses}) == 1
    assert await events_stored(shared) == count + 1


async def test_the_same_event_id_with_other_content_is_409(shared: Running) -> None:
    event = named(commissioning(sgtin()))
    await shared.capture(event)
    count = await events_stored(shared)
    fresh = named(commissioning(sgtin()))
    response = await shared.capture(fresh, {**event, "disposition": "encoded"})
    assert response.status_code == 409, response.text
    problem = response.json()
    assert problem["code"] == "event_conflict"
    assert [one["pointer"] for one in problem["errors"]] == ["/epcisBody/eventList/1/eventID"]
    assert await events_stored(shared) == count  # the fresh one was rolled back with it
    assert (await shared.client.get(f"/epcis/events/{fresh['eventID']}")).status_code == 404


async def test_two_events_of_one_document_may_conflict_too(shared: Running) -> None:
    event, count = named(commissioning(sgtin())), await events_stored(shared)
    response = await shared.capture(event, {**event, "disposition": "encoded"})
    assert (response.status_code, response.json()["code"]) == (409, "event_conflict")
    assert await events_stored(shared) == count


async def test_rollback_holds_over_two_streams_inside_one_document(shared: Running) -> None:
    sold, count = named(dispensing(sgtin())), await events_stored(shared)
    response = await shared.capture(sold, {**sold, "bizStep": "shipping"})
    assert (response.status_code, response.json()["code"]) == (409, "event_conflict")
    assert await events_stored(shared) == count


@pytest.mark.parametrize("conflicting", [commissioning, dispensing])
async def test_rollback_holds_over_two_streams(shared: Running, conflicting) -> None:
    known = named(conflicting(sgtin()))
    await shared.capture(known)
    count = await events_stored(shared)
    bad = {**known, "disposition": "inactive"}
    response = await shared.capture(commissioning(sgtin()), dispensing(sgtin()), bad)
    assert (response.status_code, response.json()["code"]) == (409, "event_conflict")
    assert [one["pointer"] for one in response.json()["errors"]] == [
        "/epcisBody/eventList/2/eventID"
    ]
    assert await events_stored(shared) == count


async def test_an_error_declaration_is_another_identity(shared: Running) -> None:
    event = named(commissioning(sgtin()))
    first = await shared.capture(event)
    corrected = {
        **event,
        "errorDeclaration": {
            "declarationTime": "2026-03-03T09:00:00.000+08:00",
            "reason": "did_not_occur",
        },
    }
    second = await shared.capture(corrected)
    assert second.status_code == 202, second.text
    (one,), (two,) = first.json()["events"], second.json()["events"]
    assert two["result"] == "stored"
    assert one["entry"] != two["entry"]


async def test_proceed_stores_what_is_valid(shared: Running) -> None:
    known = named(commissioning(sgtin()))
    await shared.capture(known)
    count = await events_stored(shared)
    good, bad = named(commissioning(sgtin())), {**commissioning(sgtin()), "action": "PERHAPS"}
    conflict = {**known, "disposition": "encoded"}
    headers = {"GS1-Capture-Error-Behaviour": "proceed"}
    response = await shared.capture(bad, good, conflict, dispensing(sgtin()), **headers)
    assert response.status_code == 202, response.text
    report = response.json()
    assert report["success"] is False
    results = {one["eventID"]: one["result"] for one in report["events"]}
    assert results[good["eventID"]] == "stored"
    assert results[known["eventID"]] == "conflict"
    assert sorted((one["index"], one["code"]) for one in report["errors"])[0][0] == 0
    assert (2, "event_conflict") in [(one["index"], one["code"]) for one in report["errors"]]
    assert await events_stored(shared) == count + 2
    job = (await shared.client.get(response.headers["location"])).json()
    assert (job["running"], job["success"]) == (False, False)
    assert job["captureErrorBehaviour"] == "proceed"
    shown = sorted({(one["index"], one["code"]) for one in job["errors"]})
    assert shown == sorted({(one["index"], one["code"]) for one in report["errors"]})


async def test_rollback_stores_nothing_of_a_refused_document(shared: Running) -> None:
    count = await events_stored(shared)
    response = await shared.capture(
        commissioning(sgtin()), {**commissioning(sgtin()), "action": "PERHAPS"}
    )
    assert response.status_code == 400
    problem = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "epcisException:ValidationException"
    assert problem["errors"][0]["pointer"] == "/epcisBody/eventList/1/action"
    assert await events_stored(shared) == count


async def test_an_idempotency_key_names_one_document(shared: Running) -> None:
    key = {"Idempotency-Key": f"delivery-{serial()}"}
    events = (commissioning(sgtin()), dispensing(sgtin()))  # two streams
    first = await shared.capture(*events, **key)
    assert first.status_code == 202, first.text
    assert "idempotency-replayed" not in first.headers
    count = await events_stored(shared)
    again = await shared.capture(*events, **key)
    assert again.status_code == 202, again.text
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["captureID"] == first.json()["captureID"]
    entries = [one["entry"] for one in first.json()["events"]]
    assert [one["entry"] for one in again.json()["events"]] == entries
    assert {one["result"] for one in again.json()["events"]} == {"duplicate"}
    other = await shared.capture(commissioning(sgtin()), **key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert await events_stored(shared) == count


async def test_an_idempotency_key_is_for_one_behaviour(shared: Running) -> None:
    key = {"Idempotency-Key": f"delivery-{serial()}"}
    events = (commissioning(sgtin()), {**commissioning(sgtin()), "action": "PERHAPS"})
    proceeding = {"GS1-Capture-Error-Behaviour": "proceed"}
    assert (await shared.capture(*events, **key, **proceeding)).status_code == 202
    assert (await shared.capture(*events, **key)).status_code == 400


async def test_each_step_goes_to_its_stream(shared: Running) -> None:
    sold, shipped = dispensing(sgtin()), shipping(sgtin())
    retail = {**dispensing(sgtin()), "bizStep": "retail_selling"}
    report = (await shared.capture(sold, shipped, retail)).json()
    assert [one["eventID"] for one in report["events"]] == [
        (await shared.read(one["eventID"]))["eventID"] for one in report["events"]
    ]
    streams = [
        (await shared.client.get(f"/v1/events/{one['entry']}")).json()["stream"]
        for one in report["events"]
    ]
    slow, ordinary = stream_id(1, 1), stream_id(1, 0)
    assert streams == [slow, ordinary, slow]
    receipts = (await shared.client.get(f"/v1/captures/{report['captureID']}/receipts")).json()
    assert sorted(one["stream"] for one in receipts["receipts"]) == [ordinary, slow]


async def single(up: Running, event: dict, query: str = "") -> object:
    body = {"@context": document()["@context"], **event}
    return await up.client.post(f"/epcis/events{query}", content=json.dumps(body))


async def test_a_single_event_is_201_with_its_address(shared: Running) -> None:
    event = named(shipping(sgtin()))
    response = await single(shared, event)
    assert response.status_code == 201, response.text
    assert response.json()["result"] == "stored"
    read = await shared.client.get(response.headers["location"])
    assert events_of(read.json())[0]["eventID"] == event["eventID"]
    again = await single(shared, event)
    assert (again.status_code, again.json()["result"]) == (201, "duplicate")
    assert again.json()["entry"] == response.json()["entry"]
    other = await single(shared, {**event, "disposition": "in_progress"})
    assert (other.status_code, other.json()["code"]) == (409, "event_conflict")


@pytest.mark.parametrize(
    "event_id",
    [
        "ni:///sha-256;{:064x}?ver=CBV2.0",
        "urn:example:a/b?c=d#e{}",
        "https://maker.example/events/{}?x=%2F&y=%C3%A9#part",
    ],
)
async def test_any_event_id_can_be_read_at_its_location(shared: Running, event_id: str) -> None:
    event = named(shipping(sgtin()), event_id.format(serial()))
    response = await single(shared, event)
    assert response.status_code == 201, response.text
    read = await shared.client.get(response.headers["location"])
    assert read.status_code == 200, response.headers["location"]
    assert events_of(read.json())[0]["eventID"] == event["eventID"]


async def test_what_is_read_can_be_captured_again(shared: Running) -> None:
    event = named(shipping(sgtin()))
    first = (await single(shared, event)).json()
    read = await shared.client.get(f"/epcis/events/{event['eventID']}")
    again = await shared.client.post("/epcis/capture", content=read.content)
    assert again.status_code == 202, again.text
    (result,) = again.json()["events"]
    assert (result["result"], result["entry"]) == ("duplicate", first["entry"])


async def test_an_unknown_event_is_404(shared: Running) -> None:
    response = await shared.client.get("/epcis/events/urn:uuid:nothing")
    assert (response.status_code, response.json()["code"]) == (404, "event_not_found")
    assert response.json()["type"] == "epcisException:NoSuchNameException"
