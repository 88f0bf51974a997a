"""`recheck`: check an audit again from its evidence zip, offline."""

from __future__ import annotations

import argparse
from hashlib import sha256
from pathlib import Path
from typing import Any

from anchoring.cli.output import (
    CANNOT_CHECK,
    MISMATCH,
    VERIFIED,
    give,
    give_json,
    outcome_of,
    read_input,
    say,
)


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("recheck", help="check an audit's evidence zip again, offline")
    parser.add_argument("zip", metavar="ZIP", help="what audit --all --evidence wrote")
    parser.add_argument("--network", type=Path, metavar="FILE", help="your own network file")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check and return the exit status: 0 all of it holds, 10 something does not, 13 not all."""
    from anchoring.chain.network import load_network
    from anchoring.network_audit.opening_zip import ZIP_SIZE_BYTES_MAX
    from anchoring.network_audit.rechecking import recheck

    network = load_network(arguments.network) if arguments.network else None
    raw = read_input(arguments.zip, size_bytes_max=ZIP_SIZE_BYTES_MAX)
    found = recheck(raw, network)
    status = VERIFIED
    if found.problems:
        status = MISMATCH
    elif found.unchecked:
        status = CANNOT_CHECK
    code = {VERIFIED: "verified", MISMATCH: "evidence_mismatch"}.get(status, "not_complete")
    counted = ", ".join(f"{count} {name}" for name, count in sorted(found.counts.items()))
    verdict = "does not hold" if found.problems else "holds"
    text = f"the evidence {verdict}: {counted}"
    digest = sha256(raw).hexdigest()
    if arguments.json:
        parts = {"sha256": digest, "counts": found.counts, "problems": found.problems}
        give_json(
            {
                **outcome_of(status, code=code, text=text),
                **parts,
                "unchecked": found.unchecked,
                "findings": found.report["findings"],
            }
        )
    else:
        give(text)
        for one in found.report["findings"]:
            give(f"{one['severity']} {one['code']}: {one['text']}")
    for problem in found.problems:
        say(f"  {problem}")
    for line in found.unchecked:
        say(f"  not checked: {line}")
    say(f"  SHA-256 {digest}: it must be the one that the auditor published")
    if status == MISMATCH:
        say("Try: get the file anew from the auditor; if it fails again, do not rely on it")
    elif status == CANNOT_CHECK:
        say("Try: --network FILE with your own network file, with its validators")
    return status
