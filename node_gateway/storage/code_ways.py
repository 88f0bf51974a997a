"""The way of a code through us: from whom it came, to whom it went, as far as handovers say."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import Connection, bindparam, select

from node_gateway.partners.ports import Direction
from node_gateway.storage.handover_tables import handover, handover_code
from node_gateway.storage.handovers import DIRECTIONS, State, edges

PARTNERS_MAX: Final = 8
"""Most neighbours of one code in one direction; the newest."""
_LOOKED_AT: Final = 1000
"""Handovers of a product are looked for among so many, the newest."""
_GOODS: Final = re.compile(r"https://id\.gs1\.org/01/[0-9]{14}/21/|urn:x-cn-drug:[0-9]{7}")

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
    """Return who gave us a code (IN) or got it from us (OUT): the newest first, at most 8."""
    found = [one.partner for one in edges(connection, code) if one.direction is direction]
    return list(dict.fromkeys(reversed(found)))[:PARTNERS_MAX]


def supplier_of(connection: Connection, code: str) -> int | None:
    """Return who gave us a code; if nobody did, who last gave us something of its product."""
    gave = partners_of(connection, code, Direction.IN)
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
    query = select(some.c.partner).where(holds).order_by(some.c.number.desc()).limit(1)
    return connection.execute(query, values).scalar()
