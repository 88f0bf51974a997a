"""The events around some codes, read again: for whatever must be folded a second time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from node_gateway.state.facts import Fact, Role, fact_of
from node_gateway.storage import tables
from node_gateway.storage.code_states import among, parent_positions
from node_gateway.storage.events import contents_at

_ROLES: Final[dict[int, Role]] = {1: "thing", 2: "child", 3: "input", 4: "output"}
_EVENTS: Final = (
    "SELECT e.position, e.event_time_ms, c.created_at_ms, e.codes_apart, e.erasure "
    "FROM event e JOIN capture c ON c.number = e.capture WHERE e.position IN {}"
)


@dataclass(frozen=True, slots=True)
class _Read:
    """One event as it was read; `event` lacks its code lists where they are kept apart."""

    event: dict[str, Any]
    time_ms: int
    received_ms: int
    apart: bool


class CodeHistory:
    """Events by the codes that they name, as of a position; each is read once.

    Args:
        connection: Any connection.
        through: The last event that counts.
        without: An event that does not count, for it is being erased.
    """

    def __init__(self, connection: Connection, *, through: int, without: int = 0) -> None:
        self._connection, self._through, self._without = connection, through, without
        self._known: set[str] = set()
        self._parents_of: dict[str, set[int]] = defaultdict(set)
        self._positions: dict[str, set[int]] = defaultdict(set)
        self._roles: dict[int, set[tuple[Role, str]]] = defaultdict(set)
        self._events: dict[int, _Read] = {}

    def expect(self, parent: str, position: int) -> None:
        """Know of a new event that names a parent, of which no row is written yet."""
        self._parents_of[parent].add(position)

    def imagine(self, position: int, event: dict[str, Any], fact: Fact) -> None:
        """Count an event that is not stored, complete with its codes."""
        self._events[position] = _Read(event, fact.time_ms, fact.received_ms, apart=False)
        for code in fact.named():
            self._positions[code].add(position)

    def around(self, codes: Iterable[str]) -> tuple[set[str], set[str]]:
        """Return what depends on codes, and what these in turn depend on.

        Returns:
            The codes with everything that was ever named inside them, and that together with
            everything inside which it was ever named.
        """
        affected = self._closure(codes, self._children)
        return affected, self._closure(affected, self._parents)

    def facts(self, codes: Collection[str]) -> list[tuple[int, Fact]]:
        """Return every event that names one of `codes`, about these codes only."""
        self._read(codes)
        positions = sorted(set().union(*(self._positions[code] for code in codes)))
        return [(one, self._fact(one, codes)) for one in positions if one in self._events]

    def whole(self, position: int) -> Fact | None:
        """Return an event with all its codes, None if it is gone."""
        self._load([position])
        read = self._events.get(position)
        if read is None:
            return None
        codes = None if not read.apart else list(self._apart(position))
        return self._made(position, read, codes)

    def event(self, position: int) -> dict[str, Any] | None:
        """Return an event without what is kept apart, None if it is gone."""
        self._load([position])
        read = self._events.get(position)
        return None if read is None else read.event

    def _closure(self, codes: Iterable[str], step: Any) -> set[str]:
        found = set(codes)
        fresh = set(found)
        while fresh:
            self._read(fresh)
            fresh = {other for code in fresh for other in step(code)} - found
            found |= fresh
        return found

    def _children(self, code: str) -> Iterator[str]:
        for position in self._positions[code]:
            read = self._events.get(position)
            if read is None or read.event.get("parentID") != code:
                continue
            if read.apart:
                yield from (one for role, one in self._apart(position) if role == "child")
            else:
                yield from read.event.get("childEPCs") or ()

    def _parents(self, code: str) -> Iterator[str]:
        for position in self._positions[code]:
            read = self._events.get(position)
            parent = None if read is None else read.event.get("parentID")
            if isinstance(parent, str):
                yield parent

    def _read(self, codes: Iterable[str]) -> None:
        wanted = [code for code in codes if code not in self._known]
        self._known.update(wanted)
        positions: set[int] = set()
        statement = "SELECT code, event, list FROM event_code WHERE code IN {}"
        for code, position, number in among(self._connection, statement, wanted):
            if position <= self._through:
                self._positions[code].add(position)
                positions.add(position)
                if number:
                    self._roles[position].add((_ROLES[number], code))
        for code, position in parent_positions(self._connection, wanted):
            if position <= self._through:
                self._positions[code].add(position)
                positions.add(position)
        for code in wanted:
            self._positions[code] |= self._parents_of.get(code, set())
            positions |= self._parents_of.get(code, set())
        self._load(positions)

    def _load(self, positions: Iterable[int]) -> None:
        wanted = set(positions) - self._events.keys() - {self._without}
        rows = {
            row[0]: row for row in among(self._connection, _EVENTS, wanted) if row[4] == tables.KEPT
        }
        for position, content in contents_at(self._connection, rows).items():
            _, time_ms, received_ms, apart, _ = rows[position]
            self._events[position] = _Read(
                orjson.loads(content.payload), time_ms, received_ms, bool(apart)
            )

    def _fact(self, position: int, codes: Collection[str]) -> Fact:
        read = self._events[position]
        if not read.apart:
            return self._made(position, read, None).only(codes)
        named = {one for one in self._roles[position] if one[1] in codes}
        parent = read.event.get("parentID")
        if isinstance(parent, str) and parent in codes:
            named.add(("parent", parent))
        return self._made(position, read, sorted(named, key=_order))

    def _apart(self, position: int) -> Iterator[tuple[Role, str]]:
        columns = tables.event_code.c
        query = select(columns.code, columns.list).where(
            columns.event == position,
            columns.list > 0,  # a literal: what lets planners use the partial index
        )
        parent = self._events[position].event.get("parentID")
        if isinstance(parent, str):
            yield "parent", parent
        for code, number in self._connection.execute(query):
            yield _ROLES[number], code

    def _made(self, position: int, read: _Read, codes: Iterable[tuple[Role, str]] | None) -> Fact:
        return fact_of(
            read.event,
            position=position,
            time_ms=read.time_ms,
            received_ms=read.received_ms,
            codes=codes,
        )


def _order(one: tuple[Role, str]) -> tuple[int, str]:
    return ("parent", *_ROLES.values()).index(one[0]), one[1]
