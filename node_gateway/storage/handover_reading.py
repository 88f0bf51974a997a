"""What is left to do about handovers: unsaid ones, proofs to say, proofs to look up."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, and_, func, or_, select, tuple_

from node_gateway.partners.ports import Direction
from node_gateway.storage.handover_proofs import unsealed
from node_gateway.storage.handover_tables import (
    handover,
    handover_event,
    handover_part,
    handover_part_event,
)
from node_gateway.storage.handovers import (
    DIRECTIONS,
    Handover,
    Sealed,
    State,
    read_handover,
)
from node_gateway.storage.receiving_tables import acknowledgement

_a = acknowledgement.c
_h, _p, _e, _l = handover.c, handover_part.c, handover_event.c, handover_part_event.c


class Link(NamedTuple):
    """An event of a handover of ours whose proof was not said yet.

    Attributes:
        handover, part, event: Numbers.
        partner: Who gets the proof.
        participant: Whose event it is.
        proof: What came with it, for an event of somebody else.
    """

    handover: int
    part: int
    event: int
    partner: int
    entry: bytes
    participant: int
    proof: bytes | None


class Seals(NamedTuple):
    """How many events of a handover are sealed, being sealed, and contradicted by the chain."""

    sealed: int
    sealing: int
    refused: int


def unsaid(connection: Connection, *, after: int, limit: int) -> list[Handover]:
    """Return handovers of ours that are not said yet, by number; held ones too."""
    query = select(handover).where(_h.state < int(State.SAID), _h.number > after)
    return [
        read_handover(row) for row in connection.execute(query.order_by(_h.number).limit(limit))
    ]


def unproven(connection: Connection, own: int, after: tuple[int, int], limit: int) -> list[Link]:
    """Return events of said handovers whose proof may be there, above `after` (part, event).

    Of those that were taken back the ones too of which the receiver found goods: it has them, and
    whoever gets them from it wants to see their events sealed.
    """
    out = DIRECTIONS.index(Direction.OUT)
    query = (
        select(_h.number, _p.number, _e.number, _h.partner, _e.entry, _e.participant, _e.proof)
        .join_from(handover_part_event, handover_part, _p.number == _l.part)
        .join(handover, _h.number == _p.handover)
        .join(handover_event, _e.number == _l.event)
        .where(
            _l.proven == 0,
            _h.direction == out,
            or_(
                _h.state == int(State.SAID),
                and_(
                    _h.state == int(State.WITHDRAWN),
                    select(_a.handover).where(_a.handover == _h.number, _a.found > 0).exists(),
                ),
            ),
            or_(_e.participant == own, and_(_e.sealed == int(Sealed.YES), _e.proof.is_not(None))),
            tuple_(_l.part, _l.event) > tuple_(*after),
        )
        .order_by(_l.part, _l.event)
        .limit(limit)
    )
    return [
        Link(*row[:4], bytes(row[4]), row[5], None if row[6] is None else bytes(row[6]))
        for row in connection.execute(query)
    ]


def seals_of(connection: Connection, number: int) -> Seals:
    """Count the events of a handover by whether the chain has them; for one that came."""
    query = (
        select(_e.sealed, func.count(_e.number.distinct()))
        .join_from(handover_part_event, handover_part, _p.number == _l.part)
        .join(handover_event, _e.number == _l.event)
        .where(_p.handover == number)
        .group_by(_e.sealed)
    )
    counts = dict(tuple(row) for row in connection.execute(query))
    return Seals(*(counts.get(int(one), 0) for one in (Sealed.YES, Sealed.NO, Sealed.REFUSED)))


def proofs_said(connection: Connection, number: int) -> Seals:
    """Count the events of a handover of ours by whether their proofs were said."""
    query = (
        select(_l.proven, func.count())
        .join_from(handover_part_event, handover_part, _p.number == _l.part)
        .where(_p.handover == number)
        .group_by(_l.proven)
    )
    counts = dict(tuple(row) for row in connection.execute(query))
    return Seals(counts.get(1, 0), counts.get(0, 0), 0)


__all__ = ["Link", "Seals", "proofs_said", "seals_of", "unproven", "unsaid", "unsealed"]
