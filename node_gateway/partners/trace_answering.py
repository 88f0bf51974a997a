"""Answer a neighbour that asks about the way of a code.

Only who gave us the code may ask where it went, and only who got it from us where it came from; who
says to have sent us a code gave it to us once it has come (`code_ways.came_from`).
Everybody else gets the answer that an unknown code gets, after the same time.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, Protocol

from sqlalchemy import Connection

from anchoring.core.bundle import Bundle
from node_gateway.errors import NotFoundError, StateError
from node_gateway.partners.ports import Direction
from node_gateway.partners.trace_asking import MARGIN_MS, Neighbours
from node_gateway.partners.trace_wire import Found, FoundStep, Hole, Question, Reason, Way
from node_gateway.services.disclosing import (
    ACKNOWLEDGEMENT,
    Disclosing,
    DisclosingStore,
    OpenEvent,
    choose_policy,
    covers,
    may_go,
    open_event,
)
from node_gateway.services.limiter import Limiter
from node_gateway.services.public import COMMISSIONING_STEP, standing_among
from node_gateway.services.steps import COARSE
from node_gateway.settings import PoliciesSection, PolicySection
from node_gateway.settings_partners import TraceSection
from node_gateway.state.words import RECEIVING
from node_gateway.storage.code_ways import came_from, partners_of
from node_gateway.storage.database import Database

_EVENTS_MAX: Final = 1000
_STEPS_MAX: Final = 64
_REMEMBERED_MAX: Final = 10_000
_REFUSAL_S: Final = 0.02


class TraceStore(DisclosingStore, Database, Protocol):
    """What answering needs of the store."""


class TraceAnswering:
    """Answers questions of neighbours and passes them on."""

    def __init__(
        self,
        store: TraceStore,
        disclosing: Disclosing,
        neighbours: Neighbours,
        *,
        participant: int,
        settings: TraceSection,
        policies: PoliciesSection,
    ) -> None:
        self._store, self._disclosing, self._neighbours = store, disclosing, neighbours
        self._participant = participant
        self._settings, self._policies = settings, policies
        self._limit = Limiter(settings.per_partner, member="trace.per_partner", many=True)
        self._share = Limiter(
            settings.relayed_per_partner, member="trace.relayed_per_partner", many=True
        )
        self._asked: OrderedDict[tuple[str, Way], None] = OrderedDict()

    async def answer(self, caller: int, question: Question) -> Found:
        """Return what a neighbour is told.

        Raises:
            RateLimitError: it asks too much.
        """
        self._limit.count(str(caller))
        began = time.monotonic()

        def ways(connection: Connection) -> tuple[list[int], list[int]]:
            before = came_from(connection, question.code)
            behind = partners_of(connection, question.code, Direction.OUT)
            return (before, behind) if question.way is Way.DOWN else (behind, before)

        askers, goes = await self._store.read(ways)
        if caller not in askers:
            return await _nothing(began)
        if self._is_repeated(question):
            return Found(holes=(self._hole(Reason.ASKED_ALREADY),))
        onward = [one for one in goes if one != caller]
        own, beyond = await asyncio.gather(
            self._own(question), self._beyond(question, onward, began, caller)
        )
        return own + beyond

    def _is_repeated(self, question: Question) -> bool:
        key = (question.question, question.way)
        known = key in self._asked
        self._asked[key] = None
        if len(self._asked) > _REMEMBERED_MAX:
            self._asked.popitem(last=False)
        return known

    def _hole(self, reason: Reason, hop: int = 0) -> Hole:
        return self._neighbours.hole(self._participant, reason, hop=hop)

    async def _own(self, question: Question) -> Found:
        """Return our own steps at the grain that the asker may see, or that there is a hole."""
        open_to_it = self._settings.publish != "no" or (
            question.distance == 1 and self._settings.partners != "no"
        )
        chosen = [
            (one, policy)
            for one in await self._events(question.code)
            if (policy := self._policy(one, question)) is not None
        ]
        final = [pair for pair in chosen if pair[0].stored.header.state == "final"]
        bundles = [await self._bundle(*pair, question.code) for pair in final[-_STEPS_MAX:]]
        steps = tuple(FoundStep(0, one.to_wire()) for one in bundles if one is not None)
        if open_to_it and len(final) == len(chosen) and steps:
            return Found(steps)
        reason = Reason.BEING_SEALED if open_to_it and chosen else Reason.NOT_DISCLOSED
        return Found(steps, (self._hole(reason),))

    def _policy(self, one: OpenEvent, question: Question) -> PolicySection | None:
        """Return what the asker may see of a step of ours, None if nothing."""
        if one.biz_step == COMMISSIONING_STEP:
            public = choose_policy(self._policies, "public", one.biz_step, one.preset)
            if public is not None:
                return public  # anybody may
        if (
            self._settings.publish != "no"
            and one.biz_step in self._settings.publish_steps
            and may_go(self._policies, one, "chain")
        ):
            return COARSE
        if question.distance > 1 or self._settings.partners == "no":
            return None
        return self._partners_policy(one, question.way)

    def _partners_policy(self, one: OpenEvent, way: Way) -> PolicySection | None:
        """Return the coarser grain, less what our policy does not show such a partner anyway.

        Who asks downwards sent us the goods: of our receiving them it is shown what answers to
        shipments show it.
        """
        is_sender = way is Way.DOWN and one.biz_step in RECEIVING
        audience = ACKNOWLEDGEMENT if is_sender else "partner"
        policy = choose_policy(self._policies, audience, one.biz_step, one.preset)
        if policy is None:
            return None
        return PolicySection(
            paths=tuple(
                path for path in COARSE.paths if any(covers(two, path) for two in policy.paths)
            )
        )

    async def _events(self, code: str) -> Sequence[OpenEvent]:
        stored = await self._store.events_of_code(code, limit=_EVENTS_MAX)
        opened = [open_event(one) for one in stored if one.payload is not None]
        steps = {one.biz_step for one in opened if one.biz_step is not None}
        return standing_among(opened, tuple(steps))

    async def _bundle(self, one: OpenEvent, policy: PolicySection, code: str) -> Bundle | None:
        try:
            return await self._disclosing.bundle_under(one, policy, codes=[code], hinting=False)
        except (StateError, NotFoundError):  # erased meanwhile, or in doubt since a reorg
            return None

    async def _beyond(
        self, question: Question, onward: Sequence[int], began: float, caller: int
    ) -> Found:
        """Return what lies beyond us in the question's direction, seen from us.

        Whom we ask counts all our questions together: each partner has its own share of them.
        """
        if not onward:
            return await self._end(question)
        taken_ms = math.ceil((time.monotonic() - began) * 1000)
        budget_ms = question.budget_ms - taken_ms - MARGIN_MS
        reason = None
        if not self._settings.relay:
            reason = Reason.NOT_DISCLOSED
        elif question.hops == 0:
            reason = Reason.HOP_LIMIT
        elif budget_ms <= 0 or not self._share.takes(str(caller), cost=len(onward)):
            reason = Reason.NO_ANSWER
        if reason is not None:
            return Found(holes=tuple(self._neighbours.hole(one, reason, hop=1) for one in onward))
        answers = await self._neighbours.ask(onward, question.onward(budget_ms=budget_ms))
        found = Found()
        for _, answer in answers:
            found += answer.farther()
        return found

    async def _end(self, question: Question) -> Found:
        """Say where the way ends: what nobody handed to us, and we did not make, has a hole."""
        if question.way is Way.DOWN:
            return Found()
        made = any(one.biz_step == COMMISSIONING_STEP for one in await self._events(question.code))
        return Found() if made else Found(holes=(Hole(1, "participant", Reason.NO_HANDOVER),))


async def _nothing(began: float) -> Found:
    """Answer as for an unknown code, at a moment that does not tell what was looked up."""
    taken = time.monotonic() - began
    steps = max(1, math.ceil(taken / _REFUSAL_S))
    await asyncio.sleep(steps * _REFUSAL_S - taken)
    return Found()
