"""What is drawn at random for people, and what is kept of it: hashes only.

A token has 256 random bits and a recovery code 80, so a plain SHA-256 of them is enough.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from hashlib import sha256
from typing import Final

CODE_KEY_SIZE: Final = 20
RECOVERY_CODES: Final = 8
_TOKEN_SIZE: Final = 32
_RECOVERY_SIZE: Final = 10
_FORM: Final = b"sealtrail/form/v1"
_CODE_KEY: Final = b"sealtrail/one-time-codes/v1"


def new_token() -> str:
    """Return a token for a session, a link or a form: 43 characters."""
    return secrets.token_urlsafe(_TOKEN_SIZE)


def new_recovery_codes() -> tuple[str, ...]:
    """Return recovery codes as they are shown, once: `ABCD-EFGH-IJKL-MNOP`."""
    return tuple(_grouped(secrets.token_bytes(_RECOVERY_SIZE)) for _ in range(RECOVERY_CODES))


def token_hash(text: str) -> bytes:
    """Return what is kept of a token."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def recovery_hash(text: str) -> bytes:
    """Return what is kept of a recovery code, however it is spelled."""
    return sha256("".join(filter(str.isalnum, text)).upper().encode()).digest()


def form_token(token: str) -> str:
    """Return what every form of a session carries: nobody without the cookie can compute it."""
    return hmac.digest(token.encode(), _FORM, "sha256").hex()


def is_form_token(stated: str, token: str) -> bool:
    """Tell whether a form carries what belongs to a cookie, in constant time."""
    return hmac.compare_digest(stated.encode("utf-8", "replace"), form_token(token).encode())


def code_key_of(link: str) -> bytes:
    """Return the key of the one-time codes that a link offers: nothing is kept until it is used."""
    return hmac.digest(link.encode(), _CODE_KEY, "sha256")[:CODE_KEY_SIZE]


def _grouped(raw: bytes) -> str:
    text = b32encode(raw).decode()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


__all__ = [
    "CODE_KEY_SIZE",
    "RECOVERY_CODES",
    "code_key_of",
    "form_token",
    "is_form_token",
    "new_recovery_codes",
    "new_token",
    "recovery_hash",
    "token_hash",
]
