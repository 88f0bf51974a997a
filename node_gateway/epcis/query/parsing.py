"""Read a query: from the query string of a request, or from the JSON of a named query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from node_gateway.epcis.names import Names
from node_gateway.epcis.query.conditions import Condition, Direction, Order, Query, Span
from node_gateway.epcis.query.errors import (
    QueryParameterError,
    QueryTooComplexError,
    QueryValidationError,
)
from node_gateway.epcis.query.families import family, field_names, unknown
from node_gateway.epcis.query.given import Given
from node_gateway.epcis.query.parameters import FIXED, STEERING, TIMES

PARAMETERS_MAX: Final = 100
NAME_LENGTH_MAX: Final = 500
_DIRECTIONS: Final[Mapping[str, Direction]] = {"ASC": "ASC", "DESC": "DESC"}
PAGING: Final = frozenset({"perPage", "nextPageToken"})
"""Parameters of a request that are no part of the query."""


def query_from_text(pairs: Iterable[tuple[str, str]], context: Any = None) -> Query:
    """Read a query from the decoded parameters of a query string.

    Args:
        pairs: Names and values. A list is separated by `|`, or its parameter stands there again.
        context: Prefixes for the names of extensions, as an `@context`; None for the official ones.

    Raises:
        QueryError: it is refused; says which parameter and why.
    """
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in PAGING:
            values.setdefault(name, []).append(value)
    given = [
        Given(name, "|".join(some) if len(some) > 1 else some[0], from_text=True)
        for name, some in values.items()
    ]
    return _query(given, _names(context))


def query_from_json(body: Any) -> Query:
    """Read a query from its JSON form.

    Args:
        body: The object, as `parse_json` returned it; its `@context` defines prefixes.

    Raises:
        QueryError: it is refused; says which parameter and why.
    """
    if not isinstance(body, Mapping):
        raise QueryValidationError("a query is a JSON object of parameters")
    given = [
        Given(name, value, from_text=False) for name, value in body.items() if name != "@context"
    ]
    for one in given:
        if one.name in PAGING:
            raise QueryParameterError(
                "paging is asked for in the address, not in a query",
                parameter=one.name,
                code="query_parameter_unknown",
            )
    return _query(given, _names(body.get("@context")))


def _names(context: Any) -> Names:
    names = Names.official()
    return names if context is None else names.within(context)


def _query(given: list[Given], names: Names) -> Query:
    if len(given) > PARAMETERS_MAX:
        raise QueryTooComplexError(f"a query has at most {PARAMETERS_MAX} parameters")
    steering = {one.name: one for one in given if one.name in STEERING}
    times = {one.name: one.time_ms() for one in given if one.name in TIMES}
    conditions: list[Condition] = []
    for one in given:
        if len(one.name) > NAME_LENGTH_MAX:
            raise unknown(one.name)
        if one.name in steering or one.name in times:
            continue
        build = FIXED.get(one.name, family)
        condition = build(one, names)
        if condition is not None:
            conditions.append(condition)
    order = _order(steering, names)
    limit, most = _count(steering, "eventCountLimit"), _count(steering, "maxEventCount")
    _check_counts(order, limit, most)
    return Query(
        conditions=tuple(conditions),
        event_time=Span(times.get("GE_eventTime"), times.get("LT_eventTime")),
        record_time=Span(times.get("GE_recordTime"), times.get("LT_recordTime")),
        order=order,
        limit=limit,
        most=most,
    )


def _order(steering: Mapping[str, Given], names: Names) -> Order:
    direction: Direction = "DESC"
    stated = steering.get("orderDirection")
    if stated is not None:
        (word, *more) = stated.strings()
        if more or word not in _DIRECTIONS:
            raise stated.refused("wants ASC or DESC")
        direction = _DIRECTIONS[word]
    by = steering.get("orderBy")
    if by is None:
        return Order(direction=direction)
    (field, *more) = by.strings()
    if more:
        raise by.refused("wants one field")
    if field in ("eventTime", "recordTime"):
        return Order(field, direction=direction)
    if ":" not in field:
        raise by.refused("wants eventTime, recordTime or the name of an extension")
    return Order(field, field_names(by.name, field, names), direction)


def _count(steering: Mapping[str, Given], name: str) -> int | None:
    given = steering.get(name)
    return None if given is None else given.integer(least=0 if name == "maxEventCount" else 1)


def _check_counts(order: Order, limit: int | None, most: int | None) -> None:
    if limit is not None and most is not None:
        raise QueryParameterError(
            "eventCountLimit and maxEventCount exclude each other",
            parameter="eventCountLimit",
            code="query_parameter_conflict",
            hint="Leave one of them out.",
        )
    if limit is not None and not order.by:
        raise QueryParameterError(
            "eventCountLimit wants orderBy, or nobody knows which events come first",
            parameter="eventCountLimit",
            code="query_parameter_conflict",
            hint="Add orderBy=eventTime.",
        )
