"""The auditor explorer as it is served: what it tells its script, and what it may do."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from node_gateway.web.words import LANGUAGES
from tests.gateway.running import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def facts_of(shared: Running, language: str) -> tuple[str, dict[str, Any], dict[str, str]]:
    async with shared.stranger() as client:
        answer = await client.get("/explorer", params={"lang": language})
    assert answer.status_code == 200
    found = re.search(r'id="facts">(.*?)</script>', answer.text, re.DOTALL)
    assert found is not None
    return answer.text, json.loads(found[1]), dict(answer.headers)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_tells_the_contracts_and_no_private_endpoint(
    shared: Running, language: str
) -> None:
    text, facts, headers = await facts_of(shared, language)
    assert facts["language"] == language
    assert facts["network"]["chainId"] == shared.deployed.chain_id
    assert facts["network"]["witnesses"] == {}
    assert shared.anvil.url not in text
    assert all(one["relay"] and one["url"].endswith("/chain/rpc") for one in facts["witnesses"])
    keys = {frozenset(words) for words in facts["words"].values()}
    assert len(keys) == 1
    policy = headers["content-security-policy"]
    assert "connect-src 'self' https: http:" in policy
    assert "unsafe" not in policy
    assert headers["cache-control"] == "no-store"


async def test_no_handler_and_no_style_stands_in_the_page(shared: Running) -> None:
    text, _, _ = await facts_of(shared, "en")
    assert re.search(r"<[^>]+\s(?:style|on[a-z]+)=", text) is None
    scripts = re.findall(r"<script([^>]*)>", text)
    assert ["src=" in one for one in scripts] == [False, True, True]
    assert 'type="application/json"' in "".join(one for one in scripts if "src=" not in one)
