"""The projection of sales: what is sold here becomes a claim, what comes back takes it back.

A claim is made once for an event and a code, also when everything is followed again: its token is
known elsewhere already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Connection, delete, insert, select

from anchoring.directory.prefixes import product_of_code
from node_gateway.partners.sale_restoring import is_return, is_sale, is_undone, restore
from node_gateway.state.facts import Fact
from node_gateway.storage import sale_findings, sales
from node_gateway.storage.code_judging import fact_of_followed
from node_gateway.storage.ports import event_key
from node_gateway.storage.sale_tables import publication
from node_gateway.storage.sales import Claim, ClaimState, Kind, NewClaim, TakenBack
from node_gateway.storage.tables import event as _event
from node_gateway.storage.tables import event_code, is_event_key

if TYPE_CHECKING:
    from node_gateway.services.following import FollowedEvent
    from node_gateway.storage.database import Insert

NAME: Final = "sales"


class Sold(NamedTuple):
    """That a pack was sold, by one of our events."""

    position: int
    entry: bytes
    code: str


class Back(NamedTuple):
    """That a pack came back, or that an event did not occur.

    Attributes:
        position: The event that did not occur.
        by: Which of our events says that the pack came back.
        from_customer: Whether nobody else is named who gave it back.
    """

    position: int | None
    why: TakenBack
    by: Sold | None = None
    from_customer: bool = False


class Again(NamedTuple):
    """That a pack did not come back after all."""

    code: str


class Change(NamedTuple):
    """What a pass writes, in the order of capture."""

    said: list[Sold | Back | Again]
    publish: list[tuple[int, bytes]]


class SaleFollowing:
    """Implements `Projection`.

    Args:
        floor: Position of the last event that is older than this projection: told to nobody.
        publish_steps: Business steps of events that are published.
        token: Draws the token of a sale, 32 bytes.
        due: Returns when the withdrawal of a sale may be told, Unix seconds.
        clock: Unix seconds.
    """

    name = NAME

    def __init__(
        self,
        *,
        floor: int,
        publish_steps: Sequence[str],
        token: Callable[[], bytes],
        due: Callable[[], int],
        clock: Callable[[], float],
    ) -> None:
        self._floor, self._publish_steps = floor, frozenset(publish_steps)
        self._token, self._due, self._clock = token, due, clock

    def prepare(self, connection: Connection, events: Sequence[FollowedEvent]) -> Change:
        """See `Projection`."""
        change = Change([], [])
        for one in events:
            if one.position <= self._floor:
                continue
            fact = fact_of_followed(one)
            if fact.step in self._publish_steps:
                change.publish.append((one.position, one.entry))
            if fact.declares_error:
                position = _position(connection, fact.event_id or "")
                change.said.append(Back(position, TakenBack.DID_NOT_OCCUR))
                if position is not None and is_return(fact):
                    change.said.extend(Again(code) for code in _packs(fact))
                continue
            if is_sale(fact):
                change.said.extend(Sold(one.position, one.entry, code) for code in _packs(fact))
            elif is_return(fact) and not is_undone(connection, fact):
                change.said.extend(_backs(one, fact))
        return change

    def apply(self, connection: Connection, insert: Insert, change: Change) -> None:
        """See `Projection`."""
        del insert  # few rows: a shop sells one pack at a time
        sold: list[Sold] = []
        for one in change.said:
            if isinstance(one, Sold):
                sold.append(one)
                continue
            self._claim(connection, sold)
            sold = []
            if isinstance(one, Back):
                self._take_back(connection, one)
            else:
                self._restore(connection, one.code)
        self._claim(connection, sold)
        _publish(connection, change.publish)

    def forget(self, connection: Connection, event: FollowedEvent) -> None:
        """See `Projection`."""
        sales.forget_event(connection, event.position)
        sale_findings.forget(connection, event.position)
        connection.execute(delete(publication).where(publication.c.event == event.position))

    def clear(self, connection: Connection) -> None:
        """See `Projection`. What was told to others is not undone by forgetting it."""
        connection.execute(delete(publication))

    def _claim(self, connection: Connection, sold: Sequence[Sold], kind: Kind = Kind.SOLD) -> None:
        if not sold:
            return
        now, lasts = int(self._clock()), sales.lasts(connection)
        known: dict[int, set[str]] = {}
        fresh = []
        for position, entry, code in sold:
            if position > lasts.event:  # as always, but when everything is followed again
                known[position] = set()
            elif position not in known:
                known[position] = {one.code for one in sales.of_event(connection, position)}
            if code not in known[position]:
                fresh.append(
                    NewClaim(
                        token=self._token(),
                        code=code,
                        source=sales.OURSELVES,
                        target=None,
                        state=ClaimState.WAITING,
                        since=now,
                        event=position,
                        entry=entry,
                        kind=kind,
                    )
                )
        sales.add(connection, fresh, number=lasts.number)

    def _take_back(self, connection: Connection, back: Back) -> None:
        claims: list[Claim] = []
        if back.by is not None:
            own = sales.own_standing(connection, back.by.code)
            claims = [one for one in own if (one.event or 0) < back.by.position][-1:]
            if not claims and back.from_customer and self._is_anothers(connection, back.by.code):
                self._claim(connection, [back.by], Kind.CAME_BACK)
        elif back.position is not None:
            claims = [one for one in sales.of_event(connection, back.position) if one.stands]
        for one in claims:
            values: dict[str, Any] = {"taken_back": back.why}
            if one.state is not ClaimState.WAITING:  # else it is dropped when it is sealed
                values |= {"state": ClaimState.TAKING_BACK, "due_at": self._due()}
            sales.change(connection, one.number, **values)
            sale_findings.forget(connection, one.event or 0, one.code)

    def _restore(self, connection: Connection, code: str) -> None:
        now = int(self._clock())
        restore(connection, code, token=self._token, due=self._due, now=now)

    def _is_anothers(self, connection: Connection, code: str) -> bool:
        """Tell whether another shop sold what came back: nothing here says that we did."""
        if any(one.is_own and one.kind is Kind.SOLD for one in sales.of_code(connection, code)):
            return False
        older = select(event_code.c.event).where(
            event_code.c.code == code, event_code.c.event <= self._floor
        )
        return connection.execute(older.limit(1)).first() is None


def _backs(one: FollowedEvent, fact: Fact) -> Iterator[Back]:
    """Yield the packs that came back. Whoever gives them is a customer, or is named."""
    for code in _packs(fact):
        by = Sold(one.position, one.entry, code)
        yield Back(None, TakenBack.RETURNED, by, from_customer=not fact.sources)


def _packs(fact: Fact) -> Iterator[str]:
    """Yield the codes of packs: a logistics unit is nobody's to sell once."""
    return (code for code in fact.named() if product_of_code(code) is not None)


def _position(connection: Connection, event_id: str) -> int | None:
    """Return the position of the event that was taken back."""
    key = event_key(event_id, error_declaration=False)
    return connection.execute(select(_event.c.position).where(is_event_key(key))).scalar()


def _publish(connection: Connection, events: Sequence[tuple[int, bytes]]) -> None:
    for position, entry in events:
        known = select(publication.c.event).where(publication.c.event == position)
        if connection.execute(known).first() is None:
            row = {"event": position, "entry": entry, "after": ""}
            connection.execute(insert(publication), row)
