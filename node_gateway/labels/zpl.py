"""Labels for thermal printers that understand ZPL II.

A symbol is sent as its own dots (`^GFA`), the very ones that were decoded before, so no printer
makes another symbol of it; the printer's own commands (`^BX`, `^BQ`, `^BC`) can be asked for.
Text is set in the printer's font 0. What that cannot draw needs a font of the printer by name.

Source: ZPL II Programming Guide: ^GF, ^BX, ^BQ, ^BC, ^FH, ^CI28.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from PIL import ImageOps

from node_gateway.errors import ParameterError
from node_gateway.labels.contents import Content
from node_gateway.labels.layout import MM_PER_POINT, Label, PlacedLine, PlacedSymbol
from node_gateway.labels.media import DPI
from node_gateway.labels.raster import dots_of, placed_at
from node_gateway.labels.texts import is_latin

MEDIA_TYPE: Final = "application/vnd.zebra-zpl"
FONT: Final = re.compile(r"[A-Z]:[A-Z0-9_]{1,16}\.(?:TTF|TTE|FNT)", re.ASCII)
"""A font in a printer, such as `E:SIMSUN.TTF`."""
_PLAIN: Final = re.compile(r"[^A-Za-z0-9 ().,:/-]")
_GS: Final = b"\x1d"
_ONES: Final = "GHIJKLMNOPQRSTUVWXY"
_TWENTIES: Final = "ghijklmnopqrstuvwxyz"


def zpl(
    labels: Iterable[Label], dpi: int, *, is_native: bool = False, font: str | None = None
) -> bytes:
    """Return labels as ZPL II.

    Args:
        labels: Modules in whole dots.
        dpi: Of the print head.
        is_native: The printer makes the symbols by itself.
        font: One in the printer, for text that is not Latin.

    Raises:
        ParameterError: `label_native`: the printer's command cannot be told this content.
    """
    return "".join(_label(one, dpi, font, is_native=is_native) for one in labels).encode("utf-8")


def _label(label: Label, dpi: int, font: str | None, *, is_native: bool) -> str:
    width, height = round(label.width * DPI[dpi]), round(label.height * DPI[dpi])
    parts = [f"^XA^CI28^PW{width}^LL{height}^LH0,0"]
    for symbol in label.symbols:
        x, y = placed_at(symbol, dpi)
        made = _native(symbol, dpi) if is_native else _graphic(symbol, dpi)
        parts.append(f"^FO{x},{y}{made}^FS")
    parts += [_line(one, dpi, font) for one in label.lines]
    return "\n".join((*parts, "^XZ\n"))


def _graphic(placed: PlacedSymbol, dpi: int) -> str:
    """Return the dots, rows that are like the one before as `:` and repeats counted."""
    picture = dots_of(placed, dpi)
    across = (picture.width + 7) // 8
    # 1 is a black dot here, and a white one in the picture.
    raw = ImageOps.invert(picture).convert("1").tobytes()
    rows = [raw[at : at + across].hex().upper() for at in range(0, len(raw), across)]
    texts = []
    for index, row in enumerate(rows):
        texts.append(":" if index and row == rows[index - 1] else _counted(row))
    return f"^GFA,{len(raw)},{len(raw)},{across},{''.join(texts)}"


def _counted(row: str) -> str:
    parts = []
    for digit, some in groupby(row):
        count = len(list(some))
        while count >= 400:
            parts.append("z" + digit)
            count -= 400
        if count > 2:
            twenties, ones = divmod(count, 20)
            parts.append(_TWENTIES[twenties - 1] if twenties else "")
            parts.append(_ONES[ones - 1] if ones else "")
            parts.append(digit)
        else:
            parts.append(digit * count)
    return "".join(parts)


def _native(placed: PlacedSymbol, dpi: int) -> str:
    content = placed.symbol.content
    module = round(placed.module * DPI[dpi])
    if content.symbology == "datamatrix":
        data = content.scanned.replace(_GS, b"_1").decode("ascii")
        if b"_" in content.scanned:
            raise _untold()
        return f"^BXN,{module},200,,,,_,1^FD{'_1' if content.is_gs1 else ''}{_told(data)}"
    if content.symbology == "qr":
        return f"^BQN,2,{module},M^FDMA,{_told(content.data)}"
    bars = round(placed.bar_height * DPI[dpi])
    return f"^BY{module}^BCN,{bars},N,N,N,{_bars(content)}"


def _bars(content: Content) -> str:
    if not content.is_gs1:
        return f"N^FD>;{_told(content.data)}"
    if content.scanned.isdigit() and len(content.scanned) % 2 == 0:
        return f"N^FD>;>8{content.scanned.decode('ascii')}"
    if content.elements is None or any("(" in one.value for one in content.elements.elements):
        raise _untold()
    return f"D^FD{_told(content.elements.bracketed)}"


def _told(data: str) -> str:
    if any(one in data for one in "^~>"):
        raise _untold()
    return data


def _untold() -> ParameterError:
    return ParameterError(
        "the printer's own command cannot be told this content",
        code="label_native",
        hint="Leave native out: the symbol is then sent as dots.",
    )


def _line(line: PlacedLine, dpi: int, font: str | None) -> str:
    size = round(line.size_pt * MM_PER_POINT * DPI[dpi])
    top = round(line.y * DPI[dpi]) - size
    is_plain = is_latin(line.text) or font is None
    face = f"^A0N,{size},{size}" if is_plain else f"^A@N,{size},{size},{font}"
    return f"^FO{round(line.x * DPI[dpi])},{max(top, 0)}{face}^FH_^FD{_escaped(line.text)}^FS"


def _escaped(text: str) -> str:
    """Return text with everything that a printer could obey in hexadecimal."""
    return _PLAIN.sub(lambda m: "".join(f"_{octet:02X}" for octet in m[0].encode("utf-8")), text)
