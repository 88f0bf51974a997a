"""The first page, `/`, and the camera's, `/scan`: from what somebody holds to its page.

Both are plain forms first. `/c?code=` reads what was typed or scanned, in any spelling, and sends
on to `/c/{code}`. An address in a symbol is read and never visited: whatever host it names, the
answer is shown here.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from node_gateway.codes.identity import Identity, identify
from node_gateway.epcis.errors import EpcisError
from node_gateway.pages.asking import HOME, path_of
from node_gateway.pages.repairing import By
from node_gateway.services.gateway import CODE_LENGTH_MAX
from node_gateway.web import words
from node_gateway.web.rendering import NOTHING, SCANNER, language_of, page

WORDS: Final = ("scan.live.", "scan.camera.")
_NO_STORE: Final = {"Cache-Control": "no-store"}
_SEE_OTHER: Final = 303
_PAGE: Final = re.compile(r"(?:.*/)?c/(.+)")
_KEY: Final = re.compile(r"[0-9]{2,4}/")
_ELEMENT: Final = re.compile(r"[0-9]{2,4}=")
_LOT, _EXPIRY = "10", "17"
_SHOWN_LENGTH_MAX: Final = 120

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
async def home(request: Request) -> Response:
    """Show where to scan or type a code."""
    return shown(request)


@router.api_route("/scan", methods=["GET", "HEAD"])
async def scan(request: Request) -> Response:
    """Show the camera's page."""
    return page(
        request,
        "public/scan.html",
        allowed=SCANNER,
        words=words.some(language_of(request), *WORDS),
        problem="",
        typed="",
    )


@router.api_route("/c", methods=["GET", "HEAD"])
async def look(request: Request, code: str = "", by: str = "") -> Response:
    """Send on to the page of a code, as it was typed or scanned; or say why that cannot be."""
    text = code.strip(" \t\r\n\f\v\u3000")
    if not any(map(str.isalnum, text)):
        return shown(request, "empty")
    if len(text) > CODE_LENGTH_MAX:
        return shown(request, "long")
    how = f"by={by}" if by in set(By) else ""
    try:
        found = identify(_inside(text))
    except EpcisError:
        return _sent_on(quote(text, safe=""), how)
    if found.kind == "uri" and _is_address(found.canonical):
        return shown(request, "address", text)
    return _sent_on(*_path(found), how)


def shown(request: Request, problem: str = "", typed: str = "") -> Response:
    """Return the first page, with what is wrong with what was sent: a key of `scan.problem.`."""
    return page(
        request,
        "public/home.html",
        status=400 if problem else 200,
        allowed=NOTHING,
        headers=_NO_STORE if problem else None,
        words=words.some(language_of(request), *WORDS),
        problem=problem,
        typed=typed[:_SHOWN_LENGTH_MAX],
    )


def _inside(text: str) -> str:
    """Return the code inside the address of a page about one, on whatever host; else the text."""
    if not _is_address(text):
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    found = _PAGE.fullmatch(parts.path.lstrip("/"))
    if found is None:
        return text
    if _KEY.match(found[1]):
        stated = [one for one in parts.query.split("&") if _ELEMENT.match(one)]
        return HOME + found[1] + ("?" + "&".join(stated) if stated else "")
    return found[1] if found[1].isdigit() else text


def _path(found: Identity) -> tuple[str, str]:
    """Return path and query of the page of a code, with lot and expiry as its symbol states them.

    The lot stands in the path, before the serial: in the query it would be no Digital Link.
    """
    elements = found.elements.elements if found.elements else ()
    stated = {one.ai: quote(one.value, safe="") for one in elements}
    path = path_of(found.canonical)
    if found.kind == "sgtin" and _LOT in stated:
        path = path.replace("/21/", f"/{_LOT}/{stated[_LOT]}/21/", 1)
    return path, f"{_EXPIRY}={stated[_EXPIRY]}" if _EXPIRY in stated else ""


def _sent_on(path: str, *query: str) -> Response:
    """Return the way to the page of a code. Nobody keeps it: it names what somebody holds."""
    asked = "&".join(filter(None, query))
    address = f"/c/{path}" + (f"?{asked}" if asked else "")
    return RedirectResponse(
        address,
        status_code=_SEE_OTHER,
        headers={**_NO_STORE, "Referrer-Policy": "no-referrer"},
    )


def _is_address(text: str) -> bool:
    return text[:8].lower().startswith(("http://", "https://"))


__all__ = ["look", "router", "shown"]
