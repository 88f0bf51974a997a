"""Messages between two gateways over real HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path

from anchoring.chain.messages import is_answered, is_said, read_message
from node_gateway.partners.ports import Message
from node_gateway.storage import peers
from node_gateway.storage.peers import Way
from tests.anvil import Anvil
from tests.gateway.partners.hearers import KIND, Noting, listening, said, settled, until
from tests.partners import Person, Town, town

PEOPLE = [Person("maker", prefixes=("gs1:6901234",)), Person("shop")]


async def test_what_is_said_is_taken_once_in_order_and_countersigned(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE) as t:
        shop = listening(t["shop"])
        for body in (b"one", b"refuse early", b"two", b"refuse late", b"three"):
            await t["maker"].gateway.partners.channel.say(2, KIND, body)
        await settled(t["maker"], 2)
        assert shop.taken == [b"one", b"two", b"three"]
        assert await said(t["maker"], 2) == [
            (1, ""),
            (2, "not_this"),
            (3, ""),
            (4, "too_late"),
            (5, ""),
        ]
        await both_sides_can_prove(t)


async def both_sides_can_prove(t: Town) -> None:
    directory = t["maker"].gateway.directory.current
    for slug, partner, way in (("maker", 2, Way.SAID), ("shop", 1, Way.HEARD)):
        gateway = t[slug].gateway
        kept = await gateway.store.read(lambda one, a=partner, b=way: peers.message(one, a, b, 2))
        assert kept is not None
        network = t.net.network
        own = gateway.settings.gateway.participant
        file = kept.signed(own, network.chain_id, network.consortium).to_json()
        message = read_message(file)
        assert message.body == b"refuse early"
        assert message.answer is not None
        assert message.answer.code == "not_this"
        assert is_said(message, directory, now=0)
        assert is_answered(message, directory, now=0)


async def test_a_kind_that_nobody_takes_is_refused_and_the_next_one_follows(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE) as t:
        shop = listening(t["shop"])
        channel = t["maker"].gateway.partners.channel
        await channel.say(2, "something_else", b"?")
        await channel.say(2, KIND, b"!")
        await settled(t["maker"], 2)
        assert await said(t["maker"], 2) == [(1, "message_kind"), (2, "")]
        assert shop.taken == [b"!"]


async def test_messages_wait_while_a_gateway_is_away(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE) as t:
        await t.stop("shop")
        for number in range(5):
            await t["maker"].gateway.partners.channel.say(2, KIND, b"%d" % number)
        await until(lambda: failing(t, "peer_down"))
        assert [answer for _, answer in await said(t["maker"], 2)] == [None] * 5
        await t.restart("maker")
        await t.start("shop")
        shop = listening(t["shop"])
        await settled(t["maker"], 2)
        assert shop.taken == [b"0", b"1", b"2", b"3", b"4"]
        partner = await t["maker"].gateway.store.read(lambda one: peers.partner(one, 2))
        assert (partner.waiting_count, partner.failures, partner.last_error) == (0, 0, None)


async def failing(t: Town, code: str) -> bool:
    partner = await t["maker"].gateway.store.read(lambda one: peers.partner(one, 2))
    return partner.last_error == code


class Stubborn(Noting):
    """Cannot check now, some times."""

    times = 3

    async def check(self, message: Message) -> object:
        if self.times:
            self.times -= 1
            raise RuntimeError("something inside, which must not be told: SECRET")
        return await super().check(message)


async def test_what_cannot_be_taken_now_comes_again(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE) as t:
        stubborn = Stubborn()
        t["shop"].gateway.partners.channel.on(KIND, stubborn)
        await t["maker"].gateway.partners.channel.say(2, KIND, b"one")
        await settled(t["maker"], 2)
        assert (stubborn.times, stubborn.taken) == (0, [b"one"])


async def test_one_that_hangs_holds_up_nobody_else(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    people = [*PEOPLE, Person("other")]

    class Hanging(Noting):
        async def check(self, message: Message) -> object:
            del message
            return await asyncio.Event().wait()

    async with town(anvil, template, tmp_path, people) as t:
        t["shop"].gateway.partners.channel.on(KIND, Hanging())
        other = listening(t["other"])
        channel = t["maker"].gateway.partners.channel
        await channel.say(2, KIND, b"hangs")
        for number in range(20):
            await channel.say(3, KIND, b"%d" % number)
        await settled(t["maker"], 3)
        assert len(other.taken) == 20


async def test_large_bodies_and_both_ways_at_once(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE) as t:
        maker, shop = listening(t["maker"]), listening(t["shop"])
        body = bytes(range(256)) * 4 * 4096  # 4 MiB
        for number in range(3):
            await t["maker"].gateway.partners.channel.say(2, KIND, b"%d" % number + body)
            await t["shop"].gateway.partners.channel.say(1, KIND, b"%d" % number)
        await settled(t["maker"], 2)
        await settled(t["shop"], 1)
        assert shop.taken == [b"0" + body, b"1" + body, b"2" + body]
        assert maker.taken == [b"0", b"1", b"2"]
