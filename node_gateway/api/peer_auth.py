"""Requests of other gateways: who signed them, and the body that they signed."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader

from node_gateway.api.deps import address, gateway
from node_gateway.errors import TooLargeError
from node_gateway.partners.callers import BODY_SIZE_BYTES_MAX, PeerBodyError
from node_gateway.partners.ports import Caller

_SIGNATURE = APIKeyHeader(
    name="Signature",
    scheme_name="peerSignature",
    description="HTTP message signature (RFC 9421) by a participant's `sign` key.",
    auto_error=False,
)
PEER_SECURITY: Final = Security(_SIGNATURE)
"""For routes that call `head_of` and `signed_body` themselves: says in the description how."""


async def _signed(
    request: Request, _documented: object = Security(_SIGNATURE)
) -> tuple[Caller, bytes]:
    callers = gateway(request).partners.peering.callers
    caller, signed = callers.admit(address(request), *head_of(request))
    body = await signed_body(request, BODY_SIZE_BYTES_MAX)
    await callers.finish(caller, signed, body)
    return caller, body


async def _caller(signed: Annotated[tuple[Caller, bytes], Depends(_signed)]) -> Caller:
    return signed[0]


async def _peer_body(signed: Annotated[tuple[Caller, bytes], Depends(_signed)]) -> bytes:
    return signed[1]


PeerDep = Annotated[Caller, Depends(_caller)]
"""Who asks: a participant, by a request that it signed."""
PeerBodyDep = Annotated[bytes, Depends(_peer_body)]
"""The body that it signed, at most `BODY_SIZE_BYTES_MAX`."""


def head_of(request: Request) -> tuple[str, str, list[tuple[str, str]]]:
    """Return method, target and headers as they were sent: nothing decoded or put right."""
    scope: Any = request.scope
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
    query = scope["query_string"].decode("latin-1")
    headers = [(name.decode("latin-1"), text.decode("latin-1")) for name, text in scope["headers"]]
    return request.method, f"{path}?{query}" if query else path, headers


async def signed_body(request: Request, size_bytes_max: int) -> bytes:
    """Return the body of a request whose head was checked.

    Raises:
        TooLargeError: more bytes than that; no more are read.
        PeerBodyError: it does not come in time.
    """
    too_large = TooLargeError(f"the body has more than {size_bytes_max} bytes")
    stated = request.headers.get("content-length", "0")
    if not stated.isdigit() or int(stated) > size_bytes_max:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(gateway(request).settings.peers.timeout_s):
            async for part in request.stream():
                if len(body) + len(part) > size_bytes_max:
                    raise too_large
                body += part
    except TimeoutError:
        raise PeerBodyError("the body does not come", code="peer_body_slow") from None
    return bytes(body)
