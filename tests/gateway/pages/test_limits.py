"""Look-ups by pages are counted with those of the API."""

from __future__ import annotations

import pytest

from node_gateway.settings import LimitsSection
from node_gateway.web.words import say
from tests.gateway.conftest import Start
from tests.gateway.pages.fair import drug_code
from tests.gateway.running import Wishes

pytestmark = pytest.mark.asyncio


async def test_too_many_look_ups_are_a_page_that_says_when_to_come_back(start: Start) -> None:
    limits = LimitsSection(public_lookups="2/minute", public_answer_ms=0)
    up = await start(Wishes(limits=limits, with_worker=False))
    code = drug_code(1)
    path = f"/c/{code.removeprefix('urn:x-cn-drug:')}"
    async with up.stranger(accept="text/html") as shopper:
        assert (await shopper.get(path)).status_code == 200
        assert (await shopper.get(f"/v1/public/codes/{code}")).status_code == 200
        answer = await shopper.get(path, params={"lang": "en"})
        assert answer.status_code == 429
        wait = answer.headers["retry-after"]
        assert say("en", "result.problem.rate_limit.text", seconds=wait) in answer.text
        for ending in ("proof.json", "proof.pdf", "qr.svg"):
            assert (await shopper.get(f"{path}/{ending}")).status_code == 429
        program = await shopper.get(path, headers={"accept": "application/json"})
        assert (program.status_code, program.json()["code"]) == (429, "rate_limit")
