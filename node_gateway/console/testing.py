"""Self-test of a scanner's place: what the scanner types, the printer, the camera, the clock.

One label holds what wrongly set scanners spoil: both cases, letters that keyboard layouts swap, and
a separator. It names no goods of anybody: its GTIN is the one of GS1's examples.
"""

from __future__ import annotations

import asyncio
import base64
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from node_gateway.api.deps import GatewayDep
from node_gateway.console.access import AnyPerson, Screen
from node_gateway.console.layout import screen
from node_gateway.labels.contents import Content, Unit
from node_gateway.labels.jobs import SCAN_LENGTH_MAX, matched
from node_gateway.labels.making import Made, Making
from node_gateway.labels.requests import Format, LabelRequest, checked
from node_gateway.web.rendering import Allowed

router = APIRouter(prefix="/app", include_in_schema=False, route_class=Screen)

TEST: Final = Unit("https://id.gs1.org/01/09506000134352/21/TestyZ7", "ABC123", date(2099, 12, 31))
_NAMES: Final = ("测试标签，不是商品", "Test label, no goods")
_LAYOUT: Final = str.maketrans("yzYZ", "zyZY")
_CAMERA: Final = Allowed(camera=True)


@router.get("/selftest", name="self_test")
async def self_test(
    request: Request,
    gateway: GatewayDep,
    asking: AnyPerson,
    text: Annotated[str, Query(max_length=SCAN_LENGTH_MAX)] = "",
) -> Response:
    """Show the test label, and what came of scanning it."""
    made = await _made("svg")
    return screen(
        request,
        asking.person,
        "selftest",
        allowed=_CAMERA,
        picture=base64.b64encode(made.body).decode("ascii"),
        text=text,
        verdict=judged(text, made.first[0]) if text else "",
        now_ms=int(gateway.clock() * 1000),
    )


@router.get("/selftest/label", name="test_label")
async def test_label(asking: AnyPerson) -> Response:
    """Return the test label as a PDF of true size."""
    del asking
    made = await _made("pdf")
    named = {"Content-Disposition": 'attachment; filename="test-label.pdf"'}
    return Response(
        made.body, media_type=made.media_type, headers={**named, "Cache-Control": "no-store"}
    )


def judged(text: str, content: Content) -> str:
    """Return what a scan of the test label shows of the scanner: a word of the catalogue."""
    whole = matched(text, content)
    if whole is not None:
        return "good" if whole else "separator"
    if matched(text.swapcase(), content) is not None:
        return "case"
    if matched(text.translate(_LAYOUT), content) is not None:
        return "layout"
    if text.startswith("]") and not text.startswith(content.identifier):
        return "symbol"
    return "other"


async def _made(form: Format) -> Made:
    request = checked(LabelRequest(codes=("test",), symbol="datamatrix"))
    making = Making(request, form, stem=None, names=lambda _: _NAMES)
    return await asyncio.to_thread(making.made, [TEST])


__all__ = ["TEST", "judged", "router"]
