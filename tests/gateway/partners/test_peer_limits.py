"""Partners that ask too much, and strangers who send what nobody signed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from node_gateway.errors import SettingsError
from node_gateway.partners import callers
from node_gateway.partners.request_signatures import audience_of, signature_headers
from node_gateway.services.limiter import Limiter
from node_gateway.storage import peers
from tests.anvil import Anvil
from tests.gateway.partners.hearers import KIND, listening, settled, until
from tests.gateway.running import BATCHING
from tests.partners import PEERS, WISHES, Person, Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")

TARGET, BODY = "/v1/peer/position", b'{"number":0,"last":null}'
QUIET = WISHES.but(batching=BATCHING)
STRICT = QUIET.but(
    sections={
        "peers": PEERS.model_copy(
            update={"per_partner": "4/3 seconds", "unbelieved_per_address": "3/hour"}
        )
    }
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("limits")
    people = [Person("maker"), Person("shop"), Person("third")]
    async with town(anvil, template, folder, people, wishes=QUIET, own={"shop": STRICT}) as made:
        yield made


async def ask(t: Town, who: str | None) -> httpx2.Response:
    """Ask the shop how far it is, signed by somebody or by nobody."""
    headers = {"Signature": "peer=:AAAA:", "Signature-Input": "peer=()"}
    if who is not None:
        network = t.net.network
        headers = signature_headers(
            t.member(who).sign,
            "POST",
            TARGET,
            BODY,
            audience=audience_of(2, network.chain_id, network.consortium),
            now=int(t["shop"].gateway.clock()),
        )
    async with httpx2.AsyncClient() as client:
        return await client.post(t.url("shop") + TARGET, content=BODY, headers=headers)


async def refused(t: Town, who: str | None) -> httpx2.Response:
    """Ask until it is too much."""
    for _ in range(20):
        answer = await ask(t, who)
        if answer.status_code == 429:
            return answer
    raise AssertionError("it was never too much")


async def test_a_partner_that_asks_too_much_is_told_when_to_come_again(t: Town) -> None:
    answer = await refused(t, "third")
    assert answer.json()["code"] == "rate_limit"
    assert 1 <= int(answer.headers["retry-after"]) <= 4
    assert (await ask(t, "maker")).status_code == 200  # another one is not concerned


async def test_a_sender_waits_as_long_as_it_is_told_and_says_everything(t: Town) -> None:
    heard = listening(t["shop"])
    said = [f"{number}".encode() for number in range(8)]
    began = time.monotonic()
    for one in said:
        await t["maker"].gateway.partners.channel.say(2, KIND, one)

    async def told() -> bool:
        partner = await t["maker"].gateway.store.read(lambda c: peers.partner(c, 2))
        return partner.last_error == "rate_limit"

    await until(told)
    failed = await t["maker"].gateway.store.read(lambda c: peers.partner(c, 2))
    await settled(t["maker"], 2)
    assert heard.taken == said
    assert time.monotonic() - began > 1  # retry_s_min is 0.05 s: it did not hammer
    assert failed.failures <= 2


async def test_messages_that_are_too_large_together_come_later(
    t: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said is kept for ever, so the disk must not be anybody's to fill."""
    hearing = t["shop"].gateway.partners.peering.hearing
    narrow = Limiter("40/3 seconds", member="test", many=True)
    monkeypatch.setattr(hearing, "_kib", narrow)
    heard = listening(t["shop"], "large")
    channel = t["maker"].gateway.partners.channel
    bodies = [bytes([number]) * 30 * 1024 for number in range(3)]  # packed they are nothing
    began = time.monotonic()
    for one in bodies:
        await channel.say(2, "large", one)
    await settled(t["maker"], 2)
    assert heard.taken == bodies
    assert time.monotonic() - began > 3


async def test_what_nobody_signed_is_not_looked_at_for_long(
    t: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    check = callers.check_request

    def counting(method: str, target: str, headers: list[tuple[str, str]]) -> object:
        looked.append(target)
        return check(method, target, headers)

    monkeypatch.setattr(callers, "check_request", counting)
    answer = await refused(t, None)
    before = len(looked)
    for _ in range(5):
        assert (await ask(t, None)).status_code == 429
    assert answer.json()["code"] == "rate_limit"
    assert int(answer.headers["retry-after"]) >= 1
    assert 1 <= before <= 4
    assert len(looked) == before


async def test_behind_one_address_whoever_signs_is_heard_all_the_same(t: Town) -> None:
    """As behind a proxy that hides addresses: a stranger has used up what the address may send."""
    assert (await refused(t, None)).json()["code"] == "rate_limit"

    async def heard() -> bool:
        return (await ask(t, "maker")).status_code == 200  # it may have to wait for its own limit

    await until(heard)
    assert (await ask(t, None)).status_code == 429
    target, pretended = f"{TARGET}?", t.member("maker")  # signed for another target
    headers = signature_headers(
        pretended.sign,
        "POST",
        "/v1/peer/elsewhere",
        BODY,
        audience=audience_of(2, t.net.network.chain_id, t.net.network.consortium),
        now=int(t["shop"].gateway.clock()),
    )
    async with httpx2.AsyncClient() as client:
        for _ in range(5):
            answer = await client.post(t.url("shop") + target, content=BODY, headers=headers)
            assert answer.status_code == 429
    await until(heard)  # who pretends to be the maker uses up nothing of the maker's


async def test_rates_are_checked_at_the_start() -> None:
    with pytest.raises(SettingsError) as caught:
        Limiter("often", member="peers.per_partner", counted="requests")
    assert "peers.per_partner" in str(caught.value)
