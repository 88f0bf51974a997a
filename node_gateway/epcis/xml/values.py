"""Typed values: what XML writes as text and JSON as a number or a boolean.

Source: XML Schema part 2 (lexical forms); EPCIS 2.0 XML schema (which member has which type); the
limits on numbers are those of JSON input (node_gateway/epcis/strict_json.py).
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Literal

from node_gateway.epcis.strict_json import INTEGER_MAX

SPACE: Final = " \t\r\n"
ValueKind = Literal["text", "number", "boolean"]

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_NUMBER_LENGTH_MAX: Final = 64
_BOOLEANS: Final = MappingProxyType({"true": True, "1": True, "false": False, "0": False})
# What `xsi:type` may say of an extension's value; every other type stays text.
KIND_OF_TYPE: Final[Mapping[str, ValueKind]] = MappingProxyType(
    {
        "boolean": "boolean",
        **dict.fromkeys(
            (
                "decimal", "double", "float", "integer", "int", "long", "short", "byte",
                "nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger",
                "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte",
            ),
            "number",
        ),
    }
)  # fmt: skip
# Attributes of a sensor report that are no text.
KIND_OF_ATTRIBUTE: Final[Mapping[str, ValueKind]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"),
            "number",
        ),
        "booleanValue": "boolean",
    }
)


class ValueFormError(ValueError):
    """A text is no value of its type; `code`, `detail` and `hint` as in a problem."""

    def __init__(self, code: str, detail: str, hint: str) -> None:
        super().__init__(detail)
        self.code, self.detail, self.hint = code, detail, hint


def typed(text: str, kind: ValueKind) -> Any:
    """Return the JSON value of a text of this kind.

    Raises:
        ValueFormError: `number_form`, `number_range`, `number_precision` or `boolean_form`.
    """
    if kind == "number":
        return number(text)
    return boolean(text) if kind == "boolean" else text


def number(text: str) -> int | float:
    """Return a number, integral values as int."""
    token = text.strip(SPACE)
    if len(token) > _NUMBER_LENGTH_MAX or not _NUMBER.fullmatch(token):
        detail = "This is not a number that JSON can hold."
        raise ValueFormError("number_form", detail, "Write digits, such as 12.5.")
    value = float(token)
    if abs(value) > INTEGER_MAX:
        detail = "The number is beyond +-(2^53-1), where readers no longer agree."
        raise ValueFormError("number_range", detail, "Write it in a larger unit.")
    if Decimal(token) != Decimal(repr(value)):
        detail = "The number has more digits than readers keep."
        raise ValueFormError("number_precision", detail, "Write fewer digits (15 always fit).")
    return int(value) if value.is_integer() else value


def boolean(text: str) -> bool:
    """Return a boolean."""
    value = _BOOLEANS.get(text.strip(SPACE))
    if value is None:
        raise ValueFormError("boolean_form", "This is neither true nor false.", "Write true.")
    return value
