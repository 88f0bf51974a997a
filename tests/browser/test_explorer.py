"""The auditor explorer in a real browser, over a real network: what it shows, whom it asks."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from anchoring.chain.governance import GrantPrefix, Reinstate, Suspend
from anchoring.challenges import Seed, draw, leaves_needed
from anchoring.network_audit.evidence_reading import anchor_of
from anchoring.network_audit.opening_zip import open_evidence
from anchoring.network_audit.rechecking import recheck
from node_gateway.web.words import LANGUAGES, say
from tests.anvil import Anvil
from tests.browser.exploring import READ_TIMEOUT_MS, add, opened, read
from tests.browser.visiting import WIDTHS, visit
from tests.gateway.pages.fair import Fair, fair
from tests.liars import Ask, BrokenError, Liar, liar

pytestmark = pytest.mark.asyncio(loop_scope="module")
TABS: Final = (
    *("anchors", "streams", "participants", "votes", "notices", "proof", "sampling", "evidence"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Fair]:
    """Three participants, some anchors, recalls, one vote that took effect and one that is open."""
    async with fair(anvil, template, tmp_path_factory.mktemp("explorer")) as found:
        gateway = found.maker.gateway
        for _ in range(3):
            await gateway.batcher.batch_now(gateway.streams.ordinary)
        await found.maker.final()
        net = found.town.net
        await net.call("maker", net.calls.propose(Suspend(3)))
        proposal = (await net.directory()).proposals[1]
        await net.call("wholesaler", net.calls.approve(1, proposal.digest))
        await net.call("maker", net.calls.execute(1))
        await net.call("wholesaler", net.calls.propose(Reinstate(3)))
        codes = net.network.code_registry
        assert codes is not None
        until = 2_000_000_000
        grant = GrantPrefix(codes.address, "gs1:6907777", 2, valid_until=until)
        await net.call("maker", net.calls.propose(grant))
        await found.town.seen()
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hider(anvil: Anvil) -> AsyncIterator[Liar]:
    """A witness that hides the newest anchor."""

    def hide(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
        del ask, params
        if method != "eth_getLogs":
            return result
        anchors = [one for one in result if len(one["topics"]) == 3 and len(one["data"]) == 322]
        return [one for one in result if one != anchors[-1]] if anchors else result

    with liar(anvil.url, hide, is_open=True) as server:
        yield server


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
async def test_every_tab_shows_the_chain(
    network: Fair, browser: Browser, language: str, width: int
) -> None:
    relays = [network.town.url(slug) for slug in ("maker", "wholesaler")]
    async with visit(browser, width=width, language=language) as visitor:
        page = await opened(visitor, network)
        assert visitor.foreign(network.url) == []
        assert not any("/chain/rpc" in one for one in visitor.asked)
        assert await page.locator(".places li").count() == 2  # who is suspended is not offered
        said = await read(page)
        agree = say(language, "explorer.said.agree", count=2, organisations=2)
        assert agree in await said.inner_text()
        shown = {
            "anchors": "#panel tbody tr",
            "streams": "[data-stream][data-faults='0']",
            "participants": "[data-participant='3'] [data-kind=status2]",
            "votes": "[data-proposal='1'][data-state=executed]",
            "notices": "[data-notice='2'] .label",
            "proof": "[name=proof]",
            "sampling": ".chances tbody tr",
            "evidence": "button.make",
        }
        for tab in TABS:
            await page.locator(f".tabs a[href='#{tab}']").click()
            await page.locator(shown[tab]).first.wait_for()
            assert await page.locator(".tabs a[aria-current]").get_attribute("href") == f"#{tab}"
            assert await page.locator("h2#panel-title").inner_text() == say(
                language, f"explorer.tab.{tab}"
            )
            assert "explorer." not in await page.locator("main").inner_text()
            assert await visitor.shows_all(), tab
            assert await visitor.barriers() == [], tab
            await visitor.keep(f"explorer-{tab}-{language}-{width}")
        assert visitor.foreign(*relays) == []
        assert visitor.complaints == []


async def test_without_scripts_it_names_the_command(network: Fair, browser: Browser) -> None:
    async with visit(browser, script=False) as visitor:
        await visitor.page.goto(f"{network.url}/explorer")
        assert "python -m anchoring audit --all" in await visitor.page.inner_text("main")


async def test_only_chosen_witnesses_are_asked_and_a_hider_is_seen(
    network: Fair, browser: Browser, hider: Liar
) -> None:
    async with visit(browser, width=1280) as visitor:
        page = await opened(visitor, network, "#streams")
        wholesaler = network.town.url("wholesaler")
        await page.locator(f".places li[data-url^='{wholesaler}'] input").uncheck()
        await add(page, "Hider", "ftp://no.example")
        assert await page.locator(".adding [role=alert] .bad").is_visible()
        await add(page, "Hider", hider.url)
        said = await read(page)
        assert visitor.foreign(network.url, hider.url) == []
        assert any(one.startswith(hider.url) for one in visitor.asked)
        differing = said.locator("#disagreement tbody tr")
        assert await differing.count() == 1
        row = await differing.inner_text()
        assert "Anchored" in row
        assert "Hider" in row
        streams = await page.locator("[data-stream]").count()
        assert await page.locator("[data-faults='0']").count() == streams  # the maker's word
        said_of = said.locator("tbody").first
        assert await said_of.locator(".bad").count() == 2  # no count decides who is right
        assert "lacks 1 that others show" in await said_of.inner_text()
        await visitor.keep("explorer-disagreement-en-1280")
        await said.locator("[name=shown]").select_option(index=1)
        await page.locator(".stream:not([data-faults='0']) .faults").wait_for()
        await page.locator(".tabs a[href='#evidence']").click()
        codes = await page.locator(".findings [data-code]").evaluate_all(
            "found => found.map((one) => one.dataset.code)"
        )
        assert codes == ["gap", "witness_disagreement"]


async def test_it_stops_and_says_who_is_on_another_chain(
    network: Fair, browser: Browser, hider: Liar
) -> None:
    lie = hider.lie
    hider.lie = lambda ask, method, params, result: "0x1" if method == "eth_chainId" else result
    try:
        async with visit(browser) as visitor:
            page = await opened(visitor, network)
            for box in await page.locator(".places input").all():
                await box.uncheck()
            await page.locator("button.read").click()
            assert "no witness is chosen" in await page.locator("#progress .bad").inner_text()
            await add(page, "Elsewhere", hider.url)
            await page.locator("button.read").click()
            await page.locator("#said tbody tr").wait_for()
            said = await page.locator("#said tbody").inner_text()
            assert "is on another chain" in said
            assert "no chosen witness" in await page.locator("#progress .bad").inner_text()
    finally:
        hider.lie = lie


async def test_a_vote_is_put_into_words(network: Fair, browser: Browser) -> None:
    async with visit(browser, width=1280) as visitor:
        page = await opened(visitor, network, "#votes")
        await read(page)
        grant = page.locator("[data-proposal='3']")
        said = {
            one: await grant.locator(f"[data-argument={one}]").inner_text()
            for one in ("code_registry", "prefix", "participant", "from", "until")
        }
        assert "the one of the network file" in said.pop("code_registry")
        assert said == {
            "prefix": "gs1:6907777",
            "participant": "Example Wholesale (#2)",
            "from": "when it takes effect",
            "until": "2033-05-18 03:33:20 UTC",
        }
        assert await page.get_by_text("is that of these arguments").count() == 3
        assert not await grant.locator("details p").is_visible()


async def test_a_busy_witness_is_waited_for_and_a_hanging_one_stopped(
    network: Fair, browser: Browser, hider: Liar
) -> None:
    refused: list[str] = []
    hanging = True

    def lie(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
        del ask, params
        if method == "eth_getLogs" and len(refused) < 2:
            refused.append(method)
            raise BrokenError(503 if len(refused) == 1 else 429, b"{}", retry_after="1")
        if method == "eth_getLogs" and hanging:
            raise BrokenError(200, b"{}", after_s=60)
        return result

    before, hider.lie = hider.lie, lie
    try:
        async with visit(browser, width=360) as visitor:
            page = await opened(visitor, network)
            await add(page, "Slow", hider.url)
            await page.locator("button.read").click()
            await page.get_by_text("A witness is busy").wait_for(timeout=READ_TIMEOUT_MS)
            while len(refused) < 2:
                await page.wait_for_timeout(50)
            await page.locator("button.stop").click()
            await page.get_by_text("Stopped.").wait_for()
            assert await page.locator("#said tbody").count() == 0  # nothing is shown by halves
            assert await visitor.barriers() == []
            hanging = False
            await page.locator("button.go-on").click()
            await page.locator("#panel table").first.wait_for(timeout=READ_TIMEOUT_MS)
            agree = say("en", "explorer.said.agree", count=3, organisations=3)
            assert agree in await page.locator("#said").inner_text()
    finally:
        hider.lie = before


async def test_a_part_says_what_it_lacks_and_reads_it_when_asked(
    network: Fair, browser: Browser
) -> None:
    async with visit(browser, width=360, language="zh-CN") as visitor:
        page = await opened(visitor, network)
        await page.locator("details:has([name=from]) summary").click()
        head = int(await asyncio.to_thread(network.town.net.anvil.rpc, "eth_blockNumber"), 16)
        await page.locator("[name=from]").fill(str(head))
        await page.locator("button.read").click()
        said = page.locator("#said")
        await said.locator("button.earlier").wait_for(timeout=READ_TIMEOUT_MS)
        await page.wait_for_function("!document.querySelector('#progress progress')")
        assert say("zh-CN", "explorer.cut", **{"from": head}) in await said.inner_text()
        assert await page.locator("#panel tbody tr").count() == 0
        assert await visitor.barriers() == []
        await visitor.keep("explorer-part-zh-CN-360")
        await said.locator("button.earlier").click()
        await page.locator("#panel tbody tr").first.wait_for(timeout=READ_TIMEOUT_MS)
        assert await page.locator("button.earlier").count() == 0


async def test_a_network_file_is_pasted_or_dropped_and_a_bad_one_refused(
    network: Fair, browser: Browser
) -> None:
    text = json.dumps(network.town.net.network.to_json())
    async with visit(browser, width=360) as visitor:
        page = await opened(visitor, network)
        summary = page.locator("details.network summary")
        assert await summary.inner_text() == say("en", "explorer.network.theirs")
        await summary.click()
        await page.locator("[name=network]").fill(text.replace('"chainId"', '"chain"'))
        await page.get_by_role("button", name="Use this text").click()
        await page.locator("details.network .bad").wait_for()
        assert "chainId" in await page.locator("details.network .bad").inner_text()
        assert await summary.inner_text() == say("en", "explorer.network.theirs")
        await page.locator("[name=network]").fill(text)
        await page.get_by_role("button", name="Use this text").click()
        assert await summary.inner_text() == say("en", "explorer.network.own")
        listed = await page.locator(".places li").count()
        assert listed > 2  # those of the file stand beside those of the page, and are not ticked
        assert await page.locator(".places input:checked").count() == 2
        await page.reload()
        assert await summary.inner_text() == say("en", "explorer.network.theirs")
        given = await page.evaluate_handle(
            """(text) => {
              const given = new DataTransfer();
              given.items.add(new File([text], "network.json", { type: "application/json" }));
              return given;
            }""",
            text,
        )
        await page.dispatch_event("details.network", "drop", {"dataTransfer": given})
        await page.get_by_text(say("en", "explorer.network.own")).wait_for()
        assert await page.locator(".places li").count() == listed
        await read(page)
        assert visitor.complaints == []


async def test_witnesses_are_kept_for_the_pages_of_packs_too(
    network: Fair, browser: Browser, hider: Liar
) -> None:
    async with visit(browser, width=1280) as visitor:
        page = await opened(visitor, network)
        await add(page, "Neighbour", hider.url)
        await page.goto(network.page("sold"))
        kept = page.locator(".asked li", has_text=hider.url)
        await kept.wait_for(state="attached")
        assert "Neighbour" in str(await kept.text_content())
        await opened(visitor, network)
        line = page.locator(f".places li[data-url^='{hider.url}']")
        assert await line.locator("input").is_checked()
        await line.get_by_role("button").click()
        await opened(visitor, network)
        assert await page.locator(".places li").count() == 2


async def test_a_proof_shows_its_way_and_a_damaged_one_its_wrong_sibling(
    network: Fair, browser: Browser
) -> None:
    async with network.maker.stranger(accept="application/json") as client:
        answer = await client.get(f"/c/{network.codes['sold']}")
    bundle = answer.json()["proofs"]["bundles"][0]
    siblings = bundle["event"]["siblings"]
    async with visit(browser, width=1280) as visitor:
        page = await opened(visitor, network)
        await read(page)
        await page.locator(".tabs a[href='#proof']").click()
        await page.locator("[name=proof]").set_input_files(
            {
                "name": "p.json",
                "mimeType": "application/json",
                "buffer": json.dumps(bundle).encode(),
            }
        )
        await page.locator("[data-outcome]").wait_for()
        outcome = await page.locator("[data-outcome]").get_attribute("data-outcome")
        assert outcome == "cannot_check"  # the maker's own word does not count, one is left
        assert await page.locator("[data-path=right] .path svg").is_visible()
        damaged = [*siblings[:1], "ab" * 32, *siblings[2:]]
        text = json.dumps({**bundle, "event": {**bundle["event"], "siblings": damaged}})
        await page.locator("[name=text]").fill(text)
        await page.locator(".drop button").click()
        await page.locator("[data-path=wrong]").wait_for()
        assert await page.locator("[data-outcome=refused]").is_visible()
        asked = len(visitor.asked)
        await page.locator(".list summary").click()
        assert len(visitor.asked) == asked  # lists are asked for when the viewer says so
        await page.locator(".list button").click()
        await page.locator(".list .bad").wait_for()
        assert "not those of the sealed batch: 1" in await page.locator(".list .bad").inner_text()
        assert await page.locator(".path svg text", has_text="wrong sibling").count() == 1
        assert await visitor.barriers() == []
        await visitor.keep("explorer-wrong-sibling-en-1280")
        assert visitor.foreign(network.url, network.town.url("wholesaler")) == []


async def test_the_plan_is_the_commands_and_the_evidence_checks_again(
    network: Fair, browser: Browser, tmp_path: Path
) -> None:
    async with visit(browser, width=1280, accept_downloads=True) as visitor:
        page = await opened(visitor, network)
        await read(page)
        await page.locator(".tabs a[href='#sampling']").click()
        await page.locator("[name=share]").fill("0.1")
        await page.locator("#panel button.first").click()
        await page.locator(".plan").wait_for()
        seed = str(await page.locator(".plan").get_attribute("data-seed"))
        number = int(await page.locator("[name=seed]").input_value())
        async with page.expect_download() as waiting:
            await page.get_by_role("button", name="Save as CSV").click()
        await (await waiting.value).save_as(tmp_path / "leaves.csv")
        await visitor.keep("explorer-plan-en-1280")
        await page.locator(".tabs a[href='#evidence']").click()
        await page.locator("button.make").click()
        await page.locator("button.save").wait_for(timeout=READ_TIMEOUT_MS)
        async with page.expect_download() as waiting:
            await page.locator("button.save").click()
        await (await waiting.value).save_as(tmp_path / "evidence.zip")
        await visitor.keep("explorer-made-en-1280")
        assert visitor.complaints == []
    raw = (tmp_path / "evidence.zip").read_bytes()
    members = open_evidence(raw)
    checked = recheck(raw, network.town.net.network)
    assert checked.problems == []
    assert checked.report["clean"]
    assert checked.counts["records proven"] == checked.counts["anchors"] >= 4
    assert "见证" in members["report-zh.txt"].decode()
    anchors = [
        anchor_of(one)
        for name in sorted(members)
        if name.startswith("anchors/")
        for one in json.loads(members[name])["anchors"]
    ]
    drawn = []
    needed = leaves_needed(Decimal("0.1"), Decimal("0.95"))
    for stream in sorted({one.anchor.stream for one in anchors}):
        of = [one for one in anchors if one.anchor.stream == stream and one.block_number < number]
        sizes = [(one.anchor.sequence, one.anchor.size) for one in of]
        drawn += draw(Seed(number, bytes.fromhex(seed)), stream, sizes, needed)
    rows = csv.reader(StringIO((tmp_path / "leaves.csv").read_text(encoding="utf-8")))
    expected = [[str(one.stream), str(one.sequence), str(one.index)] for one in drawn]
    assert list(rows) == [["stream", "sequence", "index"], *expected]
