"""The value of a parameter, as it came: text of a query string, or JSON of a query body."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final

from node_gateway.epcis.normalise_errors import NormalisationError
from node_gateway.epcis.query.errors import QueryParameterError, QueryTooComplexError
from node_gateway.epcis.times import normal_time, time_ms

VALUES_MAX: Final = 1000
VALUE_LENGTH_MAX: Final = 2048
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# A "+" in a query string means a blank, so an offset that nobody escaped arrives so.
_LOST_PLUS: Final = re.compile(r"(.*\d) (\d\d:\d\d)", re.ASCII)
_YES: Final = frozenset({"true", "1", "", "null"})
_NO: Final = frozenset({"false", "0"})


@dataclass(frozen=True, slots=True)
class Given:
    """One parameter. `from_text` if the value is text of a query string."""

    name: str
    value: Any
    from_text: bool

    def strings(self) -> tuple[str, ...]:
        """Return a list of strings; in text they are separated by `|`."""
        values = self._values()
        if not all(isinstance(one, str) and one for one in values):
            raise self.refused("wants a list of strings")
        return tuple(dict.fromkeys(values))

    def numbers(self) -> tuple[float, ...]:
        """Return a list of numbers."""
        return tuple(self._number(one) for one in self._values())

    def number(self) -> float:
        """Return the one number."""
        return self._number(self._one())

    def integer(self, *, least: int) -> int:
        """Return a whole number, at least `least`."""
        value = self._one()
        if self.from_text and isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.refused(f"wants a whole number from {least}")
        return value

    def time_ms(self) -> int:
        """Return a time as milliseconds since 1970."""
        value = self._one()
        found = as_time_ms(value) if isinstance(value, str) else None
        if found is None:
            raise self.refused(
                "wants a time with its offset", hint="For example 2026-03-01T09:00:00.000+08:00"
            )
        return found

    def flag(self) -> bool:
        """Return true unless it says false; the parameter's mere presence means true."""
        value = self.value
        if isinstance(value, str):
            word = value.strip().lower()
            if word in _YES or word in _NO:
                return word in _YES
        elif value is None or isinstance(value, bool | int):
            return value is None or bool(value)
        raise self.refused("wants true or false")

    def boolean(self) -> bool:
        """Return true or false."""
        value = self._one()
        if isinstance(value, str) and self.from_text:
            value = {"true": True, "false": False}.get(value.strip().lower(), value)
        if not isinstance(value, bool):
            raise self.refused("wants true or false")
        return value

    def scalars(self) -> tuple[str | float, ...]:
        """Return what an extension is compared with: strings, or one number."""
        return tuple(self._scalar(one) for one in self._values())

    def measure(self) -> tuple[str, float]:
        """Return ("number", value) or ("time", milliseconds): what `greater` compares."""
        value = self._one()
        if isinstance(value, str):
            if self.from_text and (number := as_number(value)) is not None:
                return "number", number
            moment = as_time_ms(value)
            if moment is not None:
                return "time", float(moment)
            raise self.refused("wants a number or a time")
        return "number", self._number(value)

    def refused(self, what: str, *, hint: str | None = None) -> QueryParameterError:
        """Return the refusal of this value, which it does not repeat."""
        return QueryParameterError(
            f"{self.name} {what}", parameter=self.name, code="query_value", hint=hint
        )

    def _values(self) -> list[Any]:
        value = self.value
        if self.from_text and isinstance(value, str):
            value = value.split("|")
        values = value if isinstance(value, list) else [value]
        if not values:
            raise self.refused("wants at least one value")
        if len(values) > VALUES_MAX:
            raise QueryTooComplexError(
                f"{self.name} has more than {VALUES_MAX} values", parameter=self.name
            )
        if any(isinstance(one, str) and len(one) > VALUE_LENGTH_MAX for one in values):
            raise self.refused(f"has a value of more than {VALUE_LENGTH_MAX} characters")
        return values

    def _one(self) -> Any:
        value = self.value
        if isinstance(value, list) and len(value) == 1:
            return value[0]
        if isinstance(value, str) and len(value) > VALUE_LENGTH_MAX:
            raise self.refused(f"has more than {VALUE_LENGTH_MAX} characters")
        return value

    def _number(self, value: Any) -> float:
        found = None
        if isinstance(value, str) and self.from_text:
            found = as_number(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found = _finite(value)
        if found is None:
            raise self.refused("wants a number")
        return found

    def _scalar(self, value: Any) -> str | float:
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        return self._number(value)


def as_number(text: str) -> float | None:
    """Return the number that a text writes, None if none."""
    return _finite(float(text)) if _NUMBER.fullmatch(text.strip()) else None


def _finite(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_time_ms(text: str) -> int | None:
    """Return the moment that a text names (a day: its beginning in UTC), None if none."""
    lost = _LOST_PLUS.fullmatch(text)
    if lost is not None:
        text = f"{lost[1]}+{lost[2]}"
    if _DATE.fullmatch(text):
        text += "T00:00:00Z"
    try:
        return time_ms(normal_time(text))
    except NormalisationError:
        return None
