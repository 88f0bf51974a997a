"""Following: processor time of what is computed from stored events. No network, no chain.

Each projection is also followed alone, after one that computes nothing: the rest is its own.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from benchmarks.rows import Row, single
from benchmarks.stored import Stored, all_projections, opened
from benchmarks.workload import WORKLOAD, arrays, document, event, goods

from node_gateway.services.following import Follower, Projection

ROUNDS = 5
ARRAY = 500


class Nothing:
    """Reads the events and moves its cursor."""

    name = "reading"

    def prepare(self, connection: object, events: object) -> None: ...
    def apply(self, connection: object, insert: object, change: None) -> None: ...
    def forget(self, connection: object, event: object) -> None: ...
    def clear(self, connection: object) -> None: ...


def rows(*, quick: bool) -> Iterator[Row]:
    rounds, events, codes = (1, 1000, 1000) if quick else (ROUNDS, 10_000, 100_000)
    measured = asyncio.run(_events(rounds, events))
    yield single("follow.event", "us", measured.pop("all"), f"all projections, {WORKLOAD}")
    for name, values in measured.items():
        yield single(f"follow.event.{name}", "us", values, f"alone, {WORKLOAD}")
    values = asyncio.run(_codes(rounds, codes))
    yield single("follow.code", "us", values, f"all projections, one event with {codes} codes")


async def _events(rounds: int, count: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    async with opened() as stored:
        for at in range(rounds):
            first = 2 * at * count
            await stored.capture(arrays(count // ARRAY, ARRAY, first=first))
            found.setdefault("all", []).append(await _followed(stored, all_projections()) / count)
            await _followed(stored, [_nothing()])
            await stored.capture(arrays(count // ARRAY, ARRAY, first=first + count))
            async for name, taken in _alone(stored):
                found.setdefault(name, []).append(max(taken / count, 0.01))
    return found


async def _alone(stored: Stored) -> AsyncIterator[tuple[str, float]]:
    """Yield what each one takes; the reading of the events is told apart."""
    reading = await _followed(stored, [_nothing()])
    yield Nothing.name, reading
    for one in all_projections():
        yield one.name, await _followed(stored, [one]) - reading


def _nothing() -> Any:
    return Nothing()


async def _codes(rounds: int, count: int) -> list[float]:
    values = []
    async with opened() as stored:
        for at in range(rounds):
            commissioned = {**event(at, codes=count), **goods("commissioning", "active", "ADD")}
            await stored.capture([document([commissioned])])
            values.append(await _followed(stored, all_projections()) / count)
    return values


async def _followed(stored: Stored, projections: Sequence[Projection]) -> float:
    """Bring projections up to the last event; return microseconds of processor."""
    began = time.process_time()
    await Follower(stored.store, projections).catch_up()
    return (time.process_time() - began) * 1e6
