"""How often a stream anchors, and where it did not: learned from its own anchors. Pure.

Times are Unix seconds of block headers. Times that count for nobody (a suspension, a chain that
makes no blocks) are half-open intervals and are left out of every wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median_low
from typing import Final

Interval = tuple[int, int]
Moment = tuple[int, int]
"""(sequence, block time)."""

LEARNED_FROM_MIN: Final = 4
"""Fewer intervals tell no habit."""
SPREAD_MAX: Final = 2
"""Where one interval in five is longer than this times the usual one, there is no habit."""


class Basis(StrEnum):
    """Where a usual interval comes from."""

    GIVEN = "given"
    LEARNED = "learned"
    IRREGULAR = "irregular"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as late and as silent.

    Attributes:
        late_factor, silent_factor: How many usual intervals may pass.
        grace_s: Added to both.
        silent_s: The longest silence of a stream without a usual interval.
    """

    late_factor: float = 2.0
    silent_factor: float = 3.0
    grace_s: int = 60
    silent_s: int = 2 * 86_400


@dataclass(frozen=True, slots=True)
class Usual:
    """How often a stream anchors; `interval_s` is None if that is not known."""

    basis: Basis
    interval_s: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """A time without an anchor that was too long.

    Attributes:
        sequence: The anchor that ended it; the next one's if none did.
        since, until: From the anchor before to the one that ended it, or to the newest block.
        counted_s: How much of it counts.
        allowed_s: How much may have.
        is_over: False if no anchor came since: the stream is silent.
    """

    sequence: int
    since: int
    until: int
    counted_s: int
    allowed_s: int
    is_over: bool


def usual_interval(moments: Sequence[Moment], cadence_s: int | None = None) -> Usual:
    """Return how often a stream anchors: as given, else as it mostly did.

    Args:
        moments: Its anchors, ascending.
        cadence_s: The length of its slots, if it is known from elsewhere.
    """
    if cadence_s is not None:
        return Usual(Basis.GIVEN, cadence_s)
    lengths = sorted(later - earlier for (_, earlier), (_, later) in pairwise(moments))
    if len(lengths) < LEARNED_FROM_MIN:
        return Usual(Basis.TOO_FEW)
    usual = max(1, median_low(lengths))
    common = lengths[(len(lengths) - 1) * 4 // 5]
    if common > SPREAD_MAX * usual:
        return Usual(Basis.IRREGULAR)
    return Usual(Basis.LEARNED, usual)


def long_waits(
    moments: Sequence[Moment],
    usual: Usual,
    limits: Limits,
    *,
    until: int,
    uncounted: Sequence[Interval] = (),
) -> list[Wait]:
    """Return every time without an anchor that was longer than allowed.

    Args:
        moments: The stream's anchors, ascending, at least one.
        usual: From `usual_interval`.
        limits: What is allowed.
        until: Time of the newest block.
        uncounted: What counts for nobody.
    """
    if not moments:
        return []
    found: list[Wait] = []
    if usual.interval_s is not None:
        late_s = _allowed(usual.interval_s, limits.late_factor, limits)
        for (_, earlier), (sequence, later) in pairwise(moments):
            waited = counted_s(earlier, later, uncounted)
            if waited > late_s:
                found.append(Wait(sequence, earlier, later, waited, late_s, is_over=True))
        silent_s = _allowed(usual.interval_s, limits.silent_factor, limits)
    else:
        silent_s = limits.silent_s
    sequence, last = moments[-1]
    waited = counted_s(last, until, uncounted)
    if waited > silent_s:
        found.append(Wait(sequence + 1, last, until, waited, silent_s, is_over=False))
    return found


def counted_s(start: int, end: int, uncounted: Sequence[Interval]) -> int:
    """Return how many seconds of an interval count; an interval that ends at 0 has no end yet."""
    counted, at = 0, start
    for first, last in sorted((first, last or end) for first, last in uncounted):
        if last <= first:
            continue
        counted += max(0, min(first, end) - at)
        at = max(at, min(last, end))
    return counted + max(0, end - at)


def _allowed(interval_s: int, factor: float, limits: Limits) -> int:
    return int(interval_s * factor) + limits.grace_s
