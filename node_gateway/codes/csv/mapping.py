"""The mapping language: which columns of a CSV file become which members of an event.

docs/reference/csv.md is its description. A mapping is TOML or JSON. A text in it is a template:
`{Column}` stands for a cell, `{Column?}` for one whose column may be missing, `{{` for a brace.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from hashlib import sha256
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from node_gateway.errors import DocumentRefusedError, Spot
from node_gateway.master_data.records import spots_of

FORMAT: Final = "sealtrail/csv-mapping/v1"
SIZE_BYTES_MAX: Final = 256 * 1024
RULES_MAX: Final = 50
_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}?]+)(\??)\}|[{}]")
_OFFSET: Final = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)")
EventType = Literal[
    "ObjectEvent", "AggregationEvent", "AssociationEvent", "TransactionEvent", "TransformationEvent"
]


def _template(text: str) -> str:
    if any(found[0] in ("{", "}") for found in _PIECE.finditer(text)):
        hint = "Write {Column}, and {{ or }} for a brace itself."
        raise PydanticCustomError(
            "template_form", "{detail}", {"detail": "a brace alone", "hint": hint}
        )
    return text


def _zone(text: str) -> str:
    try:
        zone_of(text)
    except ValueError:
        context = {"detail": "no known time zone", "hint": "Such as Asia/Shanghai or +08:00."}
        raise PydanticCustomError("time_zone_unknown", "{detail}", context) from None
    return text


Template = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_template)]
_Names = Annotated[dict[str, Template], Field(max_length=50)]


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True
    )


class Named(_Part):
    """A thing or a class of things, put together from several columns."""

    gtin: Template | None = None
    serial: Template | None = None
    lot: Template | None = None
    sscc: Template | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        of_gtin = self.gtin is not None and (self.serial is None or self.lot is None)
        alone = self.sscc is not None and (self.gtin, self.serial, self.lot) == (None, None, None)
        if not (alone or (of_gtin and self.sscc is None)):
            hint = "gtin, with serial or lot or neither; or sscc alone"
            context = {"detail": "this names no thing and no class", "hint": hint}
            raise PydanticCustomError("goods_form", "{detail}", context)
        return self


Goods = Template | Named


class Quantity(_Part):
    """An amount of a class of things."""

    of: Goods
    quantity: Template
    uom: Template | None = None


class Rule(_Part):
    """How a row becomes (a part of) an event. The first rule that fits a row is taken."""

    when: dict[str, Annotated[tuple[str, ...], Field(max_length=200)]] = Field(default={})
    """By column: the row fits if the cell is one of these texts."""
    skip: bool = False
    """Rows that fit make no event."""
    type: EventType | None = None
    action: Template | None = None
    biz_step: Template | None = None
    disposition: Template | None = None
    event_id: Annotated[Template | None, Field(alias="eventID")] = None
    event_time: Template | None = None
    codes: Goods | None = None
    parent: Goods | None = None
    inputs: Goods | None = None
    outputs: Goods | None = None
    quantity: Quantity | None = None
    input_quantity: Quantity | None = None
    output_quantity: Quantity | None = None
    read_point: Template | None = None
    biz_location: Template | None = None
    transactions: _Names = {}
    sources: _Names = {}
    destinations: _Names = {}
    ilmd: _Names = {}
    more: _Names = {}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.skip and (self.type is None or self.event_time is None):
            context = {"detail": "a rule needs type and eventTime", "hint": "Or: skip = true."}
            raise PydanticCustomError("rule_form", "{detail}", context)
        transforms = self.type == "TransformationEvent"
        of_transforming = (self.inputs, self.outputs, self.input_quantity, self.output_quantity)
        others = (self.codes, self.parent, self.quantity)
        if any(others if transforms else of_transforming):
            context = {
                "detail": "inputs and outputs are of TransformationEvent, and only they",
                "hint": "Others have codes, parent and quantity.",
            }
            raise PydanticCustomError("rule_form", "{detail}", context)
        return self


class CsvMapping(_Part):
    """A whole mapping file."""

    format: Literal["sealtrail/csv-mapping/v1"]
    time_zone: Annotated[str, AfterValidator(_zone)]
    """For times without offset: an IANA name or an offset."""
    times: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    """How times are written, beside ISO 8601 (`strptime`)."""
    dates: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    """How dates are written, beside ISO 8601."""
    event_per: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    """Rows with the same cells in these columns are one event; without it every row is one."""
    context: Annotated[dict[str, str], Field(max_length=20)] = {}
    """Prefixes of names under `more` and `ilmd` that are not EPCIS's own."""
    words: Annotated[dict[str, dict[str, str]], Field(max_length=50)] = {}
    """By column: what a cell's text stands for; `*` for any other text."""
    event: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=RULES_MAX)]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a template: literal text, or a column."""

    text: str
    is_column: bool = False
    is_optional: bool = False


def pieces_of(template: str) -> tuple[Piece, ...]:
    """Return the parts of a template."""
    pieces: list[Piece] = []
    at = 0
    for found in _PIECE.finditer(template):
        if found.start() > at:
            pieces.append(Piece(template[at : found.start()]))
        column = found[1]
        if column is not None:
            pieces.append(Piece(column.strip(), is_column=True, is_optional=found[2] == "?"))
        else:
            pieces.append(Piece(found[0][0]))
        at = found.end()
    if at < len(template):
        pieces.append(Piece(template[at:]))
    return tuple(pieces)


def templates_of(value: object) -> Iterator[str]:
    """Yield every template below a part of a mapping."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from templates_of(one)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            if name not in ("when", "type", "skip"):
                yield from templates_of(getattr(value, name))


def needed_columns(mapping: CsvMapping) -> set[str]:
    """Return the columns that a file must have."""
    needed = set(mapping.event_per)
    for rule in mapping.event:
        needed |= set(rule.when)
        for template in templates_of(rule):
            pieces = pieces_of(template)
            needed |= {one.text for one in pieces if one.is_column and not one.is_optional}
    return needed


def read_mapping(raw: bytes) -> CsvMapping:
    """Read a mapping file, TOML or JSON.

    Raises:
        DocumentRefusedError: `mapping_form`, or with a pointer to each spot.
    """
    if len(raw) > SIZE_BYTES_MAX:
        raise _unreadable(f"a mapping has at most {SIZE_BYTES_MAX} bytes")
    try:
        text = raw.decode("utf-8-sig")
        members: Any = json.loads(text) if text.lstrip()[:1] == "{" else tomllib.loads(text)
    except RecursionError:
        raise _unreadable("nested too deep") from None
    except ValueError as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise _unreadable(f"neither TOML nor JSON{where}") from None
    try:
        return CsvMapping.model_validate(members)
    except ValidationError as error:
        raise DocumentRefusedError(spots_of(error)[:20]) from None


def mapping_digest(raw: bytes) -> str:
    """Return the name under which a gateway keeps a mapping: 64 lower-case hex digits."""
    return sha256(raw).hexdigest()


def zone_of(text: str) -> tzinfo:
    """Return a time zone by its IANA name or offset.

    Raises:
        ValueError: it is neither, or this system does not know it.
    """
    if text == "Z":
        return timezone.utc  # noqa: UP017  the other branch makes the same kind
    if found := _OFFSET.fullmatch(text):
        minutes = int(found[2]) * 60 + int(found[3])
        return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(text) from error


def _unreadable(detail: str) -> DocumentRefusedError:
    hint = f'A mapping begins with format = "{FORMAT}".'
    return DocumentRefusedError([Spot("mapping_form", detail, "", hint)])
