"""What `verify` needs to know of evidence before it loads what checks it."""

from __future__ import annotations

import argparse
import re
from typing import Final

from anchoring.cli.output import USAGE, CommandError
from anchoring.core.strict_json import parse_plain
from anchoring.errors import FormatError

FILE_SIZE_BYTES_MAX: Final = 64 * 1024 * 1024
EVIDENCE_FORMAT: Final = "sealtrail/evidence/v1"
MESSAGE_FORMAT: Final = "sealtrail/message/v1"
_NAMED = re.compile(rb"sealtrail/(?:evidence|message)/v1")
_KEY = re.compile(r"([1-9][0-9]{0,9})=(?:0x)?([0-9a-fA-F]{40})")
_HASH = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add `--offline`, `--key` and `--block`."""
    group = parser.add_argument_group("evidence and messages")
    group.add_argument(
        "--offline", action="store_true", help="ask nobody: the file and you have to suffice"
    )
    group.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="ID=0xADDRESS",
        help="a key of which YOU know that it is this participant's; repeatable",
    )
    group.add_argument(
        "--block",
        action="append",
        default=[],
        metavar="0xHASH",
        help="a block of which YOU know that it is of this chain; repeatable",
    )


def is_evidence(raw: bytes) -> bool:
    """Tell whether a text says of itself that it is evidence or a message."""
    if _NAMED.search(raw) is None:
        return False
    try:
        document = parse_plain(raw, size_bytes_max=FILE_SIZE_BYTES_MAX)
    except FormatError:
        return True  # whichever it was to be, its own reader says what is wrong
    return isinstance(document, dict) and document.get("format") in (
        EVIDENCE_FORMAT,
        MESSAGE_FORMAT,
    )


def refuse_for_bundles(arguments: argparse.Namespace) -> None:
    """Refuse options that say nothing about a bundle.

    Raises:
        CommandError: one was given.
    """
    if arguments.offline or arguments.key or arguments.block:
        text = "--offline, --key and --block are for evidence and messages; this is a bundle"
        raise CommandError(text, attempt="the same without them", status=USAGE)


def keys_of(arguments: argparse.Namespace) -> dict[bytes, int]:
    """Return the keys that the viewer trusts, with their participants.

    Raises:
        CommandError: one is not written so.
    """
    found: dict[bytes, int] = {}
    for text in arguments.key:
        match = _KEY.fullmatch(text)
        if match is None:
            attempt = "--key 1=0x and 40 hexadecimal digits"
            raise CommandError(f"{text!r} is no key", attempt=attempt, status=USAGE)
        address, participant = bytes.fromhex(match[2]), int(match[1])
        if found.setdefault(address, participant) != participant:
            attempt = "--key once for each address"
            raise CommandError("one key for two participants", attempt=attempt, status=USAGE)
    return found


def blocks_of(arguments: argparse.Namespace) -> frozenset[bytes]:
    """Return the hashes of blocks that the viewer trusts; errors as `keys_of`."""
    found = []
    for text in arguments.block:
        match = _HASH.fullmatch(text)
        if match is None:
            attempt = "--block 0x and 64 hexadecimal digits"
            raise CommandError(f"{text!r} is no block hash", attempt=attempt, status=USAGE)
        found.append(bytes.fromhex(match[1]))
    return frozenset(found)
