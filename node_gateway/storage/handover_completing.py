"""Handovers of ours that were said before what they hold was told to us.

Goods may be shipped on before the handover that brings their content has come. When it comes, this
finds the handovers that could have said more.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, func, select, text

from node_gateway.partners.ports import Direction
from node_gateway.storage import following
from node_gateway.storage.handover_goods import Goods
from node_gateway.storage.handover_tables import handover, handover_code
from node_gateway.storage.handovers import (
    DIRECTIONS,
    Handover,
    State,
    handover_numbered,
    handovers_of,
    read_handover,
)

CURSOR: Final = "handovers_completed"
"""Under which it is kept which handovers to us were looked at, by number."""
_h, _c = handover.c, handover_code.c
_OPEN: Final = (State.HELD, State.WAITING)
# Ours (1) that are said (4) or on their way (2) and name the code `{by}`, which no other handover
# to us (0) names that stands: what goes round comes back under the same code.
_OURS: Final = (
    "SELECT o.handover FROM handover_code i JOIN handover_code o ON o.code = {by} "
    "JOIN handover h ON h.number = o.handover AND h.direction = 1 AND h.state IN (2, 4) "
    "WHERE i.handover = :number AND h.partner <> :partner AND {less} AND NOT EXISTS ("
    "SELECT 1 FROM handover_code x JOIN handover y ON y.number = x.handover WHERE "
    "x.code = o.code AND y.direction = 0 AND y.state = 4 AND y.number <> :number)"
)
_UNMADE: Final = _OURS.format(by="i.code", less="o.made IS NULL AND i.made IS NOT NULL")
_UNFILLED: Final = _OURS.format(
    by="i.parent",
    less="NOT EXISTS (SELECT 1 FROM handover_code w WHERE w.handover = o.handover "
    "AND w.code = i.code) AND NOT EXISTS (SELECT 1 FROM parent_event p WHERE p.parent = o.code)",
)
_CANDIDATES: Final = text(f"{_UNMADE} UNION {_UNFILLED} ORDER BY 1")


def next_in(connection: Connection) -> Handover | None:
    """Return the next handover to us that was not looked at, None at the end.

    In a database that never looked, what came before is passed over (`pass_over`).
    """
    after = following.positions(connection).get(CURSOR, 0)
    came = DIRECTIONS.index(Direction.IN)
    query = select(handover).where(
        _h.number > after, _h.direction == came, _h.state == int(State.SAID)
    )
    row = connection.execute(query.order_by(_h.number).limit(1)).first()
    return None if row is None else read_handover(row)


def never_looked(connection: Connection) -> bool:
    """Tell whether a database is from before anybody looked."""
    return CURSOR not in following.positions(connection)


def pass_over(connection: Connection) -> None:
    """Let a database that never looked begin behind what came before."""
    last = connection.execute(select(func.max(_h.number))).scalar()
    looked_at(connection, int(last or 0))


def looked_at(connection: Connection, number: int) -> None:
    """Note that everything that a handover to us completes was begun."""
    following.move(connection, [CURSOR], number)


def incomplete(connection: Connection, came: Handover) -> list[Handover]:
    """Return handovers of ours to others that a handover to us may complete, oldest first."""
    values: dict[str, Any] = {"number": came.number, "partner": came.partner}
    found = [handover_numbered(connection, one) for one in _numbers(connection, values)]
    return [one for one in found if one is not None]


def is_begun(connection: Connection, one: Handover) -> bool:
    """Tell whether another handover of the same shipment to the same partner waits already."""
    return any(
        other.partner == one.partner and other.direction is one.direction and other.state in _OPEN
        for other in handovers_of(connection, one.shipment)
    )


def says_less(connection: Connection, one: Handover, goods: Goods) -> bool:
    """Tell whether a handover of ours lacks codes or commissionings of what we know by now.

    Only what adds to all that was said before: said anew for each addition, it ends.
    """
    query = select(_c.code, _c.made).where(_c.handover == one.number)
    said = {row.code: row.made for row in connection.execute(query)}
    if not said.keys() <= goods.parents.keys():
        return False
    told = (code for some in goods.received.values() for code in some)
    return len(said) < len(goods.parents) or any(said[code] is None for code in told)


def _numbers(connection: Connection, values: dict[str, Any]) -> list[int]:
    return list(connection.execute(_CANDIDATES, values).scalars())


__all__ = [
    "CURSOR",
    "incomplete",
    "is_begun",
    "looked_at",
    "never_looked",
    "next_in",
    "pass_over",
    "says_less",
]
