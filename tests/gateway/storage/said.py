"""Captures flows of `tests.gateway.state.flows` for real, and reads what was kept of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, select

from node_gateway.epcis.validation import EpcisValidator
from node_gateway.services.preparing import Preparing
from node_gateway.settings import LimitsSection
from node_gateway.state.code_state import CodeState, from_wire
from node_gateway.state.history import Said, review, said_of
from node_gateway.state.rules import Finding, Rule
from node_gateway.storage.code_state_tables import code_state, finding
from node_gateway.storage.ports import GatewayStore
from tests.gateway.state.flows import Event
from tests.gateway.storage.making import NOW_MS, unit

States = dict[str, CodeState]


def preparing() -> Preparing:
    return Preparing(
        participant=7,
        validator=EpcisValidator(),
        limits=LimitsSection(),
        event_id_key=bytes(32),
        locations={},
    )


async def capture(store: GatewayStore, events: Sequence[Event], name: str) -> list[bytes]:
    """Capture events as one document; return their entries."""
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-31T00:00:00.000Z",
        "epcisBody": {"eventList": list(events)},
    }
    made = preparing().document(orjson.dumps(document), proceed=False, now_ms=NOW_MS)
    new = [one.new for one in made.events]
    outcome = await store.capture(unit(name, *new))
    assert [one.kind for one in outcome.events] == ["stored"] * len(new)
    return [one.entry for one in new]


def expected(events: Iterable[Event], without: int = 0) -> tuple[States, set[Finding]]:
    """What the definition says, by positions from 1."""
    said: list[Said] = said_of(events, received_ms=NOW_MS)
    history = review([one for one in said if one.fact.position != without])
    return {code: plain(state) for code, state in history.states.items()}, history.findings


def plain(state: CodeState) -> CodeState:
    """A state without what is only kept to know who must be judged again."""
    return state._replace(relied_ms=0)


async def kept(store: GatewayStore) -> tuple[States, set[Finding]]:
    """What the database holds."""

    def work(connection: Connection) -> tuple[States, set[Finding]]:
        states = {
            row.code: plain(from_wire(orjson.loads(row.data)))
            for row in connection.execute(select(code_state))
        }
        found = {
            Finding(row.event, Rule(row.rule), row.code, row.other)
            for row in connection.execute(select(finding))
        }
        return states, found

    return await store.read(work)


def differences(one: tuple[States, set[Finding]], other: tuple[States, set[Finding]]) -> Any:
    """Where two outcomes differ, for people."""
    states = {
        code: (one[0].get(code), other[0].get(code))
        for code in one[0].keys() | other[0].keys()
        if one[0].get(code) != other[0].get(code)
    }
    return states, sorted(one[1] - other[1]), sorted(other[1] - one[1])


NO_DIFFERENCE: tuple[dict[str, Any], list[Finding], list[Finding]] = ({}, [], [])
