"""Products, locations and parties over HTTP."""

import json
from typing import Any
from urllib.parse import quote

import httpx2
import jsonschema
import pytest

from node_gateway.app import describe_app
from tests.gateway.conftest import Start
from tests.gateway.running import Running, Wishes, commissioning, document, sgtin, shipping

shared_loop = pytest.mark.asyncio(loop_scope="module")

GLN = "https://id.gs1.org/414/6901234000009"


def described(operation_id: str, response: httpx2.Response) -> Any:
    """Check an answer against the description of the interface; return it."""
    description = describe_app().openapi()
    (operation,) = (
        one
        for some in description["paths"].values()
        for one in some.values()
        if one["operationId"] == operation_id
    )
    content = operation["responses"][str(response.status_code)]["content"]
    schema = {**content["application/json"]["schema"], "components": description["components"]}
    jsonschema.Draft202012Validator(schema).validate(response.json())
    return response.json()


def amox(number: int, **members: Any) -> dict[str, Any]:
    gtins = [f"urn:epc:idpat:sgtin:952{number:04}.000001.*"]
    return {
        "nameZh": "阿莫西林胶囊",
        "nameEn": f"Amox {number}",
        "levels": [{"gtins": gtins}],
        **members,
    }


@shared_loop
async def test_a_product_from_first_to_last(shared: Running) -> None:
    http = shared.client
    made = await http.put("/v1/products/FIRST", json=amox(1, storageMinC=2, storageMaxC=8))
    body = described("putProduct", made)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert body["levels"] == [{"gtins": ["09520001000010"]}]
    again = await http.put("/v1/products/FIRST", json=amox(1, storageMinC=2.0, storageMaxC=8))
    assert (again.status_code, again.json()) == (200, body)
    changed = await http.put("/v1/products/FIRST", json=amox(1), headers={"If-Match": '"1"'})
    assert described("putProduct", changed)["version"] == 2
    stale = await http.put("/v1/products/FIRST", json=amox(1), headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_changed")
    wrong = await http.put("/v1/products/FIRST", json=amox(1), headers={"If-Match": "x"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "parameter")
    for name in ("FIRST", "09520001000010", "https://id.gs1.org/01/19520001000017/21/7"):
        shown = await http.get(f"/v1/products/{quote(name, safe='')}")
        assert described("getProduct", shown)["version"] == 2
    versions = await http.get("/v1/products/versions", params={"id": "FIRST"})
    first, last = described("listProductVersions", versions)["versions"][::-1]
    assert (first["version"], first["storageMinC"], last["version"]) == (1, 2.0, 2)
    assert first["changedBy"].startswith("key ")
    removed = await http.delete("/v1/products/FIRST")
    assert described("removeProduct", removed)["removed"]
    gone = await http.get("/v1/products/FIRST")
    assert (gone.status_code, gone.json()["code"]) == (404, "product_not_found")


@shared_loop
async def test_places_and_parties_by_any_spelling(shared: Running) -> None:
    http = shared.client
    for path in (GLN, quote(GLN, safe=""), "6901234000009", "urn:epc:id:sgln:6901234.00000.0"):
        answer = await http.put(f"/v1/locations/{path}", json={"city": "杭州", "region": "浙江"})
        assert described("putLocation", answer)["id"] == GLN, path
        assert described("getLocation", await http.get(f"/v1/locations/{path}"))["version"] == 1
    party = {"companyPrefixes": ["6901234"], "participant": 1, "creditCode": "913300000000000004"}
    answer = await http.put("/v1/parties/6901234000009", json=party)
    assert described("putParty", answer)["id"] == "https://id.gs1.org/417/6901234000009"
    by_code = await http.get("/v1/parties/913300000000000004")
    assert described("getParty", by_code)["participant"] == 1
    rival = await http.put("/v1/parties/urn:example:rival", json={"companyPrefixes": ["69012345"]})
    assert (rival.status_code, rival.json()["code"]) == (409, "master_data_taken")
    assert rival.json()["errors"][0]["pointer"] == "/companyPrefixes/0"
    listed = described("listParties", await http.get("/v1/parties"))["parties"]
    assert [one["id"] for one in listed] == [answer.json()["id"]]


@shared_loop
@pytest.mark.parametrize(
    ("path", "body", "status", "codes"),
    [
        ("products/import", b"{}", 400, {"product_id_form"}),
        ("products/A", b"[]", 400, {"type_wrong"}),
        ("products/A", b'{"id": "B"}', 400, {"id_mismatch"}),
        ("products/A", b'{"nameEn": "x", "nameEn": "y"}', 400, {"duplicate_member"}),
        ("products/A", b'{"nameen": "x"}', 400, {"member_unknown"}),
        ("products/A", b'{"nameEn": 7, "levels": [{"gtins": "1"}]}', 400, {"type_wrong"}),
        ("products/A", b'{"storageMinC": 1e999}', 400, {"number_range"}),
        ("products/A", b" " * 300_000, 413, {"body_too_large"}),
        ("products/A", b"", 400, {"not_json"}),
        ("locations/warehouse", b"{}", 400, {"identifier_form"}),
        ("locations/6901234000008", b"{}", 400, {"check_digit"}),
        ("locations/urn:a:b", b'{"parent": "urn:a:b"}', 409, {"place_inside_itself"}),
        ("locations/urn:a:b", b'{"country": "cn"}', 400, {"not_allowed"}),
        ("parties/urn:a:b", b'{"participant": 4294967296}', 400, {"not_allowed"}),
    ],
)
async def test_bad_records(
    shared: Running, path: str, body: bytes, status: int, codes: set[str]
) -> None:
    answer = await shared.client.put(f"/v1/{path}", content=body)
    problem = answer.json()
    assert answer.status_code == status, problem
    found = {one["code"] for one in problem.get("errors", [])} or {problem["code"]}
    assert found == codes


@shared_loop
async def test_lists_are_paged_searched_and_cut(shared: Running) -> None:
    http = shared.client
    for number in range(20, 27):
        made = await http.put(f"/v1/products/PAGE-{number}", json=amox(number))
        assert made.status_code == 201, made.text
    found: list[str] = []
    address = "/v1/products?prefix=PAGE-&perPage=3"
    while address:
        answer = await http.get(address)
        found += [one["id"] for one in described("listProducts", answer)["products"]]
        address = answer.links["next"]["url"] if "link" in answer.headers else ""
    assert found == [f"PAGE-{number}" for number in range(20, 27)]
    for words, expected in {
        "AMOX 23": ["PAGE-23"],
        "09520025000010": ["PAGE-25"],
        "%": [],
        "莫西林": found,
    }.items():
        answer = await http.get("/v1/products", params={"q": words, "prefix": "PAGE-"})
        assert [one["id"] for one in answer.json()["products"]] == expected, words
    for params in ({"perPage": 0}, {"perPage": 1001}, {"lang": "de"}, {"q": "x" * 201}):
        assert (await http.get("/v1/products", params=params)).status_code == 400


@shared_loop
async def test_csv_in_and_out(shared: Running) -> None:
    http = shared.client
    kind = {"Content-Type": "text/csv"}
    raw = "企业标识,中文名称,企业ID\r\nurn:example:a,甲,2001\r\nurn:example:b,乙,2002\r\n"
    for body in (raw.encode("gb18030"), raw.encode()):
        answer = await http.post("/v1/parties/import", content=body, headers=kind)
        report = described("importParties", answer)
        assert report["created"] + report["unchanged"] == 2
    bad = raw + "urn:example:c,丙,2001\r\nc,,\r\n"
    answer = await http.post("/v1/parties/import", content=bad.encode(), headers=kind)
    assert (answer.status_code, answer.json()["code"]) == (400, "document_refused")
    places = [(one["pointer"], one["code"]) for one in answer.json()["errors"]]
    assert places == [("/5/企业标识", "identifier_form"), ("/4/企业ID", "master_data_taken")]
    for params, expected in (({"check": True}, 0), ({"proceed": True}, 2)):
        answer = await http.post(
            "/v1/parties/import", params=params, content=bad.encode(), headers=kind
        )
        report = described("importParties", answer)
        assert (report["unchanged"], report["refused"]) == (expected, 2)
    exported = await http.get("/v1/parties?lang=zh", headers={"Accept": "text/csv"})
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    assert "urn:example:a,甲," in exported.text
    again = await http.post("/v1/parties/import", content=exported.content, headers=kind)
    assert again.json()["unchanged"] == again.json()["rows"] >= 2
    other = await http.post("/v1/parties/import", json={})
    assert (other.status_code, other.json()["code"]) == (415, "media_type")


def with_header(*events: dict[str, Any], city: str) -> bytes:
    element = {
        "id": "urn:epc:id:sgln:6901234.00000.0",
        "attributes": [{"id": "urn:epcglobal:cbv:mda#city", "attribute": city}],
    }
    kind = "urn:epcglobal:epcis:vtype:BusinessLocation"
    lists = [{"type": kind, "vocabularyElementList": [element]}]
    header = {"epcisMasterData": {"vocabularyList": lists}}
    return json.dumps({**document(*events), "epcisHeader": header}).encode()


async def city_of(up: Running, answer: httpx2.Response) -> str | None:
    assert answer.status_code == 202, answer.text
    (result,) = answer.json()["events"]
    opening = (await up.client.get(f"/v1/events/{result['entry']}/opening")).json()
    city: str | None = opening["derived"].get("sealtrail:city")
    return city


async def test_a_header_names_the_city_of_its_own_events_and_of_later_ones(start: Start) -> None:
    up = await start(Wishes())
    first = await up.client.post(
        "/epcis/capture", content=with_header(shipping(sgtin()), city="Hangzhou")
    )
    assert await city_of(up, first) == "Hangzhou"
    assert await city_of(up, await up.capture(shipping(sgtin()))) == "Hangzhou"
    known = (await up.client.get(f"/v1/locations/{GLN}")).json()
    assert (known["city"], known["source"]) == ("Hangzhou", "header")
    await up.client.put(f"/v1/locations/{GLN}", json={"city": "Ningbo"})
    third = await up.client.post(
        "/epcis/capture", content=with_header(shipping(sgtin()), city="Hangzhou")
    )
    assert await city_of(up, third) == "Ningbo"
    refused = with_header({**shipping(sgtin()), "type": "None"}, city="Elsewhere")
    assert (await up.client.post("/epcis/capture", content=refused)).status_code == 400
    assert (await up.client.get(f"/v1/locations/{GLN}")).json()["city"] == "Ningbo"


async def test_the_locations_file_and_what_an_operator_enters(start: Start) -> None:
    up = await start(Wishes(locations={GLN: {"city": "Hangzhou", "region": "Zhejiang"}}))
    assert await city_of(up, await up.capture(shipping(sgtin()))) == "Hangzhou"
    assert (await up.client.get(f"/v1/locations/{GLN}")).json()["source"] == "file"
    await up.client.put(f"/v1/locations/{GLN}", json={"city": "Ningbo"})
    assert await city_of(up, await up.capture(shipping(sgtin()))) == "Ningbo"
    elsewhere = commissioning(sgtin(), readPoint={"id": f"{GLN}/254/DOCK-1"})
    assert await city_of(up, await up.capture(elsewhere)) == "Ningbo"
