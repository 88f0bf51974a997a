"""Who may ask us something: participants of the directory, by requests that they signed.

What is checked before any byte of the body is read: the signature, the audience, the time, the
key and its participant, and whether it asks too much. Whoever sends what nobody signed is soon not
listened to: checking a signature costs more than making one up. Only what names a key of the
network is checked all the same, for many may call from the one address of a proxy. Then the body,
within its limit, and last the nonce, which is kept until the request's time would not let it in
again; a restart forgets none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection

from anchoring.directory.model import Directory, Purpose, Status
from node_gateway.errors import AccessError, RateLimitError, RequestError
from node_gateway.partners.ports import Caller
from node_gateway.partners.request_signatures import (
    RequestSignatureError,
    SignedRequest,
    audience_of,
    check_request,
    content_digest,
    named_key,
)
from node_gateway.services.directory import DirectoryService
from node_gateway.services.limiter import Limiter
from node_gateway.settings_partners import PeersSection
from node_gateway.storage import peers
from node_gateway.storage.database import Database

BODY_SIZE_BYTES_MAX: Final = 1024 * 1024
"""Most bytes of a request's body; the route of messages takes more."""


class PeerAccessError(AccessError):
    """A request between gateways is not believed. Unknown, revoked and wrong keys look alike."""

    code = "peer_signature"


class PeerForbiddenError(AccessError):
    """The participant is known, but not active now."""

    code = "peer_suspended"


class DirectoryOldError(AccessError):
    """Nobody is believed while the directory is too old to know who was suspended."""

    code = "peer_directory_old"
    retry_after_s: int | None = 30


class PeerBodyError(RequestError):
    """The body is not the one that was signed."""

    code = "peer_digest"


class Callers:
    """Judges requests of other gateways.

    Args:
        database: Keeps nonces.
        directory: Who is who.
        participant: Our own id.
        settings: Tolerances.
        clock: Unix seconds.
    """

    def __init__(
        self,
        database: Database,
        directory: DirectoryService,
        *,
        participant: int,
        settings: PeersSection,
        clock: Callable[[], float],
    ) -> None:
        network = directory.network
        self._database, self._directory = database, directory
        self._settings, self._clock = settings, clock
        self._audience = audience_of(participant, network.chain_id, network.consortium)
        self._forgot_at = -math.inf
        self._by_partner, self._by_address = (
            Limiter(getattr(settings, member), member=f"peers.{member}", many=True, counted=what)
            for member, what in (
                ("per_partner", "requests"),
                ("unbelieved_per_address", "requests that nobody signed"),
            )
        )

    def admit(
        self, address: str, method: str, target: str, headers: Sequence[tuple[str, str]]
    ) -> tuple[Caller, SignedRequest]:
        """Return who signed a request, before its body is read.

        Args:
            address: Where it comes from.
            method: As received.
            target: Path and query, as received.
            headers: All of them, in order.

        Raises:
            PeerAccessError: `peer_signature`, `peer_audience` or `peer_clock`.
            PeerForbiddenError: the participant is not active.
            DirectoryOldError: nobody knows.
            RateLimitError: the participant, or whoever is at this address, asks too much.
        """
        too_many = self._too_many_from(address)
        if too_many is not None and not self._names_a_key(headers):
            raise too_many
        try:
            found = self._believed(method, target, headers)
        except PeerAccessError as error:
            self._by_address.note(address)
            raise too_many or error from None
        self._by_partner.count(str(found[0].participant))
        return found

    def _too_many_from(self, address: str) -> RateLimitError | None:
        try:
            self._by_address.require(address)
        except RateLimitError as error:
            return error
        return None

    def _names_a_key(self, headers: Sequence[tuple[str, str]]) -> bool:
        """Tell whether a request says that a key signed it which signs for a participant."""
        named = named_key(headers)
        key = None if named is None else self._directory.current.keys.get(named)
        return key is not None and key.purpose is Purpose.SIGN

    def _believed(
        self, method: str, target: str, headers: Sequence[tuple[str, str]]
    ) -> tuple[Caller, SignedRequest]:
        try:
            signed = check_request(method, target, headers)
        except RequestSignatureError as error:
            raise PeerAccessError(
                "the request is not signed by a key of this network",
                hint="docs/reference/peers.md says what is signed, and how.",
            ) from error
        directory = self._fresh_directory()
        key = directory.keys.get(signed.key)
        if key is None or key.purpose is not Purpose.SIGN:
            raise PeerAccessError(
                "the request is not signed by a key of this network",
                hint="docs/reference/peers.md says what is signed, and how.",
            )
        if signed.audience != self._audience:
            raise PeerAccessError(
                "the request is for another participant or network", code="peer_audience"
            )
        self._check_time(signed.created)
        tolerance_s = self._settings.clock_tolerance_s
        # A key of the newest block may be younger there than by a clock that is behind.
        at = max(signed.created, min(key.valid_from, signed.created + tolerance_s))
        if key.revoked_at or key.compromised_since or not key.valid_at(at):
            raise PeerAccessError("the request is not signed by a key of this network")
        if directory.participants[key.participant].status is not Status.ACTIVE:
            raise PeerForbiddenError("the participant that signed this is not active now")
        return Caller(key.participant, key.address, signed.created), signed

    async def finish(self, caller: Caller, signed: SignedRequest, body: bytes) -> None:
        """Compare the body with what was signed, and see the request for the first time.

        Raises:
            PeerBodyError: another body.
            PeerAccessError: `peer_replay`: the same request came before.
        """
        if signed.content_digest != content_digest(body):
            raise PeerBodyError("the body is not the one that was signed")
        now = int(self._clock())
        until = max(now, signed.created) + 2 * self._settings.clock_tolerance_s
        forget = now - self._forgot_at >= self._settings.clock_tolerance_s

        def work(connection: Connection) -> bool:
            if forget:
                peers.forget_nonces(connection, now)
            return peers.note_nonce(connection, caller.participant, signed.nonce, until)

        if not await self._database.write("peer_nonce", work):
            raise PeerAccessError("this request came before", code="peer_replay")
        if forget:
            self._forgot_at = now

    def _fresh_directory(self) -> Directory:
        age_s = self._directory.age_s
        if age_s is None or age_s > self._settings.directory_age_s_max:
            raise DirectoryOldError("the directory here was not compared with the chain for long")
        return self._directory.current

    def _check_time(self, created: int) -> None:
        now = int(self._clock())
        if abs(created - now) > self._settings.clock_tolerance_s:
            raise PeerAccessError(
                f"the request was signed at {created}, it is {now} here; "
                f"{self._settings.clock_tolerance_s} s apart are allowed",
                code="peer_clock",
                hint="Set both clocks by the same time servers.",
            )


__all__ = [
    "BODY_SIZE_BYTES_MAX",
    "Callers",
    "DirectoryOldError",
    "PeerAccessError",
    "PeerBodyError",
    "PeerForbiddenError",
]
