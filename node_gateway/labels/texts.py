"""Text on labels: which font draws it, how wide it is, and how it is shortened. Pure.

A PDF names its fonts and brings none: every reader has Helvetica, and readers have a Chinese font
for what names `STSong-Light`. So nothing is shipped, and Chinese is drawn all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont

Language = Literal["zh", "en"]
Measure = Callable[[str], float]
"""Width of a text at a font size of 1, in the same unit."""

LATIN: Final = "Helvetica"
CHINESE: Final = "STSong-Light"
ELLIPSIS: Final = "..."
"""Three full stops: every font has them."""
NAME_LENGTH_MAX: Final = 120
_RUN: Final = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")
_PLANE_END: Final = 0xFFFF
_SHORTEST: Final = 3
_WORDS: Final = {
    ("lot", "zh"): "批号", ("lot", "en"): "LOT",
    ("expiry", "zh"): "有效期至", ("expiry", "en"): "EXP",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that one font draws."""

    text: str
    font: str


def runs_of(text: str) -> list[Run]:
    """Return a text in pieces of one font each."""
    if text.isascii():
        return [Run(text, LATIN)]
    return [Run(one[0], LATIN if one[0].isascii() else CHINESE) for one in _RUN.finditer(text)]


def measure(text: str) -> float:
    """Return the width of a text at a size of 1, drawn with `LATIN` and `CHINESE`."""
    if text.isascii():
        return float(pdfmetrics.stringWidth(text, LATIN, 1))
    register_fonts()
    return sum(float(pdfmetrics.stringWidth(one.text, one.font, 1)) for one in runs_of(text))


def register_fonts() -> None:
    """Let the Chinese font be known; again is a no-op."""
    if CHINESE not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))


def is_latin(text: str) -> bool:
    """Tell whether the fonts of printers and pictures can draw it."""
    return all(" " <= one < "\x7f" for one in text)


def plain(text: str) -> str:
    """Return a name as one line that the fonts can draw."""
    kept = (
        one if one.isprintable() and ord(one) <= _PLANE_END else " " if one.isspace() else "?"
        for one in text[:NAME_LENGTH_MAX]
    )
    return " ".join("".join(kept).split())


def shortened(text: str, width: float, of: Measure) -> str:
    """Return as much of a text as `width` holds at a size of 1, three full stops behind it.

    Nothing at all, if fewer than three characters of it would be left: they would say nothing.
    """
    if of(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        if of(text[:middle].rstrip() + ELLIPSIS) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS if low >= _SHORTEST else ""


def facts_of(lot: str | None, expiry: date | None, language: Language) -> tuple[str, ...]:
    """Return lot and expiry in words, for labels whose symbol does not hold them."""
    found = []
    if lot is not None:
        found.append(f"{_WORDS['lot', language]} {lot}")
    if expiry is not None:
        found.append(f"{_WORDS['expiry', language]} {expiry.isoformat()}")
    return tuple(found)
