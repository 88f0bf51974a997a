"""API keys: made, checked against scopes, listed, revoked. At rest only their hash is kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from hashlib import sha256

from node_gateway.errors import AuthenticationError, ParameterError, ScopeError
from node_gateway.storage.ports import ApiKey, ApiKeyStore

SCOPES = ("capture", "query", "operate", "audit", "admin")
KEY_PREFIX = "st_live_"
_SECRET_SIZE_BYTES = 32
_ID_SIZE_BYTES = 5


async def new_api_key(
    store: ApiKeyStore,
    *,
    name: str,
    scopes: Sequence[str],
    now_s: int,
    expires_at: int | None = None,
) -> tuple[str, ApiKey]:
    """Register a key; return its text, which is shown this once, and what is kept of it.

    Raises:
        ParameterError: no scope or an unknown one, a nameless key, or an expiry in the past.
    """
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise ParameterError(
            f"unknown scope {unknown[0]}" if unknown else "a key needs at least one scope",
            code="unknown_scope",
            hint=f"Scopes are {', '.join(SCOPES)}.",
        )
    if not name.strip():
        raise ParameterError("a key needs a name", code="key_name")
    if expires_at is not None and expires_at <= now_s:
        raise ParameterError("the key would have expired already", code="key_expiry")
    text = KEY_PREFIX + secrets.token_urlsafe(_SECRET_SIZE_BYTES)
    key = ApiKey(
        key_id=secrets.token_hex(_ID_SIZE_BYTES),
        name=name,
        key_hash=key_hash(text),
        scopes=tuple(scope for scope in SCOPES if scope in scopes),
        created_at=now_s,
        expires_at=expires_at,
    )
    await store.add_api_key(key)
    return text, key


def key_hash(text: str) -> bytes:
    """Return what is kept of a key. It has 256 random bits, so a plain hash is enough."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


class Access:
    """Checks the key that a request carries."""

    def __init__(self, store: ApiKeyStore, *, clock: Callable[[], float]) -> None:
        self._store, self._clock = store, clock
        self._known: dict[bytes, ApiKey] = {}

    def forget(self) -> None:
        """Read keys afresh; whoever revokes a key calls this, so that it ends at once.

        Nobody else can change them: one process at a time has the database.
        """
        self._known = {}  # a look-up that is under way still fills the old one

    async def require(self, text: str | None, *scopes: str) -> ApiKey:
        """Return the key if it is valid now and has one of the scopes; `admin` has every scope.

        Raises:
            AuthenticationError: there is none, or it is unknown, revoked or expired.
            ScopeError: it has none of them.
        """
        if not text:
            raise AuthenticationError(
                "this needs an API key", hint="Send it as: Authorization: Bearer st_live_..."
            )
        hashed, known = key_hash(text), self._known
        key = known.get(hashed)
        if key is None:
            key = await self._store.api_key_by_hash(hashed)
            if key is not None:  # unknown ones are not kept: there is no end to them
                known[hashed] = key
        now_s = self._clock()
        if key is None or key.revoked_at is not None:
            raise AuthenticationError("the API key is not valid")
        if key.expires_at is not None and key.expires_at <= now_s:
            raise AuthenticationError("the API key has expired")
        if not {*scopes, "admin"} & set(key.scopes):
            raise ScopeError(f"the API key lacks the scope {' or '.join(scopes)}")
        return key
