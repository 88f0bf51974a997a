"""What features between gateways build on: who calls, what a partner said, how to say something.

Two participants talk over a channel in each direction. A message on it has a number (dense from
1), chains to the one before by its digest, is signed by the sender's `sign` key and answered by
the receiver's signature over it: so both can prove what was said, and that it arrived. Messages
are taken in order, at least once on the wire and exactly once in the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from node_gateway.errors import GatewayError

MESSAGE_SIZE_BYTES_MAX: Final = 32 * 1024 * 1024
"""Most bytes of a message's body; more is said in several messages."""


class PeerError(GatewayError):
    """Another gateway did not answer as it should.

    Attributes:
        participant: Which.
        retryable: Whether a later try may succeed.
        status: The HTTP status of its answer, None without one.
        retry_after_s: After which time it wants to be asked again, None if it did not say.
    """

    code = "peer_unavailable"

    def __init__(
        self,
        participant: int,
        message: str,
        *,
        code: str | None = None,
        retryable: bool = True,
        status: int | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.participant, self.retryable, self.status = participant, retryable, status
        self.retry_after_s = retry_after_s


class MessageRefusedError(GatewayError):
    """A message cannot be accepted, now or later; both sides keep it as refused, and why.

    The detail reaches the sender: it quotes nothing of ours.
    """

    code = "message_refused"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed a request, checked against the directory: active, with a key valid at `at`.

    Attributes:
        participant: The signer's id.
        key: Address of the `sign` key, 20 bytes.
        at: When it was signed, Unix seconds.
    """

    participant: int
    key: bytes
    at: int


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """What another gateway answered; `retry_after_s` if it wants to be asked later."""

    status: int
    body: bytes
    retry_after_s: int | None = None

    @property
    def ok(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a channel, as it was said.

    Attributes:
        number: Dense from 1 for each (sender, receiver).
        kind: Which feature it belongs to: `handover`, `exception`, ...
        digest: What both signatures cover, 32 bytes: names the message for ever.
        said_at: Unix seconds, by the sender.
    """

    sender: int
    receiver: int
    number: int
    kind: str
    digest: bytes
    said_at: int
    body: bytes


class Handler(Protocol):
    """Takes the messages of one kind."""

    async def check(self, message: Message) -> Any:
        """Verify a message, off the writing thread; what is returned is handed to `take`.

        Raises:
            MessageRefusedError: it is kept as refused, on both sides, and the next one follows.
            GatewayError, StorageError: any other is answered 503, and the message comes again.
        """
        ...

    def take(self, connection: Connection, message: Message, checked: Any) -> None:
        """Write what follows from it, in the transaction that stores the message.

        Raises:
            MessageRefusedError: as above; what `take` has written is rolled back.
        """
        ...


class Channel(Protocol):
    """Says things to other participants, and hears what they say."""

    def on(self, kind: str, handler: Handler) -> None:
        """Register who takes the messages of a kind; others are refused as `message_kind`."""
        ...

    def put(self, connection: Connection, to: int, kind: str, body: bytes) -> bytes:
        """Say something, inside a transaction of the caller; return the message's digest.

        It is signed here, and sent some time after the commit: `wake` makes that soon.
        """
        ...

    async def say(self, to: int, kind: str, body: bytes) -> bytes:
        """As `put`, in a transaction of its own, and wake."""
        ...

    def renamed(self, connection: Connection, old: bytes, new: bytes) -> None:
        """Let everybody who keeps digests of messages follow one to its new digest."""
        ...

    def awaits(self, participant: int) -> bool:
        """Tell whether we may have said to a participant what is not here: begin nothing new."""
        ...

    def wake(self) -> None:
        """Send what waits, now."""
        ...


class Peers(Protocol):
    """Asks other gateways something at once, over a signed request."""

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
        """Send a signed request to a participant's gateway and return its answer.

        Args:
            participant: Whose gateway; its address comes from the directory.
            method: `GET` or `POST`.
            target: Path and query, beginning with `/v1/peer/`.
            body: JSON.
            answer_size_bytes_max: Reads no byte beyond it.
            timeout_s: For all of it; None: as configured.

        Raises:
            PeerError: unknown or suspended participant, no address, no answer, too large.
        """
        ...


class Direction(StrEnum):
    """Which way goods went, seen from here."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Edge:
    """Custody of a code went from one participant to the next, and we were one of the two.

    Attributes:
        partner: The other one.
        handover: Digest of the `handover` message, 32 bytes: names the handover for ever.
        shipment: Entry of the sender's shipping event, 32 bytes.
        at: When it was said, Unix seconds.
        acknowledged: Whether the receiver has answered for the goods.
    """

    direction: Direction
    partner: int
    handover: bytes
    shipment: bytes
    at: int
    acknowledged: bool


class ExceptionKind(StrEnum):
    """What is wrong between what was said and what is there. Values are stable."""

    OVERAGE = "overage"
    SHORTAGE = "shortage"
    UNKNOWN_CODE = "unknown_code"
    PRODUCT_NO_DATA = "product_no_data"
    DATA_NO_PRODUCT = "data_no_product"
    WRONG_RECEIVER = "wrong_receiver"
    WRONG_LOT = "wrong_lot"
    WRONG_EXPIRY = "wrong_expiry"
    BROKEN_PACKING = "broken_packing"
    ALREADY_RECEIVED = "already_received"
    RECALLED = "recalled"
    NOT_AUTHORISED = "not_authorised"
    CUSTODY_CONFLICT = "custody_conflict"
    SOLD_AGAIN = "sold_again"
    DATA_REFUSED = "data_refused"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class NewException:
    """A mismatch that a person must resolve, as a feature finds it.

    Attributes:
        partner: The other participant, None if it is ours alone.
        subject: What it is about, 32 bytes: digest of a handover, or an event's entry.
        codes: Canonical codes concerned; a shortage of thousands may name them all.
        expected, found: Counts, where counts tell something.
        detail: One sentence for people.
    """

    kind: ExceptionKind
    partner: int | None
    subject: bytes
    detail: str
    codes: tuple[str, ...] = ()
    expected: int | None = None
    found: int | None = None


class Exceptions(Protocol):
    """Opens exceptions."""

    def open(self, connection: Connection, wish: NewException) -> int:
        """Open one inside a transaction of the caller; return its number.

        The same kind about the same subject and codes is the same exception: its number comes back.
        """
        ...


class Grants(Protocol):
    """What owners allowed others to read."""

    async def may_open(self, participant: int, entry: bytes) -> bool:
        """Tell whether a participant may have the full opening of one of our events now.

        Whoever asks hands it out then: a yes is logged as a read.
        """
        ...


__all__ = [
    "MESSAGE_SIZE_BYTES_MAX",
    "Caller",
    "Channel",
    "Direction",
    "Edge",
    "ExceptionKind",
    "Exceptions",
    "Grants",
    "Handler",
    "Message",
    "MessageRefusedError",
    "NewException",
    "PeerAnswer",
    "PeerError",
    "Peers",
]
