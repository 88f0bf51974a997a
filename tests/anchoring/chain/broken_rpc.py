"""HTTP servers that are no chain, or a chain behind a bad line."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler):
    """Serve every request with `handler`; gives the address."""
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = site._server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def answering(body: bytes, *, status: int = 200, kind: str = "application/json") -> Handler:
    async def handle(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=body, status=status, content_type=kind)

    return handle


class Line:
    """A proxy before a real endpoint, with a fault that the test sets.

    `fault` gets the method and may return: None (pass on), "lose" (never deliver, close),
    "reply-lost" (deliver, then close without an answer), "silent" (never answer), an int (HTTP
    status), or a function that changes the answer.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.fault: Callable[[str, list[Any]], Any] = lambda method, params: None
        self.calls: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        call = json.loads(body)
        method = call["method"]
        self.calls.append(method)
        fault = self.fault(method, call["params"])
        if fault == "silent":
            await asyncio.sleep(30)
        if isinstance(fault, int):
            return web.Response(status=fault)
        if fault == "lose":
            return self._closed(request)
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=body, headers={"content-type": "application/json"}) as got,
        ):
            answer = await got.json()
        if fault == "reply-lost":
            return self._closed(request)
        if callable(fault):
            answer = fault(answer)
        return web.json_response(answer)

    @staticmethod
    def _closed(request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
