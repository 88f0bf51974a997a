"""Trace a code across gateways, for an operator.

The answer is our own events, what came with the goods, and what those before and after us show.
Each gateway asks its neighbours only, and nobody learns from a question that a code exists who has
not had it. What others show is verified here, against our own chain endpoint, before it is shown;
what they do not show is a hole with a role and a reason, never an end.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from anchoring.core.bundle import Bundle, parse_bundle
from anchoring.core.verify import CheckedBundle, check_bundle
from anchoring.directory.model import Directory
from anchoring.errors import AnchoringError
from node_gateway.errors import NotFoundError
from node_gateway.partners.anchored import Anchored
from node_gateway.partners.ports import Direction
from node_gateway.partners.received_events import received_bundle
from node_gateway.partners.trace_answering import TraceStore
from node_gateway.partners.trace_asking import Neighbours
from node_gateway.partners.trace_wire import Found, FoundStep, Hole, Question, Reason, Way
from node_gateway.services.limiter import Limiter
from node_gateway.services.steps import name_of, step_wire
from node_gateway.services.tracing import trace as local_trace
from node_gateway.settings_partners import TraceSection
from node_gateway.storage import sales
from node_gateway.storage.code_ways import came_from, partners_of
from node_gateway.storage.handovers import latest_in

_QUESTION_SIZE_BYTES: Final = 16
_BUNDLE_SIZE_BYTES_MAX: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an operator asks for.

    Attributes:
        ways: In which directions others are asked; none: only what is here.
        hops: How many participants far, at most.
    """

    ways: frozenset[Way] = frozenset(Way)
    hops: int | None = None


class Tracing:
    """The use case of an operator's trace."""

    def __init__(
        self,
        store: TraceStore,
        neighbours: Neighbours,
        anchored: Anchored,
        *,
        directory: Callable[[], Directory],
        settings: TraceSection,
    ) -> None:
        self._store, self._neighbours, self._anchored = store, neighbours, anchored
        self._directory, self._settings = directory, settings
        self._limit = Limiter(settings.per_key, member="trace.per_key", many=True)

    async def trace(self, code: str, wanted: Wanted, *, key: str) -> dict[str, Any]:
        """Return what is known of a canonical code here and along its custody.

        Args:
            code: Canonical.
            wanted: How far.
            key: Whose question it is, for counting.

        Raises:
            NotFoundError: neither an event nor a handover of this gateway names it.
            RateLimitError: too many questions with this key.
        """
        if wanted.ways:
            self._limit.count(key)
        began = monotonic()
        edges = await self._store.read(lambda c: _edges(c, code))
        events = await self._events(code, known=any(edges.values()))
        came = await self._store.read(lambda c: _came_with(c, code))
        ways = [one for one in Way if one in wanted.ways]
        question = secrets.token_hex(_QUESTION_SIZE_BYTES)
        asked = [self._way(code, way, edges[way], wanted, question) for way in ways]
        found = await asyncio.gather(*asked)
        own = {event["entry"] for event in events}
        answer: dict[str, Any] = {
            "code": code,
            "events": events,
            "made": await self._made(code, came),
            "sales": await self._store.read(lambda c: _sales(c, code)),
            "up": None,
            "down": None,
        }
        for way, (steps, holes) in zip(ways, found, strict=True):
            steps = [one for one in steps if one["entry"] not in own]
            answer[way.value] = {"steps": steps, "holes": holes}
        answer["tookMs"] = round((monotonic() - began) * 1000)
        return answer

    async def _events(self, code: str, *, known: bool) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = (await local_trace(self._store, code))["events"]
        except NotFoundError:
            if not known:
                raise
            found = []
        return found

    async def _made(self, code: str, came: Bundle | None) -> dict[str, Any] | None:
        """Return the commissioning that came with the goods; its seal was checked at the door."""
        if came is None:
            return None
        checked = await asyncio.to_thread(check_bundle, came)
        return {**self._shown(0, checked), "proven": True} if code in checked.code_values else None

    async def _way(
        self, code: str, way: Way, partners: list[int], wanted: Wanted, question: str
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        hops = self._settings.hops_max if wanted.hops is None else wanted.hops
        hops = min(hops, self._settings.hops_max)
        if hops == 0:
            holes = [self._neighbours.hole(one, Reason.HOP_LIMIT, hop=1) for one in partners]
            named = zip(partners, holes, strict=True)
            return [], [self._hole(hole, way, one) for one, hole in named]
        asking = Question(
            code=code,
            way=way,
            question=question,
            distance=1,
            hops=hops - 1,
            budget_ms=self._settings.deadline_ms,
        )
        steps: dict[str, dict[str, Any]] = {}
        holes_shown: list[dict[str, Any]] = []
        for partner, found in await self._neighbours.ask(partners, asking):
            proven, holes = await self._proven(code, partner, found.farther())
            for step in proven:
                steps.setdefault(step["entry"], step)
            holes_shown += [
                self._hole(one, way, partner if one.hop == 1 else None) for one in holes
            ]
        ordered = sorted(steps.values(), key=lambda one: (one["hop"], one["anchoredAt"]))
        return ordered, holes_shown

    async def _proven(
        self, code: str, partner: int, found: Found
    ) -> tuple[list[dict[str, Any]], list[Hole]]:
        """Return the steps that hold; one that does not is a hole."""
        checked = await asyncio.to_thread(lambda: [_checked(one, code) for one in found.steps])
        steps, holes = [], list(found.holes)
        for step, one in zip(found.steps, checked, strict=True):
            is_theirs = one is not None and self._may_say(one, partner, step.hop)
            held = await self._anchored.holds(one) if one is not None and is_theirs else False
            if one is None or held is False:
                role = self._neighbours.role(partner) if step.hop == 1 else "participant"
                holes.append(Hole(step.hop, role, Reason.PROOF_REFUSED))
            else:
                steps.append({**self._shown(step.hop, one), "proven": held})
        return steps, list(dict.fromkeys(holes))

    def _may_say(self, checked: CheckedBundle, partner: int, hop: int) -> bool:
        """Tell whether a step can be that participant's: a direct partner shows its own steps."""
        participant = checked.bundle.participant
        if participant not in self._directory().participants:
            return False
        return hop != 1 or participant == partner

    def _shown(self, hop: int, checked: CheckedBundle) -> dict[str, Any]:
        at = checked.bundle.anchored_at.block_time
        shown = step_wire(checked, self._directory(), time=at)
        return {"hop": hop, **shown, "proof": checked.bundle.to_wire()}

    def _hole(self, hole: Hole, way: Way, partner: int | None) -> dict[str, Any]:
        """Return a hole; only of our own partner the name, which we know anyway."""
        wire = {**hole.to_wire(), "direction": way.value}
        if partner is None:
            return wire
        return {**wire, "participant": partner, "name": name_of(self._directory(), partner)}


def _checked(step: FoundStep, code: str) -> CheckedBundle | None:
    """Return the bundle of a step if it holds in itself and is about the code."""
    try:
        raw = orjson.dumps(step.bundle)
        if len(raw) > _BUNDLE_SIZE_BYTES_MAX:
            return None
        checked = check_bundle(parse_bundle(raw))
    except (AnchoringError, ValueError):
        return None
    return checked if code in checked.code_values else None


def _edges(connection: Connection, code: str) -> dict[Way, list[int]]:
    behind = partners_of(connection, code, Direction.OUT)
    return {Way.UP: came_from(connection, code), Way.DOWN: behind}


def _came_with(connection: Connection, code: str) -> Bundle | None:
    latest = latest_in(connection, code)
    if latest is None or latest[1].made is None:
        return None
    return received_bundle(connection, latest[1].made, [code])


def _sales(connection: Connection, code: str) -> list[dict[str, Any]]:
    """Return our own sales of a code, and what the issuer said of them."""
    return [
        {
            "entry": one.entry.hex() if one.entry else None,
            "state": one.state.name.lower(),
            "answer": one.answer.name.lower() if one.answer else None,
            "times": one.times,
            "takenBack": one.taken_back.name.lower() if one.taken_back else None,
        }
        for one in _own(sales.of_code(connection, code))
    ]


def _own(claims: Iterable[sales.Claim]) -> Iterable[sales.Claim]:
    return (one for one in claims if one.is_own and one.kind is sales.Kind.SOLD)
