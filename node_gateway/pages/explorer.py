"""The auditor explorer, `/explorer`: it reads the chain through witnesses that its viewer chose.

It needs no service of ours: with it come the contracts of the network, the addresses of relays and
its words, and that is all this gateway says. The endpoints in our own network file are not told:
they may be private.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from node_gateway.api.deps import GatewayDep
from node_gateway.pages.looking import witnesses
from node_gateway.services.gateway import Gateway
from node_gateway.web import words
from node_gateway.web.rendering import WITNESSES, language_of, page

_WORDS: Final = ("explorer.", "witness.")

router = APIRouter(include_in_schema=False)


@router.api_route("/explorer", methods=["GET", "HEAD"])
async def explorer(request: Request, gateway: GatewayDep) -> HTMLResponse:
    """Return the page."""
    return page(
        request,
        "public/explorer.html",
        allowed=WITNESSES,
        headers={"Cache-Control": "no-store"},
        facts=facts(gateway, language_of(request)),
    )


def facts(gateway: Gateway, language: str) -> dict[str, Any]:
    """Return what the page's script gets: the plain report is written in every language."""
    network = {**gateway.directory.network.to_json(), "witnesses": {}}
    network.pop("signatures", None)  # they are about the whole file
    return {
        "network": network,
        "witnesses": witnesses(gateway),
        "language": language,
        "words": {one: words.some(one, *_WORDS) for one in words.LANGUAGES},
    }


__all__ = ["facts", "router"]
