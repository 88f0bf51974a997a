"""The self-test: what a scan of the test label shows of the scanner."""

from __future__ import annotations

import pytest

from node_gateway.console.testing import TEST, judged
from node_gateway.labels.contents import contents_of
from tests.gateway.console.visitors import somebody, text_of
from tests.gateway.running import Running

(CONTENT,) = contents_of(TEST, "datamatrix", stem=None)
RIGHT = CONTENT.scanned.decode("ascii")
SWAPPED = RIGHT.translate(str.maketrans("yzYZ", "zyZY"))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (RIGHT, "good"),
        ("]d2" + RIGHT, "good"),
        (RIGHT.replace("\x1d", "{GS}") + "\r\n", "good"),
        (RIGHT.replace("\x1d", ""), "separator"),
        (RIGHT.swapcase(), "case"),
        (SWAPPED, "layout"),
        ("]C1" + RIGHT, "symbol"),
        ("0" + RIGHT, "other"),
        ("https://id.gs1.org/01/09506000134352/21/1", "other"),
    ],
)
def test_each_fault_has_its_word(text: str, word: str) -> None:
    assert RIGHT.count("\x1d") == 1
    assert judged(text, CONTENT) == word


@pytest.mark.asyncio(loop_scope="module")
async def test_a_scanner_tests_its_place(shared: Running) -> None:
    async with somebody(shared, "tester", "scanner") as one:
        page = await one.get("/app/selftest")
        assert "camera=(self)" in page.headers["permissions-policy"]
        assert "data:image/svg+xml;base64," in page.text
        shown = await one.get("/app/selftest", text=RIGHT.swapcase())
        assert "Caps Lock" in text_of(shown)
        label = await one.get("/app/selftest/label")
        assert label.content.startswith(b"%PDF-")
