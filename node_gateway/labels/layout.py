"""Where symbols and text stand on a label. Pure; lengths in mm from the upper left corner.

Text never comes into a quiet zone, lines that people read are never shortened, and a name is
shortened or left out before anything else gives way. What does not fit is refused, with the
smallest label that would hold it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from node_gateway.errors import ParameterError
from node_gateway.labels.media import MM_PER_INCH, SIDE_MM_MIN, Media
from node_gateway.labels.symbols import Symbol
from node_gateway.labels.texts import Measure, shortened

MM_PER_POINT: Final = MM_PER_INCH / 72
SIZE_PT_MIN: Final = 5.0
_LEADING: Final = 1.25
_ASCENT: Final = 0.95  # of the size: from the top of a line to the foot of its letters
_GAP_MM: Final = 1.0
_STEP_MM: Final = 0.5


@dataclass(frozen=True, slots=True)
class Words:
    """The text of a label: a name that may be shortened, and lines that may not."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlacedSymbol:
    """A symbol; `x` and `y` are its upper left module's, without the quiet zone."""

    symbol: Symbol
    x: float
    y: float
    module: float
    bar_height: float

    @property
    def width(self) -> float:
        """Its width."""
        return self.symbol.width * self.module

    @property
    def height(self) -> float:
        """Its height."""
        return self.bar_height if self.symbol.is_bars else self.symbol.height * self.module

    @property
    def row_height(self) -> float:
        """The height of one row of modules."""
        return self.bar_height if self.symbol.is_bars else self.module


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line; `y` is the foot of its letters, `size_pt` its font size, `width` its width."""

    text: str
    x: float
    y: float
    size_pt: float
    width: float
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A label, laid out."""

    width: float
    height: float
    symbols: tuple[PlacedSymbol, ...]
    lines: tuple[PlacedLine, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What comes on a label.

    Attributes:
        module: Size of a module.
        bar_height: Of bars.
        measure: Of the fonts that will draw the text.
        text_pt_max: Largest font size.
    """

    symbols: tuple[Symbol, ...]
    words: Words
    module: float
    bar_height: float
    measure: Measure
    text_pt_max: float = 8.0

    @property
    def is_bars(self) -> bool:
        """Whether the symbol is one of bars, which stands above its text."""
        return self.symbols[0].is_bars

    def pads(self, margin: float) -> list[float]:
        """Return what stays blank beside each symbol."""
        return [max(margin, one.quiet * self.module) for one in self.symbols]

    def block(self, margin: float) -> tuple[float, float]:
        """Return the size of all symbols side by side, what stays blank around them included.

        Above and below bars that is a gap each, and a margin above; the name stands between.
        """
        pads = self.pads(margin)
        widths = [one.width * self.module for one in self.symbols]
        between = sum(max(a, b) for a, b in pairwise(pads))
        heights = [
            one.height * self.module + 2 * pad for one, pad in zip(self.symbols, pads, strict=True)
        ]
        height = self.bar_height + margin + 2 * _GAP_MM if self.is_bars else max(heights)
        return pads[0] + sum(widths) + between + pads[-1], height


def laid_out(wanted: Wanted, media: Media) -> Label:
    """Place everything on a label.

    Raises:
        ParameterError: `label_too_small`, with the smallest label that holds it.
    """
    beside = None if wanted.is_bars else _beside(wanted, media)
    found = beside or _below(wanted, media)
    if found is None:
        width, height = least(wanted, media.margin_mm)
        raise ParameterError(
            f"this does not fit on a label of {media.width_mm:g} x {media.height_mm:g} mm",
            code="label_too_small",
            hint=f"At least {width:g}x{height:g}, or a smaller module, or another symbol.",
        )
    return found


def least(wanted: Wanted, margin: float) -> tuple[float, float]:
    """Return the smallest label, as width and height in steps of half a millimetre."""
    block_width, block_height = wanted.block(margin)
    widest = max((wanted.measure(one) for one in wanted.words.lines), default=0.0)
    text_width = widest * SIZE_PT_MIN * MM_PER_POINT
    text_height = len(wanted.words.lines) * SIZE_PT_MIN * MM_PER_POINT * _LEADING
    below = (max(block_width, text_width + 2 * margin), block_height + text_height + margin)
    sizes = [below]
    if not wanted.is_bars:
        width = block_width + text_width + margin
        sizes.append((width, max(block_height, text_height + 2 * margin)))
    usable = [(max(_up(one), SIDE_MM_MIN), max(_up(other), SIDE_MM_MIN)) for one, other in sizes]
    return min(usable, key=lambda one: one[0] * one[1])


def _up(length: float) -> float:
    # A hundredth on top: what was measured here must fit when it is laid out.
    return math.ceil((length + 0.01) / _STEP_MM) * _STEP_MM


def _beside(wanted: Wanted, media: Media) -> Label | None:
    """Place symbols at the left, and text at their right."""
    margin = media.margin_mm
    block_width, block_height = wanted.block(margin)
    if block_height > media.height_mm or block_width > media.width_mm:
        return None
    room = (media.width_mm - block_width - margin, media.height_mm - 2 * margin)
    lines = _set(wanted, block_width, *room)
    if lines is None:
        return None
    top = (media.height_mm - sum(_heights(lines))) / 2
    return Label(
        media.width_mm,
        media.height_mm,
        _in_a_row(wanted, margin, 0.0, 0.0, media.height_mm),
        _down(lines, top),
    )


def _below(wanted: Wanted, media: Media) -> Label | None:
    """Place the name of bars above them, and everything else below the symbols."""
    margin = media.margin_mm
    block_width, block_height = wanted.block(margin)
    if block_width > media.width_mm:
        return None
    room = (media.width_mm - 2 * margin, media.height_mm - block_height - margin)
    lines = _set(wanted, margin, *room)
    if lines is None:
        return None
    lines = [_centred(one, media.width_mm) for one in lines]
    above = [one for one in lines if one.is_name and wanted.is_bars]
    under = [one for one in lines if one not in above]
    free = room[1] - sum(_heights(lines))
    left, top = (media.width_mm - block_width) / 2, free / 2
    bottom = top + block_height
    if wanted.is_bars:
        named = _down(above, top + margin)
        top += margin + sum(_heights(above)) + _GAP_MM
        bottom = top + wanted.bar_height + _GAP_MM
        symbols = _in_a_row(wanted, margin, left, top, bottom - _GAP_MM)
    else:
        named, symbols = (), _in_a_row(wanted, margin, left, top, bottom)
    placed = (*named, *_down(under, bottom))
    return Label(media.width_mm, media.height_mm, symbols, placed)


def _in_a_row(
    wanted: Wanted, margin: float, left: float, top: float, bottom: float
) -> tuple[PlacedSymbol, ...]:
    pads = wanted.pads(margin)
    placed: list[PlacedSymbol] = []
    at = left
    for index, one in enumerate(wanted.symbols):
        at += pads[0] if index == 0 else max(pads[index - 1], pads[index])
        made = PlacedSymbol(one, at, 0.0, wanted.module, wanted.bar_height)
        y = top + (bottom - top - made.height) / 2
        placed.append(PlacedSymbol(one, at, y, wanted.module, wanted.bar_height))
        at += made.width
    return tuple(placed)


def _set(wanted: Wanted, x: float, width: float, height: float) -> list[PlacedLine] | None:
    """Return the lines of text at the largest size at which all of them fit; None if none does."""
    lines, of = wanted.words.lines, wanted.measure
    widest = max((of(one) for one in lines), default=0.0)
    room = width / MM_PER_POINT
    rows = height / MM_PER_POINT / _LEADING
    for has_name in (True, False) if wanted.words.name else (False,):
        count = len(lines) + has_name
        size = min(wanted.text_pt_max, rows / max(count, 1), room / widest if widest else room)
        if size < SIZE_PT_MIN - 1e-9:
            continue
        name = shortened(wanted.words.name, room / size, of) if has_name else ""
        texts = [(name, True)] if name else []
        texts += [(one, False) for one in lines]
        return [
            PlacedLine(text, x, 0.0, size, of(text) * size * MM_PER_POINT, is_name)
            for text, is_name in texts
        ]
    return None


def _heights(lines: Sequence[PlacedLine]) -> list[float]:
    return [one.size_pt * MM_PER_POINT * _LEADING for one in lines]


def _centred(line: PlacedLine, width: float) -> PlacedLine:
    x = (width - line.width) / 2
    return PlacedLine(line.text, x, line.y, line.size_pt, line.width, line.is_name)


def _down(lines: Sequence[PlacedLine], top: float) -> tuple[PlacedLine, ...]:
    """Return lines one below the other, the first one's top at `top`."""
    placed = []
    for line in lines:
        foot = top + line.size_pt * MM_PER_POINT * _ASCENT
        placed.append(PlacedLine(line.text, line.x, foot, line.size_pt, line.width, line.is_name))
        top += line.size_pt * MM_PER_POINT * _LEADING
    return tuple(placed)
