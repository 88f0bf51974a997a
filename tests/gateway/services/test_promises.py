"""Promises: what is at risk or broken is said once, when it becomes so."""

import pytest

from node_gateway.services.promises import Deadline, PromiseWatch

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("anchor_bys", "state"),
    [
        ([], "kept"),
        ([1_000_500], "kept"),
        ([1_000_500, 1_000_050], "at_risk"),
        ([1_000_050, 999_999], "broken"),
    ],
)
def test_i10_the_earliest_promise_decides(anchor_bys: list[int], state: str) -> None:
    watch = PromiseWatch()
    watch.renew([Deadline(one, margin_s=90) for one in anchor_bys], NOW)
    assert watch.view.state == state
    assert watch.view.anchor_by == min(anchor_bys, default=None)


def test_i10_each_step_downwards_is_an_alarm_once() -> None:
    watch, deadline = PromiseWatch(), [Deadline(1_000_100, margin_s=90)]
    moments = [NOW, NOW + 20, NOW + 30, NOW + 101, NOW + 102]
    assert [watch.renew(deadline, now) for now in moments] == [False, True, False, True, False]
    assert watch.renew([], NOW + 103) is False
    assert watch.view.state == "kept"
    assert watch.renew(deadline, NOW + 104) is True
