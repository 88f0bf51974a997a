"""The way of a unit as far as it is shown: a strip from its making to now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from node_gateway.pictures.shapes import (
    SMALL_SIZE,
    TEXT_SIZE,
    Dot,
    Line,
    Picture,
    Shape,
    Tone,
    Words,
    wrapped,
)

_WIDTH: Final = 328.0
_DOT_X, _TEXT_X = 12.0, 32.0
_LINE_HEIGHT: Final = 17.0
_GAP: Final = 16.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step, or a hole: a part of the way that is known to be there and is not shown.

    Attributes:
        what: What was done, in words of the reader.
        detail: Who, where and when, as far as shown; empty for nothing.
    """

    what: str
    detail: str = ""
    is_hole: bool = False


def journey(steps: Sequence[Step], *, title: str, width: float = _WIDTH) -> Picture:
    """Draw steps from top to bottom. A hole is hollow and dashed, with words that say so."""
    room = width - _TEXT_X - 4
    shapes: list[Shape] = []
    y = 20.0
    for number, step in enumerate(steps):
        tone = Tone.QUIET if step.is_hole else Tone.ACCENT
        radius = 6.0
        top = y - 5
        lines = [
            *((text, TEXT_SIZE, Tone.INK, True) for text in wrapped(step.what, TEXT_SIZE, room)),
            *(
                (text, SMALL_SIZE, Tone.QUIET, False)
                for text in wrapped(step.detail, SMALL_SIZE, room)
                if step.detail
            ),
        ]
        after = y + _LINE_HEIGHT * len(lines) + _GAP
        if number + 1 < len(steps):
            dashed = step.is_hole or steps[number + 1].is_hole
            ends = (top + radius + 3, after - 5 - radius - 3)
            shapes.append(Line(_DOT_X, ends[0], _DOT_X, ends[1], Tone.QUIET, dashed=dashed))
        hole = step.is_hole
        shapes.append(Dot(_DOT_X, top, radius, tone, filled=not hole, dashed=hole))
        for text, size, shade, bold in lines:
            shapes.append(Words(_TEXT_X, y, text, size, shade, bold=bold and not hole))
            y += _LINE_HEIGHT
        y = after
    said = "; ".join(f"{one.what}: {one.detail}" if one.detail else one.what for one in steps)
    return Picture(width, max(y - _GAP, 24.0), title, said, tuple(shapes))


__all__ = ["Step", "journey"]
