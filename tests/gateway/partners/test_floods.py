"""A participant that floods: what it sends again and again costs us no more than it may."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from anchoring.chain.messages import sign_statement
from anchoring.core.message import NO_MESSAGE, SignedMessage, body_digest
from node_gateway.partners import hearing
from node_gateway.partners.evidence import PartnerEvidence
from node_gateway.partners.message_wire import MESSAGES_PATH, POSITION_PATH, posted
from node_gateway.partners.ports import PeerAnswer
from node_gateway.storage import peers
from tests.anvil import Anvil
from tests.gateway.partners.hearers import KIND, listening, settled
from tests.partners import Person, Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")
PEOPLE = [Person("maker", prefixes=("gs1:6901234",)), Person("shop")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("floods")
    async with town(anvil, template, folder, PEOPLE) as made:
        yield made


async def say(t: Town, number: int, body: bytes) -> PeerAnswer:
    """Let the maker sign and post a message, whatever it said before."""
    partners = t["maker"].gateway.partners
    voice = partners.peering.positions._voice
    statement = replace(
        voice.statement(2, number, NO_MESSAGE, KIND, body_digest(body)), sender=t.member("maker").id
    )
    message = SignedMessage(statement, sign_statement(statement, voice.signer))
    return await partners.peers.request(
        2, "POST", MESSAGES_PATH, body=posted(message, peers.packed(body))
    )


async def test_contradicting_messages_do_not_fill_the_disk(
    t: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "CONFLICTS_MAX", 3)
    listening(t["shop"])
    await t["maker"].gateway.partners.channel.say(2, KIND, b"first")
    await settled(t["maker"], 2)
    for number in range(5):
        answer = await say(t, 1, b"%d" % number + bytes(4 * 1024 * 1024))
        assert answer.status == 409
        assert b"message_conflict" in answer.body
    kept = await t["shop"].gateway.store.read(lambda one: peers.conflicts(one, 1))
    assert len(kept) == 3
    assert all(len(row.file) < 4096 for row in kept)
    known = PartnerEvidence(t["shop"].gateway.store, t.net.network, 2)
    evidence = json.loads(await known.file(f"messages-{kept[0].id}"))
    assert evidence["kind"] == "two_messages"


async def test_who_goes_back_again_and_again_is_not_told_everything_each_time(t: Town) -> None:
    """A restored database goes back once; nobody keeps us saying everything again for an hour."""
    shop, maker = t["shop"], t["maker"]
    listening(maker)
    for number in range(3):
        await shop.gateway.partners.channel.say(1, KIND, b"again %d" % number)
    await settled(shop, 1)
    statuses = []
    for _ in range(10):
        answer = await maker.gateway.partners.peers.request(
            2, "POST", POSITION_PATH, body=b'{"number":0,"last":null}'
        )
        statuses.append(answer.status)
        await settled(shop, 1)  # it was told everything again
    assert statuses == [200] * 6 + [429] * 4
    assert b"rate_limit" in answer.body
    known = await shop.gateway.store.read(lambda one: peers.partner(one, 1))
    assert (known.cursor, known.alarm) == (known.said_number, "peer_back_often")
    await shop.gateway.partners.channel.say(1, KIND, b"news")  # it still hears what is new
    await settled(shop, 1)
    await t.restart("shop")  # a restart is no way around
    answer = await maker.gateway.partners.peers.request(
        2, "POST", POSITION_PATH, body=b'{"number":0,"last":null}'
    )
    assert answer.status == 429, answer.body
    assert 0 < (answer.retry_after_s or 0) <= 3601
