"""When a standing query runs: EPCIS's QuerySchedule, read and asked for its next moment.

A moment fits when every field that was given names it; all times are UTC, so there is no hour that
comes twice or never. A field that was left out may have any value, but one finer than every given
field has its smallest: `{"hour": "1", "minute": "5"}` is 01:05:00 once a day, as the standard's
own example says, not sixty times in that minute.

Pure: no clock. Cron libraries fit neither the grammar (`[low-high]`, 1 is Monday, seconds) nor the
meaning (day of month AND day of week).

Source: EPCIS 2.0 section 8.2.5.3.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from node_gateway.epcis.query.errors import QueryError

FIELDS: Final[Mapping[str, tuple[int, int]]] = {
    "month": (1, 12),
    "dayOfMonth": (1, 31),
    "dayOfWeek": (1, 7),  # 1 is Monday
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
}
"""First and last value of each field, the coarsest first."""
_CLOCK: Final = ("hour", "minute", "second")
_ELEMENT: Final = re.compile(r"(\d{1,2})|\[(\d{1,2})-(\d{1,2})\]", re.ASCII)
_LENGTH_MAX: Final = 400
_YEARS_MAX: Final = 41
"""A 29 February on a given weekday comes after 40 years at the latest."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_DAY_S: Final = 86_400


class SubscriptionControlsError(QueryError):
    """What says when a subscription reports is malformed, contradicts itself, or never happens."""

    code = "subscription_controls"
    exception = "SubscriptionControlsException"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Moments, whole seconds of UTC. Make one with `schedule_of`.

    Attributes:
        fields: What was given, as it was given.
        months: Which months, ascending; `days`, `weekdays` (1 is Monday) likewise.
        seconds: Which seconds of a day, ascending.
    """

    fields: Mapping[str, str]
    months: tuple[int, ...]
    days: tuple[int, ...]
    weekdays: tuple[int, ...]
    seconds: tuple[int, ...]

    def next_after(self, moment_ms: int) -> int | None:
        """Return the first moment after another one.

        Args:
            moment_ms: Milliseconds since 1970-01-01T00:00:00Z.

        Returns:
            Milliseconds; None if there is none within 41 years.
        """
        after = _EPOCH + timedelta(milliseconds=moment_ms)
        begin = after.replace(microsecond=0) + _SECOND
        today = begin.date()
        of_day = (begin.hour * 60 + begin.minute) * 60 + begin.second
        for day in self._days_from(today):
            at = bisect_left(self.seconds, of_day if day == today else 0)
            if at < len(self.seconds):
                midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
                since = midnight + timedelta(seconds=self.seconds[at]) - _EPOCH
                return since // timedelta(milliseconds=1)
        return None

    def _days_from(self, first: date) -> Iterator[date]:
        for year in range(first.year, min(first.year + _YEARS_MAX, date.max.year + 1)):
            for month in self.months:
                for number in self.days:
                    try:
                        day = date(year, month, number)
                    except ValueError:  # a 30 February
                        continue
                    if day >= first and day.isoweekday() in self.weekdays:
                        yield day


def schedule_of(given: Mapping[str, Any], *, now_ms: int) -> Schedule:
    """Read a schedule.

    Args:
        given: Text by the name of a field: numbers and `[low-high]`, separated by commas.
        now_ms: Whoever would wait for ever from now on is told so.

    Raises:
        SubscriptionControlsError: code `subscription_controls`; no field, one that is unknown,
            malformed or out of range, or a moment that never comes.
    """
    unknown = sorted(set(given) - set(FIELDS))
    if unknown:
        raise SubscriptionControlsError(
            "a schedule has no such field",
            parameter=unknown[0][:100],
            hint=f"Fields are {', '.join(FIELDS)}.",
        )
    if not given:
        raise SubscriptionControlsError(
            "a schedule names at least one field",
            parameter="schedule",
            hint='For example {"hour": "1", "minute": "5"}: 01:05 UTC, every day.',
        )
    values = {name: _values(name, text) for name, text in given.items()}
    schedule = Schedule(
        dict(given),
        values.get("month") or _all("month"),
        values.get("dayOfMonth") or _all("dayOfMonth"),
        values.get("dayOfWeek") or _all("dayOfWeek"),
        _seconds_of_day(values),
    )
    if schedule.next_after(now_ms) is None:
        raise SubscriptionControlsError(
            "this moment never comes",
            parameter="schedule",
            hint="No month of those named has such a day.",
        )
    return schedule


def _seconds_of_day(values: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """Return the seconds of a day; the fields finer than every given one are 0."""
    finest = max((at for at, name in enumerate(_CLOCK) if name in values), default=-1)
    hours, minutes, seconds = (
        values.get(name) or (_all(name) if at < finest else (0,)) for at, name in enumerate(_CLOCK)
    )
    return tuple(
        (hour * 60 + minute) * 60 + second
        for hour in hours
        for minute in minutes
        for second in seconds
    )


def _all(name: str) -> tuple[int, ...]:
    first, last = FIELDS[name]
    return tuple(range(first, last + 1))


def _values(name: str, text: Any) -> tuple[int, ...]:
    first, last = FIELDS[name]
    found: set[int] = set()
    if not isinstance(text, str) or len(text) > _LENGTH_MAX:
        raise _malformed(name)
    for part in text.split(","):
        element = _ELEMENT.fullmatch(part)
        if element is None:
            raise _malformed(name)
        low = int(element[1] or element[2])
        high = int(element[1] or element[3])
        if not first <= low <= high <= last:
            raise SubscriptionControlsError(
                f"{name} lies between {first} and {last}, and a range goes upwards",
                parameter=name,
                hint=f"For example {first} or [{first}-{last}].",
            )
        found.update(range(low, high + 1))
    return tuple(sorted(found))


def _malformed(name: str) -> SubscriptionControlsError:
    return SubscriptionControlsError(
        f"{name} is a text of numbers and ranges, separated by commas",
        parameter=name,
        hint='For example "5", "0,30" or "[8-18]"; there is no * and no step.',
    )
