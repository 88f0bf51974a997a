"""The page about one code, `/c/{code}`: what a shopper sees who scanned a pack.

It is whole without scripts, and says so: as stated by this gateway, not yet checked. The same look
is JSON for whoever asks for that. Look-ups are counted and paced as those of the API.
"""

from __future__ import annotations

import time
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from markupsafe import Markup

from anchoring.verdicts import Tone, Verdict
from node_gateway.api.deps import GatewayDep, address, key_text
from node_gateway.epcis.errors import EpcisError
from node_gateway.pages.asking import Asked, read_code, text_of
from node_gateway.pages.facts import facts
from node_gateway.pages.looking import MISTYPED, Looked, look_up, mistyped
from node_gateway.pages.problems import wants_page
from node_gateway.pages.repairing import By, Repair, as_typo, malformed, near
from node_gateway.pages.telling import Telling
from node_gateway.pictures.svg import svg
from node_gateway.services.access import SCOPES
from node_gateway.services.gateway import Gateway
from node_gateway.settings_pages import BrandSection
from node_gateway.web import assets
from node_gateway.web.rendering import WITNESSES, fragment, language_of, page
from node_gateway.web.words import say

PATH: Final = "/c/"
AGAIN_S: Final = 60
"""A page that says "being sealed" is asked for again after so long."""
_NO_STORE: Final = {"Cache-Control": "no-store"}
_TYPED_LENGTH_MAX: Final = 80

router = APIRouter(include_in_schema=False)


@router.api_route(PATH + "{code:path}", methods=["GET", "HEAD"])
async def result(request: Request, gateway: GatewayDep, code: str) -> Response:
    """Show what is known of a code."""
    del code  # as it was written, it is in the address
    began = time.monotonic()
    text = text_of(request, PATH)
    try:
        asked = read_code(text)
    except EpcisError:
        if not wants_page(request):
            raise
        await counted(request, gateway)
        looked = mistyped(gateway, text)
        repair = await _repaired(request, gateway, looked, began) or malformed(text)
        return _shown(request, gateway, looked, typed=text, repair=repair)
    looked = await looked_up(request, gateway, asked)
    if not wants_page(request):
        return JSONResponse(looked.to_json(), headers=_NO_STORE)
    found = await _repaired(request, gateway, looked, began)
    if found is not None:
        return _shown(request, gateway, as_typo(looked), typed=asked.text, repair=found)
    return _shown(request, gateway, looked)


async def looked_up(request: Request, gateway: Gateway, asked: Asked) -> Looked:
    """Count a look-up, do it, and wait until its answer may leave.

    Raises:
        RateLimitError: there were too many.
        AuthenticationError: an API key was sent, and is none.
    """
    began = time.monotonic()
    await counted(request, gateway)
    gateway.lookups.about(asked.code, asked.lot)
    looked = await look_up(gateway, asked)
    await gateway.lookups.pace(began)
    return looked


async def counted(request: Request, gateway: Gateway) -> None:
    """Count a look-up under its API key, or else under its address; errors as `looked_up`."""
    key = key_text(request)
    known = await gateway.access.require(key, *SCOPES) if key else None
    gateway.lookups.check(address(request), key=known.key_id if known else None)


def links(brand: BrandSection, product: str, language: str) -> list[tuple[str, str]]:
    """Return what the company offers beside the record: names and addresses."""
    named = (
        ("leaflet", say(language, "result.brand.leaflet")),
        ("product_page", say(language, "result.brand.product")),
        ("certificates", say(language, "result.brand.certificates")),
        ("campaign", brand.campaign_zh if language.startswith("zh") else brand.campaign_en),
    )
    return [(text, link) for name, text in named if (link := brand.link(name, product))]


def phones(brand: BrandSection, told: Telling) -> list[tuple[str, str]]:
    """Return whom people may call: names and numbers."""
    public = say(told.language, "result.questions.public")
    both = ((told.gateway, brand.phone), (public, brand.public_phone))
    return [(name, number) for name, number in both if number]


def product_key(asked: Asked) -> str:
    """Return the GTIN or the identification code of what is asked for, empty if it has none."""
    if asked.kind == "drug_code":
        return asked.path[:7]
    key, _, rest = asked.path.partition("/")
    return rest.partition("/")[0] if key == "01" else ""


async def _repaired(
    request: Request, gateway: Gateway, looked: Looked, began: float
) -> Repair | None:
    """Return how to repair a code that its visitor typed, in the pace of look-ups."""
    by = request.query_params.get("by")
    if by not in set(By):
        return None
    found = await near(gateway, address(request), By(by), looked)
    await gateway.lookups.pace(began)
    return found


def _again(request: Request) -> str:
    """Return the address of this look: a code that was typed stays one, so that it is repaired."""
    by = request.query_params.get("by")
    return request.url.path + (f"?by={by}" if by in set(By) else "")


def _shown(
    request: Request,
    gateway: Gateway,
    looked: Looked,
    *,
    typed: str = "",
    repair: Repair | None = None,
) -> Response:
    language, brand = language_of(request), gateway.settings.brand
    told = Telling(looked, language)
    values: dict[str, Any] = {
        "told": told,
        "tones": [tone.value for tone in Tone],
        "picture": Markup(svg(told.picture, name="way", language=language)),  # noqa: S704 - ours
        "links": links(brand, product_key(looked.asked), language) if looked.is_ours else [],
        "phones": phones(brand, told),
        "typed": typed[:_TYPED_LENGTH_MAX],
        "again": _again(request),
        "repair": repair and fragment(language, "public/scan_repair.html", repair=repair),
        "facts": facts(gateway, looked, language),
        "script": "result.js" in assets.manifest(),
    }
    waits = looked.verdict is Verdict.SEALING
    return page(
        request,
        "public/result.html",
        status=400 if looked.asked.kind == MISTYPED else 200,
        allowed=WITNESSES,
        headers={**_NO_STORE, **({"Refresh": str(AGAIN_S)} if waits else {})},
        **values,
    )


__all__ = ["PATH", "counted", "links", "looked_up", "phones", "product_key", "router"]
