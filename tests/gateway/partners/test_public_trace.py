"""Public answers: published steps come by push; unknown and undisclosed are alike, in time too."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import quote

import orjson
import pytest
import pytest_asyncio

from anchoring.core.bundle import Bundle
from anchoring.core.verify import check_bundle
from anchoring.handover_check import fewer_fields
from node_gateway.partners.publishing import PUBLISHED
from node_gateway.services.steps import COARSE
from node_gateway.settings_partners import TraceSection
from node_gateway.storage import peers
from tests.anvil import Anvil
from tests.gateway.partners.hearers import settled
from tests.gateway.partners.ways import (
    NAMES,
    code,
    hand_over,
    make,
    person,
    public,
    until,
    wishes,
)
from tests.gateway.running import Running, shipping
from tests.partners import Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")
PUBLISHING = TraceSection(publish="coarse")
ROUNDS = 25
STEP_MS = 50


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("public")
    people = [person(one) for one in ("maker", "dist", "shop")]
    own = {"shop": wishes(trace=PUBLISHING)}
    async with town(anvil, template, folder, people, wishes=wishes(), own=own) as made:
        yield made


async def test_a_published_step_reaches_the_issuers_public_answer(t: Town) -> None:
    """The shop publishes, the distributor does not: it passes the step on and stays unseen."""
    pack = code()
    await make(t["maker"], pack)
    await hand_over(t, "maker", "dist", pack)
    assert (await public(t["maker"], pack))["steps"] == []
    await hand_over(t, "dist", "shop", pack)

    async def has_come() -> bool:
        return bool((await public(t["maker"], pack))["steps"])

    await until(has_come)
    answer = await public(t["maker"], pack)
    (step,) = answer["steps"]
    assert (step["name"], step["role"], step["step"]) == (NAMES["shop"], "pharmacy", "receiving")
    assert "eventTime" not in step
    (bundle,) = await t["maker"].checked(json.dumps(step["proof"]).encode())
    assert bundle.code_values == {pack}
    assert set(bundle.values) <= {"sealtrail:act", "sealtrail:month", "sealtrail:region"}
    assert NAMES["dist"] not in json.dumps(answer)
    assert "6902345" not in json.dumps(answer)
    for hole in answer["holes"]:
        assert hole == {"direction": "down", "reason": "not_disclosed"}
    assert (await public(t["dist"], pack))["steps"] == []
    assert len((await public(t["shop"], pack))["steps"]) == 1


async def test_nobody_publishes_anothers_step_nor_more_than_is_published(t: Town) -> None:
    """What a partner disclosed with its shipment is not the receiver's to show to the public."""
    pack = code()
    await make(t["maker"], pack)
    await hand_over(t, "maker", "dist", pack)
    await hand_over(t, "dist", "shop", pack)
    shipped, received = (
        await bundle(t["dist"], pack, "shipping"),
        await bundle(t["shop"], pack, "receiving"),
    )
    assert "$['eventTime']" in check_bundle(received).values
    coarse = replace(shipped, fields=fewer_fields(shipped.fields, COARSE.paths), hints=None)
    dist = t.member("dist").id
    digests = [
        await t["shop"].gateway.partners.channel.say(
            dist, PUBLISHED, orjson.dumps(replace(one, hints=None).to_wire())
        )
        for one in (shipped, received, coarse)
    ]
    await settled(t["shop"], dist)
    for digest in digests:
        kept = await t["shop"].gateway.store.read(
            lambda c, digest=digest: peers.message_by_digest(c, digest)
        )
        assert kept is not None
        assert kept.answer_code == "step_refused"
    steps = (await public(t["maker"], pack))["steps"]
    assert {one["name"] for one in steps} <= {NAMES["shop"]}


async def bundle(up: Running, pack: str, step: str) -> Bundle:
    """Return what partners are shown of a step, with its proof."""
    events = (await up.client.get(f"/v1/codes/{quote(pack, safe='')}")).json()["events"]
    (entry,) = (one["entry"] for one in events if one["bizStep"] == step)
    return await up.gateway.disclosing.bundle(
        bytes.fromhex(entry), audience="partner", codes=[pack]
    )


async def test_unknown_and_undisclosed_look_alike(t: Town) -> None:
    hidden, unknown = code(), code()
    await t["dist"].entry(shipping(hidden))
    told, nothing = await public(t["dist"], hidden), await public(t["dist"], unknown)
    assert told == {**nothing, "code": hidden}


async def test_unknown_and_undisclosed_take_the_same_time(t: Town) -> None:
    """Undisclosed codes have several events here: more is read for them before nothing is said."""
    hidden = code()
    for _ in range(3):
        await t["dist"].entry(shipping(hidden))
    client = t["dist"].stranger()

    async def taken_ms(asked: str) -> float:
        began = time.perf_counter()
        answer = await client.get(f"/v1/public/codes/{quote(asked, safe='')}")
        assert answer.status_code == 200
        return (time.perf_counter() - began) * 1000

    known, unknown = [], []
    for _ in range(ROUNDS):  # by turns: whatever else the machine does meets both
        known.append(await taken_ms(hidden))
        unknown.append(await taken_ms(code()))
    assert min(known) >= STEP_MS - 1
    assert min(unknown) >= STEP_MS - 1
    # As far as times of a machine that does other things can be told apart.
    low, _, high = quantiles(known + unknown, n=4)
    assert abs(median(known) - median(unknown)) < max(STEP_MS / 5, high - low)


async def test_the_hole_does_not_come_with_the_goods(t: Town) -> None:
    """If it appeared when a pack is shipped, it would tell when that was."""
    pack = code()
    await make(t["maker"], pack)
    before = (await public(t["maker"], pack))["holes"]
    await hand_over(t, "maker", "dist", pack)
    assert (await public(t["maker"], pack))["holes"] == before


async def test_a_lot_or_product_limit_tells_nothing(t: Town) -> None:
    """A limited answer is the same for codes that exist and codes that do not."""
    limits = wishes().limits.model_copy(update={"public_per_product": "4/minute"})
    up: Running = await t.restart("dist", wishes(limits=limits))
    hidden = code()
    await up.entry(shipping(hidden))
    client = up.stranger()
    for at in range(4):
        assert (
            await client.get(f"/v1/public/codes/{quote(code(), safe='')}")
        ).status_code == 200, at
    answers = [
        await client.get(f"/v1/public/codes/{quote(one, safe='')}") for one in (hidden, code())
    ]
    assert [one.status_code for one in answers] == [429, 429]
    assert all(int(one.headers["retry-after"]) >= 1 for one in answers)
    bodies = [one.json() | {"request_id": ""} for one in answers]
    assert {one["code"] for one in bodies} == {"rate_limit"}
    assert bodies[0]["detail"] == bodies[1]["detail"]
