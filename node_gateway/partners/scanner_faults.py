"""What a scanner that is set up wrongly makes of a code, and which code was meant. Pure.

Most scanners type like a keyboard: Caps Lock turns the case of a serial number round, another
keyboard layout swaps letters, and one that drops the separator (FNC1, sent as GS) runs a serial
number into the element behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from node_gateway.state.parties import class_of

_SERIAL: Final = "/21/"
_BEHIND: Final = re.compile(r"(?:17|15|11|10|13|16|12|30|37|240|710|711|712|713|714)\S+")
"""How what runs into a serial number begins: dates, lot, counts, national numbers of drugs."""
_ELEMENTS: Final = re.compile(r"(?:\][A-Za-z][0-9A-Za-z])?01([0-9]{14})21(\S+)")
_LAYOUT: Final = str.maketrans("yzYZ", "zyZY")


class Fault(StrEnum):
    """What went wrong between symbol and text. Values are stable."""

    CASE = "scanner_case"
    LAYOUT = "scanner_layout"
    SEPARATOR = "scanner_separator"


class Meant:
    """Finds which of some codes a wrongly read one was.

    Args:
        codes: Canonical codes that are looked for and were not read.
    """

    def __init__(self, codes: Iterable[str]) -> None:
        self._codes = set(codes)
        self._folded = {code.casefold(): code for code in self._codes}

    def by(self, text: str) -> tuple[str, Fault] | None:
        """Return the code that `text` probably stands for, and what went wrong.

        Args:
            text: A canonical code that nobody expects, or scan data that is no code.

        Cost: a few look-ups, at most one per character of a serial number.
        """
        if text in self._codes:
            return None
        folded = self._folded.get(text.casefold())
        if folded is not None:
            return folded, Fault.CASE
        return next((one for one in readings(text) if one[0] in self._codes), None)


def readings(text: str) -> Iterator[tuple[str, Fault]]:
    """Yield the codes that `text` stands for if a scanner is set up wrongly, likelier ones first.

    Args:
        text: As of `Meant.by`. Of what has no serial number nothing is yielded.
    """
    head, serial = _split(text)
    if serial is None:
        return
    for turned in dict.fromkeys((serial.swapcase(), serial.upper(), serial.lower())):
        if turned != serial:
            yield head + turned, Fault.CASE
    swapped = serial.translate(_LAYOUT)
    if swapped != serial:
        yield head + swapped, Fault.LAYOUT
    for size in range(len(serial) - 1, 0, -1):
        if _BEHIND.fullmatch(serial[size:]):
            yield head + serial[:size], Fault.SEPARATOR


def _split(text: str) -> tuple[str, str | None]:
    """Return what stands before the serial number of a code, and the serial number."""
    if class_of(text) and _SERIAL in text:
        head, found, serial = text.partition(_SERIAL)
        return head + found, serial
    elements = _ELEMENTS.fullmatch(text)
    if elements is None:
        return text, None
    return f"https://id.gs1.org/01/{elements[1]}{_SERIAL}", elements[2]


__all__ = ["Fault", "Meant", "readings"]
