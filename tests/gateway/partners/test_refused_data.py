"""Data that do not hold are somebody's task at the receiver: lies, and proofs that never come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, select

from anchoring.core.anchor import ZERO_HASH, Anchor, AnchoredAt
from anchoring.core.merkle import leaf_hash
from anchoring.handover import EventProof, Manifest, Part, proofs_to_json
from anchoring.handover_check import check_event
from node_gateway.partners import handover_taking
from node_gateway.partners.acknowledgement import PROOFS_KIND as ANSWER_PROOFS_KIND
from node_gateway.partners.handing_over import KIND, PART_KIND, PROOFS_KIND
from node_gateway.partners.received_events import read_proof
from node_gateway.settings_exceptions import ExceptionsSection
from node_gateway.settings_partners import HandoversSection
from node_gateway.storage import handovers
from node_gateway.storage.handover_reading import unsealed
from node_gateway.storage.handover_tables import handover_event, handover_part
from tests.anvil import Anvil
from tests.gateway.partners import hearers
from tests.gateway.partners.arriving import answer, finish, get, made_and_sent, scan, send, wishes
from tests.gateway.partners.test_handover_format import COMMISSIONING, LOT, SHIPPING, handed
from tests.gateway.partners.ways import make, person, until
from tests.gateway.running import Running, sgtin
from tests.partners import PEERS, WISHES, Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("refused")
    people = [person(one) for one in ("maker", "dist", "shop")]
    strict = {
        "peers": PEERS,
        "handovers": HandoversSection(poll_s=0.1, proofs_late_s=4),
        "exceptions": ExceptionsSection(),
    }
    own = {"dist": WISHES.but(sections=strict)}
    async with town(anvil, template, folder, people, wishes=wishes(), own=own) as made:
        yield made


async def doubts(up: Running, partner: int) -> list[dict[str, Any]]:
    found = await get(up, "/v1/exceptions", kind="data_refused", perPage=100)
    listed: list[dict[str, Any]] = found["exceptions"]
    return [one for one in listed if one["partner"]["participant"] == partner]


async def doubt_about(up: Running, partner: int, subject: str) -> dict[str, Any]:
    async def opened() -> dict[str, Any] | None:
        some = await doubts(up, partner)
        return next((one for one in some if one["subject"] == subject), None)

    found: dict[str, Any] = await until(opened)
    return found


async def say(t: Town, giver: str, taker: str, kind: str, body: bytes) -> bytes:
    digest = await t[giver].gateway.partners.channel.say(t.member(taker).id, kind, body)
    await hearers.settled(t[giver], t.member(taker).id)
    return digest


def invented(shop: int, maker: int, pack: str) -> tuple[Part, bytes]:
    """Return a shipment that nobody captured and its text; each event holds in itself."""
    events = (
        handed({**SHIPPING, "epcList": [pack]}, participant=shop),
        handed({**COMMISSIONING, "epcList": [pack]}, *LOT, participant=maker),
    )
    part = Part(check_event(events[0]).entry, 0, None, events)
    return part, part.to_json()


async def test_a_handover_that_does_not_hold_together_is_refused_and_a_case(t: Town) -> None:
    maker, shop, dist = t.member("maker").id, t.member("shop").id, t["dist"]
    part, text = invented(shop, maker, sgtin())
    await say(t, "shop", "dist", PART_KIND, text)
    manifest = Manifest(part.shipment, (sha256(text).digest(),), 2, 7)
    digest = await say(t, "shop", "dist", KIND, manifest.to_json())
    assert (await hearers.said(t["shop"], t.member("dist").id))[-1][1] == "handover_count"
    case = await doubt_about(dist, shop, digest.hex())
    assert "handover_count" in case["detail"]
    assert case["dueAt"]
    found = await get(dist, "/v1/handovers", perPage=100)
    assert part.shipment.hex() not in {one["shipment"] for one in found["handovers"]}


@pytest.mark.parametrize("at", [AnchoredAt(1, 1), AnchoredAt(2**40, 1), AnchoredAt(2**40, 2**40)])
async def test_an_anchor_that_the_chain_does_not_have_is_a_case(t: Town, at: AnchoredAt) -> None:
    """A batch of one, a record of nothing: it holds in itself and the chain contradicts it."""
    maker, shop = t.member("maker").id, t["shop"]
    head = await made_and_sent(t, "maker", "shop", sgtin())
    entry = bytes.fromhex(head["shipment"])
    mine = handover_event.c.entry == entry

    def is_sealed(c: Connection) -> bool:
        query = select(handover_event.c.sealed).where(mine)
        return bool(c.execute(query).scalar_one() == handovers.Sealed.YES)

    await until(lambda: shop.gateway.store.read(is_sealed))

    def forget_the_truth(c: Connection) -> None:  # as if it had not come yet
        c.execute(handover_event.update().where(mine).values(sealed=0, proof=None))

    await shop.gateway.store.write("test", forget_the_truth)
    anchor = Anchor(maker << 16, 1, leaf_hash(entry), 1, ZERO_HASH)
    lie = proofs_to_json([EventProof(entry, 0, (), anchor, at)])
    await say(t, "maker", "shop", PROOFS_KIND, lie)
    case = await doubt_about(shop, maker, head["handover"])
    assert "chain" in case["detail"]
    seen = await get(shop, f"/v1/handovers/{head['number']}")
    assert seen["proofs"]["refused"] == 1
    await say(t, "maker", "shop", PROOFS_KIND, lie)
    await until(lambda: shop.gateway.store.read(has_none_waiting))
    again = [one for one in await doubts(shop, maker) if one["subject"] == head["handover"]]
    assert len(again) == 1

    async def told() -> list[dict[str, Any]]:
        return await doubts(t["maker"], t.member("shop").id)

    assert head["handover"] in {one["subject"] for one in await until(told)}


async def test_a_false_proof_of_anothers_event_accuses_its_bringer_alone(
    t: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shop and the maker hand the same commissioning over; the shop lies of it."""
    maker, shop, dist = t.member("maker").id, t.member("shop").id, t["dist"]
    lateness = dist.gateway.partners.handovers.sending._proving._doubts
    monkeypatch.setattr(lateness, "_late_s", 600)  # what is forgotten below is not late, but gone
    first, second = sgtin(), sgtin()
    made = bytes.fromhex(await make(t["maker"], first, second))
    direct = await send(t, "maker", "dist", first)
    await send(t, "maker", "shop", second)
    around = await send(t, "shop", "dist", second)
    mine = handover_event.c.entry == made

    def state(c: Connection) -> handovers.HandedEvent | None:
        found = handovers.received_event(c, made)
        return found if found is not None and found.sealed is not handovers.Sealed.NO else None

    true = await until(lambda: dist.gateway.store.read(state))
    assert true.sealed is handovers.Sealed.YES
    await until(lambda: dist.gateway.store.read(has_none_waiting))

    def forget_the_truth(c: Connection) -> None:  # as if it had not come yet
        c.execute(handover_event.update().where(mine).values(sealed=0, proof=None))

    await dist.gateway.store.write("test", forget_the_truth)
    for sequence, who in enumerate(("shop", "maker", "shop"), 1):  # liar first, and again at last
        anchor = Anchor(maker << 16, sequence, leaf_hash(made), 1, ZERO_HASH)
        lie = EventProof(made, 0, (), anchor, AnchoredAt(1, 1))
        said = read_proof(true.proof) if who == "maker" else lie
        await say(t, who, "dist", PROOFS_KIND, proofs_to_json([said]))
        await until(lambda: dist.gateway.store.read(has_none_waiting))
    kept = await dist.gateway.store.read(state)
    assert (kept.sealed, kept.proof) == (handovers.Sealed.YES, true.proof)
    case = await doubt_about(dist, shop, around["handover"])
    assert "chain" in case["detail"]
    assert [one for one in await doubts(dist, maker) if one["subject"] == direct["handover"]] == []


def has_none_waiting(c: Connection) -> bool:
    return not unsealed(c, 10)


async def test_events_that_were_never_anchored_are_a_case_even_if_no_proof_comes(t: Town) -> None:
    """It holds together: the shop invented a commissioning by the maker, and its shipment."""
    maker, shop, dist = t.member("maker").id, t.member("shop").id, t["dist"]
    part, text = invented(shop, maker, sgtin())
    manifest = Manifest(part.shipment, (sha256(text).digest(),), 2, 1)
    await say(t, "shop", "dist", PART_KIND, text)
    digest = await say(t, "shop", "dist", KIND, manifest.to_json())
    case = await doubt_about(dist, shop, digest.hex())
    assert "not proven" in case["detail"]


async def test_honest_handovers_raise_no_doubt(t: Town) -> None:
    maker, dist = t.member("maker").id, t["dist"]
    head = await made_and_sent(t, "maker", "dist", sgtin())

    async def sealed() -> bool:
        proofs = (await get(dist, f"/v1/handovers/{head['number']}"))["proofs"]
        return bool(proofs["sealed"] == 2)

    await until(sealed)
    await asyncio.sleep(4.5)  # longer than proofs may take here
    assert [one for one in await doubts(dist, maker) if one["subject"] == head["handover"]] == []


async def test_parts_whose_manifest_never_comes_do_not_pile_up(
    t: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest are dropped with their events; the newest still become a handover."""
    maker, shop, dist = t.member("maker").id, t.member("shop").id, t["dist"]
    monkeypatch.setattr(handover_taking, "PARTS_WAITING_MAX", 2)
    said = [invented(shop, maker, sgtin()) for _ in range(4)]
    for _, text in said:
        await say(t, "shop", "dist", PART_KIND, text)
    assert len(await dist.gateway.store.read(loose_parts)) == 2
    kept = await dist.gateway.store.read(events_kept)
    assert [part.shipment in kept for part, _ in said] == [False, False, True, True]
    part, text = said[-1]
    manifest = Manifest(part.shipment, (sha256(text).digest(),), 2, 1)
    await say(t, "shop", "dist", KIND, manifest.to_json())
    assert (await hearers.said(t["shop"], t.member("dist").id))[-1][1] == ""
    part, text = said[0]
    manifest = Manifest(part.shipment, (sha256(text).digest(),), 2, 1)
    await say(t, "shop", "dist", KIND, manifest.to_json())
    assert (await hearers.said(t["shop"], t.member("dist").id))[-1][1] == "handover_parts"


def loose_parts(c: Connection) -> list[int]:
    query = select(handover_part.c.number).where(handover_part.c.handover.is_(None))
    return list(c.execute(query).scalars())


def events_kept(c: Connection) -> set[bytes]:
    return {bytes(one) for one in c.execute(select(handover_event.c.entry)).scalars()}


async def test_a_receipt_is_proven_by_our_own_chain_alone(t: Town) -> None:
    """A proof of the receiving event that holds in itself, from a block that has no such anchor."""
    shop = t.member("shop").id
    pack = sgtin()
    head = await made_and_sent(t, "maker", "shop", pack)
    await scan(t["shop"], head["number"], pack)
    done = await finish(t["shop"], head["number"])
    said = await answer(t["maker"], head["handover"])
    entry = bytes.fromhex(done["events"][0])
    assert [one["entry"] for one in said["events"]] == [entry.hex()]
    anchor = Anchor(shop << 16, 1, leaf_hash(entry), 1, ZERO_HASH)

    async def refusals() -> int:
        said = await hearers.said(t["shop"], t.member("maker").id)
        return sum(code == "acknowledgement_invalid" for _, code in said)

    before = await refusals()
    for at in (AnchoredAt(1, 1), AnchoredAt(2**40, 1), AnchoredAt(2**40, 2**40)):
        lie = proofs_to_json([EventProof(entry, 0, (), anchor, at)])
        await say(t, "shop", "maker", ANSWER_PROOFS_KIND, lie)  # and is answered: none waits
    assert await refusals() == before + 3

    async def proven() -> bool:
        found = await answer(t["maker"], head["handover"])
        return all(one["isProven"] for one in found["events"])

    await until(proven)  # the true one, which is looked up likewise
