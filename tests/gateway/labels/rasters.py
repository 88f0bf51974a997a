"""Turning finished files of labels back into dots, by other ways than those that made them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

import pypdfium2
import zxingcpp
from PIL import Image, ImageDraw

MM_PER_INCH: Final = 25.4
_SVG: Final = "{http://www.w3.org/2000/svg}"
_ONES: Final = "GHIJKLMNOPQRSTUVWXY"
_TWENTIES: Final = "ghijklmnopqrstuvwxyz"


def of_pdf(pdf: bytes, dpi: int) -> list[Image.Image]:
    """Render every page with PDFium."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        scale = dpi / 72
        return [
            document[number].render(scale=scale, grayscale=True).to_pil().convert("L")
            for number in range(len(document))
        ]
    finally:
        document.close()


def of_svg(svg: bytes, dpi: int) -> Image.Image:
    """Draw the symbols of an SVG: groups with one matrix, and paths of rectangles."""
    root = ET.fromstring(svg)
    per_mm = dpi / MM_PER_INCH
    width, height = (float(root.attrib[name].removesuffix("mm")) for name in ("width", "height"))
    assert root.attrib["viewBox"] == f"0 0 {width:g} {height:g}"
    picture = Image.new("L", (round(width * per_mm), round(height * per_mm)), 255)
    pen = ImageDraw.Draw(picture)
    for group in root.iter(f"{_SVG}g"):
        numbers = [float(one) for one in re.findall(r"-?[0-9.]+", group.attrib["transform"])]
        left, top, across, down = numbers
        path = group.find(f"{_SVG}path")
        assert path is not None
        rectangles = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path.attrib["d"])
        assert "".join(f"M{x} {y}h{w}v1h-{w}z" for x, y, w, _ in rectangles) == path.attrib["d"]
        for x, y, w, back in rectangles:
            assert w == back
            pen.rectangle(
                (
                    round((left + int(x) * across) * per_mm),
                    round((top + int(y) * down) * per_mm),
                    round((left + (int(x) + int(w)) * across) * per_mm) - 1,
                    round((top + (int(y) + 1) * down) * per_mm) - 1,
                ),
                fill=0,
            )
    return picture


@dataclass(frozen=True)
class Zpl:
    """One label of ZPL: its dots without text, and its text by place."""

    picture: Image.Image
    texts: dict[tuple[int, int], str]
    commands: str


def of_zpl(zpl: bytes) -> list[Zpl]:
    """Do what a printer does with graphics, and read text."""
    return [_label(one) for one in re.findall(r"\^XA.*?\^XZ", zpl.decode("utf-8"), re.DOTALL)]


def _label(text: str) -> Zpl:
    size = re.search(r"\^PW(\d+)\^LL(\d+)", text)
    assert size is not None
    picture = Image.new("L", (int(size[1]), int(size[2])), 255)
    graphics = re.findall(r"\^FO(\d+),(\d+)\^GFA,(\d+),(\d+),(\d+),([^^]*)\^FS", text)
    for x, y, total, also, across, data in graphics:
        assert total == also
        octets = _bits(data, int(across))
        assert len(octets) == int(total)
        rows = len(octets) // int(across)
        inverted = bytes(255 - one for one in octets)
        dots = Image.frombytes("1", (int(across) * 8, rows), inverted)
        picture.paste(dots.convert("L"), (int(x), int(y)))
    fields = re.findall(r"\^FO(\d+),(\d+)\^A[^^]*\^FH_\^FD([^^]*)\^FS", text)
    texts = {(int(x), int(y)): _told(said) for x, y, said in fields}
    return Zpl(picture, texts, text)


def _told(said: str) -> str:
    octets = re.sub(r"_([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), said)
    return octets.encode("latin-1").decode("utf-8")


def _bits(data: str, across: int) -> bytes:
    """Undo the compression of ^GF: repeats are counted, `:` is the row before."""
    rows: list[str] = []
    row, count = "", 0
    for one in data:
        if one == ":":
            assert not row
            rows.append(rows[-1])
        elif one in _ONES:
            count += _ONES.index(one) + 1
        elif one in _TWENTIES:
            count += 20 * (_TWENTIES.index(one) + 1)
        else:
            row += one * max(count, 1)
            count = 0
            if len(row) == across * 2:
                rows.append(row)
                row = ""
    assert not row
    return bytes.fromhex("".join(rows))


@dataclass(frozen=True)
class Found:
    """A symbol that was read, and the corners of its box in dots."""

    identifier: str
    scanned: bytes
    box: tuple[int, int, int, int]


def read(picture: Image.Image) -> list[Found]:
    """Read every symbol, whatever its kind."""
    found = []
    for one in zxingcpp.read_barcodes(picture):
        assert one.valid
        corners = (
            one.position.top_left,
            one.position.top_right,
            one.position.bottom_left,
            one.position.bottom_right,
        )
        xs, ys = [corner.x for corner in corners], [corner.y for corner in corners]
        box = (min(xs), min(ys), max(xs), max(ys))
        found.append(Found(one.symbology_identifier, bytes(one.bytes), box))
    return sorted(found, key=lambda one: one.identifier)


def is_blank(picture: Image.Image, box: tuple[float, float, float, float]) -> bool:
    """Tell whether nothing dark lies in a part of a picture."""
    left, top, right, bottom = box
    inside = picture.crop((round(left), round(top), round(right), round(bottom)))
    assert inside.width > 0
    assert inside.height > 0
    return inside.getextrema()[0] > 200
