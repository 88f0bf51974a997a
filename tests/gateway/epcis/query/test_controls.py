"""When a subscription reports, as JSON and as parameters of an address."""

import pytest

from node_gateway.epcis.query.controls import controls_from_json, controls_from_text
from node_gateway.epcis.query.schedule import SubscriptionControlsError

NOW_MS = 1_772_323_200_000


def test_a_stream():
    controls = controls_from_json({"stream": True}, now_ms=NOW_MS)
    assert controls.schedule is None
    assert controls.initial_ms is None
    assert controls_from_text([("stream", "true")], now_ms=NOW_MS) == controls


def test_a_schedule_is_the_same_in_both_forms():
    controls = controls_from_json(
        {
            "schedule": {"hour": "1", "minute": "5"},
            "reportIfEmpty": True,
            "initialRecordTime": "2026-03-01T08:00:00.000+08:00",
        },
        now_ms=NOW_MS,
    )
    assert controls.report_if_empty
    assert controls.initial_ms == NOW_MS
    pairs = [
        ("minute", "5"),
        ("initialRecordTime", "2026-03-01T08:00:00.000+08:00"),
        ("hour", "1"),
        ("reportIfEmpty", "true"),
    ]
    assert controls_from_text(pairs, now_ms=NOW_MS) == controls


@pytest.mark.parametrize(
    ("members", "parameter"),
    [
        ({}, "schedule"),
        ({"stream": True, "schedule": {"hour": "1"}}, "stream"),
        ({"stream": False}, "stream"),
        ({"stream": "true"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"schedule": "hourly"}, "schedule"),
        ({"schedule": []}, "schedule"),
        ({"schedule": {}}, "schedule"),
        ({"stream": True, "reportIfEmpty": "yes"}, "reportIfEmpty"),
        ({"stream": True, "initialRecordTime": "yesterday"}, "initialRecordTime"),
        ({"stream": True, "initialRecordTime": 5}, "initialRecordTime"),
        ({"stream": True, "initialRecordTime": "2026-03-01T08:00:00"}, "initialRecordTime"),
        ({"stream": True, "initialRecordTime": "2026-02-30T08:00:00Z"}, "initialRecordTime"),
    ],
)
def test_what_is_refused(members, parameter):
    with pytest.raises(SubscriptionControlsError) as refusal:
        controls_from_json(members, now_ms=NOW_MS)
    assert refusal.value.parameter == parameter


@pytest.mark.parametrize(
    "pairs",
    [
        [("stream", "false")],
        [("stream", "1")],
        [("stream", "true"), ("hour", "1")],
        [("stream", "true"), ("stream", "true")],
        [("hour", "1"), ("hour", "2")],
        [("stream", "true"), ("EQ_bizStep", "shipping")],
        [("hour", "1"), ("reportIfEmpty", "")],
        [],
    ],
)
def test_what_is_refused_in_an_address(pairs):
    with pytest.raises(SubscriptionControlsError):
        controls_from_text(pairs, now_ms=NOW_MS)
