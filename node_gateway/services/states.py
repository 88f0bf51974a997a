"""States of codes and findings: what the operator asks of the state rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import orjson
from sqlalchemy import Connection

from node_gateway.errors import NotFoundError, ParameterError, Spot
from node_gateway.services.following import Follower
from node_gateway.services.preparing import Preparing
from node_gateway.state.code_state import CodeState, Mark, status_of
from node_gateway.state.folding import DEPTH_MAX, Lookups, chain_of, settled
from node_gateway.state.parties import product_of
from node_gateway.state.rules import MEANINGS, Finding, Rule, rule_named
from node_gateway.storage import code_states
from node_gateway.storage.code_judging import judge_imagined
from node_gateway.storage.code_states import FindingRow
from node_gateway.storage.database import Database
from node_gateway.storage.ports import NewEvent

CODES_MAX: Final = 1000
FINDINGS_MAX: Final = 1000
CHILDREN_MAX: Final = 1000
_COUNTED_MAX: Final = 100_000
_PAGE: Final = 1000


Recalls: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, str]], Awaitable[Sequence[Spot]]]
"""From a normalised event, and lots by code, to what notices that stand hold against it."""


@dataclass(frozen=True, slots=True)
class CodeView:
    """A code's state with what it is packed into, as of the last followed event.

    Attributes:
        state: Its own state, what it took over from an emptied parent included.
        around: States of the units around it by code, nearest first.
    """

    code: str
    state: CodeState
    around: Mapping[str, CodeState]

    @property
    def status(self) -> str:
        """One word, see `status_of`."""
        return status_of(self.state, self.around)

    @property
    def located(self) -> CodeState:
        """The state that says where it is: its own, or that of what it is packed into."""
        moved = [one for one in (self.state, *self.around.values()) if one.moved is not None]
        return max(moved, key=lambda one: one.moved or (0, 0), default=self.state)


class States:
    """Answers from what was followed; every call first catches up with capture."""

    def __init__(
        self,
        database: Database,
        follower: Follower,
        preparing: Preparing,
        *,
        lookups: Lookups,
        clock: Callable[[], float],
    ) -> None:
        self._database, self._follower = database, follower
        self._preparing, self._lookups, self._clock = preparing, lookups, clock

    async def of(self, codes: Sequence[str]) -> dict[str, CodeView]:
        """Return the states of those canonical codes that any event names.

        Cost: one look-up per code and level of packing, whatever their histories.

        Raises:
            ParameterError: more than CODES_MAX codes.
        """
        if len(codes) > CODES_MAX:
            raise ParameterError(f"at most {CODES_MAX} codes at once", code="codes_at_once")
        await self._follower.catch_up()
        return await self._database.read(lambda connection: _views(connection, codes))

    async def state(self, code: str) -> dict[str, Any]:
        """Return the state of one code as JSON, with its findings.

        Raises:
            NotFoundError: no event of this gateway names it.
        """
        await self._follower.catch_up()

        def work(connection: Connection) -> dict[str, Any]:
            view = _require(connection, code)
            found = code_states.findings_of_code(connection, code, FINDINGS_MAX)
            marks = [mark for mark in _marks(view) if mark is not None]
            positions = {mark[1] for mark in marks} | _positions(found)
            entries = code_states.entries_of(connection, positions)
            return {
                **_view_wire(view, entries),
                "childCount": _child_count(connection, code, view.state),
                "findings": [finding_wire(one, entries) for one in found],
            }

        return await self._database.read(work)

    async def tree(self, code: str, *, after: str, limit: int) -> dict[str, Any]:
        """Return what a code is packed into and a page of what is packed in it, as JSON.

        Args:
            code: Canonical.
            after: The last child of the page before, empty for the first.
            limit: At most so many children.

        Raises:
            NotFoundError: no event of this gateway names it.
        """
        await self._follower.catch_up()

        def work(connection: Connection) -> dict[str, Any]:
            view = _require(connection, code)
            children, last = _children(connection, code, after, limit)
            units = code_states.parents_among(connection, [one.code for one in children])
            return {
                "code": code,
                "status": view.status,
                "parents": list(view.around),
                "children": [
                    {"code": one.code, "status": one.status, "isUnit": one.code in units}
                    for one in children
                ],
                "next": last,
            }

        return await self._database.read(work)

    async def findings(
        self, *, after: int, limit: int, rules: Sequence[str] = (), since_ms: int | None = None
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Return a page of findings as JSON, and the number to go on from if there may be more.

        Raises:
            ParameterError: there is no such rule.
        """
        chosen = [_rule(word) for word in rules]
        await self._follower.catch_up()

        def work(connection: Connection) -> tuple[list[dict[str, Any]], int | None]:
            found = code_states.findings_after(connection, after, limit, chosen, since_ms)
            entries = code_states.entries_of(connection, _positions(found))
            more = found[-1].number if len(found) == limit else None
            return [finding_wire(one, entries) for one in found], more

        return await self._database.read(work)

    async def finding(self, number: int) -> dict[str, Any]:
        """Return one finding as JSON.

        Raises:
            NotFoundError: there is none, or it does not hold any more.
        """
        await self._follower.catch_up()

        def work(connection: Connection) -> dict[str, Any]:
            found = code_states.finding_numbered(connection, number)
            if found is None:
                raise NotFoundError("no such finding", code="finding_not_found")
            return finding_wire(found, code_states.entries_of(connection, _positions([found])))

        return await self._database.read(work)

    async def of_event(self, entry: bytes) -> list[dict[str, Any]]:
        """Return the first FINDINGS_MAX findings that accuse an event, as JSON.

        Raises:
            NotFoundError: unknown entry.
        """
        await self._follower.catch_up()

        def work(connection: Connection) -> list[dict[str, Any]]:
            position = code_states.position_of(connection, entry)
            if position is None:
                raise NotFoundError("no such event", code="event_not_found")
            found = code_states.findings_of_event(connection, position, FINDINGS_MAX)
            entries = code_states.entries_of(connection, _positions(found))
            return [finding_wire(one, entries) for one in found]

        return await self._database.read(work)

    async def check(self, events: Sequence[Mapping[str, Any]]) -> list[list[Finding]]:
        """Return what normalised events would contradict were they captured now.

        Nothing is stored. `other` of a finding is a position, beyond the stored ones for an event
        of the same call.
        """
        await self._follower.catch_up()
        received_ms = int(self._clock() * 1000)

        def work(connection: Connection) -> list[list[Finding]]:
            return judge_imagined(
                connection, events, received_ms=received_ms, lookups=self._lookups
            )

        return await self._database.read(work)

    async def check_document(self, raw: bytes, *, single: bool, recalls: Recalls) -> dict[str, Any]:
        """Return, as JSON, what the events of an EPCIS document would contradict.

        Args:
            raw: The body as received.
            single: It is one bare event with its own `@context`.
            recalls: Says what notices hold against an event.

        Raises:
            EpcisError, DocumentRefusedError: capture would refuse it too.
        """
        now_ms = int(self._clock() * 1000)
        if single:
            prepared = self._preparing.single(raw, now_ms=now_ms)
        else:
            prepared = self._preparing.document(raw, proceed=False, now_ms=now_ms)
        stated = [_event_of(one.new) for one in prepared.events]
        found = await self.check(stated)
        held = [await recalls(event, {}) for event in stated]
        others = {finding.other for some in found for finding in some}
        entries = await self._database.read(lambda one: code_states.entries_of(one, others))
        events = [
            {
                "index": one.index,
                "findings": [_rule_wire(each, entries) for each in some],
                "recalls": [{"rule": spot.code, "detail": spot.detail} for spot in spots],
            }
            for one, some, spots in zip(prepared.events, found, held, strict=True)
        ]
        return {"findingCount": sum(map(len, found)), "events": events}


def finding_wire(one: FindingRow, entries: Mapping[int, bytes]) -> dict[str, Any]:
    """Return a kept finding as JSON."""
    accused = entries.get(one.position)
    return {
        "number": one.number,
        "event": accused.hex() if accused is not None else None,
        "foundAt": _time(one.found_at_ms),
        **_rule_wire(Finding(one.position, one.rule, one.code, one.other), entries),
    }


def _rule_wire(one: Finding, entries: Mapping[int, bytes]) -> dict[str, Any]:
    meaning, other = MEANINGS[one.rule], entries.get(one.other)
    is_lot = one.rule is Rule.LOT_EXPIRY_CONFLICT
    return {
        "rule": one.rule.word,
        "severity": meaning.severity,
        "text": {"en": meaning.en, "zh": meaning.zh},
        "code": one.code or None if not is_lot else None,
        "lot": one.code if is_lot else None,
        "contradicts": other.hex() if other is not None else None,
    }


def _views(connection: Connection, codes: Sequence[str]) -> dict[str, CodeView]:
    states = code_states.read_with_units(connection, set(codes), {}, DEPTH_MAX)
    return {
        code: CodeView(code, settled(states[code], states), dict(chain_of(code, states)))
        for code in dict.fromkeys(codes)
        if code in states
    }


def _require(connection: Connection, code: str) -> CodeView:
    view = _views(connection, [code]).get(code)
    if view is None:
        raise NotFoundError(
            "no event of this gateway that still stands names this code", code="code_not_found"
        )
    return view


def _children(
    connection: Connection, code: str, after: str, limit: int
) -> tuple[list[CodeView], str | None]:
    """Return a page of what is inside a unit now; what it was emptied of is passed over."""
    found: list[CodeView] = []
    size = min(limit + 1, _PAGE)
    while True:
        page = code_states.children_of(connection, code, after, size)
        for child, view in _views(connection, page).items():
            if code in view.around:
                if len(found) == limit:
                    return found, found[-1].code
                found.append(view)
            after = child
        if len(page) < size:
            return found, None


def _child_count(connection: Connection, code: str, state: CodeState) -> int:
    if not state.emptied:
        return code_states.child_count(connection, code)
    return len(_children(connection, code, "", _COUNTED_MAX)[0])


def _view_wire(view: CodeView, entries: Mapping[int, bytes]) -> dict[str, Any]:
    state, located = view.state, view.located
    sent = next((one.sent for one in (state, *view.around.values()) if one.sent), None)
    ended, held = state.ended, state.recalled
    return {
        "code": view.code,
        "product": product_of(view.code),
        "status": view.status,
        "lot": state.lot,
        "expiry": state.expiry,
        "commissioned": _mark(state.made, entries),
        "last": _mark(state.last, entries),
        "bizStep": state.step,
        "disposition": state.disposition,
        "persistentDispositions": list(state.persistent),
        "ended": None if ended is None else {"kind": ended.kind, **_said(ended.by, entries)},
        "returned": state.returned,
        "recalled": None if held is None else _mark(held.by, entries),
        "parents": list(view.around),
        "place": located.place,
        "holder": located.holder,
        "supplier": located.supplier,
        "inTransit": None
        if sent is None
        else {
            **_said(sent.by, entries),
            "from": [{"type": kind, "id": party} for kind, party in sent.sources],
            "to": [{"type": kind, "id": party} for kind, party in sent.destinations],
        },
    }


def _marks(view: CodeView) -> list[Mark | None]:
    state = view.state
    shipments = [one.sent.by for one in (state, *view.around.values()) if one.sent]
    ended = state.ended.by if state.ended else None
    held = state.recalled.by if state.recalled else None
    return [state.made, state.last, ended, held, *shipments]


def _mark(mark: Mark | None, entries: Mapping[int, bytes]) -> dict[str, Any] | None:
    return None if mark is None else _said(mark, entries)


def _said(mark: Mark, entries: Mapping[int, bytes]) -> dict[str, Any]:
    entry = entries.get(mark[1])
    return {"statedAt": _time(mark[0]), "event": entry.hex() if entry is not None else None}


def _positions(found: Sequence[FindingRow]) -> set[int]:
    return {position for one in found for position in (one.position, one.other) if position}


def _rule(word: str) -> Rule:
    rule = rule_named(word)
    if rule is None:
        raise ParameterError(
            f"there is no rule {word!r}",
            code="unknown_rule",
            hint="docs/reference/state-rules.md lists them.",
        )
    return rule


def _event_of(new: NewEvent) -> dict[str, Any]:
    """Return a prepared event with its code lists, which a large one keeps apart."""
    event: dict[str, Any] = orjson.loads(new.payload)
    if new.codes_apart:
        for one in sorted(new.codes, key=lambda code: code.order):
            event.setdefault(one.list_name, []).append(one.code)
    return event


def _time(at_ms: int) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
