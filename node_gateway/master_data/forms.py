"""One spelling for each identifier of master data.

Every function takes what people and their systems write (full-width digits, spaces around, any GS1
spelling) and returns the one form that is stored, or raises `PydanticCustomError`, whose type is a
problem code and whose context may hold a hint.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, LiteralString, NoReturn

from pydantic_core import PydanticCustomError

from node_gateway.epcis.identifiers import canonical_identifier, parse_identifier
from node_gateway.epcis.identifiers.keys import Identifier, identify
from node_gateway.epcis.normalise_errors import IdentifierError

CREDIT_CODE: Final = "urn:x-cn-uscc:"
"""Before a unified social credit code where a URI is needed."""
ENTERPRISE: Final = "urn:x-cn-ent:"
"""Before the id that the traceability platform gave a company, where a URI is needed."""
LOCATION_KEYS: Final = ("414",)
PARTY_KEYS: Final = ("417", "414")
IDENTIFIER_LENGTH_MAX: Final = 500

_DIGITS: Final = re.compile(r"[0-9]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+")
_PRODUCT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{0,63}")
_RESERVED: Final = ("import", "versions")
_MANGLED: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def line_of_text(text: str) -> str:
    """Return a text without control characters, as one line.

    Raises:
        PydanticCustomError: `text_form`.
    """
    if _CONTROL.search(text):
        _refuse("text_form", "control characters have no place here", "Write it as one line.")
    return text


def gtin14(text: str) -> str:
    """Return a GTIN as its 14 digits.

    Args:
        text: 8, 12, 13 or 14 digits, or an EPC class, Digital Link or element string of a GTIN.

    Raises:
        PydanticCustomError: `check_digit` or `identifier_form`.
    """
    found = _identifier(text, "01")
    if found is None or found.ai != "01":
        _refuse("identifier_form", "no GTIN", "8, 12, 13 or 14 digits")
    if found.qualifier is not None:
        _refuse("identifier_form", "a single thing or lot, not a GTIN", found.value)
    return found.value


def drug_id(text: str) -> str:
    """Return a drug identification code: the first 7 digits of its 20-digit codes.

    Raises:
        PydanticCustomError: `drug_id_form`.
    """
    digits = _folded(text)
    if not re.fullmatch(r"[0-9]{7}", digits):
        hint = digits[:7] if re.fullmatch(r"[0-9]{20}", digits) else "the first 7 of the 20 digits"
        _refuse("drug_id_form", "a drug identification code has 7 digits", hint)
    return digits


def product_id(text: str) -> str:
    """Return the operator's own name of a product.

    Raises:
        PydanticCustomError: `product_id_form`.
    """
    name = text.strip()
    if not _PRODUCT.fullmatch(name) or name in _RESERVED:
        hint = "1 to 64 letters, digits, '.', '_' or '-', such as the GTIN or the ERP's number"
        _refuse("product_id_form", "this cannot be the id of a product", hint)
    return name


def location_id(text: str) -> str:
    """Return the canonical identifier of a place: a GLN, with or without extension, or a URI.

    Raises:
        PydanticCustomError: `check_digit` or `identifier_form`.
    """
    return _place_or_party(text, LOCATION_KEYS, "a place has a GLN (13 digits) or a URI")


def party_id(text: str) -> str:
    """Return the canonical identifier of a party.

    Args:
        text: A party GLN, a GLN, a unified social credit code (18 characters) or a URI.

    Raises:
        PydanticCustomError: `check_digit`, `identifier_form` or `credit_code_form`.
    """
    bare = _folded(text).upper()
    if len(bare) == 18 and bare.isalnum():
        return CREDIT_CODE + credit_code(bare)
    if bare.startswith(CREDIT_CODE.upper()):
        return CREDIT_CODE + credit_code(bare[len(CREDIT_CODE) :])
    hint = "a party has a GLN (13 digits), a social credit code (18 characters) or a URI"
    return _place_or_party(text, PARTY_KEYS, hint)


def credit_code(text: str) -> str:
    """Return a unified social credit code in capitals.

    Raises:
        PydanticCustomError: `credit_code_form`, which includes a wrong check character.

    Source: GB 32100-2015, annex A (modulus 31, weights 3^i).
    """
    code = _folded(text).upper()
    if len(code) != 18 or any(character not in _CREDIT_ALPHABET for character in code):
        hint = "18 digits and capitals, without I, O, S, V and Z"
        _refuse("credit_code_form", "no unified social credit code", hint)
    total = sum(
        _CREDIT_ALPHABET.index(character) * pow(3, place, 31)
        for place, character in enumerate(code[:17])
    )
    expected = _CREDIT_ALPHABET[-total % 31]
    if code[17] != expected:
        hint = "Copy it from the business licence."
        _refuse("credit_code_form", "the last character does not fit the other 17", hint)
    return code


def company_prefix(text: str) -> str:
    """Return a GS1 company prefix of 6 to 12 digits (shorter ones count as 6, EPC TDS 7.3.2).

    Raises:
        PydanticCustomError: `company_prefix_form`.
    """
    digits = _folded(text)
    if not re.fullmatch(r"[0-9]{6,12}", digits):
        _refuse("company_prefix_form", "a company prefix has 6 to 12 digits", "as GS1 assigned it")
    return digits


def enterprise_id(text: str) -> str:
    """Return the id that the traceability platform gave a company.

    Raises:
        PydanticCustomError: `enterprise_id_form`.
    """
    name = _folded(text).removeprefix(ENTERPRISE)
    if not re.fullmatch(r"[A-Za-z0-9_\-]{1,64}", name):
        _refuse("enterprise_id_form", "no company id of the platform", "letters and digits")
    return name


def _folded(text: str) -> str:
    """Return full-width digits and letters as ASCII, without spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _identifier(text: str, ai: str) -> Identifier | None:
    bare = _folded(text)
    if _MANGLED.fullmatch(bare):
        hint = "Format the column as text in the spreadsheet, and export it again."
        _refuse("number_mangled", "a spreadsheet has shortened this number", hint)
    try:
        return identify(ai, bare, {}) if _DIGITS.fullmatch(bare) else parse_identifier(text.strip())
    except IdentifierError as error:
        corrected = error.hint
        if corrected and _DIGITS.fullmatch(bare):
            corrected = corrected.rpartition("/")[2]
        raise _refusal(error.code, error.detail, corrected) from None


def _place_or_party(text: str, keys: tuple[str, ...], hint: str) -> str:
    found = _identifier(text, keys[0])
    if found is not None:
        if found.ai not in keys:
            _refuse("identifier_form", "a GS1 key of another kind", hint)
        return found.digital_link
    bare = text.strip()
    if len(bare) > IDENTIFIER_LENGTH_MAX or not _URI.fullmatch(bare):
        _refuse("identifier_form", "neither a GS1 key nor a URI", hint)
    try:
        return canonical_identifier(bare)
    except IdentifierError as error:
        raise _refusal(error.code, error.detail, error.hint) from None


def _refusal(code: str, detail: str, hint: str | None) -> PydanticCustomError:
    # The library formats the message with its context, so that braces are none of ours.
    form: LiteralString = "{detail}"
    return PydanticCustomError(code, form, {"detail": detail, "hint": hint})


def _refuse(code: str, detail: str, hint: str) -> NoReturn:
    raise _refusal(code, detail, hint)
