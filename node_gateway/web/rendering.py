"""Render pages: the language of the visitor, the templates, and the headers that every page has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from node_gateway.web import assets
from node_gateway.web.terms import term
from node_gateway.web.words import LANGUAGES, preferred, say

COOKIE: Final = "lang"
_COOKIE_AGE_S: Final = 365 * 86_400
_NAMES: Final = {"zh-CN": "中文", "en": "English"}


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a page may do beyond showing itself: the parts of its content security policy.

    Attributes:
        connect: Sources that its scripts may ask, `'self'` besides. A page on which a viewer
            chooses witnesses needs `https:` and `http:`: they are known to the viewer alone.
        wasm: Whether it may compile WebAssembly, as the reader of symbols does.
        camera: Whether it may ask for the camera.
    """

    connect: tuple[str, ...] = ()
    wasm: bool = False
    camera: bool = False


NOTHING: Final = Allowed()
WITNESSES: Final = Allowed(connect=("https:", "http:"))
SCANNER: Final = Allowed(wasm=True, camera=True)


def security_headers(allowed: Allowed = NOTHING) -> dict[str, str]:
    """Return the headers of a page. Nothing inline runs, and nothing comes from elsewhere."""
    script = "'self' 'wasm-unsafe-eval'" if allowed.wasm else "'self'"
    policy = {
        "default-src": "'none'",
        "script-src": script,
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' blob:",
        "font-src": "'self'",
        "worker-src": "'self'",
        "manifest-src": "'self'",
        "connect-src": " ".join(("'self'", *allowed.connect)),
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {what}" for name, what in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": f"camera={'(self)' if allowed.camera else '()'}, "
        "geolocation=(), microphone=(), browsing-topics=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def language_of(request: Request) -> str:
    """Return the language of a request: `?lang=`, then the cookie, then `Accept-Language`."""
    for said in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if said in LANGUAGES:
            return str(said)
    return preferred(request.headers.get("accept-language", ""))


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    allowed: Allowed = NOTHING,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """Render a template of `templates/` for a request.

    In it stand `t(key, **values)` for words, `cbv(kind, word)` for those of the CBV, `lang`,
    `languages` (name, address of this page in it, whether it is shown), `asset(name)` for built
    files, and `values`.
    """
    language = language_of(request)
    text = (
        _environment()
        .get_template(template)
        .render(
            t=partial(say, language),
            cbv=partial(term, language),
            lang=language,
            languages=[(_NAMES[one], _in_language(request, one), one) for one in LANGUAGES],
            path=request.url.path,
            **values,
        )
    )
    answer = HTMLResponse(text, status_code=status)
    answer.headers.update(security_headers(allowed))
    answer.headers["Vary"] = "Accept-Language, Cookie"
    answer.headers["Content-Language"] = language
    answer.headers.update(headers or {})
    if request.query_params.get("lang") in LANGUAGES:
        answer.set_cookie(COOKIE, language, max_age=_COOKIE_AGE_S, samesite="lax")
    return answer


def fragment(language: str, template: str, **values: Any) -> Markup:
    """Render a template without request: a part of a page, a picture, a document."""
    text = (
        _environment()
        .get_template(template)
        .render(t=partial(say, language), lang=language, **values)
    )
    return Markup(text)  # noqa: S704 - the template escaped what it was given


def _in_language(request: Request, language: str) -> str:
    asked: Iterable[tuple[str, str]] = request.query_params.multi_items()
    return "?" + urlencode([*((k, v) for k, v in asked if k != "lang"), ("lang", language)])


def _data(value: Any) -> Markup:
    """Return JSON for `<script type="application/json">`: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - made safe above


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("node_gateway.web", "templates"),
        autoescape=True,  # names and texts are other people's
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = assets.url
    environment.filters["data"] = _data
    return environment


__all__ = [
    "COOKIE",
    "NOTHING",
    "SCANNER",
    "WITNESSES",
    "Allowed",
    "fragment",
    "language_of",
    "page",
    "security_headers",
]
