"""What may come in and must not: a clear answer, nothing stored by halves, nothing told."""

import json
import sqlite3
from collections.abc import AsyncIterator

import httpx2
import pytest

from node_gateway.settings import LimitsSection
from tests.gateway.conftest import Start
from tests.gateway.running import (
    Running,
    Wishes,
    commissioning,
    dispensing,
    document,
    sgtin,
    shipping,
)

shared_loop = pytest.mark.asyncio(loop_scope="module")

TABLES = ("capture", "event", "event_code", "chunk", "code_tile")
MIB = 1024 * 1024


def rows(up: Running) -> dict[str, int]:
    with sqlite3.connect(f"file:{up.folder / 'gateway.db'}?mode=ro", uri=True) as database:
        return {
            name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES
        }


def is_problem(response: httpx2.Response, status: int, code: str) -> dict:
    problem = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, problem["code"]) == (status, code), response.text
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["title"]
    assert problem["type"]
    assert problem["request_id"] == response.headers["x-request-id"]
    assert "Traceback" not in response.text
    return problem


def text_of(*events: dict) -> bytes:
    return json.dumps(document(*events)).encode()


def but(**members: object) -> dict:
    return {**commissioning(sgtin()), **members}


TEXTS = {
    "nothing": (b"", 400, "not_json"),
    "not-json": (b"<EPCISDocument/>", 400, "not_json"),
    "half": (text_of(commissioning(sgtin()))[:-5], 400, "not_json"),
    "two-values": (b"{}{}", 400, "not_json"),
    "bom": (b"\xef\xbb\xbf" + text_of(commissioning(sgtin())), 400, "bom"),
    "not-utf8": (b'{"a": "\xff"}', 400, "not_utf8"),
    "utf16": ('{"a": 1}'.encode("utf-16"), 400, "not_utf8"),
    "nested-10000": (b"[" * 10_000, 413, "too_deep"),
    "nested-10000-closed": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 413, "too_deep"),
    "nested-65": (b"[" * 65 + b"]" * 65, 413, "too_deep"),
    "duplicate-key": (
        text_of(but()).replace(b'"action": "ADD"', b'"action": "ADD", "action": "DELETE"'),
        400,
        "duplicate_member",
    ),
    "surrogate": (rb'{"a": "\ud800"}', 400, "lone_surrogate"),
    "big-number": (b'{"a": 9007199254740993}', 400, "number_range"),
    "nan": (b'{"a": NaN}', 400, "number_form"),
    "list": (b"[]", 400, "document_kind"),
    "string": (b'"EPCISDocument"', 400, "document_kind"),
    "null": (b"null", 400, "document_kind"),
    "query-document": (b'{"type": "EPCISQueryDocument"}', 400, "document_refused"),
}


@shared_loop
@pytest.mark.parametrize("mode", ["rollback", "proceed"])
@pytest.mark.parametrize("name", TEXTS)
async def test_texts(shared: Running, name: str, mode: str) -> None:
    raw, status, code = TEXTS[name]
    before = rows(shared)
    response = await shared.client.post(
        "/epcis/capture", content=raw, headers={"GS1-Capture-Error-Behaviour": mode}
    )
    is_problem(response, status, code)
    assert rows(shared) == before
    response = await shared.client.post("/epcis/events", content=raw)
    assert response.status_code in (400, 413)
    assert rows(shared) == before


EVENTS = {
    "wrong-check-digit": (
        but(epcList=[sgtin(), "https://id.gs1.org/01/06901234123457/21/1"]),
        "check_digit",
        "/epcList/1",
    ),
    "malformed-urn": (but(epcList=["urn:epc:id:sgtin:1"]), "identifier_form", "/epcList/0"),
    "future": (but(eventTime="2126-03-01T09:00:00.000+08:00"), "event_time_future", "/eventTime"),
    "no-time": (but(eventTime="yesterday"), "time_form", "/eventTime"),
    "no-goods": (but(epcList=[]), "no_goods", "/epcList"),
    "unknown-prefix": (but(**{"acme:note": "x"}), "unknown_prefix", "/acme:note"),
    "reserved": (but(**{"sealtrail:act": "x"}), "reserved_name", "/sealtrail:act"),
    "unknown-action": (but(action="PERHAPS"), "action_unknown", "/action"),
    "list-of-numbers": (but(epcList=[1]), "type_wrong", "/epcList/0"),
}


@shared_loop
@pytest.mark.parametrize("name", EVENTS)
async def test_events(shared: Running, name: str) -> None:
    event, code, pointer = EVENTS[name]
    before = rows(shared)
    response = await shared.capture(dispensing(sgtin()), event)
    problem = is_problem(response, 400, code)
    (spot,) = problem["errors"]
    assert spot["pointer"] == f"/epcisBody/eventList/1{pointer}"
    assert spot["code"] == code
    assert spot["detail"]
    assert rows(shared) == before
    body = json.dumps({"@context": document()["@context"], **event})
    alone = is_problem(await shared.client.post("/epcis/events", content=body), 400, code)
    assert alone["errors"][0]["pointer"] == pointer
    assert rows(shared) == before
    proceeding = {"GS1-Capture-Error-Behaviour": "proceed"}
    report = (await shared.capture(dispensing(sgtin()), event, **proceeding)).json()
    assert [one["code"] for one in report["errors"]] == [code]
    assert report["errors"][0]["index"] == 1
    assert rows(shared)["event"] == before["event"] + 1


@shared_loop
@pytest.mark.parametrize("mode", ["rollback", "proceed"])
async def test_an_empty_event_list(shared: Running, mode: str) -> None:
    before = rows(shared)
    response = await shared.capture(**{"GS1-Capture-Error-Behaviour": mode})
    problem = is_problem(response, 400, "no_events")
    assert problem["errors"][0]["pointer"] == "/epcisBody/eventList"
    assert rows(shared) == before


@shared_loop
@pytest.mark.parametrize(
    ("damage", "pointer"),
    [
        ({"epcisBody": {}}, "/epcisBody"),
        ({"epcisBody": {"eventList": {}}}, "/epcisBody/eventList"),
        ({"epcisBody": None}, "/epcisBody"),
        ({"creationDate": "soon"}, "/creationDate"),
        ({"schemaVersion": 2}, "/schemaVersion"),
    ],
)
@pytest.mark.parametrize("mode", ["rollback", "proceed"])
async def test_frames(shared: Running, damage: dict, pointer: str, mode: str) -> None:
    before = rows(shared)
    raw = json.dumps({**document(commissioning(sgtin())), **damage})
    response = await shared.client.post(
        "/epcis/capture", content=raw, headers={"GS1-Capture-Error-Behaviour": mode}
    )
    assert response.status_code == 400, response.text
    assert response.json()["errors"][0]["pointer"].startswith(pointer)
    assert rows(shared) == before


@shared_loop
async def test_many_problems_are_listed_up_to_20(shared: Running) -> None:
    response = await shared.capture(*(but(action="PERHAPS") for _ in range(50)))
    problem = is_problem(response, 400, "document_refused")
    assert len(problem["errors"]) == 20


@shared_loop
@pytest.mark.parametrize(
    "kind", ["text/html", "application/octet-stream", "text/plain", "multipart/form-data"]
)
async def test_other_content_types(shared: Running, kind: str) -> None:
    before = rows(shared)
    response = await shared.client.post(
        "/epcis/capture",
        content=text_of(commissioning(sgtin())),
        headers={"Content-Type": kind},
    )
    is_problem(response, 415, "media_type")
    assert rows(shared) == before


@shared_loop
async def test_the_content_types_that_are_read(shared: Running) -> None:
    for kind in ("application/json", "application/ld+json", "application/json; charset=utf-8"):
        response = await shared.client.post(
            "/epcis/capture",
            content=text_of(commissioning(sgtin())),
            headers={"Content-Type": kind},
        )
        assert response.status_code == 202


@shared_loop
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "route_not_found"),
        ("GET", "/v1/nothing", 404, "route_not_found"),
        ("DELETE", "/epcis/capture", 405, "method_not_allowed"),
        ("GET", "/v1/events/abc", 400, "parameter"),
        ("GET", f"/v1/events/{'A' * 64}", 400, "parameter"),
        ("GET", f"/v1/events/{'0' * 64}/bundle?audience=everybody", 400, "parameter"),
        ("GET", f"/v1/events/{'0' * 64}/bundle?code=urn:epc:id:sgtin:1", 400, "identifier_form"),
        ("GET", "/v1/codes/urn:example:unknown", 404, "code_not_found"),
        ("GET", "/v1/codes/urn:epc:id:sgtin:1", 400, "identifier_form"),
        ("GET", f"/v1/captures/{'x' * 5000}/receipts", 404, "capture_not_found"),
        ("GET", "/epcis/capture/%00", 404, "capture_not_found"),
        ("GET", "/epcis/events/%00%ff", 404, "event_not_found"),
        ("POST", "/v1/operations/anchor?stream=third", 400, "parameter"),
    ],
)
async def test_parameters(shared: Running, method: str, path: str, status: int, code: str) -> None:
    is_problem(await shared.client.request(method, path), status, code)


@shared_loop
async def test_a_bad_header_value_is_a_parameter_problem(shared: Running) -> None:
    headers = {"GS1-Capture-Error-Behaviour": "perhaps"}
    is_problem(await shared.capture(commissioning(sgtin()), **headers), 400, "parameter")
    headers = {"Idempotency-Key": "x" * 256}
    is_problem(await shared.capture(commissioning(sgtin()), **headers), 400, "parameter")


async def test_bodies_over_the_limit(start: Start) -> None:
    up = await start(Wishes(limits=LimitsSection(body_size_bytes_max=MIB)))
    before = rows(up)
    raw = text_of(commissioning(sgtin(), **{"cbvmda:note": "x" * MIB}))
    for path in ("/epcis/capture", "/epcis/events", "/v1/api-keys"):
        is_problem(await up.client.post(path, content=raw), 413, "body_too_large")
    lying = {"Content-Length": "10"}
    response = await up.client.post("/epcis/capture", content=raw, headers=lying)
    is_problem(response, 413, "body_too_large")
    assert rows(up) == before


async def test_a_body_without_length_is_read_to_the_limit_only(start: Start) -> None:
    up = await start(Wishes(limits=LimitsSection(body_size_bytes_max=MIB)))
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 64 * 1024
            assert sent <= 64 * MIB, "the body is read without end"
            yield b" " * 64 * 1024

    for path in ("/epcis/capture", "/v1/api-keys"):
        sent = 0
        response = await up.client.post(path, content=endless())
        is_problem(response, 413, "body_too_large")
        assert sent <= 2 * MIB


async def test_without_a_key_no_body_is_read(start: Start) -> None:
    up = await start()

    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body is read before the key is checked")
        yield b""

    for path in ("/epcis/capture", "/epcis/events", "/v1/api-keys"):
        response = await up.stranger().post(path, content=unread())
        is_problem(response, 401, "api_key")


async def test_more_codes_than_an_event_may_name(start: Start) -> None:
    up = await start(Wishes(limits=LimitsSection(body_size_bytes_max=64 * MIB)))
    before = rows(up)
    codes = [f"urn:example:{number}" for number in range(2**18 + 1)]
    response = await up.client.post("/epcis/capture", content=text_of(shipping(*codes)))
    is_problem(response, 413, "too_many_codes")
    assert rows(up) == before


async def test_i9_nothing_undisclosed_is_said(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    """Plant words in a document that is stored and in one that fails inside, and look for them."""
    up = await start()
    planted = "PLANTED-9f1c"
    event = shipping(f"urn:example:{planted}-code", eventID=f"urn:{planted}:id")
    entry = await up.entry(event)
    await up.capture({**event, "disposition": planted})  # a conflict
    await up.capture({**event, "eventTime": planted})  # refused
    stored = await up.gateway.store.event_by_entry(bytes.fromhex(entry))

    async def broken(_work: object) -> None:
        raise KeyError(f"{planted} {stored.secret!r}")

    up.gateway.store.__dict__["read"] = broken
    client = up.stranger(Authorization=f"Bearer {up.admin_key}")
    response = await client.get(f"/epcis/events/urn:{planted}:id")
    del up.gateway.store.__dict__["read"]
    problem = is_problem(response, 500, "internal")
    assert planted not in response.text
    said = "".join(capfd.readouterr())
    assert problem["request_id"] in said  # the log has it
    assert "builtins.KeyError" in said
    metrics = (await up.client.get("/metrics")).text
    anchors = (await up.client.get("/v1/anchors")).text
    status = (await up.client.get("/v1/status")).text
    for words in (planted, up.admin_key, repr(stored.secret), stored.secret.hex()):
        for where in (said, metrics, anchors, status):
            assert words not in where, words


async def test_i9_nothing_undisclosed_is_on_the_chain(start: Start) -> None:
    up = await start()
    planted = "PLANTED-31ab"
    entry = await up.entry(shipping(f"urn:example:{planted}"))
    head = int(up.anvil.rpc("eth_blockNumber"), 16)
    blocks = [up.anvil.rpc("eth_getBlockByNumber", hex(number), True) for number in range(head + 1)]
    chain = json.dumps(blocks)
    assert planted.encode().hex() not in chain
    assert entry not in chain
