"""Which events count: what was declared an error does not, nor what only repeats another event.

Of the events that say the same, the first that is not void stands. So taking back the first lets
the next one stand, and the order in which all this arrives does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from node_gateway.state.facts import Fact
from node_gateway.state.fingerprint import fingerprint
from node_gateway.state.folding import Lookups, event_findings
from node_gateway.state.history import lot_keys
from node_gateway.state.rules import Finding, Rule
from node_gateway.storage import code_states, tables
from node_gateway.storage.code_changes import Changes
from node_gateway.storage.code_history import CodeHistory
from node_gateway.storage.code_states import (
    DECLARES,
    REPEATS,
    STANDS,
    VOID,
    LotStatement,
    Standing,
)
from node_gateway.storage.ports import event_key

_EVENT_RULES: Final = (Rule.FUTURE_TIME, Rule.COLD_CHAIN_EXCURSION, Rule.DIVERSION)


class Register:
    """Decides which events of a pass stand, and what that changes for earlier ones.

    Attributes:
        touched: Codes of earlier events that began or ceased to count: to be folded again.
    """

    def __init__(
        self, connection: Connection, changes: Changes, history: CodeHistory, lookups: Lookups
    ) -> None:
        self._connection, self._changes = connection, changes
        self._history, self._lookups = history, lookups
        self._alike: dict[bytes, dict[int, Standing]] = {}
        self._lots: dict[str, dict[int, LotStatement]] = {}
        self._firsts: dict[str, LotStatement] = {}
        self._lots_of: dict[int, list[str]] = {}
        self._declared: dict[bytes, int] = {}
        self._any_declared = code_states.any_declared(connection)
        self.touched: set[str] = set()

    def expect(self, events: Sequence[tuple[Fact, bytes]]) -> None:
        """Read what is known about the events of a pass, in few queries."""
        fresh = {content for _, content in events} - self._alike.keys()
        for content, alike in code_states.standings_like(self._connection, fresh).items():
            self._alike[content] = {one.position: one for one in alike}
        if self._any_declared:
            keys = [_key(fact) for fact, _ in events if fact.event_id is not None]
            self._declared.update(code_states.declared(self._connection, keys))
        self._lots_of = {fact.position: lot_keys(fact) for fact, _ in events}
        lots = {key for keys in self._lots_of.values() for key in keys} - self._firsts.keys()
        self._firsts.update(code_states.first_statements(self._connection, lots))

    def admit(self, fact: Fact, content: bytes) -> bool:
        """Take in a new event; tell whether it stands."""
        if fact.declares_error:
            self._put(Standing(fact.position, content, DECLARES))
            self._declare(fact)
            return False
        if fact.event_id is not None and _key(fact) in self._declared:
            self._put(Standing(fact.position, content, VOID))
            return False
        alike = self._group(content)
        first = min((one for one in alike.values() if one.standing == STANDS), default=None)
        if first is not None:
            self._put(Standing(fact.position, content, REPEATS))
            self._found(Finding(fact.position, Rule.DUPLICATE_EVENT, "", first.position), fact)
            return False
        self._put(Standing(fact.position, content, STANDS))
        for lot in self._lots_of[fact.position]:
            self._state(lot, fact)
        return True

    def forget(self, event: Mapping[str, Any], fact: Fact) -> None:
        """Let an event that is being erased count no more, nor what it declared."""
        content = fingerprint(event, fact.time_ms)
        held = self._group(content).pop(fact.position, None)
        self._changes.standings[fact.position] = None
        for row in code_states.findings_of_event(self._connection, fact.position):
            self._changes.take((row.position, row.rule, row.code))
        if held is not None and held.standing == STANDS:
            self._withdraw(fact)
        if fact.declares_error and fact.event_id is not None:
            self._changes.declared_gone.add(_key(fact))
            self._declared.pop(_key(fact), None)
            target = self._target(fact)
            if target is not None and target.standing == VOID:
                self._put(target._replace(standing=REPEATS))
                self._regroup(target.fingerprint)
        self._regroup(content)

    def standing(self, positions: Sequence[int]) -> set[int]:
        """Return those of some events that stand, this pass included."""
        known = code_states.standings_at(self._connection, positions)
        found = {one for one, row in known.items() if row.standing == STANDS}
        for position, row in self._changes.standings.items():
            if row is not None and row.standing == STANDS:
                found.add(position)
            else:
                found.discard(position)
        return found.intersection(positions)

    def _declare(self, fact: Fact) -> None:
        if fact.event_id is None:
            return
        self._any_declared = True
        self._declared[_key(fact)] = self._changes.declared[_key(fact)] = fact.position
        target = self._target(fact)
        if target is None or target.standing == VOID:
            return
        stood = target.standing == STANDS
        self._put(target._replace(standing=VOID))
        self._changes.take((target.position, Rule.DUPLICATE_EVENT, ""))
        whole = self._history.whole(target.position)
        if stood and whole is not None:
            self._withdraw(whole)
        self._regroup(target.fingerprint)

    def _target(self, fact: Fact) -> Standing | None:
        """Return the standing of the event that a declaration takes back."""
        key = event_key(str(fact.event_id), error_declaration=False)
        query = select(tables.event.c.position).where(tables.is_event_key(key))
        position = self._connection.execute(query).scalar()
        if position is None:
            return None
        if position in self._changes.standings:
            return self._changes.standings[position]
        return code_states.standings_at(self._connection, [position]).get(position)

    def _regroup(self, content: bytes) -> None:
        """Let the first of the events that say the same stand, and no other."""
        counting = sorted(
            one for one in self._group(content).values() if one.standing in (STANDS, REPEATS)
        )
        for one in counting:
            is_first = one is counting[0]
            whole = self._history.whole(one.position)
            if whole is None:
                continue
            if is_first and one.standing != STANDS:
                self._put(one._replace(standing=STANDS))
                self._changes.take((one.position, Rule.DUPLICATE_EVENT, ""))
                self._restore(whole)
            elif not is_first:
                if one.standing == STANDS:
                    self._put(one._replace(standing=REPEATS))
                    self._withdraw(whole)
                first = counting[0].position
                self._found(Finding(one.position, Rule.DUPLICATE_EVENT, "", first), whole)

    def _withdraw(self, fact: Fact) -> None:
        """Undo what a standing event stated by itself; its codes are folded again."""
        self.touched.update(fact.named())
        for rule in _EVENT_RULES:
            self._changes.take((fact.position, rule, ""))
        for lot in lot_keys(fact):
            self._all(lot).pop(fact.position, None)
            self._changes.lots_gone.add((lot, fact.position))
            self._changes.lots = [
                one for one in self._changes.lots if (one.lot, one.position) != (lot, fact.position)
            ]
            self._changes.take((fact.position, Rule.LOT_EXPIRY_CONFLICT, lot))
            self._judge_lot(lot, fact)

    def _restore(self, fact: Fact) -> None:
        self.touched.update(fact.named())
        for one in event_findings(fact, self._lookups):
            self._found(one, fact)
        for lot in lot_keys(fact):
            statement = LotStatement(lot, fact.position, str(fact.expiry))
            self._all(lot)[fact.position] = statement
            self._changes.lots_gone.discard((lot, fact.position))
            self._changes.lots.append(statement)
            self._judge_lot(lot, fact)

    def _state(self, lot: str, fact: Fact) -> None:
        """Keep a new event's statement about a lot, and compare it with the first one."""
        statement = LotStatement(lot, fact.position, str(fact.expiry))
        self._changes.lots.append(statement)
        if lot in self._lots:
            self._lots[lot][fact.position] = statement
        first = self._firsts.setdefault(lot, statement)
        if first.expiry != statement.expiry:
            self._found(Finding(fact.position, Rule.LOT_EXPIRY_CONFLICT, lot, first.position), fact)

    def _judge_lot(self, lot: str, fact: Fact) -> None:
        statements = sorted(self._all(lot).values(), key=lambda one: one.position)
        self._firsts.pop(lot, None)
        for one in statements:
            first = self._firsts.setdefault(lot, one)
            if one.expiry == first.expiry:
                self._changes.take((one.position, Rule.LOT_EXPIRY_CONFLICT, lot))
            else:
                found = Finding(one.position, Rule.LOT_EXPIRY_CONFLICT, lot, first.position)
                self._found(found, fact)

    def _all(self, lot: str) -> dict[int, LotStatement]:
        if lot not in self._lots:
            rows = [*code_states.lot_statements(self._connection, lot)]
            rows += [one for one in self._changes.lots if one.lot == lot]
            gone = self._changes.lots_gone
            self._lots[lot] = {one.position: one for one in rows if (lot, one.position) not in gone}
        return self._lots[lot]

    def _group(self, content: bytes) -> dict[int, Standing]:
        if content not in self._alike:
            alike = code_states.standings_like(self._connection, [content])[content]
            self._alike[content] = {
                one.position: self._changes.standings.get(one.position) or one for one in alike
            }
        return self._alike[content]

    def _put(self, standing: Standing) -> None:
        self._group(standing.fingerprint)[standing.position] = standing
        self._changes.standings[standing.position] = standing

    def _found(self, finding: Finding, fact: Fact) -> None:
        self._changes.find(finding, fact.received_ms)


def _key(fact: Fact) -> bytes:
    """Return the key under which a declaration about an event is kept."""
    return event_key(str(fact.event_id), error_declaration=True)
