"""Exceptions between two gateways: what the partner learns, what is said, how both sides end."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection

from node_gateway.partners import exception_words as words
from node_gateway.partners.exception_words import Statement, body_of
from node_gateway.partners.ports import Direction, ExceptionKind
from node_gateway.storage import exceptions, peers
from node_gateway.storage.peers import Way
from tests.anvil import Anvil
from tests.gateway.partners.cases import (
    WAIT_S,
    arrived,
    codes_of,
    handed,
    handed_over,
    heard,
    listed,
    opened,
    post,
    shown,
    wish,
)
from tests.gateway.partners.ways import until
from tests.gateway.running import Running
from tests.partners import Person, Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")
PEOPLE = [Person("maker", prefixes=("gs1:6901234",)), Person("shop"), Person("carrier")]
MAKER, SHOP, CARRIER = 1, 2, 3


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    async with town(anvil, template, tmp_path_factory.mktemp("town"), PEOPLE) as made:
        yield made


async def bodies(up: Running, partner: int) -> list[bytes]:
    """Return what a gateway has said to a partner about exceptions, as it went."""

    def work(connection: Connection) -> list[bytes]:
        count = peers.partner(connection, partner).said_number
        found = [peers.message(connection, partner, Way.SAID, one + 1) for one in range(count)]
        return [one.body for one in found if one is not None and one.kind == words.MESSAGE_KIND]

    return await up.gateway.store.read(work)


async def refusal(up: Running, partner: int, said: bytes) -> str | None:
    """Say something raw to a partner; return the code by which it was refused."""
    digest = await up.gateway.partners.channel.say(partner, words.MESSAGE_KIND, said)
    async with asyncio.timeout(WAIT_S):
        while True:
            kept = await up.gateway.store.read(lambda one: peers.message_by_digest(one, digest))
            if kept is not None and kept.answer_code is not None:
                return kept.answer_code or None
            await asyncio.sleep(0.02)


async def short(t: Town, count: int = 3, missing: int = 2) -> tuple[int, dict[str, Any], list[str]]:
    """Open a shortage at the shop; return its number, the maker's case and the missing codes."""
    codes = codes_of(count)
    handover = await handed_over(t["maker"], t["shop"], codes)
    new = wish(
        partner=MAKER,
        subject=handover,
        codes=codes[:missing],
        expected=count,
        found=count - missing,
    )
    number = await opened(t["shop"], new)
    case = (await shown(t["shop"], number))["case"]
    return number, await arrived(t["maker"], case), codes[:missing]


async def test_the_partner_gets_a_case_of_its_own(t: Town) -> None:
    number, there, missing = await short(t)
    here = await shown(t["shop"], number)
    assert here["partnerKnows"] is True
    assert (there["kind"], there["codes"], there["subject"]) == (
        "shortage",
        missing,
        here["subject"],
    )
    assert (there["expected"], there["found"], there["origin"]) == (3, 1, "partner")
    assert there["partner"]["participant"] == SHOP
    assert there["messages"][0]["message"] == here["messages"][0]["message"]
    assert there["detail"] != here["detail"]  # that one was for the shop's own people


async def test_a_message_that_the_partner_refused_is_shown_so_in_its_case(t: Town) -> None:
    number, there, _ = await short(t)
    unknown = "00000000-0000-4000-8000-000000000000"
    await t["maker"].gateway.store.write(
        "test", lambda c: exceptions.change_case(c, there["number"], uuid=unknown)
    )
    before = await shown(t["shop"], number)
    assert [one["refused"] for one in before["messages"]] == [None]
    answer = await t["shop"].client.post(
        f"/v1/exceptions/{number}/messages", json={"act": "say", "text": "Where are they?"}
    )
    assert answer.status_code in (200, 201), answer.text

    async def refused() -> bool:
        found = await shown(t["shop"], number)
        return [one["refused"] for one in found["messages"]] == [None, "exception_unknown"]

    await until(refused)


async def test_the_partner_learns_nothing_of_other_partners(t: Town) -> None:
    mine, others, free = codes_of(2), codes_of(2), codes_of(1)
    handover = await handed_over(t["maker"], t["shop"], mine)
    await handed(t["shop"], Direction.IN, CARRIER, others, os.urandom(32))
    new = wish(
        ExceptionKind.OVERAGE,
        partner=MAKER,
        subject=handover,
        codes=[*others, *free],
        detail="two of them came with MARKER-CARRIER",
    )
    number = await opened(t["shop"], new)
    there = await arrived(t["maker"], (await shown(t["shop"], number))["case"])
    assert there["codes"] == free
    assert there["codeCount"] == 1
    said = b"".join(await bodies(t["shop"], MAKER))
    assert free[0].encode() in said
    assert b"MARKER-CARRIER" not in said
    assert not any(code.encode() in said for code in others)
    with sqlite3.connect(t.database("maker")) as database:
        dump = "\n".join(database.iterdump())
    assert "MARKER-CARRIER" not in dump
    assert not any(code in dump for code in others)


@pytest.mark.parametrize(
    "kind",
    [
        ExceptionKind.ALREADY_RECEIVED,
        ExceptionKind.CUSTODY_CONFLICT,
        ExceptionKind.SOLD_AGAIN,
        ExceptionKind.OTHER,
    ],
)
async def test_what_shows_others_is_told_by_a_person_only(t: Town, kind: ExceptionKind) -> None:
    codes = codes_of(1)
    handover = await handed_over(t["maker"], t["shop"], codes)
    before = len(await bodies(t["shop"], MAKER))
    number = await opened(t["shop"], wish(kind, partner=MAKER, subject=handover, codes=codes))
    assert (await shown(t["shop"], number))["partnerKnows"] is False
    assert len(await bodies(t["shop"], MAKER)) == before

    told = await post(t["shop"], f"/{number}/tell", text="please look")
    there = await arrived(t["maker"], told["case"])
    assert (there["kind"], there["codes"], there["detail"]) == (kind.value, codes, "please look")
    again = await post(t["shop"], f"/{number}/tell", 409)
    assert again["code"] == "exception_told"


async def test_a_case_about_no_handover_between_the_two_stays_here(t: Town) -> None:
    codes = codes_of(1)
    digest = os.urandom(32)
    await handed(t["shop"], Direction.IN, CARRIER, codes, digest)
    before = len(await bodies(t["shop"], MAKER))
    number = await opened(t["shop"], wish(partner=MAKER, subject=digest, codes=codes))
    assert (await shown(t["shop"], number))["partnerKnows"] is False
    assert len(await bodies(t["shop"], MAKER)) == before
    told = await post(t["shop"], f"/{number}/tell", text="a question")
    there = await arrived(t["maker"], told["case"])
    assert (there["codes"], there["codeCount"]) == ([], 0)  # these are not the maker's to know
    assert digest not in b"".join(await bodies(t["shop"], MAKER))
    assert digest.hex().encode() not in b"".join(await bodies(t["shop"], MAKER))


async def test_questions_proposals_and_agreement(t: Town) -> None:
    number, there, _ = await short(t)
    asked = await post(t["shop"], f"/{number}/messages", act="ask", text="where are they?")
    assert asked["state"] == "waiting"
    got = await heard(t["maker"], there["number"], "ask")
    assert (got["state"], got["messages"][-1]["text"]) == ("open", "where are they?")
    assert got["messages"][-1]["who"] is None  # the partner hears which participant, no name

    proposed = await post(
        t["maker"],
        f"/{there['number']}/messages",
        act="propose",
        action="send_product",
        text="tomorrow",
    )
    assert proposed["state"] == "waiting"
    back = await heard(t["shop"], number, "propose")
    assert (back["state"], back["messages"][-1]["action"]) == ("open", "send_product")

    own = await post(t["maker"], f"/{there['number']}/messages", 409, act="agree")
    assert own["code"] == "exception_nothing_proposed"  # nobody agrees with oneself
    await post(t["shop"], f"/{number}/messages", act="agree", text="fine")
    agreed = await heard(t["maker"], there["number"], "agree")
    here = await shown(t["shop"], number)
    assert [one["message"] for one in agreed["messages"]] == [
        one["message"] for one in here["messages"]
    ]
    assert None not in [one["message"] for one in here["messages"]]
    twice = await post(t["shop"], f"/{number}/messages", 409, act="agree")
    assert twice["code"] == "exception_nothing_proposed"


async def test_both_sides_resolve_and_each_can_prove_the_other(t: Town) -> None:
    number, there, missing = await short(t)
    done = await post(
        t["maker"],
        f"/{there['number']}/resolution",
        cause="picking_error",
        action="send_product",
        text="left in the aisle",
    )
    entry = done["resolution"]["event"]
    here = await heard(t["shop"], number, "resolve")
    assert here["state"] == "open"  # ours is ours to end
    assert here["partnerResolution"]["event"] == entry
    await t["maker"].final(entry)
    async with asyncio.timeout(WAIT_S):
        while not (await shown(t["shop"], number))["partnerResolution"]["proven"]:
            await t["maker"].gateway.partners.exceptions.watch.look()
            await asyncio.sleep(0.05)

    raw = await t["shop"].client.get(f"/v1/exceptions/{number}/proof", params={"of": "partner"})
    (proof,) = await t["shop"].checked(raw.content)
    assert proof.entry.hex() == entry
    assert proof.bundle.participant == MAKER
    assert proof.values["$['urn:x-sealtrail:resolution']['urn:x-sealtrail:action']"] == (
        "send_product"
    )
    assert not any(code.encode() in raw.content for code in missing)
    mine = await post(t["shop"], f"/{number}/resolution", cause="picking_error", action="none")
    assert mine["state"] == "resolved"
    end = await heard(t["maker"], there["number"], "resolve")
    assert end["partnerResolution"]["event"] == mine["resolution"]["event"]


async def test_after_the_end_only_reopening_goes_on(t: Town) -> None:
    number, there, _ = await short(t)
    path = f"/{there['number']}"
    await post(t["maker"], f"{path}/resolution", cause="other", action="none")
    await heard(t["shop"], number, "resolve")
    case = there["case"]
    for act, more in (("ask", {}), ("propose", {"action": "return"}), ("agree", {})):
        said = body_of(Statement(case=case, act=act, text="", **more))
        assert await refusal(t["shop"], MAKER, said) == "exception_closed"
    await post(t["shop"], f"/{number}/messages", act="say", text="thanks")
    still = await heard(t["maker"], there["number"], "say")
    assert still["state"] == "resolved"

    reopened = await post(t["shop"], f"/{number}/messages", act="reopen", text="not all came")
    assert reopened["partnerResolution"] is None
    again = await heard(t["maker"], there["number"], "reopen")
    assert (again["state"], again["resolution"]) == ("open", None)
    early = body_of(Statement(case=case, act="reopen", text=""))
    assert await refusal(t["shop"], MAKER, early) == "exception_not_closed"


async def test_a_full_case_grows_no_more_and_ends_at_either_side(
    t: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "MESSAGES_MAX", 4)
    number, there, _ = await short(t)
    case, path = there["case"], f"/{there['number']}"
    for act, more in (("say", {}), ("say", {}), ("propose", {"action": "return"})):
        await post(t["maker"], f"{path}/messages", act=act, text=act, **more)
    await heard(t["shop"], number, "propose")
    full = body_of(Statement(case=case, act="say", text="once more"))
    assert await refusal(t["maker"], SHOP, full) == "exception_full"
    await post(t["shop"], f"/{number}/messages", act="agree")
    again = body_of(Statement(case=case, act="agree", text=""))
    assert await refusal(t["shop"], MAKER, again) == "exception_nothing_proposed"
    entries = [bytes([one]) * 32 for one in range(5)]
    for entry in entries:
        more = {"cause": "other", "action": "none", "entry": entry}
        ended = body_of(Statement(case=case, act="resolve", text="", **more))
        assert await refusal(t["maker"], SHOP, ended) is None
    seen = await shown(t["shop"], number)
    assert [one["act"] for one in seen["messages"][-2:]] == ["agree", "resolve"]
    assert len(seen["messages"]) == 6  # the four, and one of each that ends it
    assert seen["partnerResolution"]["event"] == entries[-1].hex()
    mine = await post(t["shop"], f"/{number}/resolution", cause="picking_error", action="none")
    assert mine["state"] == "resolved"
    end = await heard(t["maker"], there["number"], "resolve")
    assert end["partnerResolution"]["event"] == mine["resolution"]["event"]
    done = await post(t["maker"], f"{path}/resolution", cause="picking_error", action="none")
    assert done["state"] == "resolved"


async def test_an_unknown_case_and_one_of_somebody_else_look_alike(t: Town) -> None:
    _, there, _ = await short(t)
    answers = []
    for case in (there["case"], "00000000-0000-4000-8000-000000000000"):
        said = body_of(Statement(case=case, act="say", text="hello"))
        answers.append(await refusal(t["carrier"], MAKER, said))
    assert answers == ["exception_unknown", "exception_unknown"]
    # It may even open one of the same name: that is its own, and changes nothing of the other.
    codes = codes_of(1)
    handover = await handed_over(t["maker"], t["carrier"], codes)
    mine = Statement(
        case=there["case"],
        act="open",
        text="",
        kind=ExceptionKind.SHORTAGE,
        handover=handover,
        codes=tuple(codes),
    )
    assert await refusal(t["carrier"], MAKER, body_of(mine)) is None
    assert await shown(t["maker"], there["number"]) == there
    assert sum(one["case"] == there["case"] for one in await listed(t["maker"], perPage=1000)) == 2


@pytest.mark.parametrize("fault", ["foreign handover", "no handover", "foreign code", "known"])
async def test_what_is_not_between_the_two_is_refused(t: Town, fault: str) -> None:
    mine, others = codes_of(2), codes_of(1)
    handover = await handed_over(t["maker"], t["shop"], mine)
    foreign = os.urandom(32)
    await handed(t["maker"], Direction.OUT, CARRIER, others, foreign)
    said = Statement(
        case="11111111-1111-4111-8111-11111111111" + str(len(fault) % 10),
        act="open",
        text="",
        kind=ExceptionKind.SHORTAGE,
        handover=foreign if fault == "foreign handover" else handover,
        codes=tuple(sorted({*mine, *others}) if fault == "foreign code" else mine),
    )
    if fault == "no handover":
        said = Statement(case=said.case, act="open", text="", kind=said.kind, codes=said.codes)
    if fault == "known":
        assert await refusal(t["shop"], MAKER, body_of(said)) is None
    before = len(await listed(t["maker"], perPage=1000))
    expected = "exception_known" if fault == "known" else "exception_foreign"
    assert await refusal(t["shop"], MAKER, body_of(said)) == expected
    assert len(await listed(t["maker"], perPage=1000)) == before


async def test_a_proof_of_something_else_is_refused(t: Town) -> None:
    number, there, _ = await short(t)
    done = await post(t["maker"], f"/{there['number']}/resolution", cause="other", action="none")
    await heard(t["shop"], number, "resolve")
    other, other_there, _ = await short(t)
    await post(t["maker"], f"/{other_there['number']}/resolution", cause="other", action="none")
    await heard(t["shop"], other, "resolve")
    await t["maker"].final(done["resolution"]["event"])
    bundle = await t["maker"].gateway.partners.exceptions.proving.bundle(
        bytes.fromhex(done["resolution"]["event"])
    )
    for case, said in (
        (other_there["case"], bundle),
        (there["case"], b"{}"),
        (there["case"], (bundle or b"").replace(b'"participant":1', b'"participant":2')),
    ):
        wrong = body_of(Statement(case=case, act="prove", text="", bundle=said))
        assert await refusal(t["maker"], SHOP, wrong) == "exception_proof"
    assert (await shown(t["shop"], other))["partnerResolution"]["proven"] is False


async def test_a_partner_that_is_down_is_told_later(t: Town) -> None:
    codes = codes_of(2)
    handover = await handed_over(t["maker"], t["shop"], codes)
    await t.stop("maker")
    number = await opened(t["shop"], wish(partner=MAKER, subject=handover, codes=codes))
    await post(t["shop"], f"/{number}/messages", act="ask", text="are you there?")
    case = (await shown(t["shop"], number))["case"]
    await t.start("maker")
    there = await arrived(t["maker"], case)
    got = await heard(t["maker"], there["number"], "ask")
    assert [one["act"] for one in got["messages"]] == ["open", "ask"]


async def test_ten_thousand_codes_are_told_in_one_message(t: Town) -> None:
    number, there, missing = await short(t, 10_000, 10_000)
    assert there["codeCount"] == len(missing) == 10_000
    assert (await shown(t["shop"], number))["codeCount"] == 10_000
