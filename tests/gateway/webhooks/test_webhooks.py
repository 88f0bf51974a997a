"""Webhooks: what is told, how it is signed, what failures do, and that nothing is told twice."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from node_gateway.settings_partners import WebhooksSection
from tests.gateway.conftest import Start
from tests.gateway.rest.receiving import Receiver, receiving
from tests.gateway.running import Running, Wishes, commissioning, dispensing, sgtin, shipping

QUICK = WebhooksSection(
    allow_private=True, allow_http=True, poll_s=0.1, retry_scale=0.0005, timeout_s=3
)
WISHES = Wishes(sections={"webhooks": QUICK})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving(Receiver()) as up:
        yield up


async def added(up: Running, receiver: Receiver, *types: str) -> dict[str, Any]:
    answer = await up.client.post("/v1/webhooks", json={"url": receiver.url, "types": list(types)})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def shown(up: Running, made: dict[str, Any]) -> dict[str, Any]:
    answer = await up.client.get(f"/v1/webhooks/{made['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def until_state(up: Running, made: dict[str, Any], state: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (found := await shown(up, made))["state"] != state:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


async def test_a_sale_is_told_as_a_signed_cloud_event(start: Start, receiver: Receiver) -> None:
    up = await start(WISHES)
    code = sgtin()
    await up.entry(commissioning(code), final=False)
    made = await added(up, receiver, "unit.sold")
    entry = await up.entry(dispensing(code), final=False)
    await receiver.until(lambda one: len(one.taken) == 1)
    (request,) = receiver.taken
    assert request.headers["content-type"] == "application/cloudevents+json"
    told = request.document
    moment = datetime.fromisoformat(told.pop("time"))
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert told == {
        "specversion": "1.0",
        "id": f"sold.{entry}",
        "source": "urn:sealtrail:participant:1",
        "type": "sealtrail.unit.sold",
        "subject": entry,
        "datacontenttype": "application/json",
        "data": {
            "entry": entry,
            "eventID": told["data"]["eventID"],
            "bizStep": "dispensing",
            "codes": [code],
            "codeCount": 1,
        },
    }
    # The scheme's own library, as a receiver would use it.
    assert Webhook(made["secret"]).verify(request.body, request.headers) == request.document
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(request.body + b" ", request.headers)
    check_public(made["publicKeys"][0], request.headers, request.body)
    with pytest.raises(InvalidSignature):
        check_public(made["publicKeys"][0], request.headers, request.body + b" ")


def check_public(public: str, headers: dict[str, str], body: bytes) -> None:
    key = Ed25519PublicKey.from_public_bytes(b64decode(public.removeprefix("whpk_")))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    failed: InvalidSignature | None = None
    for one in headers["webhook-signature"].split(" "):
        version, _, text = one.partition(",")
        if version == "v1a":
            try:
                key.verify(b64decode(text), signed)
            except InvalidSignature as error:
                failed = error
            else:
                return
    raise failed or InvalidSignature


async def test_only_what_was_asked_for_and_only_from_then_on(
    start: Start, receiver: Receiver
) -> None:
    up = await start(WISHES)
    old, new = sgtin(), sgtin()
    await up.entry(commissioning(old, new))
    await up.entry(dispensing(old), final=False)
    await added(up, receiver, "unit.sold", "batch.anchored")
    await up.entry(shipping(new), final=False)
    entry = await up.entry(dispensing(new))
    await receiver.until(lambda one: len(one.taken) >= 2)
    await asyncio.sleep(0.4)
    told = [one.document for one in receiver.taken]
    assert [one["subject"] for one in told if one["type"] == "sealtrail.unit.sold"] == [entry]
    sealed = [one["data"] for one in told if one["type"] == "sealtrail.batch.anchored"]
    assert sealed
    assert len(sealed) + 1 == len(told)
    (stream, sequence) = sealed[0]["stream"], sealed[0]["sequence"]
    page = {"stream": stream, "after": sequence - 1, "perPage": 1}
    (anchor,) = (await up.client.get("/v1/anchors", params=page)).json()["anchors"]
    assert anchor["root"] == sealed[0]["root"]


async def test_anomalies_are_told_once(start: Start, receiver: Receiver) -> None:
    up = await start(WISHES)
    code = sgtin()
    await added(up, receiver, "anomaly.detected")
    await up.entry(commissioning(code), final=False)
    await up.entry(dispensing(code), final=False)
    await up.entry(dispensing(code, eventTime="2026-03-06T17:30:00.000+08:00"), final=False)
    await receiver.until(lambda one: len(one.taken) >= 1)
    await asyncio.sleep(0.5)
    found = [one.document["data"] for one in receiver.taken]
    assert len({one["finding"] for one in found}) == len(found)
    assert code in {one.get("code") for one in found}


async def test_a_refused_delivery_comes_again_with_its_id(start: Start, receiver: Receiver) -> None:
    up = await start(WISHES)
    answers = iter([500, "garbage", 302, 204])
    receiver.reply = lambda _: next(answers, 204)
    made = await added(up, receiver, "unit.sold")
    code = sgtin()
    await up.entry(dispensing(code), final=False)
    await receiver.until(lambda one: len(one.taken) == 1)
    assert len(receiver.got) == 4
    assert len({one.headers["webhook-id"] for one in receiver.got}) == 1
    assert len({one.body for one in receiver.got}) == 1
    await until_state(up, made, "active")
    path = f"/v1/webhooks/{made['id']}/deliveries"
    (delivery,) = (await up.client.get(path)).json()["deliveries"]
    assert (delivery["state"], delivery["tries"]) == ("delivered", 4)


async def test_a_receiver_that_is_gone_is_told_nothing_more_until_a_test(
    start: Start, receiver: Receiver
) -> None:
    up = await start(WISHES)
    receiver.reply = lambda _: 410
    made = await added(up, receiver, "unit.sold")
    await up.entry(dispensing(sgtin()), final=False)
    found = await until_state(up, made, "disabled")
    assert (found["lastError"], found["lastStatus"]) == ("status", 410)
    await up.entry(dispensing(sgtin()), final=False)
    await asyncio.sleep(0.5)
    assert len(receiver.got) == 1
    receiver.reply = lambda _: 204
    answer = await up.client.post(f"/v1/webhooks/{made['id']}/test")
    assert answer.status_code == 202
    await until_state(up, made, "active")
    # What it had not taken before comes first; what happened while it was disabled does not come.
    await receiver.until(lambda one: len(one.taken) == 2)
    assert [one.document["type"].rpartition(".")[2] for one in receiver.taken] == ["sold", "test"]


async def test_a_secret_is_replaced_while_both_sign(start: Start, receiver: Receiver) -> None:
    up = await start(WISHES)
    made = await added(up, receiver, "unit.sold")
    path = f"/v1/webhooks/{made['id']}/rotate"
    new = (await up.client.post(path, json={"overlapSeconds": 3600})).json()
    assert new["secret"] != made["secret"]
    assert len(new["publicKeys"]) == 2
    await up.entry(dispensing(sgtin()), final=False)
    await receiver.until(lambda one: len(one.taken) == 1)
    for secret in (made["secret"], new["secret"]):
        Webhook(secret).verify(receiver.taken[0].body, receiver.taken[0].headers)
    last = (await up.client.post(path, json={"overlapSeconds": 0})).json()
    assert len(last["publicKeys"]) == 1
    await up.entry(dispensing(sgtin()), final=False)
    await receiver.until(lambda one: len(one.taken) == 2)
    Webhook(last["secret"]).verify(receiver.taken[1].body, receiver.taken[1].headers)
    for secret in (made["secret"], new["secret"]):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(receiver.taken[1].body, receiver.taken[1].headers)


async def test_a_slow_receiver_holds_up_nobody_else(start: Start, receiver: Receiver) -> None:
    up = await start(WISHES)
    async with receiving(Receiver(delay_s=2.5)) as slow:
        await added(up, slow, "unit.sold")
        await added(up, receiver, "unit.sold")
        for _ in range(3):
            await up.entry(dispensing(sgtin()), final=False)
        await receiver.until(lambda one: len(one.taken) == 3, timeout_s=2)
        assert len(slow.taken) < 3


async def test_what_was_told_can_be_told_again(start: Start, receiver: Receiver) -> None:
    up = await start(WISHES)
    made = await added(up, receiver, "unit.sold")
    for _ in range(2):
        await up.entry(dispensing(sgtin()), final=False)
    await receiver.until(lambda one: len(one.taken) == 2)
    first = (await up.client.get(f"/v1/webhooks/{made['id']}/deliveries")).json()["deliveries"]
    path = f"/v1/webhooks/{made['id']}/replay"
    assert (await up.client.post(path, json={})).json() == {"replayed": 0}  # none was given up
    again = await up.client.post(path, json={"event": first[-1]["event"]})
    assert again.json() == {"replayed": 1}
    await receiver.until(lambda one: len(one.taken) == 3)
    assert receiver.taken[2].headers["webhook-id"] == receiver.taken[0].headers["webhook-id"]
    assert (await up.client.post(path, json={"since": 0})).json() == {"replayed": 2}
    await receiver.until(lambda one: len(one.taken) == 5)


async def test_a_restart_goes_on_where_it_was(
    start: Start, receiver: Receiver, tmp_path: Any
) -> None:
    folder = tmp_path / "again"
    up = await start(WISHES, folder=folder)
    receiver.reply = lambda _: 503
    made = await added(up, receiver, "unit.sold")
    entry = await up.entry(dispensing(sgtin()), final=False)
    await until_state(up, made, "failing")
    await up.gateway.store.close()
    receiver.reply = lambda _: 204
    again = await start(WISHES, folder=folder, deployed=up.deployed)
    assert (await again.client.get("/v1/webhooks")).json()["webhooks"][0]["id"] == made["id"]
    await receiver.until(lambda one: len(one.taken) == 1)
    await asyncio.sleep(0.3)
    assert [one.document["subject"] for one in receiver.taken] == [entry]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"url": "http://10.0.0.1/", "types": []}, 400, "subscription_address"),
        ({"url": "https://user:pw@example.com/"}, 400, "subscription_address"),
        ({"url": "no address"}, 400, "subscription_address"),
        ({"url": "https://example.com/", "types": ["unit.lost"]}, 400, "webhook_type"),
        ({"url": "https://example.com/", "more": 1}, 400, "parameter"),
        ({}, 400, "parameter"),
    ],
)
async def test_bad_webhooks_are_refused(
    start: Start, body: dict[str, Any], status: int, code: str
) -> None:
    up = await start(Wishes())
    answer = await up.client.post("/v1/webhooks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "pw" not in answer.text
    assert (await up.client.get("/v1/webhooks")).json()["webhooks"] == []


async def test_what_is_not_there_is_not_found(start: Start) -> None:
    up = await start(Wishes())
    for method, path, body in (
        ("GET", "", None),
        ("DELETE", "", None),
        ("POST", "/test", None),
        ("POST", "/rotate", {}),
        ("POST", "/replay", {}),
        ("GET", "/deliveries", None),
    ):
        content = None if body is None else json.dumps(body)
        answer = await up.client.request(method, f"/v1/webhooks/wh_none{path}", content=content)
        assert (answer.status_code, answer.json()["code"]) == (404, "webhook_not_found")


async def test_an_erased_event_is_told_no_more(start: Start, receiver: Receiver) -> None:
    up = await start(WISHES)
    receiver.reply = lambda _: 503
    made = await added(up, receiver, "unit.sold")
    entry = await up.entry(dispensing(sgtin()))
    await receiver.until(lambda one: len(one.got) >= 1)
    answer = await up.client.delete(f"/v1/events/{entry}")
    assert answer.status_code == 200, answer.text
    receiver.reply = lambda _: 204
    await asyncio.sleep(0.6)
    assert receiver.taken == []
    path = f"/v1/webhooks/{made['id']}/deliveries"
    assert (await up.client.get(path)).json()["deliveries"] == []
