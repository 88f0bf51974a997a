"""Which index answers a query: where its candidates come from, in which order.

Either few events can be named at once (by a code, an eventID, a short span of time), or one index
is walked: that of the rarest facet, or all events by eventTime or in the order of storing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, select

from node_gateway.epcis.query import Codes, Condition, Facet, Query, Span
from node_gateway.epcis.query.parameters import EVENT_ID
from node_gateway.storage import tables
from node_gateway.storage.facet_reading import (
    COUNTED_MAX,
    FacetIds,
    Key,
    count_in_span,
    event_window,
    event_window_by_position,
    facet_ids,
    facet_window,
    facet_window_by_position,
    keys_at,
    positions_of_codes,
    record_bounds,
)
from node_gateway.storage.ports import event_key

Mode = Literal["time", "record"]
Window = Callable[[Key | None, int], list[Key]]

GATHERED_MAX: Final = 5_000
_SPAN_MAX: Final = 4_096
_PROBED_VALUES_MAX: Final = 20
_PROBED_FROM: Final = 16
"""Reading fewer events than this costs less than asking the indexes about them."""

_event = tables.event.c


@dataclass(frozen=True, slots=True)
class Plan:
    """Where candidates come from: `window(after, limit)` gives the next of them, in order."""

    window: Window
    probes: Sequence[FacetIds]


_NO_PLAN: Final = Plan(lambda _after, _limit: [], ())


def natural_mode(connection: Connection, query: Query, through: int) -> Mode:
    """Return the order in which a query without an order is cheapest to answer."""
    if query.order.by:
        return "record" if query.order.by == "recordTime" else "time"
    first, last = record_bounds(connection, query.record_time, through)
    facets = _indexed(connection, query.conditions)
    fewest = min((one.events for one in facets), default=through + 1)
    spans_time = not query.event_time.open
    return "time" if fewest < last - first + 1 or spans_time else "record"


def planned(
    connection: Connection,
    query: Query,
    mode: Mode,
    bounds: tuple[int, int],
    *,
    descending: bool,
) -> Plan:
    """Choose the most selective index.

    Args:
        connection: One snapshot.
        query: The query.
        mode: The order in which candidates must come.
        bounds: First and last position that may be in the result.
        descending: The other way round.
    """
    stored = bounds[1] - bounds[0] + 1
    if stored <= 0:
        return _NO_PLAN
    facets = _indexed(connection, query.conditions)
    if any(not one.ids for one in facets):
        return _NO_PLAN
    facets.sort(key=lambda one: one.events)
    fewest = facets[0].events if facets else stored
    gathered = _gathered(connection, query, bounds, min(fewest, stored))
    probes = [one for one in facets if len(one.ids) <= _PROBED_VALUES_MAX]
    if gathered is not None:
        listed = _listed(gathered, mode, descending=descending)
        return Plan(listed, probes if len(gathered) >= _PROBED_FROM else ())
    if mode == "time":
        if not facets:
            return Plan(_all_by_time(connection, query.event_time, descending=descending), ())
        driver = facets[0]
        window = _facet_by_time(connection, driver, query.event_time, descending=descending)
        return Plan(window, [one for one in probes if one is not driver])
    if not facets or fewest >= min(COUNTED_MAX, stored):
        return Plan(_all_by_position(connection, bounds, descending=descending), probes)
    window = _facet_by_position(connection, facets[0], bounds, descending=descending)
    return Plan(window, [one for one in probes if one is not facets[0]])


def _indexed(connection: Connection, conditions: Sequence[Condition]) -> list[FacetIds]:
    found = []
    for one in conditions:
        if isinstance(one.hint, Facet):
            ids = facet_ids(connection, one.hint)
            if ids is not None:
                found.append(ids)
    return found


def _gathered(
    connection: Connection, query: Query, bounds: tuple[int, int], fewest: int
) -> list[Key] | None:
    """Return all candidates if few can be named at once: by a code, or by a short span."""
    most = min(fewest, GATHERED_MAX)
    best: list[int] | None = None
    for one in query.conditions:
        positions = None
        if isinstance(one.hint, Codes):
            positions = positions_of_codes(connection, one.hint, most)
        elif isinstance(one.hint, Facet) and one.hint.kind == EVENT_ID:
            positions = _positions_of_ids(connection, sorted(one.hint.values))
        if positions is not None and (best is None or len(positions) < len(best)):
            best = positions
    if best is None and bounds[1] - bounds[0] < min(most, _SPAN_MAX):
        best = list(range(bounds[0], bounds[1] + 1))
    if best is not None:
        return keys_at(connection, best, query.event_time)
    if not query.event_time.open:
        count = count_in_span(connection, query.event_time, most)
        if count < most:
            return event_window(connection, query.event_time, None, most, descending=False)
    return None


def _positions_of_ids(connection: Connection, event_ids: Sequence[str]) -> list[int]:
    found: set[int] = set()
    for event_id in event_ids:
        for corrected in (False, True):
            key = event_key(event_id, error_declaration=corrected)
            query = select(_event.position).where(tables.is_event_key(key))
            found.update(connection.execute(query).scalars())
    return sorted(found)


def _listed(keys: Sequence[Key], mode: Mode, *, descending: bool) -> Window:
    place: Callable[[Key], tuple[int, ...]] = (
        (lambda key: key) if mode == "time" else (lambda key: (key.position,))
    )
    ordered = sorted(keys, key=place, reverse=descending)

    def window(after: Key | None, limit: int) -> list[Key]:
        if after is None:
            return ordered[:limit]
        edge = place(after)
        left = (key for key in ordered if (place(key) < edge if descending else place(key) > edge))
        return [key for key, _ in zip(left, range(limit), strict=False)]

    return window


def _all_by_time(connection: Connection, span: Span, *, descending: bool) -> Window:
    return lambda after, limit: event_window(connection, span, after, limit, descending=descending)


def _facet_by_time(
    connection: Connection, driver: FacetIds, span: Span, *, descending: bool
) -> Window:
    return lambda after, limit: facet_window(
        connection, driver.ids, span, after, limit, descending=descending
    )


def rest_of(bounds: tuple[int, int], after: Key | None, *, descending: bool) -> tuple[int, int]:
    """Return what is left of a range of positions behind `after`."""
    if after is None:
        return bounds
    if descending:
        return bounds[0], min(bounds[1], after.position - 1)
    return max(bounds[0], after.position + 1), bounds[1]


def _all_by_position(
    connection: Connection, bounds: tuple[int, int], *, descending: bool
) -> Window:
    return lambda after, limit: event_window_by_position(
        connection, rest_of(bounds, after, descending=descending), limit, descending=descending
    )


def _facet_by_position(
    connection: Connection, driver: FacetIds, bounds: tuple[int, int], *, descending: bool
) -> Window:
    return lambda after, limit: facet_window_by_position(
        connection,
        driver.ids,
        rest_of(bounds, after, descending=descending),
        limit,
        descending=descending,
    )
