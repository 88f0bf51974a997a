"""`inspect`: what a bundle or an opening discloses, offline."""

from __future__ import annotations

import argparse
from typing import Any

from anchoring.cli.output import (
    MISMATCH,
    VERIFIED,
    give,
    give_json,
    plain,
    read_input,
    say,
)
from anchoring.cli.shown import describe, described
from anchoring.core.opening import OPENING_SIZE_BYTES_MAX, parse_opening
from anchoring.core.strict_json import BUNDLE_SIZE_BYTES_MAX
from anchoring.core.verify import check_bundles
from anchoring.errors import AnchoringError

_UNCHECKED = "NOT CHECKED AGAINST A CHAIN: anybody could have made this document."


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("inspect", help="show what a bundle discloses, offline")
    parser.add_argument("bundle", metavar="BUNDLE", help="a bundle file, or - for stdin")
    parser.add_argument("--opening", action="store_true", help="the file is a full opening")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show and return the exit status."""
    limit = OPENING_SIZE_BYTES_MAX if arguments.opening else BUNDLE_SIZE_BYTES_MAX
    raw = read_input(arguments.bundle, size_bytes_max=limit)
    try:
        found = _opened(raw) if arguments.opening else _disclosed(raw)
    except AnchoringError as error:
        if arguments.json:
            give_json({"outcome": "refused", "code": error.code, "text": str(error)})
        else:
            give(f"refused: {plain(str(error))} ({error.code})")
        say("Try: do not rely on this document; ask its issuer for a new one")
        return MISMATCH
    value, text = found
    if arguments.json:
        head = {"outcome": "not_checked_against_a_chain", "code": "not_checked"}
        give_json({**head, "text": _UNCHECKED, **value})
    else:
        give(text)
    say(_UNCHECKED)
    if not arguments.opening:
        say("Try: python -m anchoring verify BUNDLE --network FILE")
    return VERIFIED


def _disclosed(raw: bytes) -> tuple[dict[str, Any], str]:
    checked = check_bundles(raw)
    text = "\n".join(f"consistent in itself:\n{describe(one)}" for one in checked)
    return {"bundles": [described(one) for one in checked]}, text


def _opened(raw: bytes) -> tuple[dict[str, Any], str]:
    opening = parse_opening(raw)
    made = opening.commitment()
    value = {
        "participant": opening.participant,
        "entry": made.entry.hex(),
        "fieldsSize": made.fields.size,
        "fieldsRoot": made.fields.root.hex(),
        "codesRoot": made.codes.root.hex(),
        "codes": len(made.codes.codes),
    }
    lines = [f"opens to entry {made.entry.hex()}"]
    lines += [f"  {name} {shown}" for name, shown in value.items() if name != "entry"]
    return value, "\n".join(lines)
