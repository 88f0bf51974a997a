"""The browse trees: lists of values, what is below them, their events."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from node_gateway.epcis.cbv import standard_words
from node_gateway.epcis.rules import EVENT_TYPES
from tests.gateway.rest.conftest import (
    COUNT,
    EXTENSION,
    GATE,
    OWN_STEP,
    PALLET,
    SITE,
    SITE_LINK,
    Rest,
    pack,
    pack_link,
)
from tests.gateway.rest.covering import covers
from tests.gateway.running import events_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
GATE_LINK = "https://id.gs1.org/414/6901234000009/254/gate1"
PALLET_LINK = "https://id.gs1.org/00/069012340000000016"


async def members(rest: Rest, path: str, **headers: str) -> list[str]:
    answer = await rest.get(path, **headers)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["type"] == "Collection"
    found: list[str] = body["member"]
    return found


@covers(
    "GET /eventTypes",
    "GET /epcs",
    "GET /bizSteps",
    "GET /bizLocations",
    "GET /readPoints",
    "GET /dispositions",
)
async def test_lists(rest: Rest) -> None:
    assert await members(rest, "/eventTypes") == sorted(EVENT_TYPES)
    steps = await members(rest, "/bizSteps?perPage=100")
    assert set(steps) == {*standard_words("biz_step"), OWN_STEP}
    assert steps == sorted(steps)
    assert await members(rest, "/dispositions?perPage=100") == list(standard_words("disposition"))
    assert await members(rest, "/bizLocations") == [SITE_LINK]
    assert await members(rest, "/readPoints") == [GATE_LINK]
    epcs = await members(rest, "/epcs?perPage=100")
    assert set(epcs) == {PALLET_LINK, *(pack_link(number) for number in range(COUNT))}
    assert epcs == sorted(epcs)


@pytest.mark.parametrize("path", ["/bizSteps", "/dispositions", "/epcs", "/eventTypes"])
async def test_pages_of_lists(rest: Rest, path: str) -> None:
    pages = await rest.pages(f"{path}?perPage=3")
    assert len(pages) > 1
    assert all(len(page.json()["member"]) == 3 for page in pages[:-1])
    assert all("gs1-next-page-token-expires" in page.headers for page in pages[:-1])
    found = [one for page in pages for one in page.json()["member"]]
    assert found == await members(rest, f"{path}?perPage=1000")


VALUES = {
    "eventTypes": ["ObjectEvent", "AggregationEvent", "TransactionEvent"],
    "epcs": [pack(1), pack_link(1), PALLET, PALLET_LINK],
    "bizSteps": ["commissioning", "urn:epcglobal:cbv:bizstep:commissioning", OWN_STEP],
    "bizLocations": [SITE, SITE_LINK],
    "readPoints": [GATE, GATE_LINK],
    "dispositions": ["active", "https://ref.gs1.org/cbv/Disp-active", "stolen"],
}
COUNTS = {
    "eventTypes": (COUNT, 1, 0),
    "bizSteps": (COUNT, COUNT, 1),
    "dispositions": (COUNT,) * 2 + (0,),
}


@covers(
    "GET /eventTypes/{eventType}",
    "GET /epcs/{epc}",
    "GET /bizSteps/{bizStep}",
    "GET /bizLocations/{bizLocation}",
    "GET /readPoints/{readPoint}",
    "GET /dispositions/{disposition}",
    "GET /eventTypes/{eventType}/events",
    "GET /epcs/{epc}/events",
    "GET /bizSteps/{bizStep}/events",
    "GET /bizLocations/{bizLocation}/events",
    "GET /readPoints/{readPoint}/events",
    "GET /dispositions/{disposition}/events",
)
@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("tree", sorted(VALUES))
async def test_values_and_their_events(rest: Rest, tree: str, escaped: bool) -> None:
    for at, value in enumerate(VALUES[tree]):
        path = f"/{tree}/{quote(value, safe='')}" if escaped else f"/{tree}/{value}"
        assert await members(rest, path) == ["events"]
        found = await rest.events(f"{path}/events?perPage=50")
        default = (COUNT,) * 2 if tree in ("bizLocations", "readPoints") else (2, 2, 1, 1)
        assert len(found) == COUNTS.get(tree, default)[at], value


@pytest.mark.parametrize("below", ["", "/events"])
@pytest.mark.parametrize(
    ("tree", "value"),
    [
        ("eventTypes", "OtherEvent"),
        ("eventTypes", "other:Event"),
        ("epcs", pack(98)),
        ("epcs", "urn:epc:idpat:sgtin:6901234.012345.*"),
        ("epcs", "urn:example:none"),
        ("bizSteps", "commission"),
        ("bizLocations", GATE),
        ("readPoints", SITE),
        ("dispositions", "commissioning"),
    ],
)
async def test_unknown_values(rest: Rest, tree: str, value: str, below: str) -> None:
    refusal = await rest.refused(f"/{tree}/{quote(value, safe='')}{below}")
    assert refusal == (404, "value_not_found", "NoSuchNameException")


async def test_a_malformed_identifier_is_refused(rest: Rest) -> None:
    refusal = await rest.refused("/epcs/urn:epc:id:sgtin:1")
    assert refusal == (400, "query_value", "QueryParameterException")


async def test_events_of_a_value_take_further_parameters_and_pages(rest: Rest) -> None:
    path = "/bizSteps/commissioning/events"
    assert len(await rest.events(f"{path}?MATCH_epc={pack(3)}")) == 1
    pages = await rest.pages(f"{path}?perPage=5&orderBy=eventTime")
    assert [len(events_of(page.json())) for page in pages] == [5, 5, 2]
    assert (await rest.refused(f"{path}?EQ_foo=1"))[1] == "query_parameter_unknown"


async def test_values_in_the_words_of_the_client(rest: Rest) -> None:
    mine = {"GS1_Extensions": f"own=https://ns.example.com/step/, ex={EXTENSION}"}
    answer = await rest.get("/bizSteps?perPage=100", **mine)
    assert "own:relabelling" in answer.json()["member"]
    assert {"own": "https://ns.example.com/step/", "ex": EXTENSION} in answer.json()["@context"]
    assert await members(rest, "/bizSteps/own:relabelling", **mine) == ["events"]
    urns = await members(rest, "/epcs?perPage=100", GS1_EPC_Format="Always_EPC_URN")
    assert set(urns) == {PALLET, *(pack(number) for number in range(COUNT))}
    assert await members(rest, "/bizLocations", GS1_EPC_Format="Always_EPC_URN") == [SITE]
