"""The first page and the camera's, in a browser: typed, scanned, filmed and photographed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, Page, async_playwright

from node_gateway.web import assets
from node_gateway.web.words import LANGUAGES, say
from tests.anvil import Anvil
from tests.browser.symbols import blank, film, photo
from tests.browser.visiting import WIDTHS, visit
from tests.consortium import MANUFACTURER, VOTER, Person
from tests.gateway.running import LIMITS, SLOW, Wishes, batching, commissioning
from tests.partners import PEERS, Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")

DRUG = "81234567890123456789"
GTIN = "06901234123456"
PACK = f"(01){GTIN}(17)381231(10)L-7(21)ABC123"
PACK_WAY = f"/c/01/{GTIN}/10/L-7/21/ABC123?17=381231&by=scan"
MAKER = Person("maker", MANUFACTURER | VOTER, ("gs1:69012341", "cn:8123456"), "示例制药")
PLAIN_HOST = "gateway.example"
"""A name that browsers do not take for this machine: its pages get no camera over plain HTTP."""
TIMEOUT_MS = 30_000


@dataclass(frozen=True)
class Place:
    """A gateway with two packs, and a browser whose camera sees one of them."""

    t: Town
    url: str
    camera: Browser

    @property
    def plain_url(self) -> str:
        """The same without encryption and from elsewhere."""
        return f"http://{PLAIN_HOST}:{urlsplit(self.url).port}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory, chromium: str
) -> AsyncIterator[Place]:
    folder = tmp_path_factory.mktemp("scan")
    seen = film(folder / "pack.mjpeg", "datamatrix", PACK, gs1=True)
    limits = LIMITS.model_copy(update={"public_repairs": "100000/second"})
    wishes = Wishes(batching=batching(SLOW), limits=limits, poll_s=0.2, sections={"peers": PEERS})
    async with town(anvil, template, folder, (MAKER,), wishes=wishes) as t:
        codes = (f"urn:x-cn-drug:{DRUG}", f"https://id.gs1.org/01/{GTIN}/21/ABC123")
        await t["maker"].entry(commissioning(*codes), final=False)
        async with async_playwright() as playwright:
            camera = await playwright.chromium.launch(
                executable_path=chromium,
                timeout=120_000,
                args=[
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--use-fake-device-for-media-stream",
                    f"--use-file-for-fake-video-capture={seen}",
                    f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1",
                ],
            )
            yield Place(t, t.url("maker"), camera)
            await camera.close()


def way(page: Page) -> str:
    """Return path and query of the page that is shown."""
    parts = urlsplit(page.url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


async def told(page: Page, state: str) -> str:
    """Wait until the camera's part says something; return it."""
    said = page.locator(f'#told[data-state="{state}"]')
    await said.wait_for(timeout=TIMEOUT_MS)
    return await said.inner_text()


async def picked(page: Page, picture: bytes) -> None:
    """Choose a photo."""
    file = FilePayload(name="photo.jpg", mimeType="image/jpeg", buffer=picture)
    await page.locator("#photo").set_input_files(file)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("script", [True, False])
async def test_the_pages_suit_everybody(
    browser: Browser, place: Place, language: str, width: int, script: bool
) -> None:
    async with visit(browser, width=width, language=language, script=script) as visitor:
        for name, path in (("home", "/"), ("scan", "/scan")):
            await visitor.page.goto(place.url + path)
            assert await visitor.page.locator("h1").inner_text() == say(
                language, "scan.title" if name == "home" else "scan.page.title"
            )
            assert await visitor.shows_all()
            if script:
                assert await visitor.barriers() == []
            await visitor.keep(f"{name}-{language}-{width}{'' if script else '-plain'}")
        assert visitor.foreign(place.url) == []
        assert visitor.complaints == []
        assert not any("reader" in one for one in visitor.asked)  # nobody pressed "Scan"


@pytest.mark.parametrize("script", [True, False])
async def test_what_is_typed_leads_to_its_page(
    browser: Browser, place: Place, script: bool
) -> None:
    async with visit(browser, script=script) as visitor:
        await visitor.page.goto(place.url)
        await visitor.page.locator("#code").fill("８１２３ 4567-8901 2345 6789")
        await visitor.page.locator("#look button.first").click()
        await visitor.page.wait_for_url("**/c/**")
        assert way(visitor.page) == f"/c/{DRUG}?by=hand"
        assert visitor.foreign(place.url) == []


async def test_digits_are_grouped_as_they_are_typed(browser: Browser, place: Place) -> None:
    async with visit(browser) as visitor:
        page = visitor.page
        await page.goto(place.url)
        field, live = page.locator("#code"), page.locator("#live")
        await field.press_sequentially("812345678", delay=100)
        assert await field.input_value() == "8123 4567 8"
        assert await live.inner_text() == say("en", "scan.live.count", count=9)
        for _ in range(5):  # behind the 4
            await field.press("ArrowLeft")
        await field.press("Backspace")
        assert await field.input_value() == "8123 5678"
        await field.press("4")  # the caret stayed where it was
        assert await field.input_value() == "8123 4567 8"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (DRUG, "whole"),
        ("7" + DRUG[1:], "first"),
        (DRUG + "1", "long"),
        (DRUG.replace("0", "O"), "letters"),
        ("6901234123456", "gtin"),
        (f"(01){GTIN}(21)X", "pack"),
        (f"(01){GTIN[:-1]}7(21)X", "wrong"),
        (f"(01){GTIN}(10)X", "product"),
        ("]C100069012340000000016", "case"),
        (f"https://foreign.example/01/{GTIN}/21/X", "link"),
        (f"https://foreign.example/c/{DRUG}", "link"),
        ("https://foreign.example/shop", "address"),
        ("urn:epc:id:sgtin:6901234.012345.X", "pack"),
    ],
)
async def test_what_can_be_known_of_a_code_is_said_and_no_more(
    browser: Browser, place: Place, text: str, kind: str
) -> None:
    async with visit(browser) as visitor:
        await visitor.page.goto(place.url)
        await visitor.page.locator("#code").fill(text)
        values = {"count": len(text), "group": 3}
        said = await visitor.page.locator("#live").inner_text()
        assert said == say("en", f"scan.live.{kind}", **values)


@pytest.mark.parametrize("focus", ["body", "#code", "#look button.first"])
@pytest.mark.parametrize("ending", ["Enter", "Tab"])
async def test_a_hand_scanner_works_wherever_the_focus_is(
    browser: Browser, place: Place, focus: str, ending: str
) -> None:
    async with visit(browser, width=1280) as visitor:
        page = visitor.page
        await page.goto(place.url)
        if focus != "body":
            await page.locator(focus).focus()
        await typed(page, f"]d201{GTIN}10L-7\x1d1738123121ABC123", ending)
        await page.wait_for_url("**/c/**")
        assert way(page) == PACK_WAY
        assert visitor.foreign(place.url) == []


async def typed(page: Page, text: str, ending: str, *, caps_lock: bool = False) -> None:
    """Type as a scanner does: at once, FNC1 as Ctrl+]."""
    await page.evaluate(
        """([text, ending, capsLock]) => {
          const press = (key, more) => {
            const place = document.activeElement || document.body;
            const event = new KeyboardEvent("keydown",
              { key, bubbles: true, cancelable: true, modifierCapsLock: capsLock, ...more });
            place.dispatchEvent(event);
          };
          for (const one of text) {
            if (one === "\\x1d") press("]", { ctrlKey: true }); else press(one);
          }
          press(ending);
        }""",
        [text, ending, caps_lock],
    )


async def test_people_who_type_and_press_tab_stay_where_they_are(
    browser: Browser, place: Place
) -> None:
    async with visit(browser, width=1280) as visitor:
        await visitor.page.goto(place.url)
        field = visitor.page.locator("#code")
        await field.press_sequentially(DRUG[:10], delay=150)
        await field.press("Tab")
        assert way(visitor.page) == "/"
        assert await field.input_value() == "8123 4567 89"


async def test_caps_lock_is_explained_before_anything_is_looked_up(
    browser: Browser, place: Place
) -> None:
    async with visit(browser, width=1280) as visitor:
        await visitor.page.goto(place.url)
        await typed(visitor.page, f"]d201{GTIN}21abc123", "Enter", caps_lock=True)
        assert await visitor.page.locator("#live").inner_text() == say("en", "scan.live.caps")
        assert way(visitor.page) == "/"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_camera_reads_a_pack(place: Place, language: str) -> None:
    async with visit(place.camera, language=language, permissions=["camera"]) as visitor:
        page = visitor.page
        await page.goto(place.url)
        await page.locator("#open").click()
        await page.wait_for_url("**/c/**", timeout=TIMEOUT_MS)
        assert way(page) == PACK_WAY
        assert visitor.foreign(place.url) == []
        assert visitor.complaints == []
        loaded = {urlsplit(one).path for one in visitor.asked}
        assert {assets.url("reader.js"), assets.url("zxing_reader.wasm")} <= loaded


LAMP = """const [lamp, track] = [window.lamp = [], MediaStreamTrack.prototype];
track.getCapabilities = () => ({ torch: true });
track.applyConstraints = async ({ advanced: [one] }) => {
  if (lamp.push(one.torch) > 2) throw new Error("too hot"); };"""


def seeing(found: str) -> str:
    """Return a script: the browser has a reader of its own, which sees this in every picture."""
    return f"""window.BarcodeDetector = class {{
  static async getSupportedFormats() {{ return "data_matrix qr_code code_128 ean_13".split(" "); }}
  async detect() {{ return [{found}]; }} }};"""


async def test_a_lamp_is_offered_where_the_camera_has_one(place: Place) -> None:
    async with visit(place.camera, permissions=["camera"]) as visitor:
        page = visitor.page
        await page.add_init_script(seeing("") + LAMP)
        await page.goto(place.url + "/scan")
        lamp = page.locator("#torch")
        await page.locator("#start").click()
        await lamp.wait_for(timeout=TIMEOUT_MS)
        for _ in range(3):
            await lamp.click()
        await lamp.wait_for(state="hidden", timeout=TIMEOUT_MS)
        assert await page.evaluate("window.lamp") == [True, False, True]


async def test_the_camera_shows_what_it_sees_and_stops(place: Place) -> None:
    async with visit(place.camera, permissions=["camera"]) as visitor:
        page = visitor.page
        await page.add_init_script(seeing(""))  # the film goes on
        await page.goto(place.url + "/scan")
        await page.locator("#start").click()
        await told(page, "looking")
        assert await page.evaluate("document.querySelector('#video').videoWidth") == 640
        assert await visitor.barriers() == []
        await visitor.keep("scan-camera-en-360")
        await page.locator("#stop").click()
        await told(page, "ready")
        assert await page.evaluate("document.querySelector('#video').srcObject") is None
        assert not any("reader" in one for one in visitor.asked)


async def test_what_the_browser_reads_itself_needs_no_reader(place: Place) -> None:
    async with visit(place.camera, permissions=["camera"]) as visitor:
        page = visitor.page
        raw = f"\x1d01{GTIN}10L-7\x1d1738123121ABC123"
        await page.add_init_script(seeing(f"{{ rawValue: {raw!r} }}"))
        await page.goto(place.url + "/scan#start")
        await page.wait_for_url("**/c/**", timeout=TIMEOUT_MS)
        assert way(page) == PACK_WAY
        assert not any("reader" in one for one in visitor.asked)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_who_does_not_allow_the_camera_is_told_how_to_go_on(
    place: Place, language: str
) -> None:
    async with visit(place.camera, language=language) as visitor:
        await visitor.page.goto(place.url + "/scan")
        await visitor.page.locator("#start").click()
        said = await told(visitor.page, "refused")
        assert said == say(language, "scan.camera.refused")
        await visitor.keep(f"scan-refused-{language}-360")


async def test_a_device_without_camera_says_so(browser: Browser, place: Place) -> None:
    async with visit(browser, permissions=["camera"]) as visitor:
        await visitor.page.goto(place.url + "/scan#start")
        assert await told(visitor.page, "absent") == say("en", "scan.camera.absent")


async def test_over_plain_http_a_photo_takes_the_camera_s_place(place: Place) -> None:
    async with visit(place.camera) as visitor:
        page = visitor.page
        await page.goto(place.plain_url + "/scan")
        assert await told(page, "insecure") == say("en", "scan.camera.insecure")
        assert not await page.locator("#start").is_visible()
        await visitor.keep("scan-insecure-en-360")
        await picked(page, photo("datamatrix", PACK, gs1=True))
        await page.wait_for_url("**/c/**", timeout=TIMEOUT_MS)
        assert way(page) == PACK_WAY
        assert visitor.foreign(place.plain_url) == []


@pytest.mark.parametrize(
    ("kind", "text", "gs1", "shown"),
    [
        ("code128", DRUG, False, f"/c/{DRUG}?by=scan"),
        ("code128", f"(01){GTIN}(21)ABC123", True, f"/c/01/{GTIN}/21/ABC123?by=scan"),
        (
            "qr",
            f"https://foreign.example/01/{GTIN}/10/L-7/21/ABC123?17=381231",
            False,
            PACK_WAY,
        ),
        ("qr", f"https://foreign.example/c/{DRUG}", False, f"/c/{DRUG}?by=scan"),
    ],
)
async def test_photos_of_every_kind_of_symbol_are_read_here(
    browser: Browser, place: Place, kind: str, text: str, gs1: bool, shown: str
) -> None:
    async with visit(browser) as visitor:
        page = visitor.page
        await page.goto(place.url + "/scan")
        await picked(page, photo(kind, text, gs1=gs1))
        await page.wait_for_url("**/c/**", timeout=TIMEOUT_MS)
        assert way(page) == shown
        assert visitor.foreign(place.url) == []
        assert not any(one.startswith("blob:") for one in visitor.asked)
        assert all("foreign.example" not in urlsplit(one).netloc for one in visitor.asked)


async def test_what_names_no_pack_is_said_and_not_looked_up(browser: Browser, place: Place) -> None:
    async with visit(browser) as visitor:
        page = visitor.page
        await page.goto(place.url + "/scan")
        await picked(page, photo("ean13", "6901234123456"))
        assert await told(page, "product") == say("en", "scan.camera.product")
        await picked(page, photo("qr", "https://foreign.example/win"))
        assert await told(page, "address") == say("en", "scan.camera.address")
        await picked(page, blank())
        assert await told(page, "no_symbol") == say("en", "scan.camera.no_symbol")
        assert way(page) == "/scan"
        assert visitor.foreign(place.url) == []
        assert not any(re.search(r"/c[/?]", one) for one in visitor.asked)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("script", [True, False])
async def test_a_slip_is_marked_and_can_be_corrected(
    browser: Browser, place: Place, language: str, width: int, script: bool
) -> None:
    slip = DRUG[:9] + "4" + DRUG[10:]
    async with visit(browser, width=width, language=language, script=script) as visitor:
        page = visitor.page
        await page.goto(place.url)
        await page.locator("#code").fill(slip)
        await page.locator("#look button.first").click()
        await page.wait_for_url("**/c/**")
        assert await page.locator("#verdict").get_attribute("data-verdict") == "V09"
        here = say(language, "scan.repair.here")
        mark = await page.locator("#repair mark").text_content() or ""
        assert mark.split(maxsplit=1) == [slip[8:12], f"({here})"]
        if script:
            assert await visitor.barriers() == []
        assert await visitor.shows_all()
        await visitor.keep(f"repair-{language}-{width}{'' if script else '-plain'}")
        await page.locator("#corrected").fill(DRUG)
        await page.locator("#repair button").click()
        await page.wait_for_url(f"**/c/{DRUG}**")
        assert await page.locator("#verdict").get_attribute("data-verdict") == "V03"
        assert visitor.complaints == []
