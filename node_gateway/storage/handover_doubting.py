"""Which handovers to us hold events that the chain does not have."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_, select, tuple_

from node_gateway.partners.ports import Direction
from node_gateway.storage.handover_tables import (
    handover,
    handover_event,
    handover_part,
    handover_part_event,
)
from node_gateway.storage.handovers import DIRECTIONS, Sealed, State
from node_gateway.storage.receiving import Phase
from node_gateway.storage.receiving_tables import receipt

_CHUNK: Final = 250
_RECEIVED: Final = (
    select(receipt.c.handover)
    .where(receipt.c.handover == handover.c.number, receipt.c.state == int(Phase.FINISHED))
    .exists()
)
"""Taken back after we had the goods: what was handed over with them is to be proven as before."""
_h, _p, _e, _l = handover.c, handover_part.c, handover_event.c, handover_part_event.c


class Doubtful(NamedTuple):
    """A handover by its giver and the digest of its manifest."""

    partner: int
    digest: bytes


def contradicted(connection: Connection, brought: Collection[tuple[int, int]]) -> list[Doubtful]:
    """Return the standing handovers whose giver brought false proofs, as (event, giver)."""
    found: dict[Doubtful, None] = {}
    pairs = sorted(brought)
    for start in range(0, len(pairs), _CHUNK):
        some = pairs[start : start + _CHUNK]
        theirs = tuple_(_e.number, _p.partner).in_(some)
        for one in _doubtful(connection, and_(theirs, _l.proven == 1)):
            found[one] = None
    return list(found)


def unproven_since(connection: Connection, before: int) -> list[Doubtful]:
    """Return the standing handovers that came by then and hold an event that is not sealed.

    Our own events that come back are left out: we know better.

    Cost: reads through the events that were handed over; to be asked from time to time only.
    """
    open_ = and_(_e.sealed != int(Sealed.YES), _e.fields.is_not(None), _h.created_at <= before)
    return _doubtful(connection, open_)


def _doubtful(connection: Connection, condition: ColumnElement[bool]) -> list[Doubtful]:
    query = (
        select(_h.partner, _h.digest)
        .join_from(handover_event, handover_part_event, _l.event == _e.number)
        .join(handover_part, _p.number == _l.part)
        .join(handover, _h.number == _p.handover)
        .where(
            _h.direction == DIRECTIONS.index(Direction.IN),
            or_(_h.state == int(State.SAID), and_(_h.state == int(State.WITHDRAWN), _RECEIVED)),
            _h.digest.is_not(None),
            condition,
        )
        .distinct()
    )
    return [Doubtful(row.partner, bytes(row.digest)) for row in connection.execute(query)]


__all__ = ["Doubtful", "contradicted", "unproven_since"]
