"""Days and times as the platform's files write them; all of them are China Standard Time."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta, timezone
from typing import Final

OFFSET: Final = "+08:00"
"""The files state no offset; China has one time zone and no summer time."""
YEAR_MIN: Final = 1900
_CHINA: Final = timezone(timedelta(hours=8))
_DAY: Final = re.compile(
    r"(\d{4})(?:([-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?|(\d\d)(\d\d))", re.ASCII
)
_MONTH: Final = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})月?|(\d\d))", re.ASCII)
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?", re.ASCII)
_ZONE: Final = re.compile(r"(Z|[+-]\d\d:\d\d)$")
_LENGTH_MAX: Final = 40


def day_of(text: str) -> date | None:
    """Return a day, None if it is none: 2026-03-01, 20260301, 2026/3/1, 2026年3月1日.

    A time behind it is passed over.
    """
    head = re.split(r"[T\s]+", text.strip()[:_LENGTH_MAX], maxsplit=1)[0]
    match = _DAY.fullmatch(head)
    if match is None:
        return None
    year, _, month, day, short_month, short_day = match.groups()
    return _date(int(year), int(month or short_month), int(day or short_day))


def last_day_of(text: str) -> date | None:
    """Return a day, or of a month (2028-02, 202802) the last day of it."""
    match = _MONTH.fullmatch(text.strip()[:_LENGTH_MAX])
    if match is None:
        return day_of(text)
    year, month = int(match[1]), int(match[2] or match[3])
    if not (1 <= month <= 12 and year >= YEAR_MIN):
        return None
    return _date(year, month, monthrange(year, month)[1])


def time_of(text: str) -> str | None:
    """Return a time of a bill as RFC 3339, None if it is none.

    Args:
        text: `2026-03-01 10:00:00` and its variants; a day alone is its midnight. Without an
            offset it is China Standard Time, and so is the answer: one instant, one text.
    """
    text = text.strip()[:_LENGTH_MAX]
    zone = _ZONE.search(text) if ":" in text else None
    plain = text[: zone.start()] if zone else text
    head, _, clock = re.sub(r"[T\s]+", " ", plain).partition(" ")
    day = day_of(head)
    if day is None:
        return None
    match = _CLOCK.fullmatch(clock.strip() or "00:00")
    if match is None:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    try:
        moment = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=_CHINA)
        if zone is not None:
            stated = datetime.fromisoformat(f"2000-01-01T00:00:00{zone[1]}").tzinfo
            moment = moment.replace(tzinfo=stated).astimezone(_CHINA)
    except (ValueError, OverflowError):
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{(match[4] or '').ljust(3, '0')}{OFFSET}"


def _date(year: int, month: int, day: int) -> date | None:
    if year < YEAR_MIN:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
