"""Batches: one per slot with a size that tells nothing; one more only for a promise at risk."""

import pytest

from node_gateway.services.batching import decoy_nonces
from node_gateway.settings import StreamSection
from tests.gateway.conftest import Start
from tests.gateway.running import Running, Wishes, batching, commissioning, dispensing, sgtin


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 1_900_000_000.0  # a multiple of the cadences below

    def __call__(self) -> float:
        return self.now_s


def wishes(clock: Clock, padding: str = "fixed:16", cadence_s: int = 100) -> Wishes:
    slow = StreamSection(cadence_s=1000, padding="fixed:16", promise_s=3000)
    ordinary = StreamSection(cadence_s=cadence_s, padding=padding, promise_s=1000)
    return Wishes(batching=batching(ordinary, slow), with_worker=False, clock=clock)


async def started(start: Start, clock: Clock, **changes: object) -> Running:
    up = await start(wishes(clock, **changes))
    up.gateway.gate.ready()
    return up


async def sizes(up: Running) -> list[tuple[int, int]]:
    """(size, events) of every batch of the ordinary stream."""
    stored = await up.gateway.store.anchors(up.gateway.streams.ordinary.number, limit=1000)
    return [(one.anchor.size, one.event_count) for one in stored]


async def capture(up: Running, count: int) -> None:
    response = await up.capture(*(commissioning(sgtin()) for _ in range(count)))
    assert response.status_code == 202, response.text


async def test_every_slot_has_the_same_size_full_or_empty(start: Start) -> None:
    clock = Clock()
    up = await started(start, clock)
    stream, run = up.gateway.streams.ordinary, up.gateway.batcher.run_slot
    for count in (0, 1, 16, 0, 7):
        if count:
            await capture(up, count)
        (report,) = await run(stream)
        assert (report.events, report.extra) == (count, False)
        assert await run(stream) == []  # the slot has its batch
        clock.now_s += 100
    assert await sizes(up) == [(16, 0), (16, 1), (16, 16), (16, 0), (16, 7)]


async def test_overflow_waits_for_the_next_slot(start: Start) -> None:
    clock = Clock()
    up = await started(start, clock)
    stream, run = up.gateway.streams.ordinary, up.gateway.batcher.run_slot
    await capture(up, 40)
    for _ in range(3):
        assert len(await run(stream)) == 1
        assert await run(stream) == []
        clock.now_s += 100
    assert await sizes(up) == [(16, 16), (16, 16), (16, 8)]


async def test_a_promise_at_risk_makes_more_batches_with_an_alarm(start: Start) -> None:
    clock = Clock()
    up = await started(start, clock)
    stream, run = up.gateway.streams.ordinary, up.gateway.batcher.run_slot
    await capture(up, 40)
    clock.now_s += 900  # less than a slot and a half before the promise ends
    first = await run(stream)
    assert [(one.events, one.extra) for one in first] == [(16, False), (16, True)]
    second = await run(stream)
    assert [(one.events, one.extra) for one in second] == [(8, True)]
    assert await run(stream) == []
    assert await sizes(up) == [(16, 16), (16, 16), (16, 8)]


async def test_the_worker_sounds_the_alarm(start: Start) -> None:
    clock = Clock()
    up = await start(wishes(clock).but(with_worker=True, poll_s=0.1))
    await capture(up, 40)
    clock.now_s += 900
    while len(await sizes(up)) < 4:  # the first slot's, this slot's and two more
        await up.client.get("/healthz")
    metrics = (await up.client.get("/metrics")).text
    assert 'sealtrail_alarms_total{code="promise_at_risk"}' in metrics
    assert 'sealtrail_batches_total{kind="extra"}' in metrics


async def test_the_slow_stream_waits_for_its_own_slot(start: Start) -> None:
    clock = Clock()
    up = await started(start, clock)
    streams, run = up.gateway.streams, up.gateway.batcher.run_slot
    for stream in streams.all:
        await run(stream)
    await up.capture(dispensing(sgtin()))
    clock.now_s += 100
    assert len(await run(streams.ordinary)) == 1
    assert await run(streams.dispensing) == []
    clock.now_s += 900
    (report,) = await run(streams.dispensing)
    assert report.events == 1


@pytest.mark.parametrize(
    ("padding", "counts", "wanted"),
    [
        ("none", (0, 3, 0, 1), [3, 1]),
        ("pow2", (0, 3, 17), [16, 16, 32]),
        ("fixed:256", (0, 3), [256, 256]),
    ],
)
async def test_other_paddings(
    start: Start, padding: str, counts: tuple[int, ...], wanted: list[int]
) -> None:
    clock = Clock()
    up = await started(start, clock, padding=padding)
    for count in counts:
        if count:
            await capture(up, count)
        await up.gateway.batcher.run_slot(up.gateway.streams.ordinary)
        clock.now_s += 100
    assert [size for size, _ in await sizes(up)] == wanted


async def test_a_clock_that_was_put_back_does_not_stop_batches(start: Start) -> None:
    clock = Clock()
    up = await started(start, clock)
    run, stream = up.gateway.batcher.run_slot, up.gateway.streams.ordinary
    await run(stream)
    clock.now_s -= 5000
    assert len(await run(stream)) == 1
    assert await run(stream) == []


async def test_two_who_ask_at_once_get_one_sequence_each(start: Start) -> None:
    import asyncio

    up = await started(start, Clock())
    stream = up.gateway.streams.ordinary
    asked = [up.gateway.batcher.batch_now(stream) for _ in range(8)]
    reports = await asyncio.gather(*asked, up.gateway.batcher.run_slot(stream))
    sequences = sorted(one.sequence for some in reports for one in some)
    assert sequences == list(range(1, len(sequences) + 1))
    assert len(sequences) >= 8


async def test_decoys_open_what_fills_a_batch(start: Start) -> None:
    from anchoring.core.batch import decoy_entry

    up = await started(start, Clock())
    await capture(up, 3)
    stream = up.gateway.streams.ordinary
    await up.gateway.batcher.run_slot(stream)
    seed = await up.gateway.store.batch_decoys(stream.number, 1)
    raw = await up.gateway.store.batch_entries(stream.number, 1)
    entries = {raw[at : at + 32] for at in range(0, len(raw), 32)}
    decoys = {decoy_entry(nonce) for nonce in decoy_nonces(seed, 13)}
    assert len(entries) == 16
    assert decoys < entries
    assert len(entries - decoys) == 3
