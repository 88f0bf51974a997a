"""Named queries: made, listed, shown, run, removed."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.gateway.rest.conftest import COUNT, EXTENSION, Rest, pack
from tests.gateway.rest.covering import covers
from tests.gateway.running import events_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def add(rest: Rest, name: object, query: object, **headers: str) -> httpx2.Response:
    body = json.dumps({"name": name, "query": query})
    return await rest.up.client.post("/epcis/queries", content=body, headers=headers)


@covers("POST /queries", "GET /queries/{queryName}", "DELETE /queries/{queryName}")
async def test_a_query_is_made_shown_and_removed(rest: Rest) -> None:
    query = {"eventType": ["ObjectEvent"], "EQ_bizStep": ["commissioning"]}
    made = await add(rest, "made here", query)
    assert (made.status_code, made.json()) == (201, {"name": "made here", "query": query})
    shown = await rest.up.client.get(made.headers["location"])
    assert (shown.status_code, shown.json()) == (200, {"name": "made here", "query": query})
    again = await add(rest, "made here", {})
    assert (again.status_code, again.json()["code"]) == (409, "query_exists")
    assert again.json()["type"] == "epcisException:ResourceAlreadyExistsException"
    gone = await rest.up.client.delete(made.headers["location"])
    assert (gone.status_code, gone.content) == (204, b"")
    for answer in (
        await rest.up.client.get(made.headers["location"]),
        await rest.up.client.delete(made.headers["location"]),
        await rest.up.client.get(made.headers["location"] + "/events"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "query_not_found")
        assert answer.json()["type"] == "epcisException:NoSuchNameException"


@covers("GET /queries/{queryName}/events")
async def test_a_named_query_is_run_page_by_page(rest: Rest) -> None:
    context = {"@context": {"ex": EXTENSION}}
    await add(rest, "heavy", {**context, "GE_ex:weight": 9, "orderBy": "eventTime"})
    pages = await rest.pages("/queries/heavy/events?perPage=4")
    assert [len(events_of(page.json())) for page in pages] == [4, 2]
    results = pages[0].json()["epcisBody"]["queryResults"]
    assert results["queryName"] == "heavy"
    refusal = await rest.refused("/queries/heavy/events?EQ_action=ADD")
    assert refusal == (400, "query_parameter_unknown", "QueryParameterException")
    await add(rest, "few", {"EQ_bizStep": ["commissioning"], "maxEventCount": COUNT - 1})
    too_large = await rest.refused("/queries/few/events")
    assert too_large == (413, "query_too_large", "QueryTooLargeException")


async def test_a_token_of_a_query_is_none_of_another_with_its_name(rest: Rest) -> None:
    await add(rest, "again", {"EQ_bizStep": ["commissioning"]})
    first = await rest.get("/queries/again/events?perPage=2")
    await rest.up.client.delete("/epcis/queries/again")
    await add(rest, "again", {"EQ_action": ["ADD"]})
    second = await rest.up.client.get(first.links["next"]["url"])
    assert (second.status_code, second.json()["code"]) == (400, "page_token")


@covers("GET /queries")
async def test_queries_are_listed_in_pages(rest: Rest) -> None:
    for number in range(7):
        await add(rest, f"listed-{number}", {"MATCH_epc": [pack(number)]})
    pages = await rest.pages("/queries?perPage=3")
    assert all(len(page.json()) == 3 for page in pages[:-1])
    listed = [one for page in pages for one in page.json()]
    names = [one["name"] for one in listed]
    assert names == sorted(names)
    assert {"name": "listed-2", "query": {"MATCH_epc": [pack(2)]}} in listed


@pytest.mark.parametrize(
    ("name", "query", "code", "exception"),
    [
        ("", {}, "query_name", "QueryValidationException"),
        (None, {}, "query_name", "QueryValidationException"),
        ("a/b", {}, "query_name", "QueryValidationException"),
        ("x" * 200, {}, "query_name", "QueryValidationException"),
        ("SimpleEventQuery", {}, "query_name", "QueryValidationException"),
        ("fine", None, "query_form", "QueryValidationException"),
        ("fine", [], "query_form", "QueryValidationException"),
        ("fine", {"EQ_none": ["x"]}, "query_parameter_unknown", "QueryParameterException"),
        ("fine", {"EQ_action": ["x"]}, "query_value", "QueryParameterException"),
        ("fine", {"eventCountLimit": 3}, "query_parameter_conflict", "QueryParameterException"),
    ],
)
async def test_refused_queries(
    rest: Rest, name: object, query: object, code: str, exception: str
) -> None:
    answer = await add(rest, name, query)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["type"] == f"epcisException:{exception}"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "not_json"),
        (b"[]", 400, "query_form"),
        (b'{"name": "x"}', 400, "query_form"),
        (b'{"name": "x", "query": {}, "more": 1}', 400, "query_form"),
        (b'{"name": "x", "name": "y", "query": {}}', 400, "duplicate_member"),
        (b'{"name": "x", "query": ' + b'{"a":' * 40 + b"1" + b"}" * 41, 413, "too_deep"),
        (b'{"name": "' + b"x" * 300_000 + b'", "query": {}}', 413, "body_too_large"),
    ],
)
async def test_refused_bodies(rest: Rest, body: bytes, status: int, code: str) -> None:
    answer = await rest.up.client.post("/epcis/queries", content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_other_content_is_415(rest: Rest) -> None:
    answer = await add(rest, "text", {}, **{"Content-Type": "text/plain"})
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (415, "media_type")
    assert body["type"] == "epcisException:UnsupportedMediaTypeException"
