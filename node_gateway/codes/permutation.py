"""A keyed permutation of the numerals of one length: FF1 with AES, many at a time.

The numbers 0, 1, 2, ... become serials that look drawn, and no two become the same one. Every
round of all numbers of a call is one call of the cipher: that is where the time goes otherwise.

Source: NIST SP 800-38G, algorithms 7 and 8 (FF1); its Revision 1 asks for at least a million
numerals. The vectors of its "FF1samples" are a test.
"""

import sys
from array import array
from collections.abc import Sequence
from itertools import starmap
from operator import xor
from typing import Final

from Crypto.Cipher import AES

DOMAIN_SIZE_MIN: Final = 1_000_000
_ROUNDS: Final = 10
_BLOCK: Final = 16
_WORD: Final = 1 << 64


class Permutation:
    """FF1 over the numbers below `radix ** length`, under one key and one tweak.

    Args:
        key: 16, 24 or 32 secret bytes.
        tweak: Public bytes; another tweak is another permutation.
        radix: Numerals, 2 to 65,536.
        length: Numerals of a number; half of them fit into 64 bits.

    Raises:
        ValueError: the domain is too small to be safe, or too large for us.
    """

    def __init__(self, key: bytes, *, tweak: bytes, radix: int, length: int) -> None:
        left, right = length // 2, length - length // 2
        size = ((radix**right - 1).bit_length() + 7) // 8
        if radix**length < DOMAIN_SIZE_MIN or not left or size > 8:
            raise ValueError(f"no permutation of {length} numerals of radix {radix}")
        self.size: int = radix**length
        self._moduli = (radix**left, radix**right)
        self._cipher = AES.new(key, AES.MODE_ECB)
        self._digest_size = 4 * ((size + 3) // 4) + 4
        head = bytes((1, 2, 1, *radix.to_bytes(3, "big"), _ROUNDS, left % 256))
        head += length.to_bytes(4, "big") + len(tweak).to_bytes(4, "big")
        fixed = tweak + bytes(-(len(tweak) + size + 1) % _BLOCK) + bytes(size + 1)
        state = bytes(_BLOCK)
        text = head + fixed
        for start in range(0, len(text) - _BLOCK, _BLOCK):
            state = self._encrypt(state, text[start : start + _BLOCK])
        last = int.from_bytes(state, "big") ^ int.from_bytes(text[-_BLOCK:], "big")
        # What the round's number and half are added to; the half always fits into the low word.
        self._bases = [divmod(last ^ one << 8 * size, _WORD) for one in range(_ROUNDS)]

    def forward(self, numbers: Sequence[int]) -> list[int]:
        """Return the number that stands at each place, `0 <= number < size`. 2 us each."""
        big = self._moduli[1]
        halves = [divmod(number, big) for number in numbers]
        left, right = [one for one, _ in halves], [one for _, one in halves]
        for index in range(_ROUNDS):
            modulus = self._moduli[index % 2]
            mixed = self._round(index, right)
            left, right = (
                right,
                [(a + y) % modulus for a, y in zip(left, mixed, strict=True)],
            )
        return [a * big + b for a, b in zip(left, right, strict=True)]

    def backward(self, numbers: Sequence[int]) -> list[int]:
        """Return the place of each number: the inverse of `forward`."""
        big = self._moduli[1]
        halves = [divmod(number, big) for number in numbers]
        left, right = [one for one, _ in halves], [one for _, one in halves]
        for index in reversed(range(_ROUNDS)):
            modulus = self._moduli[index % 2]
            mixed = self._round(index, left)
            left, right = (
                [(b - y) % modulus for b, y in zip(right, mixed, strict=True)],
                left,
            )
        return [a * big + b for a, b in zip(left, right, strict=True)]

    def _encrypt(self, state: bytes, block: bytes) -> bytes:
        return self._cipher.encrypt(bytes(starmap(xor, zip(state, block, strict=True))))

    def _round(self, index: int, halves: Sequence[int]) -> Sequence[int]:
        """Return the round function of every half."""
        high, low = self._bases[index]
        words = array("Q", bytes(_BLOCK * len(halves)))
        words[0::2] = array("Q", [high]) * len(halves)
        words[1::2] = array("Q", [low ^ half for half in halves])
        mixed = in_words(self._cipher.encrypt(in_bytes(words)))
        if self._digest_size == 8:
            return mixed[0::2]
        return [a << 32 | b >> 32 for a, b in zip(mixed[0::2], mixed[1::2], strict=True)]


def in_bytes(words: "array[int]") -> bytes:
    """Return 64-bit words as big-endian bytes."""
    if sys.byteorder == "little":
        words.byteswap()
    return words.tobytes()


def in_words(octets: bytes) -> "array[int]":
    """Return big-endian bytes as 64-bit words."""
    words = array("Q")
    words.frombytes(octets)
    if sys.byteorder == "little":
        words.byteswap()
    return words
