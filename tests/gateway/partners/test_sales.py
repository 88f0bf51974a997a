"""Sold once across the network: the issuer hears of a sale along the custody, never from whom."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from node_gateway.partners.sale_messages import SALE, SaleSaid
from node_gateway.settings_partners import SalesSection
from node_gateway.storage import sales
from node_gateway.storage.sales import Answer, Claim, ClaimState
from tests.anvil import Anvil
from tests.gateway.partners.ways import (
    NAMES,
    code,
    do,
    hand_over,
    make,
    now,
    person,
    public,
    sell,
    until,
    wishes,
)
from tests.gateway.running import Running, dispensing
from tests.partners import Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")
REQUIRED = SalesSection(network="require", wait_ms=3000, unanswered="refuse")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("sales")
    people = [person(one) for one in ("maker", "dist", "shop", "other", "corner")]
    async with town(anvil, template, folder, people, wishes=wishes()) as made:
        some = [code() for _ in range(3)]
        await make(made["maker"], *some)
        await hand_over(made, "maker", "dist", *some[:2])
        await hand_over(made, "dist", "shop", some[0])
        await hand_over(made, "maker", "other", some[2])
        await hand_over(made, "other", "corner", some[2])
        yield made


async def delivered(t: Town) -> str:
    """Return a new pack that lies in the shop."""
    pack = code()
    await make(t["maker"], pack)
    await hand_over(t, "maker", "dist", pack)
    await hand_over(t, "dist", "shop", pack)
    return pack


async def claims(up: Running, pack: str) -> list[Claim]:
    return await up.gateway.store.read(lambda c: sales.of_code(c, pack))


async def answered(up: Running, pack: str, answer: Answer, times: int) -> Claim:
    """Wait until a gateway's newest claim has an answer."""

    async def has_come() -> Claim | None:
        found = await claims(up, pack)
        fits = bool(found) and (found[-1].answer, found[-1].times) == (answer, times)
        return found[-1] if fits else None

    claim: Claim = await until(has_come)
    return claim


async def exceptions(up: Running, kind: str) -> list[dict[str, Any]]:
    """Return the open exceptions of a kind."""
    answer = await up.client.get("/v1/exceptions", params={"perPage": 1000})
    assert answer.status_code == 200, answer.text
    found = []
    for one in answer.json()["exceptions"]:
        if one["kind"] == kind:
            named = await up.client.get(f"/v1/exceptions/{one['number']}/codes")
            found.append({**one, "named": named.json()})
    return found


async def test_a_first_sale_reaches_the_issuer_and_names_no_shop(t: Town) -> None:
    pack = await delivered(t)
    await sell(t["shop"], pack)
    own = await answered(t["shop"], pack, Answer.FIRST, 1)
    assert (own.is_own, own.target) == (True, t.member("dist").id)
    (passed,) = await claims(t["dist"], pack)
    assert (passed.source, passed.target) == (t.member("shop").id, t.member("maker").id)
    (heard,) = await claims(t["maker"], pack)
    assert (heard.source, heard.target, heard.event) == (t.member("dist").id, 0, None)
    answer = await public(t["maker"], pack)
    assert (answer["sold"], answer["soldTimes"], answer["soldAgain"]) == (True, 1, False)
    for marker in (NAMES["shop"], "6903456"):
        assert marker not in json.dumps(answer)
    assert await exceptions(t["shop"], "sold_again") == []


async def test_a_clone_is_flagged_at_both_shops_the_issuer_and_in_public(t: Town) -> None:
    """The corner shop never got this pack: its question goes the way of the product."""
    pack = await delivered(t)
    await sell(t["shop"], pack)
    await answered(t["shop"], pack, Answer.FIRST, 1)
    await sell(t["corner"], pack)
    second = await answered(t["corner"], pack, Answer.AGAIN, 2)
    first = await answered(t["shop"], pack, Answer.AGAIN, 2)
    assert second.target == t.member("other").id
    assert first.token != second.token
    for who in ("shop", "corner", "maker"):
        found = [one for one in await exceptions(t[who], "sold_again") if pack in _codes(one)]
        assert len(found) == 1, who
        assert found[0].get("partner") is None
        answer = await public(t[who], pack)
        assert (answer["soldTimes"], answer["soldAgain"]) == (2, True), who
    for who in ("dist", "other"):  # they carried the question
        assert not [one for one in await exceptions(t[who], "sold_again") if pack in _codes(one)]
        assert (await public(t[who], pack))["soldTimes"] == 0


def _codes(one: dict[str, Any]) -> str:
    return json.dumps(one)


async def test_an_undone_sale_counts_no_more(t: Town) -> None:
    pack = await delivered(t)
    await sell(t["shop"], pack)
    await answered(t["shop"], pack, Answer.FIRST, 1)
    undone = await t["shop"].client.post("/v1/operations/dispense/undo", json={"code": pack})
    assert undone.status_code in (200, 201), undone.text

    async def is_unsold() -> bool:
        return not (await public(t["maker"], pack))["sold"]

    await until(is_unsold)
    (heard,) = await claims(t["maker"], pack)
    assert heard.taken_back is sales.TakenBack.DID_NOT_OCCUR


async def test_after_a_return_it_may_be_sold_again(t: Town) -> None:
    pack = await delivered(t)
    await do(t["shop"], "dispense", pack)
    await answered(t["shop"], pack, Answer.FIRST, 1)
    await do(t["shop"], "return", pack, reason="not opened")
    await do(t["shop"], "release", pack, reason="checked")

    async def is_back() -> bool:
        (heard,) = await claims(t["maker"], pack)
        return heard.taken_back is sales.TakenBack.RETURNED

    await until(is_back)
    sold = await do(t["shop"], "dispense", pack)
    await t["shop"].final(sold.json()["entry"])
    await answered(t["shop"], pack, Answer.FIRST, 1)
    for who in ("maker", "shop"):
        answer = await public(t[who], pack)
        assert (answer["soldTimes"], answer["soldAgain"]) == (1, False), who
    found = [one for one in await exceptions(t["shop"], "sold_again") if pack in _codes(one)]
    assert found == []


async def test_a_sale_stands_again_when_its_return_did_not_occur(t: Town) -> None:
    pack = await delivered(t)
    await do(t["shop"], "dispense", pack)
    await answered(t["shop"], pack, Answer.FIRST, 1)
    await do(t["shop"], "return", pack, reason="not opened")

    async def sold_times(*people: str) -> set[int]:
        return {(await public(t[who], pack))["soldTimes"] for who in people}

    async def is_back() -> bool:
        return await sold_times("maker", "shop") == {0}

    async def is_sold() -> bool:
        return await sold_times("maker", "shop") == {1}

    await until(is_back)
    undone = await t["shop"].client.post("/v1/operations/return/undo", json={"code": pack})
    assert undone.status_code in (200, 201), undone.text
    await until(is_sold)
    await answered(t["shop"], pack, Answer.FIRST, 1)
    before = await claims(t["shop"], pack)
    assert [(one.taken_back, one.stands) for one in before] == [
        (sales.TakenBack.RETURNED, False),
        (sales.TakenBack.NO, True),
    ]
    await t["shop"].gateway.follower.rebuild()
    assert await claims(t["shop"], pack) == before

    await sell(t["corner"], pack)  # a copy: the pack itself is sold
    await answered(t["corner"], pack, Answer.AGAIN, 2)
    await answered(t["shop"], pack, Answer.AGAIN, 2)
    for who in ("shop", "corner", "maker"):
        answer = await public(t[who], pack)
        assert (answer["soldTimes"], answer["soldAgain"]) == (2, True), who


async def test_a_second_sale_in_one_shop_needs_nobody_else(t: Town) -> None:
    pack = await delivered(t)
    await sell(t["shop"], pack)
    await t["shop"].entry(
        dispensing(pack, **now(), readPoint={"id": "https://id.gs1.org/414/6903456000003"})
    )
    await answered(t["shop"], pack, Answer.AGAIN, 2)
    answer = await public(t["shop"], pack)
    assert (answer["soldTimes"], answer["soldAgain"]) == (2, True)


async def test_a_code_that_was_never_issued_is_told(t: Town) -> None:
    invented = code()
    await sell(t["shop"], invented)
    await answered(t["shop"], invented, Answer.UNKNOWN, 1)
    found = await exceptions(t["shop"], "unknown_code")
    assert any(invented in _codes(one) for one in found)
    assert (await public(t["maker"], invented))["sold"] is False


async def test_a_claim_without_custody_is_refused(t: Town) -> None:
    """Who never got anything of the product may not claim that it sold it."""
    pack = await delivered(t)
    maker, channel = t["maker"].gateway, t["shop"].gateway.partners.channel
    await channel.say(t.member("maker").id, SALE, SaleSaid(b"\x07" * 32, pack).body())
    await channel.say(t.member("dist").id, SALE, SaleSaid(b"\x08" * 32, pack).body())

    async def has_come() -> bool:
        return await maker.store.read(lambda c: sales.by_token(c, b"\x08" * 32)) is not None

    await until(has_come)
    assert await maker.store.read(lambda c: sales.by_token(c, b"\x07" * 32)) is None


async def test_a_sale_waits_until_it_is_sealed(t: Town) -> None:
    pack = await delivered(t)
    answer = await t["shop"].capture(dispensing(pack, **now()))
    (result,) = answer.json()["events"]
    await t["shop"].gateway.follower.catch_up()
    (claim,) = await claims(t["shop"], pack)
    stored = await t["shop"].gateway.store.event_by_entry(bytes.fromhex(result["entry"]))
    assert stored is not None
    if stored.header.state != "final":
        assert claim.state is ClaimState.WAITING
    await t["shop"].final(result["entry"])
    await answered(t["shop"], pack, Answer.FIRST, 1)


async def test_off_tells_nobody(t: Town) -> None:
    pack = await delivered(t)
    try:
        await t.restart("shop", wishes(sales=SalesSection(network="off")))
        await sell(t["shop"], pack)

        async def is_settled() -> bool:
            return (await claims(t["shop"], pack))[-1].state is ClaimState.UNASKED

        await until(is_settled)
        assert await claims(t["dist"], pack) == []
        assert (await public(t["shop"], pack))["soldTimes"] == 1
    finally:
        await t.restart("shop", wishes())


async def test_the_till_asks_where_it_is_required(t: Town) -> None:
    pack = await delivered(t)
    try:
        await t.restart("shop", wishes(sales=REQUIRED))
        await t.restart("corner", wishes(sales=REQUIRED))
        await do(t["shop"], "dispense", pack)
        await answered(t["shop"], pack, Answer.FIRST, 1)
        refused = await t["corner"].client.post("/v1/operations/dispense", json={"codes": [pack]})
        assert refused.status_code == 409, refused.text
        assert "sold_again" in {one["code"] for one in refused.json()["errors"]}
        assert NAMES["shop"] not in refused.text
        assert await claims(t["corner"], pack) == []

        await t.stop("other")
        refused = await t["corner"].client.post("/v1/operations/dispense", json={"codes": [pack]})
        assert "sale_unanswered" in {one["code"] for one in refused.json()["errors"]}
        allowed = SalesSection(network="require", wait_ms=500, unanswered="allow")
        await t.restart("corner", wishes(sales=allowed))
        await do(t["corner"], "dispense", pack)
        await t.start("other")
        await answered(t["corner"], pack, Answer.AGAIN, 2)
    finally:
        for who in ("shop", "corner"):
            await t.restart(who, wishes())


async def test_following_again_makes_no_second_claim(t: Town) -> None:
    pack = await delivered(t)
    await sell(t["shop"], pack)
    before = await answered(t["shop"], pack, Answer.FIRST, 1)
    await t["shop"].gateway.follower.rebuild()
    assert await claims(t["shop"], pack) == [before]
    await t["maker"].gateway.follower.rebuild()
    assert (await public(t["maker"], pack))["soldTimes"] == 1
