"""Symbols as a camera sees them: photos, and films for the camera that Chromium plays."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import zxingcpp
from PIL import Image

_FRAME: Final = (640, 480)
_FRAMES: Final = 8
_KINDS: Final = {
    "datamatrix": zxingcpp.BarcodeFormat.DataMatrix,
    "qr": zxingcpp.BarcodeFormat.QRCode,
    "code128": zxingcpp.BarcodeFormat.Code128,
    "ean13": zxingcpp.BarcodeFormat.EAN13,
}


def photo(kind: str, text: str, *, gs1: bool = False) -> bytes:
    """Return a photo (JPEG) of a symbol that does not lie quite straight."""
    return _jpeg(_seen(kind, text, gs1=gs1))


def blank() -> bytes:
    """Return a photo of nothing."""
    return _jpeg(Image.new("L", _FRAME, 200))


def film(path: Path, kind: str, text: str, *, gs1: bool = False) -> Path:
    """Write a film of a symbol, as `--use-file-for-fake-video-capture` takes it."""
    path.write_bytes(_jpeg(_seen(kind, text, gs1=gs1)) * _FRAMES)
    return path


def _seen(kind: str, text: str, *, gs1: bool) -> Image.Image:
    square = {"force_square": True} if kind == "datamatrix" else {}
    made = zxingcpp.create_barcode(text, _KINDS[kind], gs1=gs1, **square)
    scale = {"code128": 2, "ean13": 3}.get(kind, 8)
    view = memoryview(made.to_image(scale=scale, add_quiet_zones=True))
    height, width = view.shape or (0, 0)
    symbol = Image.frombytes("L", (width, height), view.tobytes())
    symbol = symbol.rotate(4, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    picture = Image.new("L", _FRAME, 255)
    picture.paste(symbol, ((_FRAME[0] - symbol.width) // 2, (_FRAME[1] - symbol.height) // 2))
    return picture


def _jpeg(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.convert("RGB").save(data, "JPEG", quality=85, subsampling=2)
    return data.getvalue()


__all__ = ["blank", "film", "photo"]
