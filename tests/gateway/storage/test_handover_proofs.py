"""Several partners bring proofs of one event: the one that holds seals it, whoever came first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest
from sqlalchemy import Connection

from node_gateway.storage import handover_doubting as doubting
from node_gateway.storage import handover_proofs as proofs
from node_gateway.storage import handover_writing as writing
from node_gateway.storage.handover_pruning import drop_waiting
from node_gateway.storage.handovers import Sealed, received_event
from node_gateway.storage.ports import GatewayStore
from tests.gateway.storage.between import NOW, come, part
from tests.gateway.storage.making import digest

HONEST, LIAR, SECOND = 2, 3, 4
TRUE = b"true"
MADE = digest("made", "x")


def take(connection: Connection, store: GatewayStore, *partners: int) -> None:
    """Let partners hand the same commissioning over, each with a shipment of its own."""
    for number, partner in enumerate(partners, 1):
        row = part("x", own=False)
        row = writing.PartRow(0, digest("part", str(partner)), b"", row.events)
        writing.add_part(connection, store.insert, row, partner=partner, number=None)
        writing.take_in(
            connection,
            store.insert,
            partner=partner,
            shipment=digest("shipment", str(partner)),
            digest=digest("handover", str(partner)),
            said_at=NOW,
            at=NOW,
            parts=[number],
            counts=(1, 1),
            replaces=None,
        )


def judge(connection: Connection) -> list[int]:
    """Do what the chain says of all that waits; return who is in doubt."""
    waiting = proofs.unsealed(connection, 100)
    refused = [one for one in waiting if one.proof != TRUE]
    proofs.hold(connection, [one for one in waiting if one.proof == TRUE])
    proofs.refuse(connection, refused)
    pairs = [(one.number, one.partner) for one in refused]
    return sorted(one.partner for one in doubting.contradicted(connection, pairs))


def sealed(connection: Connection) -> tuple[Sealed, bytes | None]:
    found = received_event(connection, MADE)
    assert found is not None
    return found.sealed, found.proof


@pytest.mark.parametrize("order", [*permutations((HONEST, LIAR)), *permutations((2, 3, 4))])
@pytest.mark.parametrize("judged", ["at the end", "each time"])
async def test_the_true_proof_seals_and_liars_alone_are_in_doubt(
    store: GatewayStore, order: Sequence[int], judged: str
) -> None:
    def work(connection: Connection) -> None:
        take(connection, store, *sorted(order))
        doubted: list[int] = []
        for partner in order:
            text = TRUE if partner == HONEST else b"false of %d" % partner
            writing.add_proof(connection, partner, MADE, text)
            if judged == "each time":
                doubted += judge(connection)
        doubted += judge(connection)
        assert sorted(doubted) == sorted(set(order) - {HONEST})
        assert sealed(connection) == (Sealed.YES, TRUE)
        assert proofs.unsealed(connection, 10) == []
        assert proofs.bringers(connection) == []

    await store.write("test", work)


async def test_a_liar_alone_leaves_the_event_refused_until_the_truth_comes(
    store: GatewayStore,
) -> None:
    def work(connection: Connection) -> None:
        take(connection, store, HONEST, LIAR)
        writing.add_proof(connection, LIAR, MADE, b"false")
        assert proofs.bringers(connection) == [LIAR]
        assert judge(connection) == [LIAR]
        assert sealed(connection)[0] is Sealed.REFUSED
        writing.add_proof(connection, LIAR, MADE, b"false")  # again: it is known to be false
        assert proofs.unsealed(connection, 10) == []
        writing.add_proof(connection, HONEST, MADE, TRUE)
        assert sealed(connection)[0] is Sealed.NO
        assert judge(connection) == []
        assert sealed(connection) == (Sealed.YES, TRUE)

    await store.write("test", work)


async def test_an_event_for_which_something_waits_is_not_refused(store: GatewayStore) -> None:
    def work(connection: Connection) -> None:
        take(connection, store, HONEST, LIAR)
        writing.add_proof(connection, LIAR, MADE, b"false")
        writing.add_proof(connection, HONEST, MADE, TRUE)
        false = [one for one in proofs.unsealed(connection, 10) if one.partner == LIAR]
        proofs.refuse(connection, false)
        assert sealed(connection)[0] is Sealed.NO
        assert judge(connection) == []
        assert sealed(connection) == (Sealed.YES, TRUE)

    await store.write("test", work)


async def test_the_proofs_of_one_partner_are_bounded_and_keep_nobody_elses_out(
    store: GatewayStore,
) -> None:
    def work(connection: Connection) -> None:
        take(connection, store, HONEST, LIAR)
        for number in range(10):
            writing.add_proof(connection, LIAR, MADE, b"false %d" % number)
        waiting = proofs.unsealed(connection, 100, partner=LIAR)
        assert [one.ordinal for one in waiting] == list(range(proofs.PROOFS_MAX))
        behind = (waiting[0].number, waiting[0].ordinal)
        assert proofs.unsealed(connection, 1, partner=LIAR, after=behind) == waiting[1:2]
        writing.add_proof(connection, HONEST, MADE, TRUE)
        assert judge(connection) == [LIAR]
        assert sealed(connection) == (Sealed.YES, TRUE)

    await store.write("test", work)


async def test_proofs_go_with_the_parts_that_are_dropped(store: GatewayStore) -> None:
    def work(connection: Connection) -> None:
        row = part("x", own=False)
        writing.add_part(connection, store.insert, row, partner=LIAR, number=None)
        writing.add_proof(connection, LIAR, MADE, b"false")
        assert drop_waiting(connection, LIAR, keep=0) == 1
        assert proofs.bringers(connection) == []

    await store.write("test", work)


async def test_what_waited_before_bringers_were_kept_accuses_nobody(store: GatewayStore) -> None:
    def work(connection: Connection) -> None:
        number = come(connection, store.insert, "x", HONEST)
        assert number
        event = received_event(connection, MADE)
        assert event is not None
        proofs.bring(connection, 0, event.number, b"false")
        assert judge(connection) == []
        assert sealed(connection)[0] is Sealed.REFUSED

    await store.write("test", work)
