"""Post to a receiver that may be slow, hostile or somewhere it should not be."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final, Protocol

import httpx2

from node_gateway.services.webhook_addresses import (
    Allowed,
    Resolve,
    Resolver,
    SubscriptionAddressError,
    is_public,
    read_address,
)

_ADDRESSES_MAX: Final = 3
_RETRY_AFTER_LENGTH_MAX: Final = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered; `retry_after_s` if it said when to come back."""

    status: int
    retry_after_s: int | None = None

    @property
    def taken(self) -> bool:
        """Whether it has taken what was posted."""
        return 200 <= self.status < 300


class Means(Allowed, Protocol):
    """What is allowed, and for how long."""

    @property
    def timeout_s(self) -> float:
        """How long a receiver may take, in seconds."""
        ...


class PostingError(Exception):
    """No answer. `code` is one of the codes of `docs/reference/subscriptions.md`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Poster:
    """Posts, one connection each.

    Connections are not kept: what was checked for one name would be used for another that
    resolves to the same address.

    Args:
        settings: What is allowed, and for how long.
        resolve: Finds the addresses of a host; the operating system's way by default.
        tls: What certificates are checked against.
    """

    def __init__(
        self,
        settings: Means,
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._resolver = Resolver()
        self._resolve = resolve or self._resolver
        self._tls = tls or ssl.create_default_context()
        self._name = f"sealtrail/{version('sealtrail')}"

    async def post(self, dest: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post JSON, or what `headers` say it is. Redirects are not followed.

        The answer's body is not read.

        Raises:
            PostingError: no answer in time, or none at all.
        """
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await self._post(dest, body, headers)
        except TimeoutError:
            raise PostingError("timeout") from None

    def close(self) -> None:
        """End."""
        self._resolver.close()

    async def _post(self, dest: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            url = read_address(dest, self._settings)
        except SubscriptionAddressError:  # the settings have become stricter
            raise PostingError("address_refused") from None
        addresses = await self._addresses(url)
        for address in addresses[:-1]:
            try:
                return await self._post_to(address, url, body, headers)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        try:
            return await self._post_to(addresses[-1], url, body, headers)
        except httpx2.ConnectError as error:
            raise PostingError("tls" if _is_of_tls(error) else "connection") from None
        except httpx2.TimeoutException:
            raise PostingError("timeout") from None
        except httpx2.HTTPError:
            raise PostingError("answer") from None

    async def _addresses(self, url: httpx2.URL) -> Sequence[str]:
        try:
            found = await self._resolve(url.host, _port(url))
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise PostingError("unknown_host")
        # One private address among public ones is no accident: refuse them all.
        if not self._settings.allow_private and not all(map(is_public, found)):
            raise PostingError("address_refused")
        return list(dict.fromkeys(found))[:_ADDRESSES_MAX]

    async def _post_to(
        self, address: str, url: httpx2.URL, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        """Post to a checked address; Host, SNI and certificate stay those of the name."""
        transport = httpx2.AsyncHTTPTransport(verify=self._tls, trust_env=False)
        sent = {
            "Content-Type": "application/json",
            **headers,
            "Host": url.netloc.decode("ascii"),
            "User-Agent": self._name,
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        extensions: dict[str, Any] = {"sni_hostname": url.host}
        async with (
            httpx2.AsyncClient(
                transport=transport, timeout=self._settings.timeout_s, trust_env=False
            ) as client,
            client.stream(
                "POST",
                url.copy_with(host=address),
                content=body,
                headers=sent,
                extensions=extensions,
                follow_redirects=False,
            ) as answer,
        ):
            return Answer(answer.status_code, _retry_after(answer.headers.get("retry-after")))


def _port(url: httpx2.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _retry_after(text: str | None) -> int | None:
    if text and text.isascii() and text.isdigit() and len(text) <= _RETRY_AFTER_LENGTH_MAX:
        return int(text)
    return None


def _is_of_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
