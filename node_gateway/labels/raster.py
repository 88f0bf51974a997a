"""A label as dots: PNG, and what thermal printers get. Every module has whole dots.

Text is drawn with a Latin font that the PDF library brings; what it cannot draw is left out
beforehand (`texts.is_latin`).
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Final

import reportlab
from PIL import Image, ImageDraw, ImageFont

from node_gateway.labels.layout import MM_PER_POINT, Label, PlacedSymbol
from node_gateway.labels.media import DPI, MM_PER_INCH
from node_gateway.labels.symbols import LIGHT

MEDIA_TYPE: Final = "image/png"
_FONT: Final = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
_MEASURED_PX: Final = 1000


def measure(text: str) -> float:
    """Return the width of a text at a size of 1, as it is drawn here."""
    return _font(_MEASURED_PX).getlength(text) / _MEASURED_PX


def drawn(label: Label, dpi: int) -> Image.Image:
    """Return a label as a grey picture, one pixel a dot."""
    per_mm = DPI[dpi]
    size = (round(label.width * per_mm), round(label.height * per_mm))
    picture = Image.new("L", size, LIGHT)
    pen = ImageDraw.Draw(picture)
    pen.fontmode = "1"  # dots are black or white
    for line in label.lines:
        pixels = max(1, int(line.size_pt * MM_PER_POINT * per_mm))
        at = (round(line.x * per_mm), round(line.y * per_mm))
        pen.text(at, line.text, fill=0, font=_font(pixels), anchor="ls")
    for symbol in label.symbols:
        picture.paste(dots_of(symbol, dpi), placed_at(symbol, dpi))
    return picture


def png(label: Label, dpi: int) -> bytes:
    """Return a label as PNG of one bit a dot, its resolution in it."""
    target = io.BytesIO()
    real = DPI[dpi] * MM_PER_INCH
    drawn(label, dpi).convert("1").save(target, "PNG", dpi=(real, real), optimize=True)
    return target.getvalue()


def dots_of(placed: PlacedSymbol, dpi: int) -> Image.Image:
    """Return the dots of a symbol. Its module must be whole dots."""
    module = round(placed.module * DPI[dpi])
    row = round(placed.row_height * DPI[dpi])
    symbol = placed.symbol
    size = (symbol.width * module, symbol.height * row)
    return symbol.image().resize(size, Image.Resampling.NEAREST)


def placed_at(placed: PlacedSymbol, dpi: int) -> tuple[int, int]:
    """Return the dot of a symbol's upper left corner."""
    return round(placed.x * DPI[dpi]), round(placed.y * DPI[dpi])


@cache
def _font(pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONT), pixels)
