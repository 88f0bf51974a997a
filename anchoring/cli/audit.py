"""`audit`: re-derive anchors from the chain and public entry lists: of one participant, or all."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anchoring.cli import witnesses
from anchoring.verification import QUORUM_DEFAULT


@dataclass(frozen=True, slots=True)
class CommandAddition:
    """What another program adds to `audit --all`: options of its own, and what runs it."""

    add_options: Callable[[Any], None]
    run: Callable[[argparse.Namespace], int]


def add_command(commands: Any, addition: CommandAddition | None = None) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("audit", help="audit participants from chain and public lists")
    scope = parser.add_mutually_exclusive_group(required=True)
    scope.add_argument("--participant", type=int, metavar="ID", help="all its streams")
    scope.add_argument("--stream", type=int, metavar="N", help="one stream")
    scope.add_argument("--all", action="store_true", help="every participant of the network")
    witnesses.add_options(parser)
    parser.add_argument(
        "--quorum", type=int, default=QUORUM_DEFAULT, help="organisations to audit through"
    )
    parser.add_argument("--gateway", metavar="URL", help="where the public entry lists are")
    parser.add_argument("--cadence", type=int, metavar="SECONDS", help="with --stream: slot length")
    group = parser.add_argument_group("with --all")
    add_network_options(group)
    if addition is not None:
        addition.add_options(group)
    for name, what in (
        ("receipt", "a receipt to hold the gateway to"),
        ("opening", "a full opening"),
        ("bundle", "a bundle"),
        ("transaction", "a signed transaction in hex"),
    ):
        parser.add_argument(f"--{name}", action="append", default=[], metavar="FILE", help=what)
    help_text = "write a file for each breach that a third party can check offline"
    parser.add_argument("--evidence-files", type=Path, metavar="FOLDER", help=help_text)
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(run=run, run_all=addition.run if addition else _run_all)


def add_network_options(group: Any) -> None:
    """Add what only an audit of the whole network takes."""
    group.add_argument(
        "--only", choices=("gaps", "receipts", "challenges"), help="one part of the audit"
    )
    group.add_argument("--who", type=int, action="append", default=[], metavar="ID", help="whom")
    group.add_argument(
        "--handed", type=Path, metavar="FOLDER", help="receipts, bundles, openings, transactions"
    )
    group.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="ID=URL",
        help="where a participant's lists are, in place of the directory's address",
    )
    group.add_argument(
        "--slot", action="append", default=[], metavar="STREAM=SECONDS", help="a known cadence"
    )
    group.add_argument("--grace", type=int, metavar="SECONDS", help="added to every limit (60)")
    group.add_argument(
        "--silent", type=int, metavar="SECONDS", help="longest silence without a habit (2 days)"
    )
    group.add_argument("--report", type=Path, metavar="FILE", help="write the report (JSON)")
    group.add_argument("--evidence", type=Path, metavar="FILE", help="write an evidence zip")
    group.add_argument(
        "--with-openings", action="store_true", help="put what was opened into the zip: secrets"
    )


def run(arguments: argparse.Namespace) -> int:
    """Audit and return the exit status."""
    if arguments.all:
        return int(arguments.run_all(arguments))
    from anchoring.cli import auditing

    return auditing.run(arguments)


def _run_all(arguments: argparse.Namespace) -> int:
    from anchoring.cli import network_audit

    return network_audit.run(arguments)
