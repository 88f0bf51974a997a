"""Requests one after the other, and how long each took."""

import asyncio
import time
from collections.abc import Sequence
from statistics import quantiles

from benchmarks.loader import Connection
from benchmarks.rows import Row, single
from benchmarks.running import RunningGateway

ROUNDS = 5
Request = tuple[str, str, bytes]
"""Method, path, body."""


def asked(
    gateway: RunningGateway,
    name: str,
    requests: Sequence[Request],
    workload: str,
    *,
    status: int | None = None,
) -> Row:
    """Return the p95 of each round's requests in ms; the workload says the p50, too.

    On a machine that is busy with something else the processor time says more.
    """
    p95s, middles = [], []
    cpu = gateway.cpu_s()
    size = max(2, len(requests) // ROUNDS)
    for at in range(0, len(requests), size):
        taken = asyncio.run(_latencies(gateway, requests[at : at + size], status))
        cuts = quantiles(taken, n=20)
        p95s.append(cuts[18] * 1000)
        middles.append(cuts[9] * 1000)
    cpu_ms = (gateway.cpu_s() - cpu) / len(requests) * 1000
    middle = sorted(middles)[len(middles) // 2]
    told = f"p95; p50 {middle:.2f} ms, processor {cpu_ms:.2f} ms; {workload}"
    return single(name, "ms", p95s, told)


async def _latencies(
    gateway: RunningGateway, requests: Sequence[Request], wanted: int | None
) -> list[float]:
    connection = await Connection(gateway.host, gateway.port, gateway.key).open()
    taken = []
    for method, path, body in requests:
        began = time.perf_counter()
        status, answer = await connection.request(method, path, body)
        taken.append(time.perf_counter() - began)
        assert status == wanted if wanted else status in (200, 201), (path, answer[:300])
    connection.close()
    return taken


async def sent(gateway: RunningGateway, documents: Sequence[bytes]) -> None:
    """Capture documents, one after the other."""
    connection = await Connection(gateway.host, gateway.port, gateway.key).open()
    for body in documents:
        status, answer = await connection.request("POST", "/epcis/capture", body)
        assert status == 202, answer[:300]
    connection.close()
