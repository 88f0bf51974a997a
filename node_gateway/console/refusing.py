"""Refusals as screens: the same problem that the API would answer with, in words for people."""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import Request, Response

from node_gateway.api.problems import problem
from node_gateway.console.layout import screen

_IN_PLACE: Final = {"HX-Retarget": "#answer", "HX-Reselect": "#problem", "HX-Reswap": "innerHTML"}
_KNOWN: Final = frozenset({400, 401, 403, 404, 409, 410, 413, 429, 503})


def refusal(request: Request, error: Exception) -> Response:
    """Return an error as a screen; inside of one, where the form stands; as JSON if asked."""
    said = problem(request, error)
    if request.query_params.get("format") in ("json", "csv"):
        return said
    body: dict[str, Any] = json.loads(bytes(said.body))
    status = said.status_code
    headers = {"Retry-After": said.headers["retry-after"]} if "retry-after" in said.headers else {}
    if request.headers.get("hx-request"):
        headers |= _IN_PLACE
    person = getattr(request.state, "person", None)
    return screen(
        request,
        person,
        "problem",
        status=status,
        headers=headers,
        heading=status if status in _KNOWN else 500,
        problem=body,
        back=_back(request),
    )


def _back(request: Request) -> str:
    """Return the screen to go back to: the one above what was asked to be done."""
    path = request.url.path
    return path if request.method == "GET" or path == "/app/login" else path.rpartition("/")[0]


__all__ = ["refusal"]
