"""A million codes in little memory: 64-bit numbers in arrays, and an index without objects."""

from __future__ import annotations

from array import array
from typing import Final

from node_gateway.codes.china.drug_code import unpacked_code

NO_ROW: Final = -1
NONE: Final = 0xFFFF_FFFF_FFFF_FFFF
"""In place of a code: there is none. No packed code is as large."""
_MULTIPLIER: Final = 0x9E37_79B9_7F4A_7C15  # 2**64 / golden ratio: neighbours end up far apart
_MASK: Final = (1 << 64) - 1
_BITS_FIRST: Final = 10


class CodeTable:
    """Distinct packed codes in the order they came, each with its row number.

    Cost: 8 bytes for a code and 8 to 16 for its place in the index (open addressing, at most half
    full); about a microsecond per call.
    """

    def __init__(self) -> None:
        self.codes = array("Q")
        self._bits = _BITS_FIRST
        self._slots = array("I", bytes(4 << _BITS_FIRST))  # row + 1; 0 is free

    def __len__(self) -> int:
        return len(self.codes)

    def add(self, code: int) -> bool:
        """Append a code; False, and nothing done, if it is there already."""
        if len(self.codes) << 1 >= 1 << self._bits:
            self._grow()
        at = self._find(code)
        if self._slots[at]:
            return False
        self.codes.append(code)
        self._slots[at] = len(self.codes)
        return True

    def row_of(self, code: int) -> int:
        """Return the row of a code, NO_ROW if it is not there."""
        return self._slots[self._find(code)] - 1

    def text(self, row: int) -> str:
        """Return the 20 digits of a row."""
        return unpacked_code(self.codes[row])

    def _find(self, code: int) -> int:
        """Return the slot where a code is, or would be."""
        slots, codes = self._slots, self.codes
        mask = (1 << self._bits) - 1
        at = ((code * _MULTIPLIER) & _MASK) >> (64 - self._bits)
        while (row := slots[at]) and codes[row - 1] != code:
            at = (at + 1) & mask
        return at

    def _grow(self) -> None:
        self._bits += 1
        self._slots = array("I", bytes(4 << self._bits))
        for row, code in enumerate(self.codes, 1):
            self._slots[self._find(code)] = row
