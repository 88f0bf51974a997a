"""The short way for plain captures: the same endpoints, without the framework's work per request.

Resolving parameters and dependencies costs the framework about as much as committing an event. A
capture without query and without the headers that steer it has nothing to resolve; every other
request takes the ordinary way. Both ways end in the same function, and a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from anchoring.errors import AnchoringError
from node_gateway.api.capture import capture_document, capture_event
from node_gateway.api.deps import epcis_body, gateway, requires
from node_gateway.api.problems import problem
from node_gateway.epcis.errors import EpcisError
from node_gateway.errors import GatewayError
from node_gateway.storage.errors import StorageError

_STEERING: Final = frozenset({b"idempotency-key", b"prefer"})
_PLAIN_ACCEPT: Final = frozenset({b"*/*", b"application/json"})
_require_capture = requires("capture")


async def _document(request: Request) -> Response:
    key = await _require_capture(request)
    return await capture_document(key, gateway(request), await epcis_body(request))


async def _event(request: Request) -> Response:
    key = await _require_capture(request)
    return await capture_event(key, gateway(request), await epcis_body(request))


_ROUTES: Final[Mapping[str, Route]] = MappingProxyType(
    {
        "/epcis/capture": Route("/epcis/capture", _document, methods=["POST"]),
        "/epcis/events": Route("/epcis/events", _event, methods=["POST"]),
    }
)


class ShortWay:
    """Answers plain captures itself and passes everything else on (ASGI)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        route = _plain_route(scope)
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route  # what the request is counted under
        request = Request(scope, receive, send)
        try:
            response = await route.endpoint(request)
        except (GatewayError, EpcisError, AnchoringError, StorageError) as error:
            response = problem(request, error)
        await response(scope, receive, send)


def _plain_route(scope: Scope) -> Route | None:
    if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
        return None
    route = _ROUTES.get(scope["path"])
    if route is None or any(_steers(name, value) for name, value in scope["headers"]):
        return None
    return route


def _steers(name: bytes, value: bytes) -> bool:
    if name == b"accept":
        return value not in _PLAIN_ACCEPT
    return name in _STEERING or name.startswith(b"gs1-")
