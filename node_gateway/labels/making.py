"""Files of labels: every symbol is made, decoded, placed, written. Pure but for the time it takes.

1,000 labels take about a second; callers run it on another thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from node_gateway.errors import NotPossibleError, ParameterError
from node_gateway.labels import pdf, raster, svg, table, texts, zpl
from node_gateway.labels.contents import Content, Unit, contents_of, default_choice
from node_gateway.labels.layout import Label, Wanted, Words, laid_out
from node_gateway.labels.media import (
    DPI,
    LEVELS,
    Media,
    bar_height,
    dots_per_module,
    media_of,
    x_dimension,
)
from node_gateway.labels.reading import pages_read
from node_gateway.labels.requests import Format, LabelRequest
from node_gateway.labels.symbols import Symbol, check, require, symbol_of

Names = Callable[[str], tuple[str, str]]
"""From a canonical code to the product's name in Chinese and in English; empty: none."""

_MEASURED_MAX: Final = 256
_IN_DOTS: Final = ("png", "zpl")
_MEDIA_TYPES: Final = {
    "pdf": pdf.MEDIA_TYPE,
    "png": raster.MEDIA_TYPE,
    "svg": svg.MEDIA_TYPE,
    "zpl": zpl.MEDIA_TYPE,
    "csv": f"{table.MEDIA_TYPE}; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Made:
    """A file of labels.

    Attributes:
        decoded: Symbols that were read back from rasters of their own.
        read: Labels whose symbols were read back from the finished file.
        names_left_out: Labels without a name, since no font there draws it.
        first: What the symbols of the first label hold.
    """

    body: bytes
    media_type: str
    count: int
    decoded: int
    read: int
    names_left_out: int
    first: tuple[Content, ...]


class Making:
    """Makes the labels of one request in one format.

    Args:
        request: Checked.
        form: What is written.
        stem: Where links lead; None: this gateway has no address.
        names: Of products.
    """

    def __init__(
        self, request: LabelRequest, form: Format, *, stem: str | None, names: Names
    ) -> None:
        self._request, self._form, self._stem, self._names = request, form, stem, names
        self._media: Media = media_of(request.media)
        self._measure = lru_cache(_MEASURED_MAX)(raster.measure if form == "png" else texts.measure)
        self._decoded = self._left_out = 0

    def made(self, units: Sequence[Unit]) -> Made:
        """Return the file.

        Raises:
            ParameterError: `label_too_small`, `label_content`, `label_format`, ...
            NotPossibleError: `label_unreadable`: a symbol did not read back.
        """
        if self._form in ("png", "svg") and len(units) != 1:
            raise ParameterError(
                "a picture shows one label", code="label_format", hint="pdf, zpl or csv for more."
            )
        first = self._contents(units[0])
        body = self._body(units)
        read = self._read(body, units) if self._form == "pdf" else 0
        return Made(
            body,
            _MEDIA_TYPES[self._form],
            len(units),
            self._decoded,
            read,
            self._left_out,
            first,
        )

    def _body(self, units: Sequence[Unit]) -> bytes:
        request = self._request
        if self._form == "csv":
            return table.table(
                (unit, content, self._name(unit))
                for unit in units
                for content in self._checked(unit)
            )
        labels = self._labels(units)
        if self._form == "pdf":
            return pdf.pdf(labels, self._media, skip=request.skip)
        if self._form == "zpl":
            font = request.printer_font
            return zpl.zpl(labels, request.dpi, is_native=request.native, font=font)
        (label,) = labels
        return svg.svg(label) if self._form == "svg" else raster.png(label, request.dpi)

    def _labels(self, units: Sequence[Unit]) -> Iterator[Label]:
        for unit in units:
            symbols = tuple(symbol_of(content) for content in self._contents(unit))
            for one in symbols:
                check(one)
            self._decoded += len(symbols)
            yield laid_out(self._wanted(unit, symbols), self._media)

    def _checked(self, unit: Unit) -> Iterator[Content]:
        for content in self._contents(unit):
            check(symbol_of(content))
            self._decoded += 1
            yield content

    def _contents(self, unit: Unit) -> tuple[Content, ...]:
        choice = self._request.symbol or default_choice(unit)
        return contents_of(unit, choice, stem=self._stem, is_full=self._request.is_full)

    def _wanted(self, unit: Unit, symbols: tuple[Symbol, ...]) -> Wanted:
        """Return what comes on a label; sizes in mm, in dots whole ones."""
        request = self._request
        level = LEVELS[request.level or ("case" if unit.parts.kind == "sscc" else "pack")]
        module = x_dimension(level, request.x_mm)
        bars = bar_height(level, request.bar_mm)
        if self._form in _IN_DOTS:
            per_mm = DPI[request.dpi]
            module = dots_per_module(level, request.x_mm, request.dpi) / per_mm
            bars = round(bars * per_mm) / per_mm
        words = self._words(unit, symbols[0].content)
        return Wanted(symbols, words, module, bars, self._measure, level.text_pt_max)

    def _words(self, unit: Unit, content: Content) -> Words:
        held = {one.ai for one in content.elements.elements} if content.elements else set()
        lot = None if "10" in held else unit.lot
        expiry = None if "17" in held else unit.expiry
        language = self._request.language if self._draws_chinese else "en"
        name = self._name(unit)
        if not name and any(self._names(unit.code)):
            self._left_out += 1
        return Words(name, content.hri + texts.facts_of(lot, expiry, language))

    @property
    def _draws_chinese(self) -> bool:
        if self._form == "zpl":
            return self._request.printer_font is not None
        return self._form != "png"

    def _name(self, unit: Unit) -> str:
        zh, en = (texts.plain(one) for one in self._names(unit.code))
        ordered = (zh, en) if self._request.language == "zh" else (en, zh)
        usable = (one for one in ordered if one and (self._draws_chinese or texts.is_latin(one)))
        return next(usable, "")

    def _read(self, body: bytes, units: Sequence[Unit]) -> int:
        """Read symbols back from the finished PDF; return of how many labels.

        Raises:
            NotPossibleError: `label_unreadable`.
        """
        request, sheet = self._request, self._media.sheet
        per_page = 1 if sheet is None else sheet.count
        rest = iter(units)
        places = per_page - request.skip
        count = 0
        for found in pages_read(body, pages_max=None if request.read_all else 1):
            here = list(islice(rest, places))
            for unit in here:
                for content in self._contents(unit):
                    require(found, content)
            count += len(here)
            places = per_page
        if request.read_all and count != len(units):
            raise NotPossibleError("the file lacks labels", code="label_unreadable")
        return count
