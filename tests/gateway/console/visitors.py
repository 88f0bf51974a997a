"""Visitors of the console as browsers are: cookies, forms with their tokens, an origin."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any, Final

import httpx2
import pyotp

from node_gateway.console.one_time_codes import STEP_S
from tests.gateway.running import Running

BASE: Final = "http://gateway"
PASSWORD: Final = "a long enough password"
_HOSTS: Final = itertools.count(1)
_TOKEN: Final = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
_KEY: Final = re.compile(r'<p class="mono key">([A-Z2-7]+)</p>')


@dataclass
class Clock:
    """A clock that a test moves on."""

    at: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.at


@dataclass
class Visitor:
    """A browser with one person in front of it.

    Attributes:
        key: Of their authenticator, once they have one.
        codes: Their recovery codes.
        last: The code that they signed in with last.
    """

    client: httpx2.AsyncClient
    clock: Callable[[], float]
    name: str = ""
    key: str = ""
    codes: tuple[str, ...] = ()
    last: str = ""

    async def get(self, path: str, **params: Any) -> httpx2.Response:
        return await self.client.get(path, params=params or None)

    async def send(
        self, path: str, *, seen_at: str | None = None, **fields: str
    ) -> httpx2.Response:
        """Send a form as the page at `seen_at` has it (`path` unless named)."""
        page = await self.client.get(seen_at or path)
        found = _TOKEN.search(page.text)
        token = found[1] if found else ""
        return await self.post(path, form_token=token, **fields)

    async def post(self, path: str, *, origin: str | None = BASE, **fields: str) -> httpx2.Response:
        headers = {} if origin is None else {"Origin": origin}
        return await self.client.post(path, data=fields, headers=headers)

    def code(self, away: int = 0) -> str:
        """Return what the authenticator shows, `away` steps from now."""
        return pyotp.TOTP(self.key).generate_otp(int(self.clock()) // STEP_S + away)

    async def join(self, link: str) -> httpx2.Response:
        """Use a link: take the key from the page, choose the password."""
        path = f"/app/join/{link}"
        page = await self.get(path)
        found = _KEY.search(page.text)
        assert found is not None, page.text
        self.key = found[1]
        answer = await self.send(path, password=PASSWORD, again=PASSWORD, code=self.code(-1))
        self.codes = tuple(re.findall(r'<li class="mono">([A-Z2-7-]{19})</li>', answer.text))
        return answer

    async def sign_in(
        self, *, password: str = PASSWORD, code: str | None = None, **more: str
    ) -> Any:
        """Sign in; the answer is a redirect where it succeeds."""
        self.last = self.code() if code is None else code
        fields = {"name": self.name, "password": password, "code": self.last, **more}
        return await self.send("/app/login", **fields)


@asynccontextmanager
async def browser(up: Running, address: str = "") -> AsyncIterator[httpx2.AsyncClient]:
    """A browser at an address of its own, so that tests do not wait for each other."""
    address = address or f"192.0.2.{next(_HOSTS) % 255}"
    transport = httpx2.ASGITransport(
        app=up.app, raise_app_exceptions=False, client=(address, 50000)
    )
    async with httpx2.AsyncClient(
        transport=transport, base_url=BASE, headers={"Accept-Language": "en"}
    ) as client:
        yield client


@asynccontextmanager
async def somebody(
    up: Running, name: str, role: str, *, signs_in: bool = True, address: str = ""
) -> AsyncIterator[Visitor]:
    """Somebody with an account, signed in unless told otherwise."""
    async with browser(up, address) as client:
        visitor = Visitor(client, up.gateway.clock, name)
        link, _ = await up.gateway.pages.console.people.add(name, role)
        joined = await visitor.join(link)
        assert joined.status_code == 200, joined.text
        if signs_in:
            answer = await visitor.sign_in()
            assert answer.status_code == 303, text_of(answer)
        yield visitor


def text_of(answer: httpx2.Response) -> str:
    """Return what is read on a page."""
    body = answer.text.partition("<main")[2] or answer.text
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
