"""`/verify`: check a proof in the browser; `/verify.html`: the same as one file, to keep.

The gateway gives words, its network file and the relays that it knows of, and learns nothing: the
proof stays with whoever looks. The file holds no network: whose word that is, its reader decides.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from node_gateway.api.deps import GatewayDep
from node_gateway.pages.looking import witnesses
from node_gateway.services.gateway import Gateway
from node_gateway.web import assets, words
from node_gateway.web.rendering import WITNESSES, language_of, page

FILE: Final = "verify.html"
WORDS: Final = ("check.", "verify.", "verdict.", "witness.", "result.step.")

router = APIRouter(include_in_schema=False)


@router.api_route("/verify", methods=["GET", "HEAD"])
async def verify(request: Request, gateway: GatewayDep) -> Response:
    """Show the verifier."""
    language = language_of(request)
    facts = {
        "words": {language: words.some(language, *WORDS)},
        "network": _network(gateway),
        "witnesses": witnesses(gateway),
    }
    return page(
        request,
        "public/verify.html",
        allowed=WITNESSES,
        facts=facts,
        sha256=assets.manifest()[FILE].sha256,
    )


@router.api_route("/verify.html", methods=["GET", "HEAD"])
async def verify_file() -> FileResponse:
    """Hand out the verifier as one file."""
    one = assets.manifest()[FILE]
    return FileResponse(
        assets.folder() / one.file,
        media_type="text/html",
        filename=FILE,
        headers={
            "Cache-Control": "no-cache",
            "ETag": f'"{one.sha256}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _network(gateway: Gateway) -> dict[str, Any]:
    """Return our network file without its endpoints, which may be private."""
    network = {**gateway.directory.network.to_json(), "witnesses": {}}
    network.pop("signatures", None)  # they are about the whole file
    return network


__all__ = ["FILE", "router"]
