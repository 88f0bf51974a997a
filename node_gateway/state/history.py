"""A whole set of events at once: which stand, and what the rules find in them.

This is the definition of states and findings. The projection that follows the stored events keeps
to it event by event (tests compare the two), and `lint` uses it for files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from node_gateway.epcis.times import time_ms
from node_gateway.state.code_state import CodeState
from node_gateway.state.facts import Fact, fact_of
from node_gateway.state.fingerprint import fingerprint
from node_gateway.state.folding import Lookups, NoLookups, fold
from node_gateway.state.parties import class_of, product_of
from node_gateway.state.rules import Finding, Rule

NO_LOOKUPS: Final = NoLookups()
_GTIN_LENGTH: Final = 14


class Said(NamedTuple):
    """An event with its fingerprint."""

    fact: Fact
    fingerprint: bytes


class History(NamedTuple):
    """What a set of events comes to."""

    states: dict[str, CodeState]
    findings: set[Finding]


def review(said: Sequence[Said], lookups: Lookups = NO_LOOKUPS) -> History:
    """Return states and findings of a set of events.

    Void is what an error declaration takes back. Of events that say the same only the first that
    is not void stands; the others are findings and change nothing.
    """
    standing, findings = _standing(said)
    states, found = fold(standing, lookups)
    return History(states, findings | found | _lot_conflicts(standing))


def said_of(events: Iterable[Mapping[str, Any]], *, received_ms: int) -> list[Said]:
    """Return normalised events of a document as the rules see them, positions from 1."""
    said = []
    for index, event in enumerate(events):
        at = time_ms(str(event["eventTime"]))
        fact = fact_of(event, position=index + 1, time_ms=at, received_ms=received_ms)
        said.append(Said(fact, fingerprint(event, at)))
    return said


def lot_keys(fact: Fact) -> list[str]:
    """Return the lots (`<product>/<lot>`) for which an event states an expiry date.

    All pack levels of a trade item are one product here: the indicator digit does not count.
    """
    if fact.lot is None or fact.expiry is None or not fact.commissions:
        return []
    classes = {class_of(code) for role, code in fact.codes if role in ("thing", "output")}
    products = {product for one in classes if (product := product_of(one)) is not None}
    cores = {one[1:13] if len(one) == _GTIN_LENGTH else one for one in products}
    return [f"{core}/{fact.lot}" for core in sorted(cores)]


def _standing(said: Sequence[Said]) -> tuple[list[Fact], set[Finding]]:
    declaring = [one for one in said if one.fact.declares_error]
    void = {one.fact.event_id for one in declaring if one.fact.event_id is not None}
    # In a file, before eventIDs are made, a declaration is tied to its event by the content.
    void_contents = {one.fingerprint for one in declaring if one.fact.event_id is None}
    standing: dict[bytes, Fact] = {}
    findings: set[Finding] = set()
    for fact, content in sorted(said, key=lambda one: one.fact.position):
        if fact.declares_error or fact.event_id in void:
            continue
        if fact.event_id is None and content in void_contents:
            continue
        first = standing.setdefault(content, fact)
        if first is not fact:
            findings.add(Finding(fact.position, Rule.DUPLICATE_EVENT, "", first.position))
    return list(standing.values()), findings


def _lot_conflicts(standing: Iterable[Fact]) -> set[Finding]:
    lots: dict[str, list[Fact]] = defaultdict(list)
    for fact in sorted(standing, key=lambda one: one.position):
        for key in lot_keys(fact):
            lots[key].append(fact)
    return {
        Finding(fact.position, Rule.LOT_EXPIRY_CONFLICT, lot, facts[0].position)
        for lot, facts in lots.items()
        for fact in facts[1:]
        if fact.expiry != facts[0].expiry
    }
