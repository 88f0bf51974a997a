"""An event's own preset goes before every policy, in what is said to other gateways too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from node_gateway.partners.ports import Direction
from node_gateway.settings_partners import TraceSection
from node_gateway.storage import handovers
from node_gateway.storage.code_ways import partners_of
from node_gateway.storage.handovers import Handover, State
from tests.anvil import Anvil
from tests.gateway.partners.ways import (
    PREFIXES,
    code,
    hand_over,
    make,
    now,
    person,
    public,
    trace,
    until,
    wishes,
)
from tests.gateway.running import Running, commissioning, dispensing, shipping
from tests.partners import Town, party_of, town

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("presets")
    people = [person(one) for one in ("maker", "dist")]
    open_to_all = wishes(trace=TraceSection(publish="coarse"))
    async with town(
        anvil, template, folder, people, wishes=wishes(), own={"dist": open_to_all}
    ) as made:
        yield made


def private(event: dict[str, Any], preset: str = "private") -> dict[str, Any]:
    return {"@context": {"st": "urn:x-sealtrail:"}, **event, "st:preset": preset}


def sent(*codes: str) -> dict[str, Any]:
    """Return a shipping event from the maker to the distributor."""
    goes_to = {"type": "owning_party", "destination": party_of(PREFIXES["dist"])}
    return shipping(*codes, **{**now(), "destinationList": [goes_to]})


async def handover_of(up: Running, entry: str) -> Handover:
    async def ended() -> list[Handover]:
        found = await up.gateway.store.read(
            lambda c: handovers.handovers_of(c, bytes.fromhex(entry))
        )
        return [one for one in found if one.state in (State.SAID, State.FAILED)]

    return (await until(ended))[0]


async def came(t: Town, one: str) -> bool:
    read = t["dist"].gateway.store.read
    return bool(await read(lambda c: partners_of(c, one, Direction.IN)))


async def test_a_private_shipment_is_not_handed_over(t: Town) -> None:
    hidden, open_one = code(), code()
    await make(t["maker"], hidden)
    await make(t["maker"], open_one)
    kept = await t["maker"].entry(private(sent(hidden)), final=False)
    told = await t["maker"].entry(private(sent(open_one), "partner"), final=False)

    first, second = await handover_of(t["maker"], kept), await handover_of(t["maker"], told)

    assert (first.state, first.problem) == (State.FAILED, "policy_hides_shipments")
    assert second.state is State.SAID
    await until(lambda: came(t, open_one))
    assert not await came(t, hidden)


async def test_a_private_commissioning_does_not_go_with_its_shipment(t: Town) -> None:
    hidden, open_one = code(), code()
    await t["maker"].entry(private(commissioning(hidden, **now())))
    await make(t["maker"], open_one)
    entry = await t["maker"].entry(sent(hidden, open_one), final=False)
    await until(lambda: came(t, open_one))

    one = await handover_of(t["dist"], entry)
    there = {
        told.code: (told.lot, told.made)
        for told in await t["dist"].gateway.store.read(
            lambda c: handovers.codes_of(c, one.digest or b"")
        )
    }

    assert there[hidden] == (None, None)
    assert there[open_one][0] == "L-2026-03"


async def test_a_private_step_is_not_traced(t: Town) -> None:
    pack = code()
    await make(t["maker"], pack)
    await hand_over(t, "maker", "dist", pack)
    before = (await trace(t["maker"], pack, way="down"))["down"]
    await t["dist"].entry(private(dispensing(pack, **now())))

    after = (await trace(t["maker"], pack, way="down"))["down"]

    assert [one["step"] for one in before["steps"]] == ["receiving"]
    assert [one["step"] for one in after["steps"]] == ["receiving"]
    sold = code()
    await make(t["maker"], sold)
    await hand_over(t, "maker", "dist", sold)
    await t["dist"].entry(dispensing(sold, **now()))
    twin = (await trace(t["maker"], sold, way="down"))["down"]
    assert [one["step"] for one in twin["steps"]] == ["receiving", "dispensing"]


async def test_a_private_step_is_not_published(t: Town) -> None:
    hidden, open_one = code(), code()
    for one in (hidden, open_one):
        await make(t["maker"], one)
        await hand_over(t, "maker", "dist", one)
    await t["dist"].entry(private(dispensing(hidden, **now())))
    await t["dist"].entry(dispensing(open_one, **now()))

    async def steps(of: str) -> list[str]:
        return [one["step"] for one in (await public(t["maker"], of))["steps"]]

    async def published() -> bool:
        return "dispensing" in await steps(open_one)

    await until(published)  # what was said later has come: so has all that was said before
    assert await steps(hidden) == ["receiving"]
