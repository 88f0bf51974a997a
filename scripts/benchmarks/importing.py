"""A relation file through a real gateway: the file in, its events stored, states followed.

Not among the groups that run by themselves: `--only import`.
"""

import asyncio
import json
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.loader import Connection
from benchmarks.rows import Row, single
from benchmarks.running import RunningGateway, running_gateway

CASES, BOXES, PACKS = 4525, 20, 10
"""A case of 20 boxes of 10 packs: 221 codes."""
_CASE, _BOX, _PACK = "8021761", "8021762", "8306233"
_POLL_S = 0.5


def rows(*, quick: bool) -> Iterator[Row]:
    cases = 10 if quick else CASES
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        file = Path(folder) / "relation.xml"
        count = write_relation(file, cases)
        with running_gateway() as gateway:
            yield from _imported(gateway, file, count)


def _imported(gateway: RunningGateway, file: Path, count: int) -> Iterator[Row]:
    watch = Watch(gateway)
    began, cpu = time.perf_counter(), gateway.cpu_s()
    stored_at = asyncio.run(bring(gateway, file.read_bytes())) - began
    wait_followed(gateway)
    taken, cpu = time.perf_counter() - began, gateway.cpu_s() - cpu
    samples = watch.stop()
    what = f"{count} codes in 3 levels, 1:{BOXES}:{BOXES * PACKS}"
    yield single("import.relation1M", "s", [taken], f"{what}, stored after {stored_at:.0f} s")
    yield single("import.cpu", "s", [cpu], f"processor time of the gateway; {what}")
    early, late = samples[len(samples) // 4], samples[-1]
    memory = f"highest; {early:.0f} after a quarter, {late:.0f} at the end; {what}"
    yield single("import.rss", "MiB", [max(samples)], memory)
    size = gateway.database_bytes() / count
    yield single("import.bytes_per_code", "bytes", [size], f"of database; {what}")


class Watch:
    """Looks at the memory of a gateway twice a second."""

    def __init__(self, gateway: RunningGateway) -> None:
        self._gateway, self._ends = gateway, threading.Event()
        self._samples: list[float] = []
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while True:
            self._samples.append(self._gateway.rss_mib())
            if self._ends.wait(_POLL_S):
                return

    def stop(self) -> list[float]:
        self._ends.set()
        self._thread.join()
        return self._samples


async def bring(gateway: RunningGateway, body: bytes) -> float:
    """Send a file and wait until all of it is stored; return when that was."""
    connection = await Connection(gateway.host, gateway.port, gateway.key).open()
    status, answer = await connection.request("POST", "/v1/imports", body)
    assert status == 202, answer[:300]
    job = json.loads(answer)
    while job["state"] == "running":
        await asyncio.sleep(_POLL_S)
        status, answer = await connection.request("GET", f"/v1/imports/{job['id']}")
        job = json.loads(answer)
    connection.close()
    assert job["state"] == "done", job
    return time.perf_counter()


def wait_followed(gateway: RunningGateway) -> None:
    """Wait until every projection holds all events."""
    address = f"file:{gateway.folder / 'sealtrail.db'}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as database:
        while True:
            (last,) = database.execute("SELECT max(position) FROM event").fetchone()
            (reached,) = database.execute("SELECT min(position) FROM projection").fetchone()
            if last == reached:
                return
            time.sleep(_POLL_S / 5)


def write_relation(file: Path, cases: int) -> int:
    """Write a relation file; return how many codes it holds."""
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Document License="">\n<Events Version="3.0">'
        '<Event Name="RelationCreate">\n<Relation productCode="9999999" subTypeNo="9500000001" '
        f'cascade="1:{BOXES}:{BOXES * PACKS}" packageSpec="x" comment="">\n<Batch batchNo="L1" '
        'madeDate="2026-03-01" validateDate="2028-02-29" workshop="1" lineName="1" '
        'lineManager="">\n'
    )
    with file.open("w", encoding="utf-8") as text:
        text.write(head)
        for case in range(cases):
            text.write(_code(_CASE, case, 3, ""))
            for box in range(case * BOXES, (case + 1) * BOXES):
                text.write(_code(_BOX, box, 2, _name(_CASE, case)))
                for pack in range(box * PACKS, (box + 1) * PACKS):
                    text.write(_code(_PACK, pack, 1, _name(_BOX, box)))
        text.write("</Batch></Relation></Event></Events></Document>\n")
    return cases * (1 + BOXES + BOXES * PACKS)


def _name(drug_id: str, number: int) -> str:
    """Serials as they are issued: in no order, so that indexes get no easy time."""
    return f"{drug_id}{number * 387_420_489 % 1_000_000_000:09d}{number * 7919 % 10_000:04d}"


def _code(drug_id: str, number: int, layer: int, parent: str) -> str:
    name = _name(drug_id, number)
    return f'<Code curCode="{name}" packLayer="{layer}" parentCode="{parent}" flag="0"/>\n'
