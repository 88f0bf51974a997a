"""Check characters of the GS1 General Specifications, section 7.9."""

from typing import Final

_ZERO: Final = ord("0")
_PAIR_WEIGHTS: Final = (
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83,
)  # fmt: skip
_PAIR_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_VALUES_82: Final = {
    character: value
    for value, character in enumerate(
        "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    )
}
_PAIR_MODULUS: Final = 1021


def check_digit(digits: str) -> str:
    """Return the check digit that follows `digits` (modulus 10, weights 3 and 1 from the right).

    Args:
        digits: ASCII digits without the check digit; leading zeros change nothing.

    Source: GS1 General Specifications 7.9.1; the same rule for GTIN, SSCC, GLN, GSIN, GSRN, ...
    """
    octets = digits.encode("ascii")
    odd, even = octets[::-2], octets[-2::-2]
    return str(-(3 * (sum(odd) - _ZERO * len(odd)) + sum(even) - _ZERO * len(even)) % 10)


def check_pair(text: str) -> str:
    """Return the two check characters of a Global Model Number.

    Args:
        text: At most 23 characters of GS1 set 82, without the pair.

    Raises:
        ValueError: a character outside the set, or more of them than there are weights.

    Source: GS1 General Specifications 7.9.5 (modulus 1021,32).
    """
    if len(text) > len(_PAIR_WEIGHTS):
        raise ValueError(f"at most {len(_PAIR_WEIGHTS)} characters before the check pair")
    try:
        values = [_VALUES_82[character] for character in reversed(text)]
    except KeyError as error:
        raise ValueError(f"character {error.args[0]!r} is not in GS1 set 82") from None
    total = sum(v * w for v, w in zip(values, _PAIR_WEIGHTS, strict=False)) % _PAIR_MODULUS
    return _PAIR_ALPHABET[total >> 5] + _PAIR_ALPHABET[total & 31]
