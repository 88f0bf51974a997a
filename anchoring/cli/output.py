"""Exit statuses, errors for people, and what goes to which stream."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from anchoring.errors import AnchoringError, ChainError, FormatError, VerificationError
from anchoring.verdicts import ExitStatus

VERIFIED: Final[int] = ExitStatus.OK
FAILED: Final[int] = ExitStatus.FAILED
USAGE: Final[int] = ExitStatus.USAGE
MISMATCH: Final[int] = ExitStatus.MISMATCH
NOT_FOUND: Final[int] = ExitStatus.NOT_FOUND
PENDING: Final[int] = ExitStatus.PENDING
CANNOT_CHECK: Final[int] = ExitStatus.CANNOT_CHECK
SUSPICIOUS: Final[int] = ExitStatus.SUSPICIOUS

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
    "gateway_address": "--gateway http://127.0.0.1:8080",
    "code_refused": "the code in its canonical form, as a bundle discloses it",
    "code_not_disclosed": "ask the participant for a bundle that discloses this code",
    "quorum_not_met": "other witnesses (--rpc ORG=URL), --quorum 1, or again later",
}
_USAGE_CODES = ("network_file", "network_json", "network_shape", "gateway_address", "code_refused")
_OUTCOMES = {
    VERIFIED: "verified",
    FAILED: "failed",
    USAGE: "usage",
    MISMATCH: "refused",
    NOT_FOUND: "not_found",
    PENDING: "pending",
    CANNOT_CHECK: "cannot_check",
    SUSPICIOUS: "suspicious",
}


def require_free(file: Path | None, *, force: bool) -> None:
    """Refuse a file that is there, before any work is done for it.

    Raises:
        CommandError: `file_exists`.
    """
    if file is not None and not force and file.exists():
        attempt = "another file, or --force to replace it"
        text = f"{file} is there already"
        raise CommandError(text, attempt=attempt, status=USAGE, code="file_exists")


class CommandError(Exception):
    """A complaint with a way on. `attempt` follows "Try: ", `code` is stable."""

    def __init__(
        self, message: str, *, attempt: str, status: int = FAILED, code: str = "usage"
    ) -> None:
        super().__init__(message)
        self.attempt, self.status, self.code = attempt, status, code


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


def outcome_of(status: int, *, code: str, text: str) -> dict[str, Any]:
    """Return what the JSON object of every command begins with."""
    return {"outcome": _OUTCOMES[status], "code": code, "text": text}


def status_of(error: AnchoringError) -> int:
    """Return the exit status of an error that ended a command."""
    if error.code in _USAGE_CODES:
        return USAGE
    if error.code == "code_not_disclosed":
        return NOT_FOUND
    if isinstance(error, ChainError) or error.code == "gateway_unavailable":
        return CANNOT_CHECK
    if isinstance(error, FormatError | VerificationError):
        return MISMATCH
    return FAILED


def try_for(error: AnchoringError) -> str:
    """Return what to do next; it follows "Try: "."""
    default = "get the document anew from its issuer; if it fails again, do not rely on it"
    return _TRIES.get(error.code, default)


def read_input(name: str, *, size_bytes_max: int) -> bytes:
    """Read a file or, for `-`, stdin; at most one byte more than allowed.

    Raises:
        CommandError: it cannot be read; nothing is judged then.
    """
    try:
        if name == "-":
            return sys.stdin.buffer.read(size_bytes_max + 1)
        with Path(name).open("rb") as stream:
            return stream.read(size_bytes_max + 1)
    except OSError as error:
        text = f"cannot read {name}: {error.strerror or 'error'}"
        attempt = "a readable file, or - for stdin"
        raise CommandError(text, attempt=attempt, status=USAGE, code="unreadable_file") from error
