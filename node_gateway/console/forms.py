"""What a form brings: read within limits, and only from a page of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request

from node_gateway.api.deps import gateway
from node_gateway.console.tokens import is_form_token
from node_gateway.errors import MediaTypeError, ParameterError, ScopeError, TooLargeError

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
TOKEN: Final = "form_token"  # noqa: S105 - the name of a field
SIZE_BYTES_MAX: Final = 1024 * 1024
_FIELDS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form; the last of a name counts."""

    fields: Mapping[str, str]

    def text(self, name: str, *, length_max: int = 4000) -> str:
        """Return a field without spaces around it, empty if it is not there.

        Raises:
            ParameterError: it is too long, or holds what no keyboard types.
        """
        text = self.fields.get(name, "").strip()
        if len(text) > length_max or "\0" in text:
            raise ParameterError(f"{name}: at most {length_max} characters, and none is NUL")
        return text

    def secret(self, name: str) -> str:
        """Return a field as it is."""
        return self.fields.get(name, "")


async def form_of(request: Request) -> Form:
    """Read a form.

    Raises:
        MediaTypeError: it is another kind of body.
        TooLargeError: more than `SIZE_BYTES_MAX` bytes.
        ParameterError: it is no form.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        raise MediaTypeError(f"{kind or 'a body without a kind'} is not read here")
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > SIZE_BYTES_MAX:
            raise TooLargeError(f"a form has at most {SIZE_BYTES_MAX} bytes")
    try:
        fields = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS_MAX, errors="strict"
        )
    except ValueError:
        raise ParameterError("this is no form") from None
    return Form(MappingProxyType(dict(fields)))


def require_own(request: Request, form: Form, token: str | None) -> None:
    """Let a form pass that a page of ours sent.

    Both must hold: the browser says that the page is of this origin, and the form carries what
    belongs to the cookie.

    Raises:
        ScopeError: `form_origin` or `form_token`.
    """
    if not is_own_origin(request):
        raise ScopeError(
            "this form was not sent by a page of this gateway",
            code="form_origin",
            hint="Open the page again, at the address that the gateway is known by.",
        )
    if not token or not is_form_token(form.secret(TOKEN), token):
        raise ScopeError(
            "this form is too old", code="form_token", hint="Open the page again, then repeat it."
        )


def is_own_origin(request: Request) -> bool:
    """Tell whether a request comes from a page of ours: by `Origin`, else by `Sec-Fetch-Site`."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site") == "same-origin"
    public = gateway(request).settings.gateway.public_url
    known = {request.headers.get("host", "").lower()}
    if public is not None:
        known.add(urlsplit(public).netloc.lower())
    return urlsplit(origin).netloc.lower() in known - {""}


__all__ = [
    "MEDIA_TYPE",
    "SIZE_BYTES_MAX",
    "TOKEN",
    "Form",
    "form_of",
    "is_own_origin",
    "require_own",
]
