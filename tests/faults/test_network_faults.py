"""F26: gateways that are down, slow, lying, doubled, out of order or restored.

Nothing is lost, nothing doubled, and each failure is named where operators look: in the list of
peers, and beside the message that was refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import resource
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
import pytest_asyncio
import zstandard

from anchoring.chain.messages import digest_of, sign_statement
from anchoring.core.message import SignedMessage, Statement
from node_gateway.partners.message_wire import MESSAGES_PATH, posted
from node_gateway.partners.ports import PeerAnswer
from node_gateway.storage import peers
from node_gateway.storage.peers import Way
from tests.anvil import Anvil
from tests.consortium import key_of
from tests.faults.posting_again import again
from tests.faults.world import Template
from tests.gateway.partners.arriving import finish, get, made_and_sent, scan
from tests.gateway.partners.hearers import settled
from tests.gateway.partners.ways import PREFIXES, do, hand_over, make, person, until, wishes
from tests.gateway.running import BATCHING, Running, dispensing, sgtin
from tests.partners import PEERS, Town, party_of, town

pytestmark = pytest.mark.asyncio(loop_scope="module")

GIGABYTE: Final = 1 << 30
QUIET: Final = wishes(batching=BATCHING)
"""Anchors when a test asks; so a copy of a database stays as new as the chain."""


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    with Anvil() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def t(
    chain: Anvil, template: Template, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    impatient = PEERS.model_copy(update={"timeout_s": 1.0})
    like = QUIET.but(sections={**QUIET.sections, "peers": impatient})
    people = [person(slug) for slug in ("maker", "dist", "shop")]
    folder = tmp_path_factory.mktemp("faults")
    async with town(chain, template.file, folder, people, wishes=like) as made:
        yield made


async def counts(up: Running) -> dict[str, int]:
    """Return how many there are of everything that could be lost or doubled."""
    found = {}
    for name, path in (
        ("shipments", "/v1/shipments?state=all&perPage=1000"),
        ("exceptions", "/v1/exceptions?perPage=1000"),
        ("handovers", "/v1/handovers?perPage=1000"),
        ("events", "/epcis/events?perPage=1000"),
    ):
        answer = await get(up, path)
        body = answer.get("epcisBody")
        listed = body["queryResults"]["resultsBody"]["eventList"] if body else answer[name]
        found[name] = len(listed)
    return found


async def peer(up: Running, slug: str) -> dict[str, Any]:
    """Return what an operator sees of another gateway in the list of all."""
    listed = (await get(up, "/v1/peers"))["peers"]
    return next(one for one in listed if one["slug"] == slug)


async def named(up: Running, slug: str, code: str) -> None:
    """Wait until the list of peers names a failure."""

    async def is_named() -> bool:
        found = await peer(up, slug)
        return bool(found["lastError"] == code and found["state"] in ("failing", "stuck"))

    await until(is_named)


async def refused(up: Running, slug: str, code: str, *, way: str = "out") -> None:
    """Wait until a message stands as refused, for this reason, where operators look."""

    async def is_refused() -> bool:
        path = f"/v1/peers/{slug}/messages"
        listed = (await get(up, path, way=way, perPage=1000))["messages"]
        return any((one["state"], one["code"]) == ("refused", code) for one in listed)

    await until(is_refused)


async def have_come(t: Town, count: int) -> bool:
    """Tell whether so many shipments are at the distributor, or more."""
    return (await counts(t["dist"]))["shipments"] >= count


@contextlib.asynccontextmanager
async def silent(t: Town, slug: str) -> AsyncIterator[None]:
    """Put something at a gateway's address that takes requests and answers none."""

    lines: list[asyncio.StreamWriter] = []

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while await reader.read(65536):
                pass
            writer.close()

    await t.stop(slug)
    port = int(t.url(slug).rpartition(":")[2])
    server = await asyncio.start_server(swallow, "127.0.0.1", port, reuse_port=True)
    try:
        yield
    finally:
        server.close()
        for one in lines:
            one.close()
        await t.start(slug)


async def test_f26_a_silent_gateway_is_named_and_holds_up_nobody(t: Town) -> None:
    stays, goes = [sgtin() for _ in range(3)], sgtin()
    await make(t["maker"], *stays, goes)
    async with silent(t, "dist"):
        for one in stays:
            await do(t["maker"], "ship", one, to=party_of(PREFIXES["dist"]))
        await hand_over(t, "maker", "shop", goes)
        await named(t["maker"], "dist", "peer_timeout")
        assert (await peer(t["maker"], "shop"))["state"] == "quiet"
        assert (await peer(t["maker"], "dist"))["waiting"] >= 3
    await until(lambda: have_come(t, 3))
    await settled(t["maker"], t.member("dist").id)
    assert (await counts(t["dist"]))["shipments"] == 3
    assert (await peer(t["maker"], "dist"))["lastError"] is None


async def test_f26_a_gateway_that_is_down_for_long_gets_all_once_in_order(t: Town) -> None:
    before = await counts(t["dist"])
    some = [sgtin() for _ in range(4)]
    await make(t["maker"], *some)
    await t.stop("dist")
    for one in some:
        await do(t["maker"], "ship", one, to=party_of(PREFIXES["dist"]))
    await named(t["maker"], "dist", "peer_down")
    # An hour later, as the maker's clock has it, its operator sees that it is stuck.
    gateway = t["maker"].gateway
    views = gateway.partners.peering.views
    late = replace(views.voice, clock=lambda: gateway.clock() + 3601)
    (found,) = [one for one in await replace(views, voice=late).all() if one["slug"] == "dist"]
    assert found["state"] == "stuck"
    await t.restart("maker")
    await t.start("dist")
    await until(lambda: have_come(t, before["shipments"] + len(some)))
    await settled(t["maker"], t.member("dist").id)
    assert (await counts(t["dist"]))["shipments"] == before["shipments"] + len(some)
    listed = (await get(t["dist"], "/v1/shipments", state="all", perPage=1000))["shipments"]
    codes = [
        (await get(t["dist"], f"/v1/handovers/{one['handover']}/codes"))["codes"]
        for one in listed[-4:]
    ]
    assert [one[0]["code"] for one in codes] == some


async def test_f26_doubled_and_reordered_messages_change_nothing(t: Town) -> None:
    codes = [sgtin(), sgtin()]
    shipment = await made_and_sent(t, "maker", "dist", *codes)
    await scan(t["dist"], shipment["number"], codes[0])
    await finish(t["dist"], shipment["number"])
    await settled(t["maker"], t.member("dist").id)
    await settled(t["dist"], t.member("maker").id)
    before = {slug: await counts(t[slug]) for slug in ("maker", "dist")}
    heard = {slug: (await peer(t[slug], other))["heard"] for slug, other in PAIR.items()}
    for sender, receiver in PAIR.items():
        await again(t, sender, receiver)
    ahead = await say_raw(t, shift=1)
    assert ahead.status == 409
    assert orjson.loads(ahead.body)["code"] == "message_gap"
    await again(t, "maker", "dist")
    assert {slug: await counts(t[slug]) for slug in ("maker", "dist")} == before
    assert {slug: (await peer(t[slug], other))["heard"] for slug, other in PAIR.items()} == heard


PAIR: Final = {"maker": "dist", "dist": "maker"}


async def say_raw(
    t: Town, *, shift: int = 0, key: Any = None, at: int | None = None, packed: bytes | None = None
) -> PeerAnswer:
    """Post the maker's next message to the distributor by hand; the request itself is honest."""
    maker, to = t["maker"].gateway, t.member("dist").id
    known = await maker.store.read(lambda one: peers.partner(one, to))
    body = b"{}"
    statement = Statement(
        sender=t.member("maker").id,
        receiver=to,
        number=known.said_number + 1 + shift,
        previous=known.said_digest,
        kind="handover_part",
        body=hashlib.sha256(body).digest(),
        at=int(maker.clock()) if at is None else at,
        chain_id=t.net.network.chain_id,
        consortium=t.net.network.consortium,
    )
    assert digest_of(statement)
    message = SignedMessage(statement, sign_statement(statement, key or t.member("maker").sign))
    raw = posted(message, peers.packed(body) if packed is None else packed)
    return await maker.partners.peers.request(to, "POST", MESSAGES_PATH, body=raw, timeout_s=60)


async def test_f26_a_statement_by_a_key_that_does_not_count_is_no_message(t: Town) -> None:
    before = await counts(t["dist"])
    for key in (key_of("nobody", "sign"), t.member("maker").anchor, t.member("shop").sign):
        answer = await say_raw(t, key=key)
        assert (answer.status, orjson.loads(answer.body)["code"]) == (400, "message_form")
    assert await counts(t["dist"]) == before


def bomb() -> bytes:
    """Return a gigabyte of zeros as one frame of a few kilobytes that states its size."""
    packing = zstandard.ZstdCompressor(level=1).compressobj(size=GIGABYTE)
    zeros = bytes(1 << 24)
    return b"".join(packing.compress(zeros) for _ in range(GIGABYTE >> 24)) + packing.flush()


async def test_f26_a_body_that_unpacks_to_a_gigabyte_is_refused_early(t: Town) -> None:
    packed = await asyncio.to_thread(bomb)
    assert len(packed) < GIGABYTE // 1000
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = await say_raw(t, packed=packed)
    assert (answer.status, orjson.loads(answer.body)["code"]) == (400, "message_form")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 128 * 1024


async def test_f26_lies_in_a_handover_are_refused_by_name_and_the_next_one_comes(t: Town) -> None:
    """A bundle of another event, a changed one, proofs of what was never handed over."""
    maker, to = t["maker"].gateway, t.member("dist").id
    await made_and_sent(t, "maker", "dist", sgtin())
    parts = await said(t, "handover_part")
    changed = orjson.loads(parts[-1])
    changed["events"][0]["codes"]["root"] = "11" * 32
    proof = {"entry": "22" * 32, **_proof()}
    before = await counts(t["dist"])
    manifest = {"format": "sealtrail/handover/v1", "eventCount": 1, "codeCount": 1}
    foreign = hashlib.sha256(parts[-1]).hexdigest()  # a part, and its event, of another shipment
    lies = {
        "handover_part": [changed],
        "handover": [
            {**manifest, "shipment": "33" * 32, "parts": ["44" * 32]},
            {**manifest, "shipment": "33" * 32, "parts": [foreign]},
        ],
        "handover_proofs": [{"format": "sealtrail/handover-proofs/v1", "proofs": [proof]}],
    }
    lied = 0
    for kind, bodies in lies.items():
        for body in bodies:
            await maker.partners.channel.say(to, kind, orjson.dumps(body))
            lied += 1
    await settled(t["maker"], to)
    listed = (await get(t["maker"], "/v1/peers/dist/messages", perPage=1000))["messages"]
    assert [one["state"] for one in listed[-lied:]] == ["refused"] * lied, listed[-lied:]
    assert all(one["code"] for one in listed[-lied:])
    there = (await get(t["dist"], "/v1/peers/maker/messages", way="in", perPage=1000))["messages"]
    assert [one["code"] for one in there[-lied:]] == [one["code"] for one in listed[-lied:]]
    # The two manifests that were refused are cases, so that a person asks what went wrong.
    assert await counts(t["dist"]) == {**before, "exceptions": before["exceptions"] + 2}
    await made_and_sent(t, "maker", "dist", sgtin())
    assert (await counts(t["dist"]))["shipments"] == before["shipments"] + 1


def _proof() -> dict[str, Any]:
    anchor = {
        "stream": 65536,
        "sequence": 1,
        "root": "55" * 32,
        "size": 16,
        "previousTip": "00" * 32,
    }
    return {
        "event": {"index": 0, "siblings": ["66" * 32] * 4},
        "anchor": {**anchor, "previousTip": "00" * 32, "blockNumber": 1, "blockTime": 1},
    }


async def said(t: Town, kind: str) -> list[bytes]:
    """Return the bodies that the maker has said to the distributor."""
    to = t.member("dist").id

    def bodies(connection: Any) -> list[bytes]:
        rows = peers.messages(connection, to, Way.SAID, limit=1000)
        numbers = [one.number for one in rows if one.kind == kind]
        full = (peers.message(connection, to, Way.SAID, one) for one in numbers)
        return [one.body for one in full if one is not None]

    return await t["maker"].gateway.store.read(bodies)


async def test_f26_a_message_from_the_future_is_refused_and_the_next_one_comes(t: Town) -> None:
    maker, to = t["maker"].gateway, t.member("dist").id
    channel = maker.partners.channel
    honest = channel._voice
    try:
        channel._voice = replace(honest, clock=lambda: maker.clock() + 3600)
        await channel.say(to, "handover_part", b"{}")
    finally:
        channel._voice = honest
    await refused(t["maker"], "dist", "message_ahead")
    await refused(t["dist"], "maker", "message_ahead", way="in")
    await made_and_sent(t, "maker", "dist", sgtin())


async def test_f26_a_restored_receiver_gets_back_what_it_forgot_once(
    chain: Anvil, template: Template, tmp_path: Path
) -> None:
    """Shipments that came after the copy come again; exceptions about them are there once."""
    people = [person(slug) for slug in ("maker", "shop")]
    async with town(chain, template.file, tmp_path / "town", people, wishes=QUIET) as t:
        early, late, sold = [sgtin(), sgtin()], [sgtin(), sgtin()], sgtin()
        first = await made_and_sent(t, "maker", "shop", *early, sold)
        await scan(t["shop"], first["number"], *early, sold)
        await finish(t["shop"], first["number"])
        await settled(t["shop"], 1)
        await t.stop("shop")
        shutil.copy(t.database("shop"), tmp_path / "copy.db")
        await t.start("shop")
        await made_and_sent(t, "maker", "shop", *late)
        await settled(t["maker"], 2)
        there = await counts(t["shop"])
        await t.stop("shop")
        for beside in t.database("shop").parent.glob("gateway.db*"):
            beside.unlink()
        shutil.copy(tmp_path / "copy.db", t.database("shop"))
        await t.start("shop")

        async def is_back() -> bool:
            return (await counts(t["shop"])) == there

        await until(is_back)
        listed = (await get(t["shop"], "/v1/shipments", state="open"))["shipments"]
        assert len(listed) == 1
        await scan(t["shop"], listed[0]["number"], late[0])
        await finish(t["shop"], listed[0]["number"])
        await settled(t["shop"], 1)
        for up in (t["maker"], t["shop"]):
            missing = await get(up, "/v1/exceptions", kind="shortage", code=late[1])
            assert len(missing["exceptions"]) == 1
        await t["shop"].entry(dispensing(sold))
        assert (await peer(t["maker"], "shop"))["alarm"] is None
