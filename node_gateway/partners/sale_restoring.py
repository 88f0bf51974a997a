"""Sales that stand again, because the return that took them back did not occur.

Nothing keeps which return took which sale. So what should stand is read out of our events of the
code: each return takes the last sale before it that stands, unless one of the two was taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, select

from node_gateway.state.facts import Fact
from node_gateway.state.lives import ending_of
from node_gateway.state.words import RECEIVING, RETURNED
from node_gateway.storage import sales
from node_gateway.storage.code_judging import fact_of_followed
from node_gateway.storage.following import events_after
from node_gateway.storage.ports import event_key
from node_gateway.storage.sales import Claim, ClaimState, Kind, NewClaim, TakenBack
from node_gateway.storage.tables import event as _event
from node_gateway.storage.tables import event_code, is_event_key

_DISPENSED: Final = "dispensed"
_EVENTS_MAX: Final = 1000
_CODES_MAX: Final = 1


def is_sale(fact: Fact) -> bool:
    """Tell whether packs are sold."""
    return fact.kind == "object" and ending_of(fact) == _DISPENSED


def is_return(fact: Fact) -> bool:
    """Tell whether goods come back from a customer."""
    return fact.step in RECEIVING and (fact.disposition == RETURNED or fact.is_return)


def is_undone(connection: Connection, fact: Fact) -> bool:
    """Tell whether it is stored that an event did not occur."""
    key = event_key(fact.event_id or "", error_declaration=True)
    query = select(_event.c.position).where(is_event_key(key))
    return connection.execute(query).first() is not None


def restore(
    connection: Connection,
    code: str,
    *,
    token: Callable[[], bytes],
    due: Callable[[], int],
    now: int,
) -> None:
    """Let those sales of a code stand again that no return takes back any more.

    Whoever was told that a sale was taken back is told of it anew, under another token.

    Args:
        connection: A transaction's.
        code: Canonical.
        token: Draws the token of a sale.
        due: Returns when something may be told, Unix seconds.
        now: Unix seconds.
    """
    own = [one for one in sales.of_code(connection, code) if one.is_own and one.kind is Kind.SOLD]
    stands = {one.event for one in own if one.stands}
    gone = {one.event: one for one in own if one.taken_back is TakenBack.RETURNED}
    for position in _standing(connection, code):
        claim = gone.get(position)
        if claim is not None and position not in stands:
            _again(connection, claim, token=token, due=due, now=now)


def _again(
    connection: Connection,
    claim: Claim,
    *,
    token: Callable[[], bytes],
    due: Callable[[], int],
    now: int,
) -> None:
    values: dict[str, Any] = {"taken_back": TakenBack.NO}
    if claim.state is ClaimState.TAKING_BACK:  # nobody has heard that it was
        told = claim.target is not None
        values |= {
            "state": ClaimState.SAID if told else ClaimState.DUE,
            "due_at": None if told else due(),
        }
    elif claim.state is not ClaimState.WAITING:
        made = NewClaim(
            token=token(),
            code=claim.code,
            source=sales.OURSELVES,
            target=None,
            state=ClaimState.WAITING,
            since=now,
            event=claim.event,
            entry=claim.entry,
        )
        sales.add(connection, [made])
        return
    sales.change(connection, claim.number, **values)


def _standing(connection: Connection, code: str) -> list[int]:
    """Return the positions of our sales of a code that stand by our events, in order."""
    found: list[int] = []
    for position, fact in _facts(connection, code):
        if fact.declares_error or is_undone(connection, fact):
            continue
        if is_sale(fact):
            found.append(position)
        elif is_return(fact) and found:
            found.pop()
    return found


def _facts(connection: Connection, code: str) -> Iterator[tuple[int, Fact]]:
    named = select(event_code.c.event).where(event_code.c.code == code).distinct()
    query = named.order_by(event_code.c.event).limit(_EVENTS_MAX)
    for position in connection.execute(query).scalars().all():
        events, _ = events_after(connection, position - 1, events_max=1, codes_max=_CODES_MAX)
        for one in events:
            if one.position == position:
                yield position, fact_of_followed(one)


__all__ = ["is_return", "is_sale", "is_undone", "restore"]
