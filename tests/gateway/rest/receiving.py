"""A real HTTP receiver on loopback, which answers as it is told and keeps what it got."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from node_gateway.settings import SubscriptionsSection
from tests.gateway.running import Running, events_of

QUICK = SubscriptionsSection(
    allow_private=True, allow_http=True, retry_s_min=0.2, retry_s_max=0.5, timeout_s=3
)
"""Loopback without TLS, and impatient."""


@dataclass
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def codes(self) -> list[str]:
        return [code for event in events_of(self.document) for code in event.get("epcList", ())]


Reply = Callable[[Received], int | str]


def taken(_request: Received) -> int | str:
    return 204


@dataclass
class Receiver:
    """Answers with `reply`: a status, or a whole head of a response as text."""

    port: int = 0
    reply: Reply = taken
    delay_s: float = 0.0
    got: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?client=42"

    @property
    def codes(self) -> list[str]:
        """Codes of all events that were taken, in order."""
        return [code for one in self.taken for code in one.codes]

    async def until(self, done: Callable[[Receiver], bool], timeout_s: float = 60) -> None:
        async with asyncio.timeout(timeout_s):
            while not done(self):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            request = Received(first.split(" ")[1], headers, body)
            self.got.append(request)
            await asyncio.sleep(self.delay_s)
            said = self.reply(request)
            if isinstance(said, int):
                if 200 <= said < 300:
                    self.taken.append(request)
                said = f"HTTP/1.1 {said} X\r\nContent-Length: 0\r\n\r\n"
            writer.write(said.encode())
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the gateway has hung up
        finally:
            writer.close()


@asynccontextmanager
async def receiving(receiver: Receiver, port: int = 0, ssl: Any = None) -> AsyncIterator[Receiver]:
    """Listen while the context is open."""
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", port, ssl=ssl, limit=1 << 20)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()


async def add_query(up: Running, name: str, **query: Any) -> None:
    made = await up.client.post("/epcis/queries", json={"name": name, "query": query})
    assert made.status_code == 201, made.text


async def subscribe(up: Running, name: str, **members: Any) -> dict[str, Any]:
    made = await up.client.post(f"/epcis/queries/{name}/subscriptions", json=members)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def shown(up: Running, subscription: dict[str, Any]) -> dict[str, Any]:
    path = f"/epcis/queries/{subscription['queryName']}/subscriptions"
    answer = await up.client.get(f"{path}/{subscription['subscriptionID']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def until_state(
    up: Running, subscription: dict[str, Any], state: str, timeout_s: float = 20
) -> dict[str, Any]:
    async with asyncio.timeout(timeout_s):
        while (found := await shown(up, subscription))["state"] != state:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found
