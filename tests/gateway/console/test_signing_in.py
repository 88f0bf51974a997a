"""Sign in to the console: links, one-time codes, sessions, throttling, and the log of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from node_gateway.console import passwords
from node_gateway.settings_pages import ConsoleSection
from tests.gateway.conftest import Start
from tests.gateway.console.visitors import (
    BASE,
    PASSWORD,
    Clock,
    Visitor,
    browser,
    somebody,
    text_of,
)
from tests.gateway.running import Running, Wishes

shared_loop = pytest.mark.asyncio(loop_scope="module")


def files_in(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file()]


async def newest(up: Running, count: int = 1) -> list[dict[str, Any]]:
    rows, _ = await up.gateway.pages.console.log.page(before=None, limit=count, who=None)
    return rows


@shared_loop
async def test_nobody_has_an_account_until_the_first_link(shared: Running) -> None:
    people, _ = await shared.gateway.pages.console.people.page(after="", limit=10)
    assert people == []
    async with browser(shared) as client:
        page = await client.get("/app/account")
        assert page.status_code == 303
        assert page.headers["location"] == "/app/login?next=%2Fapp%2Faccount"


@shared_loop
async def test_a_link_works_once(shared: Running) -> None:
    link, made = await shared.gateway.pages.console.people.add("Anna", "operator")
    assert made == {**made, "name": "anna", "role": "operator", "state": "invited"}
    async with browser(shared) as client:
        anna = Visitor(client, shared.gateway.clock, "anna")
        page = await anna.get(f"/app/join/{link}")
        assert "data:image/svg+xml;base64," in page.text
        assert page.headers["cache-control"] == "no-store"
        short = await anna.send(f"/app/join/{link}", password="short", again="short", code="1")
        assert short.status_code == 400
        assert len(anna.codes) == 0
        await anna.join(link)
        assert len(set(anna.codes)) == 8
        again = await anna.get(f"/app/join/{link}")
        assert again.status_code == 404
        assert "was used" in text_of(again)
        assert (await anna.sign_in()).headers["location"] == "/app"


@shared_loop
async def test_a_one_time_code_is_taken_once(shared: Running) -> None:
    async with somebody(shared, "bela", "viewer") as bela:
        again = await bela.sign_in(code=bela.last)
        assert again.status_code == 401
        assert "do not fit together" in text_of(again)
        before = await bela.sign_in(code=bela.code(-1))  # an older step than the last one taken
        assert before.status_code == 401
        assert (await bela.sign_in(code=bela.code(1))).status_code == 303


@shared_loop
async def test_a_recovery_code_stands_in_once(shared: Running) -> None:
    async with somebody(shared, "cora", "viewer", signs_in=False) as cora:
        spelled = cora.codes[0].lower().replace("-", " ")
        assert (await cora.sign_in(code=spelled)).status_code == 303
        assert "7 left" in text_of(await cora.get("/app/account"))
        assert (await cora.sign_in(code=cora.codes[0])).status_code == 401
        renewed = await cora.send("/app/account/recovery", seen_at="/app/account")
        assert renewed.status_code == 200
        assert (await cora.sign_in(code=cora.codes[1])).status_code == 401


@shared_loop
@pytest.mark.parametrize("wrong", ["name", "password", "code"])
async def test_all_that_is_wrong_looks_the_same(shared: Running, wrong: str) -> None:
    async with somebody(shared, f"dora-{wrong}", "viewer", signs_in=False) as dora:
        fields = {"name": dora.name, "password": PASSWORD, "code": dora.code()}
        fields[wrong] = {"name": "nobody-here", "code": "000000"}.get(wrong, "another password")
        answer = await dora.send("/app/login", **fields)
        assert answer.status_code == 401
        shown = text_of(answer)
        assert "Name, password and code do not fit together" in shown
        assert "sealtrail_session" not in answer.headers.get("set-cookie", "")
        (logged,) = await newest(shared)
        assert logged["who"] == "?"  # the name that was typed is not kept: it may be a password
        assert (logged["action"], logged["subject"]) == ("sign_in", "login_failed")
        assert logged["origin"] == "192.0.2.0/24"


def test_an_unknown_name_costs_as_much_as_a_known_one() -> None:
    made = PasswordHasher(time_cost=2, memory_cost=65_536, parallelism=1)
    assert not made.check_needs_rehash(passwords.NOBODYS)
    assert not made.check_needs_rehash(made.hash(PASSWORD))


@shared_loop
async def test_a_form_needs_its_token_and_its_origin(shared: Running) -> None:
    async with somebody(shared, "emil", "viewer") as emil:
        page = await emil.get("/app/account")
        token = page.text.partition('name="form_token" value="')[2][:64]
        path = "/app/account/recovery"
        for origin, stated in (
            ("http://elsewhere.example", token),
            ("null", token),
            (None, token),
            (BASE, ""),
            (BASE, token[:-1] + ("0" if token[-1] != "0" else "1")),
        ):
            refused = await emil.post(path, origin=origin, form_token=stated)
            assert refused.status_code == 403, (origin, stated)
        (logged,) = await newest(shared)
        assert (logged["who"], logged["outcome"]) == ("emil", "form_token")
        assert (await emil.post(path, form_token=token)).status_code == 200
        async with somebody(shared, "fred", "viewer") as fred:
            other = await fred.post(path, form_token=token)
            assert other.status_code == 403  # a token belongs to one session


@shared_loop
async def test_a_form_to_sign_in_needs_its_token_too(shared: Running) -> None:
    async with somebody(shared, "gina", "viewer", signs_in=False) as gina:
        fields = {"name": "gina", "password": PASSWORD, "code": gina.code()}
        assert (await gina.post("/app/login", **fields)).status_code == 403
        assert (await gina.post("/app/login", origin="null", **fields)).status_code == 403


@shared_loop
async def test_nobody_is_led_elsewhere(shared: Running) -> None:
    async with somebody(shared, "hugo", "viewer", signs_in=False) as hugo:
        for number, wanted in enumerate(("//evil.example", "https://evil.example", "/app\\@evil")):
            answer = await hugo.sign_in(code=hugo.codes[number], next=wanted)
            assert answer.headers["location"] == "/app", wanted
        assert (await hugo.sign_in(next="/app/account?x=1")).headers[
            "location"
        ] == "/app/account?x=1"


@shared_loop
async def test_sign_out_here_and_everywhere(shared: Running) -> None:
    async with somebody(shared, "ida", "viewer") as ida, browser(shared) as other:
        second = Visitor(other, shared.gateway.clock, "ida", ida.key, ida.codes)
        assert (await second.sign_in(code=second.codes[0])).status_code == 303
        assert "192.0.2.0/24" in text_of(await ida.get("/app/account"))
        await ida.send("/app/logout", seen_at="/app/account")
        assert (await ida.get("/app/account")).status_code == 303
        assert (await second.get("/app/account")).status_code == 200
        await ida.sign_in(code=ida.codes[1])
        await ida.send("/app/logout", seen_at="/app/account", everywhere="yes")
        assert (await second.get("/app/account")).status_code == 303


async def test_a_session_ends_by_itself(start: Start) -> None:
    clock = Clock()
    up = await start(Wishes(clock=clock, sections={"console": ConsoleSection()}))
    async with somebody(up, "jan", "viewer") as jan:
        for _ in range(3):
            clock.at += 1700
            assert (await jan.get("/app/account")).status_code == 200
        clock.at += 1000
        assert (await jan.get("/app/account", renewal="1")).status_code == 200
        clock.at += 801  # a page that renews itself keeps nobody in
        assert (await jan.get("/app/account")).status_code == 303
        assert (await jan.sign_in()).status_code == 303
        for _ in range(43_200 // 1700):
            clock.at += 1700
            assert (await jan.get("/app/account")).status_code == 200
        clock.at += 1000
        assert (await jan.get("/app/account")).status_code == 303  # 12 hours are over


async def test_a_link_ends_by_itself(start: Start) -> None:
    clock = Clock()
    up = await start(Wishes(clock=clock))
    link, _ = await up.gateway.pages.console.people.add("kim", "viewer")
    async with browser(up) as client:
        clock.at += 24 * 3600
        assert (await client.get(f"/app/join/{link}")).status_code == 404


async def test_attempts_are_counted_by_name_and_by_address(start: Start) -> None:
    few = ConsoleSection(logins_per_name="3/minute", logins_per_address="8/minute")
    up = await start(Wishes(sections={"console": few}))
    async with somebody(up, "lena", "viewer", signs_in=False, address="203.0.113.5") as lena:
        codes = [(await lena.sign_in(password="wrong wrong wrong")).status_code for _ in range(4)]
        assert codes == [401, 401, 401, 429]
        assert (await lena.sign_in()).status_code == 429  # even with what is right
        async with browser(up, "198.51.100.9") as elsewhere:
            other = Visitor(elsewhere, up.gateway.clock, "lena", lena.key)
            assert (await other.sign_in()).status_code == 429
            codes = []
            for number in range(8):
                other.name = f"nobody{number}"
                codes.append((await other.sign_in()).status_code)
            assert codes == [401] * 7 + [429]


@shared_loop
async def test_the_cookie_is_out_of_reach(start: Start, shared: Running) -> None:
    async with somebody(shared, "max", "viewer", signs_in=False) as plain:
        cookie = (await plain.sign_in()).headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "path=/app" in cookie
        assert "secure" not in cookie


async def test_the_cookie_travels_with_tls_alone_where_there_is_any(start: Start) -> None:
    up = await start(Wishes(public_url="https://gateway.example"))
    async with browser(up) as client:
        assert "; secure" in (await client.get("/app/login")).headers["set-cookie"].lower()


@shared_loop
async def test_a_new_role_a_new_link_and_the_end_come_at_once(shared: Running) -> None:
    people = shared.gateway.pages.console.people
    async with somebody(shared, "nora", "admin") as nora:
        await people.set_role("nora", "viewer")
        assert (await nora.get("/app/account")).status_code == 303
        await nora.sign_in(code=nora.codes[0])
        assert (await nora.get("/app/people")).status_code == 403
        await people.disable("nora")
        assert (await nora.get("/app/account")).status_code == 303
        assert (await nora.sign_in(code=nora.codes[1])).status_code == 401
        link, _ = await people.reset("nora")
        assert (await nora.sign_in(code=nora.codes[2])).status_code == 303  # until it is used
        await nora.join(link)
        assert (await nora.get("/app/account")).status_code == 303


@shared_loop
async def test_only_hashes_are_kept(shared: Running) -> None:
    async with somebody(shared, "olga", "viewer") as olga:
        link, _ = await shared.gateway.pages.console.people.add("olgas-friend", "viewer")
        secrets = [PASSWORD, link, olga.client.cookies["sealtrail_session"], *olga.codes]
        secrets += [one.replace("-", "") for one in olga.codes]
        files = files_in(shared.folder)
        assert any(b"olgas-friend" in one.read_bytes() for one in files)
        for one in files:
            raw = one.read_bytes()
            assert not [text for text in secrets if text.encode() in raw], one.name


@shared_loop
async def test_the_log_has_who_did_what_from_where(shared: Running) -> None:
    async with somebody(shared, "petra", "admin", address="2001:db8:1:2:3::4") as petra:
        added = await petra.send("/app/people", name="quinn", role="scanner")
        assert "/app/join/" in text_of(added)
        await petra.send("/app/people/quinn/role", seen_at="/app/people", role="viewer")
        await petra.send("/app/people/quinn/disable", seen_at="/app/people")
        refused = await petra.send("/app/people/petra/disable", seen_at="/app/people")
        assert refused.status_code == 409
        log = (await petra.get("/app/log", format="json", who="petra")).json()["rows"]
        found = [(one["action"], one["subject"], one["outcome"]) for one in log]
        assert found == [
            ("disable_person", "name petra", "own_account"),
            ("disable_person", "name quinn", "ok"),
            ("set_role", "quinn viewer", "ok"),
            ("add_person", "quinn scanner", "ok"),
            ("sign_in", "", "ok"),
            ("join", "", "ok"),
        ]
        assert {one["origin"] for one in log} == {"2001:db8:1::/48"}
        shown = text_of(await petra.get("/app/log"))
        assert "Give a role quinn viewer" in shown
        first = (await petra.get("/app/log", format="json", perPage="2")).json()
        rest = (await petra.get("/app/log", format="json", perPage="2", after=first["next"])).json()
        numbers = [one["number"] for one in first["rows"] + rest["rows"]]
        assert numbers == list(range(numbers[0], numbers[0] - 4, -1))
