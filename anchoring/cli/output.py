"""Exit statuses, errors for people, and what goes to which stream."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from anchoring.errors import AnchoringError, ChainError, FormatError, VerificationError

VERIFIED = 0
FAILED = 1
USAGE = 2
MISMATCH = 10
NOT_FOUND = 11
PENDING = 12
CANNOT_CHECK = 13
SUSPICIOUS = 14

MEANING = (
    "A pass proves that the participant stated this before the block time shown, and that it was "
    "not changed since. It does not prove that the statement is true, the only one or the latest."
)

_TRIES = {
    "network_file": "--network FILE with the network file that your organisation agreed on",
    "network_json": "compare the network file with the one that your organisation agreed on",
    "network_shape": "compare the network file with docs/reference/formats.md",
    "chain_unavailable": "another witness: --rpc ORG=URL, or again later",
    "chain_identity": "compare chain id, genesis and registries in the network file with the chain",
    "gateway_unavailable": "--gateway URL with the address from the consortium, or again later",
    "code_not_disclosed": "ask the participant for a bundle that discloses this code",
}


class CommandError(Exception):
    """A complaint with a way on. `attempt` follows "Try: "."""

    def __init__(self, message: str, *, attempt: str, status: int = FAILED) -> None:
        super().__init__(message)
        self.attempt, self.status = attempt, status


def plain(text: str) -> str:
    """Return text of others so that it cannot steer a terminal, nor begin a line of its own.

    What cannot be printed (control characters, line ends, marks that turn the direction) becomes
    its JSON escape.
    """
    return "".join(
        character if character.isprintable() else json.dumps(character)[1:-1] for character in text
    )


def say(text: str) -> None:
    """Write talk to stderr."""
    sys.stderr.write(_lines(text))


def give(text: str) -> None:
    """Write data to stdout."""
    sys.stdout.write(_lines(text))


def _lines(text: str) -> str:
    return "".join(plain(line) + "\n" for line in text.split("\n"))


def give_json(value: dict[str, Any]) -> None:
    """Write one JSON object as one line to stdout."""
    give(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def status_of(error: AnchoringError) -> int:
    """Return the exit status of an error that ended a command."""
    if error.code in ("network_file", "network_json", "network_shape"):
        return USAGE
    if error.code == "code_not_disclosed":
        return NOT_FOUND
    if isinstance(error, ChainError) or error.code == "gateway_unavailable":
        return CANNOT_CHECK
    if isinstance(error, FormatError | VerificationError):
        return MISMATCH
    return FAILED


def try_line(error: AnchoringError) -> str:
    """Return the line that says what to do next."""
    default = "get the document anew from its issuer; if it fails again, do not rely on it"
    return f"Try: {_TRIES.get(error.code, default)}"


def read_input(name: str, *, size_bytes_max: int) -> bytes:
    """Read a file or, for `-`, stdin; at most one byte more than allowed.

    Raises:
        CommandError: it cannot be read.
    """
    try:
        if name == "-":
            return sys.stdin.buffer.read(size_bytes_max + 1)
        with Path(name).open("rb") as stream:
            return stream.read(size_bytes_max + 1)
    except OSError as error:
        text = f"cannot read {name}: {error.strerror or 'error'}"
        raise CommandError(text, attempt="a readable file, or - for stdin") from error
