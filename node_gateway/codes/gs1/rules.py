"""Rules inside an element (format, content) and between elements (association).

Source: GS1 Barcode Syntax Dictionary; the order of checks is that of the GS1 syntax engine.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from node_gateway.codes.gs1.dictionary import Entry
from node_gateway.codes.gs1.elements import Element
from node_gateway.codes.gs1.errors import Gs1SyntaxError
from node_gateway.codes.gs1.linters import LINTERS

ELEMENTS_MAX: Final = 64
_CHARACTER_SETS: Final[Mapping[str, str]] = MappingProxyType(
    {"N": "csetnumeric", "X": "cset82", "Y": "cset39", "Z": "cset64"}
)
_SIGNATURE: Final = "8030"
_SIGNED_WITH_SERIAL: Final = ("253", "255", "8003")


def check_size(entry: Entry, value: str, position: int) -> None:
    """Refuse a value that is too short or too long, before its content is looked at.

    Raises:
        Gs1SyntaxError: `too_short`, `too_long`, or `illegal_caret` (it would be taken for FNC1).
    """
    if len(value) < entry.shortest:
        raise _refusal(entry, "too_short", f"is shorter than {entry.shortest}", position)
    if len(value) > entry.longest:
        raise _refusal(entry, "too_long", f"is longer than {entry.longest}", position)
    if "^" in value:
        raise _refusal(entry, "illegal_caret", "holds '^'", position)


def check_content(entry: Entry, text: str, position: int) -> int:
    """Check the components of a value and return how many characters they took.

    Args:
        entry: What the dictionary says.
        text: The value, or more: what follows the last component is not looked at.
        position: Index of `text` in what was given, for errors.

    Raises:
        Gs1SyntaxError: `empty_value`, `incorrect_length`, or the reason of a linter.
    """
    if not text:
        raise _refusal(entry, "empty_value", "has no value", position)
    start = 0
    for component in entry.components:
        part = text[start : start + component.longest]
        if component.optional and not part:
            continue
        if len(part) < component.shortest:
            raise _refusal(entry, "incorrect_length", "has an incorrect length", position + start)
        for name in (_CHARACTER_SETS[component.characters], *component.linters):
            fault = LINTERS[name](part)
            if fault is not None:
                said = fault.reason.replace("_", " ")
                raise _refusal(entry, fault.reason, said, position + start + fault.at)
        start += len(part)
    return start


def check_associations(elements: Sequence[Element], *, required: bool = True) -> None:
    """Check the elements of all symbols on one thing against each other.

    Args:
        elements: In any order.
        required: Whether the others that an element asks for must be there. Leave it out where
            they may stand on a second symbol of the same thing.

    Raises:
        Gs1SyntaxError: `excluded_pair`, `required_missing`, `repeated_with_other_value` or
            `serial_missing`.
    """
    ordered = sorted(elements, key=lambda one: one.ai)
    present = {one.ai for one in ordered}
    for one in ordered:
        _check_excluded(one, present)
    if required:
        for one in ordered:
            _check_required(one, present)
    for one, other in pairwise(ordered):
        if one.ai == other.ai and one.value != other.value:
            raise Gs1SyntaxError(
                "repeated_with_other_value",
                f"({one.ai}) stands twice with two values",
                position=other.position,
                ai=one.ai,
            )
    if _SIGNATURE in present:
        for one in ordered:
            if one.ai in _SIGNED_WITH_SERIAL and len(one.value) == one.entry.shortest:
                raise _refusal(one.entry, "serial_missing", "needs a serial with (8030)", None)


def matches(pattern: str, ai: str) -> bool:
    """Tell whether `ai` fits a pattern such as `310n`."""
    return len(pattern) == len(ai) and ai.startswith(pattern.rstrip("n"))


def _check_excluded(one: Element, present: set[str]) -> None:
    for pattern in one.entry.excluded:
        for other in sorted(present):
            if other != one.ai and matches(pattern, other):
                raise Gs1SyntaxError(
                    "excluded_pair", f"({other}) may not stand beside ({one.ai})", ai=one.ai
                )


def _check_required(one: Element, present: set[str]) -> None:
    others = present - {one.ai}
    for groups in one.entry.required:
        if not any(
            all(any(matches(pattern, other) for other in others) for pattern in group)
            for group in groups
        ):
            wanted = ", ".join("+".join(f"({ai})" for ai in group) for group in groups)
            raise Gs1SyntaxError(
                "required_missing",
                f"({one.ai}) needs one of {wanted}",
                position=one.position,
                ai=one.ai,
            )


def _refusal(entry: Entry, reason: str, said: str, position: int | None) -> Gs1SyntaxError:
    return Gs1SyntaxError(reason, f"({entry.ai}) {said}", position=position, ai=entry.ai)
