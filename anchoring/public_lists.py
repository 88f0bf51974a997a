"""Fetching public entry lists from a gateway over HTTP, with the standard library alone.

`GET {gateway}/v1/streams/{stream}/anchors/{sequence}/entries` answers
`{"stream", "sequence", "entries": [hex, ...]}`.
"""

from __future__ import annotations

import asyncio
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from anchoring.core.strict_json import parse_plain
from anchoring.errors import AnchoringError, FormatError

LIST_SIZE_BYTES_MAX = 64 * 1024 * 1024 + 16 * 1024 * 1024
"""2^20 entries in hex with quotes and commas are 67 MiB."""
TIMEOUT_S = 30.0

_ENTRY_CHARACTERS = 64


class GatewayUnavailableError(AnchoringError):
    """The gateway cannot be reached. That is no withholding: its answer is not known."""

    code = "gateway_unavailable"
    retryable = True


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow nothing: the list must come from the address that the auditor chose."""


class PublicLists:
    """Public entry lists of one gateway. `fetch` fits `anchoring.auditor.EntriesOf`.

    Args:
        gateway: Base address, http:// or https://.

    Raises:
        GatewayUnavailableError: the address is none.
    """

    def __init__(self, gateway: str, *, timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(gateway)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise GatewayUnavailableError("a gateway is an http:// or https:// address")
        self._base = gateway.rstrip("/")
        self._name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._timeout_s = timeout_s
        self._opener = build_opener(_NoRedirects)

    async def fetch(self, stream: int, sequence: int) -> list[bytes] | None:
        """Return a list as given, unsorted if it is so; None if the gateway does not give it.

        Raises:
            GatewayUnavailableError: no connection, or no answer in time.
        """
        url = f"{self._base}/v1/streams/{stream}/anchors/{sequence}/entries"
        raw = await asyncio.to_thread(self._get, url)
        return None if raw is None else parse_list(raw, stream=stream, sequence=sequence)

    def _get(self, url: str) -> bytes | None:
        request = Request(url, headers={"Accept": "application/json"})  # noqa: S310  checked above
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                raw: bytes = response.read(LIST_SIZE_BYTES_MAX + 1)
        except HTTPError as error:
            error.close()
            return None
        except (OSError, HTTPException) as error:
            raise GatewayUnavailableError(f"{self._name} cannot be reached") from error
        return None if len(raw) > LIST_SIZE_BYTES_MAX else raw


def parse_list(raw: bytes, *, stream: int, sequence: int) -> list[bytes] | None:
    """Return the entries of a list's JSON text, None if it is not the list that was asked for."""
    try:
        document = parse_plain(raw, size_bytes_max=LIST_SIZE_BYTES_MAX)
    except FormatError:
        return None
    if not isinstance(document, dict):
        return None
    if (document.get("stream"), document.get("sequence")) != (stream, sequence):
        return None
    entries = document.get("entries")
    if not isinstance(entries, list) or not all(_is_entry(entry) for entry in entries):
        return None
    return [bytes.fromhex(entry) for entry in entries]


def _is_entry(value: Any) -> bool:
    if not isinstance(value, str) or len(value) != _ENTRY_CHARACTERS:
        return False
    return set(value) <= set("0123456789abcdef")
