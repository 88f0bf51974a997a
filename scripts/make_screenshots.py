"""Take the pictures of pages that the documents show: docs/images/*.webp.

A small network is started (a private chain, three companies, their gateways), a real browser opens
the maker's page about a pack that was sold once, and waits until the page has checked it with the
other companies. What is pictured is what a phone shows, in both languages, side by side.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import Browser, async_playwright

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the network is that of the tests of pages

from node_gateway import wiring  # noqa: E402
from tests.anvil import Anvil  # noqa: E402
from tests.gateway.pages.fair import fair  # noqa: E402

IMAGES: Final = ROOT / "docs" / "images"
LANGUAGES: Final = ("zh-CN", "en")
VIEW: Final = {"width": 360, "height": 640}
SHARPNESS: Final = 2
GAP_PX: Final = 24
QUALITY: Final = 82
SIZE_BYTES_MAX: Final = 150_000
CHECKED: Final = '#verdict[data-checked="yes"]'
WAIT_MS: Final = 180_000


async def phone(browser: Browser, url: str, language: str) -> Image.Image:
    """Return what a phone shows of a page that has checked a pack."""
    context = await browser.new_context(
        viewport=VIEW, device_scale_factor=SHARPNESS, locale=language, color_scheme="light"
    )
    try:
        page = await context.new_page()
        await page.goto(url)
        await page.wait_for_selector(CHECKED, timeout=WAIT_MS)
        return Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
    finally:
        await context.close()


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """Return the pictures in one row, with a grey gap between them."""
    gap = GAP_PX * SHARPNESS
    width = sum(one.width for one in pictures) + gap * (len(pictures) - 1)
    row = Image.new("RGB", (width, max(one.height for one in pictures)), "#9aa0a6")
    left = 0
    for one in pictures:
        row.paste(one, (left, 0))
        left += one.width + gap
    return row


def save(picture: Image.Image, name: str) -> None:
    """Write a picture for the documents.

    Raises:
        SystemExit: it is too large to be kept in the repository.
    """
    data = io.BytesIO()
    picture.save(data, "WEBP", quality=QUALITY, method=6)
    if len(data.getvalue()) > SIZE_BYTES_MAX:
        raise SystemExit(f"{name} has {len(data.getvalue())} bytes, over {SIZE_BYTES_MAX}")
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / name).write_bytes(data.getvalue())
    print(f"docs/images/{name}: {picture.width}x{picture.height}, {len(data.getvalue())} bytes")


async def take(folder: Path, chromium: str) -> None:
    """Start the network and the browser, and take every picture."""
    template = folder / "empty.db"
    await asyncio.to_thread(wiring.prepare_database, f"sqlite:///{template}")
    with Anvil() as chain:
        async with fair(chain, template, folder / "fair") as stalls, async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            shown = [await phone(browser, stalls.page("sold"), one) for one in LANGUAGES]
            save(side_by_side(shown), "result-page.webp")
            await browser.close()


def main() -> int:
    """Find a browser and take the pictures."""
    found = subprocess.run(
        [ROOT / "scripts/find_chromium.sh"], stdout=subprocess.PIPE, text=True, check=True
    )
    with tempfile.TemporaryDirectory(prefix="sealtrail-pictures-") as folder:
        (Path(folder) / "fair").mkdir()
        asyncio.run(take(Path(folder), found.stdout.strip()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
