"""What two events share that say the same: a hash of the content without its name.

The equivalence is the CBV event hash's (CBV 2.0 section 8.9) over normalised events: eventID,
recordTime and errorDeclaration do not count, nor does the order of lists, nor the offset in which
eventTime is written. It is not that hash: this one is inner, cheap, and never leaves the gateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import orjson

FINGERPRINT_SIZE: Final = 16
_NAMES: Final = frozenset({"eventID", "errorDeclaration", "recordTime", "eventTime", "@context"})


def fingerprint(event: Mapping[str, Any], time_ms: int) -> bytes:
    """Return 16 bytes that are equal for events that say the same.

    Args:
        event: A normalised event, complete with its code lists.
        time_ms: Its eventTime in milliseconds since the epoch.
    """
    content = {
        name: value if type(value) is str else _sorted(value)
        for name, value in event.items()
        if name not in _NAMES
    }
    content["eventTime"] = time_ms
    text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return sha256(text).digest()[:FINGERPRINT_SIZE]


def _sorted(value: Any) -> Any:
    """Return a value with its lists in an order of their own; this runs for every event."""
    if isinstance(value, list):
        if len(value) < 2:
            return [one if type(one) is str else _sorted(one) for one in value]
        if all(type(one) is str for one in value):
            return sorted(set(value))
        return sorted((_sorted(one) for one in value), key=_text)
    if isinstance(value, dict):
        return {
            name: inner if type(inner) is str else _sorted(inner) for name, inner in value.items()
        }
    return value


def _text(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
