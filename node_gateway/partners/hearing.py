"""Hear what other participants say: in order, once, and answered with a signature.

A message that came before gets the bytes of its first answer. One whose number is too high is
answered with the number that is expected (`message_gap`): the sender says everything again from
there. A second message for a number that was answered is evidence, kept beside the first, and the
sender is shown what we have from it (`message_conflict`).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from anchoring.chain.messages import digest_of, is_said, sign_answer
from anchoring.core.message import Answer, SignedMessage, is_word
from node_gateway.errors import NotFoundError, StateError
from node_gateway.partners.channel import KIND_UNKNOWN, MessageChannel, Voice
from node_gateway.partners.message_wire import (
    MessageFormError,
    Position,
    answer_wire,
    bare,
    given_back,
    read_posted,
)
from node_gateway.partners.ports import Caller, Handler, Message, MessageRefusedError
from node_gateway.services.directory import DirectoryService
from node_gateway.services.gate import Gate
from node_gateway.services.limiter import Limiter
from node_gateway.storage import peers
from node_gateway.storage.database import Database
from node_gateway.storage.peers import Partner, StoredMessage, Way
from node_gateway.telemetry import Metrics, without_values

ALARM_CONFLICT: Final = "peer_message_conflict"
"""A partner signed two messages for one number; both are kept."""
AHEAD: Final = "message_ahead"
"""Why a message is refused that says it was said in the future."""
AHEAD_S_MAX: Final = 600
"""As far ahead as the clock of a gateway may be that is believed at all."""
CONFLICTS_MAX: Final = 100
"""How many messages of a partner are kept that contradict another: one is enough to prove it."""


class MessagePositionError(StateError):
    """A message does not follow the last one: `message_gap` or `message_conflict`.

    Attributes:
        position: How far we are with the sender, shown to it.
    """

    def __init__(self, code: str, message: str, position: Position) -> None:
        super().__init__(message, code=code)
        self.position = position


class NotHearingError(StateError):
    """The message cannot be taken now; it is to come again."""

    code = "message_not_now"
    retry_after_s: int | None = 5


class NotMetError(NotHearingError):
    """We may have forgotten what the message answers; it is to come again soon."""

    retry_after_s: int | None = 1


@dataclass(frozen=True, slots=True)
class _Place:
    """What is known of a sender when a message comes in."""

    known: Partner
    same: StoredMessage | None
    last: StoredMessage | None


class Hearing:
    """Takes messages of other participants.

    Args:
        database: Keeps them.
        channel: Knows the handlers.
        voice: Who answers.
        directory: Whose keys are whose.
        gate: Nothing is taken while the gateway does not write.
        metrics: Where alarms are counted.
        kib_rate: How much a sender may say, in KiB: messages are kept, whatever is in them.
        clock: Unix seconds.

    Raises:
        SettingsError: `kib_rate` is no rate.
    """

    def __init__(
        self,
        database: Database,
        channel: MessageChannel,
        voice: Voice,
        directory: DirectoryService,
        *,
        gate: Gate,
        metrics: Metrics,
        kib_rate: str,
        clock: Callable[[], float],
    ) -> None:
        self._kib = Limiter(
            kib_rate, member="peers.heard_kib_per_partner", many=True, counted="KiB of messages"
        )
        self._database, self._channel, self._voice = database, channel, voice
        self._directory, self._gate, self._metrics = directory, gate, metrics
        self._clock = clock
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._log = structlog.get_logger()

    def turn(self, sender: int) -> asyncio.Lock:
        """Return what lets one message of a sender in at a time, from before its body is read."""
        return self._turns[sender]

    async def hear(self, caller: Caller, raw: bytes) -> bytes:
        """Take a posted message and return the answer to it, JSON.

        Raises:
            MessageFormError: it is no message, not the caller's, or not for us.
            MessagePositionError: it does not follow the last one.
            NotHearingError: not now.
            RateLimitError: the sender has said too much lately.
        """
        message, packed = await asyncio.to_thread(read_posted, raw)
        self._check_sender(caller, message)
        kib = 1 + max(len(packed), len(message.body or b"")) // 1024
        self._kib.count(str(caller.participant), cost=kib)
        digest = digest_of(message.statement)
        place = await self._database.read(lambda one: self._place(one, message))
        if (known := self._answered(place, digest)) is not None:
            return known
        await self._check_position(place, message, digest)
        self._gate.require_capture()
        if self._channel.awaits(caller.participant):
            raise NotMetError("what was said to you may be forgotten here, and is fetched back")
        one = _plain(message, digest)
        handler = self._channel.handler(one.kind)
        checked, refused = await self._checked(handler, one)
        stored = _stored(message, digest, packed)

        def work(connection: Connection) -> bytes:
            return self._take(connection, handler, one, checked, refused, message, stored)

        try:
            return await self._database.write("peer_hear", work)
        except NotHearingError:
            raise
        except Exception as error:
            self._log.error("a message cannot be taken now", **without_values(error))
            raise NotHearingError("this message cannot be taken now") from error

    async def give_back(self, sender: int, number: int) -> bytes:
        """Return a message of a sender's that it has forgotten, as `given_back`.

        Raises:
            NotFoundError: `message_not_found`: it is not here.
        """
        found = await self._database.read(lambda c: peers.message(c, sender, Way.HEARD, number))
        if found is None or found.answer_signature is None:
            raise NotFoundError("no message of yours has this number", code="message_not_found")
        return await asyncio.to_thread(lambda: given_back(self._own(found), found.packed))

    async def position(self, sender: int) -> Position:
        """Return how far we are with a sender's messages."""

        def work(connection: Connection) -> Position:
            number = peers.partner(connection, sender).heard_number
            last = peers.message(connection, sender, Way.HEARD, number)
            return self._position(number, last)

        return await self._database.read(work)

    def _check_sender(self, caller: Caller, message: SignedMessage) -> None:
        said, network = message.statement, self._voice.network
        if said.sender != caller.participant or said.receiver != self._voice.participant:
            raise MessageFormError("the message is between other participants")
        if (said.chain_id, said.consortium) != (network.chain_id, network.consortium):
            raise MessageFormError("the message is of another network")
        if not is_said(message, self._directory.current, now=int(self._clock())):
            raise MessageFormError("the message is not signed by a key of its sender")

    def _place(self, connection: Connection, message: SignedMessage) -> _Place:
        said = message.statement
        known = peers.partner(connection, said.sender)
        same = peers.message(connection, said.sender, Way.HEARD, said.number)
        last = peers.message(connection, said.sender, Way.HEARD, known.heard_number)
        return _Place(known, same, last)

    def _answered(self, place: _Place, digest: bytes) -> bytes | None:
        if place.same is None or place.same.digest != digest:
            return None
        return answer_wire(self._own(place.same))

    async def _check_position(self, place: _Place, message: SignedMessage, digest: bytes) -> None:
        """Refuse what does not follow the last message; keep what contradicts it."""
        said, known = message.statement, place.known
        follows = said.number == known.heard_number + 1
        if follows and said.previous == known.heard_digest:
            return
        position = self._position(known.heard_number, place.last)
        if said.number > known.heard_number + 1:
            expected = known.heard_number + 1
            raise MessagePositionError(
                "message_gap", f"number {expected} is expected next", position
            )
        # Without the body, which the statement names by its digest: evidence may not fill the disk.
        now, file = int(self._clock()), bare(message).to_json()

        def work(connection: Connection) -> bool:
            peers.change(connection, said.sender, alarm=ALARM_CONFLICT)
            if peers.conflict_count(connection, said.sender, Way.HEARD) >= CONFLICTS_MAX:
                return False
            found = (said.sender, Way.HEARD, said.number, digest, file, now)
            return peers.add_conflict(connection, *found)

        if await self._database.write("peer_conflict", work):
            self._metrics.alarms.labels(ALARM_CONFLICT).inc()
            self._log.error("a partner signed two messages for one place", code=ALARM_CONFLICT)
        raise MessagePositionError(
            "message_conflict",
            f"another message has number {said.number} already, or it follows another one",
            position,
        )

    async def _checked(
        self, handler: Handler | None, one: Message
    ) -> tuple[Any, MessageRefusedError | None]:
        if one.said_at > self._clock() + AHEAD_S_MAX:
            return None, MessageRefusedError("it says that it was said in the future", code=AHEAD)
        if handler is None:
            text = "messages of this kind are not taken here"
            return None, MessageRefusedError(text, code=KIND_UNKNOWN)
        try:
            return await handler.check(one), None
        except MessageRefusedError as error:
            return None, error
        except Exception as error:
            self._log.warning("a message cannot be checked now", **without_values(error))
            raise NotHearingError("this message cannot be taken now") from error

    def _take(
        self,
        connection: Connection,
        handler: Handler | None,
        one: Message,
        checked: Any,
        refused: MessageRefusedError | None,
        message: SignedMessage,
        stored: StoredMessage,
    ) -> bytes:
        """Write what follows from a message, the message and the answer: one transaction."""
        known = peers.partner(connection, one.sender)
        if known.heard_number + 1 != one.number or known.heard_digest != stored.previous:
            raise NotHearingError("another message came in between")
        if handler is not None and refused is None:
            savepoint = connection.begin_nested()
            try:
                handler.take(connection, one, checked)
                savepoint.commit()
            except MessageRefusedError as error:
                savepoint.rollback()
                refused = error
        if refused is not None:
            self._channel.refused(connection, one, _code(refused))
        answer = Answer(one.digest, _code(refused), int(self._clock()))
        signature = sign_answer(message.statement, answer, self._voice.signer)
        peers.add_message(
            connection,
            _with_answer(stored, answer, signature),
        )
        peers.change(connection, one.sender, heard_number=one.number, heard_digest=one.digest)
        answered = SignedMessage(message.statement, message.signature, None, answer, signature)
        return answer_wire(answered)

    def _own(self, stored: StoredMessage) -> SignedMessage:
        network = self._voice.network
        return stored.signed(self._voice.participant, network.chain_id, network.consortium)

    def _position(self, number: int, last: StoredMessage | None) -> Position:
        return Position(number, None if last is None else bare(self._own(last)))


def _code(refused: MessageRefusedError | None) -> str:
    if refused is None:
        return ""
    return refused.code if is_word(refused.code) else MessageRefusedError.code


def _plain(message: SignedMessage, digest: bytes) -> Message:
    said = message.statement
    return Message(
        sender=said.sender,
        receiver=said.receiver,
        number=said.number,
        kind=said.kind,
        digest=digest,
        said_at=said.at,
        body=message.body or b"",
    )


def _stored(message: SignedMessage, digest: bytes, packed: bytes) -> StoredMessage:
    said = message.statement
    return StoredMessage(
        partner=said.sender,
        way=Way.HEARD,
        number=said.number,
        digest=digest,
        previous=said.previous,
        kind=said.kind,
        body_digest=said.body,
        said_at=said.at,
        signature=message.signature,
        packed=packed,
        size_bytes=len(message.body or b""),
    )


def _with_answer(stored: StoredMessage, answer: Answer, signature: bytes) -> StoredMessage:
    return replace(
        stored, answer_code=answer.code, answered_at=answer.at, answer_signature=signature
    )
