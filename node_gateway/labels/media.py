"""What labels are printed on, and how large a module may be. Pure.

Source: GS1 General Specifications, symbol specification tables (section 5.12): X-dimensions of
0.254 mm and more for healthcare items in retail, 0.495 mm and more for general distribution;
31.75 mm for the bars of a logistic label.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from node_gateway.errors import ParameterError

LevelName = Literal["pack", "case"]

SIDE_MM_MIN, SIDE_MM_MAX = 10.0, 300.0
X_MM_MAX: Final = 2.0
MM_PER_INCH: Final = 25.4
DPI: Final[Mapping[int, float]] = MappingProxyType({203: 8.0, 300: 300 / 25.4, 600: 600 / 25.4})
"""Dots per millimetre by the name of a resolution: print heads of "203 dpi" have 8 dots."""
_SIZE: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9])?)x([0-9]{1,3}(?:\.[0-9])?)", re.ASCII)
_WITHIN: Final = 0.005  # of a dot: what a division leaves


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page with several labels. Lengths in mm; `top_mm` is the strip above the first row."""

    width_mm: float
    height_mm: float
    columns: int
    rows: int
    left_mm: float
    top_mm: float

    @property
    def count(self) -> int:
        """Labels on a page."""
        return self.columns * self.rows


@dataclass(frozen=True, slots=True)
class Media:
    """One label; `sheet` is None on a roll, where a page is a label.

    Attributes:
        margin_mm: What stays blank along the edge: a printer that is off by less cuts nothing.
    """

    name: str
    width_mm: float
    height_mm: float
    margin_mm: float = 1.0
    sheet: Sheet | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """What a label stands on.

    Attributes:
        x_mm_min: Smallest module.
        x_mm: Module unless another one is chosen.
        bar_mm: Height of bars unless another one is chosen; `bar_mm_min` is the least.
        text_pt_max: Largest font size; capitals of 12 points are 3 mm high, as on logistic labels.
    """

    name: LevelName
    x_mm_min: float
    x_mm: float
    bar_mm: float
    bar_mm_min: float
    text_pt_max: float


LEVELS: Final[Mapping[str, Level]] = MappingProxyType(
    {
        "pack": Level("pack", 0.254, 0.3, 10.0, 5.0, 8.0),
        "case": Level("case", 0.495, 0.495, 31.75, 12.7, 12.0),
    }
)
MEDIA: Final[Mapping[str, Media]] = MappingProxyType(
    {
        one.name: one
        for one in (
            Media("50x25", 50, 25),
            Media("100x50", 100, 50),
            Media("100x150", 100, 150),
            Media("105x148", 105, 148),
            Media("a4-3x8", 70, 37, 2.5, Sheet(210, 297, 3, 8, 0, 0.5)),
        )
    }
)


def media_of(text: str) -> Media:
    """Return a preset, or a roll of labels `WIDTHxHEIGHT` in mm.

    Raises:
        ParameterError: `label_media`.
    """
    found = MEDIA.get(text.lower())
    if found is not None:
        return found
    match = _SIZE.fullmatch(text)
    sides = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
    if not all(SIDE_MM_MIN <= one <= SIDE_MM_MAX for one in sides):
        raise ParameterError(
            "no such label",
            code="label_media",
            hint=f"{', '.join(MEDIA)}, or WIDTHxHEIGHT in mm, 10 to 300 each.",
        )
    return Media(text, *sides)


def x_dimension(level: Level, wanted: float | None) -> float:
    """Return the size of a module in mm.

    Raises:
        ParameterError: `label_x_dimension`: too small for the level, or too large for any.
    """
    if wanted is None:
        return level.x_mm
    if not level.x_mm_min <= wanted <= X_MM_MAX:
        raise ParameterError(
            f"a module on a {level.name} has {level.x_mm_min} to {X_MM_MAX} mm",
            code="label_x_dimension",
            hint=f"At least {level.x_mm_min}, or scanners of that place may not read it.",
        )
    return wanted


def bar_height(level: Level, wanted: float | None) -> float:
    """Return the height of bars in mm.

    Raises:
        ParameterError: `label_bar_height`.
    """
    if wanted is None:
        return level.bar_mm
    if not level.bar_mm_min <= wanted <= SIDE_MM_MAX:
        raise ParameterError(
            f"bars on a {level.name} are at least {level.bar_mm_min} mm high",
            code="label_bar_height",
        )
    return wanted


def dots_per_module(level: Level, wanted: float | None, dpi: int) -> int:
    """Return the dots of a module: whole ones.

    A chosen module is never made smaller; the usual one of a level may be, but not below its least.
    """
    per_mm = DPI[dpi]
    if wanted is None and (fewer := math.floor(level.x_mm * per_mm + _WITHIN)) >= (
        level.x_mm_min * per_mm - _WITHIN
    ):
        return fewer
    return math.ceil(x_dimension(level, wanted) * per_mm - _WITHIN)
