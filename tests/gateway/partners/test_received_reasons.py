"""What may not be received although it came as it was said: recalled goods, and codes of nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from anchoring.chain.governance_calls import NO_DIGEST, NoticeScope, NoticeText
from tests.anvil import Anvil
from tests.gateway.partners.arriving import (
    answer,
    exceptions,
    finish,
    made_and_sent,
    scan,
    send,
    wishes,
)
from tests.gateway.partners.ways import make, person
from tests.gateway.running import serial, sgtin
from tests.partners import Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    people = [person(one) for one in ("maker", "dist", "shop")]
    folder = tmp_path_factory.mktemp("reasons")
    async with town(anvil, template, folder, people, wishes=wishes()) as made:
        yield made


def reasons(kept: dict[str, Any]) -> list[str]:
    return [why["reason"] for one in kept["results"] for why in one["reasons"]]


async def test_recalled_goods_are_named_at_the_scan_and_become_a_case(t: Town) -> None:
    """The notice is read from the chain while the goods are on their way."""
    pack, shop = sgtin(), t["shop"]
    ilmd = {"cbvmda:lotNumber": "L-RECALLED", "cbvmda:itemExpirationDate": "2028-02-29"}
    await make(t["maker"], pack, ilmd=ilmd)
    head = await send(t, "maker", "shop", pack)
    scope = NoticeScope("gs1:690123412345", ("L-RECALLED",), NO_DIGEST)
    text = NoticeText("停止销售。", "Stop selling.")
    await t.net.call("maker", t.net.calls.publish_notice(1, scope, text, drill=False))
    await t.seen()
    assert reasons(await scan(shop, head["number"], pack)) == ["recalled"]
    await finish(shop, head["number"])
    (case,) = await exceptions(shop, "recalled", pack)
    assert case["partner"]["participant"] == t.member("maker").id
    said = await answer(t["maker"], head["handover"])
    assert "recalled" in {one["kind"] for one in said["differences"]}


@pytest.mark.parametrize(
    "item", ["09506000134352", "06902345000018"], ids=["nobody's", "another's"]
)
async def test_codes_whose_prefix_their_maker_does_not_own_become_a_case(
    t: Town, item: str
) -> None:
    """The maker says that it commissioned them; the chain grants it no such prefix."""
    pack, shop = f"https://id.gs1.org/01/{item}/21/{serial()}", t["shop"]
    head = await made_and_sent(t, "maker", "shop", pack)
    assert reasons(await scan(shop, head["number"], pack)) == ["not_authorised"]
    await finish(shop, head["number"])
    (case,) = await exceptions(shop, "not_authorised", pack)
    assert case["partner"]["participant"] == t.member("maker").id


async def test_what_the_maker_may_commission_is_received_without_a_case(t: Town) -> None:
    pack, shop = sgtin(), t["shop"]
    head = await made_and_sent(t, "maker", "shop", pack)
    assert reasons(await scan(shop, head["number"], pack)) == []
    done = await finish(shop, head["number"])
    assert done["differences"] == []
