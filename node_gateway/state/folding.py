"""Events to states and findings: the fold, one event at a time.

Order: (eventTime, position). An event that does not follow everything it depends on is late and
is judged by folding its surroundings again (`is_late`); so the outcome is a function of the set
of events alone, however they arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, Protocol

from node_gateway.state.case import Case, Chain, Judged
from node_gateway.state.code_state import NEVER_SEEN, CodeState, holds
from node_gateway.state.custody import settle
from node_gateway.state.facts import Fact, Role
from node_gateway.state.judging import judge
from node_gateway.state.parties import class_of, product_of
from node_gateway.state.rules import Finding, Rule
from node_gateway.state.sensors import Limits, exceeds

DEPTH_MAX: Final = 16
"""Levels of packing that are followed."""
FUTURE_TOLERANCE_MS: Final = 300_000


class Lookups(Protocol):
    """What master data say; None is "they do not say"."""

    def limits(self, product: str) -> Limits | None:
        """Return the temperatures between which a product is kept."""
        ...

    def regions(self, product: str) -> frozenset[str] | None:
        """Return where a product is meant to be sold."""
        ...

    def region_of(self, place: str) -> str | None:
        """Return the region of a place."""
        ...


class NoLookups:
    """Master data that say nothing."""

    def limits(self, product: str) -> Limits | None:
        """See `Lookups`."""
        del product
        return None

    def regions(self, product: str) -> frozenset[str] | None:
        """See `Lookups`."""
        del product
        return None

    def region_of(self, place: str) -> str | None:
        """See `Lookups`."""
        del place
        return None


class Applied(NamedTuple):
    """What one event does: new states of its codes, findings, findings that no longer hold."""

    changes: dict[str, CodeState]
    found: list[Finding]
    withdrawn: list[tuple[int, Rule, str]]


def apply(fact: Fact, states: Mapping[str, CodeState], lookups: Lookups) -> Applied:
    """Judge one standing event.

    Args:
        fact: The event.
        states: States before it of every code that it names and of what these are packed into
            (`chain_of`); a code that is missing was never seen.
        lookups: Master data.
    """
    applied = Applied({}, event_findings(fact, lookups), [])
    things = {code for role, code in fact.codes if role == "thing"}
    parent_state = states.get(fact.parent) if fact.parent is not None else None
    parent_chain = chain_of(fact.parent, states) if fact.parent is not None else ()
    judged_alike: dict[tuple[Role, str, int], Judged] = {}
    for role, code in fact.codes:
        before = applied.changes.get(code) or states.get(code, NEVER_SEEN)
        # A cycle is about the code itself; what else is judged is alike for equal states.
        is_one_of_many = role == "thing" or (role == "child" and before.filled is None)
        key = (role, class_of(code), id(before))
        judged = judged_alike.get(key) if is_one_of_many else None
        if judged is None:
            state = settled(before, states)
            case = Case(
                code,
                role,
                fact,
                state,
                chain=_around(state, states),
                things=things,
                parent_state=parent_state,
                parent_chain=parent_chain,
            )
            judged = judge(case)
            if is_one_of_many and code not in applied.changes:
                judged_alike[key] = judged
        applied.changes[code] = judged.state
        if judged.found or judged.withdrawn:
            _keep(applied, code, judged)
    _rely(applied, fact, states)
    return applied


def units_around(state: CodeState, states: Mapping[str, CodeState]) -> list[str]:
    """Return what a code is or was packed into, as far as a judgement of it looks."""
    units: list[str] = []
    while state.parent is not None and len(units) < DEPTH_MAX and state.parent in states:
        units.append(state.parent)
        state = states[state.parent]
    return units


def chain_of(code: str, states: Mapping[str, CodeState]) -> Chain:
    """Return what a code is packed into, nearest first, at most DEPTH_MAX levels."""
    state = states.get(code)
    return () if state is None else _around(state, states)


def is_late(fact: Fact, states: Mapping[str, CodeState]) -> frozenset[str]:
    """Return the codes of an event that were judged by later events already.

    Args:
        fact: The event.
        states: As in `apply`.
    """
    found: set[str] = set()
    at_ms = fact.time_ms
    for _, code in fact.codes:
        state = states.get(code)
        if state is None:
            continue
        if (
            at_ms < state.last[0]
            or at_ms < state.relied_ms
            or (
                state.parent is not None
                and any(at_ms < states[unit].last[0] for unit in units_around(state, states))
            )
        ):
            found.add(code)
    return frozenset(found)


def fold(facts: Iterable[Fact], lookups: Lookups) -> tuple[dict[str, CodeState], set[Finding]]:
    """Fold standing events from nothing: the definition that everything else must agree with."""
    states: dict[str, CodeState] = {}
    found: set[Finding] = set()
    for fact in sorted(facts, key=lambda one: one.mark):
        applied = apply(fact, states, lookups)
        states.update(applied.changes)
        found.update(applied.found)
        withdraw(found, applied.withdrawn)
    return states, found


def withdraw(found: set[Finding], withdrawn: Iterable[tuple[int, Rule, str]]) -> None:
    """Take findings back, whatever they named as evidence."""
    for position, rule, code in withdrawn:
        found.discard(Finding(position, rule, code, 0))


def event_findings(fact: Fact, lookups: Lookups) -> list[Finding]:
    """Return what an event contradicts by itself: the clock, sensor limits, regions."""
    found = []
    if fact.time_ms > fact.received_ms + FUTURE_TOLERANCE_MS:
        found.append(Finding(fact.position, Rule.FUTURE_TIME, "", 0))
    region = lookups.region_of(fact.place) if fact.place is not None else None
    if not fact.readings and region is None:
        return found
    classes = {class_of(code) for _, code in fact.codes}
    products = sorted({product for one in classes if (product := product_of(one)) is not None})
    limits = (None, *(lookups.limits(product) for product in products))
    if any(exceeds(reading, one) for reading in fact.readings for one in limits):
        found.append(Finding(fact.position, Rule.COLD_CHAIN_EXCURSION, "", 0))
    meant = [lookups.regions(product) for product in products] if region is not None else []
    if any(regions is not None and region not in regions for regions in meant):
        found.append(Finding(fact.position, Rule.DIVERSION, "", 0))
    return found


def settled(state: CodeState, states: Mapping[str, CodeState]) -> CodeState:
    """Return a code's state as it is, should its parent have been emptied without naming it."""
    if state.parent is None:
        return state
    parent = states.get(state.parent)
    return settle(state, parent)


def _around(state: CodeState, states: Mapping[str, CodeState]) -> Chain:
    chain: list[tuple[str, CodeState]] = []
    while state.parent is not None and len(chain) < DEPTH_MAX:
        parent = states.get(state.parent, NEVER_SEEN)
        if not holds(parent, state.packed):
            break
        name, state = state.parent, settled(parent, states)
        chain.append((name, state))
    return tuple(chain)


def _keep(applied: Applied, code: str, judged: Judged) -> None:
    applied.found.extend(Finding(one.position, one.rule, code, one.other) for one in judged.found)
    applied.withdrawn.extend((position, rule, code) for position, rule in judged.withdrawn)


def _rely(applied: Applied, fact: Fact, states: Mapping[str, CodeState]) -> None:
    """Note on every unit around the event's codes that a judgement rested on it."""
    units: set[str] = set()
    seen: set[str] = set()
    for code in tuple(applied.changes):
        state = states.get(code)
        if state is not None and state.parent is not None and state.parent not in seen:
            seen.add(state.parent)
            units.update(units_around(state, states))
    for unit in units:
        state = applied.changes.get(unit) or states.get(unit)
        if state is not None and state.relied_ms < fact.time_ms and unit not in applied.changes:
            applied.changes[unit] = state._replace(relied_ms=fact.time_ms)
