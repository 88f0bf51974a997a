"""Using the auditor explorer as its viewers do."""

from __future__ import annotations

from typing import Final

from playwright.async_api import Locator, Page

from tests.browser.visiting import Visitor
from tests.gateway.pages.fair import Fair

READ_TIMEOUT_MS: Final = 60_000


async def opened(visitor: Visitor, network: Fair, fragment: str = "") -> Page:
    """Open the explorer at the maker's gateway."""
    await visitor.page.goto(f"{network.url}/explorer{fragment}")
    await visitor.page.locator("#witnesses .places li").first.wait_for()
    return visitor.page


async def read(page: Page) -> Locator:
    """Press the button and wait until everything was read."""
    await page.locator("button.read").click()
    said = page.locator("#said")
    await page.locator("#panel table, #panel .card").first.wait_for(timeout=READ_TIMEOUT_MS)
    await page.wait_for_function(
        "!document.querySelector('#progress progress')", timeout=READ_TIMEOUT_MS
    )
    return said


async def add(page: Page, name: str, url: str) -> None:
    """Add a witness."""
    await page.locator(".adding [name=organisation]").fill(name)
    await page.locator(".adding [name=url]").fill(url)
    await page.locator(".adding button").click()
