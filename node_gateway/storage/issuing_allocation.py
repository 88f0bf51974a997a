"""Giving out numbers: the writing half of `issuing`, inside one transaction each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, Table, func, insert, select, update

from node_gateway.storage.issuing_reading import find_order, find_scheme, ranges
from node_gateway.storage.issuing_rows import OrderRow, RangeRow, Refusal, SchemeRow, Wanted
from node_gateway.storage.issuing_tables import (
    issuing_order,
    issuing_part,
    issuing_range,
    issuing_scheme,
)

_scheme, _range = issuing_scheme.c, issuing_range.c


def next_number(connection: Connection, table: Table) -> int:
    """Return the number that the next row of a table gets."""
    return int(connection.execute(select(func.max(table.c.number))).scalar() or 0) + 1


def _kept_scheme(connection: Connection, wanted: Wanted) -> SchemeRow | Refusal:
    """Return the stored scheme; the first order of a name stores the one that it brings."""
    new = wanted.scheme
    known = find_scheme(connection, new.kind, new.name)
    if known is not None:
        if known.permutation_key != new.permutation_key:  # somebody else's order came first
            return Refusal("scheme_changed")
        return known
    if new.kind == "sscc" and _overlaps(connection, new.name):
        return Refusal("prefix_overlap")
    number = next_number(connection, issuing_scheme)
    connection.execute(
        insert(issuing_scheme).values(
            number=number,
            kind=new.kind,
            name=new.name,
            alphabet=new.alphabet,
            body_length=new.body_length,
            checks_length=new.checks_length,
            permutation_key=new.permutation_key,
            next_first=0,
            created_at_ms=wanted.now_ms,
        )
    )
    return find_scheme(connection, new.kind, new.name) or new


def _overlaps(connection: Connection, prefix: str) -> bool:
    """Tell whether another company prefix begins with this one, or this with it.

    Such two would give out the same SSCC.
    """
    names = connection.execute(select(_scheme.name).where(_scheme.kind == "sscc")).scalars()
    return any(name.startswith(prefix) or prefix.startswith(name) for name in names)


def _next_first(connection: Connection, scheme: int) -> int:
    query = select(_scheme.next_first).where(_scheme.number == scheme)
    return int(connection.execute(query).scalar_one())


def allocate(connection: Connection, wanted: Wanted) -> OrderRow | Refusal:
    """See `IssuingStore`. Plans first and writes then: a refusal leaves nothing."""
    known = find_order(connection, wanted.order_id)
    if known is not None:
        return _replayed(known, wanted)
    scheme = find_scheme(connection, wanted.scheme.kind, wanted.scheme.name)
    plan: list[tuple[int, int, int]] = []  # range, first number, count
    need, free = wanted.count, wanted.number_count
    if scheme is not None:
        refusal = _too_many(connection, scheme.number, wanted)
        if refusal is not None:
            return refusal
        plan, need, confined = _from_open_ranges(connection, scheme.number, wanted)
        free -= _next_first(connection, scheme.number)
        if need and confined:
            return Refusal("range_exhausted", wanted.count - need)
    elif wanted.count > wanted.issued_max:
        return Refusal("guess_rate", wanted.issued_max)
    if need > free:
        return Refusal("codes_exhausted", max(0, wanted.count - need + free))
    kept = _kept_scheme(connection, wanted)
    if isinstance(kept, Refusal):
        return kept
    if need:
        size = min(max(need, wanted.range_size), free)
        plan.append((*_open_range(connection, kept.number, wanted, size, fixed=False), need))
    return _write_order(connection, kept, wanted, plan)


def _replayed(known: OrderRow, wanted: Wanted) -> OrderRow | Refusal:
    same = (known.scheme.kind, known.scheme.name, known.line, known.count) == (
        wanted.scheme.kind,
        wanted.scheme.name,
        wanted.line,
        wanted.count,
    )
    if not same:
        return Refusal("order_mismatch")
    return replace(known, replayed=True)


def _too_many(connection: Connection, scheme: int, wanted: Wanted) -> Refusal | None:
    query = select(func.sum(_range.used)).where(_range.scheme == scheme)
    issued = int(connection.execute(query).scalar() or 0)
    if issued + wanted.count > wanted.issued_max:
        return Refusal("guess_rate", max(0, wanted.issued_max - issued))
    return None


def _from_open_ranges(
    connection: Connection, scheme: int, wanted: Wanted
) -> tuple[list[tuple[int, int, int]], int, bool]:
    """Return what the line's ranges give, how many more are needed, and if it gets no other."""
    query = select(issuing_range).where(
        _range.scheme == scheme, _range.line == wanted.line, _range.closed.is_(False)
    )
    plan, need, confined = [], wanted.count, False
    for row in connection.execute(query.order_by(_range.number)):
        confined = confined or row.fixed
        taken = min(need, row.size - row.used)
        if taken:
            plan.append((row.number, row.first + row.used, taken))
            need -= taken
    return plan, need, confined


def _open_range(
    connection: Connection, scheme: int, wanted: Wanted, size: int, *, fixed: bool
) -> tuple[int, int]:
    """Add a range from the free numbers; return its number and its first number."""
    first = _next_first(connection, scheme)
    number = next_number(connection, issuing_range)
    connection.execute(
        insert(issuing_range).values(
            number=number,
            scheme=scheme,
            line=wanted.line,
            first=first,
            size=size,
            used=0,
            fixed=fixed,
            closed=False,
            checks_key=wanted.checks_key,
            created_at_ms=wanted.now_ms,
        )
    )
    connection.execute(
        update(issuing_scheme).where(_scheme.number == scheme).values(next_first=first + size)
    )
    return number, first


def _write_order(
    connection: Connection,
    scheme: SchemeRow,
    wanted: Wanted,
    plan: Sequence[tuple[int, int, int]],
) -> OrderRow:
    number = next_number(connection, issuing_order)
    connection.execute(
        insert(issuing_order).values(
            number=number,
            order_id=wanted.order_id,
            scheme=scheme.number,
            line=wanted.line,
            code_count=wanted.count,
            created_at_ms=wanted.now_ms,
        )
    )
    index = 0
    for range_number, first, count in plan:
        connection.execute(
            insert(issuing_part).values(
                scheme=scheme.number,
                first=first,
                code_count=count,
                order_number=number,
                order_index=index,
                range_number=range_number,
            )
        )
        connection.execute(
            update(issuing_range)
            .where(_range.number == range_number)
            .values(used=_range.used + count)
        )
        index += count
    made = find_order(connection, wanted.order_id)
    if made is None:
        raise AssertionError("the order was written in this transaction")
    return made


def add_range(connection: Connection, wanted: Wanted) -> RangeRow | Refusal:
    """See `IssuingStore`."""
    known = find_scheme(connection, wanted.scheme.kind, wanted.scheme.name)
    free = wanted.number_count - (_next_first(connection, known.number) if known else 0)
    if wanted.count > free:
        return Refusal("codes_exhausted", max(0, free))
    scheme = _kept_scheme(connection, wanted)
    if isinstance(scheme, Refusal):
        return scheme
    number, _ = _open_range(connection, scheme.number, wanted, wanted.count, fixed=True)
    return next(one for one in ranges(connection) if one.number == number)


def close_ranges(connection: Connection, skip: int, name: tuple[str, str] | None) -> list[RangeRow]:
    """See `IssuingStore`."""
    schemes = select(_scheme.number)
    if name is not None:
        schemes = schemes.where(_scheme.kind == name[0], _scheme.name == name[1])
    numbers = connection.execute(schemes).scalars().all()
    open_ones = {one.number for one in ranges(connection) if not one.closed}
    connection.execute(update(issuing_range).where(_range.scheme.in_(numbers)).values(closed=True))
    if skip:
        connection.execute(
            update(issuing_scheme)
            .where(_scheme.number.in_(numbers))
            .values(next_first=_scheme.next_first + skip)
        )
    return [one for one in ranges(connection) if one.number in open_ones and one.closed]
