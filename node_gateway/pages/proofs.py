"""Taking the proof of a pack home: as a file, as a certificate, and the QR code of its page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from node_gateway.api.deps import GatewayDep
from node_gateway.errors import NotFoundError
from node_gateway.pages import certificate
from node_gateway.pages.asking import Asked, read_code, text_of
from node_gateway.pages.qr import qr
from node_gateway.pages.resolver import base_of
from node_gateway.pages.result import PATH, counted, looked_up, phones
from node_gateway.pages.telling import Telling
from node_gateway.web.rendering import language_of

_JSON, _PDF, _QR = "/proof.json", "/proof.pdf", "/qr.svg"
_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_SVG_POLICY: Final = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}

router = APIRouter(include_in_schema=False)


@router.api_route(PATH + "{code:path}" + _JSON, methods=["GET", "HEAD"])
async def proof_json(request: Request, gateway: GatewayDep, code: str) -> Response:
    """Return the proofs of a code as `sealtrail/proofs/v1`. Problems: proof_not_found."""
    del code
    asked = read_code(text_of(request, PATH, _JSON))
    looked = await looked_up(request, gateway, asked)
    if looked.proofs is None:
        raise NotFoundError("no proof of this code is published here", code="proof_not_found")
    headers = {**_NO_STORE, "Content-Disposition": _named(asked, "proof.json")}
    return Response(proof_bytes(looked.proofs), media_type="application/json", headers=headers)


@router.api_route(PATH + "{code:path}" + _PDF, methods=["GET", "HEAD"])
async def proof_paper(request: Request, gateway: GatewayDep, code: str) -> Response:
    """Return the certificate of a code, with its proofs attached."""
    del code
    asked = read_code(text_of(request, PATH, _PDF))
    looked = await looked_up(request, gateway, asked)
    told = Telling(looked, language_of(request))
    raw = proof_bytes(looked.proofs) if looked.proofs else b""
    link = f"{base_of(request, gateway)}{PATH}{asked.path}"
    numbers = phones(gateway.settings.brand, told)
    body = await asyncio.to_thread(certificate.certificate, told, link, numbers, raw)
    headers = {**_NO_STORE, "Content-Disposition": _named(asked, "certificate.pdf")}
    return Response(body, media_type=certificate.MEDIA_TYPE, headers=headers)


@router.api_route(PATH + "{code:path}" + _QR, methods=["GET", "HEAD"])
async def link_code(request: Request, gateway: GatewayDep, code: str) -> Response:
    """Return the QR code of the address of a code's page; nothing is looked up."""
    del code
    asked = read_code(text_of(request, PATH, _QR))
    await counted(request, gateway)
    link = f"{base_of(request, gateway)}{PATH}{asked.path}"
    headers = {**_NO_STORE, **_SVG_POLICY}
    return Response(qr(link).svg(link), media_type="image/svg+xml", headers=headers)


def proof_bytes(proofs: Mapping[str, Any]) -> bytes:
    """Return the proof: the same bytes by itself, in a certificate and in its code."""
    return json.dumps(proofs, ensure_ascii=False, separators=(",", ":")).encode()


def _named(asked: Asked, ending: str) -> str:
    """Return how a browser is to name the file: after the last part of the code."""
    last = asked.path.rpartition("/")[2]
    name = "".join(one for one in last if one.isascii() and (one.isalnum() or one in "-_"))[:40]
    return f'attachment; filename="{name or "code"}.{ending}"'


__all__ = ["proof_bytes", "router"]
