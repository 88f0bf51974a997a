"""Reading and writing states of codes, findings, and which events stand.

Look-ups of many codes send one parameter: binding each of 100,000 would cost more than finding it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TextClause,
    bindparam,
    delete,
    func,
    select,
    text,
)

from node_gateway.state.code_state import CodeState, from_wire, to_wire
from node_gateway.state.rules import Finding, Rule
from node_gateway.storage.code_state_tables import (
    code_state,
    error_declared,
    event_standing,
    finding,
    lot_statement,
    parent_event,
)
from node_gateway.storage.database import Insert
from node_gateway.storage.tables import event, is_entry

STANDS: Final = 0
VOID: Final = 1
REPEATS: Final = 2
DECLARES: Final = 3


class Standing(NamedTuple):
    """Whether an event counts: one of STANDS, VOID, REPEATS, DECLARES."""

    position: int
    fingerprint: bytes
    standing: int


class LotStatement(NamedTuple):
    """An expiry date that an event states for a lot (`<product>/<lot>`)."""

    lot: str
    position: int
    expiry: str


class FindingRow(NamedTuple):
    """A kept finding; numbers grow in the order in which findings were made."""

    number: int
    position: int
    rule: Rule
    code: str
    other: int
    found_at_ms: int


def among(connection: Connection, statement: str, values: Collection[Any]) -> Iterable[Any]:
    """Run a statement with `{}` where a list of texts or numbers belongs; yield its rows.

    Args:
        connection: Any connection.
        statement: For example `SELECT x FROM y WHERE z IN {}`.
        values: All texts, or all numbers.
    """
    if not values:
        return ()
    if connection.dialect.name == "sqlite":
        listed: Any = orjson.dumps(list(values)).decode()
        query = _statement(statement, "(SELECT value FROM json_each(:listed))")
    else:
        kind = "text" if isinstance(next(iter(values)), str) else "bigint"
        listed = list(values)
        query = _statement(statement, f"(SELECT unnest(CAST(:listed AS {kind}[])))")
    return connection.execute(query, {"listed": listed}).all()


def _statement(statement: str, listed: str) -> TextClause:
    return text(statement.replace("{}", listed))


def read_states(
    connection: Connection, codes: Collection[str], decoded: dict[bytes, CodeState]
) -> dict[str, CodeState]:
    """Return the states of those codes that have one.

    Args:
        connection: Any connection.
        codes: Canonical codes.
        decoded: Kept by the caller: equal states are read once.
    """
    found: dict[str, CodeState] = {}
    statement = "SELECT code, data FROM code_state WHERE code IN {}"
    for code, raw in among(connection, statement, codes):
        data = bytes(raw)
        state = decoded.get(data)
        if state is None:
            state = decoded[data] = from_wire(orjson.loads(data))
        found[code] = state
    return found


def read_with_units(
    connection: Connection, codes: Collection[str], decoded: dict[bytes, CodeState], depth: int
) -> dict[str, CodeState]:
    """Return the states of codes and of everything around them, at most `depth` levels up."""
    found = read_states(connection, codes, decoded)
    wanted = {state.parent for state in found.values()} - found.keys() - {None}
    for _ in range(depth):
        if not wanted:
            break
        units = read_states(connection, [str(one) for one in wanted], decoded)
        found.update(units)
        wanted = {state.parent for state in units.values()} - found.keys() - {None}
    return found


def write_states(
    connection: Connection,
    insert_rows: Insert,
    changes: Mapping[str, CodeState | None],
    known: Collection[str],
) -> None:
    """Write states; None removes a code's.

    Args:
        connection: A writing connection.
        insert_rows: The bulk path.
        changes: By code.
        known: Those of them that have a row.
    """
    encoded: dict[int, bytes] = {}
    new: list[tuple[str, str | None, bytes]] = []
    changed: list[tuple[str, str | None, bytes]] = []
    for code, state in changes.items():
        if state is None:
            continue
        data = encoded.get(id(state))
        if data is None:
            data = encoded[id(state)] = orjson.dumps(to_wire(state), default=tuple)
        (changed if code in known else new).append((code, state.parent, data))
    gone = [{"b_code": code} for code, state in changes.items() if state is None]
    if gone:
        connection.execute(_REMOVE_STATE, gone)
    _change_states(connection, insert_rows, sorted(changed))
    insert_rows(connection, code_state, sorted(new))


_REMOVE_STATE: Final = delete(code_state).where(code_state.c.code == bindparam("b_code"))
_CHANGE_ON_SQLITE: Final = "UPDATE code_state SET parent = ?2, data = ?3 WHERE code = ?1"
_CHANGE_ON_POSTGRES: Final = text(
    "UPDATE code_state SET parent = new.parent, data = new.data FROM code_state_change AS new "
    "WHERE code_state.code = new.code"
)
_CHANGE_TABLE: Final = text(
    "CREATE TEMPORARY TABLE IF NOT EXISTS code_state_change "
    '(code text COLLATE "C", parent text, data bytea) ON COMMIT DELETE ROWS'
)
_change = Table(
    "code_state_change",
    MetaData(),  # no table of the schema: the session's own
    Column("code", Text()),
    Column("parent", Text()),
    Column("data", LargeBinary()),
)


def _change_states(
    connection: Connection, insert_rows: Insert, rows: Sequence[tuple[str, str | None, bytes]]
) -> None:
    """Change rows by what each database does fastest: one statement, prepared or over a copy."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_CHANGE_ON_SQLITE, list(rows))
        return
    connection.execute(_CHANGE_TABLE)
    insert_rows(connection, _change, rows)
    connection.execute(_CHANGE_ON_POSTGRES)
    connection.execute(delete(_change))


def children_of(connection: Connection, parent: str, after: str, limit: int) -> list[str]:
    """Return codes that were packed into a unit last, in bytewise order."""
    query = select(code_state.c.code).where(
        code_state.c.parent == parent, code_state.c.code > after
    )
    return list(connection.execute(query.order_by(code_state.c.code).limit(limit)).scalars())


def child_count(connection: Connection, parent: str) -> int:
    """Return how many codes were packed into a unit last."""
    query = select(func.count()).where(code_state.c.parent == parent)
    return connection.execute(query.select_from(code_state)).scalar() or 0


def parents_among(connection: Connection, codes: Collection[str]) -> set[str]:
    """Return those of some codes into which anything was packed last."""
    statement = "SELECT DISTINCT parent FROM code_state WHERE parent IN {}"
    return {parent for (parent,) in among(connection, statement, codes)}


def time_of(connection: Connection, entry: bytes) -> int | None:
    """Return when an event of ours says to have happened, in ms; None if there is none."""
    query = select(event.c.event_time_ms).where(is_entry(entry))
    return connection.execute(query).scalar()


def parent_positions(connection: Connection, parents: Collection[str]) -> list[tuple[str, int]]:
    """Return (parent, position) of the events that name these codes as parents."""
    statement = "SELECT parent, event FROM parent_event WHERE parent IN {}"
    return [(parent, event) for parent, event in among(connection, statement, parents)]


_ALIKE: Final = (
    select(event_standing)
    .where(event_standing.c.fingerprint.in_(bindparam("prints", expanding=True)))
    .order_by(event_standing.c.event)
)


def standings_like(
    connection: Connection, fingerprints: Collection[bytes]
) -> dict[bytes, list[Standing]]:
    """Return the events that have one of these fingerprints, oldest first."""
    listed = sorted(set(fingerprints))
    found: dict[bytes, list[Standing]] = {one: [] for one in listed}
    for start in range(0, len(listed), 500):
        for row in connection.execute(_ALIKE, {"prints": listed[start : start + 500]}):
            found[bytes(row.fingerprint)].append(
                Standing(row.event, bytes(row.fingerprint), row.standing)
            )
    return found


def standings_at(connection: Connection, positions: Collection[int]) -> dict[int, Standing]:
    """Return the standing of events by position."""
    statement = "SELECT event, fingerprint, standing FROM event_standing WHERE event IN {}"
    return {
        event: Standing(event, bytes(print_), standing)
        for event, print_, standing in among(connection, statement, positions)
    }


def declared(connection: Connection, keys: Collection[bytes]) -> dict[bytes, int]:
    """Return the declarations of error among event keys: position by key."""
    listed = sorted(set(keys))
    found: dict[bytes, int] = {}
    for start in range(0, len(listed), 500):
        query = select(error_declared).where(
            error_declared.c.event_key.in_(listed[start : start + 500])
        )
        found.update((bytes(row.event_key), row.declaration) for row in connection.execute(query))
    return found


_ANY_DECLARED: Final = select(error_declared.c.declaration).limit(1)


def any_declared(connection: Connection) -> bool:
    """Tell whether any event was declared an error."""
    return connection.execute(_ANY_DECLARED).first() is not None


def lot_statements(connection: Connection, lot: str) -> list[LotStatement]:
    """Return every statement about a lot, oldest first."""
    query = select(lot_statement).where(lot_statement.c.lot == lot)
    rows = connection.execute(query.order_by(lot_statement.c.event))
    return [LotStatement(row.lot, row.event, row.expiry) for row in rows]


def first_statements(connection: Connection, lots: Collection[str]) -> dict[str, LotStatement]:
    """Return the first statement about each lot."""
    found: dict[str, LotStatement] = {}
    columns = lot_statement.c
    for lot in lots:
        query = select(lot_statement).where(columns.lot == lot).order_by(columns.event).limit(1)
        row = connection.execute(query).first()
        if row is not None:
            found[lot] = LotStatement(row.lot, row.event, row.expiry)
    return found


def findings_of_codes(connection: Connection, codes: Collection[str]) -> set[Finding]:
    """Return every finding about codes that rests on what is stored here."""
    told = int(Rule.SOLD_AGAIN)
    statement = (
        "SELECT event, rule, code, other FROM finding "  # noqa: S608
        f"WHERE rule <> {told} AND code IN {{}}"
    )
    rows = among(connection, statement, codes)
    return {Finding(event, Rule(rule), code, other) for event, rule, code, other in rows}


def findings_of_event(
    connection: Connection, position: int, limit: int | None = None
) -> list[FindingRow]:
    """Return the findings that accuse an event."""
    query = select(finding).where(finding.c.event == position)
    query = query.order_by(finding.c.rule, finding.c.code).limit(limit)
    return _findings(connection.execute(query))


def findings_of_code(connection: Connection, code: str, limit: int) -> list[FindingRow]:
    """Return the first findings about a code."""
    query = select(finding).where(finding.c.code == code).order_by(finding.c.number)
    return _findings(connection.execute(query.limit(limit)))


def findings_after(
    connection: Connection,
    after: int,
    limit: int,
    rules: Sequence[Rule] = (),
    since_ms: int | None = None,
) -> list[FindingRow]:
    """Return findings by number."""
    query = select(finding).where(finding.c.number > after)
    if rules:
        query = query.where(finding.c.rule.in_([int(rule) for rule in rules]))
    if since_ms is not None:
        query = query.where(finding.c.found_at_ms >= since_ms)
    return _findings(connection.execute(query.order_by(finding.c.number).limit(limit)))


def entries_of(connection: Connection, positions: Collection[int]) -> dict[int, bytes]:
    """Return the entries of events by position."""
    statement = "SELECT position, entry FROM event WHERE position IN {}"
    return {position: bytes(entry) for position, entry in among(connection, statement, positions)}


def position_of(connection: Connection, entry: bytes) -> int | None:
    """Return the position of an event, None if the entry is unknown."""
    return connection.execute(select(event.c.position).where(is_entry(entry))).scalar()


def finding_numbered(connection: Connection, number: int) -> FindingRow | None:
    """Return one finding."""
    rows = _findings(connection.execute(select(finding).where(finding.c.number == number)))
    return rows[0] if rows else None


def clear(connection: Connection) -> None:
    """Remove everything but what the network told: `sale_findings` keeps that."""
    for table in (code_state, parent_event, event_standing, error_declared, lot_statement):
        connection.execute(delete(table))
    connection.execute(delete(finding).where(finding.c.rule != int(Rule.SOLD_AGAIN)))


def _findings(rows: Iterable[Any]) -> list[FindingRow]:
    return [
        FindingRow(row.number, row.event, Rule(row.rule), row.code, row.other, row.found_at_ms)
        for row in rows
    ]


def events_with_parent(connection: Connection, code: str, *, limit: int) -> list[int]:
    """Return positions of the events that name a code as the parent of others, ascending."""
    query = (
        select(parent_event.c.event)
        .where(parent_event.c.parent == code)
        .order_by(parent_event.c.event)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())
