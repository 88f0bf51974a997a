"""The first page and the scan page, and the way from what was typed or scanned to a code's page."""

from __future__ import annotations

import gzip
import json
import re

import httpx2
import pytest

from node_gateway.pages.asking import read_code
from node_gateway.web import assets
from tests.gateway.running import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")

GTIN = "06901234123456"
SCRIPT_SIZE_BYTES_MAX = 20_000
DRUG = "81234567890123456789"
PAGE = {"Accept": "text/html"}


async def asked(shared: Running, code: str, **more: str) -> httpx2.Response:
    async with shared.stranger(**PAGE) as visitor:
        return await visitor.get("/c", params={"code": code, **more}, follow_redirects=False)


@pytest.mark.parametrize("path", ["/", "/scan"])
@pytest.mark.parametrize(
    ("language", "title"), [("zh-CN", ("查一查这一盒", "扫码")), ("en", ("Check a pack", "Scan"))]
)
async def test_the_pages_are_whole_without_scripts(
    shared: Running, path: str, language: str, title: tuple[str, str]
) -> None:
    async with shared.stranger(**PAGE) as visitor:
        answer = await visitor.get(path, params={"lang": language})
    assert answer.status_code == 200
    assert f"<h1>{title[path == '/scan']}</h1>" in answer.text
    assert re.search(r'<form [^>]*action="/c" method="get">', answer.text)
    assert '<input id="code" name="code"' in answer.text
    assert "maxlength" not in answer.text  # it would cut off what is pasted and say nothing
    words = re.search(r'<script type="application/json" id="words">(.*?)</script>', answer.text)
    assert words
    assert {key.split(".")[1] for key in json.loads(words[1])} == {"live", "camera"}


async def test_only_the_page_with_the_reader_may_compile_and_use_the_camera(
    shared: Running,
) -> None:
    async with shared.stranger(**PAGE) as visitor:
        home, scan = [(await visitor.get(path)).headers for path in ("/", "/scan")]
    policy = "Content-Security-Policy"
    assert "wasm-unsafe-eval" in scan[policy]
    assert "wasm-unsafe-eval" not in home[policy]
    assert "camera=(self)" in scan["Permissions-Policy"]
    assert "camera=()" in home["Permissions-Policy"]
    assert "unsafe-inline" not in scan[policy] + home[policy]


async def test_the_reader_is_named_and_not_loaded(shared: Running) -> None:
    async with shared.stranger(**PAGE) as visitor:
        text = (await visitor.get("/scan")).text
        wasm = assets.url("zxing_reader.wasm")
        assert f'data-wasm="{wasm}"' in text
        assert not re.search(rf'(src|href)="[^"]*({re.escape(wasm)}|reader-)', text)
        got = await visitor.get(wasm)
    assert got.headers["Content-Type"] == "application/wasm"


@pytest.mark.parametrize("name", ["scan.js", "reader.js"])
async def test_the_scripts_keep_their_budget(name: str) -> None:
    path = assets.path(assets.manifest()[name].file)
    assert path
    assert len(gzip.compress(path.read_bytes(), 9)) <= SCRIPT_SIZE_BYTES_MAX


@pytest.mark.parametrize(
    "code",
    [
        DRUG,
        "8123 4567 8901 2345 6789",
        "8123-4567-8901-2345-6789",
        "８１２３　４５６７　８９０１　２３４５　６７８９",
        f"urn:x-cn-drug:{DRUG}",
        f"]C0{DRUG}",
        f"https://another.example/c/{DRUG}",
        f"http://192.0.2.7:8703/c/{DRUG}?lang=en",
    ],
)
async def test_spellings_of_a_drug_code_lead_to_its_page(shared: Running, code: str) -> None:
    answer = await asked(shared, code)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/c/{DRUG}")
    assert answer.headers["Cache-Control"] == "no-store"


PACK = f"/c/01/{GTIN}/21/ABC123"
WITH_LOT = f"/c/01/{GTIN}/10/L-7/21/ABC123"


@pytest.mark.parametrize(
    ("code", "way"),
    [
        (f"(01){GTIN}(21)ABC123", PACK),
        (f"(01) {GTIN} (17) 271231 (10) L-7 (21) ABC123", WITH_LOT + "?17=271231"),
        (f"(01){GTIN}(10)L/7(21)ABC123", f"/c/01/{GTIN}/10/L%2F7/21/ABC123"),
        (f"]d201{GTIN}10L-7\x1d21ABC123", WITH_LOT),
        (f"]d2\x1d01{GTIN}17271231\x1d21ABC123", PACK + "?17=271231"),
        (f"]C101{GTIN}21ABC123", PACK),
        (f"\x1d01{GTIN}21ABC123\x1d10L-7", WITH_LOT),
        (f"01{GTIN}21ABC123\x1d10L-7", WITH_LOT),
        (f"]Q1https://example.com/01/{GTIN}/21/ABC123", PACK),
        (f"https://example.com/a/01/{GTIN}/10/L-7/21/ABC123?17=271231", WITH_LOT + "?17=271231"),
        (f"https://another.example{WITH_LOT}?17=271231&lang=en", WITH_LOT + "?17=271231"),
        ("urn:epc:id:sgtin:6901234.012345.ABC123", PACK),
        (f"{GTIN} ABC123", PACK),
    ],
)
async def test_spellings_of_a_pack_lead_to_its_page_with_what_stands_beside(
    shared: Running, code: str, way: str
) -> None:
    answer = await asked(shared, code)
    assert (answer.status_code, answer.headers["Location"]) == (303, way)


async def test_the_page_reads_lot_and_expiry_where_they_are_sent(shared: Running) -> None:
    read = read_code(f"https://id.gs1.org{WITH_LOT.removeprefix('/c')}?17=271231")
    assert (read.lot, read.expiry) == ("L-7", "2027-12-31")


async def test_how_it_came_in_goes_along_and_nothing_else_does(shared: Running) -> None:
    assert (await asked(shared, DRUG, by="hand")).headers["Location"] == f"/c/{DRUG}?by=hand"
    assert (await asked(shared, DRUG, by="scan")).headers["Location"] == f"/c/{DRUG}?by=scan"
    assert (await asked(shared, DRUG, by="x&y", other="z")).headers["Location"] == f"/c/{DRUG}"


@pytest.mark.parametrize("code", ["8123 4567", "<b>?/../x", "(01)123", "8" * 21])
async def test_what_no_code_reads_like_is_sent_on_as_typed(shared: Running, code: str) -> None:
    async with shared.stranger(**PAGE) as visitor:
        answer = await visitor.get("/c", params={"code": code}, follow_redirects=True)
    assert answer.status_code == 400
    assert 'data-verdict="V09"' in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("", "There is no number in it"),
        (" 　- ..", "There is no number in it"),
        ("8" * 1001, "longer than any code"),
        ("https://foreign.example/shop?x=1", "It was not visited"),
        ("HTTPS://FOREIGN.EXAMPLE", "It was not visited"),
    ],
)
async def test_what_is_no_code_is_said_on_the_page(shared: Running, code: str, key: str) -> None:
    async with shared.stranger(**PAGE) as visitor:
        answer = await visitor.get(
            "/c", params={"code": code, "lang": "en"}, follow_redirects=False
        )
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert key in answer.text
    assert not re.search(r'(href|src)="https?:', answer.text)
