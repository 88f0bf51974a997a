"""Measure, print a table and write build/bench.json.

Every peer runs in the same rounds as ours, alternating, and a ratio is the median of the rounds'
ratios. Loader and server share this machine. `--only tree,commit` picks groups; `--quick` takes
one round and smaller workloads under the same names, to see that it runs: its figures mean nothing.
The import of a million codes, and sales that the network hears of, are measured only when they are
named: `--only import`, `--only dispense`.
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path

from benchmarks import (
    commits,
    dispensing,
    event_hashes,
    following,
    gateway,
    importing,
    issuing,
    operating,
    public,
    querying,
    trees,
)
from benchmarks.rows import Row

GROUPS = {
    "tree": trees.rows,
    "commit": commits.rows,
    "hash": event_hashes.rows,
    "issue": issuing.rows,
    "gateway": gateway.rows,
    "follow": following.rows,
    "operate": operating.rows,
    "query": querying.rows,
    "public": public.rows,
    "import": importing.rows,
    "dispense": dispensing.rows,
}
BY_NAME_ONLY = {"import", "dispense"}
"""They take minutes, or several gateways."""
TARGET = Path(__file__).resolve().parent.parent / "build" / "bench.json"


def main() -> None:
    arguments = _arguments()
    machine = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "quick": arguments.quick,
        "load": [round(os.getloadavg()[0], 2)],
    }
    found: list[Row] = []
    try:
        for name in arguments.only:
            for row in GROUPS[name](quick=arguments.quick):
                found.append(row)
                print(row.line(), flush=True)
    finally:  # what was measured before a failure is kept
        machine["load"].append(round(os.getloadavg()[0], 2))
        _write(arguments.output, {"machine": machine, "rows": [row.wire() for row in found]})
        print(f"{len(found)} rows in {arguments.output}", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    by_default = [name for name in GROUPS if name not in BY_NAME_ONLY]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=_groups, default=by_default, metavar="GROUP,...")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--output", type=Path, default=TARGET)
    return parser.parse_args()


def _groups(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(GROUPS):
        raise argparse.ArgumentTypeError(f"{unknown.pop()!r} is none of {', '.join(GROUPS)}")
    return names


def _write(target: Path, results: dict) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(results, indent=1) + "\n")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
