"""The page about a code once its script ran: recomputed, held against witnesses, judged again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from node_gateway.web.words import LANGUAGES, say
from tests.anvil import Anvil
from tests.browser.kinds import kinds
from tests.browser.visiting import WIDTHS, visit
from tests.gateway.pages.fair import PEOPLE, Fair, fair
from tests.liars import Liar

pytestmark = pytest.mark.asyncio(loop_scope="module")
CHECKED = {
    "unsold": "V01",
    "sold": "V02",
    "sold_again": "V04",
    "recalled": "V05",
    "drill": "V01",
    "expired": "V06",
    "destroyed": "V07",
}
STATED = {"sealing": "V03", "never_issued": "V08", "not_activated": "V10", "outside": "V14"}
# Counts how often the live region changes, in one step each.
COUNTING = """
  addEventListener("DOMContentLoaded", () => {
    window.told = 0;
    const change = { childList: true, subtree: true, characterData: true };
    new MutationObserver(() => { window.told += 1; })
      .observe(document.getElementById("verdict"), change);
  });
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stalls(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Fair]:
    """The network, with packs of every fate."""
    async with fair(anvil, template, tmp_path_factory.mktemp("fair")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def liars(anvil: Anvil) -> AsyncIterator[dict[str, Liar]]:
    """Witnesses of every kind."""
    with kinds(anvil.url) as found:
        yield found


async def settled(page: Page, wanted: str) -> None:
    """Wait until the page says so and nobody is being asked."""
    await page.wait_for_function(
        """wanted => !document.querySelector('.asked [data-status="asking"]')
          && document.querySelector('.asked li, .card + .card')
          && document.querySelector('#verdict').dataset.verdict === wanted""",
        arg=wanted,
        timeout=60_000,
    )


def chosen(*urls: str) -> str:
    """Return a script that lets a viewer ask these and nobody else."""
    places = [{"organisation": f"Own {place}", "url": url} for place, url in enumerate(urls)]
    kept = {"sealtrail.witnesses": json.dumps(places), "sealtrail.witnesses.only": "true"}
    return f"for (const [k, v] of Object.entries({json.dumps(kept)})) localStorage.setItem(k, v);"


def relays(stalls: Fair) -> list[str]:
    return [stalls.town.url(one.slug) for one in PEOPLE]


def changing(script: str) -> str:
    """Return what changes a page before its own scripts run, as a gateway might have."""
    return f"""
      addEventListener("readystatechange", () => {{
        if (document.readyState !== "interactive") return;
        const facts = document.getElementById("facts");
        {script}
      }}, {{ capture: true }});
    """


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
async def test_every_fate_is_held_against_witnesses(
    stalls: Fair, browser: Browser, language: str, width: int
) -> None:
    async with visit(browser, width=width, language=language) as visitor:
        page = visitor.page
        for fate, verdict in CHECKED.items():
            await page.goto(stalls.page(fate))
            await page.locator('#verdict[data-checked="yes"]').wait_for(timeout=60_000)
            await settled(page, verdict)
            said = say(language, f"verdict.{verdict}.headline", count=2)
            assert await page.locator("#verdict .headline").inner_text() == said, fate
            assert await page.inner_text("#questions dd:last-of-type") == f"ST-{verdict}"
            agree = say(language, "check.agree", count=2, agreeing=2)
            assert agree in await page.inner_text("#who .rule")
            own = page.locator('.asked [data-status="own_witness"]')
            assert await own.count() == 1
            assert await visitor.shows_all(), fate
            if fate in ("sold", "recalled", "drill"):
                assert await visitor.barriers() == []
            await visitor.keep(f"island-{fate}-{language}-{width}")
        assert visitor.foreign(stalls.url, *relays(stalls)) == []
        assert visitor.complaints == []


async def test_what_nothing_was_sealed_of_stays_as_stated(stalls: Fair, browser: Browser) -> None:
    async with visit(browser) as visitor:
        page = visitor.page
        for fate, verdict in STATED.items():
            await page.goto(stalls.page(fate))
            await page.locator("#who .noted").wait_for()
            assert await page.inner_text("#who .noted") == say("en", "check.nothing")
            place = page.locator("#verdict")
            assert await place.get_attribute("data-verdict") == verdict
            assert await place.get_attribute("data-checked") == "no"
        assert visitor.foreign(stalls.url) == []
        assert visitor.complaints == []


async def test_it_is_announced_once_and_explained(stalls: Fair, browser: Browser) -> None:
    async with visit(browser) as visitor:
        page = visitor.page
        await page.add_init_script(COUNTING)
        await page.goto(stalls.page("sold"))
        await page.locator('#verdict[data-checked="yes"]').wait_for(timeout=60_000)
        assert await page.evaluate("window.told") == 1
        proven = page.locator('#journey [data-proven="yes"]')
        assert await proven.count() == 2
        await page.locator("#how > summary").click()
        steps = page.locator("#how ol.path")
        assert await steps.count() == 2
        assert say("en", "check.how.root") in await steps.first.inner_text()
        assert await page.locator("#second .links a").count() == 2
        await page.locator("button.retry").click()
        await settled(page, "V02")


async def test_a_recall_that_any_witness_shows_is_on_top(stalls: Fair, browser: Browser) -> None:
    silenced = """
      document.getElementById("banner").textContent = "";
      facts.textContent = facts.textContent.replace('"verdict":"V05"', '"verdict":"V01"');
    """
    async with visit(browser) as visitor:
        page = visitor.page
        await page.add_init_script(changing(silenced))
        await page.goto(stalls.page("recalled"))
        await page.locator('#verdict[data-checked="yes"]').wait_for(timeout=60_000)
        await settled(page, "V05")
        banner = page.locator("#banner .recalls")
        assert say("en", "witness.warning.recalled") in await banner.inner_text()
        assert "gs1:690123412345 · #1 · R-0317" in await banner.inner_text()
        assert await page.locator("[data-warning] [lang]").count() == 0, "no words but the page's"
        assert await visitor.barriers() == []


@pytest.mark.parametrize(
    ("old", "new"),
    [('"lot":"A-0316"', '"lot":"B-0316"'), ('"index":', '"index":1')],
    ids=["another lot", "another proof"],
)
async def test_of_what_was_changed_nothing_is_shown(
    stalls: Fair, browser: Browser, old: str, new: str
) -> None:
    change = f"facts.textContent = facts.textContent.split({old!r}).join({new!r});"
    async with visit(browser) as visitor:
        page = visitor.page
        await page.add_init_script(changing(change))
        await page.goto(stalls.page("sold"))
        await settled(page, "V11")
        assert await page.locator("main > :not(svg):visible").count() == 2
        assert await page.locator("#pack").is_hidden()
        async with page.expect_download() as waiting:
            await page.get_by_role("button", name=say("en", "check.evidence")).click()
        path = await (await waiting.value).path()
        kept = json.loads(path.read_text(encoding="utf-8"))
        assert kept["verdict"] == "V11"
        assert kept["facts"]["bundles"]["bundles"]
        assert await visitor.barriers() == []
        await visitor.keep(f"island-tampered-{kept['refusal']}")


@pytest.mark.parametrize(
    ("names", "wanted", "statuses"),
    [
        (("agrees", "mute", "hangs"), "V02", ["verified", "verified", "chain_unavailable"]),
        (("agrees", "mute", "lags"), "V02", ["verified", "verified", "witness_stale"]),
        (("agrees", "mute", "caught"), "V02", ["verified", "verified", "contradicts_itself"]),
        (("mute", "hides"), "V13", ["verified", "anchor_not_found"]),
        (("agrees", "forks"), "V13", ["witness_disagreement", "witness_disagreement"]),
        (("agrees", "blocked"), "V12", ["verified", "chain_unavailable"]),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, tuple) else None,
)
async def test_witnesses_of_the_viewer(
    stalls: Fair,
    liars: dict[str, Liar],
    browser: Browser,
    names: tuple[str, ...],
    wanted: str,
    statuses: list[str],
) -> None:
    urls = [f"{liars[name].url}/" for name in names]
    async with visit(browser) as visitor:
        page = visitor.page
        await page.add_init_script(chosen(*urls))
        await page.goto(stalls.page("sold"))
        await page.locator('.asked [data-status="asking"]').first.wait_for()
        await settled(page, wanted)
        lines = await page.locator(".asked li").all()
        assert [await one.get_attribute("data-status") for one in lines] == statuses
        place = page.locator("#verdict")
        assert await place.get_attribute("data-checked") == ("no" if wanted == "V12" else "yes")
        assert visitor.foreign(stalls.url, *urls) == []
        await visitor.keep(f"island-{wanted}-{'-'.join(names)}")


async def test_over_plain_http_without_web_crypto(stalls: Fair, browser: Browser) -> None:
    port = urlsplit(stalls.url).port
    async with visit(browser) as visitor:
        page = visitor.page
        address = f"http://gateway.test:{port}/c/{stalls.codes['sold']}"
        await page.goto(address)
        assert await page.evaluate("[isSecureContext, !!crypto.subtle]") == [False, False]
        await page.locator('#verdict[data-checked="yes"]').wait_for(timeout=60_000)
        await settled(page, "V02")
        await page.locator("#how > summary").click()
        await page.get_by_role("button", name=say("en", "check.copy"), exact=True).click()
        assert await page.get_by_text(say("en", "check.copied"), exact=True).count() == 1
        # That header is for secure contexts, and ignored in others.
        said = [one for one in visitor.complaints if "Cross-Origin-Opener-Policy" not in one]
        assert said == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_verifier_as_a_page(
    stalls: Fair, browser: Browser, language: str, tmp_path: Path
) -> None:
    async with visit(browser, language=language) as visitor:
        page = visitor.page
        proof = await page.request.get(f"{stalls.page('sold')}/proof.json")
        assert proof.ok
        path = tmp_path / "p.json"
        path.write_bytes(await proof.body())
        await page.goto(f"{stalls.url}/verify")
        await page.locator("#proof input[type=file]").set_input_files(path)
        await settled(page, "V12")
        await page.locator("button.offered").click()
        assert visitor.foreign(stalls.url) == []
        await page.locator("button.confirm").click()
        await page.locator('#verdict[data-checked="yes"]').wait_for(timeout=60_000)
        await settled(page, "V02")
        assert await page.locator('.asked [data-status="verified"]').count() == 2
        paper = await page.request.get(f"{stalls.page('sold')}/proof.pdf")
        certificate = tmp_path / "p.pdf"
        certificate.write_bytes(await paper.body())
        await page.locator("#proof input[type=file]").set_input_files(certificate)
        await page.get_by_text("p.pdf", exact=False).wait_for()
        await page.locator('#verdict[data-checked="yes"]').wait_for(timeout=60_000)
        await settled(page, "V02")
        assert await visitor.barriers() == []
        assert await visitor.shows_all()
        assert visitor.complaints == []
        await visitor.keep(f"verify-page-{language}")
        async with page.expect_download() as waiting:
            await page.locator("a[download]").click()
        data = (await (await waiting.value).path()).read_bytes()
        assert data.startswith(b"<!doctype html>")
