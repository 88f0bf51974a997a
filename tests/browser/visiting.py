"""Visit pages as people do: narrow and wide, in both languages, and with a list of what was asked.

async with visit(browser, width=360, language="zh-CN") as visitor:
    await visitor.page.goto(url)
    visitor.foreign(url)        # requests that left the page's own origin
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page

ROOT: Final = Path(__file__).parents[2]
SCREENSHOTS: Final = ROOT / "build" / "screenshots"
AXE: Final = ROOT / "node_gateway" / "web" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS: Final = (360, 1280)
_HEIGHTS: Final = {360: 740, 480: 800, 1280: 900}
_LOCAL_SCHEMES: Final = frozenset({"data", "blob", "about"})
_GRAVE: Final = frozenset({"serious", "critical"})


@dataclass
class Visitor:
    """One visitor of pages.

    Attributes:
        asked: Addresses of all requests.
        complaints: What the console said as an error, policy violations among it.
    """

    context: BrowserContext
    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def foreign(self, *allowed: str) -> list[str]:
        """Return the requests that went to other origins than those of `allowed`."""
        origins = {_origin(one) for one in allowed}
        return [
            one
            for one in self.asked
            if urlsplit(one).scheme not in _LOCAL_SCHEMES and _origin(one) not in origins
        ]

    async def barriers(self) -> list[str]:
        """Return what axe finds grave on the page as it stands, with the first place of each."""
        await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = await self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [
            f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0]['html'][:120]}"
            for one in found["violations"]
            if one["impact"] in _GRAVE
        ]

    async def shows_all(self) -> bool:
        """Tell whether nothing lies beyond the right edge: pages are not scrolled sideways."""
        return bool(
            await self.page.evaluate(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            )
        )

    async def keep(self, name: str) -> Path:
        """Keep a picture of the whole page for people to look at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        await self.page.screenshot(path=path, full_page=True)
        return path


@asynccontextmanager
async def visit(
    browser: Browser,
    *,
    width: int = 360,
    language: str = "en",
    script: bool = True,
    permissions: Collection[str] = (),
    **more: Any,
) -> AsyncIterator[Visitor]:
    """Open a window that knows nothing of other visits."""
    context = await browser.new_context(
        viewport={"width": width, "height": _HEIGHTS[width]},
        locale=language,
        java_script_enabled=script,
        permissions=list(permissions),
        **more,
    )
    page = await context.new_page()
    visitor = Visitor(context, page)
    context.on("request", lambda request: visitor.asked.append(request.url))
    page.on(
        "console",
        lambda said: visitor.complaints.append(said.text) if said.type == "error" else None,
    )
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    try:
        yield visitor
    finally:
        await context.close()


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
