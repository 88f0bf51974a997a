"""Days as the rules compare them: `YYYY-MM-DD`, which sorts as it counts."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_DAY: Final = re.compile(r"(\d{4})[-/.]?(\d\d)(?:[-/.]?(\d\d))?(?:[Tt ].*)?", re.ASCII)
_SHORT: Final = re.compile(r"(\d\d)(\d\d)(\d\d)", re.ASCII)
_OFFSET: Final = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def expiry_day(value: Any) -> str | None:
    """Return the last day on which goods are good, None where that cannot be read.

    Args:
        value: `2028-02-29`, `20280229`, a date with a time, `2028-02` (the last day of the
            month) or the six digits of AI 17 (`280200`: likewise).
    """
    if not isinstance(value, str):
        return None
    short = _SHORT.fullmatch(value)
    if short is not None and not value.startswith(("19", "20")):
        return _day(2000 + int(short[1]), int(short[2]), int(short[3]))
    match = _DAY.fullmatch(value)
    return None if match is None else _day(int(match[1]), int(match[2]), int(match[3] or 0))


def local_day(time_ms: int, offset: str | None) -> str:
    """Return the day of a moment where it happened; `offset` is `+08:00` and the like."""
    match = _OFFSET.fullmatch(offset) if offset is not None else None
    minutes = 0
    if match is not None:
        minutes = (int(match[2]) * 60 + int(match[3])) * (-1 if match[1] == "-" else 1)
    try:
        moment = _EPOCH + timedelta(milliseconds=time_ms, minutes=minutes)
    except OverflowError:
        return "9999-12-31" if time_ms > 0 else "0001-01-01"
    return f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}"


def _day(year: int, month: int, day: int) -> str | None:
    if not (1 <= year <= 9999 and 1 <= month <= 12):
        return None
    last = monthrange(year, month)[1]
    return f"{year:04d}-{month:02d}-{day or last:02d}" if day <= last else None
