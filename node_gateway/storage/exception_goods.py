"""Which codes of a case belong to the handover that it is about, and which to somebody else.

Codes of a case are compared where they lie, inside the transaction that keeps them: a shortage of
thousands is one statement.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Select, exists, func, select

from node_gateway.storage.exception_tables import exception_code
from node_gateway.storage.handover_tables import handover, handover_code

_code: Final = exception_code.c


def is_between(connection: Connection, digest: bytes, partner: int) -> bool:
    """Return whether a handover went between this participant and `partner`, either way."""
    found = select(handover.c.number).where(
        handover.c.digest == digest, handover.c.partner == partner
    )
    return connection.execute(found).first() is not None


def listed(connection: Connection, case_number: int, digest: bytes) -> list[str]:
    """Return the codes of a case that a handover lists, in bytewise order."""
    query = _codes(case_number).where(_in_handover(digest))
    return list(connection.execute(query.order_by(_code.code)).scalars())


def unlisted_count(connection: Connection, case_number: int, digest: bytes) -> int:
    """Return how many codes of a case a handover does not list."""
    query = _codes(case_number).where(~_in_handover(digest))
    return int(connection.execute(select(func.count()).select_from(query.subquery())).scalar() or 0)


def not_from_others(connection: Connection, case_number: int, partner: int) -> list[str]:
    """Return the codes of a case that no handover with anybody but `partner` lists, in order."""
    other = (
        select(handover_code.c.code)
        .join(handover, handover.c.number == handover_code.c.handover)
        .where(handover_code.c.code == _code.code, handover.c.partner != partner)
    )
    query = _codes(case_number).where(~exists(other)).order_by(_code.code)
    return list(connection.execute(query).scalars())


def _codes(case_number: int) -> Select[Any]:
    return select(_code.code).where(_code.case_number == case_number)


def _in_handover(digest: bytes) -> Any:
    there = (
        select(handover_code.c.code)
        .join(handover, handover.c.number == handover_code.c.handover)
        .where(handover.c.digest == digest, handover_code.c.code == _code.code)
    )
    return exists(there)
