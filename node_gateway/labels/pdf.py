"""Labels as a PDF at true size: vectors, and no font inside.

A symbol is one path of rectangles in whole modules under one matrix, so every edge lies exactly
where it should, whatever prints it. The file asks readers not to scale it. Equal labels give equal
bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any, Final

from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from node_gateway.labels.layout import MM_PER_POINT, Label, PlacedLine, PlacedSymbol
from node_gateway.labels.media import Media
from node_gateway.labels.texts import register_fonts, runs_of

MEDIA_TYPE: Final = "application/pdf"


def pdf(labels: Iterable[Label], media: Media, *, skip: int = 0) -> bytes:
    """Return labels as a PDF, a page each, or as many on a page as the sheet has.

    Args:
        labels: All of the size of `media`.
        media: What they come on.
        skip: So many places of the first sheet are used already.
    """
    register_fonts()
    rl_config.useA85 = 0  # plain deflated streams: no text detour, which takes half of the time
    sheet = media.sheet
    page = (media.width_mm, media.height_mm) if sheet is None else (sheet.width_mm, sheet.height_mm)
    target = io.BytesIO()
    size = (page[0] / MM_PER_POINT, page[1] / MM_PER_POINT)
    canvas = Canvas(target, pagesize=size, pageCompression=1, invariant=1)
    canvas.setTitle("Labels")
    canvas.setViewerPreference("PrintScaling", "None")
    per_page = 1 if sheet is None else sheet.count
    place = skip
    for label in labels:
        if place == per_page:
            canvas.showPage()
            place = 0
        left, top = 0.0, 0.0
        if sheet is not None:
            left = sheet.left_mm + place % sheet.columns * media.width_mm
            top = sheet.top_mm + place // sheet.columns * media.height_mm
        _draw(canvas, label, left, page[1] - top)
        place += 1
    canvas.save()
    return target.getvalue()


def _draw(canvas: Any, label: Label, left: float, top: float) -> None:
    """Draw a label whose upper left corner is there; mm from the lower left of the page."""
    for symbol in label.symbols:
        _symbol(canvas, symbol, left, top)
    for line in label.lines:
        _line(canvas, line, left, top)


def _symbol(canvas: Any, placed: PlacedSymbol, left: float, top: float) -> None:
    rows = placed.symbol.height
    path = [f"{x} {rows - 1 - y} {size} 1 re" for x, y, size in placed.symbol.runs()]
    canvas.saveState()
    canvas.transform(
        placed.module / MM_PER_POINT,
        0,
        0,
        placed.row_height / MM_PER_POINT,
        (left + placed.x) / MM_PER_POINT,
        (top - placed.y - placed.height) / MM_PER_POINT,
    )
    canvas.drawPath(PDFPathObject(path), stroke=0, fill=1)
    canvas.restoreState()


def _line(canvas: Any, line: PlacedLine, left: float, top: float) -> None:
    text = canvas.beginText((left + line.x) / MM_PER_POINT, (top - line.y) / MM_PER_POINT)
    for run in runs_of(line.text):
        text.setFont(run.font, line.size_pt)
        text.textOut(run.text)
    canvas.drawText(text)
