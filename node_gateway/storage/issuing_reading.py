"""Finding schemes, orders and places: the reading half of `issuing`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from node_gateway.storage.issuing_rows import OrderRow, Part, Place, RangeRow, SchemeRow
from node_gateway.storage.issuing_tables import (
    issuing_order,
    issuing_part,
    issuing_range,
    issuing_scheme,
)

_scheme, _range = issuing_scheme.c, issuing_range.c
_order, _part = issuing_order.c, issuing_part.c


def scheme_row(row: Row[Any]) -> SchemeRow:
    """Return a scheme from its row."""
    return SchemeRow(
        kind=row.kind,
        name=row.name,
        alphabet=row.alphabet,
        body_length=row.body_length,
        checks_length=row.checks_length,
        permutation_key=row.permutation_key,
        number=row.number,
    )


def find_scheme(connection: Connection, kind: str, name: str) -> SchemeRow | None:
    """Return the scheme of a kind and name."""
    query = select(issuing_scheme).where(_scheme.kind == kind, _scheme.name == name)
    row = connection.execute(query).one_or_none()
    return None if row is None else scheme_row(row)


def find_order(connection: Connection, order_id: str) -> OrderRow | None:
    """Return an order with its parts."""
    query = select(issuing_order).where(_order.order_id == order_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    parts = (
        select(_part.first, _part.code_count, _part.order_index, _range.checks_key)
        .join_from(issuing_part, issuing_range, _part.range_number == _range.number)
        .where(_part.order_number == row.number)
        .order_by(_part.order_index)
    )
    return order_row(connection, row, [Part(*one) for one in connection.execute(parts)])


def order_row(connection: Connection, row: Row[Any], parts: Sequence[Part]) -> OrderRow:
    """Return an order from its row."""
    scheme = connection.execute(select(issuing_scheme).where(_scheme.number == row.scheme)).one()
    return OrderRow(
        row.number,
        row.order_id,
        scheme_row(scheme),
        row.line,
        row.code_count,
        row.created_at_ms,
        tuple(parts),
    )


def place(connection: Connection, scheme: int, number: int) -> Place | None:
    """Return where a number was given out; None if it was not."""
    query = (
        select(issuing_part, _range.checks_key, _order.order_id, _order.line)
        .join_from(issuing_part, issuing_range, _part.range_number == _range.number)
        .join(issuing_order, _part.order_number == _order.number)
        .where(_part.scheme == scheme, _part.first <= number)
        .order_by(_part.first.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None or number >= row.first + row.code_count:
        return None
    index = row.order_index + number - row.first
    return Place(row.order_number, row.order_id, row.line, index, row.checks_key)


def places(connection: Connection, scheme: int, numbers: Sequence[int]) -> dict[int, Place]:
    """Return where each of a few numbers was given out; those that were not are left out."""
    found = {number: place(connection, scheme, number) for number in numbers}
    return {number: one for number, one in found.items() if one is not None}


def ranges(connection: Connection) -> list[RangeRow]:
    """Return every range, oldest first."""
    query = select(issuing_range, _scheme.kind, _scheme.name).join(
        issuing_scheme, _range.scheme == _scheme.number
    )
    return [
        RangeRow(
            row.number,
            row.kind,
            row.name,
            row.line,
            row.first,
            row.size,
            row.used,
            row.fixed,
            row.closed,
            row.created_at_ms,
        )
        for row in connection.execute(query.order_by(_range.number))
    ]
