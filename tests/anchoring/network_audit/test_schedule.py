"""A stream's habit, learned from its anchors, and what breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring.network_audit.schedule import (
    Basis,
    Limits,
    Moment,
    Usual,
    counted_s,
    long_waits,
    usual_interval,
)

LIMITS = Limits(grace_s=10)
HOURLY = [(number + 1, 3600 * number) for number in range(10)]
HOUR = Usual(Basis.LEARNED, 3600)


def without(*sequences: int) -> list[Moment]:
    """Return the hourly anchors without what came in some slots; sequences stay dense."""
    kept = [time for sequence, time in HOURLY if sequence not in sequences]
    return list(enumerate(kept, 1))


@pytest.mark.parametrize(
    ("times", "usual"),
    [
        ([3600 * at for at in range(5)], HOUR),
        ([3600 * at + at % 7 for at in range(20)], Usual(Basis.LEARNED, 3601)),
        ([0, 3600, 7200, 10_800], Usual(Basis.TOO_FEW)),
        ([], Usual(Basis.TOO_FEW)),
        ([0, 1, 500, 510, 4000, 4001, 9000], Usual(Basis.IRREGULAR)),
        ([5] * 9, Usual(Basis.LEARNED, 1)),
    ],
)
def test_a_habit_is_learned_from_the_anchors(times: list[int], usual: Usual) -> None:
    assert usual_interval(list(enumerate(times, 1))) == usual


def test_one_late_anchor_does_not_spoil_the_habit() -> None:
    assert usual_interval(without(4, 5, 6)) == HOUR


def test_a_given_cadence_goes_before() -> None:
    assert usual_interval(HOURLY, 60) == Usual(Basis.GIVEN, 60)


def test_who_anchors_every_hour_is_on_time() -> None:
    assert long_waits(HOURLY, HOUR, LIMITS, until=9 * 3600 + 3599) == []


def test_a_late_anchor_is_found_with_its_times() -> None:
    [wait] = long_waits(without(4, 5), HOUR, LIMITS, until=9 * 3600)
    assert (wait.sequence, wait.since, wait.until) == (4, 7200, 18_000)
    assert (wait.counted_s, wait.allowed_s, wait.is_over) == (10_800, 7210, True)


def test_one_slot_that_was_left_out_is_no_breach_yet() -> None:
    assert long_waits(without(4), HOUR, LIMITS, until=9 * 3600) == []


@pytest.mark.parametrize(("until", "is_silent"), [(10_810, False), (10_811, True)])
def test_a_silent_stream_is_found_at_its_limit(until: int, is_silent: bool) -> None:
    waits = long_waits(HOURLY, HOUR, LIMITS, until=HOURLY[-1][1] + until)
    assert [(one.sequence, one.is_over) for one in waits] == [(11, False)] * is_silent


@pytest.mark.parametrize("basis", [Basis.TOO_FEW, Basis.IRREGULAR])
def test_without_a_habit_only_the_longest_silence_counts(basis: Basis) -> None:
    limits = Limits(silent_s=100)
    moments = [(1, 0), (2, 5000)]
    assert long_waits(moments, Usual(basis), limits, until=5100) == []
    [wait] = long_waits(moments, Usual(basis), limits, until=5101)
    assert (wait.since, wait.allowed_s, wait.is_over) == (5000, 100, False)


def test_a_stream_that_never_anchored_cannot_be_late() -> None:
    assert long_waits([], HOUR, LIMITS, until=10**9) == []


def test_a_suspension_does_not_count() -> None:
    moments = without(4, 5, 6)
    end = 9 * 3600
    assert len(long_waits(moments, HOUR, LIMITS, until=end)) == 1
    assert long_waits(moments, HOUR, LIMITS, until=end, uncounted=[(7300, 18_000)]) == []
    assert len(long_waits(moments, HOUR, LIMITS, until=end, uncounted=[(7300, 7400)])) == 1


def test_a_suspension_that_has_not_ended_excuses_silence() -> None:
    until = 10**7
    assert long_waits(HOURLY, HOUR, LIMITS, until=until, uncounted=[(9 * 3600 + 5, 0)]) == []


@given(
    st.integers(0, 50),
    st.integers(0, 50),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60)), max_size=5),
)
def test_what_counts_is_counted_second_by_second(
    start: int, length: int, uncounted: list[tuple[int, int]]
) -> None:
    end = start + length
    expected = sum(
        not any(first <= second < last for first, last in uncounted) for second in range(start, end)
    )
    assert counted_s(start, end, uncounted) == expected
