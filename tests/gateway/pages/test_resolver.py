"""GS1 Digital Links: led on to a page, or told all links."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from node_gateway.pages.linkset import VOCABULARY
from tests.gateway.pages.fair import GTIN, Fair

pytestmark = pytest.mark.asyncio(loop_scope="module")
SYMBOL = f"/01/{GTIN}/10/A-0316/21/6"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shopper(stalls: Fair) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser without a key."""
    async with stalls.maker.stranger(accept="text/html") as client:
        yield client


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_symbol_leads_to_the_page_and_keeps_what_it_states(
    stalls: Fair, shopper: httpx2.AsyncClient, method: str
) -> None:
    answer = await shopper.request(method, f"{SYMBOL}?17=380228")
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{stalls.url}/c{SYMBOL}?17=380228"
    assert answer.headers["access-control-allow-origin"] == "*"
    said = answer.headers["link"]
    assert 'rel="linkset"; type="application/linkset+json"' in said
    assert (
        f'<https://id.gs1.org/01/{GTIN}/21/6>; rel="https://www.w3.org/2002/07/owl#sameAs"' in said
    )


@pytest.mark.parametrize(
    ("query", "accept"),
    [("?linkType=linkset", "*/*"), ("?linkType=all", "*/*"), ("", "application/linkset+json")],
)
async def test_all_links_are_a_link_set(
    stalls: Fair, shopper: httpx2.AsyncClient, query: str, accept: str
) -> None:
    answer = await shopper.get(SYMBOL + query, headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/linkset+json")
    (one,) = answer.json()["linkset"]
    assert one["anchor"] == f"{stalls.url}/01/{GTIN}/21/6"
    kinds = {name.removeprefix(VOCABULARY) for name in one} - {"anchor"}
    assert kinds == {
        *("defaultLink", "pip", "epil", "certificationInfo", "traceability", "recallStatus"),
    }
    (leaflet,) = one[f"{VOCABULARY}epil"]
    assert leaflet["href"] == f"https://maker.example/leaflet/{GTIN}"
    assert {title["language"] for title in leaflet["title*"]} == {"zh-CN", "en"}
    assert f"{stalls.url}/c/01/{GTIN}/21/6" in [
        link["href"] for link in one[f"{VOCABULARY}traceability"]
    ]


async def test_a_link_type_leads_to_its_link(shopper: httpx2.AsyncClient) -> None:
    for kind in ("gs1:epil", f"{VOCABULARY}epil"):
        answer = await shopper.get(SYMBOL, params={"linkType": kind})
        assert answer.status_code == 307
        assert answer.headers["location"] == f"https://maker.example/leaflet/{GTIN}"
    none = await shopper.get(SYMBOL, params={"linkType": "gs1:epcis"})
    assert none.status_code == 404
    program = await shopper.get(
        SYMBOL, params={"linkType": "gs1:epcis"}, headers={"accept": "application/json"}
    )
    assert program.json()["code"] == "link_type_not_found"


async def test_links_are_a_page_for_people(shopper: httpx2.AsyncClient) -> None:
    answer = await shopper.get(f"{SYMBOL}?linkType=linkset&lang=en")
    assert answer.headers["content-type"].startswith("text/html")
    assert "Leaflet" in answer.text


async def test_links_tell_nothing_of_whether_a_code_exists(shopper: httpx2.AsyncClient) -> None:
    known, unknown = [
        await shopper.get(
            f"/01/{GTIN}/21/{serial}?linkType=linkset", headers={"accept": "application/json"}
        )
        for serial in ("6", "7007")
    ]
    assert known.text.replace("/21/6", "") == unknown.text.replace("/21/7007", "")


@pytest.mark.parametrize("path", [f"/01/{GTIN[:-1]}7/21/1", "/01/abc", "/00/1"])
async def test_what_is_malformed_is_refused(shopper: httpx2.AsyncClient, path: str) -> None:
    answer = await shopper.get(path)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


async def test_the_resolver_says_what_it_takes(stalls: Fair, shopper: httpx2.AsyncClient) -> None:
    said = (await shopper.get("/.well-known/gs1resolver")).json()
    assert said["resolverRoot"] == stalls.url
    assert {"00", "01", "8004"} <= set(said["supportedPrimaryKeys"])
    asked = await shopper.options(SYMBOL)
    assert asked.status_code == 204
    assert "GET" in asked.headers["access-control-allow-methods"]
