"""Messages between two gateways over real HTTP."""

from pathlib import Path

from tests.anvil import Anvil
from tests.gateway.partners.hearers import KIND, listening, said, until
from tests.partners import Person, town

PEOPLE = [Person("maker", prefixes=("gs1:6901234",)), Person("shop")]


async def test_what_is_said_arrives_once_in_order_and_answered(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE) as t:
        shop = listening(t["shop"])
        channel = t["maker"].gateway.partners.channel
        bodies = [b"one", b"refuse early", b"two", b"refuse late", b"three"]
        for body in bodies:
            await channel.say(2, KIND, body)
        await until(lambda: len(shop.taken) == 3)
        await until(lambda: True)
        assert shop.taken == [b"one", b"two", b"three"]
        async_said = await said(t["maker"], 2)
        assert [one for one, _ in async_said] == [1, 2, 3, 4, 5]
