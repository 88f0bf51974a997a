"""How people mistype a number: which they may have meant, and which places to look at. Pure.

One slip only: a digit read as another, two neighbours swapped, one left out, one too many. Letters
of a serial are taken for those that look like them; any letter for any other would be no slip.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from node_gateway.codes.china.drug_code import CODE_LENGTH, FIRST_DIGIT

GROUP: Final = 4
_DIGITS: Final = "0123456789"
_ALIKE: Final = ("0OQD", "1IL7J", "2Z", "5S", "6GC", "8B", "UV", "VY", "MN", "4A", "3E", "9P")
_SEPARATORS: Final = re.compile(r"[\s\-\u2010-\u2014\u2212\ufe63\uff0d\u3000]+")
_FULL_WIDTH: Final[Mapping[int, int]] = MappingProxyType(
    {one: one - 0xFEE0 for one in range(0xFF01, 0xFF5F)}
)


def plain(text: str) -> str:
    """Return a typed number without what parts its groups, in ordinary characters."""
    return _SEPARATORS.sub("", text.translate(_FULL_WIDTH))


def digit_slips(typed: str) -> dict[str, frozenset[int]]:
    """Return the 20-digit codes that are one slip away, each with the typed places that differ.

    Args:
        typed: 19, 20 or 21 digits; of anything else nothing is one slip away.

    Returns:
        At most 200 codes. A digit that is left out is between the two places that are named.
    """
    slips = {
        CODE_LENGTH - 1: _one_missing,
        CODE_LENGTH: _one_wrong,
        CODE_LENGTH + 1: _one_more,
    }.get(len(typed))
    if slips is None or not (typed.isascii() and typed.isdigit()):
        return {}
    found: dict[str, frozenset[int]] = {}
    for meant, at in slips(typed):
        if meant != typed and meant.startswith(FIRST_DIGIT):
            found[meant] = found.get(meant, frozenset()) | at
    return found


def serial_slips(typed: str) -> dict[str, frozenset[int]]:
    """Return the serials that are one slip away, each with the typed places that differ."""
    found: dict[str, frozenset[int]] = {}
    for at, character in enumerate(typed):
        alike = {one for group in _ALIKE if character.upper() in group for one in group}
        if character in _DIGITS:
            alike |= set(_DIGITS)
        for other in alike - {character.upper()}:
            found[typed[:at] + other + typed[at + 1 :]] = frozenset({at})
    for meant, places in _swapped(typed):
        found.setdefault(meant, places)
    found.pop(typed, None)
    return found


def odd_group(text: str) -> range | None:
    """Return the places of the one group that has not four digits, if all others have.

    Args:
        text: As somebody typed it, with what parts the groups.
    """
    groups = [one for one in _SEPARATORS.split(text.translate(_FULL_WIDTH)) if one]
    odd = [at for at, one in enumerate(groups) if len(one) != GROUP]
    if len(groups) != CODE_LENGTH // GROUP or len(odd) != 1:
        return None
    start = sum(map(len, groups[: odd[0]]))
    return range(start, start + len(groups[odd[0]]))


def _one_wrong(typed: str) -> Iterator[tuple[str, frozenset[int]]]:
    for at in range(len(typed)):
        for digit in _DIGITS:
            yield typed[:at] + digit + typed[at + 1 :], frozenset({at})
    yield from _swapped(typed)


def _swapped(typed: str) -> Iterator[tuple[str, frozenset[int]]]:
    for at in range(len(typed) - 1):
        swapped = typed[:at] + typed[at + 1] + typed[at] + typed[at + 2 :]
        yield swapped, frozenset({at, at + 1})


def _one_missing(typed: str) -> Iterator[tuple[str, frozenset[int]]]:
    for at in range(len(typed) + 1):
        beside = frozenset({max(at - 1, 0), min(at, len(typed) - 1)})
        for digit in _DIGITS:
            yield typed[:at] + digit + typed[at:], beside


def _one_more(typed: str) -> Iterator[tuple[str, frozenset[int]]]:
    for at in range(len(typed)):
        yield typed[:at] + typed[at + 1 :], frozenset({at})


__all__ = ["GROUP", "digit_slips", "odd_group", "plain", "serial_slips"]
