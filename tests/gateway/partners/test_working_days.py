"""When something is due: working days only, in any time zone, never earlier for the later one."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.partners.working_days import CalendarError, WorkingDays, working_days
from node_gateway.settings_exceptions import ExceptionsSection

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
TIMES = st.integers(1_704_067_200, 1_861_920_000)
ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Auckland"])


def seconds(text: str, zone: object = UTC) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()  # type: ignore[arg-type]


def shown(at_s: float, zone: object = UTC) -> str:
    return datetime.fromtimestamp(at_s, zone).strftime("%a %Y-%m-%dT%H:%M")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("2026-03-02T10:00", "Thu 2026-03-05T10:00"),  # a Monday
        ("2026-03-05T10:00", "Tue 2026-03-10T10:00"),  # a Thursday: the weekend does not count
        ("2026-03-06T23:59", "Wed 2026-03-11T23:59"),
        ("2026-03-07T10:00", "Thu 2026-03-12T00:00"),  # a Saturday: as when Monday begins
        ("2026-03-08T23:59", "Thu 2026-03-12T00:00"),
    ],
)
def test_three_working_days(opened: str, due: str) -> None:
    assert shown(working_days("UTC").due(seconds(opened), 3)) == due


def test_the_days_are_those_of_the_time_zone() -> None:
    # Friday evening in London is Saturday morning in Shanghai.
    opened = seconds("2026-03-06T23:00")
    assert shown(working_days("UTC").due(opened, 3)) == "Wed 2026-03-11T23:00"
    assert shown(working_days("Asia/Shanghai").due(opened, 3), SHANGHAI) == "Thu 2026-03-12T00:00"


def test_holidays_and_worked_weekends() -> None:
    calendar = working_days(
        "Asia/Shanghai",
        holidays=[date(2026, 10, 1), date(2026, 10, 2)],
        worked=[date(2026, 10, 10)],
    )
    opened = seconds("2026-09-30T09:00", SHANGHAI)
    assert shown(calendar.due(opened, 3), SHANGHAI) == "Wed 2026-10-07T09:00"
    opened = seconds("2026-10-08T09:00", SHANGHAI)
    assert shown(calendar.due(opened, 2), SHANGHAI) == "Sat 2026-10-10T09:00"


def test_a_holiday_goes_before_a_worked_weekend() -> None:
    calendar = WorkingDays(UTC, frozenset({date(2026, 3, 7)}), frozenset({date(2026, 3, 7)}))
    assert not calendar.is_working_day(date(2026, 3, 7))


@given(TIMES, st.integers(1, 10), ZONES, st.sets(DAYS, max_size=20), st.sets(DAYS, max_size=5))
def test_exactly_so_many_working_days_lie_between(
    opened: int, days: int, zone: str, holidays: set[date], worked: set[date]
) -> None:
    calendar = working_days(zone, holidays=holidays, worked=worked)
    due = datetime.fromtimestamp(calendar.due(opened, days), calendar.zone)
    start = datetime.fromtimestamp(opened, calendar.zone).date()
    between = (start + timedelta(days=day) for day in range((due.date() - start).days + 1))
    counted = sum(calendar.is_working_day(day) for day in between)
    assert counted == days + 1  # the day of opening, or the first working day after it, and these
    assert calendar.is_working_day(due.date())


@given(TIMES, st.integers(0, 14 * 86_400), st.integers(1, 5), st.sets(DAYS, max_size=20))
def test_what_is_opened_later_is_not_due_earlier(
    opened: int, later: int, days: int, holidays: set[date]
) -> None:
    calendar = working_days("UTC", holidays=holidays)
    assert calendar.due(opened, days) <= calendar.due(opened + later, days)


def test_a_calendar_without_working_days_is_refused() -> None:
    first = date(2026, 1, 1)
    always = [first + timedelta(days=day) for day in range(800)]
    with pytest.raises(CalendarError):
        working_days("UTC", holidays=always).due(seconds("2026-01-01T00:00"), 1)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime"])
def test_an_unknown_time_zone_is_refused_in_the_settings(zone: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        ExceptionsSection(time_zone=zone)


def test_the_settings_have_a_calendar() -> None:
    section = ExceptionsSection(time_zone="Asia/Shanghai", holidays=(date(2026, 10, 1),))
    assert not section.calendar().is_working_day(date(2026, 10, 1))
    assert section.calendar().is_working_day(date(2026, 9, 30))
