"""What a symbol holds, how it is read back, and what people read beside it. Pure.

Elements come in the order of GS1: the key, then those of fixed length, then those of variable
length, each of which is ended by FNC1 unless it is the last.

Source: GS1 General Specifications 7.8 (order, FNC1) and 4.14 (what people read); GS1 Digital Link
Standard: URI Syntax 1.4; symbology identifiers of ISO/IEC 15424.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from node_gateway.codes.gs1 import ElementString, Gs1SyntaxError, parse
from node_gateway.codes.gs1.elements import GROUP_SEPARATOR
from node_gateway.codes.issuing import Code, taken_apart
from node_gateway.errors import ParameterError

Symbology = Literal["datamatrix", "qr", "code128"]
SymbolChoice = Literal["datamatrix", "qr", "code128", "pair"]

CHOICES: Final[tuple[SymbolChoice, ...]] = ("datamatrix", "qr", "code128", "pair")
_IDENTIFIERS: Final = {
    ("datamatrix", True): "]d2", ("datamatrix", False): "]d1", ("qr", False): "]Q1",
    ("code128", True): "]C1", ("code128", False): "]C0",
}  # fmt: skip
_GROUP: Final = 4
_BARS_LENGTH_MAX: Final = 48


@dataclass(frozen=True, slots=True)
class Unit:
    """What a label is for.

    Attributes:
        code: Canonical: a GTIN with a serial, an SSCC or a 20-digit drug code.
        lot: As it is on the label; None: not stated.
        expiry: Last good day, None: not stated.
    """

    code: str
    lot: str | None = None
    expiry: date | None = None

    @property
    def parts(self) -> Code:
        """The code taken apart.

        Raises:
            ParameterError: `label_kind`.
        """
        found = taken_apart(self.code)
        if found is None:
            raise ParameterError(
                "labels are for a GTIN with a serial, an SSCC or a drug code",
                code="label_kind",
            )
        return found


@dataclass(frozen=True, slots=True)
class Content:
    """One symbol.

    Attributes:
        data: For the encoder; of GS1 elements with square brackets, which no value can hold.
        identifier: What a scanner sends in front (`]d2`).
        scanned: What it sends behind that; FNC1 is sent as GS (0x1D).
        hri: Lines that people read beside it.
        elements: The GS1 elements, in order; None where there are none.
    """

    symbology: Symbology
    data: str
    is_gs1: bool
    identifier: str
    scanned: bytes
    hri: tuple[str, ...]
    elements: ElementString | None = None


def default_choice(unit: Unit) -> SymbolChoice:
    """Return the symbol that is usual for what is labelled."""
    return "datamatrix" if unit.parts.kind == "gtin" else "code128"


def contents_of(
    unit: Unit, choice: SymbolChoice, *, stem: str | None, is_full: bool = False
) -> tuple[Content, ...]:
    """Return the symbols of a label, the main one first.

    Args:
        unit: What it is for.
        choice: `pair` is a DataMatrix, and a QR Code for phones.
        stem: Where links of QR Codes lead, such as `https://maker.example`; None: nowhere.
        is_full: A QR Code holds lot and expiry too, not the code's link alone.

    Raises:
        ParameterError: `label_kind`, `label_address` or `label_content`.
    """
    wanted: tuple[Symbology, ...] = ("datamatrix", "qr") if choice == "pair" else (choice,)
    return tuple(_content(unit, one, stem, is_full=is_full) for one in wanted)


def elements_of(unit: Unit) -> ElementString:
    """Return the GS1 elements of a label; of a drug code there are none.

    Raises:
        ParameterError: `label_kind` or `label_content`.
    """
    parts = unit.parts
    pairs = [("00", parts.serial)] if parts.kind == "sscc" else [("01", parts.name)]
    if parts.kind == "gtin":
        pairs += [("17", f"{unit.expiry:%y%m%d}")] if unit.expiry else []
        pairs += [("10", unit.lot)] if unit.lot else []
        pairs.append(("21", parts.serial))
    return _read("".join(f"({ai}){value.replace('(', chr(92) + '(')}" for ai, value in pairs))


def _read(bracketed: str) -> ElementString:
    try:
        return parse("bracketed", bracketed)
    except Gs1SyntaxError as error:
        raise ParameterError(
            f"no content of a GS1 symbol: {error}",
            code="label_content",
            hint="Serials and lots have up to 20 letters, digits and marks of GS1 set 82.",
        ) from None


def _content(unit: Unit, symbology: Symbology, stem: str | None, *, is_full: bool) -> Content:
    if unit.parts.kind == "drug":
        return _of_digits(unit.parts.plain, symbology, stem)
    elements = elements_of(unit)
    if symbology == "qr":
        return _link(unit, elements, stem, is_full=is_full)
    scanned = elements.unbracketed(GROUP_SEPARATOR)[1:].encode("ascii")
    if symbology == "code128" and len(scanned) > _BARS_LENGTH_MAX:
        raise ParameterError(
            f"a GS1-128 holds {_BARS_LENGTH_MAX} characters, these are {len(scanned)}",
            code="label_content",
            hint="A DataMatrix holds them.",
        )
    return Content(
        symbology,
        "".join(f"[{one.ai}]{one.value}" for one in elements.elements),
        is_gs1=True,
        identifier=_IDENTIFIERS[symbology, True],
        scanned=scanned,
        hri=elements.hri,
        elements=elements,
    )


def _link(unit: Unit, elements: ElementString, stem: str | None, *, is_full: bool) -> Content:
    shown = elements if is_full else elements_of(Unit(unit.code))
    link = shown.digital_link() if stem is None else shown.digital_link(stem)
    return Content(
        "qr", link, is_gs1=False, identifier="]Q1", scanned=link.encode("ascii"),
        hri=shown.hri, elements=shown,
    )  # fmt: skip


def _of_digits(digits: str, symbology: Symbology, stem: str | None) -> Content:
    """Return a symbol of a drug code, which is none of GS1's: its digits, or a link to them."""
    data = digits
    if symbology == "qr":
        if stem is None:
            raise ParameterError(
                "a QR Code of a drug code is a link, and this gateway has no address",
                code="label_address",
                hint="gateway.public_url in the settings, or another symbol.",
            )
        data = f"{stem.removesuffix('/')}/c/{digits}"
    groups = (digits[at : at + _GROUP] for at in range(0, len(digits), _GROUP))
    return Content(
        symbology,
        data,
        is_gs1=False,
        identifier=_IDENTIFIERS[symbology, False],
        scanned=data.encode("ascii"),
        hri=(" ".join(groups),),
    )
