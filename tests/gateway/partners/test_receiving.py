"""Receiving between gateways: scanned in goes, answered for by a signature, conflicts flagged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from anchoring.core.verify import check_bundle
from anchoring.handover import bundle_of
from anchoring.handover_check import check_event
from anchoring.handover_reading import event_proof, parse_part
from node_gateway.partners.acknowledgement import FORMAT, KIND
from node_gateway.settings import PoliciesSection, PolicySection
from node_gateway.settings_receiving import ReceivingSection
from node_gateway.storage import custody, handovers
from node_gateway.storage import receiving as storage
from tests.anvil import Anvil
from tests.gateway.partners.arriving import (
    answer,
    conflicts,
    exceptions,
    finish,
    get,
    kinds,
    late,
    made_and_sent,
    packing,
    post,
    receiving,
    refused,
    scan,
    send,
    shipment,
    wishes,
)
from tests.gateway.partners.hearers import settled
from tests.gateway.partners.ways import PREFIXES, do, make, person, sell, until
from tests.gateway.running import serial, sgtin
from tests.gateway.state.flows import case as unit
from tests.partners import Town, party_of, town

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("receiving")
    people = [person(one) for one in ("maker", "dist", "shop")]
    shows_time = PolicySection(paths=("$['eventTime']", "$['destinationList']"), codes="all")
    own = {
        "shop": wishes(ReceivingSection(data_late_s=1)),
        "dist": wishes(policies=PoliciesSection(acknowledgement=(shows_time,))),
    }
    async with town(anvil, template, folder, people, wishes=wishes(), own=own) as made:
        yield made


def codes(count: int) -> list[str]:
    return [sgtin() for _ in range(count)]


async def test_a_shipment_is_scanned_in_goes_by_two_people_and_answered_for(t: Town) -> None:
    packs, shop, maker = codes(4), t["shop"], t["maker"]
    head = await made_and_sent(t, "maker", "shop", *packs)
    number = head["number"]
    assert (head["state"], head["codeCount"], head["late"]) == ("open", 4, False)
    first, second = await asyncio.gather(
        scan(shop, number, *packs[:3]), scan(shop, number, *packs[1:])
    )
    verdicts = [one["verdict"] for one in first["results"] + second["results"]]
    assert sorted(verdicts) == ["again", "again", "ok", "ok", "ok", "ok"]
    assert (await shipment(shop, number))["counts"] == {
        "expected": 4,
        "found": 4,
        "scanned": 4,
        "extra": 0,
        "twice": 2,
    }
    done = await finish(shop, number)
    assert (done["state"], kinds(done), len(done["events"])) == ("finished", [], 1)
    assert await finish(shop, number) == done, "finishing again changes nothing"
    said = await answer(maker, head["handover"])
    assert (said["by"], said["expected"], said["found"]) == (t.member("shop").id, 4, 4)
    assert said["differences"] == []
    assert said["acknowledgement"] == done["acknowledgement"]
    assert [one["entry"] for one in said["events"]] == done["events"]


async def test_the_sender_can_prove_the_receipt_once_it_is_final(t: Town) -> None:
    packs, shop, maker = codes(2), t["shop"], t["maker"]
    head = await made_and_sent(t, "maker", "shop", *packs)
    await scan(shop, head["number"], *packs)
    done = await finish(shop, head["number"])
    await shop.final(done["events"][0])

    async def proven() -> bool:
        found = await answer(maker, head["handover"])
        return all(one["isProven"] for one in found["events"])

    await until(proven)
    handover = bytes.fromhex(head["handover"])

    def kept(c: Any) -> list[custody.AnswerEvent]:
        return custody.answer_events(c, handovers.handover(c, handover).number)  # type: ignore[union-attr]

    (event,) = await maker.gateway.store.read(kept)
    (handed,) = parse_part(orjson.dumps(event.bundle)).events
    assert event.proof is not None
    bundle = bundle_of(handed, event_proof(orjson.loads(event.proof)))
    assert check_bundle(bundle).entry.hex() == done["events"][0]
    assert bundle.participant == t.member("shop").id


@pytest.mark.parametrize(
    ("taker", "shown"),
    [("shop", {"sealtrail:act", "sealtrail:month"}), ("dist", {"sealtrail:act", "$['eventTime']"})],
)
async def test_the_sender_sees_of_a_receipt_what_the_receivers_policy_for_answers_names(
    t: Town, taker: str, shown: set[str]
) -> None:
    pack, to = sgtin(), t[taker]
    place = party_of(PREFIXES[taker], 51).replace("/417/", "/414/")
    put = await to.client.put(f"/v1/locations/{place[-13:]}", json={"city": "A", "region": "B"})
    assert put.status_code in (200, 201), put.text
    head = await made_and_sent(t, "maker", taker, pack)
    members = {"readPoint": {"id": place}, "bizLocation": {"id": place}}
    entry = await to.entry(receiving(pack, **members), final=False)
    said = await answer(t["maker"], head["handover"])
    (event,) = said["events"]
    assert (event["entry"], said["found"]) == (entry, 1)
    (handed,) = parse_part(orjson.dumps(event["part"])).events
    assert set(check_event(handed).values) | {"sealtrail:act"} == shown
    seen = (await get(to, f"/v1/events/{entry}/visibility"))["partners"]["acknowledged"]
    assert set(seen["paths"]) | {"sealtrail:act"} == shown


async def test_a_private_receipt_shows_the_sender_only_that_it_happened(t: Town) -> None:
    pack = sgtin()
    head = await made_and_sent(t, "maker", "dist", pack)
    private = {"@context": {"st": "urn:x-sealtrail:"}, "st:preset": "private"}
    await t["dist"].entry({**receiving(pack), **private}, final=False)
    (event,) = (await answer(t["maker"], head["handover"]))["events"]
    (handed,) = parse_part(orjson.dumps(event["part"])).events
    assert set(check_event(handed).values) <= {"sealtrail:act"}


async def test_a_scanned_case_stands_for_what_is_in_it(t: Town) -> None:
    packs, case, maker, shop = codes(3), unit(serial()), t["maker"], t["shop"]
    await make(maker, *packs)
    await maker.entry(packing(case, *packs))
    head = await send(t, "maker", "shop", case)
    assert head["codeCount"] == 4
    kept = await scan(shop, head["number"], case)
    assert (kept["counts"]["expected"], kept["counts"]["found"]) == (3, 3)
    wrong = await scan(shop, head["number"], packs[0], inside="-")
    assert [one["reason"] for one in wrong["results"][0]["reasons"]] == ["broken_packing"]
    done = await finish(shop, head["number"])
    assert kinds(done) == ["broken_packing"]
    assert len(await exceptions(shop, "broken_packing", packs[0])) == 1


async def test_what_is_missing_is_a_case_on_both_sides_and_stays_with_the_sender(t: Town) -> None:
    packs, shop, maker = codes(3), t["shop"], t["maker"]
    head = await made_and_sent(t, "maker", "shop", *packs)
    await scan(shop, head["number"], *packs[:2])
    done = await finish(shop, head["number"])
    assert kinds(done) == ["shortage"]
    said = await answer(maker, head["handover"])
    assert (said["expected"], said["found"]) == (3, 2)
    assert said["differences"][0]["codes"] == [packs[2]]
    assert len(await exceptions(shop, "shortage", packs[2])) == 1
    await until(lambda: exceptions(maker, "shortage", packs[2]))
    await send(t, "maker", "dist", packs[2], override="it was left behind")
    state = await get(t["dist"], "/v1/custody-conflicts")
    assert not [one for one in state["conflicts"] if packs[2] in one["codes"]]


async def test_each_scan_gets_its_reason(t: Town) -> None:
    packs, shop = codes(2), t["shop"]
    head = await made_and_sent(t, "maker", "shop", *packs)
    other = sgtin()
    element = "]d201" + packs[0].split("/")[4] + "21" + packs[0].rsplit("/", 1)[1]
    kept = await scan(
        shop,
        head["number"],
        f"{element}\x1d10OTHER-LOT",
        f"{element}\x1d17290101",
        other,
        "https://id.gs1.org/01/09506000134352/21/9",
        "no code at all",
    )
    reasons = [[why["reason"] for why in one["reasons"]] for one in kept["results"]]
    assert reasons == [["wrong_lot"], ["wrong_expiry"], ["overage"], ["unknown_code"],
                       ["unknown_code"]]  # fmt: skip
    removed = await post(shop, f"/v1/shipments/{head['number']}/unscan", {"text": other})
    assert removed["removed"] is True
    found = await shipment(shop, head["number"])
    assert set(kinds(found)) == {"wrong_lot", "wrong_expiry", "unknown_code", "shortage"}
    await finish(shop, head["number"])
    said = await answer(t["maker"], head["handover"])
    told = [code for one in said["differences"] for code in one["codes"]]
    assert "https://id.gs1.org/01/09506000134352/21/9" in told
    assert "no code at all" not in told, "whatever was scanned, perhaps a badge, is nobody else's"


async def test_an_event_of_the_warehouse_system_counts_as_the_receipt(t: Town) -> None:
    packs, shop, maker = codes(2), t["shop"], t["maker"]
    head = await made_and_sent(t, "maker", "shop", *packs)
    entry = await shop.entry(receiving(*packs))
    said = await answer(maker, head["handover"])
    assert [one["entry"] for one in said["events"]] == [entry]
    assert (await shipment(shop, head["number"]))["state"] == "finished"


async def test_plain_receive_in_two_goes_counts_too(t: Town) -> None:
    packs, shop, maker = codes(2), t["shop"], t["maker"]
    head = await made_and_sent(t, "maker", "shop", *packs)
    one = (await do(shop, "receive", packs[0])).json()["entry"]
    await shop.gateway.follower.catch_up()
    found = await shipment(shop, head["number"])
    assert (found["state"], found["counts"]["found"]) == ("open", 1)
    two = (await do(shop, "receive", packs[1])).json()["entry"]
    said = await answer(maker, head["handover"])
    assert sorted(each["entry"] for each in said["events"]) == sorted([one, two])


async def test_a_receipt_that_was_taken_back_counts_no_more(t: Town) -> None:
    packs, shop = codes(2), t["shop"]
    head = await made_and_sent(t, "maker", "shop", *packs)
    await do(shop, "receive", packs[0])
    await shop.gateway.follower.catch_up()
    await post(shop, "/v1/operations/receive/undo", {"code": packs[0]}, status=201)
    await shop.gateway.follower.catch_up()
    found = await shipment(shop, head["number"])
    assert (found["counts"]["scanned"], found["state"]) == (0, "open")


async def test_goods_that_come_before_their_data(t: Town) -> None:
    packs, shop, maker = codes(2), t["shop"], t["maker"]
    await make(maker, *packs)
    await t.stop("maker")
    entry = await shop.entry(
        receiving(
            *packs,
            sourceList=[{"type": "owning_party", "source": party_of(PREFIXES["maker"])}],
        )
    )
    (case,) = await until(lambda: exceptions(shop, "product_no_data", packs[0]))
    assert case["state"] != "resolved"
    maker = await t.start("maker")
    head = await send(t, "maker", "shop", *packs)
    said = await answer(maker, head["handover"])
    assert [one["entry"] for one in said["events"]] == [entry]
    assert said["differences"] == []

    async def resolved() -> bool:
        found = await exceptions(shop, "product_no_data", packs[0])
        return [one["state"] for one in found] == ["resolved"]

    await until(resolved)


async def test_a_shipment_that_is_taken_back_is_void(t: Town) -> None:
    packs, shop, maker = codes(1), t["shop"], t["maker"]
    head = await made_and_sent(t, "maker", "shop", *packs)
    await post(maker, "/v1/operations/ship/undo", {"code": packs[0]}, status=201)

    async def void() -> bool:
        return bool((await shipment(shop, head["number"]))["state"] == "void")

    await until(void)
    refused = await post(
        shop, f"/v1/shipments/{head['number']}/scans", {"scans": [{"text": packs[0]}]}, status=409
    )
    assert refused["code"] == "receipt_void"
    again = await send(t, "maker", "shop", *packs)
    assert await conflicts(t, "shop", packs[0]) == []
    await scan(shop, again["number"], *packs)
    assert kinds(await finish(shop, again["number"])) == []


async def test_a_code_that_was_sold_here_is_handed_over_again(t: Town) -> None:
    pack, shop = sgtin(), t["shop"]
    head = await made_and_sent(t, "maker", "shop", pack)
    await scan(shop, head["number"], pack)
    await finish(shop, head["number"])
    sale = await sell(shop, pack)
    again = await send(t, "maker", "shop", pack, override="a lie")
    (found,) = await conflicts(t, "shop", pack)
    assert (found["reason"], found["first"]) == ("ended_here", sale)
    assert (found["second"], found["stands"]) == (again["handover"], True)
    (case,) = await exceptions(shop, "custody_conflict", pack)
    assert case["number"] == found["exception"]
    kept = await scan(shop, again["number"], pack)
    assert [one["reason"] for one in kept["results"][0]["reasons"]] == ["already_received"]


async def test_a_second_sender_of_what_we_hold(t: Town) -> None:
    pack, shop = sgtin(), t["shop"]
    first = await made_and_sent(t, "maker", "shop", pack)
    await scan(shop, first["number"], pack)
    await finish(shop, first["number"])
    await t["dist"].entry(receiving(pack))
    second = await send(t, "dist", "shop", pack)
    (found,) = await conflicts(t, "shop", pack)
    assert found["reason"] == "two_senders"
    assert (found["firstBy"], found["secondBy"]) == (t.member("maker").id, t.member("dist").id)
    assert (found["first"], found["second"]) == (first["handover"], second["handover"])
    assert await exceptions(t["dist"], "custody_conflict", pack) == [], "nobody is accused by us"


async def test_returns_and_shipping_again_are_no_conflict(t: Town) -> None:
    pack = sgtin()
    await make(t["maker"], pack)
    for giver, taker in [("maker", "dist"), ("dist", "shop"), ("shop", "dist"),
                         ("dist", "maker"), ("maker", "shop")]:  # fmt: skip
        head = await send(t, giver, taker, pack)
        await scan(t[taker], head["number"], pack)
        assert kinds(await finish(t[taker], head["number"])) == []
    for who in ("maker", "dist", "shop"):
        assert await conflicts(t, who, pack) == []


async def test_nobody_acknowledges_what_was_not_handed_over(t: Town) -> None:
    packs, shop, maker = codes(2), t["shop"], t["maker"]
    head = await made_and_sent(t, "maker", "shop", *packs)
    good = {
        "format": FORMAT,
        "handover": head["handover"],
        "shipment": head["shipment"],
        "expected": 2,
        "found": 1,
        "extra": 0,
        "part": {
            "format": "sealtrail/handover-part/v1",
            "shipment": head["shipment"],
            "ordinal": 0,
            "events": [],
            "packing": [],
        },
        "differences": [{"kind": "shortage", "codes": [packs[0]]}],
    }
    lies = [
        {**good, "handover": "00" * 32},
        {**good, "shipment": "00" * 32},
        {**good, "expected": 3, "found": 2},
        {**good, "found": 2},
        {**good, "differences": [{"kind": "shortage", "codes": [sgtin()]}]},
        {**good, "found": 2, "differences": []},
        {**good, "surprise": 1},
    ]
    before = len(await refused(t, "maker", "shop"))
    for one in lies:
        await said(t, "shop", "maker", one)
    refusals = (await refused(t, "maker", "shop"))[before:]
    assert refusals == ["acknowledgement_unknown", *["acknowledgement_invalid"] * 6]
    await said(t, "shop", "maker", good)
    assert (await answer(maker, head["handover"]))["found"] == 1
    await said(t, "shop", "maker", good)
    refusals = await refused(t, "maker", "shop")
    assert refusals[-1] == "acknowledged_before"
    await said(t, "dist", "maker", good)
    assert (await refused(t, "maker", "dist"))[-1] == "acknowledgement_unknown"
    assert (await shipment(shop, head["number"]))["state"] == "open"


async def said(t: Town, who: str, to: str, body: dict[str, Any]) -> None:
    """Say something signed, and wait until it was answered."""
    channel, number = t[who].gateway.partners.channel, t.member(to).id
    await channel.say(number, KIND, orjson.dumps(body))
    await settled(t[who], number)


async def test_a_shipment_that_nobody_receives_is_late(t: Town) -> None:
    shop = t["shop"]
    head = await made_and_sent(t, "maker", "shop", sgtin())
    said_at, due_at = (datetime.fromisoformat(head[name]) for name in ("saidAt", "dueAt"))
    assert timedelta(days=1) < due_at - said_at < timedelta(days=6), "two working days"
    number = head["number"]
    assert number not in await late(shop)

    def let_it_be_due(c: Any) -> None:
        storage.change_receipt(c, number, due_at=int(shop.gateway.clock()) - 1)

    await shop.gateway.store.write("test", let_it_be_due)
    assert number in await late(shop)
    assert (await shipment(shop, number))["late"] is True
    await finish(shop, number)
    assert number not in await late(shop)
