"""The page about a code over HTTP: what it says, to whom, and what it never says."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from anchoring.core.verify import check_bundles
from node_gateway.settings_policies import PoliciesSection
from node_gateway.web import assets
from node_gateway.web.words import LANGUAGES, say
from tests.gateway.pages.fair import DRUG_ID, GTIN, Fair, drug_code
from tests.gateway.running import shipping

pytestmark = pytest.mark.asyncio(loop_scope="module")
BUDGET_BYTES = 14 * 1024
FATES = {
    "unsold": "V01",
    "sold": "V02",
    "sealing": "V03",
    "sold_again": "V04",
    "recalled": "V05",
    "drill": "V01",
    "expired": "V06",
    "destroyed": "V07",
    "never_issued": "V08",
    "not_activated": "V10",
    "unknown": "V12",
    "outside": "V14",
    "case": "V12",
    "product": "V12",
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shopper(stalls: Fair) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser without a key."""
    async with stalls.maker.stranger(accept="text/html,*/*;q=0.8") as client:
        yield client


def facts_of(text: str) -> dict[str, Any]:
    match = re.search(r'<script type="application/json" id="facts">(.*?)</script>', text, re.S)
    assert match is not None
    found: dict[str, Any] = json.loads(match[1])
    return found


def verdict_of(text: str) -> str:
    match = re.search(r'id="verdict"[^>]* data-verdict="(V\d\d)"[^>]* data-checked="no"', text)
    assert match is not None, text[:2000]
    return match[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("fate", "verdict"), FATES.items())
async def test_each_fate_has_its_verdict_in_each_language(
    stalls: Fair, shopper: httpx2.AsyncClient, fate: str, verdict: str, language: str
) -> None:
    answer = await shopper.get(f"/c/{stalls.codes[fate]}", params={"lang": language})
    assert answer.status_code == 200
    assert verdict_of(answer.text) == verdict
    headers = answer.headers
    assert (headers["content-language"], headers["cache-control"]) == (language, "no-store")
    assert f"ST-{verdict}" in answer.text
    assert say(language, "result.stated", gateway="示例制药有限公司") in answer.text
    if verdict != "V12":
        assert say(language, f"verdict.{verdict}.next") in answer.text.replace("&#39;", "'")
    assert "!" not in re.sub(r"<[^>]*>", "", answer.text.split('id="facts"')[0]).replace("！", "!")


async def test_it_shows_what_the_maker_discloses_and_names_the_holes(
    stalls: Fair, shopper: httpx2.AsyncClient
) -> None:
    text = (await shopper.get(f"/c/{stalls.codes['sold']}?lang=en")).text
    for shown in ("Amoxicillin capsules 0.25g×24", "A-0316", "2038-02-28", "示例制药有限公司"):
        assert shown in text
    assert text.count('type="checkbox"') == 2
    assert "Was that you?" in text
    assert text.index("Made and coded") < text.index(">Sold<")
    unsold = (await shopper.get(f"/c/{stalls.codes['unsold']}?lang=en")).text
    assert "What came after is not published" in unsold
    assert 'id="sold"' not in unsold


async def test_nothing_on_it_is_sent_or_runs(stalls: Fair, shopper: httpx2.AsyncClient) -> None:
    answer = await shopper.get(f"/c/{stalls.codes['sold']}")
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    text = answer.text
    assert "<form" not in text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)
    assert set(re.findall(r"<script[^>]*>", text)) <= {
        '<script type="application/json" id="facts">',
        f'<script src="{assets.url("old.js")}" defer>',
        f'<script src="{assets.url("result.js")}" defer>',
    }
    leaving = re.findall(r'<a [^>]*href="https?://[^>]*>', text)
    assert leaving
    assert all("noreferrer" in one for one in leaving)


async def test_the_company_s_links_stand_apart_and_know_no_serial(
    stalls: Fair, shopper: httpx2.AsyncClient
) -> None:
    text = (await shopper.get(f"/c/{stalls.codes['link']}?lang=en")).text
    aside = text[text.index('<aside id="brand"') : text.index("</aside>")]
    hrefs = re.findall(r'href="([^"]*)"', aside)
    assert f"https://maker.example/leaflet/{GTIN}" in hrefs
    assert all("/21/" not in one for one in hrefs)
    assert "no part of the record" in aside
    drug = (await shopper.get(f"/c/{stalls.codes['unsold']}")).text
    assert f"https://maker.example/leaflet/{DRUG_ID}" in drug
    others = (await shopper.get(f"/c/{stalls.codes['unknown']}")).text
    assert 'id="brand"' not in others


async def test_a_recall_is_on_top_in_both_languages_and_a_drill_says_so(
    stalls: Fair, shopper: httpx2.AsyncClient
) -> None:
    text = (await shopper.get(f"/c/{stalls.codes['recalled']}?lang=en")).text
    assert text.index("Recall, level 1") < text.index('id="verdict"')
    for language, words in (("zh-CN", "可全额退款"), ("en", "Dissolution of this lot failed")):
        assert re.search(rf'<p lang="{language}">[^<]*{words}', text)
    assert "back to where you bought it" in text
    drill = (await shopper.get(f"/c/{stalls.codes['drill']}?lang=en")).text
    assert "Exercise, not a real recall" in drill
    assert "You need do nothing." in drill


async def test_what_a_symbol_states_is_compared_with_the_record(
    stalls: Fair, shopper: httpx2.AsyncClient
) -> None:
    serial = stalls.codes["link"].rpartition("/")[2]
    same = await shopper.get(f"/c/01/{GTIN}/10/A-0316/21/{serial}?17=380228&lang=en")
    assert "They should be the same" not in same.text
    other = await shopper.get(f"/c/01/{GTIN}/10/B-1/21/{serial}?17=391231&lang=en")
    assert "says lot B-1; the record says A-0316" in other.text
    assert "says expiry 2039-12-31; the record says 2038-02-28" in other.text


async def test_who_owns_the_range_is_named_where_nothing_is_published(
    stalls: Fair, shopper: httpx2.AsyncClient
) -> None:
    path = stalls.codes["unknown"]
    text = (await shopper.get(f"/c/{path}?lang=en")).text
    address = f"{stalls.town.url('wholesaler')}/c/{path}"
    assert re.search(rf'class="button first" href="{address}"[^>]*>Ask Example Wholesale<', text)


async def test_second_opinions_lead_to_the_same_code_elsewhere(
    stalls: Fair, shopper: httpx2.AsyncClient
) -> None:
    path = stalls.codes["sold"]
    text = (await shopper.get(f"/c/{path}")).text
    for slug in ("wholesaler", "pharmacy"):
        assert f'href="{stalls.town.url(slug)}/c/{path}"' in text


async def test_unknown_and_undisclosed_look_alike(stalls: Fair) -> None:
    up = stalls.town["pharmacy"]
    hidden = drug_code(777)
    await up.entry(shipping(hidden))
    async with up.stranger(accept="text/html") as shopper:
        pages = [
            (await shopper.get(f"/c/{code.removeprefix('urn:x-cn-drug:')}")).text
            for code in (hidden, drug_code(778))
        ]
    digits = re.compile(r"8123 ?4560 ?0000 ?077[78] ?077[78]")
    assert digits.sub("CODE", pages[0]) == digits.sub("CODE", pages[1])


async def test_where_no_pack_is_shown_no_code_tells_that_it_was_made(
    stalls: Fair, shopper: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fates = ("link", "never_issued", "not_activated")

    async def looks() -> list[str]:
        return [(await shopper.get(f"/c/{stalls.codes[fate]}")).text for fate in fates]

    assert [verdict_of(one) for one in await looks()] == ["V01", "V08", "V10"]
    hiding = PoliciesSection(partner_steps=("commissioning",))
    monkeypatch.setattr(stalls.maker.gateway.public, "_policies", hiding)
    hidden = await looks()
    assert [verdict_of(one) for one in hidden] == ["V12"] * 3
    serial = re.compile(r"(21(?:/|\) |%2F))[0-9A-Za-z]+")
    first, *others = [serial.sub(r"\1SERIAL", one) for one in hidden]
    assert others == [first, first]


async def test_facts_hold_what_a_script_needs_and_no_private_endpoint(
    stalls: Fair, shopper: httpx2.AsyncClient
) -> None:
    text = (await shopper.get(f"/c/{stalls.codes['sold']}?lang=en")).text
    facts = facts_of(text)
    assert (facts["code"], facts["participant"], facts["language"]) == (drug_code(2), 1, "en")
    checked = check_bundles(json.dumps(facts["bundles"]).encode())
    assert {one.bundle.participant for one in checked} == {1}
    assert facts["network"]["witnesses"] == {}
    assert stalls.maker.anvil.url not in text
    urls = [f"{stalls.town.url(one)}/chain/rpc" for one in ("maker", "wholesaler", "pharmacy")]
    assert [one["url"] for one in facts["witnesses"]] == urls
    assert all(one["relay"] for one in facts["witnesses"])
    assert facts["words"]["verdict.V11.headline"] == say("en", "verdict.V11.headline")


async def test_programs_get_the_same_look_as_json(stalls: Fair) -> None:
    async with stalls.maker.stranger(accept="application/json") as program:
        said = (await program.get(f"/c/{stalls.codes['sold']}")).json()
        assert (said["verdict"], said["verdictName"], said["checked"]) == (
            "V02",
            "SOLD_ONCE",
            False,
        )
        assert said["proofs"]["format"] == "sealtrail/proofs/v1"
        wrong = await program.get("/c/06901234123457")
        assert (wrong.status_code, wrong.json()["code"]) == (400, "check_digit")


async def test_a_slip_is_a_verdict_for_people(stalls: Fair, shopper: httpx2.AsyncClient) -> None:
    answer = await shopper.get("/c/06901234123457?lang=en")
    assert (answer.status_code, verdict_of(answer.text)) == (400, "V09")
    assert "<script>x" not in (await shopper.get("/c/%3Cscript%3Ex")).text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_problems_are_pages_for_people(
    stalls: Fair, shopper: httpx2.AsyncClient, language: str
) -> None:
    answer = await shopper.get("/nowhere", params={"lang": language})
    assert answer.status_code == 404
    assert say(language, "result.problem.route_not_found.headline") in answer.text
    assert "content-security-policy" in answer.headers
    program = await shopper.get("/nowhere", headers={"accept": "application/json"})
    assert program.headers["content-type"] == "application/problem+json"
    api = await shopper.get("/v1/nowhere")
    assert api.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("fate", ["sold", "recalled", "never_issued"])
async def test_a_page_with_its_styles_is_within_its_budget(
    stalls: Fair, shopper: httpx2.AsyncClient, fate: str
) -> None:
    text = (await shopper.get(f"/c/{stalls.codes[fate]}")).text
    styles = re.findall(r'<link rel="stylesheet" href="([^"]*)"', text)
    assert len(styles) >= 2
    bodies = [text.encode(), *[(await shopper.get(one)).content for one in styles]]
    sizes = [len(gzip.compress(one, 9)) for one in bodies]
    print(fate, sizes, sum(sizes))
    assert sum(sizes) <= BUDGET_BYTES, sizes
