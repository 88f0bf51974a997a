"""Answer EPCIS queries: pages of events, the standing queries that have a name, lists of values."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from node_gateway.epcis.query import (
    Need,
    Query,
    QueryTooComplexError,
    QueryTooLargeError,
    Span,
    event_id_condition,
)
from node_gateway.errors import NotReadyError
from node_gateway.services.ordering import Place, in_order
from node_gateway.services.page_tokens import PageToken, PageTokens, refused, token_digest
from node_gateway.storage import following
from node_gateway.storage.database import Database
from node_gateway.storage.facet_reading import Key, record_bounds
from node_gateway.storage.facets import Facets
from node_gateway.storage.named_queries import QueryStore
from node_gateway.storage.search_planning import Mode, natural_mode
from node_gateway.storage.searching import Found, Page, Work, last_position, search

PAGE_SIZE: Final = 30
PAGE_SIZE_MAX: Final = 1000
_CATCH_UP_S: Final = 5.0
_COUNTING: Final = Work(rows=100_000, reads=10_000, codes=1_000_000)
_ORDERING: Final = Work(rows=100_000, reads=10_000, codes=200_000)


class Following(Protocol):
    """What brings the index up to the last stored event."""

    async def catch_up(self) -> int:
        """Project everything that was stored before the call."""
        ...


class MasterAnswers(Protocol):
    """What is asked of master data."""

    def identifiers(self, need: Need) -> frozenset[str]:
        """Return the canonical identifiers that a condition needs to know."""
        ...


@dataclass(frozen=True, slots=True)
class Results:
    """One page of a result; without `token` it is the last."""

    events: tuple[Found, ...]
    token: PageToken | None


@dataclass(frozen=True, slots=True)
class NewEvents:
    """What a standing query found.

    Attributes:
        events: By position, ascending.
        position: Everything up to here has been looked at.
        more: Whether events above `position` wait already.
    """

    events: tuple[Found, ...]
    position: int
    more: bool


@dataclass(frozen=True, slots=True)
class _State:
    """A paging run: how it is ordered, up to which event, where it stands, how many are left."""

    mode: Mode
    through: int
    after: Key | None
    left: int | None
    place: Place | None = None


class Querying:
    """The use case of querying, for HTTP and for subscriptions."""

    def __init__(
        self,
        database: Database,
        follower: Following,
        *,
        kept: QueryStore,
        tokens: PageTokens,
        master: MasterAnswers,
        clock: Callable[[], float],
    ) -> None:
        self._database, self._follower, self._clock = database, follower, clock
        self._tokens, self._master = tokens, master
        self.kept = kept

    async def page(
        self, query: Query, *, question: str, size: int = PAGE_SIZE, token: str | None = None
    ) -> Results:
        """Return one page of a query's result.

        Args:
            query: The query.
            question: Names the query in its tokens: the same for every page of a run.
            size: How many events at most; a page can be shorter, and even empty, before the end.
            token: `nextPageToken` of the page before.

        Raises:
            QueryError: the token is refused, the result is larger than `maxEventCount`, or the
                question takes too much work.
            NotReadyError: the index is being brought up to date.
        """
        query = self._supplied(query)
        state = None if token is None else await self._state(token, question)
        through = await self.reached() if state is None else state.through

        def work(connection: Connection) -> tuple[tuple[Found, ...], _State | None]:
            begun = state or self._begin(connection, query, through)
            paged = _ordered_page if query.order.names else _page
            return paged(connection, query, begun, size)

        events, rest = await self._database.read(work)
        if rest is None:
            return Results(events, None)
        return Results(events, self._tokens.sign(_to_wire(rest), question))

    async def new_events(self, query: Query, *, after: int, limit: int) -> NewEvents:
        """Return the events of a standing query that were stored above a position.

        Args:
            query: The query; its order and counts are ignored.
            after: Position of the last event that was looked at; 0 begins with the first.
            limit: How many events at most.
        """
        query = self._supplied(query)
        through = await self.reached()

        def work(connection: Connection) -> Page:
            return search(
                connection,
                query,
                mode="record",
                descending=False,
                through=through,
                after=Key(0, after),
                size=limit,
            )

        page = await self._database.read(work)
        if page.after is None:
            return NewEvents(page.events, max(after, through), more=False)
        return NewEvents(page.events, page.after.position, more=True)

    async def events_with_id(self, event_id: str) -> tuple[Found, ...]:
        """Return the event with an eventID, and its error declaration: at most two."""
        query = Query((event_id_condition(event_id),))

        def work(connection: Connection) -> tuple[Found, ...]:
            page = search(
                connection,
                query,
                mode="record",
                descending=False,
                through=last_position(connection),
                after=None,
                size=2,
            )
            return page.events

        return await self._database.read(work)

    async def position_at(self, moment_ms: int) -> int:
        """Return the position below which everything was captured before a moment."""
        through = await self.reached()

        def work(connection: Connection) -> int:
            return record_bounds(connection, Span(moment_ms, None), through)[0] - 1

        return await self._database.read(work)

    async def reached(self) -> int:
        """Return the position up to which the index holds everything stored before this call.

        Raises:
            NotReadyError: it is too far behind to wait for.
        """
        reached, last = await self._database.read(_positions)
        if reached >= last:
            return last
        # Whoever waits no longer leaves the pass alone: others wait for it, too.
        passing = asyncio.ensure_future(self._follower.catch_up())
        await asyncio.wait([passing], timeout=_CATCH_UP_S)
        if passing.done() and not passing.cancelled():
            passing.exception()  # another projection's failure is the follower's to report
        reached, _ = await self._database.read(_positions)
        if reached < last:
            raise NotReadyError(
                "the index of events is being brought up to date",
                code="index_behind",
                hint="Try again in a few seconds.",
            )
        return reached

    async def give_back(self, token: str) -> bool:
        """Make a page token void; False if it is no token of ours."""
        expires_at = self._tokens.expiry(token)
        if expires_at is None:
            return False
        now_s = int(self._clock())
        if expires_at > now_s:
            await self.kept.spend(token_digest(token), expires_at=expires_at, now_s=now_s)
        return True

    async def list_state(self, token: str | None, question: str) -> str:
        """Return where the next page of a list of values begins; empty for the first."""
        if token is None:
            return ""
        await self._require_unspent(token)
        return str(self._tokens.read(token, question)["v"])

    def list_token(self, after: str, question: str) -> PageToken:
        """Return the token of the next page of a list of values."""
        return self._tokens.sign({"v": after}, question)

    def _supplied(self, query: Query) -> Query:
        return query.supplied({need: self._master.identifiers(need) for need in query.needs})

    async def _state(self, token: str, question: str) -> _State:
        await self._require_unspent(token)
        return _from_wire(self._tokens.read(token, question))

    async def _require_unspent(self, token: str) -> None:
        if await self.kept.is_spent(token_digest(token)):
            raise refused("was given back", code="page_token_expired")

    @staticmethod
    def _begin(connection: Connection, query: Query, through: int) -> _State:
        mode = natural_mode(connection, query, through)
        if query.most is not None:
            _require_few(connection, query, mode, through, query.most)
        return _State(mode, through, None, query.limit)


def _positions(connection: Connection) -> tuple[int, int]:
    return following.positions(connection).get(Facets.name, 0), last_position(connection)


def _descending(query: Query) -> bool:
    return bool(query.order.by) and query.order.direction == "DESC"


def _page(
    connection: Connection, query: Query, state: _State, size: int
) -> tuple[tuple[Found, ...], _State | None]:
    found = search(
        connection,
        query,
        mode=state.mode,
        descending=_descending(query),
        through=state.through,
        after=state.after,
        size=size if state.left is None else min(size, state.left),
    )
    left = None if state.left is None else state.left - len(found.events)
    if found.after is None or left == 0:
        return found.events, None
    return found.events, _State(state.mode, state.through, found.after, left)


def _ordered_page(
    connection: Connection, query: Query, state: _State, size: int
) -> tuple[tuple[Found, ...], _State | None]:
    """Order by an extension: no index has it, so all of the result is read and sorted each time."""
    everything = _all(connection, query, "time", state.through, _ORDERING)
    rest = in_order(everything, query.order, after=state.place)
    most = size if state.left is None else min(size, state.left)
    left = None if state.left is None else state.left - most
    events = tuple(one for _, one in rest[:most])
    if len(rest) <= most or left == 0:
        return events, None
    return events, _State(state.mode, state.through, None, left, rest[most - 1][0])


def _all(
    connection: Connection, query: Query, mode: Mode, through: int, work: Work
) -> Sequence[Found]:
    page = search(
        connection,
        query,
        mode=mode,
        descending=False,
        through=through,
        after=None,
        size=work.reads,
        work=work,
    )
    if page.after is not None:
        raise QueryTooComplexError(
            "too many events would have to be read to order them by an extension",
            parameter="orderBy",
            hint="Ask for fewer events, for example with GE_eventTime and LT_eventTime.",
        )
    return page.events


def _require_few(connection: Connection, query: Query, mode: Mode, through: int, most: int) -> None:
    page = search(
        connection,
        query,
        mode=mode,
        descending=False,
        through=through,
        after=None,
        size=min(most, _COUNTING.reads) + 1,
        work=_COUNTING,
    )
    if len(page.events) > most:
        raise QueryTooLargeError(
            "more events match than maxEventCount allows",
            parameter="maxEventCount",
            hint="Ask for fewer events, or raise or leave out maxEventCount.",
        )
    if page.after is not None:
        raise QueryTooComplexError(
            "too many events would have to be read to count the result",
            parameter="maxEventCount",
            hint="Leave out maxEventCount and read page by page.",
        )


def _to_wire(state: _State) -> dict[str, Any]:
    return {
        "m": state.mode,
        "t": state.through,
        "k": None if state.after is None else list(state.after),
        "n": state.left,
        "p": None if state.place is None else list(state.place),
    }


def _from_wire(wire: dict[str, Any]) -> _State:
    after, place = wire["k"], wire["p"]
    return _State(
        wire["m"],
        wire["t"],
        None if after is None else Key(*after),
        wire["n"],
        None if place is None else Place(*place),
    )
