"""What is asked for: of which goods, which symbol, on what, how it is read by printers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from typing import Any, Final, Literal

import orjson

from node_gateway.codes.gs1.linters import LINTERS
from node_gateway.errors import ParameterError
from node_gateway.labels.contents import CHOICES, SymbolChoice
from node_gateway.labels.media import DPI, LEVELS, LevelName, bar_height, media_of, x_dimension
from node_gateway.labels.texts import Language
from node_gateway.labels.zpl import FONT

Format = Literal["pdf", "png", "svg", "zpl", "csv"]

FORMATS: Final[tuple[Format, ...]] = ("pdf", "png", "svg", "zpl", "csv")
LABELS_MAX: Final = 10_000
GIVEN_MAX: Final = 1_000
"""Codes that are named one by one; each is looked up by itself."""
REASON_LENGTH_MAX: Final = 500
_LOT_LENGTH_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """Which labels. Exactly one of `order`, `of_lot` and `codes` says of what.

    Attributes:
        order: Id of an order of codes; `first` and `count` are places in it, None: to its end.
        of_lot: Everything that was commissioned here with this lot.
        codes: Codes in any spelling.
        lot: What labels state where nothing is known of a code; so is `expiry`.
        symbol: None: what is usual.
        level: None: a case for an SSCC, else a pack.
        dpi: Of dots, for PNG and ZPL.
        is_full: A QR Code holds lot and expiry too.
        skip: Places of the first sheet that are used already.
        native: ZPL: the printer makes the symbols.
        printer_font: ZPL: a font in the printer for text that is not Latin.
        read_all: Every symbol is read back from the finished file, not the first alone.
        reason: Why labels are printed that were printed before.
        override: Why labels are printed that are refused otherwise.
    """

    order: str | None = None
    first: int = 0
    count: int | None = None
    of_lot: str | None = None
    codes: tuple[str, ...] = ()
    lot: str | None = None
    expiry: date | None = None
    symbol: SymbolChoice | None = None
    level: LevelName | None = None
    media: str = "50x25"
    x_mm: float | None = None
    bar_mm: float | None = None
    dpi: int = 300
    language: Language = "zh"
    is_full: bool = False
    skip: int = 0
    native: bool = False
    printer_font: str | None = None
    read_all: bool = False
    reason: str | None = None
    override: str | None = None

    def to_json(self) -> bytes:
        """Return the stored form: what differs from the defaults."""
        empty = asdict(LabelRequest())
        changed = {name: value for name, value in asdict(self).items() if value != empty[name]}
        return orjson.dumps(changed)

    @classmethod
    def from_json(cls, raw: bytes) -> LabelRequest:
        """Return what `to_json` wrote."""
        values: dict[str, Any] = orjson.loads(raw)
        if "codes" in values:
            values["codes"] = tuple(values["codes"])
        if "expiry" in values:
            values["expiry"] = date.fromisoformat(values["expiry"])
        return cls(**values)

    def but(self, **changes: Any) -> LabelRequest:
        """Return it with other members."""
        return replace(self, **changes)


def checked(request: LabelRequest) -> LabelRequest:
    """Return a request whose members fit together and lie within their limits.

    Raises:
        ParameterError: `label_goods`, `label_count`, `lot_form`, `reason_form`, `label_symbol`,
            `label_level`, `label_media`, `label_dpi`, `label_font`, `label_skip`,
            `label_x_dimension` or `label_bar_height`.
    """
    _check_goods(request)
    for text in (request.reason, request.override):
        if text is not None and not (text.strip() and len(text) <= REASON_LENGTH_MAX):
            raise ParameterError(
                f"a reason has 1 to {REASON_LENGTH_MAX} characters", code="reason_form"
            )
    for lot in (request.lot, request.of_lot):
        if lot is not None and not _is_lot(lot):
            raise ParameterError("a lot has 1 to 20 characters of GS1 set 82", code="lot_form")
    _check_known(request.symbol, CHOICES, "label_symbol", "symbol")
    _check_known(request.level, tuple(LEVELS), "label_level", "level")
    _check_known(request.dpi, tuple(DPI), "label_dpi", "resolution")
    if request.printer_font is not None and not FONT.fullmatch(request.printer_font):
        raise ParameterError(
            "no name of a font in a printer", code="label_font", hint="Such as E:SIMSUN.TTF."
        )
    sheet = media_of(request.media).sheet
    if not 0 <= request.skip < (1 if sheet is None else sheet.count):
        raise ParameterError("so many places are not on a sheet", code="label_skip")
    if request.level is not None:
        x_dimension(LEVELS[request.level], request.x_mm)
        bar_height(LEVELS[request.level], request.bar_mm)
    return request


def _is_lot(text: str) -> bool:
    return 1 <= len(text) <= _LOT_LENGTH_MAX and LINTERS["cset82"](text) is None


def _check_goods(request: LabelRequest) -> None:
    given = [request.order is not None, request.of_lot is not None, bool(request.codes)]
    if sum(given) != 1:
        raise ParameterError(
            "say of what: an order, a lot or codes",
            code="label_goods",
            hint="Give exactly one of order, ofLot and codes.",
        )
    if len(request.codes) > GIVEN_MAX:
        raise ParameterError(
            f"at most {GIVEN_MAX} codes by name",
            code="label_count",
            hint="Name their order or lot, or ask in several requests.",
        )
    if request.first < 0 or (request.count is not None and request.count < 1):
        raise ParameterError("at least one label, counted from 0", code="label_count")


def _check_known(value: object, known: tuple[object, ...], code: str, what: str) -> None:
    if value is not None and value not in known:
        hint = f"One of {', '.join(str(one) for one in known)}."
        raise ParameterError(f"there is no such {what}", code=code, hint=hint)


def described(request: LabelRequest) -> Mapping[str, Any]:
    """Return a request as answers have it, without codes, which may be many."""
    names = {one.name for one in fields(request)} - {"codes", "reason", "override"}
    values = {name: getattr(request, name) for name in names}
    return {**values, "codes": len(request.codes)}
