"""RFC 8785 text of JSON values, and the numbers that may be committed."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from math import isfinite

import rfc8785

from anchoring.errors import EventFormError

INTEGER_MAX = 2**53 - 1
Scalar = str | int | float | bool | None

quote: Callable[[str], str] = encode_basestring
"""Returns the RFC 8785 form of a string (a lone surrogate passes; encoding it fails later).

The C encoder escapes exactly what RFC 8785 section 3.2.2.2 wants escaped; a test compares.
"""


def check_number(value: float, *, pointer: str = "") -> None:
    """Refuse a number that two JSON readers could understand differently.

    Raises:
        EventFormError: `number_range`, if it is not finite, or integral beyond +-(2^53 - 1).
    """
    if isinstance(value, float) and not isfinite(value):
        raise EventFormError("a number must be finite", code="number_range", pointer=pointer)
    if abs(value) > INTEGER_MAX and (isinstance(value, int) or value.is_integer()):
        raise EventFormError(
            "integral numbers lie within +-(2^53 - 1)", code="number_range", pointer=pointer
        )


def scalar(value: object, *, pointer: str = "") -> str:
    """Return the RFC 8785 form of a scalar or of an empty container.

    Args:
        value: str, int, float, bool, None, `{}` or `[]`.
        pointer: Where the value stands, for the error.

    Raises:
        EventFormError: a number out of range, or a value of another kind.
    """
    if isinstance(value, str):
        return quote(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        check_number(value, pointer=pointer)
        return str(value)
    if isinstance(value, float):
        check_number(value, pointer=pointer)
        return rfc8785.dumps(value).decode()
    if value == {} or value == []:
        return "{}" if isinstance(value, dict) else "[]"
    raise EventFormError("not a JSON scalar or empty container", code="item_kind", pointer=pointer)


def exact_number(token: str) -> int | float:
    """Return the value of a JSON number token, refusing every loss of precision.

    The decimal value of the number's RFC 8785 form must equal the token's, so that what is
    committed is what was written.

    Raises:
        EventFormError: `number_range` or `number_precision`.
    """
    if token.lstrip("-").isdigit():
        if len(token) > len("-9007199254740991"):
            raise EventFormError("integral numbers lie within +-(2^53 - 1)", code="number_range")
        whole = int(token)
        check_number(whole)
        return whole
    value = float(token)
    check_number(value)
    if not _keeps(token, value):
        raise EventFormError(
            "a number has more digits than a double can keep", code="number_precision"
        )
    return value


def _keeps(token: str, value: float) -> bool:
    """Tell if a double is exactly what a token says; repr and RFC 8785 give the same number."""
    try:
        return Decimal(token) == Decimal(repr(value))
    except InvalidOperation:  # an exponent of 19 digits and more; only a zero is exact there
        return not token.lower().partition("e")[0].strip("-0.")
