"""Exceptions after a restore: what was said about them since the copy stands in them again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from node_gateway.partners import exception_rejoining
from tests.anvil import Anvil
from tests.gateway.partners.arriving import wishes
from tests.gateway.partners.cases import (
    arrived,
    codes_of,
    handed_over,
    heard,
    listed,
    opened,
    post,
    shown,
    wish,
)
from tests.gateway.partners.hearers import settled
from tests.gateway.partners.restoring import Vault
from tests.gateway.partners.ways import person, until
from tests.gateway.running import Running
from tests.partners import town

MAKER, SHOP = 1, 2


def said_in(case: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(one["by"]["participant"], one["act"], one["text"]) for one in case["messages"]]


async def all_cases(up: Running) -> dict[str, dict[str, Any]]:
    return {one["case"]: await shown(up, one["number"]) for one in await listed(up)}


async def test_what_was_said_about_exceptions_stands_in_them_again(
    anvil: Anvil, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exception_rejoining, "QUIET_S", 3)
    people, plain = [person("maker"), person("shop")], wishes()
    async with town(anvil, template, tmp_path / "t", people, wishes=plain) as t:
        vault, mine, theirs = Vault(t, "maker", tmp_path), codes_of(2), codes_of(2)
        for codes in (mine, theirs):
            await handed_over(t["maker"], t["shop"], codes, digest=codes[0].encode()[-32:])
        await t["maker"].gateway.partners.channel.say(SHOP, "greeting", b"")
        await settled(t["maker"], SHOP)
        await vault.create()

        new = wish(partner=MAKER, subject=theirs[0].encode()[-32:], codes=theirs[:1])
        number = await opened(t["shop"], new)
        there = await arrived(t["maker"], (await shown(t["shop"], number))["case"])
        about = f"/{there['number']}/messages"
        await post(t["maker"], about, act="ask", text="Which pallet?")
        await heard(t["shop"], number, "ask")
        await asyncio.sleep(1.1)  # times of messages are in seconds
        offer = {"act": "propose", "action": "credit", "text": "The third."}
        await post(t["shop"], f"/{number}/messages", **offer)
        await heard(t["maker"], there["number"], "propose")
        await asyncio.sleep(1.1)
        await post(t["maker"], about, act="agree", text="Agreed.")
        await heard(t["shop"], number, "agree")
        own = await opened(
            t["maker"], wish(partner=SHOP, subject=mine[0].encode()[-32:], codes=mine[:1])
        )
        case = (await shown(t["maker"], own))["case"]
        ended = {"cause": "counting_error", "action": "none", "text": "Found."}
        await arrived(t["shop"], case)
        await post(t["maker"], f"/{own}/resolution", **ended)
        for slug, other in (("maker", SHOP), ("shop", MAKER)):
            await settled(t[slug], other)
        before = await all_cases(t["maker"])
        assert sorted(len(one["messages"]) for one in before.values()) == [2, 4]

        await t.stop("maker")
        await vault.restore(plain)

        async def is_back() -> bool:
            await t["maker"].gateway.partners.exceptions.watch.look()
            found = await all_cases(t["maker"])
            return all(
                uuid in found
                and said_in(found[uuid]) == said_in(was)
                and found[uuid]["state"] == was["state"]
                for uuid, was in before.items()
            )

        await until(is_back, timeout_s=60)
        assert len(await listed(t["maker"])) == len(before)
        assert (await arrived(t["maker"], case))["resolution"] is not None
        await t["maker"].gateway.partners.exceptions.watch.look()
        assert await is_back()  # once
        await settled(t["shop"], MAKER)
        assert len(await listed(t["shop"])) == len(before)
