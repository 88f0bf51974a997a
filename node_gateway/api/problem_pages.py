"""What a problem means, at the address that its `type` names; for people and for programs.

The texts are those of docs/reference/problems.md, packed by `scripts/make_reference.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse

from node_gateway.errors import NotFoundError

router = APIRouter(tags=["health"])

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "public, max-age=3600",
    "Vary": "Accept",
}
Code = Annotated[str, Path(max_length=64, description="As in `type`: the code, with hyphens.")]


@cache
def _meanings() -> Mapping[str, Mapping[str, Any]]:
    raw = files("node_gateway.api").joinpath("problem_codes.json").read_bytes()
    return {one["code"]: one for one in orjson.loads(raw)}


@router.get("/problems/{code}", operation_id="getProblem")
async def get_problem(request: Request, code: Code) -> Response:
    """Say what a problem code means and what to do: a page if `Accept` names `text/html`, or JSON.

    Problems: problem_not_found.
    """
    found = _meanings().get(code.replace("-", "_"))
    if found is None:
        raise NotFoundError("there is no such problem code", code="problem_not_found")
    if "text/html" in request.headers.get("accept", "").lower():
        return HTMLResponse(_page(found), headers=_HEADERS)
    return Response(orjson.dumps(found), media_type="application/json", headers=_HEADERS)


def _page(one: Mapping[str, Any]) -> str:
    code, meaning, remedy = (escape(str(one[name])) for name in ("code", "meaning", "remedy"))
    status = f"<p>HTTP {escape(one['status'])}</p>" if one["status"] != "-" else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{code}</title></head><body><h1>{code}</h1>{status}"
        f"<p>{meaning}</p><p>What to do: {remedy}</p></body></html>"
    )


__all__ = ["router"]
