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
