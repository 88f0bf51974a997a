"""What counts of a neighbour's word about sales: partners that lie, flood, or take goods back."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from node_gateway.partners.sale_messages import SALE, SaleSaid
from node_gateway.partners.sale_relay import KEPT_MAX
from node_gateway.settings_partners import SalesSection
from node_gateway.storage.sale_counting import LAPSES_S, LIVE_MAX
from node_gateway.storage.sales import Answer, Kind, TakenBack
from node_gateway.storage.told import Told, told_of
from tests.gateway.partners.markets import Market, market
from tests.gateway.running import sgtin

NAMES = ("maker", "dist", "shop", "other", "corner", "third")


@pytest_asyncio.fixture
async def m(template: Path, tmp_path: Path) -> AsyncIterator[Market]:
    """Two ways from the maker: to the shop, and to two shops that get other packs."""
    async with market(template, tmp_path, *NAMES) as made:
        await made.goes(sgtin(), "maker", "other", "corner")
        await made.goes(sgtin(), "maker", "other", "third")
        yield made


@pytest.fixture
def pack() -> str:
    return sgtin()


def lie(code: str, kind: Kind = Kind.SOLD) -> SaleSaid:
    """A claim that nothing stands behind."""
    return SaleSaid(os.urandom(32), code, kind=kind)


async def at_issuer(m: Market, code: str) -> Told:
    return await m["maker"].store.read(lambda c: told_of(c, code))


async def test_many_tokens_of_one_liar_are_one_claim(m: Market, pack: str) -> None:
    """It has other packs of the product: alone it makes no pack look sold twice."""
    await m.goes(pack, "maker", "dist", "shop")
    said = [m.say("other", "maker", lie(pack)) for _ in range(20)]
    await m.settle()
    assert [one.refused for one in said[:LIVE_MAX]] == [None] * LIVE_MAX
    assert {one.refused for one in said[LIVE_MAX:]} == {"sale_claims_many"}
    assert (await at_issuer(m, pack)).others == 1
    assert not m["maker"].exceptions.wishes
    await m["shop"].sell(pack)
    await m.settle()
    assert await m["shop"].heard(pack) == (Answer.AGAIN, 2)  # as with one clone, never 21


async def test_who_had_the_code_counts_twice_and_no_more(m: Market, pack: str) -> None:
    """The pack and a copy of it may both have been sold behind it."""
    await m.goes(pack, "maker", "dist", "shop")
    said = [m.say("dist", "maker", lie(pack)) for _ in range(5)]
    await m.settle()
    assert [one.refused for one in said] == [None, None, *["sale_claims_many"] * 3]
    assert (await at_issuer(m, pack)).others == 2


async def test_claims_that_come_and_go_leave_little(m: Market, pack: str) -> None:
    await m.goes(pack, "maker", "dist", "shop")
    for _ in range(3 * KEPT_MAX):
        one = lie(pack)
        m.say("dist", "maker", one)
        m.say("dist", "maker", SaleSaid(one.token, "", TakenBack.DID_NOT_OCCUR))
        await m.settle()
    assert len(await m["maker"].claims(pack)) <= KEPT_MAX + 1
    assert (await at_issuer(m, pack)).others == 0


async def test_codes_that_never_went_to_a_partner_are_few_a_day(
    template: Path, tmp_path: Path
) -> None:
    few = SalesSection(spread_s=0, strange_per_day=3)
    async with market(template, tmp_path, "maker", "dist", "shop", maker=few) as m:
        real = sgtin()
        await m.goes(real, "maker", "dist")
        said = [m.say("dist", "maker", lie(sgtin())) for _ in range(5)]
        own = m.say("dist", "maker", lie(real))
        await m.settle()
        assert [one.refused for one in said] == [None] * 3 + ["sale_strange_codes"] * 2
        assert own.refused is None
        m.now += 2 * 86400
        later = m.say("dist", "maker", lie(sgtin()))
        await m.settle()
        assert later.refused is None


async def test_a_hundred_copies_are_two_claims_on_each_way(m: Market, pack: str) -> None:
    """Every shop hears of it, from the last one that knows; the issuer counts what may be."""
    await m.goes(pack, "maker", "dist", "shop")
    for who in ("corner", "third", "corner"):
        await m[who].sell(pack)
    await m.settle()
    assert len([one for one in m.told if (one.receiver, one.kind) == (1, SALE)]) <= LIVE_MAX
    for who in ("corner", "third"):
        answer, times = await m[who].heard(pack)
        assert (answer, times > 1) == (Answer.AGAIN, True), who
    await m["shop"].sell(pack)
    await m.settle()
    assert (await m["shop"].heard(pack))[0] is Answer.AGAIN


async def test_a_held_claim_follows_when_another_is_taken_back(m: Market, pack: str) -> None:
    """Nothing is lost by telling two: who comes after them takes a place that becomes free."""
    await m.goes(pack, "maker", "other", "corner")
    first = await m["corner"].sell(pack)
    await m["corner"].sell(pack)
    await m["third"].sell(pack)
    await m.settle()
    (held,) = [one for one in await m["other"].claims(pack) if one.target is None]
    assert held.source == m["third"].number
    claim = next(one for one in await m["corner"].claims(pack) if one.event == first)
    m.say("corner", "other", SaleSaid(claim.token, "", TakenBack.DID_NOT_OCCUR))
    await m.settle()
    passed = [one for one in await m["other"].claims(pack) if one.target and one.stands]
    assert {one.source for one in passed} == {m["corner"].number, m["third"].number}
    assert (await at_issuer(m, pack)).others == 2


async def test_a_return_to_another_shop_takes_the_sale_back(m: Market, pack: str) -> None:
    await m.goes(pack, "maker", "dist", "shop")
    await m["shop"].sell(pack)
    await m["corner"].take_back(pack)
    await m.settle()
    assert (await at_issuer(m, pack)).others == 0
    await m["corner"].sell(pack)
    await m.settle()
    assert (await at_issuer(m, pack)).others == 1
    for who in ("shop", "corner"):
        assert await m[who].heard(pack) == (Answer.FIRST, 1)
        assert not m[who].exceptions.wishes
    assert not m["maker"].exceptions.wishes


@pytest.mark.parametrize("told_late", ["sale", "return"])
async def test_the_order_in_which_they_are_told_does_not_matter(
    m: Market, pack: str, told_late: str
) -> None:
    """Each is told at a random moment of its own."""
    await m.goes(pack, "maker", "dist", "shop")
    if told_late == "sale":
        await m["corner"].take_back(pack)
        await m["corner"].sell(pack)
        await m.settle()
        await m["shop"].sell(pack)
        await m.settle()
    else:
        await m["shop"].sell(pack)
        await m["corner"].sell(pack)
        await m.settle()
        assert await m["shop"].heard(pack) == (Answer.AGAIN, 2)
        await m["corner"].take_back(pack)
        await m["corner"].take_back(pack)
        await m.settle()
    assert await m["shop"].heard(pack) == (Answer.FIRST, 1)
    assert await m["shop"].findings(pack) == []
    assert (await at_issuer(m, pack)).others == 1


async def test_without_a_return_the_next_sale_is_one_too_many(m: Market, pack: str) -> None:
    await m.goes(pack, "maker", "dist", "shop")
    await m["shop"].sell(pack)
    await m["corner"].sell(pack)
    await m.settle()
    for who in ("shop", "corner"):
        assert await m[who].heard(pack) == (Answer.AGAIN, 2)


async def test_what_a_partner_sends_back_is_no_return_of_a_customer(m: Market, pack: str) -> None:
    await m.goes(pack, "maker", "dist", "shop")
    source = {"type": "owning_party", "source": "https://id.gs1.org/417/6903456000007"}
    await m["dist"].take_back(pack, sourceList=[source])
    await m.settle()
    assert m.told == []


async def test_one_return_excuses_one_sale_and_not_for_ever(m: Market, pack: str) -> None:
    """A liar that tells returns ahead excuses one sale at most, and not for long."""
    await m.goes(pack, "maker", "dist", "shop")
    for _ in range(5):
        m.say("other", "maker", lie(pack, Kind.CAME_BACK))
    await m.settle()
    m.now += LAPSES_S + 1
    await m["shop"].sell(pack)
    await m["corner"].sell(pack)
    await m.settle()
    assert await m["shop"].heard(pack) == (Answer.AGAIN, 2)


async def test_an_issuer_may_let_only_the_seller_take_back(template: Path, tmp_path: Path) -> None:
    strict = SalesSection(spread_s=0, returned_elsewhere="keep")
    async with market(template, tmp_path, "maker", "shop", "corner", maker=strict) as m:
        pack = sgtin()
        await m.goes(pack, "maker", "shop")
        await m.goes(sgtin(), "maker", "corner")
        await m["shop"].sell(pack)
        await m["corner"].take_back(pack)
        await m["corner"].sell(pack)
        await m.settle()
        assert await m["shop"].heard(pack) == (Answer.AGAIN, 2)


async def test_a_sale_that_was_found_elsewhere_is_a_finding_at_both_shops(
    m: Market, pack: str
) -> None:
    await m.goes(pack, "maker", "dist", "shop")
    first = await m["shop"].sell(pack)
    second = await m["corner"].sell(pack)
    await m.settle()
    for who, event in (("shop", first), ("corner", second)):
        assert await m[who].findings(pack) == [("sold_again", event)], who
    for who in ("maker", "dist", "other"):
        assert await m[who].findings(pack) == [], who

    (claim,) = await m["corner"].claims(pack)
    m.say("corner", "other", SaleSaid(claim.token, "", TakenBack.DID_NOT_OCCUR))
    await m.settle()
    assert await m["shop"].findings(pack) == []  # it was the only one after all


async def test_following_again_takes_no_second_sale_back(m: Market, pack: str) -> None:
    await m.goes(pack, "maker", "dist", "shop")
    await m["shop"].sell(pack)
    await m.settle()
    await m["shop"].take_back(pack)
    await m["shop"].sell(pack)
    await m.settle()
    before = await m["shop"].claims(pack)
    assert [one.stands for one in before] == [False, True]
    await m["shop"].follow()
    assert await m["shop"].claims(pack) == before


async def test_what_is_said_of_a_sale_names_no_shop_and_no_time(m: Market, pack: str) -> None:
    """Nothing but a random token, a word and the code; the same bytes all the way."""
    await m.goes(pack, "maker", "dist", "shop")
    await m["shop"].sell(pack)
    await m["shop"].take_back(pack)
    await m.settle()
    assert m.told == []  # nobody hears of a sale that was taken back before
    await m["shop"].sell(pack)
    await m.settle()
    told = [json.loads(one.body) for one in m.told if one.kind == SALE]
    assert len(told) == 2
    assert told[0] == told[1]
    assert told[0].keys() == {"token", "says", "code"}
    assert (told[0]["says"], told[0]["code"]) == ("sold", pack)
    answers = [json.loads(one.body) for one in m.told if one.kind != SALE]
    assert all(one.keys() == {"token", "says", "times"} for one in answers)


async def test_a_sale_is_told_at_a_random_moment(template: Path, tmp_path: Path) -> None:
    """Several of one hour are told apart, in another order, over the whole spread."""
    slow = SalesSection(spread_s=86_400)
    async with market(template, tmp_path, "maker", "shop", shop=slow) as m:
        packs = [sgtin() for _ in range(40)]
        for one in packs:
            await m.goes(one, "maker", "shop")
            await m["shop"].sell(one)
        await m["shop"].sales.tell()
        dues = [(await m["shop"].claims(one))[0].due_at or 0 for one in packs]
        assert dues != sorted(dues)
        assert max(dues) - min(dues) > 86_400 / 4
        assert all(m.now <= one <= m.now + 86_400 for one in dues)
        await m.settle()
        assert len(m.told) < len(packs)
        m.now += 86_401
        await m.settle()
        assert {(await at_issuer(m, one)).others for one in packs} == {1}
