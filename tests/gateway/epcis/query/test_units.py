"""Units of measure: converted within a dimension, never between two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.epcis.query.units import UNITS, converted

CODES = st.sampled_from(sorted(UNITS))


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "there"),
    [
        (0, "CEL", "KEL", 273.15),
        (212, "FAH", "CEL", 100),
        (1, "KGM", "GRM", 1000),
        (1, "LBR", "GRM", 453.59237),
        (1, "INH", "MMT", 25.4),
        (2, "HUR", "MIN", 120),
        (1, "BAR", "KPA", 100),
        (50, "P1", "C62", 0.5),
        (1, "LTR", "DMQ", 1),
        (36, "KMH", "MTS", 10),
    ],
)
def test_known_conversions(value: float, unit: str, wanted: str, there: float) -> None:
    assert converted(value, unit, wanted) == pytest.approx(there)


@pytest.mark.parametrize(("unit", "wanted"), [("CEL", "KGM"), ("XYZ", "KGM"), ("KGM", "XYZ")])
def test_no_way_between_dimensions_or_unknown_units(unit: str, wanted: str) -> None:
    assert converted(1, unit, wanted) is None


def test_an_unknown_unit_is_comparable_with_itself() -> None:
    assert converted(3, "XYZ", "XYZ") == 3


@given(CODES, CODES, st.floats(-1e6, 1e6))
def test_there_and_back(one: str, other: str, value: float) -> None:
    there = converted(value, one, other)
    if there is not None:
        back = converted(there, other, one)
        scale = abs(UNITS[one].offset / UNITS[one].factor) + abs(value) + 1
        assert back == pytest.approx(value, abs=1e-9 * scale)
