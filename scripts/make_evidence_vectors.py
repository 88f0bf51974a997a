"""Make tests/vectors/evidence.json: `--check` compares, `--write` replaces.

Evidence of every kind, to accept and to refuse, with what a verifier says of it that knows nothing
but the network file in it. It is made with this library; what stands in a file (bundles, receipts,
messages) is covered by vectors of its own, which are not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from evidence_vectors.cases import all_cases
from evidence_vectors.chain import NETWORK

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "tests" / "vectors" / "evidence.json"


def text() -> str:
    """Return the file."""
    cases = all_cases()
    if len({one["name"] for one in cases}) != len(cases):
        raise ValueError("a name stands twice")
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
    network = json.dumps(NETWORK.to_json(), separators=(",", ":"))
    return f'{{"network":{network},\n"cases":[\n{lines}\n]}}\n'


def main(argv: Sequence[str] | None = None) -> int:
    """Write or compare, and return the exit status."""
    parser = argparse.ArgumentParser(prog="make_evidence_vectors", description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true", help="exit 1 if the committed file differs")
    mode.add_argument("--write", action="store_true", help="replace the file")
    if parser.parse_args(argv).write:
        TARGET.write_text(text(), encoding="utf-8")
    elif not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != text():
        print(f"not as committed: {TARGET.name}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
