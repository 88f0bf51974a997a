"""Prefixes of codes, as the CodeRegistry writes them: `gs1:` and 4 to 12 digits, `cn:` and 7.

Every digit behind `gs1:` is a digit of a GTIN-13 without its check digit, so that 12 digits are one
GTIN whatever its indicator digit, and fewer are a GS1 company prefix. Other GS1 keys begin with a
company prefix too, some behind an extension digit. Source: GS1 General Specifications 3.2 to 3.4;
contracts/src/interfaces/ICodeRegistry.sol.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NoReturn

from anchoring.errors import FormatError

PREFIX_FORM: Final = "prefix_form"
_GS1: Final = "gs1:"
_CN: Final = "cn:"
_LINK: Final = "https://id.gs1.org/"
_DRUG_CODE: Final = re.compile(r"urn:x-cn-drug:([0-9]{7})[0-9]{13}")
_KEY: Final = re.compile(r"https://id\.gs1\.org/([0-9]{2,4})/([^/?#]+)[^?#]*")
_DIGITS: Final = re.compile(r"[0-9]*")
_GROUPED: Final = re.compile(r"[0-9]+(?:[ -][0-9]+)*")
_BRACKETED: Final = re.compile(r"\(01\)\s*([0-9]{14})(?:\D.*)?", re.DOTALL)
_DIGITS_MIN, _DIGITS_MAX, _CN_DIGITS = 4, 12, 7
_GTIN_SIZES: Final = frozenset({8, 12, 13, 14})
_TEXT_LENGTH_MAX: Final = 1000
# Where the company prefix begins in the value of a key: behind an indicator, an extension digit, or
# the filling zero of a GRAI.
_OFFSETS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "00": 1, "01": 1, "253": 0, "255": 0, "401": 0, "402": 0, "414": 0, "415": 0, "417": 0,
        "8003": 1, "8004": 0, "8006": 1, "8010": 0, "8013": 0, "8017": 0, "8018": 0,
    }
)  # fmt: skip
_PRODUCT_KEYS: Final = frozenset({"01", "8006"})


def prefix_of_code(code: str) -> str | None:
    """Return the longest prefix that a canonical code falls under, to ask for its owner with.

    Args:
        code: Canonical: `https://id.gs1.org/<key>/<value>...` or `urn:x-cn-drug:<20 digits>`.

    Returns:
        `gs1:` and 12 digits (fewer if letters follow), `cn:` and 7 digits; None if nobody can be
        granted such a code.
    """
    drug = _DRUG_CODE.fullmatch(code)
    if drug is not None:
        return _CN + drug[1]
    key = _KEY.fullmatch(code)
    if key is None or key[1] not in _OFFSETS:
        return None
    value = key[2][_OFFSETS[key[1]] :][:_DIGITS_MAX]
    digits = _DIGITS.match(value)
    found = digits[0] if digits else ""
    return _GS1 + found if len(found) >= _DIGITS_MIN else None


def product_of_code(code: str) -> str | None:
    """Return the product of a canonical code as notices name it, None if it is no product's.

    A logistics unit or an asset has no product, even if its digits look like those of a GTIN.
    """
    key = _KEY.fullmatch(code)
    if key is not None and key[1] not in _PRODUCT_KEYS:
        return None
    prefix = prefix_of_code(code)
    return prefix if prefix is not None and is_product(prefix) else None


def is_prefix(text: str) -> bool:
    """Return True for a prefix as the CodeRegistry takes it."""
    scheme, colon, digits = text.partition(":")
    if not (digits.isascii() and digits.isdigit()):
        return False
    if scheme + colon == _CN:
        return len(digits) == _CN_DIGITS
    return scheme + colon == _GS1 and _DIGITS_MIN <= len(digits) <= _DIGITS_MAX


def is_product(prefix: str) -> bool:
    """Return True for a prefix that is exactly one product."""
    return is_prefix(prefix) and (prefix.startswith(_CN) or len(prefix) == len(_GS1) + _DIGITS_MAX)


def normal_prefix(text: str) -> str:
    """Return the prefix that somebody typed, scanned or copied.

    Args:
        text: `gs1:` and 4 to 12 digits, `cn:` and 7 digits, a GTIN of 8, 12, 13 or 14 digits with
            its check digit (also as `(01)...`), or a canonical code. Spaces and hyphens between
            digits do not matter.

    Raises:
        FormatError: `prefix_form`, with what to write instead.
    """
    if len(text) > _TEXT_LENGTH_MAX:
        _refuse(f"a prefix has at most {_DIGITS_MAX} digits")
    text = text.strip()
    if text.startswith((_LINK, "urn:")):
        found = prefix_of_code(text)
        if found is None:
            _refuse("this code belongs to no prefix that could be granted")
        return found
    bracketed = _BRACKETED.fullmatch(text)
    if bracketed is not None:
        return _of_gtin(bracketed[1])
    scheme, colon, rest = text.rpartition(":")
    digits = rest.strip()
    if not _GROUPED.fullmatch(digits):
        _refuse(f"{_quoted(text)} is no prefix")
    digits = digits.replace(" ", "").replace("-", "")
    return _with_scheme(scheme.strip().lower() + colon, digits)


def _with_scheme(scheme: str, digits: str) -> str:
    if scheme == "":
        return _of_bare_digits(digits)
    if scheme not in (_GS1, _CN):
        _refuse(f"there is no scheme {_quoted(scheme)}")
    if not is_prefix(scheme + digits):
        wanted = f"exactly {_CN_DIGITS}" if scheme == _CN else f"{_DIGITS_MIN} to {_DIGITS_MAX}"
        _refuse(f"{scheme} is followed by {wanted} digits, not by {len(digits)}")
    return scheme + digits


def _of_bare_digits(digits: str) -> str:
    if len(digits) == _CN_DIGITS:
        _refuse(
            f"{digits} can be a company prefix (gs1:{digits}) or an identification code of a drug "
            f"(cn:{digits})"
        )
    if len(digits) not in _GTIN_SIZES:
        _refuse(f"{len(digits)} digits are no GTIN, and a company prefix has gs1: before it")
    return _of_gtin(digits)


def _of_gtin(gtin: str) -> str:
    filled = gtin.zfill(14)
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(filled))
    if total % 10:
        _refuse(
            f"{gtin} is no GTIN: its check digit is wrong; a company prefix is written gs1:{gtin}"
            if len(gtin) <= _DIGITS_MAX
            else f"{gtin} is no GTIN: its check digit is wrong"
        )
    return _GS1 + filled[1:13]


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _refuse(sentence: str) -> NoReturn:
    raise FormatError(
        f"{sentence}. Write gs1: and 4 to 12 digits, cn: and 7 digits, or a GTIN with its check "
        "digit.",
        code=PREFIX_FORM,
    )
