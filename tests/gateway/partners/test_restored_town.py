"""A maker that puts yesterday's backup back: everything converges, nothing is lost or doubled."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from node_gateway.partners.ports import Direction
from node_gateway.settings_partners import HandoversSection
from node_gateway.storage import handovers, peers, sales
from node_gateway.storage.engine import migrate
from node_gateway.storage.handovers import Handover, State
from node_gateway.storage.peers import Way
from tests.anvil import Anvil
from tests.gateway.partners.arriving import (
    answer,
    came,
    exceptions,
    finish,
    get,
    post,
    scan,
    wishes,
)
from tests.gateway.partners.hearers import settled
from tests.gateway.partners.restoring import Vault
from tests.gateway.partners.ways import PREFIXES, now, person, sell, until
from tests.gateway.running import Running, commissioning, sgtin, shipping
from tests.partners import Town, party_of, town
from tests.postgres import RunningPostgres, running_postgres

PEOPLE = [person("maker"), person("shop")]


def made(*packs: str) -> dict[str, Any]:
    return commissioning(*packs, **now(), eventID=f"urn:uuid:{uuid.uuid4()}")


def sent(*packs: str) -> dict[str, Any]:
    goes_to = {"type": "owning_party", "destination": party_of(PREFIXES["shop"])}
    named = {"eventID": f"urn:uuid:{uuid.uuid4()}", "destinationList": [goes_to]}
    return shipping(*packs, **{**now(), **named})


async def standing(up: Running, direction: Direction, *packs: str) -> list[Handover]:
    """Return the standing handovers of exactly these packs."""

    def read(connection: Connection) -> list[Handover]:
        found = handovers.handovers(connection, after=0, limit=1000, direction=direction)
        return [
            one
            for one in found
            if one.state is State.SAID
            and {told.code for told in handovers.codes_of(connection, one.digest or b"")}
            == set(packs)
        ]

    return await up.gateway.store.read(read)


async def listed(up: Running, path: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await get(up, path, perPage=1000))[name]
    return found


async def all_said(up: Running, to: int) -> list[tuple[int, str, str | None]]:
    found = await up.gateway.store.read(lambda c: peers.messages(c, to, Way.SAID, limit=1000))
    return [(one.number, one.kind, one.answer_code) for one in found]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_gateway_that_was_restored_knows_again_what_it_said(
    anvil: Anvil, template: Path, tmp_path: Path, kind: str
) -> None:
    if kind == "sqlite":
        await story(anvil, template, tmp_path, None)
        return
    with running_postgres() as server:
        await story(anvil, template, tmp_path, server)


async def story(
    anvil: Anvil, template: Path, tmp_path: Path, server: RunningPostgres | None
) -> None:
    plain = wishes()
    like = plain
    if server is not None:
        like = plain.but(database=server.new_database())
        migrate(like.database or "")
    async with town(
        anvil, template, tmp_path / "t", PEOPLE, wishes=plain, own={"maker": like}
    ) as t:
        vault = Vault(t, "maker", tmp_path, server)
        early, late = [sgtin() for _ in range(3)], [sgtin() for _ in range(3)]
        events = made(*late), sent(*late)
        await t["maker"].entry(made(*early), final=False)
        first = await t["maker"].entry(sent(*early), final=False)
        await came(t["shop"], first)
        await settled(t["maker"], 2)
        await vault.create()

        await receive(t, first, *early[:2])  # one is short: both have an exception
        cases = await until(lambda: exceptions(t["maker"], "shortage", early[2]))
        case = cases[0]["number"]
        said = {"text": "We look for it."}
        await post(t["maker"], f"/v1/exceptions/{case}/messages", said)
        for one in events:
            second = await t["maker"].entry(one, final=False)
        await receive(t, second, *late)
        await sell(t["shop"], early[0])
        await until(lambda: is_sold(t["maker"], early[0]))
        for slug, other in (("maker", 2), ("shop", 1)):
            await settled(t[slug], other)
        before = await all_said(t["maker"], 2)
        there, here = await counts(t["shop"]), await counts(t["maker"])
        (known,) = await standing(t["shop"], Direction.IN, *late)

        await t.stop("maker")
        adopted = await vault.restore(like)
        assert any(one["adopted"] for one in adopted)
        await until(lambda: is_sold(t["maker"], early[0]))

        async def is_back() -> bool:
            found = await all_said(t["maker"], 2)
            return found[: len(before)] == before and await counts(t["maker"]) == here

        await until(is_back, timeout_s=60)
        (again,) = await standing(t["maker"], Direction.OUT, *late)
        assert again.digest == known.digest
        await answer(t["maker"], (known.digest or b"").hex())
        for pack in (*early, *late):
            (ours,) = await t["maker"].gateway.store.read(lambda c, p=pack: handovers.edges(c, p))
            (theirs,) = await t["shop"].gateway.store.read(lambda c, p=pack: handovers.edges(c, p))
            assert ours.handover == theirs.handover
        assert len(await exceptions(t["maker"], "shortage", early[2])) == 1
        assert (await get(t["maker"], "/v1/peers/shop"))["alarm"] == "peer_messages_forgotten"
        assert (await get(t["shop"], "/v1/peers/maker"))["alarm"] is None
        assert await counts(t["shop"]) == there

        third = await sent_again(t, events, late, known.digest)
        assert third != second


async def sent_again(
    t: Town, events: Sequence[dict[str, Any]], packs: Sequence[str], replaced: bytes | None
) -> str:
    """Capture again what the backup did not have: it takes the place of what was said."""
    for one in events:
        entry = await t["maker"].entry(one, final=False)
    await came(t["shop"], entry)
    await settled(t["maker"], 2)
    (there,) = await standing(t["shop"], Direction.IN, *packs)
    assert there.replaces == replaced
    (here,) = await standing(t["maker"], Direction.OUT, *packs)
    assert here.digest == there.digest
    assert (await get(t["shop"], "/v1/peers/maker"))["alarm"] is None
    return entry


async def receive(t: Town, entry: str, *packs: str) -> None:
    shipment = await came(t["shop"], entry)
    await scan(t["shop"], shipment["number"], *packs)
    await finish(t["shop"], shipment["number"])
    await answer(t["maker"], shipment["handover"])


async def is_sold(up: Running, pack: str) -> bool:
    return bool(await up.gateway.store.read(lambda c: sales.of_code(c, pack)))


async def counts(up: Running) -> dict[str, int]:
    """Return how many there are of everything that could be lost or doubled."""
    found = {}
    for name, path in (
        ("shipments", "/v1/shipments?state=all"),
        ("exceptions", "/v1/exceptions"),
        ("handovers", "/v1/handovers"),
    ):
        found[name] = len(await listed(up, path, name))
    return found


@pytest.mark.parametrize("restored", ["maker", "shop"])
async def test_a_handover_that_was_held_is_what_was_said_meanwhile(
    anvil: Anvil, template: Path, tmp_path: Path, restored: str
) -> None:
    """The copy holds a draft that says less than what was confirmed since."""
    plain, packs = wishes(), [sgtin() for _ in range(2)]
    held = HandoversSection(poll_s=0.1, automatic=False)
    own = {"maker": plain.but(sections={**plain.sections, "handovers": held})}
    async with town(anvil, template, tmp_path / "t", PEOPLE, wishes=plain, own=own) as t:
        vault = Vault(t, restored, tmp_path)
        await t["maker"].entry(made(packs[0]), final=False)
        entry = await t["maker"].entry(sent(*packs), final=False)
        await t["maker"].gateway.follower.catch_up()
        (draft,) = await of_shipment(t["maker"], entry)
        assert draft.state is State.HELD
        await vault.create()

        await t["maker"].entry(made(packs[1]), final=False)
        await t["maker"].gateway.follower.catch_up()
        await post(t["maker"], f"/v1/handovers/{draft.number}/resend", None, status=201)
        await came(t["shop"], entry)
        await settled(t["maker"], 2)
        (said,) = await of_shipment(t["shop"], entry)
        lots = await lots_of(t["shop"], said)
        assert set(lots) == set(packs)
        assert None not in lots.values()

        await t.stop(restored)
        await vault.restore(own.get(restored, plain))

        async def is_known_again() -> bool:
            sides = [await of_shipment(t[slug], entry) for slug in ("maker", "shop")]
            return [[(one.state, one.digest) for one in some] for some in sides] == [
                [(State.SAID, said.digest)]
            ] * 2

        await until(is_known_again, timeout_s=60)
        for slug in ("maker", "shop"):
            (one,) = await of_shipment(t[slug], entry)
            assert await lots_of(t[slug], one) == lots
            assert await listed(t[slug], "/v1/exceptions", "exceptions") == []


async def of_shipment(up: Running, entry: str) -> list[Handover]:
    return await up.gateway.store.read(lambda c: handovers.handovers_of(c, bytes.fromhex(entry)))


async def lots_of(up: Running, one: Handover) -> dict[str, str | None]:
    found = await up.gateway.store.read(lambda c: handovers.codes_of(c, one.digest or b""))
    return {told.code: told.lot for told in found}
