"""Draw a picture on a PDF page."""

from __future__ import annotations

from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont

from node_gateway.pictures.shapes import Box, Dot, Line, Picture, Shape, Words
from node_gateway.pictures.svg import COLOURS

CHINESE: Final = "STSong-Light"
"""A font that every reader of PDFs has for Chinese: none is shipped."""
_DASHES: Final = (4, 3)


def draw(picture: Picture, canvas: Any, x: float, y: float, *, scale: float = 1.0) -> None:
    """Draw a picture with its upper left corner at (x, y), in points from the lower left.

    Args:
        picture: What is drawn.
        canvas: A `reportlab.pdfgen.canvas.Canvas`.
        x: From the left edge of the page.
        y: From its lower edge.
        scale: How much larger than its own points.
    """
    canvas.saveState()
    canvas.translate(x, y)
    canvas.scale(scale, scale)
    for shape in picture.shapes:
        _draw(canvas, shape)
    canvas.restoreState()


def font_of(text: str, *, bold: bool = False, mono: bool = False) -> str:
    """Return a font that has every letter of a text."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        if CHINESE not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
        return CHINESE
    if mono:
        return "Courier-Bold" if bold else "Courier"
    return "Helvetica-Bold" if bold else "Helvetica"


def _draw(canvas: Any, shape: Shape) -> None:
    colour = HexColor(COLOURS[shape.tone])
    canvas.setStrokeColor(colour)
    canvas.setFillColor(colour)
    canvas.setLineWidth(1.5)
    canvas.setDash(*_DASHES) if getattr(shape, "dashed", False) else canvas.setDash()
    match shape:
        case Line():
            canvas.setLineWidth(shape.width)
            canvas.line(shape.x1, -shape.y1, shape.x2, -shape.y2)
        case Box():
            painted = {"fill": int(shape.filled), "stroke": int(not shape.filled)}
            lower = -shape.y - shape.height
            canvas.roundRect(shape.x, lower, shape.width, shape.height, 3, **painted)
        case Dot():
            painted = {"fill": int(shape.filled), "stroke": int(not shape.filled)}
            canvas.circle(shape.x, -shape.y, shape.radius, **painted)
        case Words():
            canvas.setFont(font_of(shape.text, bold=shape.bold, mono=shape.mono), shape.size)
            put = {
                "start": canvas.drawString,
                "middle": canvas.drawCentredString,
                "end": canvas.drawRightString,
            }[shape.anchor]
            put(shape.x, -shape.y, shape.text)


__all__ = ["CHINESE", "draw", "font_of"]
