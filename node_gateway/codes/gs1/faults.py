"""What linters share: the fault they return, and digits, company prefixes, dates and times."""

import re
from typing import Final, NamedTuple

_NOT_DIGIT: Final = re.compile(r"[^0-9]")
# The shortest company prefix that GS1 gives out.
_PREFIX_SIZE_MIN: Final = 4
# GS1 General Specifications 7.12: YY of 51 and more years ahead is last century's. The year that
# this is counted from stands still, as in GS1's linters: a date is valid, or not, for ever.
_CENTURY_PIVOT: Final = 72
_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Fault(NamedTuple):
    """Why a component is refused, and the index in it of the first wrong character."""

    reason: str
    at: int = 0


def foreign(pattern: re.Pattern[str], text: str, reason: str) -> Fault | None:
    """Return the first character that `pattern` finds as a fault."""
    match = pattern.search(text)
    return Fault(reason, match.start()) if match else None


def digits(text: str) -> Fault | None:
    """Refuse what is not all digits; empty is all digits."""
    return foreign(_NOT_DIGIT, text, "non_digit_character")


def company_prefix(text: str) -> Fault | None:
    """Refuse what cannot begin with a GS1 company prefix."""
    if len(text) < _PREFIX_SIZE_MIN:
        return Fault("too_short_for_gcp")
    return foreign(_NOT_DIGIT, text[:_PREFIX_SIZE_MIN], "invalid_gcp_prefix")


def full_date(text: str, *, day_may_be_zero: bool) -> Fault | None:
    """Check YYYYMMDD; day 00 stands for the whole month where it is allowed."""
    if len(text) != 8:
        return Fault("date_too_short" if len(text) < 8 else "date_too_long")
    if fault := digits(text):
        return fault
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    if not 1 <= month <= 12:
        return Fault("illegal_month", 4)
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not (0 if day_may_be_zero else 1) <= day <= _DAYS[month - 1] + leap:
        return Fault("illegal_day", 6)
    return None


def short_date(text: str, *, day_may_be_zero: bool) -> Fault | None:
    """Check YYMMDD."""
    if len(text) != 6:
        return Fault("date_too_short" if len(text) < 6 else "date_too_long")
    if fault := digits(text):
        return fault
    century = "19" if int(text[:2]) >= _CENTURY_PIVOT else "20"
    fault = full_date(century + text, day_may_be_zero=day_may_be_zero)
    return fault and Fault(fault.reason, fault.at - 2)


def two_digits(text: str, unit: str, most: int) -> Fault | None:
    """Check an hour, minute or second of two digits."""
    if len(text) != 2:
        return Fault(f"{unit}_too_short" if len(text) < 2 else f"{unit}_too_long")
    if fault := digits(text):
        return fault
    return Fault(f"illegal_{unit}") if int(text) > most else None
