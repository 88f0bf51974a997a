"""What is packed in what: a tree, drawn as people write one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from node_gateway.pictures.shapes import SMALL_SIZE, Box, Line, Picture, Shape, Tone, Words, fitted

ROWS_MAX: Final = 200
_WIDTH: Final = 640.0
_ROW: Final = 26.0
_INDENT: Final = 24.0


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit and what is in it.

    Attributes:
        code: Its code, as people read it.
        note: A word on its state.
        left_out: How many of its contents are not listed.
        is_meant: Whether the picture is about it.
    """

    code: str
    note: str = ""
    contents: Sequence[Unit] = field(default=())
    left_out: int = 0
    is_meant: bool = False


def packing(top: Unit, *, title: str, more: str = "+{count}", width: float = _WIDTH) -> Picture:
    """Draw a unit with all that is in it, at most `ROWS_MAX` rows.

    Args:
        top: The outermost unit.
        title: What the picture is called.
        more: What stands for units that are left out; `{count}` is their number.
        width: Of the picture.
    """
    rows: list[tuple[int, Unit | int]] = []
    _rows(top, 0, rows)
    shapes: list[Shape] = []
    last_at: dict[int, float] = {}
    for number, (depth, unit) in enumerate(rows[:ROWS_MAX]):
        x, y = 8 + depth * _INDENT, 8 + number * _ROW
        middle = y + 9
        if depth:
            from_y = last_at.get(depth - 1, y) + 18
            shapes.append(Line(x - 15, from_y, x - 15, middle))
            shapes.append(Line(x - 15, middle, x - 3, middle))
        if isinstance(unit, int):
            shapes.append(Words(x, y + 14, more.format(count=unit), SMALL_SIZE, Tone.QUIET))
            continue
        last_at[depth] = y
        tone = Tone.ACCENT if unit.is_meant else Tone.QUIET
        shapes.append(Box(x, y + 2, 14, 14, tone, filled=unit.is_meant))
        text = f"{unit.code} {unit.note}".rstrip()
        room = width - x - 26
        shown = fitted(text, SMALL_SIZE, room)
        shapes.append(Words(x + 22, y + 14, shown, SMALL_SIZE, bold=unit.is_meant, mono=False))
    height = 16 + min(len(rows), ROWS_MAX) * _ROW
    return Picture(width, height, title, _said(top, more), tuple(shapes))


def _rows(unit: Unit, depth: int, rows: list[tuple[int, Unit | int]]) -> None:
    rows.append((depth, unit))
    for one in unit.contents:
        if len(rows) >= ROWS_MAX:
            return
        _rows(one, depth + 1, rows)
    if unit.left_out and len(rows) < ROWS_MAX:
        rows.append((depth + 1, unit.left_out))


def _said(unit: Unit, more: str) -> str:
    inside = [_said(one, more) for one in unit.contents[:ROWS_MAX]]
    if unit.left_out:
        inside.append(more.format(count=unit.left_out))
    named = f"{unit.code} {unit.note}".rstrip()
    return f"{named} ({', '.join(inside)})" if inside else named


__all__ = ["ROWS_MAX", "Unit", "packing"]
