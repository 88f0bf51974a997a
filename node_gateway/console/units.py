"""Scan anything, and the page of a unit: its state, what it is in, its events, its notices."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from node_gateway.api.deps import EntryPath, GatewayDep
from node_gateway.console.access import AnyPerson, Screen, Viewer
from node_gateway.console.layout import screen
from node_gateway.console.lists import Listed, Wanted, twin
from node_gateway.errors import NotFoundError
from node_gateway.partners.symbols import TEXT_LENGTH_MAX, read_symbol
from node_gateway.pictures.composing import packed, short
from node_gateway.pictures.svg import svg
from node_gateway.services.gateway import Gateway
from node_gateway.services.notice_words import concern_wire, is_recalled
from node_gateway.services.tracing import trace
from node_gateway.state.words import RECALLED
from node_gateway.web.rendering import language_of

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

CHILDREN_SHOWN: Final = 24
Code = Annotated[str, Query(max_length=TEXT_LENGTH_MAX)]
_COLUMNS: Final = (
    *("eventTime", "type", "action", "bizStep", "disposition", "readPoint", "bizLocation"),
    *("state", "entry", "eventID"),
)


@router.get("/scan", name="scan")
async def scan(request: Request, asking: AnyPerson, text: Code = "") -> Response:
    """Find the unit of whatever was scanned, pasted or typed."""
    if not text.strip():
        return screen(request, asking.person, "scan")
    code = read_symbol(text.strip()).code
    return RedirectResponse(f"/app/unit?code={quote(code, safe='')}", status_code=303)


@router.get("/unit", name="unit")
async def unit(
    request: Request, gateway: GatewayDep, asking: AnyPerson, code: Code, form: Wanted = "html"
) -> Response:
    """Show a unit."""
    canonical = gateway.canonical_code(code)
    known = await _known(gateway, canonical)
    if known is None:
        if form != "html":
            raise NotFoundError("no event of this gateway names it", code="code_not_found")
        return screen(
            request, asking.person, "unit", status=404, code=canonical, one=None, query=code
        )
    events = (await trace(gateway.store, canonical))["events"]
    if form != "html":
        rows = [{**known, "events": events}] if form == "json" else events
        answer = twin(Listed("unit", _COLUMNS, rows), form)
        if answer is not None:
            return answer
    return screen(
        request,
        asking.person,
        "unit",
        code=canonical,
        one=known,
        events=list(reversed(events)),
        picture=_picture(request, known),
        query=code,
        may_view=asking.may("view"),
    )


@router.get("/proof/{entry}", name="proof")
async def proof(gateway: GatewayDep, asking: Viewer, entry: EntryPath, code: Code = "") -> Response:
    """Return the bundle of a sealed event, as its owner may have it, about one code."""
    del asking
    codes = [gateway.canonical_code(code)] if code else []
    bundle = await gateway.disclosing.bundle(bytes.fromhex(entry), audience="owner", codes=codes)
    named = {"Content-Disposition": f'attachment; filename="{entry[:16]}.proof.json"'}
    return Response(
        bundle.to_json(),
        media_type="application/json",
        headers={**named, "Cache-Control": "no-store"},
    )


async def _known(gateway: Gateway, code: str) -> dict[str, Any] | None:
    try:
        state = await gateway.states.state(code)
    except NotFoundError:
        return None
    tree = await gateway.states.tree(code, after="", limit=CHILDREN_SHOWN)
    concerns = (await gateway.notices.of([code])).concerns.get(code, ())
    directory = gateway.notices.standing.directory
    if state["ended"] is None and is_recalled(concerns):
        state["status"] = RECALLED
    return {
        **state,
        "parents": tree["parents"],
        "children": tree["children"],
        "notices": [concern_wire(one, code, directory) for one in concerns],
    }


def _picture(request: Request, known: dict[str, Any]) -> str:
    """Draw what the unit is in and what is in it; empty where it stands alone."""
    language = language_of(request)
    made = packed(
        known["code"],
        known["status"],
        parents=known["parents"],
        children=known["children"],
        child_count=known["childCount"],
        language=language,
    )
    return "" if made is None else svg(made, name="packing", language=language)


__all__ = ["router", "short"]
