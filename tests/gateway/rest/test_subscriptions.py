"""Webhook subscriptions: what is delivered, to whom, how it is signed, and what failures do."""

import asyncio
import hmac
import json
from base64 import b64encode
from hashlib import sha256

import pytest
from structlog.testing import capture_logs

from tests.gateway.conftest import Start
from tests.gateway.rest.receiving import (
    QUICK,
    Receiver,
    add_query,
    receiving,
    shown,
    subscribe,
    until_state,
)
from tests.gateway.running import (
    Running,
    Wishes,
    commissioning,
    events_of,
    sgtin,
    shipping,
)

WISHES = Wishes(subscriptions=QUICK)
TOKEN = "13df38d8275b13f05704629e5f1cf3d45d6132d5"


async def captured(up: Running, *codes: str) -> None:
    answer = await up.capture(*(shipping(code) for code in codes))
    assert answer.status_code == 202, answer.text


async def test_a_stream_delivers_what_matches_and_nothing_else(start: Start) -> None:
    up = await start(WISHES)
    await add_query(up, "shipped", EQ_bizStep=["shipping"])
    before, *codes = (sgtin() for _ in range(4))
    await captured(up, before)
    async with receiving(Receiver()) as receiver:
        made = await subscribe(up, "shipped", dest=receiver.url, stream=True, signatureToken=TOKEN)
        assert made["stream"] is True
        assert made["state"] == "active"
        assert await up.capture(commissioning(sgtin()))
        for code in codes:
            await captured(up, code)
        await receiver.until(lambda one: len(one.codes) >= 3)
        await asyncio.sleep(0.3)
        assert receiver.codes == codes
        first = receiver.taken[0]
        assert first.path == "/hook?client=42"
        assert first.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert first.headers["content-type"] == "application/json"
        results = first.document["epcisBody"]["queryResults"]
        assert first.document["type"] == "EPCISQueryDocument"
        assert results["queryName"] == "shipped"
        assert results["subscriptionID"] == made["subscriptionID"]
        assert all("recordTime" in event for event in events_of(first.document))
        found = await shown(up, made)
        assert found["lastNotifiedAt"] >= made["createdAt"]
        assert found["minRecordTime"] >= made["minRecordTime"]


async def test_deliveries_are_signed(start: Start) -> None:
    up = await start(WISHES)
    await add_query(up, "all")
    async with receiving(Receiver()) as receiver:
        await subscribe(up, "all", dest=receiver.url, stream=True, signatureToken=TOKEN)
        await captured(up, sgtin())
        await receiver.until(lambda one: bool(one.taken))
        (one,) = receiver.taken
        plain = hmac.new(TOKEN.encode(), one.body, sha256).hexdigest()
        assert one.headers["gs1-signature"] == plain
        number, at = one.headers["webhook-id"], one.headers["webhook-timestamp"]
        signed = hmac.new(TOKEN.encode(), f"{number}.{at}.".encode() + one.body, sha256).digest()
        assert one.headers["webhook-signature"] == f"v1,{b64encode(signed).decode()}"
        assert TOKEN not in json.dumps(one.headers)


async def test_a_receiver_that_comes_back_gets_everything_in_order(start: Start) -> None:
    up = await start(WISHES)
    await add_query(up, "all")
    receiver = Receiver(reply=lambda _request: 503)
    codes = [sgtin() for _ in range(6)]
    async with receiving(receiver):
        port = receiver.port
        made = await subscribe(up, "all", dest=receiver.url, stream=True)
        await captured(up, codes[0])
        failing = await until_state(up, made, "failing")
        assert failing["lastError"] == "status"
        assert failing["lastStatus"] == 503
        assert failing["nextAttemptAt"] > failing["createdAt"]
    for code in codes[1:4]:  # nobody listens
        await captured(up, code)
    async with asyncio.timeout(20):
        while (await shown(up, made))["lastError"] != "connection":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    receiver.reply = lambda _request: 200
    async with receiving(receiver, port):
        await captured(up, *codes[4:])
        await receiver.until(lambda one: len(one.codes) >= len(codes))
        assert receiver.codes == codes
        # Every try of the first delivery names the same delivery and holds the same events.
        tries = [one for one in receiver.got if codes[0] in one.codes]
        assert len(tries) > 1
        assert {one.headers["webhook-id"] for one in tries} == {tries[0].headers["webhook-id"]}
        assert all(one.codes == tries[0].codes for one in tries)
        found = await until_state(up, made, "active")
        assert "lastError" not in found
    assert 'result="failed"' in (await up.client.get("/metrics")).text


async def test_410_ends_it(start: Start) -> None:
    up = await start(WISHES)
    await add_query(up, "all")
    async with receiving(Receiver(reply=lambda _request: 410)) as receiver:
        made = await subscribe(up, "all", dest=receiver.url, stream=True)
        await captured(up, sgtin())
        found = await until_state(up, made, "disabled")
        assert (found["lastError"], found["lastStatus"]) == ("receiver_gone", 410)
        await captured(up, sgtin())
        await asyncio.sleep(1)
        assert len(receiver.got) == 1


async def test_a_slow_receiver_holds_up_nobody_else(start: Start) -> None:
    up = await start(WISHES.but(subscriptions=QUICK.model_copy(update={"timeout_s": 1.0})))
    await add_query(up, "all")
    async with receiving(Receiver(delay_s=5)) as slow, receiving(Receiver()) as quick:
        late = await subscribe(up, "all", dest=slow.url, stream=True)
        await subscribe(up, "all", dest=quick.url, stream=True)
        codes = [sgtin() for _ in range(3)]
        for code in codes:
            await captured(up, code)
        await quick.until(lambda one: len(one.codes) >= 3, timeout_s=5)
        assert quick.codes == codes
        assert (await until_state(up, late, "failing"))["lastError"] == "timeout"


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:{port}/other\r\n\r\n", "status"),
        ("HTTP/1.1 200 X\r\n" + "X: y\r\n" * 40_000, "answer"),
        ("no HTTP at all\r\n\r\n", "answer"),
        ("", "answer"),
    ],
)
async def test_answers_that_are_none(start: Start, said: str, error: str) -> None:
    """A redirect is followed by nobody: it could lead inside."""
    up = await start(WISHES)
    await add_query(up, "all")
    async with receiving(Receiver()) as receiver:
        receiver.reply = lambda _request: said.replace("{port}", str(receiver.port))
        made = await subscribe(up, "all", dest=receiver.url, stream=True)
        await captured(up, sgtin())
        found = await until_state(up, made, "failing")
        assert found["lastError"] == error
        assert {one.path for one in receiver.got} == {"/hook?client=42"}


async def test_an_endless_answer_is_not_read(start: Start) -> None:
    up = await start(WISHES)
    await add_query(up, "all")
    async with receiving(Receiver()) as receiver:
        receiver.reply = lambda _request: (
            "HTTP/1.1 200 X\r\nContent-Length: 9000000000\r\n\r\n" + "x" * 1_000_000
        )
        made = await subscribe(up, "all", dest=receiver.url, stream=True)
        await captured(up, sgtin())
        async with asyncio.timeout(10):
            while "lastNotifiedAt" not in await shown(up, made):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_413_makes_deliveries_smaller(start: Start) -> None:
    up = await start(WISHES)
    await add_query(up, "all")
    codes = [sgtin() for _ in range(11)]

    def picky(request):
        return 413 if len(request.codes) > 2 else 200

    await captured(up, *codes)
    async with receiving(Receiver(reply=picky)) as receiver:
        await subscribe(
            up, "all", dest=receiver.url, stream=True, initialRecordTime="2020-01-01T00:00:00Z"
        )
        await receiver.until(lambda one: len(one.codes) >= 11)
        assert receiver.codes == codes
        assert max(len(one.codes) for one in receiver.taken) == 2
        assert len(receiver.got) <= 3 + 6


async def test_deliveries_are_cut_to_size(start: Start) -> None:
    small = {"delivery_size_bytes_max": 3000, "page_events_max": 50}
    up = await start(WISHES.but(subscriptions=QUICK.model_copy(update=small)))
    await add_query(up, "all")
    codes = [sgtin() for _ in range(20)]
    big = [sgtin() for _ in range(200)]
    await captured(up, *codes)
    await up.capture(shipping(*big))
    async with receiving(Receiver()) as receiver:
        await subscribe(
            up, "all", dest=receiver.url, stream=True, initialRecordTime="2020-01-01T00:00:00Z"
        )
        await receiver.until(lambda one: len(one.codes) >= 220)
        assert receiver.codes == codes + big
        *small_ones, last = receiver.taken
        assert all(len(one.body) <= 3000 for one in small_ones)
        assert last.codes == big  # one event is never cut


async def test_secrets_are_shown_to_nobody(start: Start) -> None:
    up = await start(WISHES)
    await add_query(up, "all")
    receiver = Receiver(reply=lambda _request: 500)
    with capture_logs() as logs:
        async with receiving(receiver):
            made = await subscribe(up, "all", dest=receiver.url, stream=True, signatureToken=TOKEN)
            await captured(up, sgtin())
            found = await until_state(up, made, "failing")
            listed = await up.client.get("/epcis/queries/all/subscriptions")
            twice = await up.client.post(
                "/epcis/queries/all/subscriptions",
                json={"dest": "ftp://x", "signatureToken": TOKEN, "stream": True},
            )
            assert twice.status_code == 400
            metrics = (await up.client.get("/metrics")).text
    assert found["signed"] is True
    for text in (json.dumps(made), json.dumps(found), listed.text, twice.text, metrics, str(logs)):
        assert TOKEN not in text
    assert any(one["event"] == "a delivery failed" for one in logs)
    assert "client=42" not in str(logs)


async def test_a_revoked_key_ends_its_subscriptions(start: Start) -> None:
    up = await start(WISHES)
    await add_query(up, "all")
    made = await up.client.post("/v1/api-keys", json={"name": "x", "scopes": ["query"]})
    key = made.json()
    async with receiving(Receiver()) as receiver:
        stranger = up.stranger(Authorization=f"Bearer {key['key']}")
        own = await stranger.post(
            "/epcis/queries/all/subscriptions", json={"dest": receiver.url, "stream": True}
        )
        assert own.status_code == 201
        await captured(up, sgtin())
        await receiver.until(lambda one: len(one.codes) == 1)
        await up.client.delete(f"/v1/api-keys/{key['id']}")
        found = await until_state(up, own.json(), "disabled", timeout_s=5)
        assert found["lastError"] == "api_key"
        await captured(up, sgtin())
        await asyncio.sleep(1)
        assert len(receiver.got) == 1


async def test_the_end_of_a_query_ends_its_subscriptions(start: Start) -> None:
    up = await start(WISHES)
    await add_query(up, "all")
    async with receiving(Receiver()) as receiver:
        made = await subscribe(up, "all", dest=receiver.url, stream=True)
        await captured(up, sgtin())
        await receiver.until(lambda one: len(one.codes) == 1)
        assert (await up.client.delete("/epcis/queries/all")).status_code == 204
        await add_query(up, "all")
        answer = await up.client.get(f"/epcis/queries/all/subscriptions/{made['subscriptionID']}")
        assert (answer.status_code, answer.json()["code"]) == (404, "subscription_not_found")
        await captured(up, sgtin())
        await asyncio.sleep(1)
        assert len(receiver.got) == 1


async def test_a_removed_subscription_is_told_nothing_more(start: Start) -> None:
    up = await start(WISHES)
    await add_query(up, "all")
    async with receiving(Receiver()) as receiver:
        made = await subscribe(up, "all", dest=receiver.url, stream=True)
        path = f"/epcis/queries/all/subscriptions/{made['subscriptionID']}"
        assert (await up.client.delete(path)).status_code == 204
        assert (await up.client.delete(path)).status_code == 404
        await captured(up, sgtin())
        await asyncio.sleep(1)
        assert receiver.got == []


async def test_an_erased_event_is_not_delivered_later(start: Start) -> None:
    up = await start(WISHES)
    await add_query(up, "all")
    receiver = Receiver(reply=lambda _request: 503)
    first, second = sgtin(), sgtin()
    async with receiving(receiver):
        await subscribe(up, "all", dest=receiver.url, stream=True)
        entry = await up.entry(shipping(first), final=False)
        await receiver.until(lambda one: bool(one.got))
        assert (await up.client.delete(f"/v1/events/{entry}")).status_code == 200
        receiver.reply = lambda _request: 200
        await captured(up, second)
        await receiver.until(lambda one: second in one.codes)
        assert receiver.codes == [second]
