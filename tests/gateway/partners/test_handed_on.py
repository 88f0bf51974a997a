"""Goods that were handed on before their own handover came, and shipments that were corrected."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from node_gateway.partners.ports import Direction
from node_gateway.settings_partners import HandoversSection
from node_gateway.storage import handovers as reading
from node_gateway.storage.handovers import Handover, State
from tests.anvil import Anvil
from tests.gateway.partners.test_handing_over import (
    DIST,
    MAKER,
    PEOPLE,
    SHOP,
    SOON,
    case,
    codes_in,
    handed,
    packing,
    packs,
    sent,
    until,
)
from tests.gateway.partners.test_unaddressed import going
from tests.gateway.running import Running, commissioning
from tests.partners import Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELD = SOON.but(
    sections={**SOON.sections, "handovers": HandoversSection(poll_s=0.1, automatic=False)}
)
"""Says nothing before somebody confirms it: what it sends comes later than the goods."""
LATER = {"eventTime": "2026-03-03T09:00:00.000+08:00"}
LAST = {"eventTime": "2026-03-04T09:00:00.000+08:00"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def three(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("handed_on")
    async with town(anvil, template, folder, PEOPLE, wishes=SOON, own={"maker": HELD}) as made:
        yield made


async def confirm(up: Running, entry: str) -> None:
    """Let a handover go that is held back."""
    await up.gateway.follower.catch_up()
    (held,) = [one for one in await going(up, entry) if one.state is State.HELD]
    said = await up.client.post(f"/v1/handovers/{held.number}/resend")
    assert said.status_code == 201, said.text


async def in_place_of(up: Running, entry: str, first: Handover) -> Handover:
    """Return the handover that took the place of another one at its receiver."""

    async def replaced() -> Handover | None:
        found = [one for one in await going(up, entry) if one.replaces == first.digest]
        return found[0] if found else None

    found: Handover = await until(replaced)
    assert found.direction is Direction.IN
    return found


async def packed(maker: Running, count: int = 2) -> tuple[str, list[str], str]:
    """Make a case and send it to the distributor, silently; return it, its packs and the event."""
    inside, unit = packs(count), case()
    await maker.entry(commissioning(*inside), final=False)
    await maker.entry(packing(unit, *inside), final=False)
    return unit, inside, await maker.entry(sent(MAKER, DIST, unit), final=False)


async def test_what_was_handed_on_too_early_is_completed(three: Town) -> None:
    maker, dist, shop = three["maker"], three["dist"], three["shop"]
    unit, inside, entry = await packed(maker)
    onward = await dist.entry(sent(DIST, SHOP, unit, **LATER), final=False)
    first = await handed(shop, onward)
    assert set(await codes_in(shop, first)) == {unit}
    await confirm(maker, entry)
    second = await in_place_of(shop, onward, first)
    told = await codes_in(shop, second)
    assert {code: one.parent for code, one in told.items()} == {
        unit: None, **dict.fromkeys(inside, unit)
    }  # fmt: skip
    assert {told[code].lot for code in inside} == {"L-2026-03"}
    assert {told[code].made_by for code in inside} == {1}
    (edge,) = await shop.gateway.store.read(lambda c: reading.edges(c, unit))
    assert edge.handover == second.digest
    await dist.gateway.partners.handovers.sending.catch_up()
    ours = [one for one in await going(dist, onward) if one.direction is Direction.OUT]
    assert [one.state for one in ours] == [State.WITHDRAWN, State.SAID]


async def test_loose_packs_get_their_beginning_and_several_hops_follow(three: Town) -> None:
    """The shop hands on, too, before it knows; what it is told completes what it said."""
    maker, dist, shop = three["maker"], three["dist"], three["shop"]
    (pack,) = packs(1)
    await maker.entry(commissioning(pack), final=False)
    entry = await maker.entry(sent(MAKER, DIST, pack), final=False)
    onward = await dist.entry(sent(DIST, SHOP, pack, **LATER), final=False)
    first = await handed(shop, onward)
    back = await shop.entry(sent(SHOP, MAKER, pack, **LAST), final=False)
    returned = await handed(maker, back)
    assert {one.lot for one in (await codes_in(shop, first)).values()} == {None}
    await confirm(maker, entry)
    told = await codes_in(shop, await in_place_of(shop, onward, first))
    assert (told[pack].lot, told[pack].made_by) == ("L-2026-03", 1)
    told = await codes_in(maker, await in_place_of(maker, back, returned))
    assert told[pack].made_by == 1
    for up in (maker, dist, shop):  # and it ends there
        await up.gateway.partners.handovers.sending.catch_up()
    assert len(await going(dist, onward)) == 2
    assert len(await going(shop, back)) == 2


async def test_a_gateway_that_ends_meanwhile_completes_it_after_its_start(three: Town) -> None:
    maker, shop = three["maker"], three["shop"]
    unit, inside, entry = await packed(maker)
    onward = await three["dist"].entry(sent(DIST, SHOP, unit, **LATER), final=False)
    first = await handed(shop, onward)
    with pytest.MonkeyPatch.context() as patch:
        completing = three["dist"].gateway.partners.handovers.sending._completing

        async def dies() -> bool:
            raise RuntimeError

        patch.setattr(completing, "catch_up", dies)
        await confirm(maker, entry)
        await handed(three["dist"], entry)
        await three.stop("dist")
    await three.start("dist")
    second = await in_place_of(shop, onward, first)
    assert set(await codes_in(shop, second)) == {unit, *inside}
    assert len(await going(shop, onward)) == 2


async def test_what_is_put_into_a_unit_later_is_not_told_to_whom_had_it_before(
    three: Town,
) -> None:
    """The unit comes back over the maker with other goods, which are no business of the shop's."""
    maker, dist, shop = three["maker"], three["dist"], three["shop"]
    unit = case()
    onward = await dist.entry(sent(DIST, SHOP, unit, **LATER), final=False)
    first = await handed(shop, onward)
    (pack,) = packs(1)
    await maker.entry(commissioning(pack), final=False)
    await maker.entry(packing(unit, pack), final=False)
    entry = await maker.entry(sent(MAKER, DIST, unit, **LAST), final=False)
    await confirm(maker, entry)
    assert set(await codes_in(dist, await handed(dist, entry))) == {unit, pack}
    assert not await dist.gateway.partners.handovers.sending._completing.catch_up()
    assert [one.digest for one in await going(shop, onward)] == [first.digest]
