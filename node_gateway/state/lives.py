"""Begin and end of a code: commissioning, use after the end, recall, return."""

from __future__ import annotations

from typing import Final

from node_gateway.state import custody
from node_gateway.state.case import Case, Found
from node_gateway.state.code_state import EARLY_MAX, CodeState, Ended, Recall
from node_gateway.state.facts import Fact
from node_gateway.state.parties import is_logistic, issued_by
from node_gateway.state.rules import Rule
from node_gateway.state.words import (
    BEFORE_BEGINNING,
    ENDED_BY_DISPOSITION,
    ENDING,
    NOT_ENDING,
    PARTIAL,
    RECALLED,
    RECEIVING,
    RELEASED,
    REMOVED,
    SELLING,
    USING,
)

_DISPENSED: Final = "dispensed"
_TAKES_ALL: Final = ("destroyed", "lost")
"""Ends of a unit that are ends of all that is inside."""


def uses_thing(fact: Fact) -> bool:
    """Tell whether an object event treats its things as goods."""
    return fact.step in USING or fact.commissions


def ending_of(fact: Fact) -> str | None:
    """Return how an object event ends its things, None if it does not."""
    kind = ENDING.get(fact.step or "")
    by_disposition = ENDED_BY_DISPOSITION.get(fact.disposition or "")
    if kind == _DISPENSED:
        return None if fact.disposition == PARTIAL else kind
    if kind == "decommissioned" and by_disposition is not None:
        return by_disposition
    if kind is not None:
        return kind
    if fact.step in NOT_ENDING or fact.commissions:
        return None
    if fact.action == "DELETE":
        return by_disposition or "decommissioned"
    return by_disposition if by_disposition != "lost" else None


def check(case: Case, *, uses: bool) -> bool:
    """Judge a use after the end; tell whether the event was accused.

    A logistic unit's number lives again when it is commissioned again; goods come back from a
    sale by an event that says so.
    """
    fact = case.fact
    ended = case.state.ended or _end_around(case)
    if ended is None:
        return False
    if fact.commissions and case.state.made is None:
        return False  # it is the early end that is wrong, and `begin` says so
    if ended.kind == _DISPENSED and case.state.ended is not None and _comes_back(fact):
        case.change(ended=None, returned=fact.disposition == "returned" or fact.is_return)
        return False
    if fact.commissions and is_logistic(case.code) and case.state.ended is not None:
        case.state = CodeState(last=case.state.last, relied_ms=case.state.relied_ms)
        return False
    again = fact.step in SELLING and ended.kind == _DISPENSED
    uses = uses or (case.role == "thing" and ended.kind == ENDING.get(fact.step or ""))
    if not uses or (ended.by[0] >= fact.time_ms and not again):
        return False
    if ended.kind == _DISPENSED:
        case.find(Rule.ALREADY_DISPENSED, ended.by[1])
        return True
    if fact.disposition in REMOVED and ended.kind != ENDING.get(fact.step or ""):
        return False
    case.find(Rule.DECOMMISSIONED, ended.by[1])
    return True


def begin(case: Case, *, begins: bool) -> None:
    """Judge and keep a commissioning; without one, keep that the code was used."""
    fact, state = case.fact, case.state
    if fact.lot is not None and state.lot is None:
        case.change(lot=fact.lot)
    if fact.expiry is not None and state.expiry is None:
        case.change(expiry=fact.expiry)
    if state.made is not None:
        if begins and fact.step != "creating_class_instance":
            case.find(Rule.DOUBLE_COMMISSION, state.made[1])
        return
    if begins:
        _commission(case)
        return
    if fact.step in BEFORE_BEGINNING:
        return
    uses = case.role != "thing" or uses_thing(fact)
    if uses and not state.early and state.last == (0, 0) and _is_own(case):
        case.find(Rule.NOT_COMMISSIONED, 0)
    if len(state.early) < EARLY_MAX:
        case.change(early=(*state.early, fact.mark))


def end(case: Case, kind: str | None) -> None:
    """Keep how the code ended. What ends leaves its parent; an empty shell holds nothing."""
    if kind is None:
        return
    state, mark = case.state, case.fact.mark
    if state.ended is None or (state.ended.kind == _DISPENSED and kind != _DISPENSED):
        case.change(ended=Ended(kind, mark), returned=False)
    case.change(parent=None, packed=None)
    if kind == "decommissioned":
        custody.empty(case)


def recall(case: Case) -> None:
    """Keep what the event says of a recall."""
    fact, held = case.fact, case.state.recalled
    if RECALLED in fact.persistent_unset:
        case.change(recalled=None)
    elif RECALLED in fact.persistent_set:
        case.change(recalled=Recall(held.by if held else fact.mark, persistent=True))
    elif fact.disposition == RECALLED and held is None:
        case.change(recalled=Recall(fact.mark, persistent=False))
    elif held is not None and not held.persistent and fact.disposition in RELEASED:
        case.change(recalled=None)


def _commission(case: Case) -> None:
    fact, early = case.fact, case.state.early
    for mark in early:
        if mark[0] < fact.time_ms:
            case.found.append(Found(mark[1], Rule.BEFORE_COMMISSIONING, fact.position))
    if early:
        case.withdrawn.append((early[0][1], Rule.NOT_COMMISSIONED))
    case.change(made=fact.mark, early=())


def _end_around(case: Case) -> Ended | None:
    for _, unit in case.chain:
        if unit.ended is not None and unit.ended.kind in _TAKES_ALL:
            return unit.ended
    return None


def _comes_back(fact: Fact) -> bool:
    if _DISPENSED in fact.persistent_unset or "retail_sold" in fact.persistent_unset:
        return True
    if fact.step in SELLING or fact.step == "shipping":
        return False
    return fact.is_return or (fact.step in RECEIVING and fact.disposition == "returned")


def _is_own(case: Case) -> bool:
    """Tell whether the company that gives out the code is the one that uses it."""
    fact = case.fact
    if fact.step in RECEIVING or fact.step == "arriving":
        return False
    named = [party for _, party in fact.sources]
    if fact.place is not None:
        named.append(fact.place)
    return any(issued_by(case.code, one) for one in named)
