"""Queries that have a name: a view of the events, and what subscriptions stand on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from node_gateway.epcis.query import Query, QueryValidationError, query_from_json
from node_gateway.errors import NotFoundError
from node_gateway.storage.named_queries import NamedQuery, QueryStore

NAMED_QUERIES_MAX: Final = 1000
_NAME: Final = re.compile(r"[A-Za-z0-9._~\-][A-Za-z0-9._~:@\- ]{0,127}", re.ASCII)
_RESERVED: Final = frozenset({"SimpleEventQuery", "SimpleMasterDataQuery"})


@dataclass(frozen=True, slots=True)
class Named:
    """A named query, read."""

    name: str
    body: Mapping[str, Any]
    query: Query
    created_at_ms: int


class NamedQueries:
    """Makes, shows and removes them."""

    def __init__(self, kept: QueryStore, *, clock: Callable[[], float]) -> None:
        self._kept, self._clock = kept, clock
        self._listeners: list[Callable[[str], None]] = []

    def on_removed(self, listener: Callable[[str], None]) -> None:
        """Register what is told the name of each query that is removed."""
        self._listeners.append(listener)

    async def add(self, definition: Any) -> Named:
        """Keep a query.

        Args:
            definition: `{"name": ..., "query": {...}}`; `@context` may stand beside them.

        Raises:
            QueryError: it is refused.
            QueryExistsError, TooManyQueriesError: it cannot be kept.
        """
        name, body = _taken_apart(definition)
        query = query_from_json(body)
        now_ms = int(self._clock() * 1000)
        await self._kept.add(NamedQuery(name, orjson.dumps(body), now_ms), most=NAMED_QUERIES_MAX)
        return Named(name, body, query, now_ms)

    async def get(self, name: str) -> Named:
        """Return a query.

        Raises:
            NotFoundError: there is none of this name.
        """
        found = await self._kept.get(name)
        if found is None:
            raise _unknown()
        return _named(found)

    async def page(self, *, after: str, limit: int) -> Sequence[Named]:
        """Return queries by name, above `after`."""
        return [_named(one) for one in await self._kept.page(after=after, limit=limit)]

    async def remove(self, name: str) -> None:
        """Remove a query.

        Raises:
            NotFoundError: there is none of this name.
        """
        if not await self._kept.remove(name):
            raise _unknown()
        for listener in self._listeners:
            listener(name)


def _taken_apart(definition: Any) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(definition, Mapping):
        raise QueryValidationError('a named query is {"name": "...", "query": {...}}')
    others = sorted(set(definition) - {"name", "query", "@context"})
    if others:
        raise QueryValidationError(
            "a named query has the members name and query only", parameter=others[0][:100]
        )
    name, body = definition.get("name"), definition.get("query")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _RESERVED:
        raise QueryValidationError(
            "this is no name for a query",
            parameter="name",
            code="query_name",
            hint="Up to 128 letters, digits, blanks and - . _ ~ : @, and none of EPCIS's own.",
        )
    if not isinstance(body, Mapping):
        raise QueryValidationError("a query is a JSON object of parameters", parameter="query")
    if "@context" in definition and "@context" not in body:
        body = {"@context": definition["@context"], **body}
    return name, body


def _named(found: NamedQuery) -> Named:
    body = orjson.loads(found.body)
    return Named(found.name, body, query_from_json(body), found.created_at_ms)


def _unknown() -> NotFoundError:
    return NotFoundError("there is no query of this name", code="query_not_found")
