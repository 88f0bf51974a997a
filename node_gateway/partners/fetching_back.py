"""Fetch back what we said and have forgotten: after our database was restored from an old copy.

Whoever we said it to has it, with our signature and its own answer. Each message names the one
before it, so that what comes back is exactly what we said, or nothing: it is asked for from the
newest to the oldest, and compared with the digest that the next one names.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import orjson
import structlog
from sqlalchemy import Connection

from anchoring.chain.messages import digest_of, is_answered, is_said, message_of
from anchoring.core.message import Answer, SignedMessage
from anchoring.core.strict_json import parse_plain
from anchoring.errors import FormatError
from node_gateway.partners.channel import MessageChannel, Voice
from node_gateway.partners.message_wire import (
    ANSWER_SIZE_BYTES_MAX,
    BACK_PATH,
    POST_SIZE_BYTES_MAX,
    MessageFormError,
    bare,
    read_posted,
)
from node_gateway.partners.ports import PeerAnswer, PeerError, Peers
from node_gateway.partners.positions import AlarmingError
from node_gateway.services.directory import DirectoryService
from node_gateway.storage import peers
from node_gateway.storage.forgotten import Forgotten, forgotten
from node_gateway.storage.peers import StoredMessage, Way
from node_gateway.storage.ports import GatewayStore

META_FETCHED: Final = "messages_fetched_back"
"""Set while features have not yet looked at all that was fetched back: since when, decimal."""
ALARM_BACK: Final = "peer_messages_foreign"
"""A partner gives back, as ours, what we never said."""
_NOT_FOUND: Final = 404


class FetchingBack:
    """Asks partners for messages of ours that this database has forgotten.

    Args:
        store: Keeps them.
        channel: Who wants to hear of them.
        asking: Carries the question.
        voice: Who we are.
        directory: Whose keys are whose.
    """

    def __init__(
        self,
        store: GatewayStore,
        channel: MessageChannel,
        asking: Peers,
        voice: Voice,
        directory: DirectoryService,
    ) -> None:
        self._store, self._channel, self._asking = store, channel, asking
        self._voice, self._directory = voice, directory
        self._log = structlog.get_logger()

    async def fetch(self, partner: int) -> int:
        """Fetch everything back that a partner has answered; return how many messages came.

        Raises:
            PeerError: it does not answer, or what it answers is none of ours.
        """
        below, came = None, 0
        while True:
            wanted = await self._store.read(
                lambda c, below=below: forgotten(c, partner, below)  # type: ignore[misc]
            )
            if wanted is None:
                break
            found = await self._fetched(partner, wanted)
            if found is not None:
                if not came:
                    since = str(int(self._voice.clock())).encode()
                    await self._store.set_meta(META_FETCHED, since)
                came += await self._store.write("peer_fetched_back", lambda c, f=found: _keep(c, f))  # type: ignore[misc]
            below = wanted.number
        if came:
            self._log.warning("messages that were forgotten were fetched back", count=came)
        return came

    async def confirm(self, partner: int) -> None:
        """Find out which of the messages that wait a partner has answered already.

        An old copy does not know whether they were sent. Where the partner has another message
        under a number, ours was never sent: the number was given again after the copy.

        Raises:
            PeerError: as `fetch`.
        """
        while True:
            waiting = await self._store.read(lambda c: peers.next_to_say(c, partner))
            if waiting is None:
                return
            found = await self._fetched(partner, Forgotten(waiting.number, None))
            if found is None or found.digest != waiting.digest or found.answer_signature is None:
                return
            answer = Answer(found.digest, found.answer_code or "", found.answered_at or 0)
            place = (partner, found.number, answer, found.answer_signature)
            await self._store.write("peer_answered", lambda c, at=place: peers.answered(c, *at))  # type: ignore[misc]

    async def heard(self) -> None:
        """Let features look at what was fetched back, as long as one has to look again."""
        if await self._store.meta(META_FETCHED) is not None and await self._channel.fetched_back():
            await self._store.set_meta(META_FETCHED, None)

    async def _fetched(self, partner: int, wanted: Forgotten) -> StoredMessage | None:
        answer = await self._asking.request(
            partner,
            "POST",
            BACK_PATH,
            body=orjson.dumps({"number": wanted.number}),
            answer_size_bytes_max=POST_SIZE_BYTES_MAX + ANSWER_SIZE_BYTES_MAX,
        )
        if answer.status == _NOT_FOUND:
            return None  # it has forgotten it, too
        if not answer.ok:
            raise PeerError(
                partner, f"it answers {answer.status}", code="peer_answer", status=answer.status
            )
        try:
            message, packed = _read(answer)
        except (FormatError, MessageFormError) as error:
            raise PeerError(partner, "its answer is none", code="peer_answer") from error
        if not self._is_ours(partner, message, wanted):
            raise AlarmingError(partner, "it gives back what we never said", code=ALARM_BACK)
        return _stored(message, packed)

    def _is_ours(self, partner: int, message: SignedMessage, wanted: Forgotten) -> bool:
        said, network = message.statement, self._voice.network
        now, directory = int(self._voice.clock()), self._directory.current
        return (
            (said.sender, said.receiver, said.number)
            == (self._voice.participant, partner, wanted.number)
            and (said.chain_id, said.consortium) == (network.chain_id, network.consortium)
            and wanted.digest in (None, digest_of(said))
            and is_said(message, directory, now=now)
            and is_answered(message, directory, now=now)
        )


def _read(answer: PeerAnswer) -> tuple[SignedMessage, bytes]:
    """Return a message with its answer and its packed body; signatures are not checked."""
    line, _, rest = answer.body.partition(b"\n")
    message, packed = read_posted(rest)
    document = parse_plain(line, size_bytes_max=ANSWER_SIZE_BYTES_MAX)
    full = message_of({**bare(message).to_wire(), "answer": document})
    return replace(message, answer=full.answer, answer_signature=full.answer_signature), packed


def _keep(connection: Connection, found: StoredMessage) -> int:
    if peers.message(connection, found.partner, Way.SAID, found.number) is not None:
        return 0
    peers.add_message(connection, found)
    return 1


def _stored(message: SignedMessage, packed: bytes) -> StoredMessage:
    said, answer = message.statement, message.answer
    return StoredMessage(
        partner=said.receiver,
        way=Way.SAID,
        number=said.number,
        digest=digest_of(said),
        previous=said.previous,
        kind=said.kind,
        body_digest=said.body,
        said_at=said.at,
        signature=message.signature,
        packed=packed,
        size_bytes=len(message.body or b""),
        answer_code=None if answer is None else answer.code,
        answered_at=None if answer is None else answer.at,
        answer_signature=message.answer_signature,
    )


__all__ = ["ALARM_BACK", "META_FETCHED", "FetchingBack"]
