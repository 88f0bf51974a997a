"""When something is due that may take so many working days. Pure.

Time stands still on days that are no working days: what is opened on a Saturday is due as if it
had been opened when Monday began. So nothing that is opened later is due earlier.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY: Final = timedelta(days=1)
_FRIDAY: Final = 4
DAYS_OFF_MAX: Final = 370
"""More days off in a row than this, and a calendar has no working days."""


class CalendarError(ValueError):
    """A calendar cannot be used: an unknown time zone, or no working days for a year."""


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Monday to Friday, but for holidays; and weekend days that are worked nevertheless.

    Attributes:
        zone: Whose midnights separate the days.
        holidays: Days off.
        worked: Saturdays and Sundays that are working days, as before long holidays in China.
    """

    zone: tzinfo
    holidays: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    def is_working_day(self, day: date) -> bool:
        """Whether `day` counts."""
        if day in self.holidays:
            return False
        return day.weekday() <= _FRIDAY or day in self.worked

    def due(self, opened_s: float, days: int) -> float:
        """Return when something is due, Unix seconds.

        Args:
            opened_s: Unix seconds.
            days: How many working days it may take, from 0.

        Raises:
            CalendarError: there are no working days for more than a year.
        """
        opened = datetime.fromtimestamp(opened_s, self.zone)
        day, at = opened.date(), opened.time()
        if not self.is_working_day(day):
            day, at = self._next(day), time()
        for _ in range(days):
            day = self._next(day)
        return datetime.combine(day, at, self.zone).timestamp()

    def _next(self, day: date) -> date:
        for _ in range(DAYS_OFF_MAX):
            day += _DAY
            if self.is_working_day(day):
                return day
        raise CalendarError(f"there is no working day for {DAYS_OFF_MAX} days after a holiday")


def working_days(
    zone: str, *, holidays: Collection[date] = (), worked: Collection[date] = ()
) -> WorkingDays:
    """Return a calendar.

    Args:
        zone: Name of the IANA time zone database, or `UTC`.
        holidays: Days off.
        worked: Weekend days that are worked.

    Raises:
        CalendarError: no such time zone is known on this machine.
    """
    return WorkingDays(_zone(zone), frozenset(holidays), frozenset(worked))


def _zone(name: str) -> tzinfo:
    if name == "UTC":  # needs no database
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CalendarError(f"{name} is no time zone that is known here") from error
