"""What the state rules would say of events that are not stored, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from node_gateway.epcis.times import time_ms
from node_gateway.services.following import Follower
from node_gateway.state.facts import Fact, fact_of
from node_gateway.state.folding import DEPTH_MAX, Lookups, apply
from node_gateway.state.rules import MEANINGS, Finding
from node_gateway.storage.code_states import read_with_units
from node_gateway.storage.database import Database

EVENTS_MAX: Final = 20_000
FINDINGS_MAX: Final = 1000
_CODES_AT_ONCE: Final = 5000
_FIRST: Final = 2**62
"""Position of the first of them: after everything that is stored."""


@dataclass(frozen=True)
class Foreseen:
    """Findings with the eventID of the event that is accused.

    Attributes:
        judged: How many events were judged; further ones were not.
        found: (eventID, finding), at most `FINDINGS_MAX`.
    """

    judged: int
    found: tuple[tuple[str, Finding], ...]

    def wire(self) -> list[dict[str, Any]]:
        """Return the JSON form."""
        return [
            {
                "eventID": event_id,
                "rule": one.rule.word,
                "severity": MEANINGS[one.rule].severity,
                "code": one.code,
                "detail": MEANINGS[one.rule].en,
            }
            for event_id, one in self.found
        ]


class Foreseeing:
    """Judges events as if they were captured now, in the order of their times."""

    def __init__(
        self,
        database: Database,
        follower: Follower,
        *,
        lookups: Lookups,
        clock: Callable[[], float],
    ) -> None:
        self._database, self._follower = database, follower
        self._lookups, self._clock = lookups, clock

    async def of(self, events: Sequence[Mapping[str, Any]]) -> Foreseen:
        """Return what normalised events would contradict, each seeing the ones before it."""
        await self._follower.catch_up()
        ordered = sorted(events, key=lambda one: time_ms(one["eventTime"]))[:EVENTS_MAX]
        now_ms = int(self._clock() * 1000)
        facts = [
            fact_of(
                event,
                position=_FIRST + number,
                time_ms=time_ms(event["eventTime"]),
                received_ms=now_ms,
            )
            for number, event in enumerate(ordered)
        ]
        found = await self._database.read(lambda connection: self._judge(connection, facts))
        named = [(str(ordered[number].get("eventID", "")), one) for number, one in found]
        return Foreseen(len(ordered), tuple(named))

    def _judge(self, connection: Connection, facts: Sequence[Fact]) -> list[tuple[int, Finding]]:
        codes = list(dict.fromkeys(code for fact in facts for code in fact.named()))
        states: dict[str, Any] = {}
        for first in range(0, len(codes), _CODES_AT_ONCE):
            part = set(codes[first : first + _CODES_AT_ONCE])
            states.update(read_with_units(connection, part, {}, DEPTH_MAX))
        found: list[tuple[int, Finding]] = []
        for number, fact in enumerate(facts):
            applied = apply(fact, states, self._lookups)
            states.update(applied.changes)
            found += [(number, one) for one in applied.found[: FINDINGS_MAX - len(found)]]
        return found
