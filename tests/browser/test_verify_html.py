"""`verify.html`, opened as a file: everything is computed there, and nobody is asked unbidden."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from anchoring.chain.network import Network, WitnessGroup, write_network
from anchoring.core.bundle import Bundle, bundles_to_json
from node_gateway.web import assets
from node_gateway.web.words import LANGUAGES, say
from tests.anchoring.chain.sealed import Issuer, network_of
from tests.anchoring.chain.worlds import anvil_world
from tests.browser.kinds import kinds
from tests.browser.visiting import WIDTHS, Visitor, visit
from tests.liars import Liar

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Desk:
    """Files on a stick, and the witnesses that they can be held against."""

    folder: Path
    bundle: Bundle
    network: Network
    liars: dict[str, Liar]

    @property
    def page(self) -> str:
        return (self.folder / "verify.html").as_uri()

    def proof(self, name: str = "p.json", bundle: Bundle | None = None) -> Path:
        path = self.folder / name
        path.write_bytes((bundle or self.bundle).to_json())
        return path

    def changed(self) -> Path:
        """The same with another entry in its path: it does not hold in itself."""
        wire = json.loads(self.bundle.to_json())
        wire["event"]["siblings"][0] = "ab" * 32
        path = self.folder / "changed.json"
        path.write_text(json.dumps(wire))
        return path

    def net(self, *names: str) -> Path:
        """Write a network file that names these kinds of witnesses, each of an organisation."""
        groups = tuple(
            WitnessGroup(f"{name} {place}", None, (self.liars[name].url,))
            for place, name in enumerate(names)
        )
        path = self.folder / "network.json"
        write_network(path, replace(self.network, witnesses=groups))
        return path

    def pdf(self, *bodies: bytes, name: str = "p.pdf", deflate: bool = True) -> Path:
        parts = [b"%PDF-1.7\n"]
        for number, body in enumerate(bodies, 1):
            data = zlib.compress(body) if deflate else body
            packed = b" /Filter /FlateDecode" if deflate else b""
            parts.append(
                b"%d 0 obj\n<< /Type /EmbeddedFile%s /Length %d >>\nstream\n%s\nendstream\nendobj\n"
                % (number, packed, len(data), data)
            )
        path = self.folder / name
        path.write_bytes(b"".join(parts) + b"%%EOF\n")
        return path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A sealed event on a real chain, and witnesses of every kind."""
    folder = tmp_path_factory.mktemp("stick")
    one = assets.manifest()["verify.html"]
    (folder / "verify.html").write_bytes((assets.folder() / one.file).read_bytes())
    with ExitStack() as stack:
        chain = await anvil_world()
        stack.callback(chain.anvil.close)
        issuer = Issuer(chain)
        bundle = issuer.bundle(await issuer.seal(issuer.commit(1)))
        network = await network_of(chain)
        for rpc in chain._open:
            await rpc.close()
        chain.anvil.rpc("evm_increaseTime", 5)
        chain.mine(2)
        yield Desk(folder, bundle, network, stack.enter_context(kinds(chain.anvil.url)))


async def give(page: Page, part: str, path: Path) -> None:
    await page.locator(f"#{part} input[type=file]").set_input_files(path)


async def verdict(page: Page, wanted: str) -> None:
    """Wait until the page says so; what it says instead is in the failure."""
    place = page.locator("#verdict")
    await place.wait_for(state="visible")
    await page.wait_for_function(
        "wanted => !document.querySelector('.asked .state')?.textContent.match(/being asked|正在/)"
        " && document.querySelector('#verdict').dataset.verdict === wanted",
        arg=wanted,
        timeout=60_000,
    )


async def checked(visitor: Visitor, desk: Desk, proof: Path, *names: str) -> Page:
    """Give a proof and a network file, and say yes to the witnesses that it names."""
    page = visitor.page
    await page.goto(desk.page)
    await give(page, "proof", proof)
    await give(page, "network", desk.net(*names))
    await page.locator("button.confirm").click()
    return page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
async def test_a_proof_that_witnesses_confirm(
    desk: Desk, browser: Browser, language: str, width: int
) -> None:
    async with visit(browser, width=width, language=language) as visitor:
        page = await checked(visitor, desk, desk.proof(), "agrees", "agrees", "mute")
        await verdict(page, "V01")
        assert await page.locator("html").get_attribute("lang") == language
        headline = page.locator("#verdict .headline")
        assert await headline.inner_text() == say(language, "verdict.V01.headline")
        assert await page.locator("#verdict").get_attribute("data-checked") == "yes"
        assert await page.locator('.asked [data-status="verified"]').count() == 3
        agree = say(language, "check.agree", count=3, agreeing=3)
        assert agree in await page.locator(".rule").inner_text()
        await page.locator("#how summary").click()
        root = self_root(desk.bundle)
        assert root in await page.locator("#how .path li:last-child").inner_text()
        assert await visitor.barriers() == []
        assert await visitor.shows_all()
        asked = {liar.url for name, liar in desk.liars.items() if name in ("agrees", "mute")}
        assert visitor.foreign(desk.page, *asked) == []
        assert visitor.complaints == []
        await visitor.keep(f"verify-html-{language}-{width}")


def self_root(bundle: Bundle) -> str:
    return bundle.anchor.root.hex()


async def test_nobody_is_asked_before_the_viewer_says_so(desk: Desk, browser: Browser) -> None:
    async with visit(browser) as visitor:
        page = visitor.page
        await page.goto(desk.page)
        await give(page, "proof", desk.proof())
        await verdict(page, "V12")
        await give(page, "network", desk.net("agrees", "mute"))
        await page.locator(".suggested li").nth(1).wait_for()
        assert visitor.foreign(desk.page) == []
        await page.locator("button.decline").click()
        await verdict(page, "V12")
        assert visitor.foreign(desk.page) == []
        assert await page.locator(".asked li").count() == 0


async def test_without_a_network_it_says_what_it_could_check(desk: Desk, browser: Browser) -> None:
    async with visit(browser, offline=True) as visitor:
        page = visitor.page
        await page.goto(desk.page)
        await give(page, "proof", desk.proof())
        await verdict(page, "V12")
        assert say("en", "verify.is_whole", count=1) in await page.inner_text("#verdict")
        assert say("en", "verify.not_chain") in await page.inner_text("#unchecked")
        assert visitor.foreign(desk.page) == []
        await visitor.keep("verify-html-offline")
        await give(page, "proof", desk.changed())
        await verdict(page, "V11")
        assert "root_mismatch" in await page.inner_text("#verdict")
        assert await page.locator("#details section").count() == 0
        assert visitor.complaints == []


@pytest.mark.parametrize(
    ("names", "wanted", "statuses"),
    [
        (("agrees", "mute", "lags"), "V01", ["verified", "verified", "witness_stale"]),
        (("agrees", "mute", "blocked"), "V01", ["verified", "verified", "chain_unavailable"]),
        (("agrees", "agrees", "caught"), "V01", ["verified", "verified", "contradicts_itself"]),
        (("mute", "hides"), "V13", ["verified", "anchor_not_found"]),
        (("agrees", "forks"), "V13", ["witness_disagreement", "witness_disagreement"]),
        (("hides", "hides"), "V11", []),
        (("agrees", "blocked"), "V12", ["verified", "chain_unavailable"]),
        (("lags", "lags"), "V12", ["witness_stale", "witness_stale"]),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, tuple) else None,
)
async def test_witnesses_of_every_kind(
    desk: Desk, browser: Browser, names: tuple[str, ...], wanted: str, statuses: list[str]
) -> None:
    async with visit(browser) as visitor:
        page = await checked(visitor, desk, desk.proof(), *names)
        await verdict(page, wanted)
        if wanted != "V11":
            lines = await page.locator(".asked li").all()
            assert [await one.get_attribute("data-status") for one in lines] == statuses
        assert await visitor.barriers() == []
        await visitor.keep(f"verify-html-{wanted}-{'-'.join(names)}")


async def test_one_that_hangs_holds_up_nobody_for_ever(desk: Desk, browser: Browser) -> None:
    async with visit(browser) as visitor:
        page = await checked(visitor, desk, desk.proof(), "agrees", "mute", "hangs")
        waiting = page.locator('.asked [data-status="asking"]')
        await waiting.first.wait_for()
        await verdict(page, "V01")
        assert await page.locator('.asked [data-status="chain_unavailable"]').count() == 1


async def test_the_viewers_own_witness_and_its_removal(desk: Desk, browser: Browser) -> None:
    async with visit(browser, width=1280) as visitor:
        page = await checked(visitor, desk, desk.proof(), "agrees")
        await verdict(page, "V12")
        await page.locator(".choose summary").click()
        await page.locator(".adding [name=url]").fill("ftp://nowhere")
        await page.locator(".adding button").click()
        assert await page.locator(".wrong").inner_text() == say("en", "check.no_address")
        await page.locator(".adding [name=organisation]").fill("My own")
        await page.locator(".adding [name=url]").fill(desk.liars["mute"].url)
        await page.locator(".adding button").click()
        await verdict(page, "V01")
        assert await page.locator(".asked li").count() == 2
        stored = await page.evaluate("localStorage.getItem('sealtrail.witnesses')")
        kept = [{"organisation": "My own", "url": f"{desk.liars['mute'].url}/"}]
        assert json.loads(stored) == kept
        await page.get_by_role("button", name="Remove: My own").click()
        await verdict(page, "V12")
        assert await page.evaluate("localStorage.getItem('sealtrail.witnesses')") == "[]"


async def test_the_language_changes_in_place(desk: Desk, browser: Browser) -> None:
    async with visit(browser) as visitor:
        page = await checked(visitor, desk, desk.proof(), "agrees", "mute")
        await verdict(page, "V01")
        await page.get_by_role("button", name="中文").click()
        headline = page.locator("#verdict .headline")
        assert await headline.inner_text() == say("zh-CN", "verdict.V01.headline")
        assert await page.locator('.asked [data-status="verified"]').count() == 2
        assert await page.evaluate("document.activeElement.textContent") == "中文"
        text = await page.inner_text("main")
        assert not re.search(r"\b(check|verdict|witness)\.[a-z]", text)


async def test_pdf_paste_and_what_is_no_proof(desk: Desk, browser: Browser) -> None:
    async with visit(browser) as visitor:
        page = visitor.page
        await page.goto(desk.page)
        raw = desk.bundle.to_json()
        for deflate in (True, False):
            await page.reload()
            await give(page, "proof", desk.pdf(b"{}", raw, deflate=deflate))
            await verdict(page, "V12")
        refused = {
            desk.pdf(name="none.pdf"): "pdf_none",
            desk.pdf(raw, bundles_to_json([desk.bundle]), name="two.pdf"): "pdf_several",
        }
        for path, key in refused.items():
            await give(page, "proof", path)
            said = page.locator("#proof [role=alert]", has_text=say("en", f"verify.{key}"))
            await said.wait_for()
        await page.reload()
        await page.locator("#proof summary").click()
        await page.locator("#proof textarea").fill(raw.decode())
        await page.get_by_role("button", name=say("en", "verify.take_text")).click()
        await verdict(page, "V12")
        assert visitor.complaints == []


async def test_the_findings_can_be_kept(desk: Desk, browser: Browser) -> None:
    async with visit(browser) as visitor:
        page = await checked(visitor, desk, desk.proof(), "agrees", "mute")
        await verdict(page, "V01")
        async with page.expect_download() as waiting:
            await page.locator("button.keep").click()
        download = await waiting.value
        found = json.loads((await download.path()).read_text(encoding="utf-8"))
        assert found["verdict"] == "V01"
        assert found["sha256"] == hashlib.sha256(desk.bundle.to_json()).hexdigest()
        assert found["bundles"][0]["chain"]["outcome"] == "verified"
        assert found["network"]["chainId"] == desk.network.chain_id
