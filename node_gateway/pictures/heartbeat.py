"""How regularly a participant seals: a bar for each span of time, a mark where it was silent.

Before it began there is nothing to be silent of: those spans are quiet dots.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from node_gateway.pictures.shapes import (
    SMALL_SIZE,
    Box,
    Dot,
    Line,
    Picture,
    Shape,
    Tone,
    Words,
)

_BAR, _GAP = 8.0, 3.0
_HEIGHT: Final = 48.0


def heartbeat(
    counts: Sequence[int | None], *, title: str, description: str, begins: str = "", ends: str = ""
) -> Picture:
    """Draw how many batches were sealed in each span, oldest first.

    A span without any is a cross below the line, not only a missing bar.

    Args:
        counts: Batches in each span; None: before the first one there was nothing to seal.
        title: What the picture is called.
        description: All that it says, in words.
        begins: When the first span begins, under its left end.
        ends: When the last one ends, under its right end.
    """
    width = max(len(counts) * (_BAR + _GAP) + _GAP, 120.0)
    highest = max((one for one in counts if one is not None), default=0) or 1
    base = _HEIGHT + 4
    shapes: list[Shape] = [Line(0, base, width, base, Tone.QUIET, width=1)]
    for number, count in enumerate(counts):
        x = _GAP + number * (_BAR + _GAP)
        if count is None:
            shapes.append(Dot(x + _BAR / 2, base + 6, 1.5, Tone.QUIET))
            continue
        if count:
            height = max(4.0, _HEIGHT * count / highest)
            shapes.append(Box(x, base - height, _BAR, height, Tone.ACCENT, filled=True))
            continue
        left, right, top, bottom = x + 1, x + _BAR - 1, base + 3, base + 3 + _BAR - 2
        shapes.append(Line(left, top, right, bottom, Tone.BAD))
        shapes.append(Line(left, bottom, right, top, Tone.BAD))
    under = base + 24
    if begins:
        shapes.append(Words(0, under, begins, SMALL_SIZE, Tone.QUIET))
    if ends:
        shapes.append(Words(width, under, ends, SMALL_SIZE, Tone.QUIET, anchor="end"))
    return Picture(width, under + 6, title, description, tuple(shapes))


__all__ = ["heartbeat"]
