"""What every router needs: the services, the caller's key, the body within its limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Path, Request, Security
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ValidationError

from anchoring.core.merkle import HASH_SIZE
from node_gateway.epcis.parse import parse_json
from node_gateway.errors import MediaTypeError, ParameterError, TooLargeError
from node_gateway.services.gateway import Gateway
from node_gateway.storage.ports import ApiKey

M = TypeVar("M", bound=BaseModel)

JSON_TYPES = ("application/json", "application/ld+json")
XML_TYPES = ("application/xml", "text/xml")
_SMALL_BODY_SIZE_BYTES_MAX = 64 * 1024


def gateway(request: Request) -> Gateway:
    """Return the services of the application."""
    return cast("Gateway", request.app.state.gateway)


async def _gateway(request: Request) -> Gateway:
    # A plain function would cost a thread switch per request.
    return gateway(request)


GatewayDep = Annotated[Gateway, Depends(_gateway)]
EntryPath = Annotated[
    str,
    Path(
        pattern=rf"^[0-9a-f]{{{2 * HASH_SIZE}}}$",
        description="Event entry, 64 lower-case hex digits.",
    ),
]


_BEARER = HTTPBearer(
    scheme_name="apiKey", description="An API key, `st_live_...`.", auto_error=False
)


def requires(*scopes: str) -> Callable[..., Awaitable[ApiKey]]:
    """Return a dependency that lets pass only a key with one of `scopes`."""

    async def check(request: Request, _documented: object = Security(_BEARER)) -> ApiKey:
        return await gateway(request).access.require(key_text(request), *scopes)

    return check


def address(request: Request) -> str:
    """Return the client's address, for counting."""
    return request.client.host if request.client else "unknown"


def key_text(request: Request) -> str | None:
    """Return the API key of a request: `Authorization: Bearer ...` or `X-API-Key: ...`."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and text:
        return text.strip()
    return request.headers.get("x-api-key")


async def json_body(request: Request) -> bytes:
    """Return the body, refusing other content types and reading no byte beyond the limit.

    Raises:
        MediaTypeError: not JSON.
        TooLargeError: more bytes than configured.
    """
    kind = _content_type(request)
    if kind not in JSON_TYPES:
        raise MediaTypeError(
            f"{kind} is not read here", hint="Send application/json or application/ld+json."
        )
    return await limited_body(request)


@dataclass(frozen=True, slots=True)
class EpcisBody:
    """An EPCIS document as it was sent."""

    raw: bytes
    is_xml: bool


async def epcis_body(request: Request) -> EpcisBody:
    """Return an EPCIS document, JSON or XML by its content type; errors as `json_body`."""
    kind = _content_type(request)
    is_xml = kind in XML_TYPES
    if not is_xml and kind not in JSON_TYPES:
        hint = "Send application/json, application/ld+json, application/xml or text/xml."
        raise MediaTypeError(f"{kind} is not read here", hint=hint)
    return EpcisBody(await limited_body(request), is_xml)


def _content_type(request: Request) -> str:
    stated = request.headers.get("content-type", "application/json")
    return stated.split(";")[0].strip().lower()


async def limited_body(request: Request) -> bytes:
    """Return the body, whatever it is, reading no byte beyond the limit.

    Raises:
        TooLargeError: more bytes than configured.
    """
    limit = gateway(request).settings.limits.body_size_bytes_max
    too_large = TooLargeError(
        f"the body has more than {limit} bytes", hint="Split the document, or import it by CLI."
    )
    stated = request.headers.get("content-length", "0")
    if stated.isdigit() and int(stated) > limit:
        raise too_large
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise too_large
        parts.append(part)
    return b"".join(parts)


def read(model: type[M], body: bytes, *, size_bytes_max: int = _SMALL_BODY_SIZE_BYTES_MAX) -> M:
    """Read the body only after the caller's key was checked, and as strictly as a document.

    Raises:
        ParameterError: a member is missing, unknown or has another form; it names the first one.
        EpcisError: no JSON, or more than `size_bytes_max` bytes.
    """
    try:
        return model.model_validate(parse_json(body, size_bytes_max=size_bytes_max))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise ParameterError(f"{where}: {first['msg']}") from None


BodyDep = Annotated[bytes, Depends(json_body)]
EpcisBodyDep = Annotated[EpcisBody, Depends(epcis_body)]
CaptureKey = Annotated[ApiKey, Depends(requires("capture"))]
QueryKey = Annotated[ApiKey, Depends(requires("query"))]
OperateKey = Annotated[ApiKey, Depends(requires("operate"))]
ReceiptKey = Annotated[ApiKey, Depends(requires("capture", "query"))]
