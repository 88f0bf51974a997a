"""The page about a code in a real browser: narrow and wide, in both languages, with scripts off.

What its script makes of it is another matter; here the page stands alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from node_gateway.web.words import LANGUAGES
from tests.anvil import Anvil
from tests.browser.visiting import WIDTHS, visit
from tests.gateway.pages.fair import Fair, fair

pytestmark = pytest.mark.asyncio(loop_scope="module")
FATES = (
    *("unsold", "sold", "sealing", "sold_again", "recalled", "drill", "expired", "destroyed"),
    *("never_issued", "not_activated", "unknown", "outside", "case", "product"),
)

BEYOND = """
[...document.querySelectorAll("body *:not(.skip):not(.unseen):not(.unseen *)")]
  .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((one) => `${one.tagName} ${one.id} ${one.className} ${one.textContent.slice(0, 30)}`)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stalls(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Fair]:
    """The network, with packs of every fate."""
    async with fair(anvil, template, tmp_path_factory.mktemp("fair")) as found:
        yield found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
async def test_every_fate_is_readable_without_scripts(
    stalls: Fair, browser: Browser, language: str, width: int
) -> None:
    async with visit(browser, width=width, language=language, script=False) as visitor:
        page = visitor.page
        for fate in FATES:
            await page.goto(stalls.page(fate))
            assert await page.locator("#verdict .headline").is_visible()
            assert await page.locator("#verdict").get_attribute("data-checked") == "no"
            assert await page.locator("#verdict .shapes svg:visible").count() == 1
            assert await page.locator("#verdict .sign").inner_text() != ""
            assert await visitor.shows_all(), fate
            await visitor.keep(f"result-{fate}-{language}-{width}")
        assert visitor.foreign(stalls.url) == []
        assert visitor.complaints == []


async def test_its_questions_are_answered_on_the_spot(stalls: Fair, browser: Browser) -> None:
    async with visit(browser, language="en", script=False) as visitor:
        page = visitor.page
        await page.goto(stalls.page("sold"))
        await page.wait_for_load_state("networkidle")
        visitor.asked.clear()
        await page.get_by_text("No, that was not me").click()
        assert "was sold 1 times" in await page.locator("#sold .copy:visible").inner_text()
        for box in await page.get_by_role("checkbox").all():
            await box.check()
        await page.get_by_text("Something differs?").click()
        assert await page.get_by_text("may have been copied").is_visible()
        assert [one for one in visitor.asked if "/static/" not in one] == []  # nothing is sent
        await visitor.keep("result-sold-answered-en-360")


async def test_it_can_be_enlarged_to_twice_its_size(stalls: Fair, browser: Browser) -> None:
    async with visit(browser, width=360, language="zh-CN", bypass_csp=True) as visitor:
        await visitor.page.route("**/result-*.js", lambda route: route.abort())
        await visitor.page.goto(stalls.page("sold"))
        await visitor.page.add_style_tag(content="html { font-size: 200% }")
        beyond = await visitor.page.evaluate(BEYOND)
        await visitor.keep("result-sold-zh-CN-360-twice")
        assert beyond == []


@pytest.mark.parametrize("fate", ["sold", "recalled"])
async def test_it_puts_up_no_barrier(stalls: Fair, browser: Browser, fate: str) -> None:
    async with visit(browser, language="en") as visitor:
        await visitor.page.route("**/result-*.js", lambda route: route.abort())
        await visitor.page.goto(stalls.page(fate))
        assert await visitor.barriers() == []
