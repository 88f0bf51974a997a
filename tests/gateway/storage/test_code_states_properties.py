"""However events arrive, what is kept is what the definition says of all of them together."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete

from node_gateway.services.following import Follower
from node_gateway.storage.code_judging import CodeStates
from node_gateway.storage.engine import migrate, open_store
from node_gateway.storage.ports import GatewayStore
from node_gateway.storage.schema import metadata
from tests.gateway.state.flows import (
    MAKER,
    SHOP,
    TRADER,
    Event,
    at,
    case,
    dispensed,
    made,
    pack,
    packed,
    place,
    received,
    seen,
    shipped,
    taken_back,
    unpacked,
)
from tests.gateway.storage.making import NOW_MS
from tests.gateway.storage.said import NO_DIFFERENCE, capture, differences, expected, kept

EXAMPLES = int(os.environ.get("SEALTRAIL_STATE_EXAMPLES", "60"))
PACKS = [pack(name) for name in "ABC"]
UNITS = [case(number) for number in (1, 2, 3)]
HOURS = st.integers(0, 6)
WHO = st.sampled_from([MAKER, TRADER, SHOP])
SOME = st.lists(st.sampled_from(PACKS + UNITS), min_size=1, max_size=3, unique=True)
UNIT = st.sampled_from(UNITS)


def _turned(hour: int, codes: list[str]) -> Event:
    return {"type": "TransformationEvent", "eventTime": at(hour), "eventTimeZoneOffset": "+00:00",
            "inputEPCList": codes[:1], "outputEPCList": codes[1:] or codes,
            "bizLocation": {"id": place(MAKER)}}  # fmt: skip


def _persistent(word: str) -> dict[str, Any]:
    return {"persistentDisposition": {word: ["recalled"]}}


EVENTS = st.one_of(
    st.builds(made, HOURS, SOME, st.sampled_from(["L1", None]),
              st.sampled_from(["2028-02-29", "2026-02-01"])),
    st.builds(packed, HOURS, UNIT, SOME),
    st.builds(packed, HOURS, UNIT, SOME),
    st.builds(unpacked, HOURS, UNIT, SOME, WHO),
    st.builds(unpacked, HOURS, UNIT, st.just([]), WHO),
    st.builds(shipped, HOURS, SOME, WHO, WHO),
    st.builds(received, HOURS, SOME, WHO, WHO),
    st.builds(dispensed, HOURS, SOME, WHO),
    st.builds(_turned, HOURS, SOME),
    st.builds(lambda h, c, d: seen(h, c, "inspecting", disposition=d), HOURS, SOME,
              st.sampled_from(["returned", "recalled", "active", "damaged"])),
    st.builds(lambda h, c, w: seen(h, c, "inspecting", **_persistent(w)), HOURS, SOME,
              st.sampled_from(["set", "unset"])),
    st.builds(lambda h, c, s: seen(h, c, s, action="DELETE"), HOURS, SOME,
              st.sampled_from(["destroying", "decommissioning"])),
)  # fmt: skip


@st.composite
def histories(draw: Any) -> list[list[Event]]:
    """Passes of events: as drawn, some repeated under another name, some taken back."""
    events = draw(st.lists(EVENTS, min_size=1, max_size=12))
    named = [{**event, "eventID": f"urn:uuid:{at:08d}"} for at, event in enumerate(events)]
    for index in draw(st.lists(st.integers(0, len(events) - 1), max_size=3, unique=True)):
        again = {**named[index], "eventID": f"urn:uuid:again-{index}"}
        named.insert(draw(st.integers(0, len(named))), again)
    for index in draw(st.lists(st.integers(0, len(named) - 1), max_size=2, unique=True)):
        if "errorDeclaration" not in named[index]:
            named.insert(draw(st.integers(0, len(named))), taken_back(named[index]))
    known: set[tuple[str, bool]] = set()
    kept_events = []
    for event in named:
        name = (event["eventID"], "errorDeclaration" in event)
        if name not in known:
            known.add(name)
            kept_events.append(event)
    cuts = sorted(draw(st.lists(st.integers(0, len(kept_events)), max_size=4)))
    bounds = [0, *cuts, len(kept_events)]
    return [kept_events[first:last] for first, last in pairwise(bounds) if last > first]


class Kept:
    """One database for all examples: opening one costs more than an example."""

    def __init__(self, store: GatewayStore) -> None:
        self.store = store

    async def check(self, passes: list[list[Event]], erased: int) -> None:
        await self._empty()
        store = self.store
        follower = Follower(store, [CodeStates()])
        entries: list[bytes] = []
        events: list[Event] = []
        for number, some in enumerate(passes):
            entries += await capture(store, some, f"pass-{number}")
            events += some
            await follower.catch_up()
        assert differences(await kept(store), expected(events)) == NO_DIFFERENCE
        position = erased % len(events)
        await follower.forget(entries[position])
        wanted = expected(events, without=position + 1)
        assert differences(await kept(store), wanted) == NO_DIFFERENCE
        await store.erase_event(entries[position])
        await follower.rebuild()
        assert differences(await kept(store), wanted) == NO_DIFFERENCE

    async def _empty(self) -> None:
        def work(connection: Connection) -> None:
            for table in metadata.sorted_tables:
                if table.name not in ("lease", "meta"):
                    connection.execute(delete(table))

        await self.store.write("empty", work)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[asyncio.Runner, Kept]]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        url = f"sqlite:///{folder}/gateway.db"
        migrate(url)
        store = runner.run(open_store(url, now_ms=lambda: NOW_MS))
        yield runner, Kept(store)
        runner.run(store.close())


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(passes=histories(), erased=st.integers(0, 100))
def test_kept_is_what_all_events_together_say(
    running: tuple[asyncio.Runner, Kept], passes: list[list[Event]], erased: int
) -> None:
    runner, kept_states = running
    runner.run(kept_states.check(passes, erased))
