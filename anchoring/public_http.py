"""Asking a gateway what it tells anybody, with the standard library alone.

Bounded in time and size, and without redirects: the answer must come from the address that the
viewer chose.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPMessage
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from anchoring.errors import AnchoringError

SILENCE_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 300.0
BUSY_STATUSES = (429, 503)
BUSY_WAIT_S_MAX = 60.0

_CHUNK_SIZE_BYTES = 65536


class GatewayUnavailableError(AnchoringError):
    """The gateway cannot be asked. That is no withholding: its answer is not known."""

    code = "gateway_unavailable"
    retryable = True


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body; the body is None if it is larger than was allowed."""

    status: int
    body: bytes | None


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow nothing."""


class PublicGateway:
    """One gateway's public side.

    Args:
        gateway: Base address, http:// or https://.
        silence_timeout_s: Longest wait for the next byte.
        answer_timeout_s: Longest wait for a whole answer.

    Raises:
        GatewayUnavailableError: the address is none.
    """

    def __init__(
        self,
        gateway: str,
        *,
        silence_timeout_s: float = SILENCE_TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        try:
            parts = urlsplit(gateway)
            host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
        except ValueError:
            parts, host = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not host:
            raise GatewayUnavailableError(
                "a gateway is an http:// or https:// address", code="gateway_address"
            )
        self._base = gateway.rstrip("/")
        self.name = f"{parts.scheme}://{host}"
        self._silence_timeout_s, self._answer_timeout_s = silence_timeout_s, answer_timeout_s
        self._opener = build_opener(_NoRedirects)

    def get(self, path: str, *, size_bytes_max: int, attempts: int = 1) -> Answer:
        """GET a path. Blocks.

        Args:
            path: Path and query, percent-encoded.
            size_bytes_max: Limit for the body.
            attempts: How often to ask a gateway that says it is busy; it also says when.

        Raises:
            GatewayUnavailableError: no connection, no answer in time, or busy every time.
        """
        for attempt in range(attempts):
            try:
                answer, headers = self._get(path, size_bytes_max)
            except (OSError, HTTPException, ValueError) as error:
                raise GatewayUnavailableError(f"{self.name} cannot be reached") from error
            if answer.status not in BUSY_STATUSES:
                return answer
            if attempt + 1 < attempts:
                time.sleep(_wait_s(headers))
        raise GatewayUnavailableError(f"{self.name} says that it is busy")

    def _get(self, path: str, size_bytes_max: int) -> tuple[Answer, Message]:
        url, headers = self._base + path, {"Accept": "application/json"}
        request = Request(url, headers=headers)  # noqa: S310  checked above
        try:
            response = self._opener.open(request, timeout=self._silence_timeout_s)
        except HTTPError as error:
            response = error
        with response:
            return Answer(response.status, self._body(response, size_bytes_max)), response.headers

    def _body(self, response: IO[bytes], size_bytes_max: int) -> bytes | None:
        """Read to the end or the limit; `read1`, so that drops of bytes cannot hold us for ever."""
        body = bytearray()
        give_up_at = time.monotonic() + self._answer_timeout_s
        read = getattr(response, "read1", response.read)
        while chunk := read(_CHUNK_SIZE_BYTES):
            body += chunk
            if len(body) > size_bytes_max:
                return None
            if time.monotonic() > give_up_at:
                raise TimeoutError
        return bytes(body)


def _wait_s(headers: Message) -> float:
    text = str(headers.get("Retry-After", "1")).strip()
    return min(float(text), BUSY_WAIT_S_MAX) if text.isascii() and text.isdigit() else 1.0
