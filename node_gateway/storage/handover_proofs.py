"""Proofs of events that came with handovers, each kept with who brought it.

A commissioning is handed over by everybody down the chain, so that several may bring its proof, and
one of them a false one. They wait side by side: the first that our own chain endpoint confirms
seals the event for good, and whoever brought a false one has done so alone.

All calls run in a transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, select, tuple_, update

from node_gateway.storage.handover_tables import handover_event, handover_proof
from node_gateway.storage.handovers import HandedEvent, Sealed, read_event

PROOFS_MAX: Final = 3
"""So many proofs of one event are taken from one partner. An honest one needs one, and another
where the chain was reorganised deeper than it waits."""
_e, _f = handover_event.c, handover_proof.c


class Brought(NamedTuple):
    """A proof that waits to be looked up.

    Attributes:
        number: Of the event.
        partner: Who brought it; 0: nobody knows.
        event: As it is kept.
        proof: Event path and anchor, JSON.
    """

    number: int
    partner: int
    ordinal: int
    event: HandedEvent
    proof: bytes


def bring(connection: Connection, partner: int, event: int, proof: bytes) -> None:
    """Keep a proof of a partner beside what others brought. One that is known changes nothing."""
    kept = connection.execute(
        select(_e.fields, _e.proof, _e.sealed).where(_e.number == event)
    ).one()
    sealed = Sealed(kept.sealed)
    if kept.fields is None or (sealed is Sealed.YES and bytes(kept.proof or b"") == proof):
        return  # our own event, or the proof that holds
    theirs = select(_f.proof).where(_f.event == event, _f.partner == partner)
    known = [bytes(one) for one in connection.execute(theirs).scalars()]
    if proof in known or len(known) >= PROOFS_MAX:
        return
    connection.execute(
        handover_proof.insert().values(
            event=event, partner=partner, ordinal=len(known), proof=proof, refused=0
        )
    )
    if sealed is not Sealed.YES:
        values = {"sealed": int(Sealed.NO)} | ({} if kept.proof is not None else {"proof": proof})
        connection.execute(update(handover_event).where(_e.number == event).values(**values))


def bringers(connection: Connection) -> list[int]:
    """Return who brought proofs that wait to be looked up, ascending."""
    query = select(_f.partner).where(_f.refused == 0).distinct().order_by(_f.partner)
    return list(connection.execute(query).scalars())


def unsealed(
    connection: Connection,
    limit: int,
    *,
    partner: int | None = None,
    after: tuple[int, int] = (0, -1),
) -> list[Brought]:
    """Return proofs that wait to be looked up, those of one partner above `after` (event, ordinal).

    Without a partner: those of everybody.
    """
    query = (
        select(_f.partner, _f.ordinal, _f.proof.label("brought"), handover_event)
        .join_from(handover_proof, handover_event, _e.number == _f.event)
        .where(_f.refused == 0, tuple_(_f.event, _f.ordinal) > tuple_(*after))
        .order_by(_f.partner, _f.event, _f.ordinal)
        .limit(limit)
    )
    if partner is not None:
        query = query.where(_f.partner == partner)
    found = []
    for row in connection.execute(query):
        event = read_event(row)
        found.append(Brought(event.number, row.partner, row.ordinal, event, bytes(row.brought)))
    return found


def hold(connection: Connection, brought: Collection[Brought]) -> None:
    """Note proofs that the chain confirms; the first one seals its event for good."""
    for one in brought:
        connection.execute(
            update(handover_event)
            .where(_e.number == one.number, _e.sealed != int(Sealed.YES))
            .values(sealed=int(Sealed.YES), proof=one.proof)
        )
        same = (_f.event == one.number) & (_f.proof == one.proof)
        connection.execute(delete(handover_proof).where(same))


def refuse(connection: Connection, brought: Collection[Brought]) -> None:
    """Note proofs that the chain contradicts; an event for which nothing else waits has none."""
    for one in brought:
        this = (_f.event == one.number) & (_f.partner == one.partner) & (_f.ordinal == one.ordinal)
        connection.execute(update(handover_proof).where(this).values(refused=1))
    for number in sorted({one.number for one in brought}):
        others = select(_f.event).where(_f.event == number, _f.refused == 0).exists()
        connection.execute(
            update(handover_event)
            .where(_e.number == number, _e.sealed != int(Sealed.YES), ~others)
            .values(sealed=int(Sealed.REFUSED))
        )


__all__ = ["PROOFS_MAX", "Brought", "bring", "bringers", "hold", "refuse", "unsealed"]
