"""What a checked bundle says, as JSON and as text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from anchoring.cli.output import plain
from anchoring.core.verify import CheckedBundle

_TAKES_BACK = "  this declares an earlier statement an error: what it repeats was taken back"


def described(checked: CheckedBundle) -> dict[str, Any]:
    """Return what is disclosed and where it claims to be anchored."""
    bundle = checked.bundle
    anchor, at = bundle.anchor, bundle.anchored_at
    return {
        "participant": bundle.participant,
        "entry": checked.entry.hex(),
        "act": checked.act.text,
        "items": [{"path": path, "value": value} for path, value in checked.values.items()],
        "codes": sorted(checked.code_values),
        "anchor": {
            "stream": anchor.stream,
            "sequence": anchor.sequence,
            "root": anchor.root.hex(),
            "size": anchor.size,
            "blockNumber": at.block_number,
            "blockTime": at.block_time,
        },
    }


def describe(checked: CheckedBundle) -> str:
    """Return the same for people."""
    bundle = checked.bundle
    anchor, at = bundle.anchor, bundle.anchored_at
    lines = [
        f"  participant {bundle.participant} stated: {plain(checked.act.text)}",
        *([_TAKES_BACK] if checked.act.has_error_declaration else []),
        f"  before {when(at.block_time)} (block {at.block_number})",
        f"  anchor {anchor.stream}/{anchor.sequence}, entry {checked.entry.hex()}",
    ]
    lines += [f"  {plain(path)} = {_value(value)}" for path, value in checked.values.items()]
    lines += [f"  code {_value(code)}" for code in sorted(checked.code_values)]
    return "\n".join(lines)


def when(time: int) -> str:
    """Return Unix seconds as UTC text; a time that no calendar has, as a number."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{time} s"


def _value(value: object) -> str:
    # JSON escapes keep control characters of a forged value away from the terminal.
    return json.dumps(value, ensure_ascii=True)
