"""`audit`: re-derive a participant's anchors from the chain and its public entry lists."""

from __future__ import annotations

import argparse
from typing import Any

from anchoring.cli import witnesses
from anchoring.verification import QUORUM_DEFAULT


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("audit", help="audit a participant from chain and public lists")
    scope = parser.add_mutually_exclusive_group(required=True)
    scope.add_argument("--participant", type=int, metavar="ID", help="all its streams")
    scope.add_argument("--stream", type=int, metavar="N", help="one stream")
    witnesses.add_options(parser)
    parser.add_argument(
        "--quorum", type=int, default=QUORUM_DEFAULT, help="organisations to audit through"
    )
    parser.add_argument("--gateway", metavar="URL", help="where the public entry lists are")
    parser.add_argument("--cadence", type=int, metavar="SECONDS", help="with --stream: slot length")
    for name, what in (
        ("receipt", "a receipt to hold the gateway to"),
        ("opening", "a full opening"),
        ("bundle", "a bundle"),
        ("transaction", "a signed transaction in hex"),
    ):
        parser.add_argument(f"--{name}", action="append", default=[], metavar="FILE", help=what)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Audit and return the exit status."""
    from anchoring.cli import auditing

    return auditing.run(arguments)
