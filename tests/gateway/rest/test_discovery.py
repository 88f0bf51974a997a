"""What can be found out of the interface itself, and what a client may ask for by headers."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.gateway.rest.conftest import CAPTURED, EXTENSION, PALLET, SITE, Rest, pack, pack_link
from tests.gateway.rest.covering import covers
from tests.gateway.running import events_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERYWHERE = (
    "allow",
    "gs1-epcis-version",
    "gs1-epcis-min",
    "gs1-epcis-max",
    "gs1-cbv-version",
    "gs1-cbv-min",
    "gs1-cbv-max",
    "gs1-epc-format",
    "gs1-cbv-xml-format",
    "gs1-extensions",
    "gs1-vendor-version",
)
LISTS = {
    "/": "OPTIONS, GET",
    "": "OPTIONS, GET",
    "/capture": "OPTIONS, POST, GET",
    "/events": "OPTIONS, GET, POST",
    "/queries": "OPTIONS, GET, POST",
    "/eventTypes": "OPTIONS, GET",
    "/epcs": "OPTIONS, GET",
    "/bizSteps": "OPTIONS, GET",
    "/bizLocations": "OPTIONS, GET",
    "/readPoints": "OPTIONS, GET",
    "/dispositions": "OPTIONS, GET",
}


@covers("GET /")
@pytest.mark.parametrize("path", ["", "/"])
async def test_resources(rest: Rest, path: str) -> None:
    answer = await rest.get(path)
    assert (answer.status_code, answer.json()["type"]) == (200, "Collection")
    named = {f"/{name}" for name in answer.json()["member"]}
    assert named == set(LISTS) - {"", "/"}
    for one in named:
        assert (await rest.get(one)).status_code == 200


@covers(
    *("OPTIONS /", "OPTIONS /capture", "OPTIONS /events", "OPTIONS /queries"),
    *("OPTIONS /eventTypes", "OPTIONS /epcs", "OPTIONS /bizSteps", "OPTIONS /bizLocations"),
    *("OPTIONS /readPoints", "OPTIONS /dispositions"),
)
@pytest.mark.parametrize("path", sorted(LISTS))
async def test_options_of_lists_need_no_key(rest: Rest, path: str) -> None:
    answer = await rest.up.stranger().options(f"/epcis{path}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == LISTS[path]
    assert [name for name in EVERYWHERE if name not in answer.headers] == []
    limits = ("gs1-epcis-capture-limit", "gs1-epcis-capture-file-size-limit")
    assert all((name in answer.headers) == (path == "/capture") for name in limits)
    assert (answer.headers.get("gs1-capture-error-behaviour") == "all") == (path == "/capture")


@covers(
    *("OPTIONS /capture/{captureID}", "OPTIONS /events/{eventID}"),
    *("OPTIONS /queries/{queryName}", "OPTIONS /queries/{queryName}/events"),
    *("OPTIONS /eventTypes/{eventType}", "OPTIONS /eventTypes/{eventType}/events"),
    *("OPTIONS /epcs/{epc}", "OPTIONS /epcs/{epc}/events"),
    *("OPTIONS /bizSteps/{bizStep}", "OPTIONS /bizSteps/{bizStep}/events"),
    *("OPTIONS /bizLocations/{bizLocation}", "OPTIONS /bizLocations/{bizLocation}/events"),
    *("OPTIONS /readPoints/{readPoint}", "OPTIONS /readPoints/{readPoint}/events"),
    *("OPTIONS /dispositions/{disposition}", "OPTIONS /dispositions/{disposition}/events"),
)
async def test_options_of_single_things(rest: Rest) -> None:
    body = '{"name": "o", "query": {}}'
    assert (await rest.up.client.post("/epcis/queries", content=body)).status_code == 201
    captured = await rest.up.capture({**CAPTURED[-1], "bizStep": "packing"}, wait="")
    assert captured.status_code == 409
    job = (await rest.get("/capture?perPage=1")).json()[0]["captureID"]
    ones = {
        f"/capture/{job}": "OPTIONS, GET",
        f"/events/{CAPTURED[0]['eventID']}": "OPTIONS, GET",
        "/queries/o": "OPTIONS, GET, DELETE",
        "/queries/o/events": "OPTIONS, GET",
    }
    for tree, value in (
        ("eventTypes", "ObjectEvent"),
        ("epcs", pack(1)),
        ("bizSteps", "shipping"),
        ("bizLocations", SITE),
        ("readPoints", CAPTURED[0]["readPoint"]["id"]),
        ("dispositions", "active"),
    ):
        ones[f"/{tree}/{value}"] = ones[f"/{tree}/{value}/events"] = "OPTIONS, GET"
    for path, allow in ones.items():
        answer = await rest.options(path)
        assert (answer.status_code, answer.headers["allow"]) == (204, allow), path
        assert (await rest.up.stranger().options(f"/epcis{path}")).status_code == 401, path
        head, _, tail = path.removesuffix("/events").rpartition("/")
        missing = await rest.options(path.replace(tail, "urn:example:none"))
        assert missing.status_code == 404, (head, path)


@pytest.mark.parametrize(
    "headers",
    [
        {"GS1_EPCIS_Min": "1.2", "GS1_EPCIS_Max": "2.0"},
        {"GS1_EPCIS_Min": "2.0.0", "GS1_EPCIS_Max": "2.0.0"},
        {"GS1_EPCIS_Max": "2"},
        {"GS1_CBV_Min": "1.0", "GS1_CBV_Max": "3.1.4"},
        {"Accept": "application/ld+json"},
        {"Accept": "text/html, application/*;q=0.5"},
        {"Accept": "application/xml;q=0.2, */*"},
        {"GS1_EPC_Format": "No_Preference"},
        {"GS1_EPC_Format": "Never_Translates"},
        {"GS1_CBV_XML_Format": "Always_URN"},
        {"GS1_Extensions": "nothing of this kind"},
    ],
)
async def test_what_can_be_satisfied(rest: Rest, headers: dict[str, str]) -> None:
    assert (await rest.get("/events?perPage=1", **headers)).status_code == 200


@pytest.mark.parametrize("method", ["get", "options"])
@pytest.mark.parametrize(
    "headers",
    [
        {"GS1_EPCIS_Min": "2.0.1"},
        {"GS1_EPCIS_Min": "3"},
        {"GS1_EPCIS_Max": "1.2"},
        {"GS1_EPCIS_Min": "two"},
        {"GS1_CBV_Max": "1.9.9"},
        {"GS1_CBV_Min": "2.1"},
        {"GS1_EPCIS_Version": "1.0"},
        {"GS1_CBV_Version": "7"},
    ],
)
async def test_versions_that_are_not_spoken(
    rest: Rest, headers: dict[str, str], method: str
) -> None:
    answer = await getattr(rest, method)("/events", **headers)
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert answer.json()["type"] == "epcisException:NotAcceptableException"


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "text/csv"},
        {"Accept": "application/json;q=0"},
        {"GS1_EPC_Format": "Sometimes"},
        {"GS1_CBV_XML_Format": "Sometimes"},
    ],
)
async def test_formats_that_do_not_exist(rest: Rest, headers: dict[str, str]) -> None:
    refusal = await rest.refused("/events", **headers)
    assert refusal == (406, "not_acceptable", "NotAcceptableException")


async def test_captures_negotiate_too(rest: Rest) -> None:
    for path in ("/epcis/capture", "/epcis/events"):
        for name, value in (("GS1-EPCIS-Version", "3.0"), ("Accept", "text/csv")):
            answer = await rest.up.client.post(path, content=b"{}", headers={name: value})
            assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
        fine = await rest.up.client.post(
            path, content=b"{}", headers={"GS1-EPCIS-Version": "2.0", "GS1-CBV-Version": "2.0.0"}
        )
        assert fine.status_code == 400


async def test_identifiers_as_urns(rest: Rest) -> None:
    path = f"/events?MATCH_anyEPC={quote(PALLET)}"
    answer = await rest.get(path, GS1_EPC_Format="Always_EPC_URN")
    (event,) = events_of(answer.json())
    assert (event["parentID"], event["childEPCs"]) == (PALLET, [pack(1), pack(2)])
    assert answer.headers["gs1-epc-format"] == "Always_EPC_URN"
    for form in ("Always_GS1_Digital_Link", "No_Preference", "Never_Translates"):
        answer = await rest.get(path, GS1_EPC_Format=form)
        (event,) = events_of(answer.json())
        assert event["childEPCs"] == [pack_link(1), pack_link(2)]
        assert answer.headers["gs1-epc-format"] == "Always_GS1_Digital_Link"


async def test_what_has_no_known_prefix_stays_a_digital_link(rest: Rest) -> None:
    foreign = "https://id.gs1.org/01/09506000134352/21/1"
    event = {**CAPTURED[0], "eventID": "urn:uuid:foreign", "epcList": [foreign, pack(1)]}
    event.pop("ex:weight")
    assert (await rest.up.capture(event)).status_code == 202
    answer = await rest.get("/events/urn:uuid:foreign", GS1_EPC_Format="Always_EPC_URN")
    (event,) = events_of(answer.json())
    assert (event["epcList"], event["bizLocation"]) == ([foreign, pack(1)], {"id": SITE})
    assert answer.headers["gs1-epc-format"] == "No_Preference"


async def test_extensions_with_the_prefix_of_the_client(rest: Rest) -> None:
    path = f"/events/{CAPTURED[3]['eventID']}"
    (plain,) = await rest.events(path)
    assert plain[f"{EXTENSION}weight"] == 4.5
    answer = await rest.get(path, GS1_Extensions=f"mine={EXTENSION}")
    (event,) = events_of(answer.json())
    assert event["mine:weight"] == 4.5
    assert {"mine": EXTENSION} in answer.json()["@context"]
    again = await rest.up.client.post("/epcis/capture", content=answer.content)
    assert [one["result"] for one in again.json()["events"]] == ["duplicate"]
