"""GS1 Digital Links at this gateway: `/01/{gtin}/10/{lot}/21/{serial}` and all other keys.

A browser is led on to the page of the code; `?linkType=linkset` or an `Accept` of
`application/linkset+json` gets all links, another link type the link of that type. Nothing is
looked up, so nothing is counted: the same links are given for a code whether or not it exists.

Source: GS1-Conformant resolver standard 1.1; GS1 Digital Link Standard: URI Syntax 1.4.
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from node_gateway.api.deps import GatewayDep
from node_gateway.errors import NotFoundError
from node_gateway.pages.asking import Asked, read_code, text_of
from node_gateway.pages.linkset import (
    CONTEXT,
    DEFAULT,
    MEDIA_TYPE,
    VOCABULARY,
    Link,
    anchor_of,
    chosen,
    kind_of,
    links_of,
    linkset,
)
from node_gateway.pages.problems import wants_page
from node_gateway.pages.result import product_key
from node_gateway.services.gateway import Gateway
from node_gateway.web.rendering import language_of, page

KEYS: Final = (
    *("00", "01", "253", "255", "401", "402", "414", "417"),
    *("8003", "8004", "8006", "8010", "8013", "8017", "8018"),
)
"""Primary keys, by application identifier."""
_ALL: Final = frozenset({"linkset", "all"})
_OPEN: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Link, Location",
    "Vary": "Accept, Accept-Language, Cookie",
}

router = APIRouter(include_in_schema=False)


async def resolve(request: Request, gateway: GatewayDep) -> Response:
    """Lead on from a Digital Link, or say what it leads to."""
    asked = read_code(text_of(request, "/"))
    base = base_of(request, gateway)
    brand = gateway.settings.brand
    links = links_of(asked, base, brand, product_key(asked))
    wanted = request.query_params.get("linkType", "")
    accept = request.headers.get("accept", "").lower()
    headers = {**_OPEN, "Link": _header(asked, base, links)}
    if wanted in _ALL or (not wanted and MEDIA_TYPE in accept):
        return _all(request, asked, base, links, headers)
    kind = kind_of(wanted) if wanted else DEFAULT
    found = chosen(links, kind, language_of(request))
    if found is None:
        raise NotFoundError(
            "nothing of this link type is known of it here",
            code="link_type_not_found",
            hint="linkType=linkset shows what there is",
        )
    address = _with_symbol(request, found.href) if found.kind == DEFAULT else found.href
    return RedirectResponse(address, status_code=307, headers=headers)


async def preflight() -> Response:
    """Let pages of every origin ask."""
    allowed = {"Access-Control-Allow-Methods": "GET, HEAD, OPTIONS"}
    return Response(status_code=204, headers={**_OPEN, **allowed, "Allow": "GET, HEAD, OPTIONS"})


for key in KEYS:
    router.add_api_route(f"/{key}/{{rest:path}}", resolve, methods=["GET", "HEAD"])
    router.add_api_route(f"/{key}/{{rest:path}}", preflight, methods=["OPTIONS"])


@router.get("/.well-known/gs1resolver")
async def describe_resolver(request: Request, gateway: GatewayDep) -> Response:
    """Say what this resolver takes."""
    base = base_of(request, gateway)
    said: dict[str, Any] = {
        "name": gateway.public.maker.name,
        "resolverRoot": base,
        "supportedPrimaryKeys": list(KEYS),
        "supportedLinkType": [{"namespace": VOCABULARY, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
        "supportedContextValuesEnumerated": [],
        "extensionProfile": "",
    }
    return JSONResponse(said, headers=_OPEN)


def base_of(request: Request, gateway: Gateway) -> str:
    """Return where others reach this gateway, without a slash at the end."""
    settings = gateway.settings.gateway
    known = gateway.directory.current.participants.get(settings.participant)
    stated = settings.public_url or (known.url if known is not None else "")
    found = stated if stated.startswith(("https://", "http://")) else str(request.base_url)
    return found.rstrip("/")


def _all(
    request: Request,
    asked: Asked,
    base: str,
    links: tuple[Link, ...],
    headers: dict[str, str],
) -> Response:
    if MEDIA_TYPE not in request.headers.get("accept", "") and wants_page(request):
        return page(
            request,
            "public/result_links.html",
            headers=headers,
            asked=asked,
            links=[one for one in links if one.kind != DEFAULT],
        )
    body = orjson.dumps(linkset(asked, base, links))
    context = f'<{CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
    headers["Link"] += f", {context}"
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


def _header(asked: Asked, base: str, links: tuple[Link, ...]) -> str:
    """Return the `Link` header: the link set, the identifier itself, and each link."""
    anchor = anchor_of(asked, base)
    said = [
        f'<{anchor}?linkType=linkset>; rel="linkset"; type="{MEDIA_TYPE}"',
        f'<{asked.code}>; rel="https://www.w3.org/2002/07/owl#sameAs"',
        *(f'<{one.href}>; rel="{VOCABULARY}{one.kind}"; type="{one.form}"' for one in links),
    ]
    return ", ".join(said)


def _with_symbol(request: Request, address: str) -> str:
    """Keep what a symbol says beside the identifier: the page compares it with the record."""
    raw = request.scope.get("raw_path") or request.url.path.encode()
    path = raw.split(b"?")[0].decode("ascii", "replace")
    query = request.url.query
    base = address[: address.index("/c/")]
    return f"{base}/c{path}" + (f"?{query}" if query else "")


__all__ = ["KEYS", "base_of", "router"]
