"""Measure, print a table and write build/bench.json.

Every peer runs in the same rounds as ours, alternating, and a ratio is the median of the rounds'
ratios. Loader and server share this machine. `--only tree,commit` picks groups; `--quick` takes
one round and smaller workloads, to see that it runs.
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path

from benchmarks import gateway, trees
from benchmarks.rows import Row

GROUPS = {"tree": trees.rows, "gateway": gateway.rows}
TARGET = Path(__file__).resolve().parent.parent / "build" / "bench.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(GROUPS))
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    found: list[Row] = []
    for name in arguments.only.split(","):
        for row in GROUPS[name](quick=arguments.quick):
            found.append(row)
            print(row.line(), flush=True)
    machine = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "quick": arguments.quick,
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(
        json.dumps({"machine": machine, "rows": [row.wire() for row in found]}, indent=1) + "\n"
    )
    print(f"{len(found)} rows in {TARGET}", file=sys.stderr)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
