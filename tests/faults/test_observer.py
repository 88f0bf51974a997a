"""Who watches the chain and the public lists cannot rank competitors by volume.

Three participants of one padding class capture 1, 40 and 200 events a slot, half of them sales. The
observer takes everything he gets without a key, and correlates each thing that he can measure with
the volumes, which he would only have to guess. Under powers of two the same observer ranks all
three without a mistake: so he looks at the right things.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any, Final

import httpx2
import pytest

from node_gateway.settings import StreamSection
from tests.anvil import Anvil
from tests.consortium import Person
from tests.faults.world import Template
from tests.gateway.running import LIMITS, Running, batching, commissioning, dispensing, sgtin
from tests.partners import WISHES, Town, town

pytestmark = pytest.mark.alone  # he looks at moments, too: others would move them

VOLUMES: Final[Mapping[str, int]] = {"small": 1, "middle": 40, "large": 200}
CADENCE_S: Final = 2
CHANCE: Final = 0.8
"""Rank correlations of 24 anchors beyond this come by chance once in 300,000 times."""
PUBLIC: Final = {
    *("stream", "sequence", "root", "size", "previousTip"),
    *("state", "blockNumber", "blockTime", "txHash"),
}


@dataclass(frozen=True)
class Observed:
    """What was seen of one participant: its anchors in the same slots as everybody's, by stream."""

    anchors: Mapping[str, Sequence[dict[str, Any]]]
    entries: Mapping[str, Sequence[Sequence[str]]]
    transactions: Mapping[str, Sequence[tuple[dict[str, Any], dict[str, Any]]]]
    readiness: str

    def series(self, stream: str) -> dict[str, list[float]]:
        """Return all that can be measured of a stream's anchors, one number for each."""
        anchors, lists = self.anchors[stream], self.entries[stream]
        sent = self.transactions[stream]
        return {
            "size": [one["size"] for one in anchors],
            "length of the list": [len(one) for one in lists],
            "anchors in the transaction": [len(end["logs"]) for _, end in sent],
            "moment in the slot": [one["blockTime"] % CADENCE_S for one in anchors],
            "zeros in the transaction": [_calldata(tx) for tx, _ in sent],
            "mean of entries": [mean(int(one[:8], 16) for one in some) for some in lists],
            "smallest gap of entries": [_gap(some) for some in lists],
            "even entries": [sum(int(one[-1], 16) % 2 for one in some) for some in lists],
            "lowest entry": [int(some[0][:12], 16) for some in lists],
        }


EQUAL: Final = ("size", "length of the list")
"""What is the same for everybody, so that there is nothing to rank by."""


def forms(found: Mapping[str, Observed]) -> dict[int, set[tuple[int, int, int]]]:
    """Return what transactions look like, by how many anchors they hold: bytes, gas, logs."""
    by_count: dict[int, set[tuple[int, int, int]]] = {}
    for one in found.values():
        for tx, end in (pair for some in one.transactions.values() for pair in some):
            gas = int(end["gasUsed"], 16) - _calldata(tx)
            logs = sum(len(log["data"]) for log in end["logs"])
            by_count.setdefault(len(end["logs"]), set()).add((len(tx["input"]), gas, logs))
    return by_count


def _calldata(tx: Mapping[str, Any]) -> int:
    """Return what EIP-2028 asks for the input."""
    return sum(16 if byte else 4 for byte in bytes.fromhex(tx["input"][2:]))


def _gap(entries: Sequence[str]) -> int:
    numbers = [int(one[:16], 16) for one in entries]
    return min(high - low for low, high in pairwise(numbers))


def ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    return [ordered.index(one) + (ordered.count(one) - 1) / 2 for one in values]


def correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the rank correlation (Spearman); 0 where there is nothing to rank by."""
    first, second = ranks(one), ranks(other)
    mean_1, mean_2 = mean(first), mean(second)
    both = sum((a - mean_1) * (b - mean_2) for a, b in zip(first, second, strict=True))
    over = sum((a - mean_1) ** 2 for a in first) * sum((b - mean_2) ** 2 for b in second)
    return 0.0 if over == 0 else both / over**0.5


@asynccontextmanager
async def competitors(
    template: Template, folder: Path, padding: str
) -> AsyncIterator[tuple[Town, Anvil]]:
    section = StreamSection(cadence_s=CADENCE_S, padding=padding, promise_s=120)
    # As if it listened to the world: then metrics need a key.
    like = WISHES.but(batching=batching(section), host="0.0.0.0", poll_s=0.1, limits=LIMITS)
    people = [Person(slug) for slug in VOLUMES]
    with Anvil() as chain:
        async with town(chain, template.file, folder, people, wishes=like) as t:
            await asyncio.to_thread(chain.rpc, "evm_setAutomine", False)
            await asyncio.to_thread(chain.rpc, "evm_setIntervalMining", 1)
            yield t, chain
            await asyncio.to_thread(chain.rpc, "evm_setAutomine", True)


async def trade(up: Running, volume: int, until_s: float) -> None:
    """Capture so many events a slot, at moments that are drawn."""
    while time.time() < until_s:
        slot_end = (int(time.time()) // CADENCE_S + 1) * CADENCE_S
        await asyncio.sleep(random.uniform(0, max(0.0, slot_end - time.time()) / 2))
        events = [
            dispensing(sgtin()) if one % 2 else commissioning(sgtin()) for one in range(volume)
        ]
        answer = await up.capture(*events)
        assert answer.status_code == 202, answer.text
        await asyncio.sleep(max(0.0, slot_end - time.time()))


async def observe(t: Town, chain: Anvil, slots: int) -> dict[str, Observed]:
    """Let everybody trade for so many slots, and return what a stranger saw of them."""
    begin_s = (int(time.time()) // CADENCE_S + 2) * CADENCE_S
    end_s = begin_s + slots * CADENCE_S
    await asyncio.gather(*(trade(t[slug], VOLUMES[slug], end_s) for slug in VOLUMES))
    await asyncio.sleep(CADENCE_S + 1)
    # What comes in one slot is anchored at the beginning of the next, and mined within a second.
    first, last = begin_s + CADENCE_S, end_s + CADENCE_S + 1
    return {slug: await seen(t.url(slug), chain, first, last) for slug in VOLUMES}


async def seen(url: str, chain: Anvil, begin_s: int, end_s: int) -> Observed:
    """Read what is public of one participant about the slots between two moments."""
    anchors, entries, transactions = {}, {}, {}
    async with httpx2.AsyncClient(base_url=url) as public:
        assert (await public.get("/metrics")).status_code == 401
        readiness = (await public.get("/readyz")).text
        listed = (await public.get("/v1/anchors")).json()
        for at, stream in enumerate(listed["streams"]):
            name = ("ordinary", "dispensing")[at]
            answer = await public.get("/v1/anchors", params={"stream": stream, "perPage": 1000})
            some = [
                one
                for one in answer.json()["anchors"]
                if one["blockTime"] and begin_s < one["blockTime"] <= end_s
            ]
            assert all(set(one) == PUBLIC for one in some)
            anchors[name] = some
            entries[name] = [
                (
                    await public.get(f"/v1/streams/{stream}/anchors/{one['sequence']}/entries")
                ).json()["entries"]
                for one in some
            ]
            transactions[name] = [
                await asyncio.to_thread(_sent, chain, one["txHash"]) for one in some
            ]
    return Observed(anchors, entries, transactions, readiness)


def _sent(chain: Anvil, digest: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        chain.rpc("eth_getTransactionByHash", "0x" + digest),
        chain.rpc("eth_getTransactionReceipt", "0x" + digest),
    )


def series_of(found: Mapping[str, Observed], stream: str) -> dict[str, dict[str, list[float]]]:
    """Return the series by what is measured, then by participant, of as many anchors each."""
    each = {slug: one.series(stream) for slug, one in found.items()}
    count = min(len(one["size"]) for one in each.values())
    return {
        name: {slug: each[slug][name][:count] for slug in each} for name in each[next(iter(each))]
    }


async def test_an_observer_cannot_rank_competitors_of_one_padding_class(
    template: Template, tmp_path: Path
) -> None:
    async with competitors(template, tmp_path, "fixed:256") as (t, chain):
        found = await observe(t, chain, slots=8)
    assert len({one.readiness for one in found.values()}) == 1
    assert {count for count, some in forms(found).items() if len(some) > 1} == set()
    for stream in ("ordinary", "dispensing"):
        counts = [len(one.anchors[stream]) for one in found.values()]
        assert max(counts) - min(counts) <= 1  # the last slot may lie on the edge
        assert min(counts) >= 6
        for name, by_slug in series_of(found, stream).items():
            values = [one for series in by_slug.values() for one in series]
            if name in EQUAL:
                assert len(set(values)) == 1, (stream, name, by_slug)
            volumes = [VOLUMES[slug] for slug, series in by_slug.items() for _ in series]
            assert abs(correlation(volumes, values)) < CHANCE, (stream, name, by_slug)


async def test_the_same_observer_ranks_them_under_powers_of_two(
    template: Template, tmp_path: Path
) -> None:
    async with competitors(template, tmp_path, "pow2") as (t, chain):
        found = await observe(t, chain, slots=5)
    sizes = series_of(found, "ordinary")["size"]
    means = {slug: mean(series) for slug, series in sizes.items()}
    assert sorted(means, key=means.__getitem__) == list(VOLUMES), sizes
    volumes = [VOLUMES[slug] for slug, series in sizes.items() for _ in series]
    values = [one for series in sizes.values() for one in series]
    assert correlation(volumes, values) > 0.6, sizes  # a late capture counts in the next slot
