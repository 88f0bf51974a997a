"""Cells as values: codes in any spelling, times in a zone, places and parties."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Final
from urllib.parse import quote

from pydantic_core import PydanticCustomError

from node_gateway.codes.china.drug_code import parse_drug_code
from node_gateway.codes.csv.mapping import CsvMapping, Named, Piece, pieces_of, zone_of
from node_gateway.codes.gs1.errors import Gs1SyntaxError
from node_gateway.codes.gs1.parsing import parse
from node_gateway.epcis.errors import EpcisError
from node_gateway.epcis.identifiers import canonical_identifier
from node_gateway.epcis.identifiers.keys import identify
from node_gateway.master_data import forms

DRUG_CODE: Final = "urn:x-cn-drug:"
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_MANGLED: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_AMOUNT: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,6})?")
_TIMES: Final = (
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%d %H:%M",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y%m%d%H%M%S",
)
_DATES: Final = ("%Y/%m/%d", "%Y年%m月%d日", "%Y%m%d")

PartyOf = Callable[[str], str | None]


class CellError(Exception):
    """A cell says nothing that can be used. `hint` is for whoever sent the file."""

    def __init__(self, code: str, detail: str, hint: str | None = None) -> None:
        self.code, self.detail, self.hint = code, detail, hint
        super().__init__(detail)


class Reader:
    """Reads the cells of one row after the other, by one mapping."""

    def __init__(self, mapping: CsvMapping, party_of: PartyOf) -> None:
        self._words = mapping.words
        self._zone: tzinfo = zone_of(mapping.time_zone)
        self._times = (*mapping.times, *_TIMES)
        self._dates = (*mapping.dates, *_DATES)
        self._party_of = party_of
        self._pieces: dict[str, tuple[Piece, ...]] = {}

    def text(self, template: str, cells: Mapping[str, str], *, in_uri: bool = False) -> str:
        """Return a template filled; empty if it has columns and all of them are empty.

        Args:
            template: From the mapping.
            cells: The row.
            in_uri: Percent-encode what is put behind literal text.
        """
        pieces = self._pieces.get(template)
        if pieces is None:
            pieces = self._pieces[template] = pieces_of(template)
        made, is_empty, has_column = "", True, False
        for piece in pieces:
            if not piece.is_column:
                made += piece.text
                continue
            has_column = True
            cell = self.cell(piece.text, cells)
            is_empty = is_empty and not cell
            made += quote(cell, safe="") if in_uri and made else cell
        return "" if has_column and is_empty else made.strip()

    def cell(self, column: str, cells: Mapping[str, str]) -> str:
        """Return a cell in the mapping's words."""
        text = cells.get(column, "")
        words = self._words.get(column)
        if words is None:
            return text
        return words.get(text, words.get("*", text)) if text else words.get("", "")

    def code(self, source: str | Named, cells: Mapping[str, str]) -> str | None:
        """Return the canonical code of a thing or a class; None if its cells are empty.

        Raises:
            CellError: the cells hold no code.
        """
        if isinstance(source, str):
            text = self.text(source, cells)
            return code_of(text) if text else None
        if source.sscc is not None:
            text = self.text(source.sscc, cells)
            return _key("00", text.removeprefix("(00)"), {}) if text else None
        gtin = self.text(source.gtin or "", cells)
        if not gtin:
            return None
        for ai, template in (("21", source.serial), ("10", source.lot)):
            if template is not None:
                value = self.text(template, cells)
                if not value:
                    raise CellError("cell_empty", "a GTIN without its serial number or lot")
                return _key("01", _gtin(gtin), {ai: value})
        return _key("01", _gtin(gtin), {})

    def time(self, template: str, cells: Mapping[str, str]) -> tuple[str, str]:
        """Return (time with 3 decimals and offset, the offset).

        Raises:
            CellError: `time_form`.
        """
        text = self.text(template, cells)
        moment = _parsed(text, self._times) or _parsed(text, self._dates)
        if moment is None:
            hint = "Name its form in `times` of the mapping, such as %d.%m.%Y %H:%M."
            raise CellError("time_form", "no time" if text else "the time is empty", hint)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        made = moment.isoformat(timespec="milliseconds")
        offset = made[-6:]
        if made[-6] not in "+-":  # an offset with seconds, before time zones were
            raise CellError("time_form", "a time of before time zones")
        return made, offset

    def date(self, template: str, cells: Mapping[str, str]) -> str:
        """Return a date as YYYY-MM-DD; empty if its cells are.

        Raises:
            CellError: `time_form`.
        """
        text = self.text(template, cells)
        if not text:
            return ""
        day = _parsed(text, self._dates) or _parsed(text, self._times)
        if day is None:
            hint = "Name its form in `dates` of the mapping, such as %d.%m.%Y."
            raise CellError("time_form", "no date", hint)
        return day.date().isoformat()

    def place(self, template: str, cells: Mapping[str, str]) -> str:
        """Return a place; empty if its cells are."""
        text = self.text(template, cells, in_uri=True)
        return _form(forms.location_id, text) if text else ""

    def party(self, template: str, cells: Mapping[str, str]) -> str:
        """Return a party, also by what the master data call it; empty if its cells are."""
        text = self.text(template, cells, in_uri=True)
        if not text:
            return ""
        return self._party_of(text) or _form(forms.party_id, text)

    def amount(self, template: str, cells: Mapping[str, str]) -> float | None:
        """Return a quantity; None if its cells are empty."""
        text = self.text(template, cells)
        if not text:
            return None
        if not _AMOUNT.fullmatch(text):
            raise CellError("quantity_form", "no quantity", "Digits, with a point: 12.5")
        value = float(text)
        return int(value) if value.is_integer() else value


def code_of(text: str) -> str:
    """Return a code in any spelling as its canonical URI.

    Args:
        text: 20 digits, 18 digits of an SSCC, element string, scan data, EPC URN, Digital Link or
            another URI.

    Raises:
        CellError: it is no code.
    """
    bare = "".join(text.split())
    if _MANGLED.fullmatch(bare):
        hint = "Format the column as text in the spreadsheet, and export it again."
        raise CellError("number_mangled", "a spreadsheet has shortened this number", hint)
    try:
        digits = bare.replace("-", "")
        if len(digits) == 20 and digits.isdecimal():
            return DRUG_CODE + parse_drug_code(text).text
        if len(bare) == 18 and bare.isascii() and bare.isdigit():
            return _key("00", bare, {})
        if bare.startswith("]"):
            return canonical_identifier(parse("scan", text.strip()).digital_link())
        if bare.startswith("(") or _URI.fullmatch(bare):
            return canonical_identifier(bare)
    except EpcisError as error:
        raise CellError(error.code, error.detail, error.hint) from None
    except Gs1SyntaxError as error:
        raise CellError("identifier_form", str(error)) from None
    hint = "20 digits, 18 digits, (01)...(21)..., or a URI; for columns apart: gtin and serial"
    raise CellError("code_form", "no code in any known spelling", hint)


def _parsed(text: str, formats: tuple[str, ...]) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for one in formats:
        try:
            return datetime.strptime(text, one)  # noqa: DTZ007  the zone is the mapping's
        except (ValueError, OverflowError):
            continue
    return None


def _gtin(text: str) -> str:
    return _form(forms.gtin14, text)


def _key(ai: str, value: str, qualifiers: Mapping[str, str]) -> str:
    try:
        return identify(ai, "".join(value.split()), qualifiers).digital_link
    except EpcisError as error:
        raise CellError(error.code, error.detail, error.hint) from None


def _form(form: Callable[[str], str], text: str) -> str:
    try:
        return form(text)
    except PydanticCustomError as error:
        raise CellError(error.type, error.message(), (error.context or {}).get("hint")) from None


def is_date_name(name: str) -> bool:
    """Tell whether a member of master data holds a date, by its name."""
    return name.endswith(("Date", "DATE"))


def latest_allowed(text: str, latest: datetime) -> bool:
    """Tell whether a time (as `Reader.time` gives it) is not after `latest`."""
    return datetime.fromisoformat(text) <= latest
