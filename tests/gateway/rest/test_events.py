"""Querying events over HTTP: results, pages, orders, limits, single events."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.gateway.epcis.query.cases import CASES
from tests.gateway.rest.conftest import (
    CAPTURED,
    COUNT,
    EXTENSION,
    GATE,
    PALLET,
    Rest,
    made,
    moment,
    pack,
    pack_link,
)
from tests.gateway.rest.covering import covers
from tests.gateway.running import document, events_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@covers("GET /events", "eventType")
async def test_a_result_is_a_query_document(rest: Rest) -> None:
    answer = await rest.get("/events?eventType=AggregationEvent")
    body = answer.json()
    assert (body["type"], body["schemaVersion"]) == ("EPCISQueryDocument", "2.0")
    assert body["epcisBody"]["queryResults"]["queryName"] == "SimpleEventQuery"
    assert [one["eventID"] for one in events_of(body)] == [CAPTURED[-1]["eventID"]]
    assert answer.headers["gs1-epcis-version"] == answer.headers["gs1-cbv-version"] == "2.0.0"
    assert "link" not in answer.headers


async def test_record_time_is_when_it_was_captured(rest: Rest) -> None:
    (first,) = await rest.events(f"/events?EQ_eventID={CAPTURED[0]['eventID']}")
    recorded = quote(first["recordTime"])
    later = await rest.events(f"/events?GE_recordTime={recorded}&perPage=100")
    assert len(later) == len(CAPTURED)
    assert await rest.events(f"/events?LT_recordTime={recorded}") == []


@covers("PerPage", "NextPageToken")
@pytest.mark.parametrize(
    "order", ["", "&orderBy=eventTime", "&orderBy=recordTime", "&orderBy=ex:weight"]
)
async def test_pages_give_every_event_once(rest: Rest, order: str) -> None:
    rest.up.client.headers["GS1-Extensions"] = f"ex={EXTENSION}"
    pages = await rest.pages(f"/events?perPage=5{order}")
    del rest.up.client.headers["GS1-Extensions"]
    assert [len(events_of(page.json())) for page in pages] == [5, 5, 3]
    found = [one["eventID"] for page in pages for one in events_of(page.json())]
    assert sorted(found) == sorted(one["eventID"] for one in CAPTURED)
    assert all("gs1-next-page-token-expires" in page.headers for page in pages[:-1])


async def test_a_capture_between_two_pages_changes_none(rest: Rest) -> None:
    first = await rest.get("/events?EQ_bizStep=packing&perPage=1")
    assert events_of(first.json()) == []
    first = await rest.get("/events?EQ_bizStep=commissioning&perPage=10")
    body = {**made(0), "eventID": "urn:uuid:later", "bizStep": "commissioning"}
    body.pop("ex:weight")
    assert (await rest.up.capture({**body, "epcList": [pack(99)]})).status_code == 202
    second = await rest.up.client.get(first.links["next"]["url"])
    found = events_of(first.json()) + events_of(second.json())
    assert len(found) == COUNT
    assert "link" not in second.headers
    assert len(await rest.events("/events?EQ_bizStep=commissioning&perPage=50")) == COUNT + 1
    (result,) = (await rest.up.capture({**body, "epcList": [pack(99)]})).json()["events"]
    assert (await rest.up.client.delete(f"/v1/events/{result['entry']}")).status_code == 200
    assert len(await rest.events("/events?EQ_bizStep=commissioning&perPage=50")) == COUNT


async def test_tokens_are_refused_that_are_not_of_this_listing(rest: Rest) -> None:
    first = await rest.get("/events?perPage=1")
    token = first.links["next"]["url"].partition("nextPageToken=")[2]
    wrong = (400, "page_token", "ValidationException")
    assert await rest.refused(f"/events?EQ_action=ADD&nextPageToken={token}") == wrong
    assert await rest.refused(f"/bizSteps?nextPageToken={token}") == wrong
    changed = ("A" if token[0] != "A" else "B") + token[1:]
    for text in (changed, token[:-2], "x", "%00", "x" * 3000):
        assert await rest.refused(f"/events?nextPageToken={text}") == wrong
    assert (await rest.get(f"/events?perPage=7&nextPageToken={token}")).status_code == 200


@covers("DELETE /nextPageToken/{token}")
async def test_a_token_given_back_is_void(rest: Rest) -> None:
    first = await rest.get("/events?perPage=1")
    token = first.links["next"]["url"].partition("nextPageToken=")[2]
    for _ in range(2):
        gone = await rest.up.client.delete(f"/epcis/nextPageToken/{token}")
        assert (gone.status_code, gone.content) == (204, b"")
    refusal = await rest.refused(f"/events?perPage=1&nextPageToken={token}")
    assert refusal == (400, "page_token_expired", "ValidationException")
    unknown = await rest.up.client.delete("/epcis/nextPageToken/none")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "page_token_not_found")


@covers("orderBy", "orderDirection")
async def test_order(rest: Rest) -> None:
    down = [one["eventTime"] for one in await rest.events("/events?orderBy=eventTime&perPage=50")]
    assert down == sorted(down, reverse=True)
    assert len(set(down)) == len(CAPTURED)
    up = await rest.events("/events?orderBy=eventTime&orderDirection=ASC&perPage=50")
    assert [one["eventTime"] for one in up] == down[::-1]
    recorded = await rest.events("/events?orderBy=recordTime&perPage=50")
    assert [one["eventID"] for one in recorded][-1] == CAPTURED[0]["eventID"]
    weights = await rest.events(
        "/events?orderBy=ex:weight&orderDirection=ASC&EQ_action=ADD",
        GS1_Extensions=f"ex={EXTENSION}",
    )
    heavy = [one["ex:weight"] for one in weights if "ex:weight" in one]
    assert heavy == sorted(heavy)
    assert len(heavy) == COUNT


@covers("eventCountLimit")
async def test_only_the_first_events(rest: Rest) -> None:
    last = await rest.events("/events?orderBy=eventTime&eventCountLimit=1")
    assert [one["eventID"] for one in last] == [CAPTURED[-1]["eventID"]]
    pages = await rest.pages("/events?orderBy=eventTime&eventCountLimit=7&perPage=3")
    assert [len(events_of(page.json())) for page in pages] == [3, 3, 1]
    alone = await rest.refused("/events?eventCountLimit=7")
    assert alone == (400, "query_parameter_conflict", "QueryParameterException")


@covers("maxEventCount")
async def test_a_result_that_is_too_large_is_refused(rest: Rest) -> None:
    few = f"/events?EQ_bizStep=commissioning&maxEventCount={COUNT}"
    assert len(await rest.events(f"{few}&perPage=50")) == COUNT
    refusal = await rest.refused(f"/events?EQ_bizStep=commissioning&maxEventCount={COUNT - 1}")
    assert refusal == (413, "query_too_large", "QueryTooLargeException")
    assert (await rest.refused("/events?maxEventCount=0"))[0] == 413
    assert await rest.events("/events?EQ_bizStep=receiving&maxEventCount=0") == []


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (f"MATCH_epc={pack(3)}", 1),
        (f"MATCH_epc={quote(pack_link(1))}", 2),
        (f"MATCH_anyEPC={pack(1)}|{PALLET}", 2),
        ("MATCH_epc=urn:epc:idpat:sgtin:6901234.012345.*", 13),
        ("MATCH_parentID=urn:epc:idpat:sscc:6901234.*", 1),
        (f"EQ_readPoint={GATE}", COUNT),
        ("EQ_ILMD_cbvmda:lotNumber=L1", 4),
        (f"GE_eventTime={moment(3)}&LT_eventTime={moment(5)}", 2),
        (f"GE_{EXTENSION}weight=15", 2),
        ("EQ_action=ADD&EQ_bizStep=commissioning&EQ_disposition=active", COUNT),
        ("EQ_bizStep=commissioning&EQ_disposition=in_transit", 0),
    ],
)
async def test_queries(rest: Rest, query: str, count: int) -> None:
    assert len(await rest.events(f"/events?perPage=50&{query}")) == count


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.parameter)
async def test_every_parameter_is_taken_in_an_address(rest: Rest, case: object) -> None:
    value = case.hits[0]  # type: ignore[attr-defined]
    words = value if isinstance(value, list) else [value]
    text = "|".join("true" if one is None or one is True else str(one) for one in words)
    name = quote(case.parameter)  # type: ignore[attr-defined]
    answer = await rest.get(f"/events?{name}={quote(text)}", GS1_Extensions=f"ex={EXTENSION}")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("EQ_bizSteps=x", "query_parameter_unknown"),
        ("EQ_ex:a=1", "query_parameter_unknown"),
        ("EQ_action=x", "query_value"),
        ("GE_eventTime=yesterday", "query_value"),
        ("MATCH_epc=urn:epc:id:sgtin:1", "query_value"),
    ],
)
async def test_refused_parameters(rest: Rest, query: str, code: str) -> None:
    assert await rest.refused(f"/events?{query}") == (400, code, "QueryParameterException")


@pytest.mark.parametrize("size", ["0", "-1", "x", "%C2%B2", "", "1.5"])
@pytest.mark.parametrize("path", ["/events", "/bizSteps", "/queries", "/capture"])
async def test_refused_sizes_of_pages(rest: Rest, path: str, size: str) -> None:
    refusal = await rest.refused(f"{path}?perPage={size}")
    assert refusal == (400, "query_value", "ValidationException")


async def test_a_page_has_at_most_a_thousand_members(rest: Rest) -> None:
    pages = await rest.pages("/events?perPage=99999999999")
    assert len(pages) == 1


async def test_an_address_may_be_too_long(rest: Rest) -> None:
    long = "|".join(pack(number) for number in range(400))
    refusal = await rest.refused(f"/events?MATCH_epc={long}")
    assert refusal == (414, "uri_too_long", "URITooLongException")
    many = "&".join("a=1" for _ in range(400))
    assert (await rest.refused(f"/events?{many}"))[:2] == (400, "query_parameter")


@covers("GET /events/{eventID}")
async def test_one_event(rest: Rest) -> None:
    event_id = CAPTURED[4]["eventID"]
    (event,) = await rest.events(f"/events/{event_id}")
    assert (event["eventID"], event["epcList"]) == (event_id, [pack_link(4)])
    assert event["recordTime"]
    refusal = await rest.refused("/events/urn:uuid:none")
    assert refusal == (404, "event_not_found", "NoSuchNameException")


async def test_an_event_is_shown_with_its_error_declaration(rest: Rest) -> None:
    event = {**made(20), "eventID": "urn:uuid:taken-back"}
    event.pop("ex:weight")
    declared = {"declarationTime": moment(40), "reason": "did_not_occur"}
    assert (
        await rest.up.capture(event, {**event, "errorDeclaration": declared})
    ).status_code == 202
    both = await rest.events("/events/urn:uuid:taken-back")
    assert ["errorDeclaration" in one for one in both] == [False, True]
    only = await rest.events("/events?EXISTS_errorDeclaration=true&EQ_eventID=urn:uuid:taken-back")
    assert len(only) == 1


@covers("POST /events")
async def test_an_event_can_be_read_as_soon_as_it_is_captured(rest: Rest) -> None:
    event = {**made(21), "eventID": "urn:uuid:read-at-once", "bizStep": "inspecting"}
    event.pop("ex:weight")
    body = json.dumps({"@context": document()["@context"], **event})
    answer = await rest.up.client.post("/epcis/events", content=body)
    assert answer.status_code == 201
    assert len(await rest.events("/events?EQ_bizStep=inspecting")) == 1
    assert (await rest.up.client.get(answer.headers["location"])).status_code == 200
