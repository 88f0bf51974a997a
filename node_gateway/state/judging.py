"""One event against one code: the code's next state, and what the event contradicts.

Every function is pure. The caller says what the code is packed into (its chain), as of the event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from node_gateway.state import custody, lives
from node_gateway.state.case import Case, Judged
from node_gateway.state.code_state import CodeState
from node_gateway.state.facts import Role
from node_gateway.state.rules import Rule
from node_gateway.state.words import RELEASED, RETURNED

Chain: TypeAlias = tuple[tuple[str, CodeState], ...]


def judge(case: Case) -> Judged:
    """Return what an event makes of a code in one of its roles."""
    _JUDGES[case.role](case)
    _describe(case)
    return case.done()


def _thing(case: Case) -> None:
    fact = case.fact
    if fact.kind not in ("object", "transaction"):
        return
    if fact.kind == "transaction":
        return  # ties goods to a document; what happens to them is said by other events
    if not lives.check(case, uses=lives.uses_thing(fact)):
        lives.begin(case, begins=fact.commissions)
        custody.check_goods(case)
        custody.move(case)
    lives.end(case, lives.ending_of(fact))


def _child(case: Case) -> None:
    fact = case.fact
    if fact.kind != "aggregation" or fact.parent is None:
        return
    if fact.action == "ADD":
        lives.check(case, uses=True)
        lives.begin(case, begins=False)
        _pack(case, fact.parent)
    elif fact.action == "DELETE":
        _unpack(case, fact.parent)
    elif not case.chain and case.state.ended is None:
        case.change(parent=fact.parent, packed=fact.mark)


def _pack(case: Case, parent: str) -> None:
    if case.is_cyclic:
        case.find(Rule.AGGREGATION_CYCLE, case.cycle_position)
        return
    if case.chain:
        if case.chain[0][0] == parent:
            return  # said again
        if not case.found:
            case.find(Rule.ALREADY_AGGREGATED, case.packed_position)
        custody.take_over(case)
    case.change(parent=parent, packed=case.fact.mark, sent=None)
    if case.fact.place is not None:
        case.change(place=case.fact.place, moved=case.fact.mark)


def _unpack(case: Case, parent: str) -> None:
    inside = case.chain[0][0] if case.chain else None
    if inside != parent:
        known = case.parent_state
        if inside is not None:
            case.find(Rule.NOT_A_CHILD, case.packed_position)
        elif known is not None and known.fully_known and known.filled is not None:
            case.find(Rule.NOT_A_CHILD, known.filled[1])
    custody.take_over(case)
    case.change(parent=None, packed=None)
    if case.fact.place is not None:
        case.change(place=case.fact.place, moved=case.fact.mark)


def _parent(case: Case) -> None:
    fact, state = case.fact, case.state
    if fact.kind != "aggregation":
        return
    if fact.action == "ADD":
        lives.check(case, uses=True)
        if state.filled is None:
            case.change(filled=fact.mark)
    elif fact.empties:
        custody.empty(case)


def _input(case: Case) -> None:
    lives.check(case, uses=True)
    lives.begin(case, begins=False)
    custody.check_goods(case)
    if ("output", case.code) not in case.fact.codes:
        lives.end(case, "consumed")


def _output(case: Case) -> None:
    if ("input", case.code) in case.fact.codes:
        return  # goes in and comes out as itself
    if not lives.check(case, uses=True):
        lives.begin(case, begins=True)
        custody.move(case)


def _describe(case: Case) -> None:
    """Keep what the event says of the code, whatever it does with it."""
    fact, state = case.fact, case.state
    case.change(last=fact.mark)
    if fact.step is not None:
        case.change(step=fact.step)
    if case.role == "parent":
        return
    if fact.persistent_set or fact.persistent_unset:
        kept = (set(state.persistent) | set(fact.persistent_set)) - set(fact.persistent_unset)
        case.change(persistent=tuple(sorted(kept)))
    if fact.disposition is not None:
        case.change(disposition=fact.disposition)
    lives.recall(case)
    if fact.disposition == RETURNED:
        case.change(returned=True)
    elif fact.disposition in RELEASED:
        case.change(returned=False)


_JUDGES: Final[Mapping[Role, Callable[[Case], None]]] = MappingProxyType(
    {"thing": _thing, "child": _child, "parent": _parent, "input": _input, "output": _output}
)
