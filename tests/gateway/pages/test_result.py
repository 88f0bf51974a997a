"""The page about a code over HTTP: what it says, to whom, and what it never says."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from node_gateway.web.words import LANGUAGES, say
from tests.gateway.pages.fair import Fair

pytestmark = pytest.mark.asyncio(loop_scope="module")
BUDGET_BYTES = 14 * 1024
FATES = {
    "unsold": "V01",
    "sold": "V02",
    "sealing": "V03",
    "sold_again": "V04",
    "recalled": "V05",
    "drill": "V01",
    "expired": "V06",
    "destroyed": "V07",
    "never_issued": "V08",
    "not_activated": "V10",
    "unknown": "V12",
    "outside": "V14",
    "case": "V12",
    "product": "V12",
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shopper(stalls: Fair) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser without a key."""
    async with stalls.maker.stranger(accept="text/html,*/*;q=0.8") as client:
        yield client


def facts_of(text: str) -> dict[str, Any]:
    match = re.search(r'<script type="application/json" id="facts">(.*?)</script>', text, re.S)
    assert match is not None
    found: dict[str, Any] = json.loads(match[1])
    return found


def verdict_of(text: str) -> str:
    match = re.search(r'id="verdict"[^>]* data-verdict="(V\d\d)"[^>]* data-checked="no"', text)
    assert match is not None, text[:2000]
    return match[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("fate", "verdict"), FATES.items())
async def test_each_fate_has_its_verdict_in_each_language(
    stalls: Fair, shopper: httpx2.AsyncClient, fate: str, verdict: str, language: str
) -> None:
    answer = await shopper.get(f"/c/{stalls.codes[fate]}", params={"lang": language})
    assert answer.status_code == 200
    assert verdict_of(answer.text) == verdict
    headers = answer.headers
    assert (headers["content-language"], headers["cache-control"]) == (language, "no-store")
    assert f"ST-{verdict}" in answer.text
    assert say(language, "result.stated", gateway="示例制药有限公司") in answer.text
    if verdict != "V12":
        assert say(language, f"verdict.{verdict}.next") in answer.text.replace("&#39;", "'")
    assert "!" not in re.sub(r"<[^>]*>", "", answer.text.split('id="facts"')[0]).replace("！", "!")
