"""Order events by an extension of theirs: numbers, then times, then strings, then those without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from node_gateway.epcis.query import Order
from node_gateway.epcis.query.fields import extension, plain
from node_gateway.epcis.query.given import as_number, as_time_ms
from node_gateway.storage.searching import Found


class Place(NamedTuple):
    """The place of an event in the order; every event has another."""

    kind: int
    number: float
    text: str
    position: int


_NUMBER, _TIME, _TEXT, _NONE = 0, 1, 2, 3


def in_order(
    events: Sequence[Found], order: Order, *, after: Place | None
) -> list[tuple[Place, Found]]:
    """Return events in the order of an extension, those behind `after` only.

    Strings are compared by the values of their UTF-8 bytes, as EPCIS 2.0 section 8.2.7.1 has it.
    """
    descending = order.direction == "DESC"
    find = extension("", order.names, inner=False)
    placed = [(place_of(next(iter(find(one.event)), None), one), one) for one in events]
    placed.sort(key=lambda pair: pair[0], reverse=descending)
    if after is None:
        return placed
    return [one for one in placed if (one[0] < after if descending else one[0] > after)]


def place_of(value: object, found: Found) -> Place:
    """Return where an event with this value belongs."""
    value = plain(value)
    position = found.key.position
    if isinstance(value, bool):
        return Place(_TEXT, 0.0, str(value).lower(), position)
    if isinstance(value, int | float):
        return Place(_NUMBER, float(value), "", position)
    if not isinstance(value, str):
        return Place(_NONE, 0.0, "", position)
    number = as_number(value)
    if number is not None:
        return Place(_NUMBER, number, "", position)
    moment_ms = as_time_ms(value)
    if moment_ms is not None:
        return Place(_TIME, float(moment_ms), "", position)
    return Place(_TEXT, 0.0, value, position)
