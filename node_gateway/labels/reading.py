"""Reading symbols back from a finished PDF: what is printed, not what was meant to be. Pure.

The rectangles of the page's own content are drawn and decoded; text, and whatever is no rectangle
of dark modules, is left out, so this shows the symbols and where they stand.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Final

from PIL import Image, ImageDraw
from pypdf import PdfReader

from node_gateway.labels.symbols import LIGHT, Read, read_back

_DPI_FINE, _DPI_SHEET = 600.0, 300.0
_SHEET_POINTS: Final = 500.0  # a page that is higher is drawn with fewer dots
_POINTS: Final = 72.0
_NUMBER: Final = rb"(-?[0-9.]+)"
_OPERATION: Final = re.compile(
    rb"\s+".join([_NUMBER] * 6) + rb"\s+cm\b|" + rb"\s+".join([_NUMBER] * 4) + rb"\s+re\b"
)
_TEXT: Final = re.compile(rb"\bBT\b.*?\bET\b", re.DOTALL)


def pages_read(pdf: bytes, *, pages_max: int | None = None) -> Iterator[list[Read]]:
    """Yield what a reader finds on each page of a PDF that `pdf.pdf` wrote."""
    reader = PdfReader(io.BytesIO(pdf))
    pages: Any = reader.root_object["/Pages"]
    for kid in pages["/Kids"][:pages_max]:  # one level, and no need to look at all of them first
        page = kid.get_object()
        left, bottom, right, top = (float(one) for one in page["/MediaBox"])
        content = page["/Contents"].get_object().get_data()
        drawn = page_drawn(content, right - left, top - bottom)
        yield read_back(drawn, "datamatrix", "qr", "code128")


def page_drawn(content: bytes, width: float, height: float) -> Image.Image:
    """Return the rectangles of a page's content as a grey picture, 600 dpi or 300 if it is large.

    Args:
        content: Operators of the page.
        width: Of the page in points.
        height: Of the page in points.
    """
    scale = (_DPI_SHEET if height > _SHEET_POINTS else _DPI_FINE) / _POINTS
    picture = Image.new("L", (round(width * scale), round(height * scale)), LIGHT)
    pen = ImageDraw.Draw(picture)
    a, d, e, f = 1.0, 1.0, 0.0, 0.0
    for match in _OPERATION.finditer(_TEXT.sub(b" ", content)):
        if match[1] is not None:  # a matrix; every one stands alone between q and Q
            a, _, _, d, e, f = (float(one) for one in match.groups()[:6])
            continue
        x, y, w, h = (float(one) for one in match.groups()[6:])
        left, right = (e + a * x) * scale, (e + a * (x + w)) * scale
        top, bottom = (height - f - d * (y + h)) * scale, (height - f - d * y) * scale
        pen.rectangle((round(left), round(top), round(right) - 1, round(bottom) - 1), fill=0)
    return picture
