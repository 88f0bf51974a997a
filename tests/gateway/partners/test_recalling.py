"""A recall from hand to hand: maker, two distributors, a pharmacy, and what each learns."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import zstandard

from tests.anvil import Anvil
from tests.gateway.partners.recall_town import (
    PRODUCT,
    lot,
    publish,
    quick_wishes,
    reach,
    until_reach,
)
from tests.gateway.partners.ways import (
    NAMES,
    do,
    hand_over,
    make,
    now,
    person,
    public,
    sell,
    until,
)
from tests.gateway.running import Running, sgtin, shipping
from tests.partners import Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLUGS = ("maker", "dist", "other", "shop")


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    with Anvil() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    chain: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("recalling")
    people = [person(one) for one in SLUGS]
    async with town(chain, template, folder, people, wishes=quick_wishes()) as made:
        yield made


async def acknowledge(up: Running, number: int, note: str = "") -> None:
    answer = await up.client.post(f"/v1/recalls/{number}/acknowledge", json={"note": note})
    assert answer.status_code == 200, answer.text


async def test_quantities_close_hop_by_hop(t: Town) -> None:
    packs = [sgtin() for _ in range(8)]
    await make(t["maker"], *packs, **lot("R1"))
    await hand_over(t, "maker", "dist", *packs[:5])
    await hand_over(t, "maker", "other", *packs[5:7])
    await hand_over(t, "dist", "shop", *packs[:3])
    await sell(t["shop"], packs[0])
    number = await publish(t, "R1")

    found = await until_reach(t["maker"], number, open=0)
    assert (found["units"], found["secured"], found["gone"]) == (8, 7, 1)
    assert (found["closedPercent"], found["reachedPercent"], found["outside"]) == (100, 100, 0)
    assert {one["name"]: one["units"] for one in found["partners"]} == {
        NAMES["dist"]: 5,
        NAMES["other"]: 2,
    }
    assert {one["state"] for one in found["partners"]} == {"reported"}
    assert found["unreached"] == []
    # The issuer sees that a pack was sold below `dist`, and not by whom.
    assert NAMES["shop"] not in json.dumps(found, ensure_ascii=False)
    middle = await reach(t["dist"], number)
    assert (middle["units"], middle["gone"]) == (5, 1)
    assert [one["name"] for one in middle["partners"]] == [NAMES["shop"]]
    assert NAMES["other"] not in json.dumps(middle, ensure_ascii=False)

    await acknowledge(t["dist"], number, "SECRET-NOTE-4711")
    await acknowledge(t["other"], number)

    async def closed() -> bool:
        partners = (await reach(t["maker"], number))["partners"]
        return {one["state"] for one in partners} == {"closed"}

    await until(closed)
    assert "SECRET-NOTE-4711" in _everything(t, "dist")
    for slug in ("maker", "other", "shop"):
        assert "SECRET-NOTE-4711" not in _everything(t, slug)
    assert "SECRET" not in json.dumps(await public(t["maker"], packs[0]))
    tasks = (await t["shop"].client.get("/v1/recalls/tasks")).json()["tasks"]
    (task,) = [one for one in tasks if one["notice"] == number]
    assert (task["name"], task["asked"], task["gone"]) == (NAMES["dist"], 3, 1)
    assert task["acknowledgedAt"] is None


def _unpacked(value: bytes) -> bytes:
    try:
        return zstandard.ZstdDecompressor().decompress(value, max_output_size=1 << 26)
    except zstandard.ZstdError:
        return value


def _everything(t: Town, slug: str) -> str:
    """Return all texts of a gateway's database, bodies of messages unpacked."""
    found = []
    with sqlite3.connect(t.database(slug)) as connection:
        names = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for name in names:
            for row in connection.execute(f'SELECT * FROM "{name}"'):
                for value in row:
                    if isinstance(value, bytes):
                        found.append(_unpacked(value).decode("latin-1"))
                    elif isinstance(value, str):
                        found.append(value)
    return "\n".join(found)


async def test_the_lot_that_a_handover_told_is_known_at_the_till(t: Town) -> None:
    recalled, fine = sgtin(), sgtin()
    await make(t["maker"], recalled, **lot("R9"))
    await make(t["maker"], fine, **lot("R10"))
    await hand_over(t, "maker", "shop", recalled, fine)
    await publish(t, "R9")
    body = {"codes": [recalled]}
    refused = await t["shop"].client.post("/v1/operations/dispense", json=body)
    assert [one["code"] for one in refused.json()["errors"]] == ["recall_notice"], refused.text
    assert (await do(t["shop"], "dispense", fine)).status_code == 201


async def test_a_drill_has_a_score_and_counts_follow_what_happens(t: Town) -> None:
    packs = [sgtin() for _ in range(4)]
    await make(t["maker"], *packs, **lot("R2"))
    await hand_over(t, "maker", "dist", *packs[:2])
    number = await publish(t, "R2", drill=True)
    wanted = {"goods": 60, "people": 0, "speed": 15, "total": 75}
    await until_reach(t["maker"], number, open=0, score=wanted)
    await acknowledge(t["dist"], number)

    async def scored() -> bool:
        return bool((await reach(t["maker"], number))["score"]["total"] == 100)

    await until(scored)
    # A drill blocks nothing: what is sold afterwards is counted over.
    await hand_over(t, "dist", "shop", packs[1])
    await sell(t["shop"], packs[1])
    await until_reach(t["maker"], number, gone=1, open=0)


async def test_who_does_not_answer_is_named_and_its_goods_stay_open(t: Town) -> None:
    packs = [sgtin() for _ in range(3)]
    await make(t["maker"], *packs, **lot("R3"))
    await hand_over(t, "maker", "other", *packs[:2])
    await t.stop("other")
    number = await publish(t, "R3")
    found = await until_reach(t["maker"], number, unreached=[NAMES["other"]])
    assert (found["units"], found["open"], found["closedPercent"]) == (3, 2, 33)
    await t.start("other")
    found = await until_reach(t["maker"], number, open=0)
    assert found["unreached"] == []


async def test_goods_that_left_the_network_stay_open(t: Town) -> None:
    packs = [sgtin() for _ in range(2)]
    await make(t["maker"], *packs, **lot("R4"))
    stranger = "https://id.gs1.org/417/9521321000018"
    sent = shipping(
        packs[0],
        **now(),
        destinationList=[{"type": "owning_party", "destination": stranger}],
    )
    await t["maker"].entry(sent, final=False)
    number = await publish(t, "R4")
    found = await until_reach(t["maker"], number, outside=1)
    assert (found["units"], found["secured"], found["open"]) == (2, 1, 1)


async def test_what_went_back_is_the_givers_again(t: Town) -> None:
    pack = sgtin()
    await make(t["maker"], pack, **lot("R5"))
    await hand_over(t, "maker", "dist", pack)
    await hand_over(t, "dist", "maker", pack)
    number = await publish(t, "R5")
    found = await until_reach(t["maker"], number, open=0)
    assert (found["units"], found["secured"], found["partners"]) == (1, 1, [])


async def test_a_question_or_a_report_out_of_nothing_is_refused(t: Town) -> None:
    number = await publish(t, "R6")
    for kind, body, code in (
        (
            "recall_task",
            {
                "format": "sealtrail/recall-task/v1",
                "notice": number,
                "product": PRODUCT,
                "handovers": [{"handover": "00" * 32, "units": 1}],
            },
            "recall_handover",
        ),
        (
            "recall_report",
            {
                "format": "sealtrail/recall-report/v1",
                "notice": number,
                "handovers": [],
                "acknowledgedAt": None,
            },
            "recall_unasked",
        ),
        ("recall_task", {"format": "sealtrail/recall-task/v1"}, "recall_form"),
        ("recall_report", {"format": "x", "SECRET": 1}, "recall_form"),
    ):
        channel = t["shop"].gateway.partners.channel
        await channel.say(t.member("maker").id, kind, json.dumps(body).encode())

        async def refused(code: str = code) -> bool:
            answer = await t["shop"].client.get("/v1/peers/maker/messages", params={"way": "out"})
            assert answer.status_code == 200, answer.text
            return code in answer.text

        await until(refused)


async def test_a_notice_that_is_not_there_is_not_found(t: Town) -> None:
    answer = await t["maker"].client.get("/v1/recalls/9999/reach")
    assert (answer.status_code, answer.json()["code"]) == (404, "notice_not_found")
    answer = await t["maker"].client.post("/v1/recalls/9999/acknowledge", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "notice_not_found")
