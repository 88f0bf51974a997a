"""What every page of a verdict must hold, whichever verdict it is: the rest of the matrix.

| verdict | without scripts | with scripts |
|---|---|---|
| V01 V02 V04 V05 V06 V07 | test_result.py | test_island.py: held against witnesses |
| V03 V08 V10 V14 | test_result.py | here: nothing was sealed that could be checked |
| V09 | test_scan.py | test_scan.py: the slip is marked |
| V11 V13 V15 | no gateway says so of itself | here: what a browser finds out |
| V12 | test_result.py ("unknown") | here |

All of them in both languages at both widths. Witnesses that agree, lie, lag, hang, or shut browsers
out stand in test_island.py (pages) and test_verify_html.py (file://); plain HTTP in test_island.py
and test_scan.py.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from node_gateway.web import assets
from node_gateway.web.words import LANGUAGES, say
from tests.anvil import Anvil
from tests.browser.kinds import kinds
from tests.browser.visiting import WIDTHS, visit
from tests.gateway.pages.fair import PEOPLE, Fair, fair
from tests.liars import Ask, Liar, liar

pytestmark = pytest.mark.asyncio(loop_scope="module")
# What axe looks at nowhere else.
FATES: Final = (*("unsold", "sold_again", "expired", "destroyed", "unknown", "case", "product"),)
STATED: Final = {
    "sealing": "V03",
    "never_issued": "V08",
    "not_activated": "V10",
    "outside": "V14",
}
FOUND: Final = {
    "V11": ("agrees", "mute"),
    "V12": ("agrees", "blocked"),
    "V13": ("mute", "hides"),
    "V15": ("others", "others too"),
}
# A gateway that changes what it says of a pack: then nothing of it holds.
CHANGING: Final = """
  addEventListener("readystatechange", () => {
    const facts = document.getElementById("facts");
    if (document.readyState !== "interactive" || location.hash !== "#changed") return;
    facts.textContent = facts.textContent.split('"lot":"A-0316"').join('"lot":"B-0316"');
  }, { capture: true });
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stalls(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Fair]:
    """The network, with packs of every fate."""
    async with fair(anvil, template, tmp_path_factory.mktemp("matrix")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def liars(anvil: Anvil, stalls: Fair) -> AsyncIterator[dict[str, Liar]]:
    """Witnesses of every kind, and two that give the maker's prefixes to others."""
    registry = stalls.town.net.network.code_registry
    assert registry is not None
    codes = "0x" + registry.address.hex()

    def lie(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
        del ask
        if method != "eth_call" or params[0]["to"].lower() != codes:
            return result
        return "0x" + f"{1:064x}" + f"{2:064x}"  # grant 1, of participant 2

    with ExitStack() as stack:
        found = stack.enter_context(kinds(anvil.url))
        for name in ("others", "others too"):
            found[name] = stack.enter_context(liar(anvil.url, lie, is_open=True))
        yield found


async def ask_only(page: Page, *urls: str) -> None:
    """Choose witnesses as a viewer does, and nobody else."""
    places = [{"organisation": f"Own {place}", "url": url} for place, url in enumerate(urls)]
    kept = {"sealtrail.witnesses": json.dumps(places), "sealtrail.witnesses.only": "true"}
    await page.evaluate("kept => Object.assign(localStorage, kept)", kept)


async def settled(page: Page, wanted: str) -> None:
    """Wait until the page says so and nobody is being asked."""
    await page.wait_for_function(
        """wanted => document.querySelector('#verdict').dataset.verdict === wanted
          && !document.querySelector('.asked [data-status="asking"]')""",
        arg=wanted,
        timeout=60_000,
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
async def test_of_what_is_not_sealed_the_page_says_so(
    stalls: Fair, browser: Browser, language: str, width: int
) -> None:
    async with visit(browser, width=width, language=language) as visitor:
        page = visitor.page
        for fate, verdict in STATED.items():
            await page.goto(stalls.page(fate))
            await page.locator("#who .noted").wait_for()
            assert await page.inner_text("#who .noted") == say(language, "check.nothing")
            place = page.locator("#verdict")
            assert await place.get_attribute("data-verdict") == verdict
            assert await place.get_attribute("data-checked") == "no"
            headline = say(language, f"verdict.{verdict}.headline")
            assert headline in await place.inner_text()
            assert await visitor.shows_all(), fate
            if width == min(WIDTHS):
                assert await visitor.barriers() == [], fate
            await visitor.keep(f"matrix-{verdict}-{language}-{width}")
        assert visitor.foreign(stalls.url) == []
        assert visitor.complaints == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
async def test_what_a_browser_finds_out_it_says(
    stalls: Fair, liars: dict[str, Liar], browser: Browser, language: str, width: int
) -> None:
    async with visit(browser, width=width, language=language) as visitor:
        page = visitor.page
        await page.add_init_script(CHANGING)
        for verdict, names in FOUND.items():
            urls = [f"{liars[name].url}/" for name in names]
            await page.goto(stalls.page("outside"))  # where nobody is asked
            await ask_only(page, *urls)
            await page.goto(stalls.page("sold") + ("#changed" if verdict == "V11" else ""))
            await settled(page, verdict)
            place = page.locator("#verdict")
            headline = say(language, f"verdict.{verdict}.headline")
            assert await place.locator(".headline").inner_text() == headline
            assert await place.get_attribute("data-checked") == (
                "no" if verdict == "V12" else "yes"
            )
            assert await place.locator(".shapes svg:visible").count() == 1
            assert f"ST-{verdict}" in await page.inner_text("main")
            assert await visitor.shows_all(), verdict
            if width == min(WIDTHS):
                assert await visitor.barriers() == [], verdict
            await visitor.keep(f"matrix-{verdict}-{language}-{width}")
            assert visitor.foreign(stalls.url, *urls) == []
            visitor.asked.clear()
        blocked = [one for one in visitor.complaints if "CORS" in one or "ERR_FAILED" in one]
        assert visitor.complaints == blocked  # whoever shuts browsers out, and nothing else


async def test_no_other_page_puts_up_a_barrier(stalls: Fair, browser: Browser) -> None:
    for first, language in enumerate(LANGUAGES):
        async with visit(browser, language=language) as visitor:
            await visitor.page.route("**/*.js", lambda route: route.abort())
            for fate in FATES[first :: len(LANGUAGES)]:
                await visitor.page.goto(stalls.page(fate))
                assert await visitor.barriers() == [], fate


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_browser_that_is_too_old_says_so(
    stalls: Fair, browser: Browser, language: str
) -> None:
    said = say(language, "site.too_old")
    async with visit(browser, language=language) as visitor:
        page = visitor.page
        for path in ("/verify", "/explorer", f"/c/{stalls.codes['sold']}"):
            await page.goto(stalls.url + path)
            await page.wait_for_load_state("load")
            assert not await page.get_by_text(said).is_visible()
        await page.add_init_script("delete window.BigInt;")
        for path in ("/verify", "/explorer", f"/c/{stalls.codes['sold']}"):
            await page.goto(stalls.url + path)
            await page.get_by_text(said).wait_for()
            assert await visitor.barriers() == [], path
        place = page.locator("#verdict")
        assert await place.get_attribute("data-verdict") == "V02"  # as it was served
        assert await place.get_attribute("data-checked") == "no"
        await visitor.keep(f"matrix-too-old-{language}-360")
        assert visitor.foreign(stalls.url, *(stalls.town.url(one.slug) for one in PEOPLE)) == []


async def test_the_single_file_says_that_a_browser_is_too_old(browser: Browser) -> None:
    file = assets.folder() / assets.manifest()["verify.html"].file
    async with visit(browser) as visitor:
        page = visitor.page
        await page.goto(file.as_uri())
        await page.locator("#proof").wait_for()
        assert await page.get_by_text("too old").count() == 0
        await page.add_init_script("delete window.BigInt;")
        await page.goto(file.as_uri())
        assert await page.get_by_text("this browser is too old").is_visible()
        assert await page.get_by_text("此浏览器版本过旧").is_visible()
