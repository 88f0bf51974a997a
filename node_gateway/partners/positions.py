"""Where two gateways are with each other's messages, and what to do when they do not agree.

They disagree only when one of them lost something: its database was restored from an old copy.

* The receiver forgot messages: it shows an earlier one. We go back and say everything again from
  there; what it answered before stays. Nobody loses something many times in an hour: whoever goes
  back more often waits, so that it cannot keep us saying everything again.
* We forgot messages: the receiver shows a later one, with our own signature. No number is given
  twice: we go on behind what it shows, and what waits is said again with new numbers. What we had
  signed for numbers that were taken is kept as evidence, here and there.
"""

from __future__ import annotations

from typing import Final

import orjson
import structlog
from sqlalchemy import Connection

from anchoring.chain.messages import digest_of, is_said
from anchoring.core.message import SignedMessage
from node_gateway.errors import RateLimitError
from node_gateway.partners.channel import MessageChannel, Voice
from node_gateway.partners.message_wire import MessageFormError, Position
from node_gateway.partners.ports import PeerError
from node_gateway.services.directory import DirectoryService
from node_gateway.storage import peers, registers
from node_gateway.storage.database import Database
from node_gateway.storage.peers import Partner, Way
from node_gateway.telemetry import Metrics

ALARM_FORGOTTEN = "peer_messages_forgotten"
"""This database had forgotten messages; what waited was said again behind them."""
ALARM_POSITION = "peer_position"
"""A partner shows messages of ours that we never signed, or that contradict what it answered."""
ALARM_BACK = "peer_back_often"
"""A partner wants what it has answered again and again."""
BACK_MAX: Final = 6
BACK_WITHIN_S: Final = 3600
"""How often, in which time, a partner may go back to an earlier message."""


class AlarmingError(PeerError):
    """What a partner did that a person should look at; its code is the alarm's."""


class Positions:
    """Follows what receivers show of our messages.

    Args:
        database: Keeps how far both ways are.
        channel: Says again what has to be.
        voice: Who speaks.
        directory: Whose keys are whose.
        metrics: Where alarms are counted.
    """

    def __init__(
        self,
        database: Database,
        channel: MessageChannel,
        voice: Voice,
        directory: DirectoryService,
        *,
        metrics: Metrics,
    ) -> None:
        self._database, self._channel, self._voice = database, channel, voice
        self._directory, self._metrics = directory, metrics
        self._log = structlog.get_logger()

    async def follow(self, partner: int, position: Position, *, refused: bool) -> bool:
        """Go to where a receiver is; return whether that is somewhere else.

        Args:
            partner: The receiver.
            position: What it shows.
            refused: Whether it refused our next message with it; otherwise it only told us.

        Raises:
            AlarmingError: it shows what we never signed, or an end that no message of ours has, or
                it goes back too often.
        """
        last = position.last
        if last is not None and not self._is_ours(partner, last):
            raise AlarmingError(
                partner, "it shows a message of ours that we never signed", code=ALARM_POSITION
            )
        moved, forgotten = await self._database.write(
            "peer_position", lambda one: self._move(one, partner, position, refused=refused)
        )
        if forgotten:
            self.alarm(ALARM_FORGOTTEN)
        return moved

    async def told(self, partner: int, position: Position) -> None:
        """Follow what a partner told us unasked, and send what it lacks.

        Raises:
            MessageFormError: `message_position`: it shows what we never signed.
            RateLimitError: it goes back too often.
        """
        try:
            if await self.follow(partner, position, refused=False):
                self._channel.wake()
        except AlarmingError as error:
            code = error.code
            await self._database.write(
                "peer_alarm", lambda one: peers.change(one, partner, alarm=code)
            )
            self.alarm(code)
            if code == ALARM_BACK:
                wait_s = error.retry_after_s or 1
                raise RateLimitError(retry_after_s=wait_s, counted="steps back") from error
            text = "the position shows a message that was never said"
            raise MessageFormError(text, code="message_position") from error

    def alarm(self, code: str) -> None:
        """Count and log an alarm; whom it is about stands in the list of partners."""
        self._metrics.alarms.labels(code).inc()
        self._log.error("a partner needs to be looked at", code=code)

    def _is_ours(self, partner: int, last: SignedMessage) -> bool:
        said, network = last.statement, self._voice.network
        return (
            (said.sender, said.receiver) == (self._voice.participant, partner)
            and (said.chain_id, said.consortium) == (network.chain_id, network.consortium)
            and is_said(last, self._directory.current, now=int(self._voice.clock()))
        )

    def _move(
        self, connection: Connection, partner: int, position: Position, *, refused: bool
    ) -> tuple[bool, bool]:
        """Return whether the cursor moved, and whether that was over messages we had forgotten."""
        known = peers.partner(connection, partner)
        if self._is_known(connection, partner, position):
            if position.number < known.cursor:
                self._require_seldom(connection, partner)
                peers.change(connection, partner, cursor=position.number)
                return True, False
            return False, False
        last = position.last
        if last is None or position.number <= known.cursor:
            raise AlarmingError(
                partner, "it shows another message than it answered", code=ALARM_POSITION
            )
        if known.waiting_count and not refused:
            return False, False  # saying what waits shows which of it is known there
        self._go_on_behind(connection, known, last)
        return True, True

    def _require_seldom(self, connection: Connection, partner: int) -> None:
        """Count a step back, in the database: a restart of ours does not give a partner more."""
        name, now = f"peer_back_{partner}", int(self._voice.clock())
        known = orjson.loads(registers.meta(connection, name) or b"[]")
        lately = [one for one in known if now - BACK_WITHIN_S < one <= now]
        if len(lately) >= BACK_MAX:
            raise AlarmingError(
                partner,
                "it wants to hear again what it has answered, again and again",
                code=ALARM_BACK,
                retry_after_s=min(lately) + BACK_WITHIN_S - now + 1,
            )
        registers.set_meta(connection, name, orjson.dumps([*lately, now]))

    def _is_known(self, connection: Connection, partner: int, position: Position) -> bool:
        """Tell whether a position lies on the chain of messages as we have it."""
        if position.last is None:
            return True
        digest = digest_of(position.last.statement)
        kept = peers.message(connection, partner, Way.SAID, position.number)
        if kept is not None:
            return kept.digest == digest
        # One that we had forgotten and went on behind: the next one, or our end, names it.
        following = peers.message(connection, partner, Way.SAID, position.number + 1)
        if following is not None:
            return following.previous == digest
        known = peers.partner(connection, partner)
        return (known.said_number, known.said_digest) == (position.number, digest)

    def _go_on_behind(self, connection: Connection, known: Partner, last: SignedMessage) -> None:
        partner, voice = known.participant, self._voice
        waiting = peers.remove_said(connection, partner, known.cursor)
        now, network = int(voice.clock()), voice.network
        for one in waiting:
            file = one.signed(voice.participant, network.chain_id, network.consortium).to_json()
            peers.add_conflict(connection, partner, Way.SAID, one.number, one.digest, file, now)
        self._channel.put_again(connection, partner, last.statement, waiting)
        peers.change(connection, partner, alarm=ALARM_FORGOTTEN)
