"""A relation file of a million codes, from the request to the last stored event."""

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from benchmarks.rows import Row, single
from benchmarks.running import RunningGateway, running_gateways

BOXES, PACKS = 20, 10
CODES_PER_CASE = 1 + BOXES + BOXES * PACKS
CASE, BOX, PACK = "8021761", "8021762", "8306233"
_POLL_S = 0.5
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Document License="">\n<Events Version="3.0">'
    '<Event Name="RelationCreate">\n'
    f'<Relation productCode="9999999" subTypeNo="1" cascade="1:{BOXES}:{BOXES * PACKS}">\n'
    '<Batch batchNo="20260301" madeDate="2026-03-01" validateDate="2028-02-29">\n'
)
_END = "</Batch></Relation></Event></Events></Document>\n"


def rows(*, quick: bool) -> Iterator[Row]:
    cases = 10 if quick else 4525
    codes = cases * CODES_PER_CASE
    workload = f"{codes} codes, 3 levels, SQLite"
    with running_gateways() as (ours, _):
        _imported(ours, relation(1, first=1_000_000))  # warm
        base = ours.rss_mib()
        began, worked = time.perf_counter(), _cpu_s(ours)
        most = _imported(ours, relation(cases))
        yield single("import.relation", "s", [time.perf_counter() - began], workload)
        yield single("import.relation.cpu", "s", [_cpu_s(ours) - worked], workload)
        yield single("import.relation.memory", "MiB", [most - base], f"growth; {workload}")


def relation(cases: int, *, first: int = 0) -> bytes:
    """Return a relation file, each case before what is in it."""
    parts = [_HEAD]
    for case in range(first, first + cases):
        outer = code(CASE, case)
        parts.append(_row(outer, 3, ""))
        for box in range(case * BOXES, (case + 1) * BOXES):
            inner = code(BOX, box)
            parts.append(_row(inner, 2, outer))
            packs = range(box * PACKS, (box + 1) * PACKS)
            parts += [_row(code(PACK, pack), 1, inner) for pack in packs]
    return "".join([*parts, _END]).encode()


def code(drug_id: str, number: int) -> str:
    return f"{drug_id}{number:09d}{number * 7919 % 10_000:04d}"


def _row(name: str, layer: int, parent: str) -> str:
    return f'<Code curCode="{name}" packLayer="{layer}" parentCode="{parent}" flag="0"/>\n'


def _imported(gateway: RunningGateway, raw: bytes) -> float:
    """Import a file; return the most memory that the gateway had meanwhile, in MiB."""
    job, most = _ask(gateway, "/v1/imports", raw), 0.0
    while job["state"] == "running":
        time.sleep(_POLL_S)
        most = max(most, gateway.rss_mib())
        job = _ask(gateway, f"/v1/imports/{job['id']}")
    if job["state"] != "done":
        raise RuntimeError(f"the import ended as {job['state']}")
    return most


def _ask(gateway: RunningGateway, path: str, body: bytes | None = None) -> dict:
    request = urllib.request.Request(
        f"http://{gateway.host}:{gateway.port}{path}",
        body,
        headers={"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/xml"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def _cpu_s(gateway: RunningGateway) -> float:
    fields = Path(f"/proc/{gateway.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
