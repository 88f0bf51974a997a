"""A real gateway over HTTP: capture, proofs, memory, gas."""

import asyncio
import json
import random
import time
from collections.abc import Iterator
from statistics import median, quantiles

from benchmarks.loader import Connection
from benchmarks.rows import Row, paired, seconds, single
from benchmarks.running import PADDING, RunningGateway, running_gateways
from benchmarks.workload import WORKLOAD, arrays, document, event, single_event

ROUNDS = 5
CLIENTS = 32
ARRAY = 500
WARM_UP = 20  # arrays, before memory is measured


def rows(*, quick: bool) -> Iterator[Row]:
    rounds = 1 if quick else ROUNDS
    with running_gateways() as (ours, peer):
        yield _arrays(ours, rounds, 2 if quick else 10)
        yield _singles(ours, peer, rounds, 200 if quick else 2000)
        yield _large(ours, rounds, 2000 if quick else 100_000)
        yield from _filled(ours, 2000 if quick else 100_000, 200 if quick else 2000)
        yield _rss(ours, 2000 if quick else 200_000)
        yield from _anchors(ours, rounds)


def _arrays(gateway: RunningGateway, rounds: int, count: int) -> Row:
    values = []
    for at in range(rounds):
        documents = arrays(count, ARRAY, first=at * count * ARRAY)
        taken = asyncio.run(_post_all(gateway, "/epcis/capture", documents, clients=2))
        values.append(count * ARRAY / taken)
    return single("capture.arrays.sqlite", "events/s", values, f"arrays of {ARRAY}, {WORKLOAD}")


def _singles(ours: RunningGateway, peer: RunningGateway, rounds: int, count: int) -> Row:
    measured = []
    for _ in range(rounds):
        rates = []
        for gateway in (ours, peer):
            bodies = [single_event(event(at)) for at in range(count)]
            taken = asyncio.run(_post_all(gateway, "/epcis/events", bodies, clients=CLIENTS))
            rates.append(count / taken)
        measured.append((rates[0], rates[1]))
    return paired(
        "capture.single.sqlite",
        "events/s",
        measured,
        peer="one commit per event",
        workload=f"{CLIENTS} clients, {WORKLOAD}",
        higher_is_better=True,
    )


def _large(gateway: RunningGateway, rounds: int, codes: int) -> Row:
    values = []
    for at in range(rounds):
        body = document([event(10_000_000 + at, codes=codes)])
        values.append(asyncio.run(_post_all(gateway, "/epcis/capture", [body], clients=1)))
    return single("capture.codes100k.sqlite", "s", values, f"one event with {codes} codes")


def _filled(gateway: RunningGateway, stored: int, asked: int) -> Iterator[Row]:
    """Proofs out of a full database, and what an event costs on disk."""
    gateway.wait_followed()  # or the states of what came before would count as these events'
    before, counted = gateway.database_bytes(), gateway.status()["events"]
    missing = max(0, stored - counted)
    documents = arrays(missing // ARRAY + 1, ARRAY, first=20_000_000)
    entries = asyncio.run(_entries(gateway, documents))
    gateway.wait_final()
    gateway.wait_followed()
    grown = gateway.database_bytes() - before
    yield single("proof.p99", "ms", *_proofs(gateway, entries, asked))
    yield single(
        "store.bytes_per_event",
        "bytes",
        [grown / (len(documents) * ARRAY)],
        f"SQLite pages, {WORKLOAD}, public lists of {PADDING} every second included",
    )


def _proofs(gateway: RunningGateway, entries: list[str], asked: int) -> tuple[list[float], str]:
    """Return the p99 of each round in ms, and the workload.

    A request that does nothing is timed beside it: a machine that is busy with something else
    shows in both.
    """
    stored, chosen = gateway.status()["events"], random.Random(1)
    p99s, middles, idle = [], [], []
    for _ in range(ROUNDS):
        count = asked // ROUNDS
        paths = [f"/v1/events/{chosen.choice(entries)}/bundle" for _ in range(count)]
        taken = asyncio.run(_latencies(gateway, paths))
        p99s.append(_p99_ms(taken))
        middles.append(median(taken) * 1000)
        idle.append(_p99_ms(asyncio.run(_latencies(gateway, ["/healthz"] * count))))
    workload = f"owner's bundle over HTTP, {stored} events stored, 1 client"
    return p99s, f"{workload}; p50 {median(middles):.2f} ms; /healthz: p99 {median(idle):.2f} ms"


def _p99_ms(taken: list[float]) -> float:
    return quantiles(taken, n=100)[98] * 1000


def _rss(gateway: RunningGateway, count: int) -> Row:
    documents = arrays(WARM_UP, ARRAY, first=30_000_000)
    asyncio.run(_post_all(gateway, "/epcis/capture", documents, clients=2))
    before = gateway.rss_mib()
    done = 0
    while done < count:
        documents = arrays(20, ARRAY, first=40_000_000 + done)
        asyncio.run(_post_all(gateway, "/epcis/capture", documents, clients=2))
        done += 20 * ARRAY
    growth = gateway.rss_mib() - before
    return single("capture.rss_growth_mib", "MiB", [growth], f"{count} events in arrays of {ARRAY}")


def _anchors(gateway: RunningGateway, rounds: int) -> Iterator[Row]:
    gateway.wait_final()
    yield single("anchor.gas", "gas", gateway.steady_gas(), "one anchor per transaction, steady")
    times = []
    for at in range(rounds):
        body = document([event(50_000_000 + at)])
        path = "/epcis/capture?wait=final"
        times.append(seconds(lambda b=body, p=path: asyncio.run(_post_all(gateway, p, [b], 1))))
    yield single(
        "anchor.final.p50", "s", times, "capture to final; cadence 1 s, blocks of 1 s, k = 1"
    )


async def _post_all(gateway: RunningGateway, path: str, bodies: list[bytes], clients: int) -> float:
    waiting = list(reversed(bodies))

    async def client() -> None:
        connection = await Connection(gateway.host, gateway.port, gateway.key).open()
        while waiting:
            status, answer = await connection.request("POST", path, waiting.pop())
            assert status in (200, 201, 202), answer[:300]
        connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return time.perf_counter() - began


async def _entries(gateway: RunningGateway, documents: list[bytes]) -> list[str]:
    connection = await Connection(gateway.host, gateway.port, gateway.key).open()
    entries = []
    for body in documents:
        status, answer = await connection.request("POST", "/epcis/capture", body)
        assert status == 202, answer[:300]
        entries += [one["entry"] for one in json.loads(answer)["events"]]
    connection.close()
    return entries


async def _latencies(gateway: RunningGateway, paths: list[str]) -> list[float]:
    connection = await Connection(gateway.host, gateway.port, gateway.key).open()
    taken = []
    for path in paths:
        began = time.perf_counter()
        status, answer = await connection.request("GET", path)
        taken.append(time.perf_counter() - began)
        assert status == 200, answer[:300]
    connection.close()
    return taken
