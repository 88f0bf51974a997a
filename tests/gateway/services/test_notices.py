"""Recalls from the block of a real notice board to the till, the page and the stock list."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from anchoring.chain.governance_calls import NoticeText
from anchoring.directory.code_list import make_code_list
from node_gateway.services.disclosing import open_event
from node_gateway.storage.ports import event_key
from tests.anvil import Anvil
from tests.gateway.recalling import APPLIED_S_MAX, PRODUCT, Recalls, network
from tests.gateway.running import (
    CONTEXT,
    Wishes,
    commissioning,
    dispensing,
    running_gateway,
    sgtin,
    shipping,
)
from tests.gateway.test_reference import matches

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUYER = "9521321000018"
UNIT = "https://id.gs1.org/00/069012340000000016"


@pytest.fixture(scope="module")
def board() -> Iterator[Anvil]:
    """A chain of one's own: its blocks are taken away and come back."""
    with Anvil() as chain:
        yield chain


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recalls(
    board: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Recalls]:
    net, deployed = await network(board)
    folder = tmp_path_factory.mktemp("recalls")
    async with running_gateway(board, template, folder, Wishes(), deployed=deployed) as up:
        yield Recalls(net, up)


@pytest_asyncio.fixture(loop_scope="module")
async def clean(recalls: Recalls) -> AsyncIterator[Recalls]:
    """Lift every notice of a test, so that the next one begins without."""
    yield recalls
    for number, one in (await recalls.net.directory()).notices.items():
        if one.level:
            await recalls.lift(number, "regulator" if one.by_regulator else "maker")
    await recalls.read()


async def made(recalls: Recalls, *codes: str, lot: str | None = "L1") -> None:
    ilmd = {"ilmd": {"cbvmda:lotNumber": lot}} if lot else {}
    event = commissioning(*codes, **ilmd)
    if lot is None:
        del event["ilmd"]
    await recalls.up.entry(event, final=False)


async def test_a_recall_holds_within_ten_seconds_of_its_block(clean: Recalls) -> None:
    """By the gateway's own following: nothing here tells it to look."""
    codes = [sgtin() for _ in range(5)]
    await made(clean, *codes)
    took: list[float] = []
    for _ in range(3):
        assert await clean.refused("sample", codes[0]) == []
        number = await clean.publish(lots=("L1",))
        took.append(await clean.until_refused(codes[1]))
        assert await clean.refused("dispense", codes[1]) == ["recall_notice"]
        await clean.lift(number)
        await clean.read()
    print(f"\nfrom the notice's block to refusal: {', '.join(f'{one:.2f} s' for one in took)}")
    assert max(took) < APPLIED_S_MAX
    assert await clean.refused("dispense", codes[1]) == []


async def test_everything_that_is_shown_of_a_recall(clean: Recalls) -> None:
    code = sgtin()
    await made(clean, code)
    text = NoticeText("全文见网站。", "See the site.", "https://maker.example/r/7", b"\x07" * 32)
    number = await clean.publish(level=2, lots=("L1", "L2"), text=text)
    await clean.read()
    state = await clean.get(f"/v1/codes/{code}/state")
    assert state["status"] == "recalled"
    (shown,) = state["notices"]
    assert (shown["id"], shown["level"], shown["match"], shown["inside"]) == (
        *(number, 2, "meant"),
        None,
    )
    async with clean.up.stranger() as stranger:
        listed = (await stranger.get("/v1/notices", params={"standing": True})).json()
        one = (await stranger.get(f"/v1/notices/{number}")).json()
        assert (await stranger.get("/v1/notices/999")).json()["code"] == "notice_not_found"
    assert listed["notices"] == [one]
    assert listed["head"]["number"] > 0
    assert one["publisher"] == {"participant": 2, "name": "Example Maker"}
    assert (one["uri"], one["uriDigest"]) == ("https://maker.example/r/7", "07" * 32)
    assert one["headline"] == {"en": "Lot recalled (level 2)", "zh": "该批次召回（二级）"}
    assert [step["level"] for step in one["steps"]] == [2]
    for name, answer in (
        *(("listNotices", listed), ("getNotice", one), ("getCodeState", state)),
        ("getStatus", await clean.get("/v1/status")),
    ):
        matches(name, 200, answer)
    status = await clean.get("/v1/status")
    assert status["notices"] == {"standing": 1, "here": 1, "drills": 0}
    metrics = (await clean.up.client.get("/metrics")).text
    assert 'sealtrail_notices_standing{kind="real"} 1.0' in metrics
    assert "sealtrail_notices_here 1.0" in metrics
    assert code not in metrics


async def test_a_recall_becomes_graver_and_is_lifted(clean: Recalls) -> None:
    code = sgtin()
    await made(clean, code)
    number = await clean.publish(level=3)
    await clean.read()
    assert await clean.refused("dispense", code) == ["recall_notice"]
    await clean.escalate(number, 1, "regulator")
    await clean.read()
    (banner,) = await clean.banner(code)
    assert (banner["level"], banner["byRegulator"]) == (1, True)
    await clean.lift(number, "regulator")
    await clean.read()
    assert await clean.banner(code) == []
    one = await clean.get(f"/v1/notices/{number}")
    assert (one["level"], [step["level"] for step in one["steps"]]) == (0, [3, 1, 0])
    assert one["liftedAt"] == one["steps"][-1]["at"]
    assert (await clean.get("/v1/notices", standing=True))["notices"] == []
    assert await clean.refused("dispense", code) == []


async def test_a_drill_is_marked_everywhere_and_blocks_nothing(clean: Recalls) -> None:
    code = sgtin()
    await made(clean, code)
    number = await clean.publish(drill=True)
    await clean.read()
    state = await clean.get(f"/v1/codes/{code}/state")
    assert state["status"] == "active"
    for shown in (state["notices"][0], (await clean.banner(code))[0]):
        assert (shown["id"], shown["drill"]) == (number, True)
        assert shown["headline"]["en"].startswith("Exercise, not a real recall")
        assert shown["headline"]["zh"].startswith("演练，并非真实召回")
    assert (await clean.get(f"/v1/notices/{number}"))["drill"] is True
    assert (await clean.get(f"/v1/notices/{number}/affected"))["codes"]
    assert (await clean.get("/v1/status"))["notices"] == {"standing": 0, "here": 0, "drills": 1}
    assert await clean.refused("dispense", code) == []


async def test_an_override_goes_through_with_its_reason_in_the_event(clean: Recalls) -> None:
    code = sgtin()
    await made(clean, code)
    number = await clean.publish()
    await clean.read()
    assert await clean.refused("dispense", code) == ["recall_notice"]
    moment = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + 60))
    why = "needed at once, decided by quality"
    answer = await clean.do("dispense", code, override=why, eventTime=moment)
    assert answer.status_code == 201, answer.text
    assert [one["rule"] for one in answer.json()["overridden"]] == ["recall_notice"]
    key = event_key(answer.json()["eventID"], error_declaration=False)
    stored = await clean.up.gateway.store.event_by_key(key)
    assert stored is not None
    said = open_event(stored).event["urn:x-sealtrail:override"]
    assert said == {
        "urn:x-sealtrail:reason": why,
        "urn:x-sealtrail:rules": ["recall_notice"],
    }
    found = (await clean.get(f"/v1/notices/{number}/findings"))["findings"]
    mine = [one for one in found if one["code"] == code]
    assert [(one["bizStep"], one["overridden"]) for one in mine] == [("dispensing", True)]


async def test_the_way_back_stays_open(clean: Recalls) -> None:
    """Every operation, in an order in which only a recall could stand in its way."""
    codes = [sgtin() for _ in range(4)]
    await made(clean, *codes)
    await clean.publish()
    await clean.read()
    first, second, third, fourth = codes
    event = {"@context": CONTEXT, **dispensing(first)}
    checked = (await clean.up.client.post("/v1/state/check", content=json.dumps(event))).json()
    assert [one["rule"] for one in checked["events"][0]["recalls"]] == ["recall_notice"]
    matches("checkState", 200, checked)
    assert await clean.refused("ship", first, to=BUYER) == ["recall_notice"]
    assert await clean.refused("dispense", first) == ["recall_notice"]
    assert await clean.refused("receive", first) == []
    assert await clean.refused("hold", first, reason="recall") == []
    assert "recall_notice" in await clean.refused("release", first, reason="mistaken")
    assert await clean.refused("pack", first, second, parent=UNIT) == []
    assert await clean.refused("ship", UNIT, to=BUYER) == ["recall_notice"]
    assert await clean.refused("send-back", UNIT, to=BUYER) == []
    assert await clean.refused("sample", third) == []
    assert await clean.refused("rework", third) == []
    assert await clean.refused("return", third) == []
    assert await clean.refused("destroy", third, reason="recall") == []
    assert await clean.refused("lose", fourth, reason="stolen") == []


async def test_a_lot_that_nobody_knows_is_asked_for(clean: Recalls) -> None:
    code = sgtin()
    serial = code.rpartition("/")[2]
    await made(clean, code, lot=None)
    await clean.publish(lots=("L1",))
    await clean.read()
    answer = await clean.do("ship", code, to=BUYER)
    (spot,) = answer.json()["errors"]
    assert (spot["code"], spot["pointer"]) == ("recall_lot_unknown", "/codes/0")
    assert "scan the whole DataMatrix" in spot["hint"].replace("Scan", "scan")
    scanned = f"(01)06901234123456(10)L1(21){serial}"
    assert await clean.refused("ship", scanned, to=BUYER) == ["recall_notice"]
    link = f"https://id.gs1.org/01/06901234123456/10/L1/21/{serial}"
    assert await clean.refused("ship", link, to=BUYER) == ["recall_notice"]
    assert await clean.refused("ship", code, to=BUYER, lot="l1") == ["recall_notice"]
    assert await clean.refused("ship", code, to=BUYER, lot="L2") == []
    assert (await clean.get(f"/v1/codes/{code}/state"))["notices"][0]["match"] == "lot_unknown"


async def test_the_public_page_tells_nothing_of_what_is_in_the_house(clean: Recalls) -> None:
    known, elsewhere = sgtin(), sgtin()
    await made(clean, known)
    await clean.publish(lots=("L1",))
    await clean.publish(level=2)
    await clean.read()
    first = [one["concerns"] for one in await clean.banner(elsewhere)]
    assert first == ["this_pack", "some_packs"]
    # The pharmacy's own policy shows the lot of what it commissioned: only there it is compared.
    assert [one["concerns"] for one in await clean.banner(known)] == ["this_pack", "this_pack"]
    others_lot = sgtin()
    await made(clean, others_lot, lot="L9")
    assert [one["scope"] for one in await clean.banner(others_lot)] == ["product"]
    assert await clean.banner(UNIT) == []


async def test_a_list_comes_in_and_never_goes_out(
    clean: Recalls, capfd: pytest.CaptureFixture[str]
) -> None:
    planted, sold, other = sgtin(), sgtin(), sgtin()
    await made(clean, sold, other, lot=None)
    codes = make_code_list([planted, sold], salt=b"0123456789abcdef")
    number = await clean.publish(digest=codes.digest)
    await clean.read()
    assert await clean.refused("dispense", other) == ["recall_list_unknown"]
    path, raw = f"/v1/notices/{number}/list", codes.to_json().encode()
    wrong = make_code_list([planted], salt=b"0123456789abcdef").to_json().encode()
    client = clean.up.client
    for body, problem in ((wrong, "list_digest"), (b"{}", "list_form"), (raw[:-2], "list_form")):
        answer = await client.post(path, content=body)
        assert (answer.status_code, answer.json()["code"]) == (400, problem)
        assert planted not in answer.text
    loaded = await client.post(path, content=raw)
    assert loaded.status_code == 201, loaded.text
    assert loaded.json()["codeCount"] == 2
    assert await clean.refused("dispense", other) == []
    assert await clean.refused("dispense", sold) == ["recall_notice"]
    paths = (
        "/metrics",
        *("/v1/notices", f"/v1/notices/{number}", f"/v1/notices/{number}/affected?where=all"),
        *(f"/v1/notices/{number}/findings", "/v1/status", f"/v1/public/codes/{other}"),
        *(f"/v1/codes/{sold}/state", "/v1/findings", "/epcis/events"),
    )
    answers = [loaded.text, *[(await client.get(one)).text for one in paths]]
    written = capfd.readouterr()
    for text in (*answers, written.out, written.err):
        assert planted not in text
        assert planted.rpartition("/")[2] not in text
    async with clean.up.stranger() as stranger:
        asked = {code: await stranger.get(f"/v1/public/codes/{code}") for code in (planted, other)}
    matches("lookUpCode", 200, asked[other].json())
    matches("loadNoticeList", 201, loaded.json())
    shown = [one.json()["notices"] for one in asked.values()]
    assert shown[0] == shown[1]  # the gateway that did not publish the list tells nobody's place
    assert shown[0][0]["concerns"] == "some_packs"


async def test_what_is_affected_and_what_went_on(clean: Recalls) -> None:
    here, gone, late, unknown = sgtin(), sgtin(), sgtin(), sgtin()
    await made(clean, here, gone, late, lot="L-aff")
    await made(clean, unknown, lot=None)
    assert await clean.refused("dispense", gone) == []
    number = await clean.publish(lots=("L-aff",))
    await clean.read()
    past = {**shipping(here), "eventID": "urn:uuid:before"}
    sold = time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00", time.gmtime(time.time() + 60))
    flagged = {**dispensing(late), "eventTime": sold, "eventTimeZoneOffset": "+00:00"}
    answer = await clean.up.capture(past, flagged)
    assert answer.status_code == 202, answer.text  # history is history
    page = await clean.get(f"/v1/notices/{number}/affected", where="all", perPage=1000)
    mine = {one["code"]: one for one in page["codes"]}
    assert {mine[one]["match"] for one in (here, gone, late)} == {"meant"}
    assert mine[unknown]["match"] == "lot_unknown"
    assert page["counts"]["meant"] == {"in_transit": 1, "dispensed": 2}
    assert page["countedAll"] is True
    assert [one["code"] for one in (await clean.get(f"/v1/notices/{number}/affected"))["codes"]]
    matches("listAffectedCodes", 200, page)
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        some = await clean.get(
            f"/v1/notices/{number}/affected", where="all", perPage=2, after=after
        )
        seen += [one["code"] for one in some["codes"]]
        after = some["next"]
    assert seen == sorted(mine)
    found = (await clean.get(f"/v1/notices/{number}/findings"))["findings"]
    matches("listNoticeFindings", 200, await clean.get(f"/v1/notices/{number}/findings"))
    assert [(one["code"], one["rule"], one["overridden"]) for one in found] == [
        (late, "recall_notice", False)
    ]


async def test_a_notice_that_a_reorg_takes_away_is_gone(clean: Recalls) -> None:
    code = sgtin()
    await made(clean, code)
    board = clean.net.anvil
    snapshot = board.rpc("evm_snapshot")
    await clean.publish()
    await clean.read()
    assert await clean.refused("dispense", code) == ["recall_notice"]
    board.rpc("evm_revert", snapshot)
    board.rpc("anvil_mine", "0x3")
    await clean.read()
    assert await clean.banner(code) == []
    assert await clean.refused("dispense", code) == []


class Sold(NamedTuple):
    """What a sale takes, in milliseconds: median and 95th percentile, and processor time."""

    middle: float
    p95: float
    processor: float


async def selling(recalls: Recalls) -> Sold:
    """Sell 100 packs one after the other.

    How long one waits depends on whatever else the machine does; what this process spends on it,
    following and telling of the sale included, does not: the median sale's is compared.
    """
    codes = [sgtin() for _ in range(100)]
    await made(recalls, *codes)
    took: list[float] = []
    spent: list[float] = []
    for code in codes:
        began, used = time.perf_counter(), time.process_time()
        assert await recalls.refused("dispense", code) == []
        took.append((time.perf_counter() - began) * 1000)
        spent.append((time.process_time() - used) * 1000)
    took.sort()
    spent.sort()
    return Sold(took[50], took[95], spent[50])


async def test_a_hundred_notices_cost_a_till_little(clean: Recalls) -> None:
    """Half of them about lots of the very product that is sold."""
    before = await selling(clean)
    for number in range(100):
        lots = (f"X{number}",) if number % 2 else ()
        await clean.publish(lots=lots, product=PRODUCT if lots else f"gs1:69012341{7000 + number}")
    await clean.read()
    after = await selling(clean)
    print(
        f"\na sale: p50 {before.middle:.1f} ms, p95 {before.p95:.1f} ms without notices; "
        f"p50 {after.middle:.1f} ms, p95 {after.p95:.1f} ms with 100; "
        f"processor {before.processor:.1f} and {after.processor:.1f} ms"
    )
    assert after.processor < before.processor + 10


async def test_known_notices_hold_while_the_chain_is_away_and_after_a_restart(
    template: Path, tmp_path: Path
) -> None:
    with Anvil() as chain:
        net, deployed = await network(chain)
        folder = tmp_path / "gateway"
        async with running_gateway(chain, template, folder, Wishes(), deployed=deployed) as up:
            first, code = Recalls(net, up), sgtin()
            await made(first, code)
            await first.publish()
            await first.read()
            assert await first.refused("dispense", code) == ["recall_notice"]
            away = Wishes(start_without_chain=True, rpc=chain.url)
    async with running_gateway(chain, template, folder, away, deployed=deployed) as up:
        again = Recalls(net, up)
        await up.state("chain_unavailable")
        assert await again.refused("dispense", code) == ["recall_notice"]
        assert [one["id"] for one in await again.banner(code)] == [1]
        answer = json.dumps(await again.get("/v1/notices"))
        assert answer.count('"drill": false') == 1
