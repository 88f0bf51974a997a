"""A label as SVG at true size, for documents and screens. Text is drawn by the viewer's fonts."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

from node_gateway.labels.layout import MM_PER_POINT, Label, PlacedLine, PlacedSymbol

MEDIA_TYPE: Final = "image/svg+xml"
_FONTS: Final = "Helvetica, Arial, 'Songti SC', SimSun, 'Noto Sans CJK SC', sans-serif"


def svg(label: Label) -> bytes:
    """Return a label as a picture whose user units are millimetres."""
    width, height = f"{label.width:g}", f"{label.height:g}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" '
        f'viewBox="0 0 {width} {height}">'
    )
    parts = [
        head,
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *(_symbol(one) for one in label.symbols),
        *(_line(one) for one in label.lines),
        "</svg>\n",
    ]
    return "\n".join(parts).encode("utf-8")


def _symbol(placed: PlacedSymbol) -> str:
    path = "".join(f"M{x} {y}h{size}v1h-{size}z" for x, y, size in placed.symbol.runs())
    content = escape(placed.symbol.content.data)
    return (
        f'<g transform="translate({placed.x:.6f} {placed.y:.6f}) '
        f'scale({placed.module:.6f} {placed.row_height:.6f})" shape-rendering="crispEdges">'
        f'<title>{content}</title><path d="{path}"/></g>'
    )


def _line(line: PlacedLine) -> str:
    # Another font than the measured one must not run into anything: the width is a given one.
    return (
        f'<text x="{line.x:.3f}" y="{line.y:.3f}" font-size="{line.size_pt * MM_PER_POINT:.3f}" '
        f'font-family="{_FONTS}" textLength="{line.width:.3f}" lengthAdjust="spacingAndGlyphs" '
        f'xml:space="preserve">{escape(line.text)}</text>'
    )
