"""Page tokens: where the next page of a listing begins, signed, good for a while.

A token holds the whole state of a paging run, so a restart or a second gateway process over the
same database goes on with it. It is bound to what was asked: another question with it is refused.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from node_gateway.epcis.query import PagingError

LIFETIME_S: Final = 3600
TOKEN_LENGTH_MAX: Final = 2000
_LABEL: Final = b"sealtrail/page-token/v1"
_SIGNATURE_SIZE: Final = 16


@dataclass(frozen=True, slots=True)
class PageToken:
    """A token as it is handed out; `expires_at` in Unix seconds."""

    text: str
    expires_at: int


class PageTokens:
    """Signs and reads tokens.

    Args:
        secret: A key of this database.
        clock: Unix seconds.
    """

    def __init__(self, secret: bytes, *, clock: Callable[[], float]) -> None:
        self._key = hmac.digest(secret, _LABEL, "sha256")
        self._clock = clock

    def sign(self, state: Mapping[str, Any], question: str) -> PageToken:
        """Return the token of a state.

        Args:
            state: JSON values.
            question: What was asked; a token answers no other question.
        """
        expires_at = int(self._clock()) + LIFETIME_S
        body = orjson.dumps({"x": expires_at, "s": state}, option=orjson.OPT_SORT_KEYS)
        signed = body + self._signature(body, question)
        return PageToken(urlsafe_b64encode(signed).decode().rstrip("="), expires_at)

    def read(self, text: str, question: str) -> dict[str, Any]:
        """Return the state of a token.

        Raises:
            PagingError: it is none of ours, was made for another question, or has expired.
        """
        body = self._body(text, question)
        found: dict[str, Any] = orjson.loads(body)
        if found["x"] <= self._clock():
            raise refused("has expired", code="page_token_expired")
        state: dict[str, Any] = found["s"]
        return state

    def expiry(self, text: str) -> int | None:
        """Return when a token expires, without knowing its question; None if it is no token."""
        try:
            found = orjson.loads(_decoded(text)[:-_SIGNATURE_SIZE])
            return int(found["x"])
        except (ValueError, KeyError, TypeError):
            return None

    def _body(self, text: str, question: str) -> bytes:
        try:
            signed = _decoded(text)
        except ValueError:
            raise refused("is none of ours") from None
        body, signature = signed[:-_SIGNATURE_SIZE], signed[-_SIGNATURE_SIZE:]
        if not hmac.compare_digest(signature, self._signature(body, question)):
            raise refused("belongs to no page of this listing")
        return body

    def _signature(self, body: bytes, question: str) -> bytes:
        asked = hashlib.sha256(question.encode("utf-8", "surrogatepass")).digest()
        return hmac.digest(self._key, asked + body, "sha256")[:_SIGNATURE_SIZE]


def token_digest(text: str) -> bytes:
    """Return the name under which a token that was given back is kept."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def refused(what: str, *, code: str = "page_token") -> PagingError:
    """Return the refusal of a token."""
    return PagingError(
        f"nextPageToken {what}",
        parameter="nextPageToken",
        code=code,
        hint="Begin again with the first page; follow its Link without changes.",
    )


def _decoded(text: str) -> bytes:
    if len(text) > TOKEN_LENGTH_MAX:
        raise ValueError("too long for a token")
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, Base64Error) as error:
        raise ValueError("no token") from error
