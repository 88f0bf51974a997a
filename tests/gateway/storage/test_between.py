"""What is kept of messages and goods between gateways, written and read on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection

from anchoring.core.message import NO_MESSAGE, Answer
from node_gateway.partners.ports import Direction
from node_gateway.storage import (
    code_ways,
    custody,
    handover_goods,
    handover_reading,
    handovers,
    peers,
    receiving,
    receiving_lookups,
)
from node_gateway.storage import handover_writing as writing
from node_gateway.storage.handovers import Sealed, State
from node_gateway.storage.ports import GatewayStore
from tests.gateway.storage.between import (
    CODES,
    HANDOVER,
    MADE,
    NOW,
    PREFIX,
    SHIPMENT,
    UNIT,
    come,
    part,
)
from tests.gateway.storage.making import NOW_MS, digest

T = TypeVar("T")


@pytest.fixture
def run(store: GatewayStore) -> Callable[[Callable[[Connection], Any]], Any]:
    async def write(work: Callable[[Connection], T]) -> T:
        return await store.write("test", work)

    return write


def message(number: int, way: peers.Way = peers.Way.SAID) -> peers.StoredMessage:
    body = b"body %d" % number
    return peers.StoredMessage(
        partner=2,
        way=way,
        number=number,
        digest=digest(way, number),
        previous=NO_MESSAGE,
        kind="note",
        body_digest=digest(body),
        said_at=NOW + number,
        signature=bytes(65),
        packed=peers.packed(body),
        size_bytes=len(body),
    )


async def test_messages(store: GatewayStore, run: Any) -> None:
    def write(connection: Connection) -> None:
        for number in (1, 2, 3):
            peers.add_message(connection, message(number))
        peers.add_message(connection, message(1, peers.Way.HEARD))
        peers.change(connection, 2, said_number=3, said_digest=digest(peers.Way.SAID, 3))
        peers.change(connection, 2, failures=1, last_error="peer_down")
        answer = Answer(digest(peers.Way.SAID, 1), "", NOW)
        peers.answered(connection, 2, 1, answer, bytes(65))
        peers.signed_again(connection, message(2), b"\1" * 65)
        assert peers.note_nonce(connection, 2, "nonce", NOW)
        assert not peers.note_nonce(connection, 2, "nonce", NOW)
        found = (2, peers.Way.HEARD, 1, digest("other"), b"file", NOW)
        assert peers.add_conflict(connection, *found)
        assert not peers.add_conflict(connection, *found)
        peers.forget_nonces(connection, NOW + 1)
        assert peers.note_nonce(connection, 2, "nonce", NOW)

    await run(write)

    def read(connection: Connection) -> None:
        known = peers.partner(connection, 2)
        assert (known.said_number, known.cursor, known.waiting_count) == (3, 1, 2)
        assert [one.participant for one in peers.partners(connection)] == [2]
        following = peers.next_to_say(connection, 2)
        assert following is not None
        assert (following.number, following.signature, following.body) == (2, b"\1" * 65, b"body 2")
        assert peers.waiting_since(connection) == {2: NOW + 2}
        first = peers.message_by_digest(connection, digest(peers.Way.SAID, 1))
        assert first is not None
        assert (first.answer_code, first.answer_signature) == ("", bytes(65))
        some = peers.messages(connection, 2, peers.Way.SAID, after=1, limit=1)
        assert [one.number for one in some] == [2]
        assert [bytes(row.file) for row in peers.conflicts(connection, 2)] == [b"file"]
        assert peers.conflict_count(connection, 2, peers.Way.HEARD) == 1

    await store.read(read)
    removed = await run(lambda c: peers.remove_said(c, 2, 1))
    assert [one.number for one in removed] == [2, 3]


async def test_handovers_that_come(store: GatewayStore, run: Any) -> None:
    number = await run(lambda c: come(c, store.insert, "a"))
    await run(lambda c: writing.add_proof(c, 2, digest("made", "a"), b"proof"))

    def read(connection: Connection) -> None:
        named = digest("handover", "a")
        (edge,) = handovers.edges(connection, CODES[0])
        assert (edge.direction, edge.partner, edge.handover) == (Direction.IN, 2, named)
        assert not edge.acknowledged
        page = handovers.codes_of(connection, named, after=CODES[2], limit=10)
        assert [one.code for one in page] == CODES[3:]  # bytewise: the unit comes first
        (told,) = handovers.codes_among(connection, named, [CODES[1], "other"])
        assert (told.parent, told.lot, told.made) == (UNIT, "L-1", digest("made", "a"))
        assert handovers.latest_in(connection, CODES[0]) is not None
        (event,) = handovers.events_of(connection, named)
        assert (event.fields, event.proof, event.sealed) == (b"{}", b"proof", Sealed.NO)
        (unsealed,) = handover_reading.unsealed(connection, 10)
        assert unsealed.number == event.number
        assert handover_reading.seals_of(connection, number).sealing == 1
        assert code_ways.partners_of(connection, CODES[0], Direction.IN) == [2]
        assert code_ways.came_from(connection, CODES[0]) == [2]
        assert code_ways.supplier_of(connection, PREFIX + "21/ANOTHER") == 2
        assert not code_ways.went_to(connection, CODES[0], 2)
        assert handovers.handovers(
            connection, after=0, limit=9, direction=Direction.IN, partner=2
        ) == handovers.handovers_of(connection, digest("shipment", "a"))
        assert receiving_lookups.named_in_handovers(connection, [*CODES, "x"]) == set(CODES)
        assert receiving_lookups.holds_class(connection, number, PREFIX)
        assert not receiving_lookups.holds_class(connection, number, "https://id.gs1.org/01/1")

    await store.read(read)

    def seal(connection: Connection) -> None:
        (event,) = handover_reading.unsealed(connection, 10)
        writing.set_sealed(connection, {event.number: Sealed.YES})
        assert handovers.acknowledge(connection, digest("handover", "a"), NOW)
        writing.withdraw(connection, digest("handover", "a"), NOW)

    await run(seal)
    assert await store.read(lambda c: handovers.edges(c, CODES[0])) == []
    assert (await store.read(lambda c: handover_reading.seals_of(c, number))).sealed == 1


async def test_handovers_that_go(store: GatewayStore, run: Any) -> None:
    def write(connection: Connection) -> int:
        number = writing.add_out(
            connection, store.insert, partner=3, shipment=SHIPMENT, state=State.WAITING, at=NOW
        )
        writing.add_part(connection, store.insert, part("b", own=True), partner=3, number=number)
        writing.clear_draft(connection, number)
        writing.add_part(connection, store.insert, part("b", own=True), partner=3, number=number)
        writing.add_codes(connection, store.insert, number, [(CODES[0], None)], {})
        return number

    number = await run(write)
    assert [
        one.number
        for one in await store.read(lambda c: handover_reading.unsaid(c, after=0, limit=5))
    ] == [number]
    await run(lambda c: writing.mark_put(c, 1))
    await run(lambda c: writing.set_state(c, number, State.SAID, digest=HANDOVER, said_at=NOW))
    (link,) = await store.read(lambda c: handover_reading.unproven(c, 1, (0, 0), 10))
    assert (link.partner, link.entry) == (3, digest("made", "b"))
    behind = (link.part, link.event)
    assert await store.read(lambda c: handover_reading.unproven(c, 1, behind, 9)) == []
    await run(lambda c: writing.mark_proven(c, [(link.part, link.event)]))
    assert (await store.read(lambda c: handover_reading.proofs_said(c, number))).sealed == 1
    assert await store.read(lambda c: code_ways.went_to(c, CODES[0], 3))
    assert await store.read(lambda c: handover_goods.own_events(c, [1, 2])) == {}


async def test_receipts(store: GatewayStore, run: Any) -> None:
    def write(connection: Connection) -> int:
        number = come(connection, store.insert, "a")
        assert receiving.new_handovers(connection) == [number]
        plan = {"arrived": [UNIT]}
        row = receiving.ReceiptRow(
            number, receiving.Phase.OPEN, NOW, NOW + 9, True, None, None, plan
        )
        receiving.add_receipt(connection, row)
        scan = receiving.ScanRow(CODES[0], None, None, UNIT, False, 1, NOW_MS, "anna")
        assert receiving.keep_scans(connection, store.insert, number, [scan]) == set()
        again = scan._replace(lot="L-1", opened=True, times=2)
        assert receiving.keep_scans(connection, store.insert, number, [again]) == {CODES[0]}
        receiving.add_event(connection, number, 5, MADE)
        unmatched = receiving.UnmatchedRow(6, SHIPMENT, 2, NOW, CODES, None)
        receiving.add_unmatched(connection, unmatched)
        receiving.change_unmatched(connection, unmatched._replace(case_number=1))
        return number

    number = await run(write)

    def read(connection: Connection) -> None:
        phases = [receiving.Phase.OPEN]
        (row,) = receiving.receipts(connection, after=0, limit=5, states=phases)
        assert (row.for_us, row.plan) == (True, {"arrived": [UNIT]})
        (scan,) = receiving.scans(connection, number)
        assert (scan.lot, scan.opened, scan.times) == ("L-1", True, 3)
        assert receiving.open_for(connection, CODES)[CODES[4]] == [receiving.Expecting(number, 2)]
        assert receiving.events_of(connection, number) == [(5, MADE)]
        assert receiving.counted(connection, [4, 5]) == {5}
        assert receiving.unproven(connection) in ([], [(number, 5, MADE)])
        assert [one.case_number for one in receiving.unmatched(connection)] == [1]
        assert receiving.late_count(connection, NOW + 10) == 1
        assert receiving.withdrawn(connection) == []

    await store.read(read)

    def end(connection: Connection) -> None:
        receiving.change_receipt(
            connection, number, state=receiving.Phase.FINISHED, finished_at=NOW, plan=None
        )
        assert receiving.unproven(connection) == [(number, 5, MADE)]
        receiving.set_proven(connection, number, 5)
        assert receiving.remove_scan(connection, number, CODES[0])
        receiving.forget_event(connection, 5)
        receiving.forget_events(connection)

    await run(end)
    assert await store.read(lambda c: receiving.open_for(c, CODES)) == {}
    assert await store.read(lambda c: code_ways.came_from(c, CODES[0])) == [2]


async def test_custody(store: GatewayStore, run: Any) -> None:
    first, second = digest("handover", "a"), digest("handover", "b")

    def write(connection: Connection) -> int:
        number = come(connection, store.insert, "a")
        custody.add_gaps(connection, store.insert, number, CODES[:1])
        custody.add_answer(connection, custody.AnswerRow(number, MADE, NOW, 5, 4, 0, [{"x": 1}]))
        answer = custody.AnswerEvent(number, SHIPMENT, {"bundle": 1}, None)
        custody.add_answer_event(connection, answer)
        custody.set_answer_proof(connection, number, SHIPMENT, b"proof")
        row = custody.ConflictRow(0, "two_senders", first, 2, second, 3, NOW, 1)
        custody.add_conflict(connection, store.insert, row, CODES)
        custody.renumbered(connection, MADE, SHIPMENT)
        custody.renumbered(connection, second, HANDOVER)
        return number

    number = await run(write)

    def read(connection: Connection) -> None:
        claims = custody.claims(connection, CODES)
        assert [claims[code][0].kept for code in CODES] == [True, False, False, False, False]
        answer = custody.answer_to(connection, number)
        assert answer is not None
        assert (answer.digest, answer.differences) == (SHIPMENT, [{"x": 1}])
        assert custody.difference_counts(connection, [number]) == {number: 1}
        (event,) = custody.answer_events_named(connection, SHIPMENT, 2)
        assert event == custody.answer_events(connection, number)[0]
        assert event.proof == b"proof"
        (row,) = custody.conflicts(connection)
        assert (row.first, row.second) == (first, HANDOVER)
        assert custody.known_conflict(connection, first, HANDOVER, "two_senders") == row.number
        assert custody.conflict_codes(connection, row.number, after=CODES[0], limit=1) == [CODES[1]]
        assert custody.stands(connection, row)

    await store.read(read)
