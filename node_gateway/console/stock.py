"""Units: every code that an event of this gateway names, by code or by lot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Query, Request, Response

from node_gateway.api.deps import GatewayDep
from node_gateway.console.access import Screen, Viewer
from node_gateway.console.layout import screen
from node_gateway.console.lists import PAGE, Listed, PerPage, Wanted, links, twin
from node_gateway.epcis.identifiers import DRUG_CODE
from node_gateway.errors import ParameterError
from node_gateway.partners.symbols import TEXT_LENGTH_MAX, read_symbol
from node_gateway.services.gateway import Gateway
from node_gateway.services.notice_goods import range_end
from node_gateway.services.notice_words import is_recalled
from node_gateway.services.states import CodeView
from node_gateway.state.code_state import ENDS
from node_gateway.state.words import RECALLED
from node_gateway.storage.notices import codes_between
from node_gateway.web.rendering import language_of

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

SCANNED_MAX: Final = 5000
"""So many codes one page looks at for a lot; the next page goes on behind them."""
_CHUNK: Final = 500
_GTIN: Final = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_DRUG: Final = re.compile(r"[0-9]{7}")
_LAST: Final = "\U0010ffff"
_GTIN_SIZE: Final = 14
_COLUMNS: Final = (
    *("code", "name", "status", "lot", "expiry", "bizStep", "disposition", "place", "holder"),
    "packedIn",
)


class Span(NamedTuple):
    """Codes from `low` on and before `high`, and only those of a lot unless it is empty."""

    low: str
    high: str
    lot: str


@router.get("/units", name="units")
async def list_units(
    request: Request,
    gateway: GatewayDep,
    asking: Viewer,
    code: Annotated[str, Query(max_length=TEXT_LENGTH_MAX)] = "",
    lot: Annotated[str, Query(max_length=64)] = "",
    after: Annotated[str, Query(max_length=TEXT_LENGTH_MAX)] = "",
    per_page: PerPage = PAGE,
    form: Wanted = "html",
) -> Response:
    """List units in bytewise order of their codes."""
    span = span_of(code.strip(), lot.strip())
    found, following = await _page(gateway, span, after=after, limit=per_page)
    rows = await _rows(gateway, found, language_of(request))
    listed = Listed("units", _COLUMNS, rows, following)
    return twin(listed, form) or screen(
        request,
        asking.person,
        "units",
        listed=listed,
        links=links(request, listed),
        code=code,
        lot=lot,
        goes_on=following is not None and len(rows) < per_page,
    )


def span_of(code: str, lot: str) -> Span:
    """Return what a search means: a GTIN, a drug identification code, or one code in any spelling.

    Raises:
        EpcisError, ParameterError: it is none of them.
    """
    if not code:
        return Span("", _LAST, lot)
    if _GTIN.fullmatch(code):
        low = f"https://id.gs1.org/01/{code.zfill(_GTIN_SIZE)}/"
    elif _DRUG.fullmatch(code):
        low = f"{DRUG_CODE}{code}"
    else:
        read = read_symbol(code)
        if read.code == code and ":" not in code:
            raise ParameterError("name a whole code, a GTIN or a drug identification code")
        low = read.code
    return Span(low, range_end(low), lot)


async def _page(
    gateway: Gateway, span: Span, *, after: str, limit: int
) -> tuple[list[CodeView], str | None]:
    """Return a page of units, and the code to go on behind if there may be more."""
    found: list[CodeView] = []
    scanned, size = 0, _CHUNK if span.lot else min(limit + 1, 1000)
    await gateway.follower.catch_up()
    while True:
        at = after
        codes = await gateway.store.read(
            lambda c, at=at: codes_between(  # type: ignore[misc]
                c, span.low, span.high, after=at, limit=size
            )
        )
        views = await gateway.states.of(codes)
        for one in codes:
            view = views.get(one)
            if view is None or (span.lot and _lot(view) != span.lot):
                continue
            if len(found) == limit:
                return found, found[-1].code
            found.append(view)
        scanned += len(codes)
        if len(codes) < size:
            return found, None
        after = codes[-1]
        if scanned >= SCANNED_MAX:
            return found, after


async def _rows(gateway: Gateway, views: Sequence[CodeView], language: str) -> list[dict[str, Any]]:
    laid = await gateway.notices.of([one.code for one in views])
    rows = []
    for one in views:
        status, state = one.status, one.state
        if status not in ENDS and is_recalled(laid.concerns.get(one.code, ())):
            status = RECALLED
        product = gateway.master.directory.product_of(one.code)
        names = () if product is None else (product.name_zh, product.name_en)
        names = names if language == "zh-CN" else names[::-1]
        rows.append(
            {
                "code": one.code,
                "name": next((name for name in names if name), ""),
                "status": status,
                "lot": _lot(one),
                "expiry": state.expiry,
                "bizStep": state.step,
                "disposition": state.disposition,
                "place": one.located.place,
                "holder": one.located.holder,
                "packedIn": next(iter(one.around), None),
            }
        )
    return rows


def _lot(view: CodeView) -> str | None:
    return view.state.lot


__all__ = ["SCANNED_MAX", "Span", "router", "span_of"]
