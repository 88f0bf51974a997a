"""How far a recall has come when shipments were stated twice, said anew, corrected, or came short.

Every pack is one unit, whatever is stated of it: units are what is open, secured and gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from node_gateway.partners.ports import Direction
from node_gateway.storage import handovers
from node_gateway.storage.handovers import Handover, State
from tests.anvil import Anvil
from tests.gateway.partners.arriving import came, exceptions, finish, get, scan
from tests.gateway.partners.recall_town import lot, publish, quick_wishes, reach, until_reach
from tests.gateway.partners.ways import NAMES, PREFIXES, do, hand_over, make, now, person, until
from tests.gateway.running import Running, sgtin, shipping
from tests.partners import Town, party_of, town

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLUGS = ("maker", "dist", "shop")


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    with Anvil() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    chain: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("restated")
    people = [person(one) for one in SLUGS]
    async with town(chain, template, folder, people, wishes=quick_wishes()) as made:
        yield made


def sent(to: str, *packs: str, **members: Any) -> dict[str, Any]:
    goes_to = {"type": "owning_party", "destination": party_of(PREFIXES[to])}
    return shipping(*packs, **{**now(), "destinationList": [goes_to], **members})


async def said(up: Running, entry: str) -> Handover:
    """Return the standing handover of a shipment of ours, once it is said."""

    async def there() -> Handover | None:
        found = await up.gateway.store.read(
            lambda c: handovers.handovers_of(c, bytes.fromhex(entry))
        )
        mine = [one for one in found if one.direction is Direction.OUT]
        return next((one for one in mine if one.state is State.SAID), None)

    found: Handover = await until(there)
    return found


async def resend(t: Town, entry: str, to: str = "dist") -> None:
    """Say a handover of the maker's anew, and wait until the receiver has it."""
    first = await said(t["maker"], entry)
    answer = await t["maker"].client.post(f"/v1/handovers/{first.number}/resend")
    assert answer.status_code == 201, answer.text

    async def has_come() -> bool:
        now_ = await said(t["maker"], entry)
        there = await t[to].gateway.store.read(lambda c: handovers.handover(c, now_.digest or b""))
        return now_.digest != first.digest and there is not None

    await until(has_come)


def adds_up(found: dict[str, Any], *, units: int) -> None:
    """See that every unit is counted once."""
    assert found["units"] == units
    assert found["open"] + found["secured"] + found["gone"] == units
    assert 0 <= found["outside"] <= found["open"]


async def test_what_is_stated_twice_and_said_anew_counts_once(t: Town) -> None:
    maker, dist = t["maker"], t["dist"]
    packs = [sgtin() for _ in range(11)]
    await make(maker, *packs, **lot("Q1"))
    once = sent("dist", *packs, eventID="urn:uuid:5f0c9a52-7c52-4d5e-8f5e-0d6f6f2f4a01")
    first = await maker.entry(once, final=False)
    assert await maker.entry(once, final=False) == first  # the same document again is none
    await came(dist, first)
    received = await do(dist, "receive", *packs)
    second = await maker.entry(sent("dist", *packs), final=False)
    await came(dist, second)
    await dist.final(received.json()["entry"])
    await hand_over(t, "dist", "shop", *packs[:4])
    await resend(t, first)
    number = await publish(t, "Q1")
    found = await until_reach(maker, number, open=0)
    adds_up(found, units=11)
    (told,) = found["partners"]
    assert (told["name"], told["handed"], told["units"]) == (NAMES["dist"], 11, 11)
    assert not told["differs"]

    # While the recall stands: said anew once more, in part stated a third time, some goes on.
    await resend(t, second)
    third = await maker.entry(sent("dist", *packs[3:6]), final=False)
    await came(dist, third)
    await came(t["shop"], await dist.entry(sent("shop", packs[5]), final=False))
    await do(t["shop"], "receive", packs[5])
    sold = {**sent("shop", packs[0]), "bizStep": "dispensing", "disposition": "dispensed"}
    await t["shop"].entry(sold, final=False)
    found = await until_reach(maker, number, open=0, gone=1, secured=10)
    adds_up(found, units=11)
    middle = await until_reach(dist, number, open=0, gone=1)
    adds_up(middle, units=11)
    assert not found["partners"][0]["differs"]


async def test_a_corrected_shipment_counts_as_corrected_and_what_is_short_is_open(t: Town) -> None:
    maker, dist = t["maker"], t["dist"]
    packs = [sgtin() for _ in range(6)]
    await make(maker, *packs, **lot("Q2"))
    wrong = await maker.entry(sent("dist", *packs), final=False)
    await came(dist, wrong)
    right = {"reason": "incorrect_data", "event": sent("dist", *packs[:5])}
    answer = await maker.client.post(f"/v1/events/{wrong}/correction", json=right)
    assert answer.status_code == 201, answer.text
    shipment = await came(dist, answer.json()["corrective"])
    number = await publish(t, "Q2")
    found = await until_reach(maker, number, here=1)
    adds_up(found, units=6)

    await scan(dist, shipment["number"], *packs[:4])
    await finish(dist, shipment["number"])
    found = await until_reach(maker, number, open=1, secured=5)
    adds_up(found, units=6)
    assert await exceptions(dist, "shortage", packs[4])
    # What is short stays open: the receiver that answered for the rest does not have it.
    middle = await until_reach(dist, number, open=1, secured=4)
    adds_up(middle, units=5)


async def test_a_partner_that_was_sent_nothing_after_all_is_asked_no_more(t: Town) -> None:
    maker = t["maker"]
    pack = sgtin()
    await make(maker, pack, **lot("Q3"))
    wrong = await maker.entry(sent("shop", pack), final=False)
    await came(t["shop"], wrong)
    number = await publish(t, "Q3")
    await until_reach(maker, number, open=1)
    right = {"reason": "incorrect_data", "event": sent("dist", pack)}
    answer = await maker.client.post(f"/v1/events/{wrong}/correction", json=right)
    assert answer.status_code == 201, answer.text
    await came(t["dist"], answer.json()["corrective"])
    await do(t["dist"], "receive", pack)
    found = await until_reach(maker, number, open=0, secured=1)
    adds_up(found, units=1)
    assert [one["name"] for one in found["partners"]] == [NAMES["dist"]]

    async def nothing_there() -> bool:
        tasks = (await get(t["shop"], "/v1/recalls/tasks"))["tasks"]
        return all(one["asked"] == 0 for one in tasks if one["notice"] == number)

    await until(nothing_there)
    assert (await reach(t["shop"], number))["units"] == 0


async def test_what_came_round_in_a_circle_counts_once(t: Town) -> None:
    """To the distributor, to the shop, and from there to the maker, which sells one and has one."""
    maker = t["maker"]
    packs = [sgtin() for _ in range(4)]
    await make(maker, *packs, **lot("Q4"))
    for giver, taker, count in (("maker", "dist", 3), ("dist", "shop", 2), ("shop", "maker", 2)):
        await came(t[taker], await t[giver].entry(sent(taker, *packs[:count]), final=False))
        await do(t[taker], "receive", *packs[:count])
    number = await publish(t, "Q4")
    await until_reach(maker, number, open=0, gone=0, secured=4)
    sold = {**sent("maker", packs[0]), "bizStep": "dispensing", "disposition": "dispensed"}
    await maker.entry(sold, final=False)
    for slug, units in (("dist", 3), ("shop", 2), ("maker", 4)):
        found = await until_reach(t[slug], number, open=0, gone=1)
        adds_up(found, units=units)
        assert [one["differs"] for one in found["partners"]] == [False]
    assert found["here"] == 3
