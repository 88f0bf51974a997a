"""The console in a browser: signing in, Today, from scan to unit, receiving with one missing."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from anchoring.chain.governance_calls import NO_DIGEST, NoticeScope, NoticeText
from node_gateway.console.one_time_codes import STEP_S
from tests.anvil import Anvil
from tests.browser.visiting import Visitor, visit
from tests.gateway.partners.arriving import made_and_sent, shipment, wishes
from tests.gateway.partners.ways import PREFIXES, make, person
from tests.gateway.running import serial
from tests.partners import Town, party_of, town

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "a long enough password"
LANGUAGES = ("en", "zh-CN")
SLOW_MS = 30_000  # passwords are hashed, and the machine may be busy
OLDER = ("receive", "shipments", "exceptions", "anchors", "people", "log", "account")
DESKS = (
    *("units", "labels", "labels/new", "labels/printed", "recalls", "recalls/new", "recalls/1"),
    *("recalls/1/goods", "partners", "partners/dist", "settings", "webhooks", "selftest"),
)
TONES = """window.tones = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) {
  window.tones.push(this.frequency.value);
  return start.apply(this, at);
};"""
DRILL = NoticeText("演练:停止销售该批次。", "Exercise: stop selling this lot.")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    expect.set_options(timeout=SLOW_MS)
    folder = tmp_path_factory.mktemp("console")
    people = [person(one) for one in ("maker", "dist")]
    async with town(anvil, template, folder, people, wishes=wishes()) as made:
        await made.seen()
        scope = NoticeScope("gs1:690123412345", ("L-2026-03",), NO_DIGEST)
        await made.net.call("maker", made.net.calls.publish_notice(3, scope, DRILL, drill=True))
        await made.seen()
        yield made


def pack() -> str:
    return f"https://id.gs1.org/01/06901234123456/21/{serial()}"


class Somebody:
    """A person with an authenticator, in front of a browser."""

    def __init__(self, t: Town, slug: str, name: str) -> None:
        self.t, self.slug, self.name, self.key = t, slug, name, ""

    @property
    def base(self) -> str:
        return self.t.url(self.slug)

    def code(self, away: int = 0) -> str:
        return pyotp.TOTP(self.key).generate_otp(int(time.time()) // STEP_S + away)

    async def join(self, page: Page, role: str) -> None:
        people = self.t[self.slug].gateway.pages.console.people
        link, _ = await people.add(self.name, role)
        await page.goto(f"{self.base}/app/join/{link}")
        self.key = (await page.locator("p.key").text_content() or "").strip()

    async def kept(self, page: Page) -> None:
        """Fill in the page of a link; once more if a code's time ran out on the way."""
        said = page.locator("ul.codes, #problem")
        for _ in range(3):
            await page.fill("input[name=password]", PASSWORD)
            await page.fill("input[name=again]", PASSWORD)
            await page.fill("input[name=code]", self.code(-1))
            await page.click("main button.first")
            await expect(said).to_be_visible()
            if await page.locator("ul.codes").count():
                break
        await expect(page.locator("ul.codes li")).to_have_count(8)

    async def sign_in(self, page: Page) -> None:
        await page.goto(f"{self.base}/app/login")
        await page.fill("input[name=name]", self.name)
        await page.fill("input[name=password]", PASSWORD)
        await page.fill("input[name=code]", self.code())
        await page.click("main button.first")
        await expect(page.locator(".bar .who")).to_have_text(self.name)


async def is_fine(visitor: Visitor, base: str, name: str) -> None:
    """Nothing foreign, nothing cut off, no barrier, no complaint; and a picture to look at."""
    assert visitor.foreign(base) == []
    assert visitor.complaints == []
    assert await visitor.barriers() == []
    await visitor.keep(name)
    assert await visitor.shows_all(), name


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_account_and_the_screens(t: Town, browser: Browser, language: str) -> None:
    ann = Somebody(t, "maker", f"ann-{language.lower()}")
    code, out = pack(), pack()
    await make(t["maker"], code, out)
    await t["maker"].client.post(
        "/v1/exceptions",
        json={"kind": "wrong_lot", "detail": "One label differs.", "codes": [code]},
    )
    async with visit(browser, width=1280, language=language) as visitor:
        page = visitor.page
        await ann.join(page, "admin")
        await is_fine(visitor, ann.base, f"console-join-{language}")
        await ann.kept(page)
        await page.goto(f"{ann.base}/app")
        await is_fine(visitor, ann.base, f"console-login-{language}")
        await ann.sign_in(page)
        await page.goto(f"{ann.base}/app")
        await expect(page.locator("svg[role=img]")).to_be_visible()
        await is_fine(visitor, ann.base, f"console-today-{language}")
        await page.fill("input[data-scan]", code)
        await page.keyboard.press("Enter")
        await expect(page.locator("h1 .mono")).to_have_text(
            code.removeprefix("https://id.gs1.org/")
        )
        await is_fine(visitor, ann.base, f"console-unit-{language}")
        async with page.expect_download() as saved:
            await page.locator('a[href^="/app/proof/"]').first.click()
        assert (await saved.value).suggested_filename.endswith(".proof.json")
        for name in OLDER:
            await page.goto(f"{ann.base}/app/{name}")
            await is_fine(visitor, ann.base, f"console-{name}-{language}")
        await page.goto(f"{ann.base}/app/ship")
        await page.fill("input[name=to]", party_of(PREFIXES["dist"]))
        await page.fill("textarea[name=codes]", out)
        await page.click("main form button.first")
        await expect(page.locator(".who-sees > li")).to_have_count(3)
        await is_fine(visitor, ann.base, f"console-ship-{language}")
        await page.click('form[action="/app/ship/confirm"] button')
        await expect(page.locator("table.list tbody tr").first).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_screen_is_whole_when_narrow(t: Town, browser: Browser, language: str) -> None:
    eva = Somebody(t, "maker", f"eva-{language.lower()}")
    codes = [pack() for _ in range(3)]
    await make(t["maker"], *codes)
    async with visit(browser, width=1280, language=language) as visitor:
        page = visitor.page
        await eva.join(page, "admin")
        await eva.kept(page)
        await eva.sign_in(page)
        await page.goto(f"{eva.base}/app/labels/new")
        await page.select_option("select[name=of]", "codes")
        await page.fill("textarea[name=codes]", "\n".join(codes))
        await page.click("main form button.first")
        await expect(page.locator("img.label")).to_be_visible()
        await is_fine(visitor, eva.base, f"console-label-preview-{language}")
        await page.click('form[action="/app/labels/jobs"] button')
        async with page.expect_download() as saved:
            await page.click('form[action$="/first"] button')
        assert (await saved.value).suggested_filename.endswith(".pdf")
        job = page.url.partition("/app/")[2]
        for name in (*DESKS, job):
            await page.goto(f"{eva.base}/app/{name}")
            assert await visitor.shows_all(), name
            await visitor.keep(f"console-{name.replace('/', '-')}-{language}")
        await page.set_viewport_size({"width": 360, "height": 740})
        for name in ("", *OLDER, *DESKS, "scan", "ship", f"unit?code={codes[0]}", job):
            await page.goto(f"{eva.base}/app/{name}".rstrip("/"))
            short = name.partition("?")[0].replace("/", "-") or "today"
            await is_fine(visitor, eva.base, f"console-360-{short}-{language}")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_receive_with_a_pack_missing(t: Town, browser: Browser, language: str) -> None:
    packs = [pack() for _ in range(3)]
    came = await made_and_sent(t, "maker", "dist", *packs)
    ben = Somebody(t, "dist", f"ben-{language.lower()}")
    async with visit(browser, width=480, language=language) as visitor:
        page = visitor.page
        await ben.join(page, "operator")
        await ben.kept(page)
        await ben.sign_in(page)
        await page.goto(f"{ben.base}/app/receive")
        await is_fine(visitor, ben.base, f"console-receive-list-{language}")
        await page.click(f'th a[href="/app/receive/{came["number"]}"]')
        await scanned(page, packs[0], "good")
        await scanned(page, packs[0], "warn")  # the same again
        await scanned(page, packs[1], "good")
        await scanned(page, pack(), "bad")
        await is_fine(visitor, ben.base, f"console-receiving-{language}")
        await page.click('form[action$="/undo"] button')
        await expect(page.locator("#work .note:not(.good)").first).to_be_visible()
        await expect(page.locator(".progress")).to_have_attribute("value", "2")
        await page.click('form[action$="/finish"] button')
        await expect(page.locator(".note.good")).to_be_visible()
        await is_fine(visitor, ben.base, f"console-received-{language}")
        await page.goto(f"{ben.base}/app/exceptions")
        await page.locator("th a").first.click()
        await page.fill('form[action$="/messages"] textarea', "One is missing.")
        await page.click('form[action$="/messages"] button')
        await expect(page.locator(".talk")).to_contain_text(["One is missing.", re.compile(".")])
        await is_fine(visitor, ben.base, f"console-exception-{language}")
    found: dict[str, Any] = (await t["dist"].client.get("/v1/exceptions?kind=shortage")).json()
    assert any(one["expected"] == 3 and one["found"] == 2 for one in found["exceptions"])


async def scanned(page: Page, text: str, tone: str) -> None:
    """Scan as a wedge does: the text, then Enter, with no click in between."""
    await expect(page.locator("input[data-scan]")).to_be_focused()
    await page.keyboard.insert_text(text)
    await page.keyboard.press("Enter")
    await expect(page.locator("#work [role=status] .note").first).to_have_class(f"note {tone}")
    await expect(page.locator("#work [role=status] .note .mono").first).to_have_text(
        text.removeprefix("https://id.gs1.org/")
    )
    await expect(page.locator("input[data-scan]")).to_have_value("")


async def test_receive_without_scripts(t: Town, browser: Browser) -> None:
    packs = [pack(), pack()]
    came = await made_and_sent(t, "maker", "dist", *packs)
    eve = Somebody(t, "dist", "eve")
    async with visit(browser, width=360, script=False) as visitor:
        page = visitor.page
        await eve.join(page, "scanner")
        await eve.kept(page)
        await eve.sign_in(page)
        await page.goto(f"{eve.base}/app/receive/{came['number']}")
        for one in packs:
            await page.fill("input[data-scan]", one)
            await page.click(".scan button")
            await expect(page.locator("#work [role=status] .note")).to_have_class("note good")
        await page.click('form[action$="/finish"] button')
        await expect(page.locator("#work .note.good")).to_be_visible()
        await page.goto(f"{eve.base}/app/exceptions")
        await expect(page.locator("#problem")).to_be_visible()  # a scanner sees nothing else


async def test_scans_wait_for_the_line_and_count_once(t: Town, browser: Browser) -> None:
    packs = [pack() for _ in range(5)]
    number = (await made_and_sent(t, "maker", "dist", *packs))["number"]
    fay = Somebody(t, "dist", "fay")
    async with visit(browser, width=480) as visitor:
        page, line = visitor.page, visitor.context.set_offline
        waiting = page.locator("#waiting")
        await page.add_init_script(TONES)
        await fay.join(page, "operator")
        await fay.kept(page)
        await fay.sign_in(page)
        await page.goto(f"{fay.base}/app/receive/{number}")
        await scanned(page, packs[0], "good")
        assert await page.evaluate("window.tones") == [1320]
        await line(True)
        for count, one in enumerate(packs[1:3], 1):
            await page.keyboard.insert_text(one)
            await page.keyboard.press("Enter")
            await expect(waiting).to_contain_text(f"Waiting to be sent: {count}")
        await visitor.keep("console-waiting")
        await page.click('form[action$="/finish"] button')  # not before they were sent
        await expect(waiting).to_be_visible()
        await line(False)
        await expect(waiting).to_be_hidden()
        await expect(page.locator(".progress")).to_have_attribute("value", "3")
        await page.route("**/scans", lose, times=1)  # it comes, and its answer does not
        await page.fill("input[data-scan]", packs[3])
        await page.keyboard.press("Enter")
        await expect(page.locator(".progress")).to_have_attribute("value", "4")
        await expect(waiting).to_be_hidden()
        heard = len(await page.evaluate("window.tones"))
        await page.click("[data-sound]")
        await expect(page.locator("[data-sound]")).to_have_attribute("aria-pressed", "false")
        await scanned(page, packs[4], "good")
        assert len(await page.evaluate("window.tones")) == heard
    counts = (await shipment(t["dist"], number))["counts"]
    assert (counts["found"], counts["twice"]) == (5, 0)


async def lose(route: Route) -> None:
    await route.fetch()
    await route.abort()


async def test_from_sign_in_to_sign_out_by_keyboard_alone(t: Town, browser: Browser) -> None:
    packs = [pack()]
    number = (await made_and_sent(t, "maker", "dist", *packs))["number"]
    gil = Somebody(t, "dist", "gil")
    async with visit(browser, width=360) as visitor:
        page = visitor.page
        await gil.join(page, "scanner")
        await gil.kept(page)
        await page.goto(f"{gil.base}/app/login")
        for name, text in (("name", gil.name), ("password", PASSWORD), ("code", gil.code())):
            await tab_to(page, f"input[name={name}]")
            await page.keyboard.insert_text(text)
        await page.keyboard.press("Enter")
        await expect(page.locator(".bar .who")).to_have_text(gil.name)
        await tab_to(page, '.menu a[href="/app/receive"]')
        await page.keyboard.press("Enter")
        await tab_to(page, f'th a[href="/app/receive/{number}"]')
        await page.keyboard.press("Enter")
        await scanned(page, packs[0], "good")
        await tab_to(page, 'form[action$="/finish"] button')
        await page.keyboard.press("Enter")
        await expect(page.locator("#work .note.good")).to_be_visible()
        await tab_to(page, 'form[action="/app/logout"] button')
        await page.keyboard.press("Enter")
        await expect(page.locator("input[name=password]")).to_be_visible()


async def tab_to(page: Page, selector: str) -> None:
    """Press the tab key until something has the focus, and see that it shows it."""
    await expect(page.locator(selector).first).to_be_visible()
    for _ in range(60):
        if await page.evaluate("one => document.activeElement.matches(one)", selector):
            style = "getComputedStyle(document.activeElement).outlineStyle"
            assert await page.evaluate(style) != "none", selector
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by the tab key")
