"""Parts whose manifest does not come: they may not fill the database."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from node_gateway.storage.handover_tables import (
    handover_event,
    handover_part,
    handover_part_event,
    handover_path,
    handover_proof,
)

_p, _l, _e = handover_part.c, handover_part_event.c, handover_event.c


def drop_waiting(connection: Connection, partner: int, *, keep: int) -> int:
    """Remove a partner's parts that no manifest has named, but the newest; return how many.

    Their events go with them, unless another part holds them, too.

    Args:
        connection: Writing.
        partner: Who said them.
        keep: How many stay.
    """
    loose = select(_p.number).where(_p.handover.is_(None), _p.partner == partner)
    query = loose.order_by(_p.number.desc()).offset(keep)
    dropped = list(connection.execute(query).scalars())
    for number in dropped:
        links = select(_l.event).where(_l.part == number)
        events = list(connection.execute(links).scalars())
        connection.execute(delete(handover_part_event).where(_l.part == number))
        connection.execute(delete(handover_part).where(_p.number == number))
        _drop_events(connection, events)
    return len(dropped)


def _drop_events(connection: Connection, numbers: list[int]) -> None:
    for number in numbers:
        linked = select(_l.part).where(_l.event == number).limit(1)
        if connection.execute(linked).first() is None:
            paths = delete(handover_path).where(handover_path.c.event == number)
            connection.execute(paths)
            connection.execute(delete(handover_proof).where(handover_proof.c.event == number))
            connection.execute(delete(handover_event).where(_e.number == number))


__all__ = ["drop_waiting"]
