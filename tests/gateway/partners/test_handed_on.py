"""Goods that were handed on before their own handover came, and shipments that were corrected."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from node_gateway.partners.ports import Direction
from node_gateway.settings_partners import HandoversSection
from node_gateway.storage import handovers as reading
from node_gateway.storage.handovers import Handover, State
from tests.anvil import Anvil
from tests.gateway.partners.arriving import answer, came, exceptions, finish, scan, shipment
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
from tests.gateway.partners.test_killed import Killer
from tests.gateway.partners.test_unaddressed import dead, going
from tests.gateway.partners.ways import do
from tests.gateway.running import Running, commissioning, serial
from tests.partners import Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELD = SOON.but(
    sections={**SOON.sections, "handovers": HandoversSection(poll_s=0.1, automatic=False)}
)
"""Says nothing before somebody confirms it: what it sends comes later than the goods."""
LATER = {"eventTime": "2026-03-03T09:00:00.000+08:00"}
LAST = {"eventTime": "2026-03-04T09:00:00.000+08:00"}


@pytest.fixture(scope="module")
def killer() -> Killer:
    """Kills the distributor."""
    return Killer()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def three(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory, killer: Killer
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("handed_on")
    own = {"maker": HELD, "dist": SOON.but(on_step=killer)}
    async with town(anvil, template, folder, PEOPLE, wishes=SOON, own=own) as made:
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


async def accused(up: Running, code: str) -> list[dict[str, Any]]:
    """Return the conflicts of custody that a gateway sees about a code."""
    await up.gateway.partners.receipts.arrivals.catch_up()
    return await exceptions(up, "custody_conflict", code)


async def corrected(up: Running, entry: str, replacement: dict[str, Any]) -> str:
    """Take a shipment back and state another one in its place; return the entry of that."""
    said = await up.client.post(
        f"/v1/events/{entry}/correction",
        json={"reason": "incorrect_data", "event": replacement},
    )
    assert said.status_code == 201, said.text
    found: str = said.json()["corrective"]
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
    for up in (dist, shop):
        assert [await accused(up, code) for code in (unit, *inside)] == [[]] * 3


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
    for up in (dist, shop):
        assert await accused(up, pack) == []


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


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
async def test_f1_a_kill_while_it_is_completed_loses_and_doubles_nothing(
    three: Town, killer: Killer, moment: str
) -> None:
    maker, shop = three["maker"], three["shop"]
    unit, inside, entry = await packed(maker)
    onward = await three["dist"].entry(sent(DIST, SHOP, unit, **LATER), final=False)
    first = await handed(shop, onward)
    await three["dist"].gateway.partners.handovers.sending.catch_up()
    killer.arm(f"handover_completing.{moment}", 1)
    await confirm(maker, entry)
    await until(lambda: dead(killer))
    dist = await three.restart("dist")
    second = await in_place_of(shop, onward, first)
    assert set(await codes_in(shop, second)) == {unit, *inside}
    assert len(await going(shop, onward)) == 2
    ours = [one for one in await going(dist, onward) if one.direction is Direction.OUT]
    assert len(ours) == 2


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


async def test_a_corrected_shipment_takes_the_place_of_the_first(three: Town) -> None:
    dist, shop = three["dist"], three["shop"]
    right, wrong = own_packs(), own_packs()
    await dist.entry(commissioning(*right, *wrong), final=False)
    entry = await dist.entry(sent(DIST, SHOP, *wrong, **LATER), final=False)
    first = await handed(shop, entry)
    await came(shop, entry)
    corrective = await corrected(dist, entry, sent(DIST, SHOP, *right, **LATER))
    second = await in_place_of(shop, corrective, first)
    assert set(await codes_in(shop, second)) == set(right)
    await came(shop, corrective)
    assert await state_of(shop, first) == "void"
    for up in (dist, shop):
        assert await up.gateway.store.read(lambda c: reading.edges(c, wrong[0])) == []
        (edge,) = await up.gateway.store.read(lambda c: reading.edges(c, right[0]))
        assert edge.handover == second.digest
    assert await accused(shop, right[0]) == []


async def test_what_was_scanned_already_counts_for_the_corrected_shipment(three: Town) -> None:
    dist, shop = three["dist"], three["shop"]
    packs_sent, more = own_packs(), own_packs(1)
    await dist.entry(commissioning(*packs_sent, *more), final=False)
    entry = await dist.entry(sent(DIST, SHOP, *packs_sent, **LATER), final=False)
    first = await handed(shop, entry)
    head = await came(shop, entry)
    await scan(shop, head["number"], packs_sent[0], more[0])
    corrective = await corrected(dist, entry, sent(DIST, SHOP, *packs_sent, *more, **LATER))
    second = await in_place_of(shop, corrective, first)
    head = await came(shop, corrective)
    counts = (await shipment(shop, head["number"]))["counts"]
    assert (counts["expected"], counts["found"]) == (3, 2)
    await scan(shop, head["number"], packs_sent[1])
    await finish(shop, head["number"])
    said = await answer(dist, (second.digest or b"").hex())
    assert (said["found"], said["differences"]) == (3, [])
    assert await state_of(shop, first) == "void"


async def test_what_was_received_already_answers_for_the_corrected_shipment(three: Town) -> None:
    """Nobody scans it again, and what was sold meanwhile accuses nobody."""
    dist, shop = three["dist"], three["shop"]
    packs_sent = own_packs()
    await dist.entry(commissioning(*packs_sent), final=False)
    entry = await dist.entry(sent(DIST, SHOP, *packs_sent, **LATER), final=False)
    first = await handed(shop, entry)
    head = await came(shop, entry)
    await scan(shop, head["number"], *packs_sent)
    await finish(shop, head["number"])
    before = await answer(dist, (first.digest or b"").hex())
    await do(shop, "dispense", packs_sent[0])
    orders = [{"type": "desadv", "bizTransaction": "urn:example:desadv:2"}]
    restated = sent(DIST, SHOP, *packs_sent, bizTransactionList=orders, **LATER)
    corrective = await corrected(dist, entry, restated)
    second = await in_place_of(shop, corrective, first)
    said = await answer(dist, (second.digest or b"").hex())
    assert (said["found"], said["differences"]) == (2, [])
    assert [one["entry"] for one in said["events"]] == [one["entry"] for one in before["events"]]
    assert await accused(shop, packs_sent[0]) == []
    (edge,) = await shop.gateway.store.read(lambda c: reading.edges(c, packs_sent[1]))
    assert (edge.handover, edge.acknowledged) == (second.digest, True)


async def test_a_corrected_shipment_that_holds_more_waits_for_people(three: Town) -> None:
    dist, shop = three["dist"], three["shop"]
    packs_sent, more = own_packs(), own_packs(1)
    await dist.entry(commissioning(*packs_sent, *more), final=False)
    entry = await dist.entry(sent(DIST, SHOP, *packs_sent, **LATER), final=False)
    first = await handed(shop, entry)
    head = await came(shop, entry)
    await scan(shop, head["number"], *packs_sent)
    await finish(shop, head["number"])
    corrective = await corrected(dist, entry, sent(DIST, SHOP, *packs_sent, *more, **LATER))
    second = await in_place_of(shop, corrective, first)
    head = await came(shop, corrective)
    counts = (await shipment(shop, head["number"]))["counts"]
    assert (counts["expected"], counts["found"]) == (3, 2)
    await scan(shop, head["number"], *more)
    await finish(shop, head["number"])
    said = await answer(dist, (second.digest or b"").hex())
    assert (said["found"], said["differences"]) == (3, [])


async def state_of(up: Running, one: Handover) -> str:
    """Return how far the receipt of a handover is, after what is to be done was done."""
    await up.gateway.partners.receipts.arrivals.catch_up()
    found: str = (await shipment(up, one.number))["state"]
    return found


def own_packs(count: int = 2) -> list[str]:
    """Return packs that the distributor makes."""
    return [f"https://id.gs1.org/01/06902345123458/21/{serial()}" for _ in range(count)]
