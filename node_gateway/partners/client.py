"""Ask other gateways: at the address that the directory has for them, by signed requests.

The address was written on the chain by its participant; it may be wrong or hostile. So it is
checked where it counts, on what its name resolves to, and the connection goes to exactly that
address. Redirects are not followed; no byte is read beyond the limit, no answer waited for longer
than the timeout.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, Final

import httpx2

from anchoring.chain.signer import Signer
from anchoring.directory.model import Participant, Status
from node_gateway.partners.peer_tls import Certificates
from node_gateway.partners.ports import PeerAnswer, PeerError
from node_gateway.partners.request_signatures import audience_of, signature_headers
from node_gateway.services.directory import DirectoryService
from node_gateway.services.webhook_addresses import (
    Resolve,
    Resolver,
    SubscriptionAddressError,
    is_public,
    read_address,
)
from node_gateway.settings_partners import PeersSection

PREFIX: Final = "/v1/peer/"
_ADDRESSES_MAX: Final = 3
_RETRY_AFTER_S_MAX: Final = 3600
"""Nobody can keep us from trying again for longer."""


class PeerClient:
    """Sends signed requests; implements `ports.Peers`.

    Args:
        directory: Where gateways are, and whose.
        signer: Our `sign` key.
        settings: What is allowed, and for how long.
        clock: Unix seconds.
        resolve: Finds the addresses of a host; the operating system's way by default.
    """

    def __init__(
        self,
        directory: DirectoryService,
        signer: Signer,
        *,
        settings: PeersSection,
        clock: Callable[[], float],
        resolve: Resolve | None = None,
    ) -> None:
        self._directory, self._signer = directory, signer
        self._settings, self._clock = settings, clock
        self._resolve: Resolve = resolve or Resolver()
        self._certificates = Certificates(settings)
        self._name = f"sealtrail/{version('sealtrail')}"

    async def request(
        self,
        participant: int,
        method: str,
        target: str,
        *,
        body: bytes = b"",
        answer_size_bytes_max: int = 1024 * 1024,
        timeout_s: float | None = None,
    ) -> PeerAnswer:
        """Send a signed request; see `ports.Peers`."""
        if not target.startswith(PREFIX):
            raise ValueError(f"what other gateways are asked is below {PREFIX}")
        known = self._active(participant)
        url = self._url(known)
        try:
            async with asyncio.timeout(timeout_s or self._settings.timeout_s):
                addresses = await self._addresses(known, url)
                ask = _Question(method, target, body, answer_size_bytes_max)
                return await self._ask_any(known, url, addresses, ask)
        except TimeoutError:
            raise PeerError(
                participant, f"{known.slug} did not answer in time", code="peer_timeout"
            ) from None

    def _active(self, participant: int) -> Participant:
        known = self._directory.current.participants.get(participant)
        if known is None:
            raise PeerError(
                participant,
                f"the directory has no participant {participant}",
                code="peer_unknown",
                retryable=False,
            )
        if known.status is not Status.ACTIVE:
            raise PeerError(
                participant, f"{known.slug} is not active in the network", code="peer_inactive"
            )
        return known

    def _url(self, known: Participant) -> httpx2.URL:
        if not known.url:
            raise PeerError(
                known.id, f"{known.slug} has no gateway in the directory", code="peer_no_address"
            )
        try:
            url = read_address(known.url, self._settings)
        except SubscriptionAddressError as error:
            raise PeerError(
                known.id,
                f"the address that the directory has for {known.slug} is not allowed here: "
                f"[peers] allow_http and allow_private decide",
                code="peer_address",
            ) from error
        if url.query:
            raise PeerError(
                known.id, f"the address of {known.slug} has a query", code="peer_address"
            )
        return url

    async def _addresses(self, known: Participant, url: httpx2.URL) -> Sequence[str]:
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = await self._resolve(url.host, port)
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise PeerError(
                known.id, f"the host name of {known.slug} is not known", code="peer_host"
            )
        # One private address among public ones is no accident: refuse them all.
        if not self._settings.allow_private and not all(map(is_public, found)):
            raise PeerError(
                known.id,
                f"the host name of {known.slug} leads to a private address; "
                "[peers] allow_private allows it",
                code="peer_address",
            )
        return list(dict.fromkeys(found))[:_ADDRESSES_MAX]

    async def _ask_any(
        self, known: Participant, url: httpx2.URL, addresses: Sequence[str], ask: _Question
    ) -> PeerAnswer:
        for address in addresses[:-1]:
            try:
                return await self._ask(known, url, address, ask)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        try:
            return await self._ask(known, url, addresses[-1], ask)
        except httpx2.ConnectError as error:
            raise _connection(known, error) from None
        except httpx2.TimeoutException:
            raise TimeoutError from None
        except httpx2.HTTPError as error:
            if _is_of_tls(error):  # TLS 1.3 refuses a client's certificate after the handshake
                raise _connection(known, error) from None
            hint = "; so does a gateway that wants a client certificate"
            tail = hint if url.scheme == "https" else ""
            raise PeerError(
                known.id, f"{known.slug} broke its answer off{tail}", code="peer_answer"
            ) from None

    async def _ask(
        self, known: Participant, url: httpx2.URL, address: str, ask: _Question
    ) -> PeerAnswer:
        """Ask at a checked address; Host, SNI and certificate stay those of the name."""
        tls = self._certificates.context_for(known.id, known.slug)
        transport = httpx2.AsyncHTTPTransport(verify=tls, trust_env=False)
        network = self._directory.network
        headers = {
            **signature_headers(
                self._signer,
                ask.method,
                ask.target,
                ask.body,
                audience=audience_of(known.id, network.chain_id, network.consortium),
                now=int(self._clock()),
            ),
            "Host": url.netloc.decode("ascii"),
            "User-Agent": self._name,
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        if ask.body:
            headers["Content-Type"] = "application/json"
        extensions: dict[str, Any] = {"sni_hostname": url.host}
        base = url.raw_path.rstrip(b"/")
        where = url.copy_with(host=address, raw_path=base + ask.target.encode("ascii"))
        async with (
            httpx2.AsyncClient(
                transport=transport, timeout=self._settings.timeout_s, trust_env=False
            ) as client,
            client.stream(
                ask.method,
                where,
                content=ask.body,
                headers=headers,
                extensions=extensions,
                follow_redirects=False,
            ) as answer,
        ):
            body = await _read(known, answer, ask)
            return PeerAnswer(answer.status_code, body, _retry_after_s(answer))


class _Question:
    """One request."""

    __slots__ = ("answer_size_bytes_max", "body", "method", "target")

    def __init__(self, method: str, target: str, body: bytes, answer_size_bytes_max: int) -> None:
        self.method, self.target, self.body = method, target, body
        self.answer_size_bytes_max = answer_size_bytes_max


def _retry_after_s(answer: httpx2.Response) -> int | None:
    """Return what a 429 says of when to ask again; dates are not read."""
    stated = answer.headers.get("retry-after", "")
    said = answer.status_code == httpx2.codes.TOO_MANY_REQUESTS and stated.isdecimal()
    return min(int(stated[:9]), _RETRY_AFTER_S_MAX) if said else None


async def _read(known: Participant, answer: httpx2.Response, ask: _Question) -> bytes:
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise PeerError(known.id, f"{known.slug} coded its answer unasked", code="peer_answer")
    body = bytearray()
    async for part in answer.aiter_raw():
        if len(body) + len(part) > ask.answer_size_bytes_max:
            raise PeerError(
                known.id,
                f"{known.slug} answered with more than {ask.answer_size_bytes_max} bytes",
                code="peer_answer_too_large",
                status=answer.status_code,
            )
        body += part
    return bytes(body)


def _connection(known: Participant, error: BaseException) -> PeerError:
    if _is_of_tls(error):
        return PeerError(
            known.id,
            f"{known.slug} and we do not accept each other's certificates: {_tls_words(error)}",
            code="peer_tls",
        )
    return PeerError(known.id, f"nobody answers at the address of {known.slug}", code="peer_down")


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _is_of_tls(error: BaseException) -> bool:
    return any(isinstance(one, ssl.SSLError) for one in _causes(error))


def _tls_words(error: BaseException) -> str:
    for one in _causes(error):
        if isinstance(one, ssl.SSLCertVerificationError):
            return one.verify_message
        if isinstance(one, ssl.SSLError):
            return (one.reason or "TLS failed").replace("_", " ").lower()
    return "TLS failed"
