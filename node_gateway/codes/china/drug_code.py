"""The 20-digit drug traceability code: 7 digits of identification, 9 of serial, 4 of check.

The check digits are the issuer's secret: from outside they are opaque, and only whoever issued a
code, or knows that it was activated, can say whether they are right.

Source: NMPAB/T 1002-2019 (drug identification code first); the platform's own rule that codes
begin with 8 and have exactly 20 digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from node_gateway.epcis.errors import EpcisError
from node_gateway.epcis.identifiers import DRUG_CODE

CODE_LENGTH: Final = 20
ID_LENGTH: Final = 7
STEM_LENGTH: Final = 16
"""Identification and serial; the last four digits are the check."""
FIRST_DIGIT: Final = "8"
SPECIAL_PREFIX: Final = "89"
"""Drugs under special management (narcotics, psychotropics and the like)."""
TEXT_LENGTH_MAX: Final = 200
_BASE: Final[int] = int(FIRST_DIGIT) * 10 ** (CODE_LENGTH - 1)

# What scanners, spreadsheets and input methods put into a code.
_FULL_WIDTH: Final = MappingProxyType({0xFF10 + digit: str(digit) for digit in range(10)})
_HYPHENS: Final = "-\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
_SPACES: Final = " \t\r\n\f\v\x00\x1d\x1e\u00a0\u2002\u2003\u2009\u200b\u202f\u2060\u3000\ufeff"
_FOLDED: Final = MappingProxyType(
    {**_FULL_WIDTH, **{ord(one): "-" for one in _HYPHENS}, **{ord(one): None for one in _SPACES}}
)
_GROUPS: Final = re.compile(r"[0-9]+(?:-[0-9]+)*")
_LOOK_ALIKES: Final = MappingProxyType(
    dict(zip("OoQDIlL|ZzSsBGgTb", "00001111225586976", strict=True))
)


class DrugCodeError(EpcisError, ValueError):
    """The text is no 20-digit drug traceability code; `code` says in which way.

    The text itself is never quoted: what somebody scans by mistake may be an identity card.
    """

    code = "drug_code_form"


@dataclass(frozen=True, slots=True)
class DrugCode:
    """One code.

    Attributes:
        text: Its 20 ASCII digits.
    """

    text: str

    @property
    def drug_id(self) -> str:
        """The 7 digits that name product, package and pack level."""
        return self.text[:ID_LENGTH]

    @property
    def serial9(self) -> str:
        """The 9 digits that tell one pack from another."""
        return self.text[ID_LENGTH:STEM_LENGTH]

    @property
    def check4(self) -> str:
        """The 4 check digits."""
        return self.text[STEM_LENGTH:]

    @property
    def serial13(self) -> str:
        """Serial and check digits, as printed behind the hyphen."""
        return self.text[ID_LENGTH:]

    @property
    def stem(self) -> str:
        """The 16 digits that no two packs share."""
        return self.text[:STEM_LENGTH]

    @property
    def is_special(self) -> bool:
        """Whether the product is under special management."""
        return self.text.startswith(SPECIAL_PREFIX)

    @property
    def uri(self) -> str:
        """Its form inside EPCIS."""
        return DRUG_CODE + self.text

    @property
    def printed(self) -> str:
        """Its form on a pack."""
        return f"{self.drug_id}-{self.serial13}"

    @property
    def packed(self) -> int:
        """The code in 64 bits: its number without the first digit."""
        return int(self.text) - _BASE


def parse_drug_code(text: str) -> DrugCode:
    """Read a code as scanned, typed, printed or written in EPCIS.

    Args:
        text: 20 digits, ASCII or full-width; spaces (also ideographic) anywhere, hyphens between
            digits, and `urn:x-cn-drug:` in front are taken off. No digit is ever added or cut.

    Raises:
        DrugCodeError: `drug_code_digits`, `drug_code_length`, `drug_code_prefix` or
            `drug_code_form`, with a hint at the likeliest slip.
    """
    if len(text) > TEXT_LENGTH_MAX:
        raise DrugCodeError(f"a code has 20 digits, this has more than {TEXT_LENGTH_MAX}")
    folded = text.translate(_FOLDED)
    if folded[: len(DRUG_CODE)].lower() == DRUG_CODE:
        folded = folded[len(DRUG_CODE) :]
    if not _GROUPS.fullmatch(folded):
        raise _not_digits(folded)
    digits = folded.replace("-", "")
    if len(digits) != CODE_LENGTH:
        raise _wrong_length(digits)
    if digits[0] != FIRST_DIGIT:
        raise DrugCodeError(
            "a drug traceability code begins with 8",
            code="drug_code_prefix",
            hint="Scan the 20-digit code beside the words 药品追溯码.",
        )
    return DrugCode(digits)


def packed_code(text: str) -> int:
    """Return the code in 64 bits; as `parse_drug_code(text).packed`, quick for plain digits.

    Raises:
        DrugCodeError: as `parse_drug_code`.
    """
    if len(text) == CODE_LENGTH and text.isascii() and text.isdigit() and text[0] == FIRST_DIGIT:
        return int(text) - _BASE
    return parse_drug_code(text).packed


def unpacked_code(packed: int) -> str:
    """Return the 20 digits of a packed code."""
    return str(packed + _BASE)


def _not_digits(folded: str) -> DrugCodeError:
    if not folded:
        return DrugCodeError("there is no code", code="drug_code_length", hint="Scan it again.")
    at = next((i for i, one in enumerate(folded) if one not in "0123456789-"), None)
    if at is None:
        return DrugCodeError("a hyphen stands between digits only", hint="Write the 20 digits.")
    place = f"character {at + 1}"
    meant = _LOOK_ALIKES.get(folded[at])
    if meant is not None:
        hint = f"At {place} stands a letter; is it the digit {meant}?"
    elif folded[at].isdecimal():
        hint = f"At {place} stands a digit of another script; write 0 to 9."
    else:
        hint = f"Look at {place}."
    return DrugCodeError("a code has digits only", code="drug_code_digits", hint=hint)


def _wrong_length(digits: str) -> DrugCodeError:
    count = len(digits)
    hint = "Scan it again, or compare it with the pack."
    if digits.startswith("01") and count >= 16:
        hint = "This looks like a GS1 element string (01)...; enter it as a GS1 code."
    elif count in (13, 14):
        hint = "This looks like the product's bar code (GTIN); scan the 20-digit code."
    elif count == CODE_LENGTH - 1:
        hint = "One digit is missing."
    elif count == CODE_LENGTH + 1:
        hint = "There is one digit too many."
    elif count == 2 * CODE_LENGTH:
        hint = "These look like two codes in one scan."
    return DrugCodeError(
        f"a drug traceability code has 20 digits, this has {count}",
        code="drug_code_length",
        hint=hint,
    )
