"""The way of a code through us: from whom it came, to whom it went, as far as handovers say.

Anybody in the network can hand codes over to us that it never had: a handover is a statement, and
goods that we have not received say nothing of who sent them. So what leads somewhere (who may ask
where a code went, who is told that it was sold) follows what arrived, see `ARRIVED`.
"""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import Connection, bindparam, case, select

from node_gateway.partners.ports import Direction
from node_gateway.storage.code_states import among, read_states
from node_gateway.storage.handover_tables import handover, handover_code
from node_gateway.storage.handovers import ARRIVED, DIRECTIONS, State, edges
from node_gateway.storage.receiving import Phase
from node_gateway.storage.receiving_tables import receipt

PARTNERS_MAX: Final = 8
"""Most neighbours of one code in one direction; the newest."""
_LOOKED_AT: Final = 1000
"""Handovers of a product are looked for among so many, the newest."""
_GOODS: Final = re.compile(r"https://id\.gs1\.org/01/[0-9]{14}/21/|urn:x-cn-drug:[0-9]{7}")

_CAME: Final = (
    f"SELECT c.code, h.number, h.partner, h.direction, {ARRIVED} AS arrived "  # noqa: S608
    "FROM handover_code c JOIN handover h ON h.number = c.handover AND h.state = 4 "  # SAID
    "WHERE c.code IN {} ORDER BY h.number"
)

_h, _c = handover.c, handover_code.c
_RECENT: Final = (
    select(_h.number, _h.partner)
    .where(_h.direction == bindparam("way"), _h.state == State.SAID)
    .order_by(_h.number.desc())
    .limit(_LOOKED_AT)
)
_RECENT_WITH: Final = (
    select(_h.number, _h.partner)
    .where(
        _h.direction == bindparam("way"),
        _h.state == State.SAID,
        _h.partner == bindparam("partner"),
    )
    .order_by(_h.number.desc())
    .limit(_LOOKED_AT)
)


def partners_of(connection: Connection, code: str, direction: Direction) -> list[int]:
    """Return who says to have given us a code (IN) or got it from us (OUT): the newest first, <= 8.

    Whether what they gave us has come is another question: `came_from`.
    """
    found = [one.partner for one in edges(connection, code) if one.direction is direction]
    return list(dict.fromkeys(reversed(found)))[:PARTNERS_MAX]


def came_from(connection: Connection, code: str) -> list[int]:
    """Return who gave us a code that has come, the first one first; at most 8.

    While none has, it is whoever's handover was the first statement about the code here, unless
    the code is our own: goods may be sold before anybody has stated their receipt.
    """
    rows = list(among(connection, _CAME, [code]))
    came = DIRECTIONS.index(Direction.IN)
    arrived = [one.partner for one in rows if one.direction == came and one.arrived]
    if arrived:
        return list(dict.fromkeys(arrived))[:PARTNERS_MAX]
    state = read_states(connection, [code], {}).get(code) if rows else None
    if not rows or rows[0].direction != came or (state is not None and state.made is not None):
        return []
    return [rows[0].partner]


def supplier_of(connection: Connection, code: str) -> int | None:
    """Return who first gave us a code; if nobody did, who last gave us something of its product.

    The first one: what came back to us from those behind us must not be asked about there. So each
    step leads to somebody who had the code earlier, and at last to its issuer.
    """
    gave = came_from(connection, code)
    if gave:
        return gave[0]
    return _partner_of_product(connection, code, Direction.IN, None)


def went_to(connection: Connection, code: str, partner: int) -> bool:
    """Tell whether a partner got a code from us, or at least something of its product."""
    if partner in partners_of(connection, code, Direction.OUT):
        return True
    return _partner_of_product(connection, code, Direction.OUT, partner) is not None


def _partner_of_product(
    connection: Connection, code: str, direction: Direction, partner: int | None
) -> int | None:
    goods = _GOODS.match(code)
    if goods is None:
        return None
    values = {"way": DIRECTIONS.index(direction)}
    recent = _RECENT if partner is None else _RECENT_WITH
    values |= {} if partner is None else {"partner": partner}
    some = recent.subquery()
    # Bytewise order: every code of the product lies between its prefix and the prefix's successor.
    first, end = goods[0], goods[0][:-1] + chr(ord(goods[0][-1]) + 1)
    holds = (
        select(_c.code)
        .where(_c.handover == some.c.number, _c.code >= first, _c.code < end)
        .exists()
    )
    finished = (
        select(receipt.c.handover)
        .where(receipt.c.handover == some.c.number, receipt.c.state == int(Phase.FINISHED))
        .exists()
    )
    order = (case((finished, 0), else_=1), some.c.number.desc())
    query = select(some.c.partner).where(holds).order_by(*order).limit(1)
    return connection.execute(query, values).scalar()
