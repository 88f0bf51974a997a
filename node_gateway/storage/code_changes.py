"""What a pass over new events will write: states, findings, standings, lots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, bindparam, delete

from node_gateway.state.code_state import CodeState
from node_gateway.state.rules import Finding, Rule
from node_gateway.storage import code_states, finding_numbers
from node_gateway.storage.code_state_tables import (
    error_declared,
    event_standing,
    finding,
    lot_statement,
    parent_event,
)
from node_gateway.storage.code_states import LotStatement, Standing
from node_gateway.storage.database import Insert

FindingKey: TypeAlias = tuple[int, Rule, str]


@dataclass(slots=True)
class Changes:
    """Rows to write, in the order: what goes, then what comes.

    Attributes:
        fresh: Positions of the new events: nothing is written about them yet.
        states: By code; None removes.
        known: Codes that have a row.
        taken: Findings that no longer hold.
        found: Findings to add, with when they were made.
        standings: By position; None removes.
        lots_gone: (lot, position) of statements that no longer count.
    """

    fresh: set[int] = field(default_factory=set)
    states: dict[str, CodeState | None] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    taken: set[FindingKey] = field(default_factory=set)
    found: dict[FindingKey, tuple[int, int]] = field(default_factory=dict)
    standings: dict[int, Standing | None] = field(default_factory=dict)
    parents: list[tuple[str, int]] = field(default_factory=list)
    parents_gone: list[tuple[str, int]] = field(default_factory=list)
    declared: dict[bytes, int] = field(default_factory=dict)
    declared_gone: set[bytes] = field(default_factory=set)
    lots: list[LotStatement] = field(default_factory=list)
    lots_gone: set[tuple[str, int]] = field(default_factory=set)

    def find(self, one: Finding, at_ms: int) -> None:
        """Add a finding; one that stands already is written anew."""
        self.found[one.position, one.rule, one.code] = (one.other, at_ms)

    def take(self, key: FindingKey) -> None:
        """Take a finding back, should it be there."""
        self.found.pop(key, None)
        self.taken.add(key)

    def write(self, connection: Connection, insert: Insert) -> None:
        """Write everything in the transaction of `connection`."""
        self._remove(connection)
        code_states.write_states(connection, insert, self.states, self.known)
        insert(connection, parent_event, sorted(set(self.parents)))
        insert(
            connection,
            event_standing,
            [one for one in self.standings.values() if one is not None],
        )
        insert(connection, error_declared, sorted(self.declared.items()))
        insert(connection, lot_statement, sorted(self.lots))
        self._insert_findings(connection, insert)

    def _remove(self, connection: Connection) -> None:
        old = (key for key in {*self.taken, *self.found} if key[0] not in self.fresh)
        _run(connection, _TAKE, map(_key, old))
        changed = (one for one in self.standings if one not in self.fresh)
        _run(connection, _UNSTAND, ({"b_event": one} for one in changed))
        _run(connection, _UNDECLARE, ({"b_key": one} for one in self.declared_gone))
        _run(connection, _UNLOT, ({"b_lot": lot, "b_event": at} for lot, at in self.lots_gone))
        _run(
            connection,
            _UNPARENT,
            ({"b_parent": parent, "b_event": at} for parent, at in self.parents_gone),
        )

    def _insert_findings(self, connection: Connection, insert: Insert) -> None:
        if not self.found:
            return
        first = finding_numbers.take(connection, len(self.found))
        rows: Sequence[tuple[Any, ...]] = [
            (number, position, int(rule), code, other, at_ms)
            for number, ((position, rule, code), (other, at_ms)) in enumerate(
                sorted(self.found.items()), first
            )
        ]
        insert(connection, finding, rows)


_TAKE: Final = delete(finding).where(
    finding.c.event == bindparam("b_event"),
    finding.c.rule == bindparam("b_rule"),
    finding.c.code == bindparam("b_code"),
)
_UNSTAND: Final = delete(event_standing).where(event_standing.c.event == bindparam("b_event"))
_UNDECLARE: Final = delete(error_declared).where(error_declared.c.event_key == bindparam("b_key"))
_UNLOT: Final = delete(lot_statement).where(
    lot_statement.c.lot == bindparam("b_lot"), lot_statement.c.event == bindparam("b_event")
)
_UNPARENT: Final = delete(parent_event).where(
    parent_event.c.parent == bindparam("b_parent"), parent_event.c.event == bindparam("b_event")
)


def _key(key: FindingKey) -> dict[str, Any]:
    position, rule, code = key
    return {"b_event": position, "b_rule": int(rule), "b_code": code}


def _run(connection: Connection, statement: Any, rows: Iterable[dict[str, Any]]) -> None:
    values = list(rows)
    if values:
        connection.execute(statement, values)
