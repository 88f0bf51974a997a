"""Sales at a till, by what the network hears of them: a maker and a shop, in one process.

Not among the groups that run by themselves: `--only dispense`.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from benchmarks.rows import Row, single

ROOT = Path(__file__).resolve().parent.parent.parent
MODES = ("off", "report", "require")
_ROUNDS = 5


def rows(*, quick: bool) -> Iterator[Row]:
    asks = 20 if quick else 200
    for mode, rounds in asyncio.run(_measured(asks)).items():
        middle = median(quantiles(one.waits_s, n=20)[9] * 1000 for one in rounds)
        p95s = [quantiles(one.waits_s, n=20)[18] * 1000 for one in rounds]
        cpu_ms = median(one.cpu_s / len(one.waits_s) * 1000 for one in rounds)
        told = f"p95; p50 {middle:.2f} ms, processor of both {cpu_ms:.2f} ms; the maker one hop off"
        yield single(f"dispense.{mode}", "ms", p95s, told)


class Round(NamedTuple):
    """How long each sale took, and the processor time of all, both gateways together."""

    waits_s: list[float]
    cpu_s: float


async def _measured(asks: int) -> dict[str, list[Round]]:
    """Return the rounds of each mode; the modes take turns."""
    sys.path.insert(0, str(ROOT))
    from node_gateway import wiring
    from node_gateway.settings_partners import SalesSection
    from tests.anvil import Anvil
    from tests.gateway.partners.ways import code, hand_over, make, person, wishes
    from tests.partners import town

    folder = Path(tempfile.mkdtemp(prefix="sealtrail-bench-"))
    template = folder / "empty.db"
    wiring.prepare_database(f"sqlite:///{template}")
    packs = [code() for _ in range(len(MODES) * asks)]
    taken: dict[str, list[Round]] = {mode: [] for mode in MODES}
    try:
        with Anvil() as chain:
            people = [person("maker"), person("shop")]
            async with town(chain, template, folder, people, wishes=wishes()) as t:
                await make(t["maker"], *packs)
                await hand_over(t, "maker", "shop", *packs)
                for at in range(_ROUNDS):
                    for mode in MODES:
                        settings = SalesSection(network=mode, wait_ms=3000, unanswered="refuse")
                        await t.restart("shop", wishes(sales=settings))
                        some = [packs.pop() for _ in range(asks // _ROUNDS)]
                        taken[mode].append(await _sold(t["shop"].client, some))
                        print(f"round {at + 1}, {mode}", file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return taken


async def _sold(client, packs: Sequence[str]) -> Round:
    taken = []
    cpu = time.process_time()
    for one in packs:
        began = time.perf_counter()
        answer = await client.post("/v1/operations/dispense", json={"codes": [one]})
        taken.append(time.perf_counter() - began)
        assert answer.status_code in (200, 201), answer.text
    return Round(taken, time.process_time() - cpu)
