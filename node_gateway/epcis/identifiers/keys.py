"""The GS1 identification keys that name something in an event, and how each is written.

Own small tables: an EPC URN has to be cut and joined by company prefix, which general parsers of
element strings do not do, and only keys with their qualifiers matter here, not all 500 application
identifiers.

Source: GS1 General Specifications (section 3), EPC Tag Data Standard 2.x (section 6), GS1 Digital
Link URI syntax; constrained form: EPCIS 2.0 / CBV 2.0 (finest level of granularity, no attributes).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import quote

from node_gateway.epcis.identifiers.check_digits import check_digit, check_pair
from node_gateway.epcis.normalise_errors import IdentifierError

RESOLVER: Final = "https://id.gs1.org"
SET_82: Final = r"""[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]"""
SET_39: Final = r"[#\-/0-9A-Z]"

Checks = Literal["all", "form"]


@dataclass(frozen=True, slots=True)
class Key:
    """One identification key.

    `check_index` is the place of its check digit (None if it has none), `prefix_index` that of the
    first digit of the GS1 company prefix. `qualifiers` may follow in a Digital Link, in this
    order; of these `kept` name the thing itself, most specific first, and the rest is dropped.
    """

    ai: str
    name: str
    pattern: re.Pattern[str]
    shape: str
    check_index: int | None = None
    prefix_index: int = 0
    qualifiers: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    required: str | None = None


@dataclass(frozen=True, slots=True)
class Identifier:
    """A GS1 identifier, taken apart.

    Attributes:
        ai: Application identifier of the key, e.g. `01`.
        value: The key's value; a GTIN always has 14 digits.
        qualifier: Application identifier of what narrows the key (`21`, `10`, ...), or None.
        qualifier_value: Its value, not percent-encoded; empty without a qualifier.
    """

    ai: str
    value: str
    qualifier: str | None = None
    qualifier_value: str = ""

    @property
    def digital_link(self) -> str:
        """The one canonical spelling; every octet but unreserved ones is percent-encoded."""
        return self.spelled()

    def spelled(self, safe: str = "") -> str:
        """Return the Digital Link with the characters in `safe` left as they are."""
        key = f"{RESOLVER}/{self.ai}/{_quoted(self.value, safe)}"
        if self.qualifier is None:
            return key
        return f"{key}/{self.qualifier}/{_quoted(self.qualifier_value, safe)}"

    @property
    def prefixed(self) -> str:
        """The value from its company prefix on, so `startswith` tells whose key it is."""
        return self.value[KEYS[self.ai].prefix_index :]


def _quoted(value: str, safe: str) -> str:
    return value if value.isalnum() else quote(value, safe=safe)  # ASCII by the patterns above


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


_ALL_KEYS: Final = (
    Key("00", "SSCC", _compiled(r"\d{18}"), "18 digits", check_index=17, prefix_index=1),
    Key(
        "01", "GTIN", _compiled(r"\d{14}"), "14 digits", check_index=13, prefix_index=1,
        qualifiers=("22", "10", "21", "235"), kept=("21", "235", "10"),
    ),
    Key(
        "253", "GDTI", _compiled(rf"\d{{13}}{SET_82}{{0,17}}"),
        "13 digits and up to 17 characters", check_index=12,
    ),
    Key("255", "GCN", _compiled(r"\d{13,25}"), "13 digits and up to 12 more", check_index=12),
    Key(
        "401", "GINC", _compiled(rf"\d{{4}}{SET_82}{{1,26}}"), "up to 30 characters, digits first"
    ),
    Key("402", "GSIN", _compiled(r"\d{17}"), "17 digits", check_index=16),
    Key(
        "414", "GLN", _compiled(r"\d{13}"), "13 digits", check_index=12,
        qualifiers=("254", "7040"), kept=("254",),
    ),
    Key(
        "415", "GLN to pay", _compiled(r"\d{13}"), "13 digits", check_index=12,
        qualifiers=("8020",), kept=("8020",), required="8020",
    ),
    Key(
        "417", "party GLN", _compiled(r"\d{13}"), "13 digits", check_index=12,
        qualifiers=("7040",),
    ),
    Key(
        "8003", "GRAI", _compiled(rf"0\d{{13}}{SET_82}{{0,16}}"),
        "a zero, 13 digits and up to 16 characters", check_index=13, prefix_index=1,
    ),
    Key(
        "8004", "GIAI", _compiled(rf"\d{{4}}{SET_82}{{1,26}}"),
        "up to 30 characters, digits first", qualifiers=("7040",),
    ),
    Key(
        "8006", "ITIP", _compiled(r"\d{18}"), "18 digits", check_index=13, prefix_index=1,
        qualifiers=("22", "10", "21"), kept=("21", "10"),
    ),
    Key(
        "8010", "CPID", _compiled(rf"\d{{4}}{SET_39}{{1,26}}"),
        "up to 30 capitals, digits, '#', '-' or '/', digits first",
        qualifiers=("8011",), kept=("8011",),
    ),
    Key(
        "8013", "GMN", _compiled(rf"\d{{4}}{SET_82}{{3,21}}"), "up to 25 characters, digits first"
    ),
    Key(
        "8017", "GSRN of a provider", _compiled(r"\d{18}"), "18 digits", check_index=17,
        qualifiers=("8019",),
    ),
    Key(
        "8018", "GSRN of a recipient", _compiled(r"\d{18}"), "18 digits", check_index=17,
        qualifiers=("8019",),
    ),
)  # fmt: skip
KEYS: Final[Mapping[str, Key]] = MappingProxyType({key.ai: key for key in _ALL_KEYS})

QUALIFIERS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = MappingProxyType(
    {
        ai: (_compiled(pattern), shape)
        for ai, pattern, shape in (
            ("10", rf"{SET_82}{{1,20}}", "1 to 20 characters"),
            ("21", rf"{SET_82}{{1,20}}", "1 to 20 characters"),
            ("22", rf"{SET_82}{{1,20}}", "1 to 20 characters"),
            ("235", rf"{SET_82}{{1,28}}", "1 to 28 characters"),
            ("254", rf"{SET_82}{{1,20}}", "1 to 20 characters"),
            ("7040", rf"\d{SET_82}{{3}}", "a digit and 3 characters"),
            ("8011", r"0|[1-9]\d{0,11}", "1 to 12 digits, no zero in front"),
            ("8019", r"\d{1,10}", "1 to 10 digits"),
            ("8020", rf"{SET_82}{{1,25}}", "1 to 25 characters"),
        )
    }
)


def identify(
    ai: str, value: str, qualifiers: Mapping[str, str], checks: Checks = "all"
) -> Identifier:
    """Check a key with its qualifiers and keep what names the thing.

    Args:
        ai: A key of `KEYS`.
        value: Its value, decoded; a GTIN of 8, 12 or 13 digits is filled with zeros.
        qualifiers: Decoded values by application identifier.
        checks: "form" takes wrong check digits and escapes as they are; for comparing only.

    Raises:
        IdentifierError: length, characters, check digit or qualifier are wrong.
    """
    key = KEYS[ai]
    if ai == "01" and len(value) in (8, 12, 13):
        value = value.zfill(14)
    if not key.pattern.fullmatch(value):
        raise IdentifierError(f"{key.name} of {len(value)} characters is not {key.shape}")
    for qualifier, text in qualifiers.items():
        pattern, shape = QUALIFIERS[qualifier]
        if not pattern.fullmatch(text):
            raise IdentifierError(f"({qualifier}) of {len(text)} characters is not {shape}")
    if key.required is not None and key.required not in qualifiers:
        raise IdentifierError(f"{key.name} needs ({key.required})")
    made = _narrowed(key, value, qualifiers)
    if checks == "all":
        if ai == "8006":
            check_piece(value)
        _verify(key, made)
    return made


def _narrowed(key: Key, value: str, qualifiers: Mapping[str, str]) -> Identifier:
    for qualifier in key.kept:
        text = qualifiers.get(qualifier)
        # A GLN extension of "0" means "no extension" (TDS, SGLN).
        if text is not None and not (qualifier == "254" and text == "0"):
            return Identifier(key.ai, value, qualifier, text)
    return Identifier(key.ai, value)


def check_piece(value: str) -> None:
    """Refuse an ITIP of a piece that its total does not have."""
    piece, total = value[14:16], value[16:18]
    if piece == "00" or piece > total:
        raise IdentifierError(f"piece {piece} of {total} pieces does not exist")


def _verify(key: Key, made: Identifier) -> None:
    value = made.value
    if key.ai == "8013":
        given, expected = value[-2:], check_pair(value[:-2])
        corrected, what = value[:-2] + expected, "check characters"
    elif key.check_index is not None:
        at = key.check_index
        given, expected = value[at], check_digit(value[:at])
        corrected, what = value[:at] + expected + value[at + 1 :], "check digit"
    else:
        return
    if given != expected:
        hint = Identifier(made.ai, corrected, made.qualifier, made.qualifier_value).digital_link
        raise IdentifierError(f"{what} {given}, expected {expected}", code="check_digit", hint=hint)
