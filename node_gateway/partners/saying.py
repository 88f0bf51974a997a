"""Send what waits to other participants, each on its own: nobody waits for anybody else.

One task per partner, one message on the way per partner, in order. A try that fails is followed
by a pause that doubles, with jitter, for as long as it takes; what is wrong stands where operators
look. The cursor moves forward on nothing but an answer that the receiver signed.

At the start every partner is greeted: both tell how far they are with each other's messages. So
whoever was restored from an old copy gets back what it forgot, though nobody has news.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final

import orjson
import structlog
from sqlalchemy import Connection

from anchoring.chain.messages import is_answered, is_said, sign_statement
from anchoring.core.message import SignedMessage
from anchoring.directory.model import Status
from anchoring.errors import FormatError
from node_gateway.partners.channel import MessageChannel, Voice
from node_gateway.partners.fetching_back import FetchingBack
from node_gateway.partners.message_wire import (
    ANSWER_SIZE_BYTES_MAX,
    MESSAGES_PATH,
    POSITION_PATH,
    Position,
    bare,
    posted,
    read_answer,
    read_position,
)
from node_gateway.partners.ports import PeerAnswer, PeerError, Peers
from node_gateway.partners.positions import AlarmingError, Positions
from node_gateway.services.directory import DirectoryService
from node_gateway.services.gate import Gate
from node_gateway.services.issuing import META_RESTORED
from node_gateway.settings_partners import PeersSection
from node_gateway.storage import peers
from node_gateway.storage.peers import Partner, StoredMessage
from node_gateway.storage.ports import GatewayStore
from node_gateway.telemetry import Metrics, without_values

ALARM_ANSWER: Final = "peer_countersignature"
"""A partner answered with a signature that is not its own."""
ALARM_LOST: Final = "peer_messages_lost"
"""A partner wants a message again that this database has forgotten."""

_SENDING_MAX: Final = 32
_LOOK_S: Final = 30.0
_READY_S: Final = 0.2
_DOUBLINGS_MAX: Final = 16

HeardPosition = Callable[[int], Awaitable[Position]]
"""Returns how far we are with a participant's messages."""


@dataclass(slots=True)
class _Work:
    """What is under way with one partner.

    Attributes:
        hurry: Ends the pause between two tries.
        failures: Tries without progress; the pause grows with it.
        complete: Whether everything that we ever said to it is here, as far as it has it.
        best: The highest number that was answered: going back to what was answered before is no
            progress, or a receiver could keep us busy for ever.
    """

    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    greeted: bool = False
    complete: bool = False
    failures: int = 0
    best: int = 0

    @property
    def idle(self) -> bool:
        """Whether no task is at it."""
        return self.task is None or self.task.done()


class Saying:
    """Sends messages; a `Background`.

    Args:
        store: Keeps them.
        channel: Where they are said.
        asking: Carries them.
        voice: Who speaks.
        directory: Whose keys are whose.
        positions: Where receivers are.
        heard: Where we are as a receiver.
        fetching: Gets back what we have forgotten.
        gate: Nothing is sent while the gateway does not write: the answer could not be kept.
        settings: Pauses between tries.
        metrics: Where alarms are counted.
    """

    def __init__(
        self,
        store: GatewayStore,
        channel: MessageChannel,
        asking: Peers,
        voice: Voice,
        directory: DirectoryService,
        positions: Positions,
        heard: HeardPosition,
        fetching: FetchingBack,
        *,
        gate: Gate,
        settings: PeersSection,
        metrics: Metrics,
    ) -> None:
        self._store, self._asking, self._voice = store, asking, voice
        self._directory, self._positions, self._heard = directory, positions, heard
        self._fetching, self._channel = fetching, channel
        self._gate, self._settings, self._metrics = gate, settings, metrics
        self._work: dict[int, _Work] = {}
        self._sending = asyncio.Semaphore(_SENDING_MAX)
        self._wake = asyncio.Event()
        self._ending = False
        self._looked_for_all = False
        self._log = structlog.get_logger()
        channel.on_wake(self.wake)

    def wake(self) -> None:
        """Look for messages that wait, now."""
        self._wake.set()

    def retry(self, participant: int) -> None:
        """End the pause of a partner, and greet it again."""
        if participant in self._work:
            self._work[participant].greeted = False
            self._work[participant].hurry.set()
        self.wake()

    def stop(self) -> None:
        """Let `run` end. Whatever is on the way is sent again at the next start."""
        self._ending = True
        for one in self._work.values():
            if one.task is not None:
                one.task.cancel()
        self._wake.set()

    async def run(self) -> None:
        """Send until `stop`."""
        while not self._ending:
            self._wake.clear()
            ready = self._gate.view.state == "ready"
            try:
                if ready:
                    await self._look()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look tries again
                self._log.error("looking for messages failed", **without_values(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _LOOK_S if ready else _READY_S)
        tasks = [one.task for one in self._work.values() if one.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        """See that a task works for everybody who is to be greeted, or has something to get."""
        known = {one.participant: one for one in await self._store.read(peers.partners)}
        if not self._looked_for_all:
            self._looked_for_all = True
            if await self._store.meta(META_RESTORED) is not None:  # it may not know its partners
                self._work |= {one: _Work() for one in self._others() if one not in self._work}
        for participant in (*known, *(one for one in self._work if one not in known)):
            one = self._work.setdefault(participant, _Work())
            waits = participant in known and known[participant].waiting_count > 0
            if one.idle and not self._ending and (waits or not one.greeted):
                one.task = asyncio.create_task(self._serve(participant, one))
        since = await self._store.read(peers.waiting_since)
        limit = self._voice.clock() - self._settings.stuck_s
        self._metrics.peers_stuck.set(sum(said_at < limit for said_at in since.values()))

    def _others(self) -> list[int]:
        directory = self._directory.current
        return [
            one.id
            for one in directory.participants.values()
            if one.status is Status.ACTIVE and one.url and one.id != self._voice.participant
        ]

    async def _serve(self, partner: int, work: _Work) -> None:
        """Greet a partner, then send what it has to get, in order, until nothing waits."""
        while not self._ending:
            try:
                if not work.greeted:
                    await self._greet(partner)
                    work.greeted, work.complete = True, False
                if not work.complete:
                    await self._fetch_back(partner)
                    work.complete = True
                if not await self._send_next(partner, work):
                    break
            except PeerError as error:
                await self._pause(partner, work, error)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                self._log.error("sending a message failed", **without_values(error))
                await self._pause(partner, work, PeerError(partner, "", code="internal"))
        with contextlib.suppress(Exception):  # whoever fails at it looks again at the next end
            await self._fetching.heard()
        self.wake()  # what was said after the last look at the outbox has a task again

    async def _pause(self, partner: int, work: _Work, error: PeerError) -> None:
        work.hurry.clear()
        work.failures += 1
        with contextlib.suppress(Exception):  # the store has failed, too: it will say so
            await self._note_failure(partner, error)
        longest = self._settings.retry_s_min * 2.0 ** min(work.failures - 1, _DOUBLINGS_MAX)
        pause_s = min(longest, self._settings.retry_s_max) * random.uniform(0.5, 1.0)  # noqa: S311
        pause_s = max(pause_s, error.retry_after_s or 0)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(work.hurry.wait(), pause_s)

    async def _greet(self, partner: int) -> None:
        """Tell each other how far we are. Whoever is not active is greeted when it has news."""
        known = self._directory.current.participants.get(partner)
        if known is None or known.status is not Status.ACTIVE:
            return
        self._require_ready(partner)
        own = orjson.dumps((await self._heard(partner)).to_wire())
        async with self._sending:
            answer = await self._asking.request(partner, "POST", POSITION_PATH, body=own)
        if not answer.ok:
            raise _refusal(partner, answer)
        try:
            position = read_position(orjson.loads(answer.body))
        except (orjson.JSONDecodeError, FormatError) as error:
            raise PeerError(partner, "its answer is none", code="peer_answer") from error
        restored = self._channel.awaits(partner)
        if restored:  # nothing is sent that another message has the number of
            await self._fetching.confirm(partner)
        await self._positions.follow(partner, position, refused=restored)
        await self._store.write("peer_greeted", lambda one: _is_well(one, partner))

    async def _fetch_back(self, partner: int) -> None:
        """Get back what we said and have forgotten, before we say more."""
        self._require_ready(partner)
        async with self._sending:
            came = await self._fetching.fetch(partner)
        if came:
            await self._fetching.heard()
        self._channel.met(partner)

    async def _send_next(self, partner: int, work: _Work) -> bool:
        """Send the first message that waits; False if none does.

        Raises:
            PeerError: it was not answered, or the answer is none.
        """
        known, stored = await self._store.read(lambda one: _next(one, partner))
        if known.waiting_count == 0:
            return False
        if stored is None or stored.number != known.cursor + 1:
            raise AlarmingError(
                partner, "a message is wanted that is not here any more", code=ALARM_LOST
            )
        self._require_ready(partner)
        message = await self._with_valid_signature(stored)
        async with self._sending:
            answer = await self._asking.request(
                partner,
                "POST",
                MESSAGES_PATH,
                body=posted(message, stored.packed),
                answer_size_bytes_max=ANSWER_SIZE_BYTES_MAX,
            )
        position = _position(answer)
        if answer.ok:
            await self._note_answer(stored, message, answer)
            if stored.number > work.best:
                work.best, work.failures = stored.number, 0
        elif position is not None and await self._positions.follow(partner, position, refused=True):
            work.complete = False
            raise PeerError(partner, "it is at another message", code="peer_position")
        else:
            raise _refusal(partner, answer)
        return True

    def _require_ready(self, partner: int) -> None:
        if self._gate.view.state != "ready":
            raise PeerError(partner, "this gateway does not write now", code="read_only")

    async def _with_valid_signature(self, stored: StoredMessage) -> SignedMessage:
        """Return a message; signed again if the key of then does not count any more."""
        network = self._voice.network
        message = bare(stored.signed(self._voice.participant, network.chain_id, network.consortium))
        if is_said(message, self._directory.current, now=int(self._voice.clock())):
            return message
        signature = sign_statement(message.statement, self._voice.signer)
        await self._store.write("peer_sign", lambda one: peers.signed_again(one, stored, signature))
        return replace(message, signature=signature)

    async def _note_answer(
        self, stored: StoredMessage, message: SignedMessage, answer: PeerAnswer
    ) -> None:
        partner = stored.partner
        try:
            answered = read_answer(message, answer.body)
        except FormatError as error:
            raise PeerError(partner, "its answer is none", code="peer_answer") from error
        said, now = answered.answer, int(self._voice.clock())
        if said is None or not is_answered(answered, self._directory.current, now=now):
            raise AlarmingError(
                partner, "its answer is signed by a key that is not its own", code=ALARM_ANSWER
            )

        def work(connection: Connection) -> None:
            peers.answered(connection, partner, stored.number, said, answered.answer_signature)

        await self._store.write("peer_answered", work)

    async def _note_failure(self, partner: int, error: PeerError) -> None:
        now = int(self._voice.clock())
        alarm = error.code if isinstance(error, AlarmingError) else None

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
            return known.alarm != alarm

        if await self._store.write("peer_failed", work) and alarm is not None:
            self._positions.alarm(alarm)


def _next(connection: Connection, partner: int) -> tuple[Partner, StoredMessage | None]:
    return peers.partner(connection, partner), peers.next_to_say(connection, partner)


def _is_well(connection: Connection, partner: int) -> None:
    if peers.partner(connection, partner).failures:
        peers.change(connection, partner, failures=0, failing_since=None, last_error=None)


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
        partner,
        f"it answers {answer.status}: {code}",
        code=code,
        status=answer.status,
        retry_after_s=answer.retry_after_s,
    )
