"""Public look-ups at a fixed rate against one gateway with many codes: open loop."""

import asyncio
import os
import random
import time
from collections.abc import Iterator
from statistics import quantiles

from benchmarks.gateway import ARRAY, _post_all
from benchmarks.loader import Connection
from benchmarks.rows import Row, single
from benchmarks.running import RunningGateway, running_gateway
from benchmarks.workload import arrays

RATE = 150
CONNECTIONS = 64


def rows(*, quick: bool) -> Iterator[Row]:
    stored, seconds = (2000, 2) if quick else (100_000, 20)
    os.environ["SEALTRAIL_LIMITS__PUBLIC_PER_KEY"] = "1000000/minute"  # one loader is many shoppers
    with running_gateway() as gateway:
        documents = arrays(stored // ARRAY, ARRAY)
        asyncio.run(_post_all(gateway, "/epcis/capture", documents, clients=2))
        gateway.wait_final()
        gateway.wait_followed()
        taken = asyncio.run(_asked(gateway, stored, RATE * seconds))
    workload = f"{RATE}/s for {seconds} s, {stored} codes, half of the look-ups unknown"
    cut = quantiles(taken, n=100)
    for name, at in (("p50", 49), ("p95", 94), ("p99", 98)):
        yield single(f"public.{name}", "ms", [cut[at] * 1000], workload)


async def _asked(gateway: RunningGateway, stored: int, count: int) -> list[float]:
    """Return how long each look-up took from the moment at which it was due."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await Connection(gateway.host, gateway.port, gateway.key).open())
    chosen, taken = random.Random(1), list[float]()

    async def ask(number: int, due: float) -> None:
        connection = await free.get()
        known = number % 2 == 0
        serial = f"{chosen.randrange(stored)}S0" if known else f"{number}S9"
        path = f"/v1/public/codes/https:%2F%2Fid.gs1.org%2F01%2F09506000134352%2F21%2F{serial}"
        status, answer = await connection.request("GET", path)
        assert status == 200, answer[:300]
        taken.append(time.perf_counter() - due)
        free.put_nowait(connection)

    began, asking = time.perf_counter(), []
    for number in range(count):
        due = began + number / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asking.append(asyncio.create_task(ask(number, due)))
    await asyncio.gather(*asking)
    return taken
