"""Hear what receivers answer for our handovers: check it, keep it, and the proofs that follow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection

from anchoring.core.verify import CheckedBundle, check_bundle
from anchoring.errors import AnchoringError, ChainError
from anchoring.handover import EventProof, HandedEvent, Part, bundle_of
from anchoring.handover_check import CheckedEvent
from anchoring.handover_reading import parse_part, parse_proofs
from anchoring.ports import BlockRef
from node_gateway.errors import NotReadyError
from node_gateway.partners.acknowledgement import Acknowledgement, check_against, read
from node_gateway.partners.anchored import Anchored
from node_gateway.partners.block_bounds import can_come
from node_gateway.partners.ports import Direction, Message, MessageRefusedError
from node_gateway.partners.receiving_parts import all_codes
from node_gateway.storage import custody, handovers, peers
from node_gateway.storage.custody import AnswerEvent, AnswerRow
from node_gateway.storage.database import Database
from node_gateway.storage.forgotten import forgot_some
from node_gateway.storage.handovers import Handover, State

_INLINE_SIZE_BYTES_MAX: Final = 64 * 1024


class _Heard(NamedTuple):
    """An answer that holds."""

    said: Acknowledgement
    events: tuple[CheckedEvent, ...]
    handover: Handover


class Answers:
    """The handler of messages of kind `acknowledgement`.

    What differs comes besides as messages about exceptions, which open them here.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self, message: Message) -> _Heard:
        """Refuse an answer about anything else than what was handed over to its sender."""
        if len(message.body) > _INLINE_SIZE_BYTES_MAX:
            said, events = await asyncio.to_thread(read, message.body)
        else:
            said, events = read(message.body)

        def look(connection: Connection) -> tuple[Handover | None, dict[str, str | None]]:
            found = handovers.handover(connection, said.handover)
            if found is None:
                found = _forgotten(connection, said, message.sender)
            if found is None or found.partner != message.sender:
                return found, {}
            named = all_codes(connection, found.digest or b"")
            return found, {one.code: one.parent for one in named}

        handover, parents = await self._database.read(look)
        check_against(said, events, sender=message.sender, handover=handover, parents=parents)
        if handover is None:  # refused above
            raise MessageRefusedError("no such handover", code="acknowledgement_unknown")
        return _Heard(said, events, handover)

    def take(self, connection: Connection, message: Message, checked: Any) -> None:
        """Keep it, and that the receiver has the goods but for those that were not there."""
        heard: _Heard = checked
        number = heard.handover.number
        now = handovers.handover_numbered(connection, number)
        digest = (now or heard.handover).digest or b""
        if custody.answer_to(connection, number) is not None:
            raise MessageRefusedError(
                "this handover was acknowledged before", code="acknowledged_before"
            )
        said = heard.said
        differences = [one.to_wire() for one in said.differences]
        counts = (said.expected, said.found, said.extra)
        custody.add_answer(
            connection, AnswerRow(number, message.digest, message.said_at, *counts, differences)
        )
        kept: dict[bytes, list[HandedEvent]] = {}
        for one, event in zip(said.events, heard.events, strict=True):
            kept.setdefault(event.entry, []).append(one)
        for entry, some in kept.items():
            wire = orjson.loads(Part(said.shipment, 0, None, tuple(some)).to_json())
            custody.add_answer_event(connection, AnswerEvent(number, entry, wire, None))
        gone = said.gone
        if said.misdirected:
            gone = [one.code for one in all_codes(connection, digest)]
        custody.add_gaps(connection, self._database.insert, number, gone)
        handovers.acknowledge(connection, digest, message.said_at)


class AnswerProofs:
    """The handler of messages of kind `acknowledgement_proofs`.

    Args:
        database: Has the answers.
        anchored: Knows what the chain has.
        head: Returns the newest block that we see.
        clock: Unix seconds.
    """

    def __init__(
        self,
        database: Database,
        anchored: Anchored,
        head: Callable[[], Awaitable[BlockRef]],
        clock: Callable[[], float],
    ) -> None:
        self._database, self._anchored = database, anchored
        self._head, self._clock = head, clock

    async def check(self, message: Message) -> list[tuple[int, bytes, bytes]]:
        """Refuse proofs of anything that the sender did not name in an answer."""
        try:
            proofs = parse_proofs(message.body)
        except AnchoringError as error:
            raise _refused("the proofs are malformed") from error
        found = []
        for one in proofs:
            events = await self._database.read(
                lambda c, e=one.entry: custody.answer_events_named(c, e, message.sender)  # type: ignore[misc]
            )
            if not events:
                raise _refused("it proves an event that no acknowledgement of yours names")
            for event in events:
                for checked in require_proof(event, one):
                    await self._require_anchored(checked)
                proof = orjson.dumps(one.to_wire())
                found.append((event.handover, one.entry, proof))
        return found

    async def _require_anchored(self, checked: CheckedBundle) -> None:
        """Refuse what our own chain does not have in the block that the proof names.

        Raises:
            MessageRefusedError: `acknowledgement_invalid`.
            NotReadyError: our chain is away, or behind that block; the proofs come again.
        """
        try:
            head = await self._head()  # before it is looked up: a block may come in between
        except ChainError as error:
            raise NotReadyError("the chain cannot be asked") from error
        held = await self._anchored.holds(checked)
        if held:
            return
        if held is None or can_come(checked.bundle.anchored_at, head, now=self._clock()):
            raise NotReadyError("our chain is behind the block of a proof")
        raise _refused("the chain has no such anchor")

    def take(self, connection: Connection, message: Message, checked: Any) -> None:
        """Keep the proofs beside the events."""
        del message
        for number, entry, proof in checked:
            custody.set_answer_proof(connection, number, entry, proof)


def _forgotten(connection: Connection, said: Acknowledgement, sender: int) -> Handover | None:
    """Return the handover that is meant by a name that we do not know (any more).

    When this database was restored from an old copy, a handover may have been said before under a
    digest that is forgotten. It is the one of the same shipment to the same receiver. A database
    that has forgotten nothing knows the names of all that it said.

    Raises:
        NotReadyError: it is about to be said again, or not answered; the answer comes again.
    """
    for one in reversed(handovers.handovers_of(connection, said.shipment)):
        if (one.direction, one.partner) != (Direction.OUT, sender):
            continue
        if one.state in (State.WAITING, State.PUTTING):
            raise NotReadyError("the handover is being said")
        if one.state is State.SAID:
            return _renamed(connection, one, sender)
    return None


def _renamed(connection: Connection, one: Handover, sender: int) -> Handover | None:
    """Return a handover if an answer may name it otherwise than we do.

    Raises:
        NotReadyError: whether something was forgotten shows once the receiver has answered it.
    """
    if forgot_some(connection, sender):
        return one
    said = peers.message_by_digest(connection, one.digest or b"")
    if said is not None and said.answer_code is None:
        raise NotReadyError("the handover is not answered yet")
    return None


def require_proof(event: AnswerEvent, proof: EventProof) -> list[CheckedBundle]:
    """Refuse a proof that does not prove an event; return the bundles that it makes.

    Raises:
        MessageRefusedError: `acknowledgement_invalid`.
    """
    made: list[CheckedBundle] = []
    for handed in parse_part(orjson.dumps(event.bundle)).events:
        try:
            checked = check_bundle(bundle_of(handed, proof))
        except AnchoringError as error:
            raise _refused("a proof does not hold") from error
        if checked.entry != event.entry:
            raise _refused("a proof is of another event")
        made.append(checked)
    return made


def _refused(text: str) -> MessageRefusedError:
    return MessageRefusedError(text, code="acknowledgement_invalid")


__all__ = ["AnswerProofs", "Answers", "require_proof"]
