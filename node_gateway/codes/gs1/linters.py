"""Checks of the content of a value, named as in the GS1 Barcode Syntax Dictionary.

A linter looks at one component and returns what is wrong with it, or None. The words are those of
GS1's reference linters (`GS1_LINTER_ILLEGAL_DAY` is `illegal_day` here). Lengths are the business
of the format; a linter that needs one checks it itself.

Source: GS1 Barcode Syntax Dictionary (linters), GS1 General Specifications sections 3 and 7.9.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from node_gateway.codes.gs1.coupons import coupon, coupon_from_offer_file
from node_gateway.codes.gs1.faults import (
    Fault,
    company_prefix,
    digits,
    foreign,
    full_date,
    short_date,
    two_digits,
)

Linter = Callable[[str], Fault | None]

_NOT_82: Final = re.compile(r"""[^!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]""")
_NOT_39: Final = re.compile(r"[^#\-/0-9A-Z]")
_NOT_64: Final = re.compile(r"[^\-0-9A-Z_a-z]")
_NOT_IBAN: Final = re.compile(r"[^0-9A-Z]")
_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SEQUENCE: Final = re.compile(r"([0-9]+)/([0-9]+)")
_PAIR_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_SET_82: Final = (
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)
_VALUES_82: Final[Mapping[str, int]] = MappingProxyType(
    {character: value for value, character in enumerate(_SET_82)}
)
_PRIMES: Final = tuple(
    number for number in range(2, 510) if all(number % by for by in range(2, int(number**0.5) + 1))
)
_MEDIA_TYPES: Final = frozenset(f"{number:02d}" for number in (*range(1, 11), *range(80, 100)))


@cache
def _listed() -> Mapping[str, frozenset[str]]:
    """Return the code lists, read once."""
    text = files("node_gateway.codes.gs1").joinpath("lists.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    return MappingProxyType(
        {name: frozenset(" ".join(rows).split()) for name, rows in raw.items() if name != "about"}
    )


def _check_digit(text: str) -> Fault | None:
    if not text:
        return Fault("too_short_for_check_digit")
    if fault := digits(text):
        return fault
    total = sum(map(int, text[-1::-2])) + 3 * sum(map(int, text[-2::-2]))
    return Fault("incorrect_check_digit", len(text) - 1) if total % 10 else None


def _check_pair(text: str) -> Fault | None:
    """Modulus 1021,32: two characters after at most 97 of set 82."""
    if len(text) > len(_PRIMES) + 2:
        return Fault("too_long_for_check_pair_implementation")
    if len(text) < 2:
        return Fault("too_short_for_check_pair")
    body = text[:-2]
    if fault := foreign(_NOT_82, body, "invalid_cset82_character"):
        return fault
    values = (_VALUES_82[character] for character in reversed(body))
    total = sum(v * w for v, w in zip(values, _PRIMES, strict=False)) % 1021
    if text[-2:] != _PAIR_ALPHABET[total >> 5] + _PAIR_ALPHABET[total & 31]:
        return Fault("incorrect_check_pair", len(body))
    return None


def _base64url(text: str) -> Fault | None:
    bare = text.rstrip("=")
    padding = len(text) - len(bare)
    if padding > 2 or (padding and len(text) % 3):
        return Fault("invalid_cset64_padding", len(bare))
    return foreign(_NOT_64, bare, "invalid_cset64_character")


def _prefix_behind_one(text: str) -> Fault | None:
    if len(text) < 2:
        return Fault("too_short_for_gcp")
    fault = company_prefix(text[1:])
    return fault and Fault(fault.reason, fault.at + 1)


def _has_non_digit(text: str) -> Fault | None:
    return None if digits(text) else Fault("requires_non_digit_character")


def _hour_and_minute(text: str) -> Fault | None:
    if len(text) != 4:
        size = "short" if len(text) < 4 else "long"
        return Fault(f"hour_with_minute_too_{size}")
    if fault := two_digits(text[:2], "hour", 23):
        return fault
    fault = two_digits(text[2:], "minute", 59)
    return fault and Fault(fault.reason, fault.at + 2)


def _repeated(character: str, reason: str, text: str) -> Fault | None:
    return None if text and text == character * len(text) else Fault(reason)


def _one_of(characters: str, reason: str, text: str) -> Fault | None:
    return None if len(text) == 1 and text in characters else Fault(reason)


def _in_list(name: str, reason: str, text: str) -> Fault | None:
    return None if text in _listed()[name] else Fault(reason)


def _country_or_999(text: str) -> Fault | None:
    return None if text == "999" else _in_list("iso3166", "not_iso3166_or_999", text)


def _iban(text: str) -> Fault | None:
    if len(text) < 4:
        return Fault("iban_too_short")
    if text[:2] not in _listed()["iso3166alpha2"]:
        return Fault("illegal_iban_country_code")
    if not 10 < len(text) <= 34:
        return Fault("iban_too_short" if len(text) <= 10 else "iban_too_long")
    moved = text[4:] + text[:4]
    if fault := foreign(_NOT_IBAN, moved, "invalid_iban_character"):
        return Fault(fault.reason, (fault.at + 4) % len(text))
    number = int("".join(str(int(character, 36)) for character in moved))
    return Fault("incorrect_iban_checksum", 2) if number % 97 != 1 else None


def _importer_index(text: str) -> Fault | None:
    if len(text) != 1:
        return Fault("importer_idx_must_be_one_character")
    return foreign(_NOT_64, text, "invalid_import_idx_character")


def _coordinate(name: str, most: int, text: str) -> Fault | None:
    if len(text) != 10:
        return Fault(f"{name}_invalid_length")
    return digits(text) or (Fault(f"invalid_{name}") if int(text) > most else None)


def _not_zero(text: str) -> Fault | None:
    return digits(text) or (None if text.strip("0") else Fault("illegal_zero_value"))


def _no_leading_zero(text: str) -> Fault | None:
    return Fault("illegal_zero_prefix") if text.startswith("0") else digits(text)


def _percent_encoded(text: str) -> Fault | None:
    return foreign(_PERCENT, text, "invalid_percent_sequence")


def _piece_of_total(text: str) -> Fault | None:
    if fault := digits(text):
        return fault
    half, odd = divmod(len(text), 2)
    if odd or not text:
        return Fault("invalid_length_for_piece_of_total")
    piece, total = text[:half], text[half:]
    if not piece.strip("0"):
        return Fault("zero_piece_number")
    if not total.strip("0"):
        return Fault("zero_total_pieces", half)
    return Fault("piece_number_exceeds_total") if piece > total else None


def _place_in_sequence(text: str) -> Fault | None:
    match = _SEQUENCE.fullmatch(text)
    if match is None:
        return Fault("position_in_sequence_malformed")
    place, end = match.groups()
    if place[0] == "0" or end[0] == "0":
        return Fault("illegal_zero_prefix", 0 if place[0] == "0" else len(place) + 1)
    return Fault("position_exceeds_end") if (len(place), place) > (len(end), end) else None


def _media_type(text: str) -> Fault | None:
    return None if text in _MEDIA_TYPES else Fault("invalid_media_type")


LINTERS: Final[Mapping[str, Linter]] = MappingProxyType(
    {
        "csetnumeric": digits,
        "cset82": partial(foreign, _NOT_82, reason="invalid_cset82_character"),
        "cset39": partial(foreign, _NOT_39, reason="invalid_cset39_character"),
        "cset64": _base64url,
        "csum": _check_digit,
        "csumalpha": _check_pair,
        "gcppos1": company_prefix,
        "gcppos2": _prefix_behind_one,
        "hasnondigit": _has_non_digit,
        "yymmdd": partial(short_date, day_may_be_zero=False),
        "yymmd0": partial(short_date, day_may_be_zero=True),
        "yyyymmdd": partial(full_date, day_may_be_zero=False),
        "yyyymmd0": partial(full_date, day_may_be_zero=True),
        "hh": partial(two_digits, unit="hour", most=23),
        "mi": partial(two_digits, unit="minute", most=59),
        "ss": partial(two_digits, unit="second", most=59),
        "hhmi": _hour_and_minute,
        "hyphen": partial(_repeated, "-", "not_hyphen"),
        "zero": partial(_repeated, "0", "not_zero"),
        "nonzero": _not_zero,
        "nozeroprefix": _no_leading_zero,
        "yesno": partial(_one_of, "01", "not_zero_or_one"),
        "winding": partial(_one_of, "019", "invalid_winding_direction"),
        "iso5218": partial(_one_of, "0129", "invalid_biological_sex_code"),
        "iso3166": partial(_in_list, "iso3166", "not_iso3166"),
        "iso3166999": _country_or_999,
        "iso3166alpha2": partial(_in_list, "iso3166alpha2", "not_iso3166_alpha2"),
        "iso4217": partial(_in_list, "iso4217", "not_iso4217"),
        "iban": _iban,
        "importeridx": _importer_index,
        "latitude": partial(_coordinate, "latitude", 1_800_000_000),
        "longitude": partial(_coordinate, "longitude", 3_600_000_000),
        "mediatype": _media_type,
        "packagetype": partial(_in_list, "packagetype", "invalid_package_type"),
        "pcenc": _percent_encoded,
        "pieceoftotal": _piece_of_total,
        "posinseqslash": _place_in_sequence,
        "couponcode": coupon,
        "couponposoffer": coupon_from_offer_file,
    }
)
"""By the dictionary's name; the first four are the character sets N, X, Y and Z."""
