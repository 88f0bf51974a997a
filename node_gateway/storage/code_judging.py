"""The projection of states and findings: every stored event against the state rules.

An event that follows everything it depends on costs a look-up and a write per code, whatever the
length of their histories. One that comes late, or changes what counts, has the codes that depend
on it folded again from their events: late arrivals and corrections cost more, and are rare.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, func, select

from node_gateway.epcis.times import time_ms
from node_gateway.state.code_state import CodeState
from node_gateway.state.facts import Fact, fact_of
from node_gateway.state.fingerprint import fingerprint
from node_gateway.state.folding import (
    DEPTH_MAX,
    Lookups,
    NoLookups,
    apply,
    is_late,
    withdraw,
)
from node_gateway.state.rules import Finding
from node_gateway.storage import code_states
from node_gateway.storage.code_changes import Changes
from node_gateway.storage.code_history import CodeHistory
from node_gateway.storage.code_standing import Register
from node_gateway.storage.code_state_tables import event_standing

if TYPE_CHECKING:
    from node_gateway.services.following import FollowedEvent
    from node_gateway.storage.database import Insert

_LAST: Final = select(func.max(event_standing.c.event))


class CodeStates:
    """Keeps `code_state`, `finding` and what they rest on.

    Args:
        lookups: Master data; by default they say nothing.
        on_found: Told the rule and the number of the findings of a pass.
    """

    name = "code_states"

    def __init__(
        self,
        lookups: Lookups | None = None,
        *,
        on_found: Callable[[str, int], None] | None = None,
    ) -> None:
        self._lookups = lookups or NoLookups()
        self._on_found = on_found

    def prepare(self, connection: Connection, events: Sequence[FollowedEvent]) -> Changes:
        """See `Projection`."""
        if not events:
            return Changes()
        work = _Pass(connection, self._lookups, through=events[-1].position)
        said = [
            (fact_of_followed(one), fingerprint(one.event, one.event_time_ms)) for one in events
        ]
        work.take_in(said)
        return work.changes

    def apply(self, connection: Connection, insert: Insert, change: Changes) -> None:
        """See `Projection`."""
        change.write(connection, insert)
        if self._on_found is not None:
            for rule, count in Counter(rule for _, rule, _ in change.found).items():
                self._on_found(rule.word, count)

    def forget(self, connection: Connection, event: FollowedEvent) -> None:
        """See `Projection`."""
        through = connection.execute(_LAST).scalar() or event.position
        work = _Pass(connection, self._lookups, through=through, without=event.position)
        work.forget(event)
        work.changes.write(connection, _insert_plainly)

    def clear(self, connection: Connection) -> None:
        """See `Projection`."""
        code_states.clear(connection)


def judge_imagined(
    connection: Connection,
    events: Sequence[Mapping[str, Any]],
    *,
    received_ms: int,
    lookups: Lookups,
) -> list[list[Finding]]:
    """Return what events would contradict were they captured now, one after the other.

    Nothing is written. Earlier events whose judgement they would change are not among it.

    Args:
        connection: Any connection; everything stored must have been followed.
        events: Normalised events, complete with their code lists.
        received_ms: Now.
        lookups: Master data.
    """
    first = (connection.execute(_LAST).scalar() or 0) + 1
    work = _Pass(connection, lookups, through=first + len(events))
    said = []
    for position, event in enumerate(events, first):
        at = time_ms(str(event["eventTime"]))
        fact = fact_of(event, position=position, time_ms=at, received_ms=received_ms)
        work.imagine(event, fact)
        said.append((fact, fingerprint(event, at)))
    work.take_in(said)
    found: list[list[Finding]] = [[] for _ in events]
    for (position, rule, code), (other, _) in sorted(work.changes.found.items()):
        if position >= first:
            found[position - first].append(Finding(position, rule, code, other))
    return found


class _Pass:
    """One pass over new events, or the forgetting of one."""

    def __init__(
        self, connection: Connection, lookups: Lookups, *, through: int, without: int = 0
    ) -> None:
        self._connection, self._lookups = connection, lookups
        self._history = CodeHistory(connection, through=through, without=without)
        self.changes = Changes()
        self._register = Register(connection, self.changes, self._history, lookups)
        self._decoded: dict[bytes, CodeState] = {}

    def take_in(self, said: Sequence[tuple[Fact, bytes]]) -> None:
        """Judge new events in the order of capture."""
        changes, register = self.changes, self._register
        changes.fresh = {fact.position for fact, _ in said}
        for fact, _ in said:
            if fact.parent is not None:
                changes.parents.append((fact.parent, fact.position))
                self._history.expect(fact.parent, fact.position)
        register.expect(said)
        standing = [fact for fact, content in said if register.admit(fact, content)]
        # A later event of this pass may have taken an earlier one back.
        standing = [one for one in standing if self._counts(one)]
        late = self._follow(standing)
        self._fold_again(late | register.touched, at_ms=said[-1][0].received_ms)

    def imagine(self, event: Mapping[str, Any], fact: Fact) -> None:
        """Count an event that is not stored."""
        self._history.imagine(fact.position, dict(event), fact)

    def forget(self, event: FollowedEvent) -> None:
        """Undo an event."""
        fact = fact_of_followed(event)
        if fact.parent is not None:
            self.changes.parents_gone.append((fact.parent, fact.position))
        self._register.forget(event.event, fact)
        codes = self._register.touched
        self.changes.known = set(code_states.read_states(self._connection, codes, self._decoded))
        self._fold_again(codes, at_ms=event.received_at_ms)

    def _counts(self, fact: Fact) -> bool:
        standing = self.changes.standings.get(fact.position)
        return standing is not None and standing.standing == code_states.STANDS

    def _follow(self, facts: Sequence[Fact]) -> set[str]:
        """Apply events to what is known; return the codes for which they came late."""
        changes = self.changes
        codes = {code for fact in facts for code in fact.named()}
        states = code_states.read_with_units(self._connection, codes, self._decoded, DEPTH_MAX)
        changes.known = set(states)
        late: set[str] = set()
        for fact in facts:
            late |= is_late(fact, states)
            applied = apply(fact, states, self._lookups)
            states.update(applied.changes)
            changes.states.update(applied.changes)
            for found in applied.found:
                changes.find(found, fact.received_ms)
            for key in applied.withdrawn:
                changes.take(key)
        return late

    def _fold_again(self, codes: Iterable[str], *, at_ms: int) -> None:
        """Fold the events of codes, and of what depends on them, from the first one."""
        if not (wanted := set(codes)):
            return
        affected, around = self._history.around(wanted)
        facts = self._history.facts(around)
        standing = self._register.standing([position for position, _ in facts])
        states: dict[str, CodeState] = {}
        found: set[Finding] = set()
        for fact in sorted((one for at, one in facts if at in standing), key=lambda one: one.mark):
            applied = apply(fact, states, self._lookups)
            states.update(applied.changes)
            found.update(one for one in applied.found if one.code in affected)
            withdraw(found, applied.withdrawn)
        self._replace_findings(affected, found, at_ms)
        self._replace_states(affected, around, states)

    def _replace_findings(self, affected: set[str], found: set[Finding], at_ms: int) -> None:
        changes = self.changes
        for key in [key for key in changes.found if key[2] in affected]:
            del changes.found[key]
        kept = code_states.findings_of_codes(self._connection, affected)
        for one in kept - found:
            changes.take((one.position, one.rule, one.code))
        for one in found:
            changes.taken.discard((one.position, one.rule, one.code))
        for one in found - kept:
            changes.find(one, at_ms)

    def _replace_states(
        self, affected: set[str], around: set[str], states: dict[str, CodeState]
    ) -> None:
        changes = self.changes
        before = code_states.read_states(self._connection, around, self._decoded)
        changes.known |= before.keys()
        for code in around:
            known = changes.states.get(code) or before.get(code)
            state = states.get(code)
            relied_ms = max(known.relied_ms if known else 0, state.relied_ms if state else 0)
            if code in affected:
                changes.states[code] = state and state._replace(relied_ms=relied_ms)
            elif known is not None and known.relied_ms < relied_ms:
                changes.states[code] = known._replace(relied_ms=relied_ms)


def fact_of_followed(one: FollowedEvent) -> Fact:
    """Return what the rules read of a followed event."""
    return fact_of(
        one.event,
        position=one.position,
        time_ms=one.event_time_ms,
        received_ms=one.received_at_ms,
    )


def _insert_plainly(connection: Connection, table: object, rows: object) -> None:
    """Insert without the driver's bulk path, where a transaction is not ours to choose."""
    columns = [column.name for column in table.columns]  # type: ignore[attr-defined]
    values = [dict(zip(columns, row, strict=True)) for row in rows]  # type: ignore[attr-defined]
    if values:
        connection.execute(table.insert(), values)  # type: ignore[attr-defined]
