"""Identifiers of things, places and parties in one spelling.

EPC URN, GS1 Digital Link URI (any domain) and element string all become the canonical Digital Link
at `https://id.gs1.org`; other URIs are opaque and stay as they are.
"""

import re
from typing import Final

from node_gateway.epcis.identifiers.digital_link import parse_digital_link, parse_raw_slashes
from node_gateway.epcis.identifiers.element_string import is_element_string, parse_element_string
from node_gateway.epcis.identifiers.keys import Checks, Identifier
from node_gateway.epcis.identifiers.urn import EPC, parse_urn
from node_gateway.epcis.normalise_errors import IdentifierError

__all__ = [
    "Identifier",
    "IdentifierError",
    "canonical_dl",
    "canonical_identifier",
    "id_valid",
    "parse_identifier",
]

DRUG_CODE: Final = "urn:x-cn-drug:"
_PURE: Final = EPC + "id:"
_DRUG_DIGITS: Final = re.compile(r"[0-9]{20}")


def parse_identifier(text: str, checks: Checks = "all") -> Identifier | None:
    """Read a GS1 identifier in any of its spellings.

    Args:
        text: EPC URN, GS1 Digital Link URI or element string.
        checks: "form" takes wrong check digits and escapes as they are; for comparing only.

    Returns:
        The identifier, or None if `text` does not claim to be one.

    Raises:
        IdentifierError: `text` claims to be one and is malformed.
    """
    head = text[:8].lower()
    if head == EPC:
        return parse_urn(text, checks)
    if head.startswith(("http://", "https://")):
        return parse_digital_link(text, checks)
    if is_element_string(text):
        return parse_element_string(text, checks)
    return None


def canonical_identifier(text: str) -> str:
    """Return the one spelling under which `text` is stored, committed and looked up.

    A GS1 identifier becomes its canonical Digital Link; `urn:x-cn-drug:` is checked for its 20
    digits; anything else is returned as it is. Idempotent.

    Raises:
        IdentifierError: `text` claims to be an identifier of these kinds and is malformed.
    """
    found = parse_identifier(text)
    if found is not None:
        return found.digital_link
    if text[: len(DRUG_CODE)].lower() == DRUG_CODE:
        digits = text[len(DRUG_CODE) :]
        if not _DRUG_DIGITS.fullmatch(digits):
            raise IdentifierError(f"a drug code of {len(digits)} characters is not 20 digits")
        return DRUG_CODE + digits
    return text


def canonical_dl(text: str) -> str | None:
    """Return the canonical Digital Link that `text` stands for, check digits unchecked, or None.

    For comparing identifiers of unknown quality (event hashes, searches); capture uses
    `canonical_identifier`, which refuses a wrong check digit. A slash that stands in a URN as it
    is (it should be `%2F`) stands in the link as it is, as other tools write it.
    """
    try:
        found = parse_identifier(text, "form")
    except IdentifierError:
        return None
    if found is None:
        return None
    return found.spelled("/") if text[:4].lower() == "urn:" and "/" in text else found.digital_link


def id_valid(text: str, gcp_length: int | None = None) -> bool:
    """Tell whether `text` is a well-formed EPC, check digits unchecked.

    Args:
        text: EPC URN or Digital Link.
        gcp_length: Length of its company prefix in digits, 6 to 12. A URN shows it itself; a
            Digital Link does not: unless it is given, it is no EPC that a URN could be made of.
    """
    try:
        found = parse_identifier(text, "form")
    except IdentifierError:
        if text[:4].lower() == "urn:":
            return False
        found = None
    if text[:4].lower() == "urn:":  # an EPC without GS1 key (`gid`, `bic`, ...) is one all the same
        return found is not None or text[: len(_PURE)].lower() == _PURE
    found = found or parse_raw_slashes(text)
    if found is None or gcp_length is None:
        return False
    if found.ai == "01" and f"/{found.value}" not in text:
        return False  # the current Digital Link syntax has 14 digits only
    return 6 <= gcp_length <= min(12, len(found.prefixed))
