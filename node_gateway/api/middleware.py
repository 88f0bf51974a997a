"""Request ids and durations. No access log: addresses of look-ups hold codes."""

from __future__ import annotations

import secrets
import time

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from node_gateway.api.problems import problem
from node_gateway.telemetry import Metrics

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""A client may send any word for a method, but not make it a label."""


class BrokenOffError(Exception):
    """An answer failed half-way; the server must cut the connection. The log has the reason."""


class Measured:
    """Gives every request an id, measures it, and answers what nobody foresaw.

    An error that reached the server would be logged by it with its message, which may be a piece
    of an event.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = number
        status, started = 500, False
        began = time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                message["headers"] = [*message["headers"], (b"x-request-id", number.encode())]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # noqa: BLE001  answered, and logged without its message
            response = problem(Request(scope), error)  # logs it, too
            if started:
                raise BrokenOffError from None
            await response(scope, receive, answer)
        finally:
            route = scope.get("route")
            template = getattr(route, "path", "none")
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._metrics.requests.labels(template, method, status).observe(
                time.perf_counter() - began
            )
