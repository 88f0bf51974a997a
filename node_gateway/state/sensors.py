"""Temperatures out of an event's sensor reports, in degrees Celsius.

Source: EPCIS 2.0 section 7.3.7; UN/ECE Recommendation 20 unit codes CEL, FAH, KEL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_ALARM: Final = "ALARM_CONDITION"
_UNITS: Final = ("CEL", "FAH", "KEL")


class Reading(NamedTuple):
    """One report: the lowest and highest temperature it states, and whether it is an alarm."""

    low_celsius: float | None
    high_celsius: float | None
    alarm: bool


class Limits(NamedTuple):
    """Between which temperatures goods are kept, as the master data say; None is no limit."""

    low_celsius: float | None = None
    high_celsius: float | None = None


def readings(elements: Any) -> tuple[Reading, ...]:
    """Return the temperatures and alarms of a normalised `sensorElementList`."""
    return tuple(_readings(elements)) if elements else ()


def exceeds(reading: Reading, limits: Limits | None) -> bool:
    """Tell whether a report is an alarm, or lies outside the limits."""
    if reading.alarm:
        return True
    if limits is None:
        return False
    low, high = reading.low_celsius, reading.high_celsius
    too_low = limits.low_celsius is not None and low is not None and low < limits.low_celsius
    return too_low or (
        limits.high_celsius is not None and high is not None and high > limits.high_celsius
    )


def _readings(elements: Any) -> Iterator[Reading]:
    for element in elements:
        for report in element.get("sensorReport") or ():
            alarm = report.get("exception") == _ALARM
            values = list(_values(report)) if _is_temperature(report) else []
            if values or alarm:
                yield Reading(min(values, default=None), max(values, default=None), alarm)


def _is_temperature(report: Mapping[str, Any]) -> bool:
    kind = report.get("type")
    return report.get("uom") in _UNITS and (kind is None or kind == "Temperature")


def _values(report: Mapping[str, Any]) -> Iterator[float]:
    for member in ("value", "minValue", "maxValue", "meanValue"):
        value = report.get(member)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield _celsius(float(value), str(report.get("uom")))


def _celsius(value: float, unit: str) -> float:
    if unit == "FAH":
        return (value - 32) * 5 / 9
    return value - 273.15 if unit == "KEL" else value
