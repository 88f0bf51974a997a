"""End a receipt: capture what came, open exceptions, and say the signed answer to the sender.

Crash order: the plan, the event under the plan's key, then answer and exceptions in one
transaction. `conclude` may run any number of times between these.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from anchoring.core.anchor import AnchoredAt
from anchoring.handover import EventProof, HandedEvent, proofs_to_json
from node_gateway.epcis.operations import Order
from node_gateway.partners.acknowledgement import (
    KIND,
    PROOFS_KIND,
    Acknowledgement,
    Told,
    answer,
    told,
)
from node_gateway.partners.custody_watch import CustodyWatch
from node_gateway.partners.handover_content import own_event
from node_gateway.partners.matching import match
from node_gateway.partners.ports import ExceptionKind, NewException
from node_gateway.partners.receiving_parts import (
    Loaded,
    Parts,
    load,
    parties_shown,
    require,
    shown,
)
from node_gateway.partners.receiving_words import difference_wire, sentence
from node_gateway.partners.shipment import Cause, Difference, Matched, Scan, Shipment
from node_gateway.storage import code_states, custody, handovers, receiving
from node_gateway.storage.custody import AnswerRow
from node_gateway.storage.handover_goods import own_events
from node_gateway.storage.receiving import Phase
from node_gateway.storage.tiles import batch_path

_PATHS_MAX: Final = 8_000
"""Code paths of one answer: an event about goods of several senders shows at most so many."""
_PROOFS_MAX: Final = 50


class Acknowledging:
    """Answers for goods."""

    def __init__(self, parts: Parts, watch: CustodyWatch) -> None:
        self._parts, self._watch = parts, watch
        self._log = structlog.get_logger()

    async def plan(self, loaded: Loaded, *, who: str, wishes: Mapping[str, Any]) -> bool:
        """Fix what is going to be said of an open receipt; return whether it was still open.

        Args:
            loaded: The receipt.
            who: Finishes it.
            wishes: `place` and `override` of the receiving event, where given.
        """
        known = await self._parts.knowing.of(
            loaded.handover, loaded.handed, [one.code for one in loaded.scans]
        )
        shipment = loaded.shipment
        matched = await asyncio.to_thread(match, shipment, loaded.read, known)
        told_already = [one for one in loaded.scans if one.event is not None]
        covered = match(shipment, [Scan(one.code) for one in told_already], known)
        plan = {
            **wishes,
            "arrived": _not_yet(shipment, matched, covered),
            "expected": matched.expected,
            "found": matched.found,
            "extra": matched.extra,
            "differences": [difference_wire(one) for one in matched.differences],
        }
        number = loaded.handover.number

        def work(connection: Connection) -> bool:
            _, receipt = require(connection, number)
            if receipt.state is not Phase.OPEN:
                return False
            receiving.change_receipt(connection, number, state=Phase.FINISHING, who=who, plan=plan)
            return True

        return await self._parts.store.write("receipt_planned", work)

    async def conclude(self, number: int) -> None:
        """Do what is left of a receipt that is finishing; finished: no-op.

        Raises:
            RefusedOperationError: the state rules forbid the receiving event.
            EpcisError, DocumentRefusedError, NotReadyError: as capturing does.
        """
        loaded = await self._parts.store.read(lambda c: load(c, number))
        plan = loaded.receipt.plan
        if loaded.receipt.state is not Phase.FINISHING or plan is None:
            return
        entry = await self._capture(loaded, plan)
        events = await self._parts.store.read(lambda c: _events(c, number, entry))
        disclosed = await self._disclosed(loaded, [position for position, _ in events])
        differences = [_difference(one) for one in plan["differences"]]
        said = await self._answer(loaded, plan, differences, disclosed)
        at = int(self._parts.clock())

        def write(connection: Connection) -> None:
            _, receipt = require(connection, number)
            if receipt.state is not Phase.FINISHING:
                return
            for position, stated in events:
                receiving.add_event(connection, number, position, stated)
            self._say(connection, loaded, said, at)
            for one in differences:
                self._open(connection, loaded, one)
            receiving.change_receipt(
                connection, number, state=Phase.FINISHED, finished_at=at, plan=None
            )
            self._watch.received(connection, self._parts.store.insert, loaded.handover, at)

        await self._parts.store.write("receipt_finished", write)
        self._parts.channel.wake()

    async def _capture(self, loaded: Loaded, plan: Mapping[str, Any]) -> bytes | None:
        """State what came; the same key finds the event that was captured before a crash."""
        if not plan["arrived"]:
            return None
        shipment = loaded.handover.shipment
        values = await self._parts.store.read(lambda c: shown(c, shipment))
        sources = parties_shown(values, "source")
        order = Order(
            codes=tuple(plan["arrived"]),
            sender=sources[0] if sources else None,
            place=plan.get("place"),
            override=plan.get("override"),
        )
        key = f"receipt {(loaded.handover.digest or b'').hex()}"
        report = await self._parts.operating.do("receive", order, idempotency_key=key)
        return report.entry

    async def _disclosed(self, loaded: Loaded, positions: Sequence[int]) -> list[HandedEvent]:
        """Return our receiving events as the sender may see them: its own codes only."""
        rules = self._parts.rules_for(loaded.handover.partner)
        wanted = {one.code for one in loaded.handed}
        events = await self._parts.store.read(lambda c: own_events(c, positions))

        def work() -> list[HandedEvent]:
            made: list[HandedEvent] = []
            paths = 0
            for position in sorted(events):
                for one in own_event(events[position], rules, wanted, ("epcList", "childEPCs")):
                    paths += len(one.handed.code_paths)
                    if paths <= _PATHS_MAX:
                        made.append(one.handed)
            return made

        return await asyncio.to_thread(work)

    async def _answer(
        self,
        loaded: Loaded,
        plan: Mapping[str, Any],
        differences: Sequence[Difference],
        events: Sequence[HandedEvent],
    ) -> Acknowledgement:
        named = {one.code for one in loaded.handed}
        extra = {code for one in differences for code in one.codes} - named
        partner = loaded.handover.partner
        claims = await self._parts.store.read(lambda c: custody.claims(c, extra))
        foreign = {
            code for code, some in claims.items() if any(one.partner != partner for one in some)
        }
        said: list[Told] = told(differences, named.__contains__, foreign)
        matched = Matched(
            tuple(differences), plan["expected"], plan["found"], plan["extra"], (), frozenset()
        )
        return answer(loaded.handover, matched, events, said)

    def _say(self, connection: Connection, loaded: Loaded, said: Acknowledgement, at: int) -> None:
        number, digest = loaded.handover.number, loaded.handover.digest or b""
        put = self._parts.store.insert
        gone = [one.code for one in loaded.handed] if said.misdirected else said.gone
        custody.add_gaps(connection, put, number, gone)
        handovers.acknowledge(connection, digest, at)
        message = self._parts.channel.put(connection, loaded.handover.partner, KIND, said.to_json())
        differences = [one.to_wire() for one in said.differences]
        counts = (said.expected, said.found, said.extra)
        custody.add_answer(connection, AnswerRow(number, message, at, *counts, differences))

    def _open(self, connection: Connection, loaded: Loaded, one: Difference) -> None:
        self._parts.exceptions.open(
            connection,
            NewException(
                kind=one.kind,
                partner=loaded.handover.partner,
                subject=loaded.handover.digest or b"",
                detail=sentence(one),
                codes=one.codes,
                expected=one.expected,
                found=one.found,
            ),
        )

    async def prove(self) -> int:
        """Say the proofs of receiving events that became final; return how many."""
        waiting = await self._parts.store.read(
            lambda c: [
                (number, position, entry, require(c, number)[0].partner)
                for number, position, entry in receiving.unproven(c, _PROOFS_MAX)
            ]
        )
        done = 0
        for number, position, entry, partner in waiting:
            proof = await self.proof_of(entry)
            if proof is None:
                continue
            body = proofs_to_json([proof])

            def write(
                connection: Connection,
                number: int = number,
                position: int = position,
                partner: int = partner,
                body: bytes = body,
            ) -> None:
                receiving.set_proven(connection, number, position)
                self._parts.channel.put(connection, partner, PROOFS_KIND, body)

            await self._parts.store.write("receipt_proven", write)
            done += 1
        if done:
            self._parts.channel.wake()
        return done

    async def proof_of(self, entry: bytes) -> EventProof | None:
        """Return where an own event is in its batch, None while it is being sealed."""
        store = self._parts.store
        place = await store.batch_place(entry)
        if place is None or place.batch.state != "final" or place.batch.place is None:
            return None
        anchor, where = place.batch.anchor, place.batch.place
        tiles = await store.batch_tiles(anchor.stream, anchor.sequence, place.index)
        siblings = tuple(batch_path(tiles, place.index))
        at = AnchoredAt(where.block_number, where.block_time)
        return EventProof(entry, place.index, siblings, anchor, at)


def _not_yet(shipment: Shipment, matched: Matched, covered: Matched) -> list[str]:
    """Return what came and no event of ours says so yet."""
    there = shipment.leaves - covered.missing
    return [code for code in matched.arrived if not set(shipment.leaves_of(code)) <= there]


def _events(connection: Connection, number: int, entry: bytes | None) -> list[tuple[int, bytes]]:
    found = receiving.events_of(connection, number)
    if entry is not None:
        position = code_states.position_of(connection, entry)
        if position is not None and position not in {at for at, _ in found}:
            found.append((position, entry))
    return found


def _difference(wire: Mapping[str, Any]) -> Difference:
    return Difference(
        kind=ExceptionKind(wire["kind"]),
        cause=Cause(wire["cause"]),
        codes=tuple(wire["codes"]),
        expected=wire["expected"],
        found=wire["found"],
        stated=wire["stated"],
        seen=wire["seen"],
        meant=wire["meant"],
    )
