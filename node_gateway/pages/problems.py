"""Problems as pages, for whoever asks with a browser; programs get problem+json as ever."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import orjson
from fastapi import FastAPI, Request, Response

from node_gateway.web.rendering import language_of, page
from node_gateway.web.words import say

_HTML: Final = "text/html"
_NO_PAGES: Final = ("/v1/", "/epcis", "/chain/", "/static/", "/metrics")
_SAID: Final = frozenset({"route_not_found", "rate_limit"})
_BUSY: Final = 503
_KEPT: Final = ("Retry-After", "WWW-Authenticate", "Allow")


Handler = Callable[[Request, Exception], Response | Awaitable[Response]]


def install(app: FastAPI) -> None:
    """Let every error that is answered as a problem be a page for whoever reads pages."""
    for kind, handler in list(app.exception_handlers.items()):
        if handler.__module__ == "node_gateway.api.problems":
            app.add_exception_handler(kind, _also_page(handler))


def wants_page(request: Request) -> bool:
    """Tell whether a request comes from somebody who reads: browsers name `text/html`."""
    accept = request.headers.get("accept", "").lower()
    return _HTML in accept and not request.url.path.startswith(_NO_PAGES)


def as_page(request: Request, problem: Response) -> Response:
    """Return a problem+json answer as a page, if the request wants one."""
    if not wants_page(request):
        return problem
    said = orjson.loads(bytes(problem.body))
    code = said["code"] if said["code"] in _SAID else "other"
    if said["status"] == _BUSY:
        code = "busy"
    wait = problem.headers.get("Retry-After", "60")
    language = language_of(request)
    return page(
        request,
        "public/result_problem.html",
        status=problem.status_code,
        headers={
            "Cache-Control": "no-store",
            **{name: problem.headers[name] for name in _KEPT if name in problem.headers},
        },
        headline=say(language, f"result.problem.{code}.headline"),
        text=say(language, f"result.problem.{code}.text", seconds=wait),
        number=said["request_id"],
    )


def _also_page(handler: Handler) -> Handler:
    async def answer(request: Request, error: Exception) -> Response:
        found = handler(request, error)
        problem = await found if isinstance(found, Awaitable) else found
        return as_page(request, problem)

    return answer


__all__ = ["as_page", "install", "wants_page"]
