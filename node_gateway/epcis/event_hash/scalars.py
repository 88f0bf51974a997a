"""One spelling for numbers and times in the text that is hashed.

Source: CBV 2.0 section 8.9, rules 5 to 9; where the rules leave room, the reference implementation
of 2026 (numbers exact, times rounded half up) and the package of 2023 (numbers as doubles, times
rounded half to even).
"""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final

# What a number can begin with; a text that begins otherwise is not looked at any further.
_BEGINNINGS: Final = frozenset("0123456789+-._")
_DIGITS_KEPT: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)  # as many as the reference keeps
# The reference writes such numbers out digit by digit; a few characters must not become megabytes.
_EXPONENT_MIN: Final = -1100


def may_be_number(text: str) -> bool:
    """Tell whether a text, not empty, could be a number by its first character."""
    first = text[0]
    return first in _BEGINNINGS or (not first.isascii() and first.isdecimal())


def exact_number(text: str) -> str:
    """Return a number without needless zeros, any other text as it is.

    Whole numbers keep every digit, so two 20-digit codes never become one. A text such as a serial
    `0012` is a number too: the rules do not ask what a member means.
    """
    if text.isdecimal() and text.isascii():
        return text.lstrip("0") or "0"
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < _EXPONENT_MIN:  # infinite, or none
        return text
    whole = number.to_integral_value()
    return str(whole) if number == whole else format(number.normalize(_DIGITS_KEPT), "f")


def double_number(text: str) -> str:
    """Return a number as the package of 2023 does: through a double, so long ones lose digits."""
    try:
        number = float(text)
        whole = int(number)
        return str(whole) if whole == number else str(number)
    except (ValueError, OverflowError):
        return text


def exact_time(text: str) -> str:
    """Return a time in UTC with three decimals, rounded half up; what is no time as it is."""
    moment = _utc(text)
    if moment is None:
        return text
    excess_us = moment.microsecond % 1000
    if excess_us:
        moment += timedelta(microseconds=1000 - excess_us if excess_us >= 500 else -excess_us)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def even_time(text: str) -> str:
    """Return a time as the package of 2023 does: the third decimal rounded half to even.

    That package drops an event whose time rounds up to a whole second, so no hash of it exists;
    here it gets the time of that second.
    """
    moment = _utc(text)
    if moment is None:
        return text
    rounded_us = round(moment.microsecond, -3)
    moment = moment.replace(microsecond=0) + timedelta(microseconds=rounded_us)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def _utc(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.upper())
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
