"""Errors as RFC 9457 problem details: the one place that knows HTTP status codes of errors."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from anchoring.chain.refusals import explain
from anchoring.errors import (
    AnchoringError,
    ChainError,
    ContractRefusedError,
    EventFormError,
    FormatError,
    KeyBusyError,
    SignerUnavailableError,
)
from node_gateway import errors
from node_gateway.epcis.errors import BodyTooLargeError, EpcisError
from node_gateway.epcis.query import QueryTooComplexError, QueryTooLargeError
from node_gateway.partners import callers, hearing
from node_gateway.partners.message_wire import MessageFormError
from node_gateway.partners.ports import MessageRefusedError, PeerError
from node_gateway.storage import errors as storage
from node_gateway.storage.named_queries import QueryExistsError, TooManyQueriesError
from node_gateway.storage.subscriptions import QueryGoneError, TooManySubscriptionsError
from node_gateway.telemetry import without_values

MEDIA_TYPE = "application/problem+json"

_STATUS: Mapping[type[Exception], int] = {
    errors.GatewayError: 500,
    errors.RequestError: 400,
    errors.NotFoundError: 404,
    errors.ConflictError: 409,
    errors.RefusedOperationError: 409,
    errors.NotPossibleError: 409,
    errors.TakenError: 409,
    errors.PreconditionError: 412,
    errors.TooLargeError: 413,
    errors.MediaTypeError: 415,
    errors.NotAcceptableError: 406,
    errors.UriTooLongError: 414,
    errors.AuthenticationError: 401,
    errors.ScopeError: 403,
    errors.RateLimitError: 429,
    errors.NotReadyError: 503,
    errors.NotFinalError: 409,
    errors.ErasedError: 410,
    callers.PeerAccessError: 401,
    callers.PeerForbiddenError: 403,
    callers.DirectoryOldError: 503,
    hearing.MessagePositionError: 409,
    hearing.NotHearingError: 503,
    MessageRefusedError: 422,
    MessageFormError: 400,
    PeerError: 502,
    EpcisError: 400,
    QueryTooLargeError: 413,
    QueryTooComplexError: 413,
    BodyTooLargeError: 413,
    EventFormError: 400,
    FormatError: 400,
    ChainError: 503,
    KeyBusyError: 409,
    SignerUnavailableError: 503,
    AnchoringError: 500,
    storage.StorageError: 500,
    storage.StoreBusyError: 503,
    storage.StoreClosedError: 503,
    storage.DatabaseFullError: 507,
    storage.IdempotencyMismatchError: 422,
    QueryExistsError: 409,
    TooManyQueriesError: 409,
    TooManySubscriptionsError: 409,
    QueryGoneError: 404,
}
# Limits that show only once a document is read: more is 413, whichever class refuses it.
_TOO_LARGE_CODES = frozenset({"too_deep", "too_many_codes", "too_many_fields", "list_too_large"})
# GS1's own exception types, which EPCIS clients look for in `type`.
_EPCIS_TYPES: Mapping[int, str] = {
    400: "epcisException:ValidationException",
    401: "epcisException:SecurityException",
    403: "epcisException:SecurityException",
    404: "epcisException:NoSuchNameException",
    406: "epcisException:NotAcceptableException",
    409: "epcisException:ResourceAlreadyExistsException",
    413: "epcisException:CaptureLimitExceededException",
    414: "epcisException:URITooLongException",
    415: "epcisException:UnsupportedMediaTypeException",
    503: "epcisException:ImplementationException",
    507: "epcisException:ImplementationException",
    500: "epcisException:ImplementationException",
}
_TITLES: Mapping[int, str] = {
    400: "The request was refused",
    401: "No valid API key",
    403: "Not allowed with this key",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Not possible in this state",
    410: "Erased",
    412: "Changed meanwhile",
    413: "Too large",
    414: "Address too long",
    415: "Unsupported kind of content",
    422: "The request was refused",
    429: "Too many requests",
    500: "Internal error",
    502: "Another gateway did not answer",
    503: "Not available now",
    507: "No space left",
}
_DEFAULT_RETRY_S = 5


def status_of(error: Exception) -> int:
    """Return the status of the nearest ancestor that has one."""
    if getattr(error, "code", None) in _TOO_LARGE_CODES:
        return 413
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return _STATUS[kind]
    return 500


def problem(request: Request, error: Exception) -> Response:
    """Return an error as problem+json. What is not ours says nothing about its cause."""
    if isinstance(error, ContractRefusedError):
        error = _in_words(error)
    status = status_of(error)
    ours = isinstance(
        error, errors.GatewayError | EpcisError | AnchoringError | storage.StorageError
    )
    code = getattr(error, "code", "internal") if ours else "internal"
    hides = status == 500
    hidden = "Something failed inside; the log has it under the request id."
    body: dict[str, Any] = {
        "type": _type(request, status, code, getattr(error, "exception", None)),
        "title": _TITLES.get(status, "Problem"),
        "status": status,
        "detail": hidden if hides else str(error),
        "code": code,
        "request_id": request_id(request),
    }
    if hint := getattr(error, "hint", None):
        body["hint"] = hint
    if spots := _spots(error):
        body["errors"] = spots
    if isinstance(error, hearing.MessagePositionError):
        body["position"] = error.position.to_wire()
    headers = {}
    retry_s = getattr(error, "retry_after_s", None)
    if retry_s or status in (429, 503):
        headers["Retry-After"] = str(retry_s or _DEFAULT_RETRY_S)
    if status == 413:
        headers["Connection"] = "close"  # or the server would read what is not wanted to its end
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if hides:
        structlog.get_logger().error(
            "request failed", request_id=body["request_id"], **without_values(error)
        )
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _in_words(error: ContractRefusedError) -> Exception:
    """Turn a contract's refusal into an error of ours; one without a known reason stays."""
    said = explain(error)
    if said.code == error.code:
        return error
    missing = said.code.endswith("_not_found")
    kind = errors.NotFoundError if missing else errors.NotPossibleError
    return kind(said.sentence, code=said.code, hint=said.step)


def request_id(request: Request) -> str:
    """Return the request's id; the log has it too."""
    known: str = getattr(request.state, "request_id", "") or secrets.token_hex(8)
    return known


def install(app: FastAPI) -> None:
    """Make every error raised on purpose a problem; `Measured` answers the others."""
    for kind in (
        errors.GatewayError,
        EpcisError,
        AnchoringError,
        storage.StorageError,
    ):
        app.add_exception_handler(kind, problem)
    app.add_exception_handler(RequestValidationError, _parameter_problem)
    app.add_exception_handler(HTTPException, _http_problem)


def _parameter_problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        return problem(request, error)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return problem(request, errors.ParameterError(f"{where}: {first['msg']}"))


def _http_problem(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses itself: unknown routes and methods."""
    if not isinstance(error, HTTPException):
        return problem(request, error)
    status = error.status_code
    code = {404: "route_not_found", 405: "method_not_allowed"}.get(status, "http_error")
    body = {
        "type": _type(request, status, code),
        "title": _TITLES.get(status, "Problem"),
        "status": status,
        "detail": str(error.detail),
        "code": code,
        "request_id": request_id(request),
    }
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=error.headers)


def _type(request: Request, status: int, code: str, exception: str | None = None) -> str:
    if request.url.path.startswith("/epcis") and status in _EPCIS_TYPES:
        return f"epcisException:{exception}" if exception else _EPCIS_TYPES[status]
    return f"/problems/{code.replace('_', '-')}"


def _spots(error: Exception) -> list[dict[str, Any]]:
    if isinstance(error, errors.SpottedError):
        return [_spot(one.pointer, one.code, one.detail, one.hint, one.line) for one in error.spots]
    pointer = getattr(error, "pointer", "")
    if pointer and isinstance(error, EpcisError | AnchoringError):
        return [_spot(pointer, error.code, str(error), getattr(error, "hint", None))]
    return []


def _spot(
    pointer: str, code: str, detail: str, hint: str | None, line: int | None = None
) -> dict[str, Any]:
    spot: dict[str, Any] = {"pointer": pointer, "code": code, "detail": detail}
    if hint:
        spot["hint"] = hint
    if line is not None:
        spot["line"] = line
    return spot
