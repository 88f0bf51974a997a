"""Goods on their way: who holds them, who may receive them, and what must not move."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from node_gateway.state.case import Case
from node_gateway.state.code_state import EMPTIED_MAX, CodeState, Emptied, Sent, holds, left_behind
from node_gateway.state.facts import Fact, Party
from node_gateway.state.parties import issued_by, related
from node_gateway.state.rules import Rule
from node_gateway.state.words import (
    BLOCKED,
    MOVING,
    RECEIVING,
    REMOVED,
    SELLING,
    SHIPPING,
    VOID_SHIPPING,
)

_CUSTODY: Final = ("possessing_party", "owning_party", "location")
"""Which of several stated parties has custody, first to last."""
_LEAVING: Final = frozenset({SHIPPING, "departing", "consigning", *SELLING})


def check_goods(case: Case) -> None:
    """Judge what the goods are: recalled, expired, not to be sold."""
    fact, state = case.fact, case.state
    held = state.recalled or next((one.recalled for _, one in case.chain if one.recalled), None)
    if held is not None and fact.step in _LEAVING and not _goes_back(case):
        case.find(Rule.RECALLED, held.by[1])
    if fact.step not in SELLING:
        return
    late = state.expiry is not None and fact.day > state.expiry
    if late or "expired" in (state.disposition, *state.persistent):
        case.find(Rule.EXPIRED, state.made[1] if late and state.made else 0)
    elif state.disposition in BLOCKED or any(one in BLOCKED for one in state.persistent):
        case.find(Rule.BLOCKED, state.last[1])


def move(case: Case) -> None:
    """Judge and keep a movement, and where the goods are after it."""
    fact = case.fact
    if case.chain and fact.step in MOVING:
        if case.moves_with:
            return  # what it is in moves, and says where
        case.find(Rule.CHILD_MOVED_WHILE_AGGREGATED, case.packed_position)
        take_over(case)
        case.change(parent=None, packed=None)
        _keep(case)
        return
    _check_movement(case)
    _keep(case)


def take_over(case: Case) -> None:
    """Give a code that leaves its parent what holds for the parent: custody and recall."""
    for _, unit in case.chain:
        if unit.moved is not None and (case.state.moved is None or case.state.moved < unit.moved):
            case.change(
                place=unit.place, holder=unit.holder, supplier=unit.supplier, moved=unit.moved
            )
        if unit.sent is not None and case.state.sent is None:
            case.change(sent=unit.sent)
        if unit.recalled is not None and case.state.recalled is None:
            case.change(recalled=unit.recalled)


def empty(case: Case) -> None:
    """Keep that a unit holds nothing any more, and what comes out takes with it."""
    state = case.state
    take_over(case)
    taken = case.state
    case.state = state._replace(
        emptied=(
            *state.emptied[1 - EMPTIED_MAX :],
            Emptied(
                case.fact.mark,
                case.fact.place or taken.place,
                taken.holder,
                taken.supplier,
                taken.sent,
                taken.recalled,
            ),
        )
    )


def settle(state: CodeState, parent: CodeState | None) -> CodeState:
    """Return the state of a code that may have been left behind when its parent was emptied."""
    if state.parent is None or holds(parent, state.packed):
        return state
    left = left_behind(parent, state.packed) if parent is not None else None
    settled = state._replace(parent=None, packed=None)
    if left is None:
        return settled
    if state.moved is None or state.moved < left.by:
        settled = settled._replace(
            place=left.place, holder=left.holder, supplier=left.supplier, moved=left.by
        )
    return settled._replace(
        sent=settled.sent or left.sent, recalled=settled.recalled or left.recalled
    )


def _check_movement(case: Case) -> None:
    fact, state = case.fact, case.state
    here = [*_ids(fact.destinations), *_place(fact)]
    if fact.step in RECEIVING:
        if state.sent is not None:
            if _is_stranger(fact, state.sent):
                case.find(Rule.WRONG_RECEIVER, state.sent.by[1])
        elif not fact.is_return and _elsewhere(case, here):
            case.find(Rule.NOT_SHIPPED, state.moved[1] if state.moved else 0)
    elif fact.step == SHIPPING:
        shipper = [*_ids(fact.sources), *_place(fact)]
        if state.sent is not None:
            if _ships_again(fact, state.sent, shipper):
                case.find(Rule.IN_TRANSIT, state.sent.by[1])
        elif not fact.is_return and _elsewhere(case, shipper):
            case.find(Rule.NOT_SHIPPED, state.moved[1] if state.moved else 0)
    elif fact.step in SELLING:
        if state.sent is not None:
            case.find(Rule.IN_TRANSIT, state.sent.by[1])
        elif _elsewhere(case, [*_ids(fact.sources), *_place(fact)]):
            case.find(Rule.NOT_SHIPPED, state.moved[1] if state.moved else 0)


def _keep(case: Case) -> None:
    fact, state = case.fact, case.state
    if fact.step == SHIPPING:
        case.change(
            sent=Sent(fact.mark, fact.sources, fact.destinations, fact.place or state.place)
        )
        sender = _custodian(fact.sources)
        if sender is not None:
            case.change(holder=sender, moved=fact.mark)
    elif fact.step in RECEIVING:
        sources = state.sent.sources if state.sent else fact.sources
        case.change(
            sent=None,
            holder=_custodian(fact.destinations) or fact.place or state.holder,
            supplier=_custodian(sources) or (state.sent.place if state.sent else None),
            moved=fact.mark,
        )
    elif fact.step == VOID_SHIPPING or fact.step in SELLING:
        case.change(sent=None)
    elif fact.commissions and state.holder is None and fact.place is not None:
        case.change(holder=fact.place, moved=fact.mark)
    if fact.place is not None and not case.moves_with:
        case.change(place=fact.place, moved=fact.mark)


def _goes_back(case: Case) -> bool:
    """Tell whether a shipment takes goods out of trade: by its words, or by where it goes."""
    fact = case.fact
    if fact.step in SELLING:
        return False
    if fact.is_return or fact.disposition in REMOVED:
        return True
    destinations = _ids(fact.destinations)
    if any(issued_by(case.code, one) for one in destinations):
        return not any(issued_by(case.code, one) for one in _ids(fact.sources))
    supplier = case.state.supplier
    return supplier is not None and related(destinations, [supplier]) is True


def _is_stranger(fact: Fact, sent: Sent) -> bool:
    """Tell whether a receiver is neither addressed by the shipment nor its sender.

    Where both events name parties of the same role, these decide; otherwise everything that the
    receipt says of itself is compared with everything that the shipment says.
    """
    addressed = [*_ids(sent.destinations)]
    if not addressed:
        return False
    receiver = [*_ids(fact.destinations), *_place(fact)]
    back = [*_ids(sent.sources), *([sent.place] if sent.place else ())]
    if related(receiver, back) is True and related(_place(fact), back) is not False:
        return False
    answers = set()
    for role in _CUSTODY:
        ours = [one for kind, one in fact.destinations if kind == role]
        theirs = [one for kind, one in sent.destinations if kind == role]
        answers.add(related(ours, theirs))
    answers.discard(None)
    return True not in answers if answers else related(receiver, addressed) is False


def _ships_again(fact: Fact, sent: Sent, shipper: list[str]) -> bool:
    """Tell whether goods under way are shipped again, from where they left or by a stranger."""
    if sent.place is not None and fact.place == sent.place:
        return True
    addressed = [*_ids(sent.destinations)]
    if related(_ids(fact.destinations), addressed) is True:
        return False
    return related(shipper, addressed) is False


def _elsewhere(case: Case, named: list[str]) -> bool:
    """Tell whether custody is known to be with somebody who is not among those named."""
    state = case.state
    known = [one for one in (state.holder, state.place) if one is not None]
    return bool(known) and state.moved is not None and related(named, known) is False


def _custodian(parties: Iterable[Party]) -> str | None:
    named = list(parties)
    for role in _CUSTODY:
        for kind, party in named:
            if kind == role:
                return party
    return None


def _ids(parties: Iterable[Party]) -> list[str]:
    return [party for _, party in parties]


def _place(fact: Fact) -> list[str]:
    return [fact.place] if fact.place is not None else []
