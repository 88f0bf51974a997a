"""North American coupon codes: (8110), and (8112) with the positive offer file.

Source: GS1 North American Coupon Application Guideline; reasons as in the GS1 reference linters.
"""

from dataclasses import dataclass
from typing import Final

from node_gateway.codes.gs1.faults import Fault, digits, short_date

_OTHER_PREFIX: Final = "9"


class _Refused(Exception):  # noqa: N818  control flow inside this module, never seen outside
    def __init__(self, reason: str, at: int) -> None:
        self.fault = Fault(f"coupon_{reason}", at)


@dataclass(slots=True)
class _Reader:
    """Takes fields from the front; each method refuses with the reason of its field."""

    text: str
    at: int = 0

    @property
    def rest(self) -> str:
        return self.text[self.at :]

    def option(self, digit: str) -> bool:
        """Take the indicator of an optional field if it stands here."""
        if not self.rest.startswith(digit):
            return False
        self.at += 1
        return True

    def one(self, allowed: str, missing: str, invalid: str) -> str:
        """Take one digit out of `allowed`."""
        if not self.rest:
            raise _Refused(missing, 0)
        found = self.text[self.at]
        if found not in allowed:
            raise _Refused(invalid, self.at)
        self.at += 1
        return found

    def take(self, size: int, truncated: str) -> str:
        """Take `size` digits."""
        if len(self.rest) < size:
            raise _Refused(truncated, self.at if self.rest else 0)
        self.at += size
        return self.text[self.at - size : self.at]

    def date(self, name: str, invalid: str) -> str:
        """Take YYMMDD."""
        start = self.at
        found = self.take(6, f"too_short_for_{name}_date")
        if short_date(found, day_may_be_zero=False):
            raise _Refused(invalid, start)
        return found

    def end(self) -> None:
        """Refuse what is left."""
        if self.rest:
            raise _Refused("excess_data", self.at)


def coupon(text: str) -> Fault | None:
    """Check the value of (8110)."""
    if fault := digits(text):
        return fault
    reader = _Reader(text)
    try:
        _offer(reader)
        _requirement(reader, "1st")
        if reader.option("1"):
            reader.one(
                "0123",
                "missing_additional_purchase_rules_code",
                "invalid_additional_purchase_rules_code",
            )
            _further_purchase(reader, "2nd")
        if reader.option("2"):
            _further_purchase(reader, "3rd")
        _dates(reader)
        _serial(reader)
        _retailer(reader)
        _flags(reader)
        reader.end()
    except _Refused as refused:
        return refused.fault
    return None


def coupon_from_offer_file(text: str) -> Fault | None:
    """Check the value of (8112)."""
    if fault := digits(text):
        return fault
    reader = _Reader(text)
    try:
        reader.one("01", "missing_format_code", "invalid_format_code")
        size = 6 + int(reader.one("0123456", "missing_funder_vli", "invalid_funder_length"))
        reader.take(size, "truncated_funder")
        reader.take(6, "truncated_offer_code")
        _serial_of(reader)
        reader.end()
    except _Refused as refused:
        return refused.fault
    return None


def _offer(reader: _Reader) -> None:
    size = 6 + int(reader.one("0123456", "missing_gcp_vli", "invalid_gcp_length"))
    reader.take(size, "truncated_gcp")
    reader.take(6, "truncated_offer_code")
    size = int(reader.one("12345", "missing_save_value_vli", "invalid_save_value_length"))
    reader.take(size, "truncated_save_value")


def _requirement(reader: _Reader, which: str) -> None:
    name = f"{which}_purchase_requirement"
    size = int(reader.one("12345", f"missing_{name}_vli", f"invalid_{name}_length"))
    reader.take(size, f"truncated_{name}")
    reader.one("012349", f"missing_{name}_code", f"invalid_{name}_code")
    reader.take(3, f"truncated_{which}_purchase_family_code")


def _further_purchase(reader: _Reader, which: str) -> None:
    _requirement(reader, which)
    name = f"{which}_purchase_gcp"
    size = reader.one("01234569", f"missing_{name}_vli", f"invalid_{name}_length")
    if size != _OTHER_PREFIX:  # 9: the same as that of the first purchase
        reader.take(6 + int(size), f"truncated_{name}")


def _dates(reader: _Reader) -> None:
    expiry = reader.date("expiration", "invalid_exipiration_date") if reader.option("3") else None
    if not reader.option("4"):
        return
    start = reader.date("start", "invalid_start_date")
    if expiry is not None and start > expiry:
        raise _Refused("expiration_before_start", reader.at - 14)


def _serial(reader: _Reader) -> None:
    if reader.option("5"):
        _serial_of(reader)


def _serial_of(reader: _Reader) -> None:
    size = 6 + int(reader.one("0123456789", "missing_serial_number_vli", "excess_data"))
    reader.take(size, "truncated_serial_number")


def _retailer(reader: _Reader) -> None:
    if reader.option("6"):
        name = "retailer_gcp_or_gln"
        size = 6 + int(reader.one("1234567", f"missing_{name}_vli", f"invalid_{name}_length"))
        reader.take(size, f"truncated_{name}")


def _flags(reader: _Reader) -> None:
    if not reader.option("9"):
        return
    reader.one("01256", "missing_save_value_code", "invalid_save_value_code")
    reader.one("012", "missing_save_value_applies_to_item", "invalid_save_value_applies_to_item")
    reader.one("0123456789", "missing_store_coupon_flag", "excess_data")
    reader.one("01", "missing_dont_multiply_flag", "invalid_dont_multiply_flag")
