"""The cookies of the console: who is signed in, and what a form belongs to before that."""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response

from node_gateway.api.deps import gateway
from node_gateway.console.tokens import new_token

SESSION: Final = "sealtrail_session"
VISIT: Final = "sealtrail_visit"
"""Of somebody who is not signed in: a form of the page to sign in belongs to it."""
_PATH: Final = "/app"
_VISIT_S: Final = 3600


def session_token(request: Request) -> str | None:
    """Return what the cookie of the session says."""
    return request.cookies.get(SESSION)


def visit_token(request: Request) -> str:
    """Return what the cookie of the visit says, or a new one."""
    return request.cookies.get(VISIT) or new_token()


def keep_session(request: Request, response: Response, token: str) -> None:
    """Give a browser its session; it ends with the browser, or when the gateway says so."""
    _set(request, response, SESSION, token, None)
    response.delete_cookie(VISIT, path=_PATH)


def keep_visit(request: Request, response: Response, token: str) -> None:
    """Give a browser what a form belongs to."""
    _set(request, response, VISIT, token, _VISIT_S)


def forget_session(response: Response) -> None:
    """Take the session away from a browser."""
    response.delete_cookie(SESSION, path=_PATH)


def _set(request: Request, response: Response, name: str, value: str, age_s: int | None) -> None:
    response.set_cookie(
        name,
        value,
        max_age=age_s,
        path=_PATH,
        httponly=True,
        samesite="lax",
        secure=_is_secure(request),
    )


def _is_secure(request: Request) -> bool:
    """Tell whether the cookie may travel with TLS alone: plain HTTP in one's own network works."""
    settings = gateway(request).settings.gateway
    return (
        request.url.scheme == "https"
        or settings.tls_certificate_file is not None
        or (settings.public_url or "").lower().startswith("https:")
    )


__all__ = [
    "SESSION",
    "VISIT",
    "forget_session",
    "keep_session",
    "keep_visit",
    "session_token",
    "visit_token",
]
