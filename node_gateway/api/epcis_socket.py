"""WebSockets: the events of a named query as they are captured, or by a schedule.

The handshake carries the API key in a header, as every request does: an address ends in logs. What
is refused is refused with a problem, before the connection is one.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_OID, uuid5

import structlog
from fastapi import APIRouter, Request, WebSocket, WebSocketDisconnect

from anchoring.errors import AnchoringError
from node_gateway.api.deps import gateway, key_text
from node_gateway.api.epcis_protocol import Protocol, negotiate, standard_headers, time_text
from node_gateway.api.problems import problem
from node_gateway.epcis.errors import EpcisError
from node_gateway.epcis.query.controls import Controls, controls_from_text
from node_gateway.errors import AccessError, GatewayError, NotReadyError
from node_gateway.services.named_queries import Named
from node_gateway.services.sockets import OpenSocket, SocketRuns
from node_gateway.services.standing_pages import Form, StandingPages
from node_gateway.storage.errors import StorageError
from node_gateway.telemetry import without_values

router = APIRouter()

_LOOK_S: Final = 2.0
"""How soon the end of an API key is noticed; also the longest sleep, for clocks that jump."""
_GATHER_S: Final = 0.1
_CLOSE_S: Final = 1.0
_NORMAL: Final = 1000
_FORBIDDEN: Final = 1008
_FAILED: Final = 1011
_TOO_SLOW: Final = 1013


class _ClosingError(Exception):
    """The connection is to be closed, with this status and reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True, slots=True)
class _Asked:
    """A handshake that was found good."""

    protocol: Protocol
    key: str
    key_id: str
    named: Named
    controls: Controls


@router.websocket("/epcis/queries/{name}/events")
async def stream_events(websocket: WebSocket, name: str) -> None:
    """Send EPCISQueryDocuments until either side ends it."""
    request = Request({**websocket.scope, "type": "http", "method": "GET"})
    try:
        asked = await _asked(request, name)
        with asked.protocol.gateway.sockets.open(asked.key_id, name) as opened:
            await _serve(websocket, asked, opened)
    except (GatewayError, EpcisError, StorageError, AnchoringError) as error:
        await websocket.send_denial_response(problem(request, error))
    except Exception as error:  # noqa: BLE001 - the server would log it with its message
        _say(error)
        await _close(websocket, _FAILED, "internal")


async def _asked(request: Request, name: str) -> _Asked:
    """Check a handshake; errors as those of any request, and of the controls."""
    here, text = gateway(request), key_text(request)
    key = await here.access.require(text, "query")
    protocol = await negotiate(request)
    named = await here.queries.get(name)
    controls = controls_from_text(protocol.pairs, now_ms=int(here.clock() * 1000))
    return _Asked(protocol, text or "", key.key_id, named, controls)


async def _serve(websocket: WebSocket, asked: _Asked, opened: OpenSocket) -> None:
    here = asked.protocol.gateway
    limits = here.settings.subscriptions
    pages: StandingPages = websocket.app.state.standing_pages

    async def send(body: bytes) -> None:
        try:
            async with asyncio.timeout(limits.timeout_s):
                await websocket.send_text(body.decode())
        except TimeoutError:
            raise _ClosingError(_TOO_SLOW, "too_slow") from None

    begun_ms = int(here.clock() * 1000)
    runs = SocketRuns(
        asked.named,
        asked.controls,
        Form(
            query=asked.named.name,
            subscription=str(uuid5(NAMESPACE_OID, f"{asked.key_id} {begun_ms} {id(opened)}")),
            epc_format=asked.protocol.epc_format,
            extensions=asked.protocol.extensions,
        ),
        pages=pages,
        send=send,
        limit=min(limits.page_events_max, asked.protocol.size),
        clock=here.clock,
    )
    await runs.begin()
    least = asked.controls.initial or time_text(begun_ms)
    headers = {**standard_headers(), "GS1-Query-Min-Record-Time": least}
    await websocket.accept(
        headers=[(name.lower().encode(), value.encode()) for name, value in headers.items()]
    )
    await _until_either_ends(websocket, asked, opened, runs)


async def _until_either_ends(
    websocket: WebSocket, asked: _Asked, opened: OpenSocket, runs: SocketRuns
) -> None:
    reading = asyncio.create_task(_read(websocket))
    sending = asyncio.create_task(_send(asked, opened, runs))
    try:
        await asyncio.wait({reading, sending}, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done():
            return  # the client has gone
        try:
            await sending
        except _ClosingError as error:
            await _close(websocket, error.status, error.reason)
        except WebSocketDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the server would log it with its message
            _say(error)
            await _close(websocket, _FAILED, "internal")
    finally:
        for task in (reading, sending):
            task.cancel()
        await asyncio.gather(reading, sending, return_exceptions=True)


def _say(error: Exception) -> None:
    structlog.get_logger().error("a WebSocket failed", **without_values(error))


async def _close(websocket: WebSocket, status: int, reason: str) -> None:
    """Say goodbye, but not for long: whoever does not read does not hear it either."""
    with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
        async with asyncio.timeout(_CLOSE_S):
            await websocket.close(status, reason)


async def _read(websocket: WebSocket) -> None:
    """Take and drop what the client sends, until it goes."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _send(asked: _Asked, opened: OpenSocket, runs: SocketRuns) -> None:
    """Send until the connection is to be closed."""
    here = asked.protocol.gateway
    opened.woken.set()
    while True:
        due_in_s = runs.due_in_s()
        with contextlib.suppress(TimeoutError):
            wait_s = _LOOK_S if due_in_s is None else min(due_in_s, _LOOK_S)
            await asyncio.wait_for(opened.woken.wait(), wait_s)
        await asyncio.sleep(_GATHER_S)  # events that come together go together
        try:
            await here.access.require(asked.key, "query")
        except AccessError:
            raise _ClosingError(_FORBIDDEN, "api_key") from None
        if opened.ended is not None:
            raise _ClosingError(_NORMAL, opened.ended)
        was_woken = opened.woken.is_set()
        opened.woken.clear()
        due_in_s = runs.due_in_s()
        if was_woken if due_in_s is None else due_in_s <= 0:
            try:
                await runs.run()
            except (NotReadyError, StorageError):
                opened.woken.set()
                await asyncio.sleep(_LOOK_S)
