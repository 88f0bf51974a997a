"""Element strings: `(01)...(21)...` as people write them, and what scanners send.

Only the key and its qualifiers are read; attributes (expiry, weight, ...) are passed over.

Source: GS1 General Specifications, sections 3.2 (lengths of application identifiers), 7.8.5
(predefined lengths) and 5.x (symbology identifiers).
"""

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from node_gateway.epcis.identifiers.digital_link import parse_digital_link
from node_gateway.epcis.identifiers.keys import KEYS, Checks, Identifier, identify
from node_gateway.epcis.normalise_errors import IdentifierError

FNC1: Final = "\x1d"
_BRACKETED: Final = re.compile(r"\((\d{2,4})\)((?:\\\(|[^(])+)", re.ASCII)
_SCANNED: Final = re.compile(r"\](?:C1|e0|d2|Q3|J1)")
_SCANNED_LINK: Final = re.compile(r"\](?:d1|Q1|J0)(?=[Hh][Tt][Tt][Pp])")
_AI_LENGTHS: Final = MappingProxyType(
    {
        **dict.fromkeys(("23", "24", "25", "40", "41", "42", "71"), 3),
        **dict.fromkeys(("31", "32", "33", "34", "35", "36", "39"), 4),
        **dict.fromkeys(("43", "70", "72", "80", "81", "82"), 4),
    }
)
# Lengths of the whole element, application identifier included, by its first two digits.
_PREDEFINED: Final = MappingProxyType(
    {
        "00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "20": 4, "41": 16,
        **dict.fromkeys(("11", "12", "13", "14", "15", "16", "17", "18", "19"), 8),
        **dict.fromkeys(("31", "32", "33", "34", "35", "36"), 10),
    }
)  # fmt: skip


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
        checks: "form" takes wrong check digits and escapes as they are; for comparing only.

    Raises:
        IdentifierError: it has no key, or a part is wrong.
    """
    if text.startswith("("):
        return _identifier(dict(_unique(_bracketed(text))), checks)
    if text.startswith("]E") and text[2:3] in ("0", "4") and len(text) in (11, 16):
        return identify("01", text[3:], {}, checks)
    if link := _SCANNED_LINK.match(text):
        found = parse_digital_link(text[link.end() :], checks)
        if found is None:
            raise IdentifierError("the scanned URI is no Digital Link")
        return found
    scanned = _SCANNED.match(text)
    if scanned is None and not text.startswith((FNC1, "^")):
        raise IdentifierError("neither brackets nor a known scanner prefix")
    body = text[scanned.end() :] if scanned else text[1:]
    separator = "^" if text.startswith("^") else FNC1
    return _identifier(dict(_unique(_raw(body.removeprefix(separator), separator))), checks)


def _bracketed(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _BRACKETED.match(text, at)
        if match is None:
            raise IdentifierError(f"no '(AI)value' at character {at + 1}")
        yield match[1], match[2].replace("\\(", "(")
        at = match.end()


def _raw(text: str, separator: str) -> Iterator[tuple[str, str]]:
    while text:
        ai = text[: _AI_LENGTHS.get(text[:2], 2)]
        if not ai.isdecimal() or len(ai) < 2:
            raise IdentifierError("no application identifier where one belongs")
        size = _PREDEFINED.get(ai[:2])
        element, _, after = text.partition(separator)
        if size is not None:
            element, after = text[:size], text[size:].removeprefix(separator)
            if len(element) < size or separator in element:
                raise IdentifierError(f"({ai}) is too short")
        if len(element) == len(ai):
            raise IdentifierError(f"({ai}) has no value")
        yield ai, element[len(ai) :]
        text = after


def _unique(elements: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    for ai, value in elements:
        if seen.setdefault(ai, value) != value:
            raise IdentifierError(f"({ai}) stands twice with two values")
        yield ai, value


def _identifier(elements: dict[str, str], checks: Checks) -> Identifier:
    ai = next((ai for ai in elements if ai in KEYS), None)
    if ai is None:
        raise IdentifierError("no identification key in the element string")
    qualifiers = {name: elements[name] for name in KEYS[ai].qualifiers if name in elements}
    return identify(ai, elements[ai], qualifiers, checks)
