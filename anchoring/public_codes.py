"""What a gateway publishes about a code: bundles, to be verified like any others.

`GET {gateway}/v1/public/codes/{code}` answers `{"code", "sealing", "proofs": set or null, ...}`.
Nothing of it is believed but that the gateway said it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote

from anchoring.core.strict_json import BUNDLE_SIZE_BYTES_MAX, parse_plain
from anchoring.errors import FormatError
from anchoring.public_http import GatewayUnavailableError, PublicGateway

ANSWER_SIZE_BYTES_MAX = BUNDLE_SIZE_BYTES_MAX + 64 * 1024

_OK, _TEXT_FAULTS = 200, (400, 422)
_DETAIL_CHARACTERS_MAX = 500


@dataclass(frozen=True, slots=True)
class PublicCode:
    """A gateway's answer about a code.

    Attributes:
        code: The code in the spelling that the gateway answers about.
        is_sealing: True if something is stated that is not final yet.
        proofs: The bytes of a set of bundles, None if none is published.
    """

    code: str
    is_sealing: bool
    proofs: bytes | None


class CodeRefusedError(FormatError):
    """The gateway says that this is no code."""

    code = "code_refused"


def ask_about_code(gateway: PublicGateway, code: str) -> PublicCode:
    """Ask a gateway about a code.

    Raises:
        GatewayUnavailableError: it does not answer, or is no gateway.
        CodeRefusedError: it says why it cannot answer about such a text.
    """
    path = f"/v1/public/codes/{quote(code, safe='')}"
    answer = gateway.get(path, size_bytes_max=ANSWER_SIZE_BYTES_MAX)
    document = _document(answer.body)
    if document.get("code") == "code_not_found":
        return PublicCode(code, is_sealing=False, proofs=None)
    if answer.status in _TEXT_FAULTS and isinstance(document.get("code"), str):
        detail = str(document.get("detail"))[:_DETAIL_CHARACTERS_MAX]
        raise CodeRefusedError(f"{gateway.name} refuses this code: {detail}")
    canonical = document.get("code")
    if answer.status != _OK or not isinstance(canonical, str):
        raise GatewayUnavailableError(f"{gateway.name} gives no answer of a gateway")
    proofs = document.get("proofs")
    return PublicCode(
        code=canonical,
        is_sealing=document.get("sealing") is True,
        proofs=None if proofs is None else json.dumps(proofs, ensure_ascii=False).encode(),
    )


def _document(body: bytes | None) -> dict[str, object]:
    try:
        found = parse_plain(body or b"", size_bytes_max=ANSWER_SIZE_BYTES_MAX)
    except FormatError:
        return {}
    return found if isinstance(found, dict) else {}
