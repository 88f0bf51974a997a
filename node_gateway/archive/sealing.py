"""How an answer is sealed: found and opened with the code, and with nothing else.

Name and key are HMAC-SHA256 of the code under the archive's salt. Whoever has the archive can try
guesses, as anybody can at a gateway, but without a limit of rate: where codes can be guessed, their
answers can be read.
"""

from __future__ import annotations

import hmac
import zlib
from typing import Any, Final

from Crypto.Cipher import AES

from node_gateway.errors import GatewayError

SALT_SIZE_BYTES: Final = 16
ANSWER_SIZE_BYTES_MAX: Final = 16 * 1024 * 1024

_ID_SIZE_BYTES: Final = 16
_TAG_SIZE_BYTES: Final = 16
_STEP_BYTES: Final = 1024
_LENGTH_BYTES: Final = 4
_NONCE: Final = bytes(12)
"""One key seals one answer, so the nonce need not differ."""


class ArchiveDamagedError(GatewayError):
    """A file is no archive, or something in it was changed."""

    code = "archive_damaged"


def answer_id(salt: bytes, code: str) -> bytes:
    """Return the name under which the answer about a canonical code is kept, 16 bytes."""
    return _derived(salt, "id", code)[:_ID_SIZE_BYTES]


def seal(salt: bytes, code: str, answer: bytes) -> bytes:
    """Return an answer compressed, padded to whole KiB and encrypted (AES-256-GCM)."""
    packed = zlib.compress(answer)
    framed = len(packed).to_bytes(_LENGTH_BYTES) + packed
    framed += bytes(-len(framed) % _STEP_BYTES)
    sealed, tag = _cipher(salt, code).encrypt_and_digest(framed)
    return bytes(sealed + tag)


def unseal(salt: bytes, code: str, sealed: bytes) -> bytes:
    """Return what `seal` was given.

    Raises:
        ArchiveDamagedError: it is not what was sealed, or too large.
    """
    cipher, body = _cipher(salt, code), sealed[:-_TAG_SIZE_BYTES]
    try:
        framed = cipher.decrypt_and_verify(body, sealed[-_TAG_SIZE_BYTES:])
        length = int.from_bytes(framed[:_LENGTH_BYTES])
        inflating = zlib.decompressobj()
        packed = framed[_LENGTH_BYTES : _LENGTH_BYTES + length]
        answer = inflating.decompress(packed, ANSWER_SIZE_BYTES_MAX)
    except (ValueError, zlib.error) as error:
        raise ArchiveDamagedError("an answer of the archive does not open") from error
    if not inflating.eof:
        raise ArchiveDamagedError("an answer of the archive is too large")
    return answer


def _cipher(salt: bytes, code: str) -> Any:
    return AES.new(_derived(salt, "key", code), AES.MODE_GCM, nonce=_NONCE)


def _derived(salt: bytes, purpose: str, code: str) -> bytes:
    return hmac.digest(salt, f"sealtrail/archive/{purpose}/v1\n{code}".encode(), "sha256")
