"""A handover that is taken back after its goods were received is proven as before."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from node_gateway.storage import custody, handover_reading, receiving
from node_gateway.storage import handover_doubting as doubting
from node_gateway.storage import handover_writing as writing
from node_gateway.storage.handovers import State
from node_gateway.storage.ports import GatewayStore
from node_gateway.storage.receiving import Phase
from tests.gateway.storage.between import HANDOVER, NOW, SHIPMENT, come, part
from tests.gateway.storage.making import digest

OWN, RECEIVER, GIVER = 1, 3, 2


@pytest.mark.parametrize(("answered", "found", "goes_on"), [(0, 0, 0), (1, 0, 0), (1, 1, 1)])
async def test_proofs_go_on_to_who_has_the_goods(
    store: GatewayStore, answered: int, found: int, goes_on: int
) -> None:
    def work(connection: Connection) -> None:
        put = store.insert
        number = writing.add_out(
            connection, put, partner=RECEIVER, shipment=SHIPMENT, state=State.WAITING, at=NOW
        )
        writing.add_part(connection, put, part("b", own=True), partner=RECEIVER, number=number)
        writing.set_state(connection, number, State.SAID, digest=HANDOVER, said_at=NOW)
        assert len(handover_reading.unproven(connection, OWN, (0, 0), 10)) == 1
        if answered:
            answer = custody.AnswerRow(number, digest("answer"), NOW, 1, found, 0, [])
            custody.add_answer(connection, answer)
        writing.withdraw(connection, HANDOVER, NOW)
        assert len(handover_reading.unproven(connection, OWN, (0, 0), 10)) == goes_on

    await store.write("test", work)


@pytest.mark.parametrize(("state", "is_doubted"), [(Phase.OPEN, False), (Phase.FINISHED, True)])
async def test_who_takes_it_back_still_owes_the_proofs(
    store: GatewayStore, state: Phase, is_doubted: bool
) -> None:
    def work(connection: Connection) -> None:
        number = come(connection, store.insert, "a", GIVER)
        row = receiving.ReceiptRow(number, state, NOW, NOW + 9, True, None, None, None)
        receiving.add_receipt(connection, row)
        named = doubting.Doubtful(GIVER, digest("handover", "a"))
        assert doubting.unproven_since(connection, NOW) == [named]
        writing.withdraw(connection, digest("handover", "a"), NOW)
        assert doubting.unproven_since(connection, NOW) == ([named] if is_doubted else [])

    await store.write("test", work)
