"""Element strings: `(01)...(21)...` as people write them, and what scanners send.

The GS1 syntax engine (`node_gateway.codes.gs1`) reads and checks all of it; of what it reads, only
the key and its qualifiers are an identity, and attributes (expiry, weight, ...) are passed over.

Source: GS1 General Specifications; symbology identifiers of its section 5.
"""

import re
from typing import Final

from node_gateway.codes.gs1 import ElementString, Gs1SyntaxError, InputType, parse
from node_gateway.epcis.identifiers.digital_link import parse_digital_link
from node_gateway.epcis.identifiers.keys import KEYS, Checks, Identifier, identify
from node_gateway.epcis.normalise_errors import IdentifierError

FNC1: Final = "\x1d"
_SCANNED_LINK: Final = re.compile(r"\](?:d1|Q1|J0)(?=[Hh][Tt][Tt][Pp])")
# Some scanners send the FNC1 that the symbology identifier stands for as well.
_FNC1_TWICE: Final = re.compile(r"(\](?:C1|e0|d2|Q3|J1))\x1d")


def is_element_string(text: str) -> bool:
    """Tell whether `text` can only be an element string: no URI begins like one."""
    return text.startswith(("(", "]", FNC1, "^"))


def parse_element_string(text: str, checks: Checks = "all") -> Identifier:
    r"""Read an element string.

    Args:
        text: Bracketed (`\(` stands for a bracket inside a value); or raw, with a leading
            symbology identifier (`]d2`, `]C1`, ...) or FNC1, and FNC1 (0x1D; `^` if the text
            begins with it) after elements of variable length; or a scanned EAN (`]E0`, `]E4`) or
            Digital Link (`]Q1`, ...).
        checks: Of a scanned Digital Link; element strings are always checked in full, because a
            misread one can tear anywhere.

    Raises:
        IdentifierError: it has no key, or a part is wrong. What belongs beside an element is not
            asked for: it may stand on another symbol of the same thing.
    """
    if link := _SCANNED_LINK.match(text):
        found = parse_digital_link(text[link.end() :], checks)
        if found is None:
            raise IdentifierError("the scanned URI is no Digital Link")
        return found
    return identity_of(read_element_string(text))


def read_element_string(text: str) -> ElementString:
    """Read every element of what `is_element_string` tells.

    Raises:
        IdentifierError: a part is wrong; of a wrong check digit the hint is the right identifier.
    """
    kind, text = _kind(text)
    try:
        return parse(kind, text, required=False)
    except Gs1SyntaxError as error:
        raise _refusal(error, kind, text) from error


def identity_of(read: ElementString) -> Identifier:
    """Return what an element string names.

    Raises:
        IdentifierError: it has no identification key.
    """
    if read.key is None:
        if read.primary is None:
            raise IdentifierError("no identification key in the element string")
        return identify("01", read.primary, {})
    qualifiers = ((name, read.value_of(name)) for name in KEYS[read.key.ai].qualifiers)
    present = {name: value for name, value in qualifiers if value is not None}
    return identify(read.key.ai, read.key.value, present)


def _kind(text: str) -> tuple[InputType, str]:
    if text.startswith("("):
        return "bracketed", text
    if text.startswith("]"):
        return "scan", _FNC1_TWICE.sub(r"\1", text)
    return "unbracketed", text


def _refusal(error: Gs1SyntaxError, kind: InputType, text: str) -> IdentifierError:
    at = error.position
    if error.reason == "incorrect_check_pair":
        return IdentifierError("the check characters are wrong", code="check_digit")
    if error.reason != "incorrect_check_digit" or at is None:
        return IdentifierError(str(error))
    for digit in "0123456789":
        changed = f"{text[:at]}{digit}{text[at + 1 :]}"
        try:
            hint = identity_of(parse(kind, changed, required=False)).digital_link
        except (Gs1SyntaxError, IdentifierError):
            continue
        detail = f"check digit {text[at]}, expected {digit}"
        return IdentifierError(detail, code="check_digit", hint=hint)
    return IdentifierError("a check digit is wrong", code="check_digit")
