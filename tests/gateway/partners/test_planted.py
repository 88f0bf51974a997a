"""A participant hands over what it never had: its word moves no goods, and opens no way to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection

from node_gateway.partners.ports import Direction
from node_gateway.partners.recall_ways import way_of
from node_gateway.partners.trace_wire import PATH, Question, Way, read_found
from node_gateway.storage import cascade, sales
from node_gateway.storage.code_ways import came_from, partners_of, supplier_of
from node_gateway.storage.handover_goods import goods_of, own_events
from node_gateway.storage.handover_writing import EventRow, PartRow, add_part
from node_gateway.storage.handovers import latest_in, received_event
from tests.anvil import Anvil
from tests.gateway.partners.arriving import (
    answer,
    came,
    exceptions,
    finish,
    get,
    packing,
    receiving,
    scan,
    send,
    shipment,
)
from tests.gateway.partners.ways import (
    PREFIXES,
    code,
    hand_over,
    make,
    now,
    person,
    sell,
    until,
    wishes,
)
from tests.gateway.running import Running, commissioning, shipping
from tests.partners import Town, party_of, town

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("planted")
    people = [person(one) for one in ("maker", "dist", "shop", "other")]
    async with town(anvil, template, folder, people, wishes=wishes()) as made:
        yield made


async def plant(t: Town, whom: str, *codes: str, made: bool = False) -> str:
    """Let `other` state that it made and ships codes which it never saw; return the shipment."""
    liar = t["other"]
    if made:
        false = commissioning(*codes, **now())
        false["ilmd"] = {"cbvmda:lotNumber": "FALSE", "cbvmda:itemExpirationDate": "2040-01-01"}
        await liar.entry(false)
    goes_to = {"type": "owning_party", "destination": party_of(PREFIXES[whom])}
    event = shipping(*codes, **{**now(), "destinationList": [goes_to]})
    entry = await liar.entry(event, final=False)
    await came(t[whom], entry)
    return entry


async def asked(t: Town, whom: str, pack: str) -> bytes:
    """Let `other` ask where a code went."""
    question = Question(
        code=pack, way=Way.DOWN, question="00" * 16, distance=1, hops=5, budget_ms=3000
    )
    answer = await t["other"].gateway.partners.peers.request(
        t.member(whom).id, "POST", PATH, body=question.model_dump_json().encode()
    )
    assert answer.status == 200, answer.body
    return answer.body


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pack(t: Town) -> str:
    """A pack that went from the maker over the distributor to the shop; then `other` lies."""
    pack = code()
    await make(t["maker"], pack)
    await hand_over(t, "maker", "dist", pack)
    await hand_over(t, "dist", "shop", pack)
    for whom in ("maker", "dist", "shop"):
        await plant(t, whom, pack, made=whom == "maker")
    return pack


async def test_it_learns_nothing_of_where_the_goods_went(t: Town, pack: str) -> None:
    for whom in ("maker", "dist", "shop"):
        planted = await asked(t, whom, pack)
        assert planted == await asked(t, whom, code())
        assert read_found(planted).holes == ()


async def test_the_way_of_the_goods_stays_what_it_was(t: Town, pack: str) -> None:
    for whom, before in (("maker", []), ("dist", ["maker"]), ("shop", ["dist"])):

        def look(connection: Connection) -> tuple[list[int], list[int]]:
            return came_from(connection, pack), partners_of(connection, pack, Direction.IN)

        trusted, said = await t[whom].gateway.store.read(look)
        assert trusted == [t.member(one).id for one in before]
        assert t.member("other").id in said


async def test_what_came_with_the_goods_is_passed_on(t: Town, pack: str) -> None:
    told = await t["dist"].gateway.store.read(lambda c: latest_in(c, pack))
    assert told is not None
    assert (told[0].partner, told[1].lot) == (t.member("maker").id, "L-2026-03")
    course = await t["dist"].gateway.store.read(lambda c: cascade.told(c, [pack]))
    assert course[pack].lot == "L-2026-03"


async def test_a_recall_goes_on_to_who_has_the_goods(t: Town, pack: str) -> None:
    def steps(connection: Connection) -> list[tuple[Direction, int]]:
        way = way_of(cascade.steps(connection, [pack])[pack])
        return [(one.direction, one.partner) for one in way.moves]

    maker, shop = t.member("maker").id, t.member("shop").id
    assert await t["dist"].gateway.store.read(steps) == [
        (Direction.IN, maker),
        (Direction.OUT, shop),
    ]
    mine = await t["maker"].gateway.store.read(lambda c: cascade.steps(c, [pack]))
    way = way_of(mine[pack], made_here=True)
    assert [one.partner for one in way.moves] == [t.member("dist").id]


async def test_a_sale_is_told_to_who_gave_the_pack(t: Town, pack: str) -> None:
    await sell(t["shop"], pack)
    await until(lambda: heard(t["maker"], pack))
    assert not await heard(t["other"], pack)


async def heard(up: Running, pack: str) -> bool:
    return bool(await up.gateway.store.read(lambda c: sales.of_code(c, pack)))


async def test_what_comes_back_is_not_asked_about_there(t: Town) -> None:
    """Sold by the shop, returned, and sent there again: the claim goes up, never round."""
    one = code()
    await make(t["maker"], one)
    await hand_over(t, "maker", "dist", one)
    await hand_over(t, "dist", "shop", one)
    await hand_over(t, "shop", "dist", one)
    found = await t["dist"].gateway.store.read(lambda c: supplier_of(c, one))
    assert found == t.member("maker").id


async def test_a_unit_keeps_what_its_sender_packed(t: Town) -> None:
    one, false = code(), code()
    unit = f"https://id.gs1.org/00/{sscc(7)}"
    await make(t["maker"], one)
    await t["maker"].entry(packing(unit, one))
    await hand_over(t, "maker", "dist", unit)
    await t["other"].entry(packing(unit, false))
    await plant(t, "dist", unit)
    shipped = await send(t, "dist", "shop", unit)

    def packed(connection: Connection) -> dict[str, str | None]:
        entry = bytes.fromhex(shipped["shipment"])
        (ship,) = (
            event
            for event in own_events(connection, range(1, 200)).values()
            if event.entry == entry
        )
        return goods_of(connection, ship).parents

    assert await t["dist"].gateway.store.read(packed) == {unit: None, one: unit}


async def test_the_receipt_goes_to_who_sent_the_goods(t: Town) -> None:
    """Whoever tells of the goods before their sender does not get the answer for them."""
    one = code()
    await make(t["maker"], one)
    planted = await came(t["dist"], await plant(t, "dist", one))
    sent = await send(t, "maker", "dist", one)
    await t["dist"].entry(receiving(one), final=False)  # from whom, it does not say
    for head in (planted, sent):
        assert (await shipment(t["dist"], head["number"]))["state"] == "open"
    source = {"type": "owning_party", "source": party_of(PREFIXES["maker"])}
    await t["dist"].entry(receiving(one, sourceList=[source]), final=False)
    said = await answer(t["maker"], sent["handover"])
    assert (said["expected"], said["found"]) == (1, 1)
    assert (await shipment(t["dist"], planted["number"]))["acknowledgement"] is None


async def conflicts(t: Town, whom: str, pack: str) -> list[dict[str, Any]]:
    found = await get(t[whom], "/v1/custody-conflicts", perPage=1000)
    return [one for one in found["conflicts"] if pack in one["codes"]]


async def accused(t: Town, whom: str, pack: str) -> list[int]:
    cases = await exceptions(t[whom], "custody_conflict", pack)
    return [one["partner"]["participant"] for one in cases]


async def test_who_made_the_codes_is_believed_before_who_spoke_first(t: Town) -> None:
    one = code()
    planted = await came(t["dist"], await plant(t, "dist", one, made=True))
    await make(t["maker"], one)
    sent = await send(t, "maker", "dist", one)
    await until(lambda: conflicts(t, "dist", one))
    (found,) = await conflicts(t, "dist", one)
    assert (found["first"], found["second"]) == (sent["handover"], planted["handover"])
    assert found["secondBy"] == t.member("other").id
    assert await accused(t, "dist", one) == [t.member("other").id]


async def test_goods_that_come_back_accuse_nobody_after_a_lie(t: Town) -> None:
    one = code()
    await make(t["maker"], one)
    await hand_over(t, "maker", "dist", one)
    await hand_over(t, "dist", "shop", one)
    await plant(t, "dist", one)
    await until(lambda: conflicts(t, "dist", one))
    await hand_over(t, "shop", "dist", one)
    (found,) = await conflicts(t, "dist", one)
    assert found["secondBy"] == t.member("other").id
    assert await accused(t, "dist", one) == [t.member("other").id]


async def test_who_brought_the_goods_is_believed_before_who_spoke_first(t: Town) -> None:
    one = code()
    await make(t["maker"], one)
    await hand_over(t, "maker", "dist", one)
    planted = await came(t["shop"], await plant(t, "shop", one))
    true = await send(t, "dist", "shop", one)
    await until(lambda: conflicts(t, "shop", one))
    await scan(t["shop"], true["number"], one)
    await finish(t["shop"], true["number"])

    async def turned() -> bool:
        found = await conflicts(t, "shop", one)
        return [one["second"] for one in found] == [planted["handover"]]

    await until(turned)
    assert t.member("other").id in await accused(t, "shop", one)
    (found,) = await conflicts(t, "shop", one)
    assert found["firstBy"] == t.member("dist").id


async def test_many_lies_are_one_task_and_all_are_kept(t: Town) -> None:
    packs = [code() for _ in range(4)]
    await make(t["maker"], *packs)
    for one in packs:
        await send(t, "maker", "shop", one)
    before = await get(t["shop"], "/v1/exceptions", kind="custody_conflict", perPage=100)
    for one in [*packs, packs[0]]:
        await plant(t, "shop", one)
    for one in packs:
        await until(lambda one=one: conflicts(t, "shop", one))
    kept = [found for one in packs for found in await conflicts(t, "shop", one)]
    assert len({found["second"] for found in kept}) >= len(packs)
    assert len({found["exception"] for found in kept}) == 1
    after = await get(t["shop"], "/v1/exceptions", kind="custody_conflict", perPage=100)
    assert len(after["exceptions"]) <= len(before["exceptions"]) + 1
    number = kept[0]["exception"]
    case = await get(t["shop"], f"/v1/exceptions/{number}")
    assert set(packs) <= set(case["codes"])
    assert case["found"] >= len(packs)
    assert [one["what"] for one in case["history"]][:2] == ["opened", "collected"]


async def test_who_tells_less_hides_no_lot(t: Town) -> None:
    """A commissioning comes without lot and expiry from one partner, with them from the next."""
    store = t["dist"].gateway.store
    less = EventRow(b"\7" * 32, 1, "act", None, None, b"few", b"\1" * 32)
    some = replace(less, lot="L-1", fields=b"with a lot")
    both = replace(less, lot="L-2", expiry="2030-01-01", fields=b"whole")
    kept = []
    for ordinal, row in enumerate((less, some, both, less)):
        part = PartRow(ordinal, bytes([ordinal]) * 32, b"", (row,))
        await store.write(
            "test", lambda c, part=part: add_part(c, store.insert, part, partner=1, number=None)
        )
        one = await store.read(lambda c: received_event(c, less.entry))
        assert one is not None
        kept.append((one.lot, one.expiry, one.fields))
    assert kept == [
        (None, None, b"few"),
        ("L-1", None, b"with a lot"),
        ("L-1", "2030-01-01", b"whole"),
        ("L-1", "2030-01-01", b"whole"),
    ]


def sscc(number: int) -> str:
    """Return a serial shipping container code of the maker's."""
    digits = f"06901234{number:09d}"
    odd, even = sum(map(int, digits[::2])), sum(map(int, digits[1::2]))
    return digits + str(-(3 * odd + even) % 10)
