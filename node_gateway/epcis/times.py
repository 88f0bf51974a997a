"""Times of events: RFC 3339 text to exactly three decimals, and to numbers.

The stated offset is kept, because it says what the clock on the wall showed; only a zero offset has
one spelling, `Z`. A fourth and further decimal is rounded half up, carrying if need be.

Source: RFC 3339; CBV 2.0 section 8.9 (the event hash rounds the same way).
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from node_gateway.epcis.normalise_errors import NormalisationError

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)
_OFFSET: Final = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def normal_time(text: str) -> str:
    """Return `text` with exactly three decimals, upper-case `T` and `Z`, and its own offset.

    Raises:
        NormalisationError: code `time_form`, it is no RFC 3339 time with an offset.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise _no_time()
    day, clock, fraction, _, sign, hours, minutes = match.groups()
    _second(day, clock)  # refuses a 30 February
    if sign is not None and (hours > "23" or minutes > "59"):
        raise NormalisationError("no such offset from UTC", code="time_form")
    zone = "Z" if sign is None or hours == minutes == "00" else f"{sign}{hours}:{minutes}"
    decimals = (fraction or "")[:3].ljust(3, "0")
    if fraction is None or len(fraction) < 4 or fraction[3] < "5":
        return f"{day}T{clock}.{decimals}{zone}"
    if decimals != "999":
        return f"{day}T{clock}.{int(decimals) + 1:03d}{zone}"
    return f"{_next_second(day, clock)}.000{zone}"


def time_ms(text: str) -> int:
    """Return `text` as milliseconds since 1970-01-01T00:00:00Z, decimals beyond three cut off.

    Raises:
        NormalisationError: code `time_form`, it is no RFC 3339 time with an offset.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise _no_time()
    since = _moment(match) - _EPOCH
    return since // timedelta(milliseconds=1) + int((match[3] or "")[:3].ljust(3, "0"))


def offset_of(text: str) -> str:
    """Return the offset that an RFC 3339 time states, `+08:00` and the like (`Z` is `+00:00`).

    Raises:
        NormalisationError: code `time_form`.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise _no_time()
    return f"{match[5]}{match[6]}:{match[7]}" if match[5] else "+00:00"


def month_at(text: str, offset: str | None) -> str:
    """Return the month `YYYY-MM` of `text`.

    Args:
        text: RFC 3339 time.
        offset: `+08:00` and the like: the offset that held where it happened; None takes the
            one that `text` has.

    Raises:
        NormalisationError: code `time_form`.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise _no_time()
    there = _OFFSET.fullmatch(offset) if offset is not None else None
    try:
        moment = _moment(match)
        if there is not None:
            moment = moment.astimezone(_zone(there[1], there[2], there[3]))
    except OverflowError:
        raise NormalisationError("a time beyond the years 1 to 9999", code="time_form") from None
    return f"{moment.year:04d}-{moment.month:02d}"


def _zone(sign: str | None, hours: str | None, minutes: str | None) -> timezone:
    if sign is None:
        return UTC
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return timezone(-offset if sign == "-" else offset)


def _moment(match: re.Match[str]) -> datetime:
    """Return the whole second; a leap second counts as the one before it."""
    moment = _second(match[1], match[2])
    try:
        return moment.replace(tzinfo=_zone(match[5], match[6], match[7]))
    except ValueError:
        raise NormalisationError("no such offset from UTC", code="time_form") from None


def _second(day: str, clock: str) -> datetime:
    try:
        return datetime.fromisoformat(
            f"{day}T{clock[:6]}59" if clock.endswith(":60") else f"{day}T{clock}"
        )
    except ValueError:
        raise NormalisationError("no such day or time", code="time_form") from None


def _next_second(day: str, clock: str) -> str:
    try:
        following = _second(day, clock) + timedelta(seconds=1)
    except OverflowError:
        raise NormalisationError("a time beyond the years 1 to 9999", code="time_form") from None
    return following.isoformat()


def _no_time() -> NormalisationError:
    return NormalisationError(
        "not an RFC 3339 time with an offset",
        code="time_form",
        hint="Such as 2026-03-01T09:30:00.000+08:00.",
    )
