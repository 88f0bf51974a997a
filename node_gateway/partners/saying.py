"""Send what waits to other participants, each on its own: nobody waits for anybody else.

One task per partner, one message on the way per partner, in order. A try that fails is followed
by a pause that doubles, with jitter, for as long as it takes; what is wrong stands where operators
look. The cursor moves on nothing but an answer that the receiver signed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import orjson
import structlog
from sqlalchemy import Connection

from anchoring.chain.messages import digest_of, is_answered, is_said, sign_statement
from anchoring.core.message import SignedMessage
from anchoring.errors import FormatError
from node_gateway.partners.channel import MessageChannel, Voice
from node_gateway.partners.message_wire import (
    ANSWER_SIZE_BYTES_MAX,
    MESSAGES_PATH,
    Position,
    bare,
    posted,
    read_answer,
    read_position,
)
from node_gateway.partners.ports import PeerAnswer, PeerError, Peers
from node_gateway.services.directory import DirectoryService
from node_gateway.services.gate import Gate
from node_gateway.settings_partners import PeersSection
from node_gateway.storage import peers
from node_gateway.storage.database import Database
from node_gateway.storage.peers import StoredMessage, Way
from node_gateway.telemetry import Metrics, without_values

ALARM_ANSWER: Final = "peer_countersignature"
"""A partner answered with a signature that is not its own."""
ALARM_RENUMBERED: Final = "peer_messages_renumbered"
"""This database had forgotten messages: what waited was said again behind them."""
ALARM_LOST: Final = "peer_messages_lost"
"""A partner wants a message again that this database has forgotten."""
ALARM_POSITION: Final = "peer_position"
"""A partner claims messages from us that we never signed."""

_SENDING_MAX: Final = 32
_LOOK_S: Final = 30.0
_DOUBLINGS_MAX: Final = 16


class _AlarmingError(PeerError):
    """What a partner did that a person should look at; its code is the alarm's."""


class Saying:
    """Sends messages; a `Background`.

    Args:
        database: Keeps them.
        channel: Where they are said.
        peers: Carries them.
        voice: Who speaks.
        directory: Whose keys are whose.
        gate: Nothing is sent while the gateway does not write: the answer could not be kept.
        settings: Pauses between tries.
        metrics: Where alarms are counted.
        clock: Unix seconds.
    """

    def __init__(
        self,
        database: Database,
        channel: MessageChannel,
        peers: Peers,
        voice: Voice,
        directory: DirectoryService,
        *,
        gate: Gate,
        settings: PeersSection,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._database, self._channel, self._peers, self._voice = database, channel, peers, voice
        self._directory, self._gate, self._settings = directory, gate, settings
        self._metrics, self._clock = metrics, clock
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._retry: dict[int, asyncio.Event] = {}
        self._sending = asyncio.Semaphore(_SENDING_MAX)
        self._wake = asyncio.Event()
        self._ending = False
        self._log = structlog.get_logger()
        channel.on_wake(self.wake)

    def wake(self) -> None:
        """Look for messages that wait, now."""
        self._wake.set()

    def retry(self, participant: int) -> None:
        """End the pause of a partner."""
        if participant in self._retry:
            self._retry[participant].set()
        self.wake()

    def stop(self) -> None:
        """Let `run` end. Whatever is on the way is sent again at the next start."""
        self._ending = True
        for task in self._tasks.values():
            task.cancel()
        self._wake.set()

    async def run(self) -> None:
        """Send until `stop`."""
        while not self._ending:
            self._wake.clear()
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look tries again
                self._log.error("looking for messages failed", **without_values(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _LOOK_S)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _look(self) -> None:
        """See that a task works for every partner that something waits for."""
        known = await self._database.read(peers.partners)
        self._tasks = {who: task for who, task in self._tasks.items() if not task.done()}
        for one in known:
            if one.waiting_count > 0 and one.participant not in self._tasks and not self._ending:
                self._retry[one.participant] = asyncio.Event()
                self._tasks[one.participant] = asyncio.create_task(self._serve(one.participant))
        self._metrics.peers_stuck.set(await self._stuck_count())

    async def _stuck_count(self) -> int:
        since = await self._database.read(peers.waiting_since)
        limit = self._clock() - self._settings.stuck_s
        return sum(said_at < limit for said_at in since.values())

    async def _serve(self, partner: int) -> None:
        """Send a partner's messages in order until none waits."""
        failures = 0
        while not self._ending:
            try:
                if not await self._send_next(partner):
                    break
                failures = 0
                continue
            except PeerError as error:
                await self._note_failure(partner, error)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                self._log.error("sending a message failed", **without_values(error))
            failures += 1
            await self._pause(partner, failures)
        self.wake()  # what was said after the last look at the outbox has a task again

    async def _pause(self, partner: int, failures: int) -> None:
        longest = self._settings.retry_s_min * 2.0 ** min(failures - 1, _DOUBLINGS_MAX)
        pause_s = min(longest, self._settings.retry_s_max) * random.uniform(0.5, 1.0)  # noqa: S311
        event = self._retry[partner]
        event.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), pause_s)

    async def _send_next(self, partner: int) -> bool:
        """Send the first message that waits; False if none does.

        Raises:
            PeerError: it was not answered, or the answer is none.
        """
        stored = await self._database.read(lambda one: peers.next_to_say(one, partner))
        if stored is None:
            return False
        if self._gate.view.state != "ready":
            raise PeerError(partner, "this gateway does not write now", code="read_only")
        await self._check_next(stored)
        message = await self._with_valid_signature(stored)
        async with self._sending:
            answer = await self._peers.request(
                partner,
                "POST",
                MESSAGES_PATH,
                body=posted(message, stored.packed),
                answer_size_bytes_max=ANSWER_SIZE_BYTES_MAX,
            )
        if answer.ok:
            await self._note_answer(stored, message, answer)
        elif (position := _position(answer)) is not None:
            await self._follow_position(partner, position)
        else:
            raise _refusal(partner, answer)
        return True

    async def _check_next(self, stored: StoredMessage) -> None:
        """A message follows the one before it; what is missing in between is lost here."""
        if stored.number == 1:
            return
        before = (stored.partner, Way.SAID, stored.number - 1)
        known = await self._database.read(lambda one: peers.partner(one, stored.partner))
        kept = await self._database.read(lambda one: peers.message(one, *before))
        if stored.number > known.cursor + 1 and kept is None:
            raise _AlarmingError(
                stored.partner, "a message is wanted that is not here any more", code=ALARM_LOST
            )

    async def _with_valid_signature(self, stored: StoredMessage) -> SignedMessage:
        """Return a message; signed again if the key of then does not count any more."""
        network = self._voice.network
        message = stored.signed(self._voice.participant, network.chain_id, network.consortium)
        message = bare(message)
        if is_said(message, self._directory.current, now=int(self._clock())):
            return message
        signature = sign_statement(message.statement, self._voice.signer)
        await self._database.write(
            "peer_sign", lambda one: peers.signed_again(one, stored, signature)
        )
        return replace(message, signature=signature)

    async def _note_answer(
        self, stored: StoredMessage, message: SignedMessage, answer: PeerAnswer
    ) -> None:
        partner = stored.partner
        try:
            answered = read_answer(message, answer.body)
        except FormatError as error:
            raise PeerError(partner, "its answer is none", code="peer_answer") from error
        said = answered.answer
        if said is None or not is_answered(
            answered, self._directory.current, now=int(self._clock())
        ):
            raise _AlarmingError(
                partner, "its answer is signed by a key that is not its own", code=ALARM_ANSWER
            )

        def work(connection: Connection) -> None:
            peers.answered(connection, partner, stored.number, said, answered.answer_signature)

        await self._database.write("peer_answered", work)

    async def _follow_position(self, partner: int, position: Position) -> None:
        """Go to where the receiver is: back to what it forgot, or on behind what we forgot."""
        last = position.last
        if last is not None and not self._is_ours(partner, last):
            raise _AlarmingError(
                partner, "it shows a message of ours that we never signed", code=ALARM_POSITION
            )
        renumbered = await self._database.write(
            "peer_position", lambda one: self._move(one, partner, position)
        )
        if renumbered:
            self._alarm(ALARM_RENUMBERED)

    def _is_ours(self, partner: int, last: SignedMessage) -> bool:
        said = last.statement
        between = (said.sender, said.receiver) == (self._voice.participant, partner)
        return between and is_said(last, self._directory.current, now=int(self._clock()))

    def _move(self, connection: Connection, partner: int, position: Position) -> bool:
        """Move the cursor; True if messages had to be said anew, behind what we had forgotten."""
        known = peers.partner(connection, partner)
        last = position.last
        kept = peers.message(connection, partner, Way.SAID, position.number)
        same = last is None or (kept is not None and kept.digest == digest_of(last.statement))
        if same and position.number <= known.said_number:
            peers.change(connection, partner, cursor=position.number)
            return False
        if last is None or position.number < known.cursor:
            return False  # an old copy of theirs, and a fork in ours: the next try says it
        waiting = peers.remove_said(connection, partner, known.cursor)
        network = self._voice.network
        for one in waiting:
            file = one.signed(self._voice.participant, network.chain_id, network.consortium)
            peers.add_conflict(
                connection,
                partner,
                Way.SAID,
                one.number,
                one.digest,
                file.to_json(),
                int(self._clock()),
            )
        self._channel.put_again(connection, partner, last.statement, waiting)
        peers.change(connection, partner, alarm=ALARM_RENUMBERED)
        return True

    async def _note_failure(self, partner: int, error: PeerError) -> None:
        now, alarm = int(self._clock()), error.code if isinstance(error, _AlarmingError) else None

        def work(connection: Connection) -> bool:
            known = peers.partner(connection, partner)
            values: dict[str, object] = {
                "failures": known.failures + 1,
                "failing_since": known.failing_since or now,
                "last_error": error.code,
                "last_try_at": now,
            }
            if alarm is not None:
                values["alarm"] = alarm
            peers.change(connection, partner, **values)
            return alarm is not None and known.alarm != alarm

        if await self._database.write("peer_failed", work) and alarm is not None:
            self._alarm(alarm)

    def _alarm(self, code: str) -> None:
        self._metrics.alarms.labels(code).inc()
        self._log.error("a partner needs to be looked at", code=code)


def _position(answer: PeerAnswer) -> Position | None:
    """Return where the receiver is, if that is what it answered."""
    if answer.status != 409:
        return None
    try:
        problem = orjson.loads(answer.body)
        return read_position(problem["position"])
    except (orjson.JSONDecodeError, KeyError, TypeError, FormatError):
        return None


def _refusal(partner: int, answer: PeerAnswer) -> PeerError:
    try:
        code = str(orjson.loads(answer.body)["code"])[:64]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        code = "peer_answer"
    return PeerError(
        partner, f"it answers {answer.status}: {code}", code=code, status=answer.status
    )
