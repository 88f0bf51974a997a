"""Modules of symbols, and reading them back. Pure.

zxing-cpp makes and reads them. That a symbol was read by the library that made it shows that its
modules are whole, in order and not scaled wrongly; tests hold a second renderer against it.

Source: ISO/IEC 16022 (Data Matrix), 18004 (QR Code), 15417 (Code 128); quiet zones of the GS1
General Specifications 5.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import zxingcpp
from PIL import Image

from node_gateway.errors import NotPossibleError, ParameterError
from node_gateway.labels.contents import Content, Symbology

DARK, LIGHT = 0, 255
QUIET: Final[Mapping[str, int]] = MappingProxyType({"datamatrix": 1, "qr": 4, "code128": 10})
"""Modules of the quiet zone on each side; above and below bars none is needed."""
_DARK_RUN: Final = re.compile(rb"\x00+")
_SCALE: Final = 3
_BARS_PX: Final = 30
_FORMATS: Final[Mapping[str, zxingcpp.BarcodeFormat]] = MappingProxyType(
    {
        "datamatrix": zxingcpp.BarcodeFormat.DataMatrix,
        "qr": zxingcpp.BarcodeFormat.QRCode,
        "code128": zxingcpp.BarcodeFormat.Code128,
    }
)
_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {"datamatrix": {"force_square": True}, "qr": {"ec_level": "M"}, "code128": {}}
)


@dataclass(frozen=True, slots=True)
class Symbol:
    """The modules of a symbol.

    Attributes:
        content: What it holds.
        width: Modules in a row.
        height: Rows; 1 of bars.
        modules: A byte per module, row by row from the top: `DARK` or `LIGHT`.
    """

    content: Content
    width: int
    height: int
    modules: bytes

    @property
    def is_bars(self) -> bool:
        """Whether it has one dimension only, so that its height is chosen."""
        return self.content.symbology == "code128"

    @property
    def quiet(self) -> int:
        """Modules of the quiet zone."""
        return QUIET[self.content.symbology]

    def runs(self) -> list[tuple[int, int, int]]:
        """Return the dark modules as (column, row, length), rows from the top."""
        found = []
        width = self.width
        for row in range(self.height):
            line = self.modules[row * width : (row + 1) * width]
            found += [(one.start(), row, len(one[0])) for one in _DARK_RUN.finditer(line)]
        return found

    def image(self) -> Image.Image:
        """Return the modules as a picture, one pixel each."""
        return Image.frombytes("L", (self.width, self.height), self.modules)


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader found in a picture."""

    identifier: str
    scanned: bytes


def symbol_of(content: Content) -> Symbol:
    """Return the symbol of a content. About 0.2 ms.

    Raises:
        ParameterError: `label_content`: more than such a symbol holds.
    """
    kind = content.symbology
    try:
        made = zxingcpp.create_barcode(
            content.data, _FORMATS[kind], gs1=content.is_gs1, **_OPTIONS[kind]
        )
    except ValueError:
        raise ParameterError(
            "this is more than such a symbol holds, or nothing for it", code="label_content"
        ) from None
    view = memoryview(made.to_image(scale=1, add_quiet_zones=False))  # type: ignore[arg-type]
    height, width = view.shape or (0, 0)
    modules = view.tobytes()
    if kind == "code128":
        height, modules = 1, modules[:width]
    return Symbol(content, width, height, modules)


def read_back(picture: Image.Image, *symbologies: Symbology, is_pure: bool = False) -> list[Read]:
    """Return what a reader finds in a grey picture.

    Args:
        picture: Mode L.
        symbologies: What is looked for.
        is_pure: Nothing but one upright symbol with its quiet zone is in it; quicker.
    """
    formats = zxingcpp.BarcodeFormats([_FORMATS[one] for one in symbologies])
    found = zxingcpp.read_barcodes(
        picture, formats, is_pure=is_pure, try_invert=False, try_rotate=not is_pure
    )
    return [Read(one.symbology_identifier, bytes(one.bytes)) for one in found if one.valid]


def check(symbol: Symbol) -> None:
    """Decode a symbol from a raster of its own.

    Raises:
        NotPossibleError: `label_unreadable`: another content came back, or none.
    """
    rows = _BARS_PX if symbol.is_bars else symbol.height * _SCALE
    drawn = symbol.image().resize((symbol.width * _SCALE, rows), Image.Resampling.NEAREST)
    edge = symbol.quiet * _SCALE
    picture = Image.new("L", (drawn.width + 2 * edge, drawn.height + 2 * edge), LIGHT)
    picture.paste(drawn, (edge, edge))
    content = symbol.content
    require(read_back(picture, content.symbology, is_pure=not symbol.is_bars), content)


def require(found: list[Read], content: Content) -> None:
    """Refuse what was not read as it was meant.

    Raises:
        NotPossibleError: `label_unreadable`.
    """
    if Read(content.identifier, content.scanned) not in found:
        raise NotPossibleError(
            "a symbol does not read back as what it should hold; nothing was printed",
            code="label_unreadable",
            hint="Choose another symbol, or a larger module; and tell us.",
        )
