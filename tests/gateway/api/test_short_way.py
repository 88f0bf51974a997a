"""A plain capture takes a short way past the framework; both ways must answer alike."""

import json

import pytest

from node_gateway.api.hot import ShortWay
from tests.gateway.running import Running, commissioning, document, serial, sgtin

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOCUMENTS, EVENTS = "/epcis/capture", "/epcis/events"
JSON = "application/json"
# What the ordinary way is taken for; they ask for what holds anyway.
STEERED = {DOCUMENTS: {"GS1-Capture-Error-Behaviour": "rollback"}, EVENTS: {"Idempotency-Key": "x"}}
VARYING = frozenset({"x-request-id", "location", "date"})


def named() -> dict:
    return {
        **commissioning(sgtin()),
        "eventID": f"urn:uuid:0190a6f0-0000-7000-8000-{serial():012d}",
    }


def bodies() -> list[tuple[str, bytes]]:
    known = named()
    bare = {"@context": document()["@context"], **known}
    bad_code = {**named(), "epcList": ["https://id.gs1.org/01/09506000134353/21/1"]}
    return [
        (DOCUMENTS, json.dumps(document(known)).encode()),
        (DOCUMENTS, json.dumps(document(bad_code)).encode()),
        (DOCUMENTS, b"{"),
        (DOCUMENTS, json.dumps(bare).encode()),
        (EVENTS, json.dumps(bare).encode()),
        (EVENTS, json.dumps({**bare, "action": "DELETE"}).encode()),
        (EVENTS, b"[]"),
        (EVENTS, b""),
    ]


def seen(response) -> tuple:
    body = response.json()
    for varying in ("captureID", "receipts", "request_id"):
        body.pop(varying, None)
    headers = {name: value for name, value in response.headers.items() if name not in VARYING}
    headers.pop("content-length")
    return response.status_code, headers, body


async def test_both_ways_answer_alike(shared: Running) -> None:
    for path, body in bodies():
        await shared.client.post(path, content=body, headers={"Content-Type": JSON})
        short = await shared.client.post(path, content=body, headers={"Content-Type": JSON})
        steered = {"Content-Type": JSON, **STEERED[path]}
        ordinary = await shared.client.post(path, content=body, headers=steered)
        assert seen(short) == seen(ordinary), body[:100]


@pytest.mark.parametrize("path", [DOCUMENTS, EVENTS])
@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer st_live_nobody"},
        {"Authorization": "", "X-API-Key": "x"},
        {"Content-Type": "text/plain"},
        {"Content-Length": "1000000000"},
    ],
)
async def test_both_ways_refuse_alike(shared: Running, path: str, headers: dict) -> None:
    sent = {"Content-Type": JSON, **headers}
    short = await shared.client.post(path, content=b"{}", headers=sent)
    ordinary = await shared.client.post(path, content=b"{}", headers={**sent, **STEERED[path]})
    assert short.status_code in (401, 413, 415)
    assert seen(short) == seen(ordinary)


async def test_only_plain_captures_take_it(shared: Running) -> None:
    passed_on = []

    async def ordinary(scope, receive, send) -> None:
        passed_on.append((scope["method"], scope["path"]))

    way = ShortWay(ordinary)
    plain = {"type": "http", "method": "POST", "path": EVENTS, "query_string": b"", "headers": []}
    others = [
        {**plain, "method": "GET"},
        {**plain, "path": EVENTS + "/"},
        {**plain, "query_string": b"wait=final"},
        {**plain, "headers": [(b"idempotency-key", b"1")]},
        {**plain, "type": "lifespan"},
    ]
    for scope in others:
        await way(scope, None, None)
    assert len(passed_on) == len(others)


async def test_it_is_counted_under_its_route(shared: Running) -> None:
    await shared.capture(named())
    text = (await shared.client.get("/metrics")).text
    assert f'route="{DOCUMENTS}"' in text
