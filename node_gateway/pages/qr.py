"""QR codes of links and of proofs: modules, and how they are drawn. zxing-cpp makes them.

A pack carries its link only. A document may carry the whole proof: its JSON, raw-deflated, as long
as a code holds it that cameras still read.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import zxingcpp

DATA_SIZE_BYTES_MAX: Final = 2300
QUIET: Final = 4
"""Modules around a code that stay light (ISO/IEC 18004)."""
_DARK_RUN: Final = re.compile(rb"\x00+")


@dataclass(frozen=True, slots=True)
class Qr:
    """Dark runs of a code as (column, row, length), rows from the top; `size` without the edge."""

    size: int
    runs: tuple[tuple[int, int, int], ...]

    def svg(self, title: str) -> str:
        """Return it as a file of its own, dark on light whatever stands around it."""
        side = self.size + 2 * QUIET
        path = "".join(f"M{x + QUIET} {y + QUIET}h{n}v1h-{n}z" for x, y, n in self.runs)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
            f'width="{4 * side}" height="{4 * side}" role="img" shape-rendering="crispEdges">'
            f"<title>{escape(title)}</title>"
            f'<rect width="{side}" height="{side}" fill="#fff"/>'
            f'<path d="{path}" fill="#000"/></svg>'
        )

    def draw(self, canvas: Any, x: float, y: float, side: float) -> None:
        """Draw it into a PDF with its quiet edge, lower left corner at (x, y), in points."""
        step = side / (self.size + 2 * QUIET)
        path = canvas.beginPath()
        for column, row, length in self.runs:
            top = y + side - (row + QUIET) * step
            path.rect(x + (column + QUIET) * step, top - step, length * step, step)
        canvas.drawPath(path, stroke=0, fill=1)


def qr(data: str | bytes) -> Qr:
    """Return the code of a text or of bytes; of what is longer it corrects less."""
    level = "L" if isinstance(data, bytes) else "M"
    made = zxingcpp.create_barcode(data, zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    view = memoryview(made.to_image(scale=1, add_quiet_zones=False))  # type: ignore[arg-type]
    size = (view.shape or (0,))[0]
    modules = view.tobytes()
    runs = [
        (one.start(), row, len(one[0]))
        for row in range(size)
        for one in _DARK_RUN.finditer(modules[row * size : (row + 1) * size])
    ]
    return Qr(size, tuple(runs))


def deflated(raw: bytes) -> bytes:
    """Return bytes raw-deflated (RFC 1951), as a code carries a proof."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(raw) + packer.flush()


def data_qr(raw: bytes) -> Qr | None:
    """Return the code of a whole proof; None if it is too large for one."""
    packed = deflated(raw)
    return qr(packed) if len(packed) <= DATA_SIZE_BYTES_MAX else None


__all__ = ["DATA_SIZE_BYTES_MAX", "QUIET", "Qr", "data_qr", "deflated", "qr"]
