"""What pictures are made of. Lengths in points (1/72 inch, as in PDF; CSS pixels on a page)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

TEXT_SIZE: Final = 13.0
SMALL_SIZE: Final = 11.0
_WIDE: Final = frozenset("WF")
_LATIN_WIDTH: Final = 0.56
"""Mean width of a Latin letter, in ems; Chinese ones are one em wide."""


class Tone(StrEnum):
    """What a shape says. Colours only underline it: shapes and words say the same."""

    INK = "ink"
    QUIET = "quiet"
    ACCENT = "accent"
    GOOD = "good"
    BAD = "bad"
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line from (x1, y1) to (x2, y2)."""

    x1: float
    y1: float
    x2: float
    y2: float
    tone: Tone = Tone.QUIET
    dashed: bool = False
    width: float = 1.5


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle whose upper left corner is (x, y); hollow unless filled."""

    x: float
    y: float
    width: float
    height: float
    tone: Tone = Tone.QUIET
    filled: bool = False
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A circle around (x, y); hollow unless filled."""

    x: float
    y: float
    radius: float
    tone: Tone = Tone.ACCENT
    filled: bool = True
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text whose baseline begins, has its middle or ends at (x, y)."""

    x: float
    y: float
    text: str
    size: float = TEXT_SIZE
    tone: Tone = Tone.INK
    bold: bool = False
    mono: bool = False
    anchor: Literal["start", "middle", "end"] = "start"


Shape = Line | Box | Dot | Words


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture; y grows downwards.

    Attributes:
        title: What it is, for who does not see it.
        description: All that it says, in words.
    """

    width: float
    height: float
    title: str
    description: str
    shapes: tuple[Shape, ...]


def width_of(text: str, size: float) -> float:
    """Estimate how wide a text is; fonts of browsers are not known here."""
    ems = sum(1.0 if unicodedata.east_asian_width(one) in _WIDE else _LATIN_WIDTH for one in text)
    return ems * size


def fitted(text: str, size: float, room: float) -> str:
    """Shorten a text to a width, with an ellipsis at its end."""
    if width_of(text, size) <= room:
        return text
    kept = text
    while kept and width_of(kept + "…", size) > room:
        kept = kept[:-1]
    return kept + "…"


def wrapped(text: str, size: float, room: float, *, lines_max: int = 3) -> Sequence[str]:
    """Break a text into lines of a width: between words, and anywhere in Chinese."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and width_of((line + piece).rstrip(), size) > room:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    lines.append(line.rstrip())
    if len(lines) > lines_max:
        lines = [*lines[: lines_max - 1], " ".join(lines[lines_max - 1 :])]
    return [fitted(one, size, room) for one in lines if one]


def _pieces(text: str) -> Sequence[str]:
    pieces: list[str] = []
    for one in text:
        wide = unicodedata.east_asian_width(one) in _WIDE
        if pieces and not wide and not pieces[-1].endswith(" ") and pieces[-1].isascii():
            pieces[-1] += one
        else:
            pieces.append(one)
    return pieces
