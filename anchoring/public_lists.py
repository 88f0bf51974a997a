"""Fetching public entry lists from a gateway over HTTP, with the standard library alone.

`GET {gateway}/v1/streams/{stream}/anchors/{sequence}/entries` answers
`{"stream", "sequence", "entries": [hex, ...]}`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from anchoring.core.strict_json import parse_plain
from anchoring.errors import FormatError
from anchoring.public_http import PublicGateway

LIST_SIZE_BYTES_MAX = 64 * 1024 * 1024 + 16 * 1024 * 1024
"""2^20 entries in hex with quotes and commas are 67 MiB."""
ATTEMPTS_MAX = 5
"""Gateways limit how fast lists may be fetched; being told to wait is no withholding."""

_ENTRY_CHARACTERS = 64
_OK = 200


class PublicLists:
    """Public entry lists of one gateway. `fetch` fits `anchoring.auditor.EntriesOf`."""

    def __init__(self, gateway: PublicGateway) -> None:
        self._gateway = gateway

    async def fetch(self, stream: int, sequence: int) -> list[bytes] | None:
        """Return a list as given, unsorted if it is so; None if the gateway does not give it.

        Raises:
            GatewayUnavailableError: no connection, or no answer in time.
        """
        path = f"/v1/streams/{stream}/anchors/{sequence}/entries"
        answer = await asyncio.to_thread(
            self._gateway.get, path, size_bytes_max=LIST_SIZE_BYTES_MAX, attempts=ATTEMPTS_MAX
        )
        if answer.status != _OK or answer.body is None:
            return None
        return parse_list(answer.body, stream=stream, sequence=sequence)


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
