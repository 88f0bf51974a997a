"""The command line of the library: verify a bundle, look into one, audit a participant.

Data go to stdout (with `--json` exactly one JSON object), talk goes to stderr.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from anchoring.cli import audit as audit_command
from anchoring.cli import evidence_making, inspect, recheck, verify
from anchoring.cli.audit import CommandAddition
from anchoring.cli.output import (
    FAILED,
    USAGE,
    CommandError,
    give_json,
    outcome_of,
    plain,
    say,
    status_of,
    try_for,
)
from anchoring.errors import AnchoringError

_EPILOG = (
    "exit status: 0 verified, 1 failure that is no verdict, 2 usage, 10 mismatch or tampered, "
    "11 not found, 12 pending, 13 cannot check, 14 suspicious"
)


class _UsageError(Exception):
    """What argparse complains about. Caught in `main`, so that `--json` holds for it as well."""

    def __init__(self, parser: argparse.ArgumentParser, message: str) -> None:
        super().__init__(message)
        self.parser = parser


class _Parser(argparse.ArgumentParser):
    """argparse, but it leaves complaining to `main`."""

    def error(self, message: str) -> NoReturn:
        raise _UsageError(self, message)


def main(argv: Sequence[str] | None = None, *, audit: CommandAddition | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        argv: What was typed; without it that of this process.
        audit: What another program adds to `audit`.
    """
    given = sys.argv[1:] if argv is None else list(argv)
    as_json = "--json" in given
    parser = _parser(audit)
    try:
        arguments = parser.parse_args(given)
    except _UsageError as error:
        error.parser.print_usage(sys.stderr)
        text, attempt = f"{error.parser.prog}: {error}", f"{error.parser.prog} --help"
        return _fail(text, attempt, USAGE, code="usage", as_json=as_json)
    name = f"{parser.prog} {arguments.command}"
    try:
        return int(arguments.run(arguments))
    except CommandError as error:
        text = f"{name}: {error}"
        return _fail(text, error.attempt, error.status, code=error.code, as_json=as_json)
    except AnchoringError as error:
        text = f"{name}: {plain(str(error))} ({error.code})"
        return _fail(text, try_for(error), status_of(error), code=error.code, as_json=as_json)
    except KeyboardInterrupt:
        attempt = "the same command again; nothing was changed"
        return _fail("stopped", attempt, FAILED, code="stopped", as_json=as_json)


def _parser(addition: CommandAddition | None) -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m anchoring", description=__doc__, epilog=_EPILOG)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    verify.add_command(commands)
    inspect.add_command(commands)
    audit_command.add_command(commands, addition)
    evidence_making.add_command(commands)
    recheck.add_command(commands)
    return parser


def _fail(text: str, attempt: str, status: int, *, code: str, as_json: bool) -> int:
    if as_json:
        give_json(outcome_of(status, code=code, text=text))
    say(text)
    say(f"Try: {attempt}")
    return status
