"""States and findings on both databases: what is kept, found again, forgotten."""

import time
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection

from node_gateway.services.following import Follower
from node_gateway.state.code_state import CodeState
from node_gateway.state.rules import Rule
from node_gateway.storage import code_states, sale_findings
from node_gateway.storage.code_judging import CodeStates, judge_imagined
from node_gateway.storage.ports import GatewayStore
from node_gateway.storage.sales import OURSELVES, Answer, Claim, ClaimState, Kind, TakenBack
from tests.gateway.state.flows import (
    MAKER,
    NOW_MS,
    SHOP,
    Event,
    case,
    dispensed,
    made,
    named,
    pack,
    packed,
    received,
    seen,
    shipped,
    taken_back,
    unpacked,
)
from tests.gateway.state.test_clean_flows import FLOWS, IN_CASE
from tests.gateway.state.test_rules import BREACHES
from tests.gateway.storage.said import NO_DIFFERENCE, capture, differences, expected, kept

A, B = pack("A"), pack("B")
LARGE = 1100  # more codes than are kept inside an event


async def follow(store: GatewayStore, *passes: Sequence[Event]) -> list[bytes]:
    follower = Follower(store, [CodeStates()])
    entries: list[bytes] = []
    for number, events in enumerate(passes):
        entries += await capture(store, events, f"pass-{number}-{time.perf_counter_ns()}")
        await follower.catch_up()
    return entries


def distinct(events: Sequence[Event]) -> list[Event]:
    """Name events that come without an eventID: the store would take equal ones for one."""
    return [{"eventID": f"urn:uuid:{at:08d}", **event} for at, event in enumerate(events)]


@pytest.mark.parametrize("together", [True, False])
async def test_every_flow_is_kept_as_defined(store: GatewayStore, together: bool) -> None:
    """All flows one after the other: each under its own names, so that they do not meet."""
    events: list[Event] = []
    future = "not yet"  # capture refuses it
    flows = [*FLOWS.values(), *(one[0] for name, one in BREACHES.items() if name != future)]
    for number, flow in enumerate(flows):
        renamed = [_renamed(one, number) for one in distinct(flow)]
        events += renamed
    passes = [events] if together else [events[at : at + 3] for at in range(0, len(events), 3)]
    await follow(store, *passes)
    assert differences(await kept(store), expected(events)) == NO_DIFFERENCE


def _renamed(event: Event, number: int) -> Event:
    """The same event of other goods."""
    import json

    text = json.dumps(event).replace("/21/", f"/21/F{number}-").replace("urn:", f"urn:f{number}:")
    text = text.replace('"L1"', f'"L1-{number}"').replace('"L2"', f'"L2-{number}"')
    for unit in range(1, 5):
        text = text.replace(case(unit), case(1000 + 10 * number + unit))
    found: Event = json.loads(text)
    return found


async def test_a_large_event_that_comes_late(store: GatewayStore) -> None:
    packs = [pack(f"L{number:05d}") for number in range(LARGE)]
    unit = case(7)
    late = [
        [made(0, packs)],
        [shipped(5, [unit], MAKER, SHOP), dispensed(9, packs[:1])],
        [packed(1, unit, packs)],
        [unpacked(8, unit, who=SHOP)],
    ]
    await follow(store, *late)
    events = [one for some in late for one in some]
    assert differences(await kept(store), expected(events)) == NO_DIFFERENCE


async def test_a_large_event_taken_back_and_forgotten(store: GatewayStore) -> None:
    packs = [pack(f"L{number:05d}") for number in range(LARGE)]
    wrong = named(made(0, packs, expiry="2027-01-01"), "urn:x:1")
    events = [wrong, made(1, packs), taken_back(wrong)]
    entries = await follow(store, events[:2], events[2:])
    assert differences(await kept(store), expected(events)) == NO_DIFFERENCE
    await Follower(store, [CodeStates()]).forget(entries[2])
    assert differences(await kept(store), expected(events, without=3)) == NO_DIFFERENCE
    found = (await kept(store))[1]
    assert {one.rule for one in found} == {Rule.DOUBLE_COMMISSION, Rule.LOT_EXPIRY_CONFLICT}


async def test_no_number_of_a_finding_is_given_twice(store: GatewayStore) -> None:
    """Neither where a finding is taken back, nor where all are built anew, nor for a sale's."""

    async def numbers() -> list[int]:
        found = await store.read(lambda c: code_states.findings_after(c, 0, 100))
        return [one.number for one in found]

    wrong = named(dispensed(7, [B], who=MAKER), "urn:uuid:7")
    await follow(store, [made(1, [B]), dispensed(6, [B], who=MAKER), wrong])
    first = await numbers()
    await follow(store, [taken_back(wrong)])
    assert (len(first), await numbers()) == (1, [])

    await follow(store, [named(dispensed(8, [B], who=MAKER), "urn:uuid:8")])
    second = await numbers()
    assert min(second) > max(first)

    await store.write("test", code_states.clear)
    await store.write("test", lambda c: sale_findings.keep(c, A, [_sold_again()], at_ms=NOW_MS))
    assert min(await numbers()) > max(second)


def _sold_again() -> Claim:
    return Claim(
        number=1,
        token=bytes(16),
        code=A,
        source=OURSELVES,
        target=2,
        event=1,
        entry=bytes(32),
        state=ClaimState.SAID,
        answer=Answer.AGAIN,
        times=2,
        taken_back=TakenBack.NO,
        due_at=None,
        since=0,
        kind=Kind.SOLD,
        strange=False,
        heard=Answer.AGAIN,
        heard_times=2,
    )


async def test_a_finding_keeps_its_number_while_it_holds(store: GatewayStore) -> None:
    flow = [made(0, [A]), made(1, [A]), made(2, [B]), dispensed(6, [B], who=MAKER)]

    def read(connection: Connection) -> list[code_states.FindingRow]:
        return code_states.findings_after(connection, 0, 100)

    await follow(store, flow)
    (before,) = await store.read(read)
    await follow(store, [seen(3, [A, B], "inspecting")], [seen(0.5, [A], "inspecting")])
    assert await store.read(read) == [before]
    await follow(store, [dispensed(7, [B], who=MAKER)])
    both = await store.read(read)
    assert [one.rule for one in both] == [Rule.DOUBLE_COMMISSION, Rule.ALREADY_DISPENSED]
    assert both[0].number < both[1].number


async def test_judging_what_is_not_stored_writes_nothing(store: GatewayStore) -> None:
    await follow(store, IN_CASE)
    before = await kept(store)
    wanted = [shipped(2, [A], MAKER, SHOP), packed(0.5, case(4), [B]), seen(3, [A], "inspecting")]
    found = await store.read(
        lambda connection: judge_imagined(
            connection, wanted, received_ms=NOW_MS, lookups=CodeStates()._lookups
        )
    )
    rules = [[one.rule for one in some] for some in found]
    assert rules == [[Rule.CHILD_MOVED_WHILE_AGGREGATED], [], []]
    assert await kept(store) == before


async def test_the_cost_of_an_event_does_not_grow_with_history(store: GatewayStore) -> None:
    """Judged by the rows that are read: one per code and unit, never its events."""
    await follow(store, [made(0, [A])])
    for number in range(3):
        await follow(store, [seen(1 + number + at / 100, [A], "storing") for at in range(60)])
    states: dict[str, CodeState] = (await kept(store))[0]
    assert len(str(states[A])) < 1000
    took = []
    for at in range(20):
        started = time.thread_time()
        await follow(store, [seen(10 + at, [A], "storing")])
        took.append(time.thread_time() - started)
    assert sorted(took)[10] < 0.2


async def test_received_states_survive_their_way_to_the_database(store: GatewayStore) -> None:
    flow = [
        *IN_CASE, seen(1.5, [A], "inspecting", persistentDisposition={"set": ["recalled"]}),
        shipped(2, [case(1)], MAKER, SHOP), received(3, [case(1)], MAKER, SHOP),
        shipped(4, [case(1)], SHOP, MAKER), unpacked(5, case(1), who=MAKER),
        dispensed(6, [B], who=MAKER),
    ]  # fmt: skip
    await follow(store, flow)
    assert differences(await kept(store), expected(flow)) == NO_DIFFERENCE
