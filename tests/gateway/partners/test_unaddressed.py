"""Shipments captured before anybody knew their receiver are handed over once it is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from sqlalchemy import Connection

from anchoring.directory.model import Directory
from anchoring.ports import BlockRef
from node_gateway.partners.ports import Direction
from node_gateway.storage import handovers as reading
from node_gateway.storage.handover_writing import add_out
from node_gateway.storage.handovers import Handover, State
from node_gateway.storage.receiving import NOBODY, unmatched
from tests.anvil import Anvil
from tests.gateway.cli.conftest import Cli
from tests.gateway.partners.arriving import answer, get, receiving
from tests.gateway.partners.test_handing_over import DIST, MAKER, SOON, handed, packs, sent, until
from tests.gateway.partners.test_killed import Killer
from tests.gateway.running import Running, commissioning
from tests.partners import Person, Town, party_of, town

pytestmark = pytest.mark.asyncio(loop_scope="module")

STRANGER, LATER = "gs1:6907777", "gs1:6908888"
UNREAD: Final = Directory(BlockRef(-1, bytes(32), 0))
"""What a gateway knows of the network before it has read the chain for the first time."""


@pytest.fixture(scope="module")
def killer() -> Killer:
    """Kills the maker."""
    return Killer()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def two(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory, killer: Killer
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("two")
    people = (Person("maker", prefixes=(MAKER,)), Person("dist", prefixes=(DIST,)))
    own = {"maker": SOON.but(on_step=killer)}
    async with town(anvil, template, folder, people, wishes=SOON, own=own) as made:
        yield made


def unread(up: Running, patch: pytest.MonkeyPatch) -> None:
    """Let what handovers know of the network be what a gateway knows that was just started."""
    patch.setattr(up.gateway.partners.handovers.parties, "_current", lambda: UNREAD)


async def shipped(up: Running, receiver: str, **members: Any) -> str:
    """Ship a pack; return the entry when the shipment was followed."""
    (pack,) = packs(1)
    await up.entry(commissioning(pack), final=False)
    entry = await up.entry(sent(MAKER, receiver, pack, **members), final=False)
    await up.gateway.follower.catch_up()
    return entry


async def going(up: Running, entry: str) -> list[Handover]:
    found: list[Handover] = await up.gateway.store.read(
        lambda c: reading.handovers_of(c, bytes.fromhex(entry))
    )
    return found


async def waiting(up: Running) -> dict[str, dict[str, Any]]:
    """Return what waits, by party; read in pages of one."""
    found: dict[str, dict[str, Any]] = {}
    after = ""
    while after is not None:
        page = await get(up, "/v1/handovers/unaddressed", after=after, perPage=1)
        found.update({one["party"]: one for one in page["parties"]})
        after = page["next"]
    return found


async def none_waits(up: Running) -> bool:
    return not await waiting(up)


async def join(up: Running, receiver: str, participant: int) -> None:
    """Let the operator state to which participant a party belongs."""
    party = party_of(receiver)
    record = {"nameEn": "Example Later", "participant": participant}
    stated = await up.client.put(f"/v1/parties/{party.rpartition('/')[2]}", json=record)
    assert stated.status_code in (200, 201), stated.text


async def test_a_shipment_from_before_the_directory_was_read_is_handed_over(two: Town) -> None:
    maker, dist = two["maker"], two["dist"]
    with pytest.MonkeyPatch.context() as patch:
        unread(maker, patch)
        entry = await shipped(maker, DIST)
        ours = await shipped(maker, MAKER)
        assert await going(maker, entry) == []
        found = await waiting(maker)
        assert found[party_of(DIST)] == {
            "party": party_of(DIST), "count": 1, "shipments": [entry]
        }  # fmt: skip
        assert found[party_of(MAKER)]["shipments"] == [ours]
        addressing = maker.gateway.partners.handovers.addressing
        await addressing.catch_up()  # it has looked, and knows nobody yet
    addressing.chain_changed()  # as with every directory that is read
    one = await handed(dist, entry)
    assert one.code_count == 1
    await until(lambda: none_waits(maker))
    assert await going(maker, ours) == []
    assert len(await going(maker, entry)) == 1


async def test_a_gateway_that_ends_meanwhile_begins_it_at_its_next_start(two: Town) -> None:
    with pytest.MonkeyPatch.context() as patch:
        unread(two["maker"], patch)
        entry = await shipped(two["maker"], DIST)
        await two.stop("maker")
    maker = await two.start("maker")
    one = await handed(two["dist"], entry)
    assert one.digest == (await handed(maker, entry, direction=Direction.OUT)).digest
    await until(lambda: none_waits(maker))


async def test_what_was_noted_while_the_directory_changed_is_not_left_behind(two: Town) -> None:
    """Judged by the old directory, written when the new one was looked through already."""
    maker = two["maker"]
    handovers = maker.gateway.partners.handovers
    (noticing,) = (one for one in maker.gateway.follower._projections if one.name == "handovers")
    apply, prepare = noticing.apply, noticing.prepare
    with pytest.MonkeyPatch.context() as patch:

        def judged(*given: Any) -> Any:
            with pytest.MonkeyPatch.context() as before:
                unread(maker, before)
                return prepare(*given)

        patch.setattr(noticing, "prepare", judged)
        entry = await shipped(maker, DIST)
    assert noticing.apply == apply
    await handed(two["dist"], entry)
    await handovers.addressing.catch_up()
    assert await none_waits(maker)


async def test_a_partner_that_joins_later_gets_what_was_sent_to_it(two: Town) -> None:
    maker, dist = two["maker"], two["dist"]
    entries = [await shipped(maker, LATER) for _ in range(2)]
    party = party_of(LATER)
    assert (await waiting(maker))[party]["count"] == 2
    await join(maker, LATER, 2)
    for entry in entries:
        assert (await handed(dist, entry)).code_count == 1
        assert len(await going(maker, entry)) == 1
    await until(lambda: none_waits(maker))


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
async def test_f1_a_kill_while_a_receiver_becomes_known_loses_and_doubles_nothing(
    two: Town, killer: Killer, moment: str
) -> None:
    receiver = {"before_commit": "gs1:6908881", "after_commit": "gs1:6908882"}[moment]
    entries = [await shipped(two["maker"], receiver) for _ in range(2)]
    killer.arm(f"handover_addressed.{moment}", 1)
    await join(two["maker"], receiver, 2)
    await until(lambda: dead(killer))
    maker = await two.restart("maker")
    for entry in entries:
        assert (await handed(two["dist"], entry)).code_count == 1
        assert len(await going(maker, entry)) == 1
    await until(lambda: none_waits(maker))


async def dead(killer: Killer) -> bool:
    return killer.dead


async def test_what_was_no_shipment_or_is_erased_waits_no_longer(two: Town) -> None:
    maker = two["maker"]
    void, erased, stays = [await shipped(maker, STRANGER) for _ in range(3)]
    party = party_of(STRANGER)
    assert set((await waiting(maker))[party]["shipments"]) == {void, erased, stays}
    undone = await maker.client.post(
        f"/v1/events/{void}/correction", json={"reason": "did_not_occur"}
    )
    assert undone.status_code in (200, 201), undone.text
    await maker.gateway.follower.catch_up()
    assert set((await waiting(maker))[party]["shipments"]) == {erased, stays}
    gone = await maker.client.delete(f"/v1/events/{erased}")
    assert gone.status_code == 200, gone.text
    assert (await waiting(maker))[party]["shipments"] == [stays]
    await maker.gateway.follower.rebuild()
    assert (await waiting(maker))[party]["shipments"] == [stays]
    listed = await asyncio.to_thread(
        lambda: Cli(Path("/nowhere.toml"), {})(
            "handover", "unaddressed", "--gateway", two.url("maker"),
            SEALTRAIL_API_KEY=maker.admin_key,
        )
    )  # fmt: skip
    assert listed.status == 0, listed.err
    assert party in listed.out
    assert "sealtrail party add" in listed.err


async def test_goods_that_came_before_the_directory_was_read_wait_for_their_data(two: Town) -> None:
    maker, dist = two["maker"], two["dist"]
    (pack,) = packs(1)
    source = [{"type": "owning_party", "source": party_of(MAKER)}]
    stranger = [{"type": "owning_party", "source": party_of(STRANGER)}]
    with pytest.MonkeyPatch.context() as patch:
        unread(dist, patch)
        received = await dist.entry(receiving(pack, sourceList=source), final=False)
        await dist.entry(receiving(*packs(1), sourceList=stranger), final=False)
        await dist.gateway.follower.catch_up()
        told = await dist.gateway.store.read(unmatched)
        assert [one.partner for one in told] == [NOBODY, NOBODY]
    dist.gateway.partners.receipts.arrivals.wake()

    async def named() -> bool:
        told = await dist.gateway.store.read(unmatched)
        return [(one.partner, one.entry.hex()) for one in told] == [(1, received)]

    await until(named)
    await maker.entry(commissioning(pack), final=False)
    entry = await maker.entry(sent(MAKER, DIST, pack), final=False)
    one = await handed(dist, entry)
    said = await answer(maker, (one.digest or b"").hex())
    assert [event["entry"] for event in said["events"]] == [received]
    assert said["differences"] == []


async def test_nothing_is_drafted_before_it_is_known_who_is_a_stranger(two: Town) -> None:
    """A third participant's place in the destinations must not pass for anybody's."""
    maker, dist = two["maker"], two["dist"]
    (pack,) = packs(1)
    await maker.entry(commissioning(pack), final=False)
    handovers = maker.gateway.partners.handovers
    with pytest.MonkeyPatch.context() as patch:
        entry = await maker.entry(sent(MAKER, "gs1:6905555", pack), final=False)
        await maker.gateway.follower.catch_up()
        unread(maker, patch)
        await join(maker, "gs1:6905555", 2)

        def begin(connection: Connection) -> None:
            add_out(
                connection, maker.gateway.store.insert, partner=2,
                shipment=bytes.fromhex(entry), state=State.WAITING, at=0,
            )  # fmt: skip

        await maker.gateway.store.write("test", begin)
        await handovers.sending.catch_up()
        assert [one.state for one in await going(maker, entry)] == [State.WAITING]
    assert (await handed(dist, entry)).code_count == 1


async def test_one_that_is_sent_by_hand_waits_no_longer(two: Town) -> None:
    maker = two["maker"]
    maker.gateway.partners.handovers.addressing.stop()
    with pytest.MonkeyPatch.context() as patch:
        unread(maker, patch)
        entry = await shipped(maker, DIST)
    assert party_of(DIST) in await waiting(maker)
    sent_now = await maker.client.post("/v1/handovers", json={"event": entry})
    assert sent_now.status_code == 201, sent_now.text
    assert party_of(DIST) not in await waiting(maker)
    assert [one.state for one in await going(maker, entry)] != [State.HELD]
