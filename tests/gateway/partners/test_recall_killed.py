"""F1 in a recall: gateways die between question, answer and count; reach completes, once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from anchoring.chain.governance_calls import NO_DIGEST, NoticeScope
from node_gateway.storage import peers
from node_gateway.storage.peers import Way
from tests.anvil import Anvil
from tests.gateway.partners.arriving import came
from tests.gateway.partners.recall_town import PRODUCT, TEXT, lot, quick_wishes, until_reach
from tests.gateway.partners.test_killed import Killer
from tests.gateway.partners.test_recall_restated import adds_up, sent
from tests.gateway.partners.ways import do, make, person, until
from tests.gateway.running import sgtin
from tests.partners import Town, town

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

SLUGS = ("maker", "dist", "shop")
KILLS = (
    ("maker", "recall_look.before_commit"),  # it is about to ask
    ("maker", "recall_look.after_commit"),  # it has asked, and nothing was sent
    ("dist", "peer_hear.after_commit"),  # it is asked, and has not answered
    ("dist", "recall_look.before_commit"),  # it is about to answer, or to ask on
    ("shop", "recall_look.after_commit"),  # it has answered, and nothing was sent
    ("maker", "peer_hear.before_commit"),  # it is answered, and has not counted
)

# Every second one at each change, all of them in the long form.
SWEPT = KILLS if os.environ.get("SEALTRAIL_FAULTS") == "long" else KILLS[1::2]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def story(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Town, dict[str, Killer]]]:
    folder = tmp_path_factory.mktemp("recall_killed")
    killers = {slug: Killer() for slug in SLUGS}
    own = {slug: quick_wishes(on_step=killer) for slug, killer in killers.items()}
    people = [person(one) for one in SLUGS]
    async with town(anvil, template, folder, people, wishes=quick_wishes(), own=own) as t:
        yield t, killers


async def heard(t: Town, slug: str, giver: str, kind: str) -> int:
    """Return how many different messages of a kind came from a partner."""
    found = await t[slug].gateway.store.read(
        lambda c: peers.messages(c, t.member(giver).id, Way.HEARD, limit=1000)
    )
    return len({one.body_digest for one in found if one.kind == kind})


@pytest.mark.faults
@pytest.mark.parametrize("kill", SWEPT, ids="-".join)
async def test_f1_a_recall_closes_whoever_is_killed(
    story: tuple[Town, dict[str, Killer]], kill: tuple[str, str]
) -> None:
    (t, killers), (who, step) = story, kill
    name = f"K{KILLS.index(kill)}"
    packs = [sgtin() for _ in range(4)]
    await make(t["maker"], *packs, **lot(name))
    await came(t["dist"], await t["maker"].entry(sent("dist", *packs[:3]), final=False))
    await do(t["dist"], "receive", *packs[:3])
    await came(t["shop"], await t["dist"].entry(sent("shop", *packs[:2]), final=False))
    await do(t["shop"], "receive", *packs[:2])
    sold = {**sent("shop", packs[0]), "bizStep": "dispensing", "disposition": "dispensed"}
    await t["shop"].entry(sold, final=False)
    asked = {slug: await heard(t, slug, giver, "recall_task") for slug, giver in CHAIN.items()}

    killers[who].arm(step, 1)
    number = await published(t, name)
    await until(lambda: dead(killers[who]), timeout_s=60)
    await t.restart(who)
    killers[who].dead = False
    found = await until_reach(t["maker"], number, timeout_s=60, open=0, gone=1, secured=3)
    adds_up(found, units=4)
    assert Counter(one["state"] for one in found["partners"]) == {"reported": 1}
    middle = await until_reach(t["dist"], number, open=0, gone=1, secured=2)
    adds_up(middle, units=3)
    for slug, giver in CHAIN.items():  # each was asked once, whatever died
        assert await heard(t, slug, giver, "recall_task") == asked[slug] + 1


async def published(t: Town, name: str) -> int:
    """Recall a lot; gateways read of it by themselves, for one of them dies of it."""
    scope = NoticeScope(PRODUCT, (name,), NO_DIGEST)
    mined = await t.net.call("maker", t.net.calls.publish_notice(1, scope, TEXT, drill=False))
    return int(mined.fields("NoticePublished")["id"])


CHAIN = {"dist": "maker", "shop": "dist"}


async def dead(killer: Killer) -> bool:
    return killer.dead
