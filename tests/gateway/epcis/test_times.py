"""Times of events: one spelling, and numbers."""

import pytest

from node_gateway.epcis.normalise import check_time
from node_gateway.epcis.normalise_errors import NormalisationError
from node_gateway.epcis.times import month_at, normal_time, time_ms
from tests.gateway.epcis.documents import event, problems


@pytest.mark.parametrize(
    ("given_", "normalised"),
    [
        ("2026-03-01T10:00:00+08:00", "2026-03-01T10:00:00.000+08:00"),
        ("2026-03-01T10:00:00.1-05:30", "2026-03-01T10:00:00.100-05:30"),
        ("2026-03-01t10:00:00.12z", "2026-03-01T10:00:00.120Z"),
        ("2026-03-01T10:00:00.116+00:00", "2026-03-01T10:00:00.116Z"),
        ("2026-03-01T10:00:00.116-00:00", "2026-03-01T10:00:00.116Z"),
        ("2026-03-01T10:00:00.0004999Z", "2026-03-01T10:00:00.000Z"),
        ("2026-03-01T10:00:00.0005Z", "2026-03-01T10:00:00.001Z"),
        ("2026-03-01T10:00:00.9996+08:00", "2026-03-01T10:00:01.000+08:00"),
        ("2026-12-31T23:59:59.9995-03:00", "2027-01-01T00:00:00.000-03:00"),
        ("2016-12-31T23:59:60.5Z", "2016-12-31T23:59:60.500Z"),
        ("2016-12-31T23:59:60.9999Z", "2017-01-01T00:00:00.000Z"),
    ],
)
def test_times(given_: str, normalised: str) -> None:
    assert normal_time(given_) == normalised
    assert normal_time(normalised) == normalised


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01", "2026-03-01T10:00:00", "2026-02-30T10:00:00Z", "2026-03-01T24:00:00Z",
        "2026-03-01T10:00:00+24:00", "2026-03-01T10:00:00+08:60", "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999Z", "2026-03-01 10:00:00Z", "2026-03-01T10:00:00,5Z", "",
        "2026-03-01T10:00:00Z\n", "\u0662026-03-01T10:00:00Z",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_at_its_place(text: str) -> None:
    assert problems(event(eventTime=text)) == [("time_form", "/epcisBody/eventList/0/eventTime")]


def test_milliseconds_and_months_count_the_offset() -> None:
    assert time_ms("1970-01-01T08:00:00.001+08:00") == 1
    assert time_ms("1969-12-31T23:59:59.999Z") == -1
    assert month_at("2026-03-31T23:30:00Z", "+08:00") == "2026-04"
    assert month_at("2026-03-31T23:30:00Z", None) == "2026-03"
    assert month_at("2026-04-01T00:30:00+08:00", "-05:00") == "2026-03"


def test_an_event_from_the_future_is_refused_beyond_the_tolerance() -> None:
    stated_ms = time_ms("2026-03-01T02:00:00Z")
    check_time(event(), stated_ms - 5_000, 5)
    check_time(event(), stated_ms + 10**12, 0)
    with pytest.raises(NormalisationError) as caught:
        check_time(event(), stated_ms - 5_001, 5, "/epcisBody/eventList/3")
    assert caught.value.code == "event_time_future"
    assert caught.value.pointer == "/epcisBody/eventList/3/eventTime"
    with pytest.raises(NormalisationError) as caught:
        check_time({}, stated_ms, 5)
    assert caught.value.code == "time_form"
