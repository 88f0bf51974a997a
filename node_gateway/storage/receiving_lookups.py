"""What receiving looks up in handovers and exceptions. Inside a transaction of the caller."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from node_gateway.storage.code_states import among
from node_gateway.storage.exception_tables import exception_case
from node_gateway.storage.handover_tables import handover_code


def named_in_handovers(connection: Connection, codes: Collection[str]) -> set[str]:
    """Return those of some codes that any standing handover to us names."""
    statement = (
        "SELECT DISTINCT c.code FROM handover_code c JOIN handover h ON h.number = c.handover "
        "WHERE h.direction = 0 AND h.state = 4 AND c.code IN {}"
    )
    return {code for (code,) in among(connection, statement, codes)}


def cases_without_data(connection: Connection, limit: int = 1000) -> dict[int, list[str]]:
    """Return the codes of unresolved exceptions about goods without data, by number."""
    columns = exception_case.c
    query = select(columns.number).where(
        columns.closed == 0, columns.kind == "product_no_data", columns.origin == "here"
    )
    numbers = list(connection.execute(query.order_by(columns.number).limit(limit)).scalars())
    found: dict[int, list[str]] = {number: [] for number in numbers}
    statement = "SELECT case_number, code FROM exception_code WHERE case_number IN {}"
    for number, code in among(connection, statement, numbers):
        found[number].append(code)
    return found


def holds_class(connection: Connection, handover: int, product: str) -> bool:
    """Tell whether a handover names any code that begins with `product` (ASCII)."""
    c = handover_code.c
    end = product[:-1] + chr(ord(product[-1]) + 1)
    query = select(c.code).where(c.handover == handover, c.code >= product, c.code < end)
    return connection.execute(query.limit(1)).first() is not None
