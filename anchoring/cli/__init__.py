"""The command line of the library: verify a bundle, look into one, audit a participant.

Data go to stdout (with `--json` exactly one JSON object), talk goes to stderr.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from anchoring.cli import audit, inspect, verify
from anchoring.cli.output import FAILED, USAGE, CommandError, plain, say, status_of, try_line
from anchoring.errors import AnchoringError

_EPILOG = (
    "exit status: 0 verified, 1 failure that is no verdict, 2 usage, 10 mismatch or tampered, "
    "11 not found, 12 pending, 13 cannot check, 14 suspicious"
)


class _Parser(argparse.ArgumentParser):
    """argparse, with a Try line after every complaint."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        say(f"{self.prog}: {message}")
        say(f"Try: {self.prog} --help")
        self.exit(USAGE)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = _Parser(prog="python -m anchoring", description=__doc__, epilog=_EPILOG)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    verify.add_command(commands)
    inspect.add_command(commands)
    audit.add_command(commands)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except CommandError as error:
        say(f"{parser.prog} {arguments.command}: {error}")
        say(f"Try: {error.attempt}")
        return error.status
    except AnchoringError as error:
        say(f"{parser.prog} {arguments.command}: {plain(str(error))} ({error.code})")
        say(try_line(error))
        return status_of(error)
    except KeyboardInterrupt:
        say("stopped\nTry: the same command again; nothing was changed")
        return FAILED
