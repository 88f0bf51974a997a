"""What is in a shipment as of its event: everything packed inside, and how each code began.

Worked out level by level, with one look-up for all units of a level: a pallet of 100,000 packs
costs as many queries as one with ten. What we packed ourselves is read from our own events; of
units that came to us closed, from the handover that brought them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection

from anchoring.directory.prefixes import product_of_code
from anchoring.handover_check import CODES_MAX
from node_gateway.state.code_state import CodeState, Mark
from node_gateway.storage import code_states, tables
from node_gateway.storage.events import code_lists, contents_at
from node_gateway.storage.handovers import ARRIVED

DEPTH_MAX: Final = 16


class OwnEvent(NamedTuple):
    """An own event, complete.

    Attributes:
        event: Normalised, with its code lists.
        derived: Its derived items but `sealtrail:act`.
        secret: 32 bytes; never leaves this process.
    """

    position: int
    entry: bytes
    event: dict[str, Any]
    derived: dict[str, str]
    secret: bytes
    time_ms: int

    @property
    def mark(self) -> Mark:
        """Its place in the order of folding."""
        return (self.time_ms, self.position)


_BROUGHT: Final = (
    "SELECT c.code, c.handover, c.made FROM handover_code c "  # noqa: S608
    "JOIN handover h ON h.number = c.handover WHERE h.direction = 0 AND h.state = 4 "  # in, said
    f"AND c.code IN {{}} ORDER BY {ARRIVED}, c.handover"
)
"""What brought codes, the one that counts last: the newest that came, before what only was said."""
_BROUGHT_MADE: Final = _BROUGHT.replace("AND c.code", "AND c.made IS NOT NULL AND c.code")


@dataclass
class Goods:
    """What a shipment holds, and which statements say so.

    Attributes:
        parents: Every code with the unit around it, None for what stands on its own.
        packed: By position of our packing event, what it put into its unit.
        told: By unit, what a partner said that is inside.
        made: By position of our commissioning event, the codes that began with it.
        received: By number of a received event, the codes that began with it.
    """

    parents: dict[str, str | None] = field(default_factory=dict)
    packed: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    told: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    made: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    received: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))


class TooManyCodesError(ValueError):
    """A shipment holds more codes than one handover carries."""


def own_events(connection: Connection, positions: Collection[int]) -> dict[int, OwnEvent]:
    """Return those of our events that were not erased, by position."""
    statement = (
        "SELECT position, entry, secret, event_time_ms, codes_apart, erasure FROM event "
        "WHERE position IN {}"
    )
    rows = [
        row
        for row in code_states.among(connection, statement, positions)
        if row.erasure == tables.KEPT
    ]
    contents = contents_at(connection, [row.position for row in rows])
    found = {}
    for row in rows:
        content = contents[row.position]
        event = orjson.loads(content.payload)
        if row.codes_apart:
            event.update(code_lists(connection, row.position))
        found[row.position] = OwnEvent(
            row.position,
            bytes(row.entry),
            event,
            orjson.loads(content.derived),
            bytes(row.secret),
            row.event_time_ms,
        )
    return found


def shipped(event: Mapping[str, Any]) -> list[str]:
    """Return what a shipping event names as its goods: its things, or the unit of a packing."""
    if event.get("type") == "AggregationEvent":
        parent = event.get("parentID")
        return [parent] if isinstance(parent, str) else []
    return list(dict.fromkeys(event.get("epcList") or ()))


def goods_of(connection: Connection, ship: OwnEvent) -> Goods:
    """Return what an own shipping event sends, as of that event.

    Everything stored before it must have been followed.

    Raises:
        TooManyCodesError: more than `CODES_MAX`.
    """
    goods, decoded = Goods(), dict[bytes, CodeState]()
    tops = shipped(ship.event)
    goods.parents = dict.fromkeys(tops)
    if ship.event.get("type") == "AggregationEvent":  # the event itself says what is inside
        inside = dict.fromkeys(ship.event.get("childEPCs") or (), tops[0]) if tops else {}
        goods.parents.update(inside)
    level: Sequence[str] = list(goods.parents)
    states = code_states.read_states(connection, level, decoded)
    for _ in range(DEPTH_MAX):
        found = _inside(connection, level, ship.mark, decoded, states)
        level = []
        for child, (unit, position) in found.items():
            seen = goods.parents.get(child)
            if seen is not None or child == unit:
                continue
            if child not in goods.parents:
                level.append(child)
            goods.parents[child] = unit
            (goods.told[unit] if position is None else goods.packed[position]).append(child)
        if len(goods.parents) > CODES_MAX:
            raise TooManyCodesError
        if not level:
            break
    _find_beginnings(connection, goods, states)
    return goods


def _inside(
    connection: Connection,
    units: Sequence[str],
    until: Mark,
    decoded: dict[bytes, CodeState],
    states: dict[str, CodeState],
) -> dict[str, tuple[str, int | None]]:
    """Return what was in these units at a moment: by child, the unit and our packing event."""
    inside: dict[str, dict[str, int | None]] = {
        unit: dict.fromkeys(children) for unit, children in _told(connection, units).items()
    }
    at: dict[tuple[str, str], Mark] = {}
    for one in _packings(connection, units, until):
        _fold(one, inside.setdefault(one.event["parentID"], {}), at)
    children = {child for some in inside.values() for child in some}
    fresh = code_states.read_states(connection, children, decoded)
    states.update(fresh)
    return {
        child: (unit, position)
        for unit, some in inside.items()
        for child, position in some.items()
        if _is_still_in(fresh.get(child), unit, at.get((unit, child), (0, 0)), until)
    }


def _fold(one: OwnEvent, inside: dict[str, int | None], at: dict[tuple[str, str], Mark]) -> None:
    unit, children = one.event["parentID"], one.event.get("childEPCs") or ()
    if one.event.get("action") == "ADD":
        for child in children:
            inside[child] = one.position
            at[unit, child] = one.mark
    elif one.event.get("action") == "DELETE":
        for child in children or list(inside):
            inside.pop(child, None)


def _is_still_in(state: CodeState | None, unit: str, packed: Mark, until: Mark) -> bool:
    """Tell whether nothing took a child elsewhere between its packing and the shipment."""
    if state is None:
        return True
    if state.ended is not None and state.ended.by <= until:
        return False
    moved = state.parent not in (unit, None) and state.packed is not None
    return not (moved and state.packed is not None and packed < state.packed <= until)


def _packings(connection: Connection, units: Sequence[str], until: Mark) -> Iterable[OwnEvent]:
    named = code_states.parent_positions(connection, units)
    positions = {position for _, position in named}
    standing = code_states.standings_at(connection, positions)
    wanted = [one for one in positions if _stands(standing.get(one))]
    events = own_events(connection, wanted).values()
    packing = [
        one for one in events if one.event.get("type") == "AggregationEvent" and one.mark < until
    ]
    return sorted(packing, key=lambda one: one.mark)


def _stands(standing: code_states.Standing | None) -> bool:
    return standing is not None and standing.standing == code_states.STANDS


def _told(connection: Connection, units: Sequence[str]) -> dict[str, list[str]]:
    """Return what partners said that is in units, by the newest handover that brought each."""
    newest = {code: number for code, number, _ in code_states.among(connection, _BROUGHT, units)}
    statement = "SELECT parent, handover, code FROM handover_code WHERE parent IN {} ORDER BY code"
    found: dict[str, list[str]] = defaultdict(list)
    for unit, number, code in code_states.among(connection, statement, list(newest)):
        if newest[unit] == number:
            found[unit].append(code)
    return found


def _find_beginnings(connection: Connection, goods: Goods, states: Mapping[str, CodeState]) -> None:
    """Find the event that commissioned each code: ours, or one that was handed over to us."""
    others = []
    for code in goods.parents:
        state = states.get(code)
        if state is not None and state.made is not None:
            goods.made[state.made[1]].append(code)
        elif product_of_code(code) is not None:  # a unit's maker is nobody's business but theirs
            others.append(code)
    brought = code_states.among(connection, _BROUGHT_MADE, others)
    newest = {code: made for code, _, made in brought}
    for code, made in newest.items():
        goods.received[made].append(code)


__all__ = [
    "Goods",
    "OwnEvent",
    "TooManyCodesError",
    "goods_of",
    "own_events",
    "shipped",
]
