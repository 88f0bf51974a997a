"""Who may do what in the console: every route, with every role."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from node_gateway.console.routes import ROUTERS
from tests.gateway.console.visitors import browser, somebody
from tests.gateway.running import Running

shared_loop = pytest.mark.asyncio(loop_scope="module")

LOCALES = Path(__file__).parents[3] / "node_gateway" / "web" / "locales"
# Which roles get in; None: nobody needs to be signed in.
ALL = {"viewer", "scanner", "operator", "quality", "admin"}
VIEW = ALL - {"scanner"}
RECEIVE = ALL - {"viewer"}
OPERATE = {"operator", "quality", "admin"}
QUALITY = {"quality", "admin"}
ADMIN = {"admin"}
MATRIX: dict[tuple[str, str], set[str] | None] = {
    ("GET", "/app/login"): None,
    ("POST", "/app/login"): None,
    ("GET", "/app/join/{link}"): None,
    ("POST", "/app/join/{link}"): None,
    ("POST", "/app/logout"): ALL,
    ("GET", "/app/account"): ALL,
    ("POST", "/app/account/recovery"): ALL,
    ("GET", "/app/people"): ADMIN,
    ("POST", "/app/people"): ADMIN,
    ("POST", "/app/people/{name}/link"): ADMIN,
    ("POST", "/app/people/{name}/role"): ADMIN,
    ("POST", "/app/people/{name}/disable"): ADMIN,
    ("GET", "/app/log"): ADMIN,
    ("GET", "/app"): VIEW,
    ("GET", "/app/findings"): VIEW,
    ("GET", "/app/scan"): ALL,
    ("GET", "/app/unit"): ALL,
    ("GET", "/app/proof/{entry}"): VIEW,
    ("GET", "/app/receive"): ALL,
    ("GET", "/app/receive/{number}"): ALL,
    ("POST", "/app/receive/{number}/scans"): RECEIVE,
    ("POST", "/app/receive/{number}/undo"): RECEIVE,
    ("POST", "/app/receive/{number}/finish"): RECEIVE,
    ("GET", "/app/shipments"): VIEW,
    ("POST", "/app/shipments/{number}/resend"): OPERATE,
    ("GET", "/app/ship"): OPERATE,
    ("POST", "/app/ship"): OPERATE,
    ("POST", "/app/ship/confirm"): OPERATE,
    ("GET", "/app/exceptions"): VIEW,
    ("GET", "/app/exceptions/{number}"): VIEW,
    ("POST", "/app/exceptions/{number}/messages"): OPERATE,
    ("POST", "/app/exceptions/{number}/owner"): OPERATE,
    ("POST", "/app/exceptions/{number}/resolution"): OPERATE,
    ("GET", "/app/anchors"): VIEW,
    ("GET", "/app/units"): VIEW,
    ("GET", "/app/recalls"): VIEW,
    ("GET", "/app/recalls/new"): QUALITY,
    ("POST", "/app/recalls/new"): QUALITY,
    ("POST", "/app/recalls/publish"): QUALITY,
    ("GET", "/app/recalls/{number}"): VIEW,
    ("GET", "/app/recalls/{number}/goods"): VIEW,
    ("POST", "/app/recalls/{number}/acknowledge"): OPERATE,
    ("POST", "/app/recalls/{number}/lift"): QUALITY,
    ("GET", "/app/partners"): VIEW,
    ("GET", "/app/partners/{name}"): VIEW,
    ("POST", "/app/partners/{name}/ping"): OPERATE,
    ("POST", "/app/partners/{name}/retry"): ADMIN,
    ("GET", "/app/labels"): VIEW,
    ("GET", "/app/labels/printed"): VIEW,
    ("GET", "/app/labels/new"): OPERATE,
    ("POST", "/app/labels/new"): OPERATE,
    ("POST", "/app/labels/file"): OPERATE,
    ("POST", "/app/labels/jobs"): OPERATE,
    ("GET", "/app/labels/{number}"): VIEW,
    ("POST", "/app/labels/{number}/first"): OPERATE,
    ("POST", "/app/labels/{number}/scan"): OPERATE,
    ("POST", "/app/labels/{number}/print"): OPERATE,
    ("GET", "/app/selftest"): ALL,
    ("GET", "/app/selftest/label"): ALL,
    ("GET", "/app/settings"): ADMIN,
    ("GET", "/app/webhooks"): ADMIN,
}
FILLED = {"{number}": "4711", "{name}": "nobody-of-this-name", "{entry}": "0" * 64}


def routes() -> list[APIRoute]:
    found = [one for router in ROUTERS for one in router.routes]
    return [one for one in found if isinstance(one, APIRoute)]


def test_the_matrix_has_every_route() -> None:
    assert set(MATRIX) == {(method, one.path) for one in routes() for method in one.methods}


def test_the_log_has_a_word_for_every_deed() -> None:
    deeds = {f"log.{one.name}" for one in routes() if one.methods == {"POST"}}
    for language in ("en", "zh-CN"):
        words = json.loads((LOCALES / language / "log.json").read_text(encoding="utf-8"))
        assert set(words) == deeds


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path


@shared_loop
@pytest.mark.parametrize("role", sorted(ALL))
async def test_a_role_gets_in_where_the_matrix_says(shared: Running, role: str) -> None:
    async with somebody(shared, f"role-{role}", role) as one:
        account = await one.get("/app/account")
        token = account.text.partition('name="form_token" value="')[2][:64]
        for (method, path), allowed in sorted(MATRIX.items()):
            if allowed is None or path in ("/app/logout", "/app/account/recovery"):
                continue
            where = filled(path)
            if method == "GET":
                answer = await one.get(where, code="x", format="json")
            else:
                answer = await one.post(where, form_token=token)
            refused = answer.status_code == 403
            assert refused == (role not in allowed), (method, path, answer.text)
            assert answer.status_code < 500, (method, path, answer.text)


@shared_loop
@pytest.mark.parametrize(("method", "path"), sorted(MATRIX))
async def test_nobody_gets_in_without_signing_in(shared: Running, method: str, path: str) -> None:
    if MATRIX[method, path] is None:
        return
    async with browser(shared) as client:
        answer = await client.request(method, filled(path), headers={"Origin": "http://gateway"})
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/app/login")
        renewed = await client.request(method, filled(path), headers={"HX-Request": "true"})
        assert renewed.headers["hx-redirect"].startswith("/app/login")


@shared_loop
async def test_no_api_key_opens_the_console(shared: Running) -> None:
    answer = await shared.client.get("/app", headers={"Accept-Language": "en"})
    assert answer.status_code == 303
