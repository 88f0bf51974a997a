"""Say things to other participants and hear what they say; implements `ports.Channel`.

Saying: a message gets its number, its place in the chain and its signature in the transaction of
whoever says it; `Saying` sends it until it was answered. Hearing: a message is checked, and what
follows from it is written in the transaction that stores it and its answer. So a crash anywhere
leaves a message that is said again, and answered with the same bytes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from anchoring.chain.messages import digest_of, sign_statement
from anchoring.chain.network import Network
from anchoring.chain.signer import Signer
from anchoring.core.message import Statement, body_digest, is_word
from node_gateway.partners.ports import MESSAGE_SIZE_BYTES_MAX, Handler, Message
from node_gateway.storage import peers
from node_gateway.storage.database import Database
from node_gateway.storage.peers import StoredMessage, Way

Renumbered = Callable[[Connection, bytes, bytes], None]
"""Told (inside a transaction) that a message, or its body, has another digest: (old, new)."""
Refused = Callable[[Connection, Message, str], None]
"""Told (inside a transaction) that a message is refused, and with which code."""

FetchedBack = Callable[[], Awaitable[bool]]
"""Looks at messages of ours that were fetched back; false if it has to look again later."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks: our id, our key, our network."""

    participant: int
    signer: Signer
    network: Network
    clock: Callable[[], float]

    def statement(
        self, to: int, number: int, previous: bytes, kind: str, digest: bytes
    ) -> Statement:
        """Return what we sign of a new message."""
        return Statement(
            sender=self.participant,
            receiver=to,
            number=number,
            previous=previous,
            kind=kind,
            body=digest,
            at=int(self.clock()),
            chain_id=self.network.chain_id,
            consortium=self.network.consortium,
        )


class MessageChannel:
    """Messages to and from other participants.

    Args:
        database: Keeps them.
        voice: Who speaks.
    """

    def __init__(self, database: Database, voice: Voice) -> None:
        self._database, self._voice = database, voice
        self._handlers: dict[str, Handler] = {}
        self._wakers: list[Callable[[], None]] = []
        self._renumbered: list[Renumbered] = []
        self._refusals: dict[str, Refused] = {}
        self._fetched: list[FetchedBack] = []
        self._met: set[int] | None = None

    def on(self, kind: str, handler: Handler) -> None:
        """Register who takes the messages of a kind."""
        if not is_word(kind) or kind in self._handlers:
            raise ValueError(f"{kind} is no kind of messages, or has a handler")
        self._handlers[kind] = handler

    def on_refused(self, kind: str, listener: Refused) -> None:
        """Register who takes note of messages of a kind that are refused."""
        self._refusals[kind] = listener

    def refused(self, connection: Connection, message: Message, code: str) -> None:
        """Note that a message is refused, in the transaction that keeps it and its answer."""
        listener = self._refusals.get(message.kind)
        if listener is not None:
            listener(connection, message, code)

    def handler(self, kind: str) -> Handler | None:
        """Return who takes the messages of a kind, None if nobody does."""
        return self._handlers.get(kind)

    def put(self, connection: Connection, to: int, kind: str, body: bytes) -> bytes:
        """Say something in a transaction of the caller's; see `ports.Channel`."""
        return self._put(connection, to, kind, body_digest(body), peers.packed(body), len(body))

    async def say(self, to: int, kind: str, body: bytes) -> bytes:
        """Say something in a transaction of its own, and send it."""
        self._check(to, kind, len(body))
        digest, packed = body_digest(body), peers.packed(body)

        def work(connection: Connection) -> bytes:
            return self._put(connection, to, kind, digest, packed, len(body))

        named = await self._database.write("peer_say", work)
        self.wake()
        return named

    def wake(self) -> None:
        """Send what waits, now."""
        for waker in self._wakers:
            waker()

    def on_wake(self, waker: Callable[[], None]) -> None:
        """Register who sends."""
        self._wakers.append(waker)

    def on_renumbered(self, listener: Renumbered) -> None:
        """Register who keeps digests of messages that we said.

        A message that was never answered gets another number, and with it another digest, when
        this database was restored from an old copy and its number turns out to be given already.
        So does one of a partner's that comes again under another number.
        """
        self._renumbered.append(listener)

    def on_fetched_back(self, listener: FetchedBack) -> None:
        """Register who looks at messages of ours that were forgotten and fetched back."""
        self._fetched.append(listener)

    def expect_greetings(self) -> None:
        """Take it that we may have said to anybody what is not here: an old copy was restored."""
        self._met = set()

    def met(self, participant: int) -> None:
        """Note that all is here again that we said to a participant, as far as it has it."""
        if self._met is not None:
            self._met.add(participant)

    def awaits(self, participant: int) -> bool:
        """Tell whether we may have said to a participant what is not here: nothing new is begun."""
        return self._met is not None and participant not in self._met

    async def fetched_back(self) -> bool:
        """Let everybody look at what was fetched back; return whether nobody has to look again."""
        return all([await listener() for listener in self._fetched])

    def renamed(self, connection: Connection, old: bytes, new: bytes) -> None:
        """Let everybody who keeps digests of messages follow one to its new digest."""
        for listener in self._renumbered:
            listener(connection, old, new)

    def put_again(
        self, connection: Connection, to: int, last: Statement, waiting: Sequence[StoredMessage]
    ) -> None:
        """Say messages anew behind the last one that the receiver has from us.

        Args:
            connection: A transaction's; the messages are taken out of the outbox already.
            to: The receiver.
            last: What it showed, signed by us.
            waiting: What it never answered, in order.
        """
        number, digest = last.number, digest_of(last)
        peers.change(connection, to, said_number=number, said_digest=digest, cursor=number)
        names: list[tuple[bytes, bytes]] = []
        for one in waiting:
            body = _with_new_names(one, names)
            new = self._put(connection, to, one.kind, *body)
            renamed = [(one.digest, new)]
            if body[0] != one.body_digest:
                renamed.append((one.body_digest, body[0]))
            for old, now in renamed:
                self.renamed(connection, old, now)
            names += renamed

    def _check(self, to: int, kind: str, size_bytes: int) -> None:
        if to == self._voice.participant or not is_word(kind):
            raise ValueError("a message goes to somebody else and has a kind")
        if size_bytes > MESSAGE_SIZE_BYTES_MAX:
            raise ValueError(f"a message has at most {MESSAGE_SIZE_BYTES_MAX} bytes")

    def _put(
        self,
        connection: Connection,
        to: int,
        kind: str,
        digest: bytes,
        packed: bytes,
        size_bytes: int,
    ) -> bytes:
        self._check(to, kind, size_bytes)
        known = peers.partner(connection, to)
        number = known.said_number + 1
        statement = self._voice.statement(to, number, known.said_digest, kind, digest)
        named = digest_of(statement)
        peers.add_message(
            connection,
            StoredMessage(
                partner=to,
                way=Way.SAID,
                number=number,
                digest=named,
                previous=statement.previous,
                kind=kind,
                body_digest=digest,
                said_at=statement.at,
                signature=sign_statement(statement, self._voice.signer),
                packed=packed,
                size_bytes=size_bytes,
            ),
        )
        peers.change(connection, to, said_number=number, said_digest=named)
        return named


def _with_new_names(
    one: StoredMessage, names: Sequence[tuple[bytes, bytes]]
) -> tuple[bytes, bytes, int]:
    """Return digest, frame and size of a body that names messages said anew before it.

    A message may name earlier ones, as a manifest names its parts: in hex, so that the new name
    takes the old one's place. Whatever else has the same 64 characters is the same digest.
    """
    if not names:
        return one.body_digest, one.packed, one.size_bytes
    body = was = one.body
    for old, new in names:
        body = body.replace(old.hex().encode(), new.hex().encode())
    if body == was:
        return one.body_digest, one.packed, one.size_bytes
    return body_digest(body), peers.packed(body), len(body)


KIND_UNKNOWN: Final = "message_kind"
"""Why a message is refused whose kind nobody here takes."""
