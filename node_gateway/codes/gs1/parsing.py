"""Reading GS1 syntax: bracketed, unbracketed, scan data; Digital Links are in `links.py`.

The verdicts are those of the GS1 Barcode Syntax Engine in its default settings, but for what
docs/reference/identifiers.md lists.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

from node_gateway.codes.gs1.dictionary import dictionary
from node_gateway.codes.gs1.elements import GROUP_SEPARATOR, Element, ElementString
from node_gateway.codes.gs1.errors import Gs1SyntaxError
from node_gateway.codes.gs1.faults import digits
from node_gateway.codes.gs1.links import is_link, read_link
from node_gateway.codes.gs1.linters import LINTERS
from node_gateway.codes.gs1.rules import (
    ELEMENTS_MAX,
    check_associations,
    check_content,
    check_size,
)

InputType = Literal["dl_uri", "bracketed", "unbracketed", "scan"]

TEXT_SIZE_MAX: Final = 8191
FNC1: Final = "^"
_SYMBOLOGY_SIZE: Final = 3
_CARRYING_ELEMENTS: Final = frozenset({"]C1", "]e0", "]d2", "]Q3", "]J1"})
_CARRYING_TEXT: Final = frozenset({"]d1", "]Q1", "]J0"})
_PRIMARY_SIZES: Final[Mapping[str, int]] = MappingProxyType({"]E0": 13, "]E4": 8})
_COMPOSITE: Final = "|"
_COMPOSITE_SYMBOL: Final = "|]e0"


def parse(input_type: InputType, text: str, *, required: bool = True) -> ElementString:
    r"""Read a text in GS1 syntax and check it against the syntax dictionary.

    Args:
        input_type: `dl_uri`: a Digital Link; `bracketed`: `(01)...(21)...` with `\(` for a bracket
            in a value; `unbracketed`: FNC1 (`^`, or 0x1D if it begins with that) in front and
            after elements of variable length; `scan`: what a scanner sends, symbology identifier
            in front. A `|` parts the 2D part of a composite symbol from the linear one.
        text: At most 8,191 characters.
        required: False leaves out the rule that an element needs others: they may stand on another
            symbol of the same thing.

    Raises:
        Gs1SyntaxError: with `reason`, `position` and `ai`. Plain data that is no GS1 syntax at all
            has the reason `no_gs1_data`.

    Cost: 10 to 30 us for a usual text.
    """
    if len(text) > TEXT_SIZE_MAX:
        raise Gs1SyntaxError("data_too_long", f"more than {TEXT_SIZE_MAX} characters")
    read = _READERS[input_type](text)
    if len(read.elements) > ELEMENTS_MAX:
        raise Gs1SyntaxError("too_many_elements", f"more than {ELEMENTS_MAX} elements")
    check_associations(read.elements, required=required)
    return read


def _link(text: str, position: int = 0) -> ElementString:
    elements, path_size = read_link(text, position)
    return ElementString(elements, path_size=path_size)


def _bracketed(text: str) -> ElementString:
    linear, bar, rest = text.partition(_COMPOSITE)
    elements = _bracketed_elements(linear, 0)
    if not bar:
        return ElementString(elements)
    further = _bracketed_elements(rest, len(linear) + 1)
    return ElementString(elements + further, composite_at=len(elements))


def _bracketed_elements(text: str, position: int) -> tuple[Element, ...]:
    elements: list[Element] = []
    at = 0
    while at < len(text):
        close = text.find(")", at)
        if text[at] != "(" or close < 0 or close == len(text) - 1:
            raise Gs1SyntaxError("no_element", "no '(AI)value' here", position=position + at)
        ai = text[at + 1 : close]
        entry = dictionary().entries.get(ai)
        if entry is None:
            raise Gs1SyntaxError(
                "unknown_ai", "no known application identifier", position=position + at + 1
            )
        start = close + 1
        value, at = _bracketed_value(text, start)
        check_size(entry, value, position + start)
        elements.append(Element(entry, value, position + start))
    if not elements:
        raise Gs1SyntaxError("empty", "no element", position=position)
    for one in elements:
        check_content(one.entry, one.value, one.position or 0)
    return tuple(elements)


def _bracketed_value(text: str, start: int) -> tuple[str, int]:
    r"""Return the value at `start` with `\(` resolved, and where it ends."""
    value, begin = "", start
    while True:
        end = text.find("(", begin)
        if end < 0:
            return value + text[start:], len(text)
        if end == start or text[end - 1] != "\\":
            return value + text[start:end], end
        value += text[start : end - 1] + "("
        start = begin = end + 1


def _unbracketed(text: str) -> ElementString:
    if is_link(text):
        return _link(text)
    if text.startswith(GROUP_SEPARATOR):
        text = _with_fnc1(text, 0)
    linear, bar, rest = text.partition(_COMPOSITE)
    if not bar:
        if not text.startswith(FNC1):
            raise Gs1SyntaxError("no_gs1_data", "no FNC1 at the beginning", position=0)
        return ElementString(_raw_elements(text, 0))
    elements = _raw_elements(linear, 0) if linear.startswith(FNC1) else ()
    further = _raw_elements(rest, len(linear) + 1)
    primary = None if elements else linear
    return ElementString(elements + further, primary=primary, composite_at=len(elements))


def _with_fnc1(text: str, position: int) -> str:
    at = text.find(FNC1)
    if at >= 0:
        raise Gs1SyntaxError("illegal_caret", "'^' in scanned data", position=position + at)
    return text.replace(GROUP_SEPARATOR, FNC1)


def _raw_elements(text: str, position: int) -> tuple[Element, ...]:
    """Read elements from `^...`, whose first character is at `position`."""
    if not text.startswith(FNC1):
        raise Gs1SyntaxError("no_fnc1", "no FNC1 at the beginning", position=position)
    if len(text) == 1:
        raise Gs1SyntaxError("empty", "no element", position=position + 1)
    elements: list[Element] = []
    at = 1
    while at < len(text):
        entry = dictionary().at(text, at)
        if entry is None:
            raise Gs1SyntaxError(
                "unknown_ai", "no known application identifier", position=position + at
            )
        start = at + len(entry.ai)
        end = text.find(FNC1, start)
        end = len(text) if end < 0 else end
        if not entry.separated:
            end = min(end, start + entry.longest)
        at = start + check_content(entry, text[start:end], position + start)
        elements.append(Element(entry, text[start:at], position + start))
        if entry.separated and at < end:
            raise Gs1SyntaxError(
                "too_long", f"({entry.ai}) is too long", position=position + at, ai=entry.ai
            )
        at += text.startswith(FNC1, at)
    return tuple(elements)


def _scan(text: str) -> ElementString:
    if len(text) < _SYMBOLOGY_SIZE or text[0] != "]":
        raise Gs1SyntaxError("no_symbology", "no symbology identifier", position=0)
    symbology, data = text[:_SYMBOLOGY_SIZE], text[_SYMBOLOGY_SIZE:]
    if symbology in _CARRYING_ELEMENTS:
        # FNC1 takes the place of the last character of the symbology identifier.
        return ElementString(_raw_elements(FNC1 + _with_fnc1(data, 3), _SYMBOLOGY_SIZE - 1))
    if symbology in _PRIMARY_SIZES:
        return _ean(data, _PRIMARY_SIZES[symbology])
    if symbology not in _CARRYING_TEXT:
        raise Gs1SyntaxError("unknown_symbology", "not a symbology of GS1", position=0)
    if not is_link(data):
        raise Gs1SyntaxError("no_gs1_data", "neither elements nor a link", position=3)
    return _link(data, _SYMBOLOGY_SIZE)


def _ean(data: str, size: int) -> ElementString:
    primary, rest = data[:size], data[size:]
    if len(primary) < size:
        raise Gs1SyntaxError("primary_too_short", f"fewer than {size} digits", position=3)
    if rest and not rest.startswith(_COMPOSITE_SYMBOL):
        raise Gs1SyntaxError("primary_too_long", f"more than {size} digits", position=3 + size)
    if fault := digits(primary) or LINTERS["csum"](primary):
        raise Gs1SyntaxError(
            fault.reason, fault.reason.replace("_", " "), position=_SYMBOLOGY_SIZE + fault.at
        )
    if not rest:
        return ElementString((), primary=primary)
    start = len(_COMPOSITE_SYMBOL)
    further = _with_fnc1(rest[start:], _SYMBOLOGY_SIZE + size + start)
    position = _SYMBOLOGY_SIZE + size + start - 1
    return ElementString(_raw_elements(FNC1 + further, position), primary=primary, composite_at=0)


_READERS: Final[Mapping[str, Callable[[str], ElementString]]] = MappingProxyType(
    {"dl_uri": _link, "bracketed": _bracketed, "unbracketed": _unbracketed, "scan": _scan}
)
