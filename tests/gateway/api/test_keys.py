"""API keys: who may do what, route by route."""

import re
from pathlib import Path

import httpx2
import pytest

from node_gateway.app import describe_app
from node_gateway.services.access import SCOPES, key_hash, new_api_key
from node_gateway.services.browsing import TREES
from tests.gateway.conftest import Start
from tests.gateway.running import Running, Wishes, commissioning, sgtin

shared_loop = pytest.mark.asyncio(loop_scope="module")

ENTRY = "0" * 64
# Which scopes open a route, without `admin`, which opens all of them; None: no key is needed.
MATRIX: dict[tuple[str, str], set[str] | None] = {
    ("POST", "/epcis/capture"): {"capture"},
    ("GET", "/epcis"): {"capture", "query"},
    ("GET", "/epcis/capture"): {"capture"},
    ("GET", "/epcis/capture/{capture_id}"): {"capture"},
    ("POST", "/epcis/events"): {"capture"},
    ("GET", "/epcis/events"): {"query"},
    ("GET", "/epcis/events/{event_id}"): {"query"},
    **{
        ("GET", f"/epcis/{tree}{rest}"): {"query"}
        for tree in TREES
        for rest in ("", "/{value}", "/{value}/events")
    },
    ("GET", "/epcis/queries"): {"query"},
    ("POST", "/epcis/queries"): {"query"},
    ("GET", "/epcis/queries/{name}"): {"query"},
    ("GET", "/epcis/queries/{name}/events"): {"query"},
    ("DELETE", "/epcis/queries/{name}"): {"query"},
    ("GET", "/epcis/queries/{name}/subscriptions"): {"query"},
    ("POST", "/epcis/queries/{name}/subscriptions"): {"query"},
    ("GET", "/epcis/queries/{name}/subscriptions/{subscription_id}"): {"query"},
    ("DELETE", "/epcis/queries/{name}/subscriptions/{subscription_id}"): {"query"},
    ("DELETE", "/epcis/nextPageToken/{token}"): {"query"},
    ("GET", "/v1/events/{entry}"): {"query"},
    ("GET", "/v1/events/{entry}/bundle"): {"query"},
    ("POST", "/v1/events/{entry}/correction"): {"capture", "operate"},
    ("GET", "/v1/events/{entry}/receipt"): {"capture", "query"},
    ("GET", "/v1/events/{entry}/opening"): {"audit"},
    ("GET", "/v1/events/{entry}/codes-opening"): {"audit"},
    ("GET", "/v1/streams/{stream}/anchors/{sequence}/decoys"): {"audit"},
    ("GET", "/v1/captures/{capture_id}/receipts"): {"capture", "query"},
    ("GET", "/v1/recalls/tasks"): {"query"},
    ("GET", "/v1/recalls/{number}/reach"): {"query"},
    ("POST", "/v1/recalls/{number}/acknowledge"): {"operate"},
    ("GET", "/v1/webhooks"): set(),
    ("POST", "/v1/webhooks"): set(),
    ("GET", "/v1/webhooks/{name}"): set(),
    ("DELETE", "/v1/webhooks/{name}"): set(),
    **{("POST", f"/v1/webhooks/{{name}}/{act}"): set() for act in ("rotate", "test", "replay")},
    ("GET", "/v1/webhooks/{name}/deliveries"): set(),
    ("GET", "/v1/codes/parse"): {"query"},
    ("POST", "/v1/codes/issue"): {"operate"},
    ("GET", "/v1/codes/orders"): {"operate"},
    ("GET", "/v1/codes/orders/{order}"): {"operate"},
    ("GET", "/v1/codes/orders/{order}/codes"): {"operate"},
    ("POST", "/v1/codes/orders/{order}/commission"): {"operate"},
    ("GET", "/v1/codes/ranges"): {"operate"},
    ("POST", "/v1/codes/ranges"): {"operate"},
    ("POST", "/v1/codes/ranges/close"): {"operate"},
    ("POST", "/v1/codes/void"): {"operate"},
    ("POST", "/v1/codes/replace"): {"operate"},
    ("GET", "/v1/codes/{code}/status"): {"query"},
    ("POST", "/v1/labels"): {"operate"},
    ("POST", "/v1/labels/jobs"): {"operate"},
    ("GET", "/v1/labels/jobs"): {"operate"},
    ("GET", "/v1/labels/jobs/{number}"): {"operate"},
    **{
        ("POST", f"/v1/labels/jobs/{{number}}/{what}"): {"operate"}
        for what in ("first", "scan", "print")
    },
    ("GET", "/v1/labels/prints"): {"operate"},
    ("GET", "/v1/codes/{code}/state"): {"query"},
    ("GET", "/v1/codes/{code}/tree"): {"query"},
    ("GET", "/v1/findings"): {"query"},
    ("GET", "/v1/findings/{number}"): {"query"},
    ("GET", "/v1/events/{entry}/findings"): {"query"},
    ("POST", "/v1/state/check"): {"query"},
    ("GET", "/v1/codes/{code}"): {"query"},
    ("GET", "/v1/public/codes/{code}"): None,
    ("GET", "/v1/traces/{code}"): {"query"},
    ("GET", "/v1/notices"): None,
    ("GET", "/chain/rpc"): None,
    ("POST", "/chain/rpc"): None,
    ("GET", "/v1/notices/{number}"): None,
    ("GET", "/v1/notices/{number}/affected"): {"query"},
    ("GET", "/v1/notices/{number}/findings"): {"query"},
    ("POST", "/v1/notices/{number}/list"): {"operate"},
    ("GET", "/v1/handovers"): {"query"},
    ("GET", "/v1/handovers/unaddressed"): {"query"},
    ("GET", "/v1/handovers/{name}"): {"query"},
    ("GET", "/v1/handovers/{name}/codes"): {"query"},
    ("POST", "/v1/handovers"): {"operate"},
    ("POST", "/v1/handovers/preview"): {"query"},
    ("POST", "/v1/handovers/{name}/resend"): {"operate"},
    ("GET", "/v1/shipments"): {"query"},
    ("GET", "/v1/shipments/{number}"): {"query"},
    ("GET", "/v1/acknowledgements/{entry}"): {"query"},
    ("GET", "/v1/custody-conflicts"): {"query"},
    **{
        ("POST", f"/v1/shipments/{{number}}/{what}"): {"operate"}
        for what in ("scans", "unscan", "finish")
    },
    ("GET", "/v1/exceptions"): {"query"},
    ("GET", "/v1/exceptions/{number}"): {"query"},
    **{
        ("GET", f"/v1/exceptions/{{number}}/{what}"): {"query"}
        for what in ("codes", "proof", "dscsa")
    },
    ("GET", "/v1/evidence"): {"operate"},
    ("GET", "/v1/evidence/{name}"): {"operate"},
    ("GET", "/v1/exceptions/{number}/evidence"): {"operate"},
    ("POST", "/v1/challenges"): {"audit"},
    ("GET", "/v1/peers"): {"query"},
    ("GET", "/v1/peers/{peer}"): {"query"},
    ("POST", "/v1/peers/{peer}/ping"): set(),
    ("POST", "/v1/peers/{peer}/retry"): set(),
    ("GET", "/v1/peers/{peer}/messages"): {"query"},
    ("GET", "/v1/peers/{peer}/messages/{number}"): {"query"},
    ("POST", "/v1/exceptions"): {"operate"},
    ("POST", "/v1/exceptions/import"): {"operate"},
    **{
        ("POST", f"/v1/exceptions/{{number}}/{what}"): {"operate"}
        for what in ("owner", "tell", "messages", "resolution")
    },
    ("GET", "/v1/anchors"): None,
    ("GET", "/v1/consortium"): None,
    ("GET", "/v1/consortium/participants"): None,
    ("GET", "/v1/consortium/participants/{participant}"): None,
    ("GET", "/v1/consortium/prefixes"): None,
    ("GET", "/v1/consortium/proposals"): None,
    ("GET", "/v1/consortium/proposals/{number}"): None,
    ("GET", "/v1/archives"): None,
    ("GET", "/archives/{slug}/v1/anchors"): None,
    ("GET", "/archives/{slug}/v1/streams/{stream}/anchors/{sequence}/entries"): None,
    ("GET", "/archives/{slug}/v1/public/codes/{code}"): None,
    ("GET", "/v1/streams/{stream}/anchors/{sequence}/entries"): None,
    ("GET", "/v1/operations"): {"operate"},
    ("POST", "/v1/operations/merge"): {"operate"},
    ("POST", "/v1/operations/{operation}"): {"operate"},
    ("POST", "/v1/operations/{operation}/undo"): {"operate"},
    ("POST", "/v1/operations/anchor"): {"operate"},
    ("GET", "/v1/status"): {"query"},
    ("POST", "/v1/grants"): set(),
    ("GET", "/v1/grants"): {"audit"},
    ("GET", "/v1/grants/{grant}"): {"audit"},
    ("POST", "/v1/grants/{grant}/revoke"): set(),
    ("GET", "/v1/reads"): {"audit"},
    ("GET", "/v1/reads/check"): {"audit"},
    ("POST", "/v1/reads/state"): set(),
    ("GET", "/v1/events/{entry}/visibility"): {"query"},
    ("POST", "/v1/visibility"): {"query"},
    ("GET", "/v1/granted/{participant}"): {"audit"},
    ("GET", "/v1/granted/{participant}/reads"): {"audit"},
    **{
        ("GET", f"/v1/granted/{{participant}}/{{grant}}/events{rest}"): {"audit"}
        for rest in ("", "/{entry}/bundle", "/{entry}/opening", "/{entry}/codes-opening")
    },
    ("POST", "/v1/delegations"): set(),
    ("GET", "/v1/delegations"): {"audit"},
    ("POST", "/v1/delegations/{delegation}/revoke"): set(),
    ("GET", "/v1/delegated/{participant}/{request_key}"): {"audit"},
    ("POST", "/v1/acting/{participant}/{operation}"): {"operate"},
    ("POST", "/v1/api-keys"): set(),
    ("GET", "/v1/api-keys"): set(),
    ("DELETE", "/v1/api-keys/{key_id}"): set(),
    ("POST", "/v1/people"): set(),
    ("GET", "/v1/people"): set(),
    ("POST", "/v1/people/{name}/link"): set(),
    ("DELETE", "/v1/people/{name}"): set(),
    ("DELETE", "/v1/events/{entry}"): set(),
    **{
        (method, f"/v1/{plural}{rest}"): {scope}
        for plural in ("products", "locations", "parties")
        for method, rest, scope in (
            ("GET", "", "query"),
            ("GET", "/versions", "query"),
            ("GET", "/{record}", "query"),
            ("PUT", "/{record}", "operate"),
            ("DELETE", "/{record}", "operate"),
            ("POST", "/import", "operate"),
        )
    },
    ("POST", "/v1/imports"): {"capture"},
    ("GET", "/v1/imports/{number}"): {"capture"},
    ("GET", "/v1/exports/bills/{number}"): {"query"},
    ("GET", "/v1/exports/relations"): {"query"},
    ("POST", "/v1/csv-mappings"): {"capture"},
    ("POST", "/v1/lint"): {"capture"},
    ("POST", "/v1/consortium/proposals"): set(),
    ("POST", "/v1/consortium/proposals/{number}/{vote}"): set(),
    ("POST", "/v1/code-prefixes/{grant}/offer"): set(),
    ("POST", "/v1/code-prefixes/{grant}/surrender"): set(),
    ("POST", "/v1/code-prefixes/{grant}/{answer}"): set(),
    ("POST", "/v1/notices"): set(),
    ("POST", "/v1/notices/{notice}/escalate"): set(),
    ("POST", "/v1/notices/{notice}/lift"): set(),
    ("GET", "/healthz"): None,
    ("GET", "/problems/{code}"): None,
    ("GET", "/readyz"): None,
    ("GET", "/metrics"): None,  # on loopback
}
VALUES = {
    "participant": "1",
    "vote": "approve",
    "answer": "accept",
    "grant": "1",
    "notice": "1",
    "capture_id": "0190a6f0-0000-7000-8000-000000000000",
    "event_id": "urn:uuid:none",
    "value": "urn:example:none",
    "name": "none",
    "token": "none",
    "subscription_id": "none",
    "entry": ENTRY,
    "operation": "dispense",
    "code": "urn:example:none",
    "number": "1",
    "stream": "65536",
    "sequence": "1",
    "key_id": "none",
    "order": "none",
    "record": "urn:example:none",
    "slug": "nobody",
    "peer": "nobody",
    "delegation": "none",
    "request_key": "none",
}


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: VALUES[match[1]], path)


def routes() -> set[tuple[str, str]]:
    paths = describe_app().openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


OF_GATEWAYS = sorted(one for one in routes() if one[1].startswith("/v1/peer/"))
"""What other gateways ask: they sign, and have no keys of ours."""


def test_the_matrix_has_every_route() -> None:
    assert set(MATRIX) == routes() - set(OF_GATEWAYS)


async def ask(
    up: Running, method: str, path: str, key: str | None, **headers: str
) -> httpx2.Response:
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    content = b"{}" if method == "POST" else None
    return await up.stranger(**headers).request(method, filled(path), content=content)


@shared_loop
@pytest.mark.parametrize(("method", "path"), sorted(MATRIX))
async def test_scopes(shared: Running, method: str, path: str) -> None:
    needed = MATRIX[method, path]
    missing = await ask(shared, method, path, None)
    if needed is None:
        assert missing.status_code not in (401, 403)
        return
    assert (missing.status_code, missing.json()["code"]) == (401, "api_key")
    assert missing.headers["www-authenticate"] == "Bearer"
    for scope in SCOPES:
        answer = await ask(shared, method, path, await shared.new_key(scope))
        if scope in needed or scope == "admin":
            assert answer.status_code not in (401, 403), (scope, answer.text)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "scope"), scope


@shared_loop
@pytest.mark.parametrize(("method", "path"), OF_GATEWAYS)
async def test_no_key_stands_for_a_signature(shared: Running, method: str, path: str) -> None:
    for key in (None, shared.admin_key):
        answer = await ask(shared, method, re.sub(r"\{\w+\}", "0" * 64, path), key)
        assert (answer.status_code, answer.json()["code"]) == (401, "peer_signature")


@shared_loop
async def test_keys_that_are_not_valid(shared: Running) -> None:
    async def status(key: str) -> tuple[int, str]:
        answer = await ask(shared, "GET", "/v1/status", key)
        return answer.status_code, answer.json().get("code", "")

    gateway = shared.gateway
    now_s = int(gateway.clock())
    expired, _ = await new_api_key(
        gateway.store, name="old", scopes=["query"], now_s=now_s - 100, expires_at=now_s - 1
    )
    good = await shared.new_key("query")
    assert (await status(good))[0] == 200
    for wrong in ("st_live_" + "A" * 43, good[:-1], good + "x", expired, "", "'; --"):
        assert await status(wrong) == (401, "api_key"), wrong


@shared_loop
async def test_a_revoked_key_ends_at_once(shared: Running) -> None:
    made = await shared.client.post("/v1/api-keys", json={"name": "x", "scopes": ["query"]})
    assert made.status_code == 201
    key, key_id = made.json()["key"], made.json()["id"]
    assert (await ask(shared, "GET", "/v1/status", key)).status_code == 200
    assert (await shared.client.delete(f"/v1/api-keys/{key_id}")).json()["revokedAt"]
    assert (await ask(shared, "GET", "/v1/status", key)).status_code == 401
    listed = (await shared.client.get("/v1/api-keys")).json()["keys"]
    (mine,) = [one for one in listed if one["id"] == key_id]
    assert mine["revokedAt"]
    assert key not in str(listed)
    gone = await shared.client.delete("/v1/api-keys/none")
    assert (gone.status_code, gone.json()["code"]) == (404, "api_key_not_found")


@shared_loop
async def test_only_a_hash_of_a_key_is_kept(shared: Running) -> None:
    key = await shared.new_key("query")
    stored = await shared.gateway.store.api_key_by_hash(key_hash(key))
    assert stored is not None
    for file in filter(Path.is_file, shared.folder.rglob("*")):
        assert key.encode() not in file.read_bytes(), file.name


@shared_loop
async def test_either_header_will_do(shared: Running) -> None:
    key = await shared.new_key("query")
    answer = await shared.stranger(**{"X-API-Key": key}).get("/v1/status")
    assert answer.status_code == 200


@shared_loop
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"name": "x", "scopes": ["everything"]}', "unknown_scope"),
        (b'{"name": " ", "scopes": ["query"]}', "key_name"),
        (b'{"name": "x", "scopes": []}', "parameter"),
        (b'{"name": "x", "scopes": ["query"], "expiresAt": 1}', "key_expiry"),
        (b'{"name": "x", "scopes": ["query"], "admin": true}', "parameter"),
        (b'{"name": "x", "name": "y", "scopes": ["query"]}', "duplicate_member"),
        (b"[" * 10_000, "too_deep"),
        (b"nothing", "not_json"),
        (b"", "not_json"),
    ],
)
async def test_bad_wishes_for_a_key(shared: Running, body: bytes, code: str) -> None:
    before = len((await shared.client.get("/v1/api-keys")).json()["keys"])
    answer = await shared.client.post("/v1/api-keys", content=body)
    assert answer.status_code in (400, 413)
    assert answer.json()["code"] == code
    assert len((await shared.client.get("/v1/api-keys")).json()["keys"]) == before


async def test_metrics_need_a_key_unless_bound_to_loopback(start: Start) -> None:
    up = await start(Wishes(host="0.0.0.0"))
    assert (await up.stranger().get("/metrics")).status_code == 401
    key = await up.new_key("capture")
    assert (await ask(up, "GET", "/metrics", key)).status_code == 403
    answer = await ask(up, "GET", "/metrics", await up.new_key("query"))
    assert answer.status_code == 200


async def test_metrics_hold_no_code(start: Start) -> None:
    up = await start()
    code = "https://id.gs1.org/01/06901234123456/21/PLANTED-CODE"
    await up.entry(commissioning(code))
    await up.client.get(f"/v1/public/codes/{code}")
    await up.client.get(f"/v1/codes/{code}")
    await up.client.get(f"/no/such/route/{sgtin()}")
    await up.stranger().request("PLANTED-METHOD", "/v1/status")
    answer = await up.stranger().get("/metrics")
    assert answer.status_code == 200
    assert "PLANTED" not in answer.text
    assert "06901234123456" not in answer.text
    assert 'sealtrail_events_captured_total{result="stored"} 1.0' in answer.text
    assert 'route="/v1/public/codes/{code:path}"' in answer.text
    assert 'method="other"' in answer.text
