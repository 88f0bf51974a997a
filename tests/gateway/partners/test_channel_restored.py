"""Messages after the database of one side, or of both, was restored from an old copy."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection

from anchoring.chain.messages import is_said, read_message
from anchoring.core.message import body_digest
from node_gateway.partners.fetching_back import ALARM_BACK
from node_gateway.partners.hearing import Hearing
from node_gateway.storage import peers
from node_gateway.storage.peers import Partner, Way
from tests.anvil import Anvil
from tests.gateway.partners.hearers import KIND, Noting, listening, said, settled, until
from tests.gateway.running import BATCHING
from tests.partners import WISHES, Person, Town, town

PEOPLE = [Person("maker", prefixes=("gs1:6901234",)), Person("shop")]
QUIET = WISHES.but(batching=BATCHING)
"""Nothing is anchored meanwhile: a gateway whose anchors went on would have to adopt them first."""


class Back:
    """Stops a gateway to copy its database, and later starts it on the copy."""

    def __init__(self, t: Town, folder: Path) -> None:
        self._town, self._folder = t, folder

    async def up(self, slug: str) -> None:
        await self._town.stop(slug)
        shutil.copy(self._town.database(slug), self._folder / f"{slug}.copy")
        await self._town.start(slug)

    async def to(self, *slugs: str) -> dict[str, Noting]:
        for slug in slugs:
            await self._town.stop(slug)
            for beside in self._town.database(slug).parent.glob("gateway.db*"):
                beside.unlink()
            shutil.copy(self._folder / f"{slug}.copy", self._town.database(slug))
        found = {}
        for slug in slugs:
            found[slug] = listening(await self._town.start(slug))
        return found


async def partner_of(t: Town, slug: str, participant: int) -> Partner:
    return await t[slug].gateway.store.read(lambda one: peers.partner(one, participant))


async def say(t: Town, *bodies: bytes) -> None:
    for body in bodies:
        await t["maker"].gateway.partners.channel.say(2, KIND, body)


async def test_a_receiver_that_forgot_is_told_everything_again(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE, wishes=QUIET) as t:
        back = Back(t, tmp_path)
        listening(t["shop"])
        await say(t, b"one", b"two")
        await settled(t["maker"], 2)
        await back.up("shop")
        shop = listening(t["shop"])
        await say(t, b"three", b"four")
        await settled(t["maker"], 2)
        assert shop.taken == [b"three", b"four"]
        shop = (await back.to("shop"))["shop"]
        await say(t, b"five")
        await settled(t["maker"], 2)
        await until(lambda: has_taken(shop, 3))
        assert shop.taken == [b"three", b"four", b"five"]
        assert [number for number, _ in await said(t["maker"], 2)] == [1, 2, 3, 4, 5]
        assert (await partner_of(t, "maker", 2)).alarm is None


async def has_taken(shop: Noting, count: int) -> bool:
    return len(shop.taken) == count


async def test_a_receiver_gets_back_what_it_forgot_though_nobody_has_news(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE, wishes=QUIET) as t:
        back = Back(t, tmp_path)
        listening(t["shop"])
        await say(t, b"one")
        await settled(t["maker"], 2)
        await back.up("shop")
        listening(t["shop"])
        await say(t, b"two")
        await settled(t["maker"], 2)
        shop = (await back.to("shop"))["shop"]
        await until(lambda: has_taken(shop, 1))
        assert shop.taken == [b"two"]


async def test_a_sender_that_forgot_gives_no_number_twice(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE, wishes=QUIET) as t:
        back = Back(t, tmp_path)
        shop = listening(t["shop"])
        await say(t, b"one")
        await settled(t["maker"], 2)
        await back.up("maker")
        await say(t, b"two", b"three")
        await settled(t["maker"], 2)
        shop_was = list(shop.taken)
        assert shop_was == [b"one", b"two", b"three"]

        await t.stop("shop")  # so that the maker speaks before it is told what it forgot
        await back.to("maker")
        renamed: list[tuple[bytes, bytes]] = []
        channel = t["maker"].gateway.partners.channel
        channel.on_renumbered(lambda _connection, old, new: renamed.append((old, new)))
        named = await channel.say(2, KIND, b"another two")
        await channel.say(2, KIND, b"another three")
        await t.start("shop")
        shop = listening(t["shop"])
        await settled(t["maker"], 2)
        assert shop.taken == [b"another two", b"another three"]
        # What it had forgotten is back: it was fetched from the shop before anything else was said.
        assert await said(t["maker"], 2) == [(number, "") for number in range(1, 6)]
        assert renamed[0][0] == named
        assert len(renamed) == 2
        found = await t["maker"].gateway.store.read(
            lambda one: peers.message_by_digest(one, renamed[0][1])
        )
        assert found is not None
        assert (found.number, found.body) == (4, b"another two")
        assert (await partner_of(t, "maker", 2)).alarm == "peer_messages_forgotten"
        await both_are_kept_as_evidence(t)


async def both_are_kept_as_evidence(t: Town) -> None:
    """The shop has two messages that the maker signed for number 2."""

    def both(connection: Connection) -> tuple[peers.StoredMessage | None, list[bytes]]:
        first = peers.message(connection, 1, peers.Way.HEARD, 2)
        return first, [row.file for row in peers.conflicts(connection, 1)]

    first, files = await t["shop"].gateway.store.read(both)
    second = read_message(files[0])
    assert first is not None
    assert (first.number, second.statement.number) == (2, 2)
    assert (first.body, second.statement.body) == (b"two", body_digest(b"another two"))
    assert is_said(second, t["shop"].gateway.directory.current, now=0)
    assert (await partner_of(t, "shop", 1)).alarm == "peer_message_conflict"


async def test_a_sender_learns_from_the_greeting_what_it_forgot(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE, wishes=QUIET) as t:
        back = Back(t, tmp_path)
        shop = listening(t["shop"])
        await say(t, b"one")
        await settled(t["maker"], 2)
        await back.up("maker")
        await say(t, b"two")
        await settled(t["maker"], 2)
        await back.to("maker")
        await until(lambda: has_said(t, 2))
        await say(t, b"three")
        await settled(t["maker"], 2)
        assert shop.taken == [b"one", b"two", b"three"]
        assert await said(t["maker"], 2) == [(1, ""), (2, ""), (3, "")]
        known = await t["maker"].gateway.store.read(lambda c: peers.message(c, 2, Way.SAID, 2))
        there = await t["shop"].gateway.store.read(lambda c: peers.message(c, 1, Way.HEARD, 2))
        assert known is not None
        assert there is not None
        assert (known.body, known.signature) == (b"two", there.signature)
        assert known.answer_signature == there.answer_signature
        assert not await t["shop"].gateway.store.read(lambda one: peers.conflicts(one))


async def has_said(t: Town, number: int) -> bool:
    return (await partner_of(t, "maker", 2)).said_number == number


async def test_what_nobody_has_any_more_is_named_and_holds_nothing_else_up(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE, wishes=QUIET) as t:
        back = Back(t, tmp_path)
        listening(t["shop"])
        await say(t, b"one")
        await settled(t["maker"], 2)
        await back.up("shop")
        await back.up("maker")
        listening(t["shop"])
        await say(t, b"two", b"three")
        await settled(t["maker"], 2)
        await t.stop("shop")
        with contextlib.closing(sqlite3.connect(t.database("shop"))) as lost, lost:
            lost.execute("DELETE FROM peer_message WHERE direction = 0 AND number = 2")
        await t.start("shop")
        await back.to("maker")
        await until(lambda: has_said(t, 3))  # the maker knows that there was a second one
        await until(lambda: has_back(t, 3))
        await back.to("shop")
        await say(t, b"four")
        await until(lambda: has_alarm(t, "peer_messages_lost"))
        assert (await t["maker"].client.get("/healthz")).status_code == 200


async def has_back(t: Town, number: int) -> bool:
    return number in [known for known, _ in await said(t["maker"], 2)]


async def has_alarm(t: Town, code: str) -> bool:
    return (await partner_of(t, "maker", 2)).alarm == code


async def test_what_was_never_said_is_not_taken_back_as_ours(
    anvil: Anvil, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A partner that gives back another message than the one that is missing is an alarm."""
    async with town(anvil, template, tmp_path, PEOPLE, wishes=QUIET) as t:
        back = Back(t, tmp_path)
        listening(t["shop"])
        await say(t, b"one")
        await settled(t["maker"], 2)
        await back.up("maker")
        await say(t, b"two")
        await settled(t["maker"], 2)
        true = Hearing.give_back

        async def another(self: Hearing, sender: int, number: int) -> bytes:
            return await true(self, sender, number - 1)

        with monkeypatch.context() as lying:
            lying.setattr(Hearing, "give_back", another)
            await back.to("maker")
            await until(lambda: has_alarm(t, ALARM_BACK))
            assert await said(t["maker"], 2) == [(1, "")]  # nothing of it is kept
        t["maker"].gateway.partners.peering.saying.retry(2)
        await until(lambda: has_back(t, 2))  # once it gives back the true one
        await say(t, b"three")
        await settled(t["maker"], 2)
        assert await said(t["maker"], 2) == [(1, ""), (2, ""), (3, "")]
