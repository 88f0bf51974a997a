"""Schedules: the grammar, the moments, and a second way of finding them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node_gateway.epcis.query.schedule import FIELDS, SubscriptionControlsError, schedule_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def ms(moment):
    return int(moment.timestamp() * 1000)


def following(schedule, after, count=1):
    """The next moments, as text."""
    found, moment = [], ms(datetime.fromisoformat(after).replace(tzinfo=UTC))
    for _ in range(count):
        moment = schedule_of(schedule, now_ms=ms(NOW)).next_after(moment)
        at = datetime.fromtimestamp(moment / 1000, UTC)
        found.append(at.strftime("%Y-%m-%d %H:%M:%S"))
    return found if count > 1 else found[0]


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        # The standard's example: every morning at 1.05, once.
        ({"hour": "1", "minute": "5"}, "2026-03-01T00:00:00", "2026-03-01 01:05:00"),
        ({"hour": "1", "minute": "5"}, "2026-03-01T01:05:00", "2026-03-02 01:05:00"),
        ({"hour": "1", "minute": "5"}, "2026-03-01T01:04:59.999", "2026-03-01 01:05:00"),
        # A field coarser than the finest given one may have any value.
        ({"second": "30"}, "2026-03-01T00:00:00", "2026-03-01 00:00:30"),
        ({"second": "30"}, "2026-03-01T00:00:30", "2026-03-01 00:01:30"),
        ({"minute": "0,15,30,45"}, "2026-03-01T23:46:00", "2026-03-02 00:00:00"),
        ({"hour": "[8-18]"}, "2026-03-01T08:00:01", "2026-03-01 09:00:00"),
        ({"hour": "[8-18]"}, "2026-03-01T18:00:00", "2026-03-02 08:00:00"),
        ({"hour": "3", "second": "7"}, "2026-03-01T03:00:07", "2026-03-01 03:01:07"),
        # Months of different lengths, leap years.
        ({"dayOfMonth": "31"}, "2026-03-31T00:00:00", "2026-05-31 00:00:00"),
        ({"dayOfMonth": "30"}, "2026-01-30T00:00:00", "2026-03-30 00:00:00"),
        ({"month": "2", "dayOfMonth": "29"}, "2026-03-01T00:00:00", "2028-02-29 00:00:00"),
        ({"month": "2", "dayOfMonth": "29"}, "2096-02-29T00:00:00", "2104-02-29 00:00:00"),
        # Both days must fit; cron would take either.
        ({"dayOfMonth": "13", "dayOfWeek": "5"}, "2026-03-14T00:00:00", "2026-11-13 00:00:00"),
        ({"dayOfWeek": "1"}, "2026-03-01T00:00:00", "2026-03-02 00:00:00"),  # 1 is Monday
        ({"dayOfWeek": "7"}, "2026-03-01T00:00:00", "2026-03-08 00:00:00"),
        ({"month": "12"}, "2026-12-31T00:00:00", "2027-12-01 00:00:00"),
        ({"month": "[11-12]", "dayOfMonth": "1"}, "2026-11-01T00:00:00", "2026-12-01 00:00:00"),
        # The hour that Europe leaves out and the one that it has twice: UTC has each once.
        ({"hour": "1", "minute": "30"}, "2026-03-29T00:59:00", "2026-03-29 01:30:00"),
        ({"hour": "1", "minute": "30"}, "2026-10-25T01:30:00", "2026-10-26 01:30:00"),
        ({"hour": "05", "minute": "1,1,[1-2]"}, "2026-03-01T05:01:00", "2026-03-01 05:02:00"),
    ],
)
def test_the_next_moment(schedule, after, expected):
    assert following(schedule, after) == expected


def test_a_day_of_quarter_hours_has_96():
    found = following({"minute": "0,15,30,45"}, "2026-02-28T23:59:59", 97)
    assert (found[0], found[95]) == ("2026-03-01 00:00:00", "2026-03-01 23:45:00")
    assert found[96] == "2026-03-02 00:00:00"


def test_the_rarest_day_is_found():
    # 29 February on a Monday, across 2100, which has none: the widest gap there is.
    rare = {"month": "2", "dayOfMonth": "29", "dayOfWeek": "1"}
    assert following(rare, "2072-03-01T00:00:00") == "2112-02-29 00:00:00"


@pytest.mark.parametrize(
    ("schedule", "parameter"),
    [
        ({}, "schedule"),
        ({"hour": "24"}, "hour"),
        ({"minute": "60"}, "minute"),
        ({"second": "-1"}, "second"),
        ({"dayOfMonth": "0"}, "dayOfMonth"),
        ({"dayOfMonth": "32"}, "dayOfMonth"),
        ({"month": "13"}, "month"),
        ({"dayOfWeek": "0"}, "dayOfWeek"),
        ({"dayOfWeek": "8"}, "dayOfWeek"),
        ({"hour": "*"}, "hour"),
        ({"second": "0/30"}, "second"),
        ({"hour": "1-3"}, "hour"),
        ({"hour": "[1-3"}, "hour"),
        ({"hour": "[3-1]"}, "hour"),
        ({"hour": "1, 2"}, "hour"),
        ({"hour": "1,"}, "hour"),
        ({"hour": ""}, "hour"),
        ({"hour": "１"}, "hour"),  # a full-width digit is none
        ({"hour": "001"}, "hour"),
        ({"hour": 1}, "hour"),
        ({"hour": None}, "hour"),
        ({"hour": ["1"]}, "hour"),
        ({"hour": ",".join(["1"] * 300)}, "hour"),
        ({"year": "2027"}, "year"),
        ({"month": "2", "dayOfMonth": "30"}, "schedule"),
        ({"month": "4,6,9,11", "dayOfMonth": "31"}, "schedule"),
    ],
)
def test_what_is_refused(schedule, parameter):
    with pytest.raises(SubscriptionControlsError) as refusal:
        schedule_of(schedule, now_ms=ms(NOW))
    assert refusal.value.parameter == parameter
    assert refusal.value.code == "subscription_controls"


def texts(name):
    first, last = FIELDS[name]
    number = st.integers(first, last)
    one = number.map(str)
    span = st.tuples(number, number).map(sorted).map(lambda two: f"[{two[0]}-{two[1]}]")
    return st.lists(st.one_of(one, span), min_size=1, max_size=3).map(",".join)


def named(text):
    """The values of a field, read in another way."""
    found = set()
    for part in text.split(","):
        low, _, high = part.strip("[]").partition("-")
        found |= set(range(int(low), int(high or low) + 1))
    return found


def fits(schedule, at):
    clock = [("hour", at.hour), ("minute", at.minute), ("second", at.second)]
    days = [("month", at.month), ("dayOfMonth", at.day), ("dayOfWeek", at.isoweekday())]
    given = [name for name, _ in clock if name in schedule]
    finest = clock.index(next(one for one in clock if one[0] == given[-1])) if given else -1
    for index, (name, value) in enumerate(clock):
        if name in schedule:
            if value not in named(schedule[name]):
                return False
        elif index > finest and value != 0:
            return False
    return all(value in named(schedule[name]) for name, value in days if name in schedule)


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries({}, optional={name: texts(name) for name in ("hour", "minute", "second")})
    .filter(bool)
    .map(dict),
    st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1)),  # noqa: DTZ001
)
def test_within_a_day_it_is_the_first_second_that_fits(schedule, after):
    begin = after.replace(tzinfo=UTC)
    at = begin.replace(microsecond=0) + timedelta(seconds=1)
    while not fits(schedule, at):
        at += timedelta(seconds=1)
        assert at - begin < timedelta(days=1, seconds=2)
    assert schedule_of(schedule, now_ms=ms(NOW)).next_after(ms(begin)) == ms(at)


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {}, optional={name: texts(name) for name in ("month", "dayOfMonth", "dayOfWeek")}
    ).filter(bool),
    st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1)),  # noqa: DTZ001
)
def test_over_years_it_is_the_first_day_that_fits(schedule, after):
    begin = after.replace(tzinfo=UTC)
    at = begin.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while not fits(schedule, at) and at.year < 2070:
        at += timedelta(days=1)
    try:
        found = schedule_of(schedule, now_ms=ms(begin)).next_after(ms(begin))
    except SubscriptionControlsError:
        found = None
    if begin == begin.replace(hour=0, minute=0, second=0, microsecond=0):
        return  # midnight itself is not after itself, and the loop began a day later
    assert found == (ms(at) if fits(schedule, at) else None)
