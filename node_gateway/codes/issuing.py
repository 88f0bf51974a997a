"""From a number to a code and back: GTIN serials, 20-digit drug codes and SSCCs.

A serial is a body and check characters. The body is the place of a number under a keyed
permutation, so two numbers never get one body. The check characters are a keyed code of the body:
they tell a slip of the pen from a serial that was never given out, and a new key for them makes
the serials to come unknown even to whoever has stolen everything of today (docs/adr/0008).
An SSCC counts: nobody gets a public answer for one, so there is nothing to guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final, Literal

from Crypto.Cipher import AES

from node_gateway.codes.permutation import DOMAIN_SIZE_MIN, Permutation, in_words
from node_gateway.epcis.identifiers import DRUG_CODE
from node_gateway.epcis.identifiers.check_digits import check_digit
from node_gateway.epcis.identifiers.keys import RESOLVER

Kind = Literal["gtin", "drug", "sscc"]

PLAIN_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 characters without look-alikes: no 0, 1, I, O; all of GS1 set 82, none special in a file."""
DIGITS: Final = "0123456789"
SERIAL_LENGTH_MAX: Final = 20
CHECKS_LENGTH_MAX: Final = 6
DRUG_ID_LENGTH, DRUG_SERIAL_LENGTH, DRUG_CHECKS_LENGTH = 7, 9, 4
NUMBERS_MAX: Final = 2**62
"""Most numbers of a scheme: they are counted in 64 bits."""
_PREFIX_LENGTHS: Final = range(6, 13)
_SSCC_REFERENCE_LENGTH: Final = 16
_TABLE_SIZE_MAX: Final = 10_000


class Status(StrEnum):
    """What a code is to the gateway that issues codes of its kind."""

    NEVER_ISSUED = "never_issued"
    CHECK_WRONG = "check_wrong"
    ISSUED_NOT_COMMISSIONED = "issued_not_commissioned"
    COMMISSIONED = "commissioned"
    VOID = "void"
    REPLACED = "replaced"


class SchemeError(ValueError):
    """A scheme cannot be made so; says why in words for people."""


@dataclass(frozen=True)
class Scheme:
    """How the codes of one product, one identification code or one company prefix are made.

    Attributes:
        kind: What is issued.
        name: A GTIN of 14 digits, an identification code of 7 digits, or a company prefix.
        alphabet: The characters of a serial, each once. Empty for an SSCC.
        body_length: Characters of the body.
        checks_length: Check characters behind it.
        key: 32 secret bytes of the permutation; empty for an SSCC.

    Raises:
        SchemeError: the parts do not fit together.
    """

    kind: Kind
    name: str
    alphabet: str = ""
    body_length: int = 0
    checks_length: int = 0
    key: bytes = b""

    def __post_init__(self) -> None:
        if self.kind == "sscc":
            if len(self.name) not in _PREFIX_LENGTHS:
                raise SchemeError("a company prefix has 6 to 12 digits")
            return
        plain = self.alphabet.isalnum() and self.alphabet.isascii()
        if not plain or len(set(self.alphabet)) != len(self.alphabet) or len(self.alphabet) < 10:
            raise SchemeError("an alphabet has at least 10 letters and digits, each once")
        if self.serial_length > SERIAL_LENGTH_MAX:
            raise SchemeError(f"a serial has at most {SERIAL_LENGTH_MAX} characters")
        if not 1 <= self.checks_length <= CHECKS_LENGTH_MAX:
            raise SchemeError(f"a serial has 1 to {CHECKS_LENGTH_MAX} check characters")
        if len(self.alphabet) ** max(self.body_length, 0) < DOMAIN_SIZE_MIN:
            raise SchemeError(f"fewer than {DOMAIN_SIZE_MIN:,} serials can be guessed")

    @property
    def serial_length(self) -> int:
        """Characters of a serial, check characters included."""
        return self.body_length + self.checks_length

    @property
    def number_count(self) -> int:
        """How many codes there can be."""
        if self.kind == "sscc":
            return int(10 ** (_SSCC_REFERENCE_LENGTH + 1 - len(self.name)))
        return min(self._permutation.size, NUMBERS_MAX)

    @property
    def serial_count(self) -> int:
        """How many serials somebody who guesses has to choose from."""
        return int(len(self.alphabet) ** self.serial_length) if self.alphabet else 0

    def codes(self, numbers: Sequence[int], checks_key: bytes) -> list["Code"]:
        """Return the codes of numbers, `0 <= number < number_count`. About 3 us each.

        Args:
            numbers: In any order.
            checks_key: 32 secret bytes of the range that the numbers lie in; unused for an SSCC.
        """
        if self.kind == "sscc":
            return [self._code(self._sscc(number)) for number in numbers]
        bodies = self._permutation.forward(numbers)
        serials = self._written(bodies, self._checks(bodies, checks_key))
        return [self._code(serial) for serial in serials]

    def number_of(self, serial: str) -> int | None:
        """Return the number that a serial of this scheme would have; None if it is of no form.

        Args:
            serial: What follows the GTIN or the identification code; of an SSCC all 18 digits.
                Its check characters are not looked at; see `checks_right`.
        """
        if self.kind == "sscc":
            if serial[1 : 1 + len(self.name)] != self.name or len(serial) != 18:
                return None
            reference = serial[1 + len(self.name) : 17]
            return int(serial[0]) * int(10 ** len(reference)) + int("0" + reference)
        body = self._value(serial[: self.body_length])
        if len(serial) != self.serial_length or body is None:
            return None
        number = self._permutation.backward([body])[0]
        return number if number < self.number_count else None

    def checks_right(self, serial: str, checks_key: bytes) -> bool:
        """Tell whether the check characters are those of the body, under the key of its range."""
        if self.kind == "sscc":
            return serial[17:] == check_digit(serial[:17])
        body = self._value(serial[: self.body_length])
        if body is None:
            return False
        return self._written([body], self._checks([body], checks_key)) == [serial]

    @cached_property
    def _permutation(self) -> Permutation:
        tweak = f"sealtrail/serials/v1\n{self.kind}\n{self.name}\n".encode("ascii")
        return Permutation(self.key, tweak=tweak, radix=len(self.alphabet), length=self.body_length)

    def _checks(self, bodies: Sequence[int], key: bytes) -> list[int]:
        """Return the check value of bodies: one block of AES each, a fixed-length MAC."""
        octets = b"".join([body.to_bytes(16, "big") for body in bodies])
        modulus = len(self.alphabet) ** self.checks_length
        words = in_words(AES.new(key, AES.MODE_ECB).encrypt(octets))
        return [word % modulus for word in words[0::2]]

    def _written(self, bodies: Sequence[int], checks: Sequence[int]) -> list[str]:
        if self.alphabet == DIGITS:
            modulus, length = 10**self.checks_length, self.serial_length
            return [
                f"{body * modulus + one:0{length}d}"
                for body, one in zip(bodies, checks, strict=True)
            ]
        return [
            self._text(body, self.body_length) + self._text(one, self.checks_length)
            for body, one in zip(bodies, checks, strict=True)
        ]

    @cached_property
    def _pieces(self) -> tuple[int, list[str]]:
        """Every text of as many characters as a small table can hold: fewer divisions."""
        pieces, length = list(self.alphabet), 1
        while len(pieces) * len(self.alphabet) <= _TABLE_SIZE_MAX:
            pieces = [piece + one for piece in pieces for one in self.alphabet]
            length += 1
        return length, pieces

    def _text(self, value: int, length: int) -> str:
        size, pieces = self._pieces
        count, text = len(pieces), ""
        for _ in range(0, length, size):
            value, low = divmod(value, count)
            text = pieces[low] + text
        return text[-length:]

    def _value(self, text: str) -> int | None:
        value, radix = 0, len(self.alphabet)
        for character in text:
            digit = self.alphabet.find(character)
            if digit < 0:
                return None
            value = value * radix + digit
        return value

    def _sscc(self, number: int) -> str:
        length = _SSCC_REFERENCE_LENGTH - len(self.name)
        extension, reference = divmod(number, 10**length)
        digits = f"{extension}{self.name}"
        if length:
            digits += f"{reference:0{length}d}"
        return digits + check_digit(digits)

    def _code(self, serial: str) -> "Code":
        return Code(self.kind, self.name, serial)


@dataclass(frozen=True, slots=True)
class Code:
    """One code in its spellings. `serial` is all 18 digits for an SSCC."""

    kind: Kind
    name: str
    serial: str

    @property
    def uri(self) -> str:
        """The canonical form, under which events name it."""
        if self.kind == "gtin":
            return f"{RESOLVER}/01/{self.name}/21/{self.serial}"
        return f"{RESOLVER}/00/{self.serial}" if self.kind == "sscc" else f"{DRUG_CODE}{self.plain}"

    @property
    def element_string(self) -> str:
        """With brackets, as people read it; empty for a drug code, which is none of GS1's."""
        if self.kind == "gtin":
            return f"(01){self.name}(21){self.serial}"
        return f"(00){self.serial}" if self.kind == "sscc" else ""

    @property
    def plain(self) -> str:
        """What a symbol holds: the element string without brackets, or the 20 digits."""
        if self.kind == "gtin":
            return f"01{self.name}21{self.serial}"
        return f"00{self.serial}" if self.kind == "sscc" else f"{self.name}{self.serial}"


def taken_apart(uri: str) -> Code | None:
    """Return the kind, name and serial of a canonical code; None if no scheme can have made it.

    An SSCC has no name here: any prefix of its digits may be the company's.
    """
    if uri.startswith(DRUG_CODE):
        digits = uri[len(DRUG_CODE) :]
        return Code("drug", digits[:DRUG_ID_LENGTH], digits[DRUG_ID_LENGTH:])
    parts = uri.removeprefix(f"{RESOLVER}/").split("/")
    if not uri.startswith(RESOLVER):
        return None
    if len(parts) == 4 and (parts[0], parts[2]) == ("01", "21"):
        return Code("gtin", parts[1], parts[3])
    return Code("sscc", "", parts[1]) if len(parts) == 2 and parts[0] == "00" else None


def company_prefixes(sscc: str) -> list[str]:
    """Return every company prefix that an SSCC of 18 digits may begin with, longest first."""
    return [sscc[1 : 1 + length] for length in reversed(_PREFIX_LENGTHS)]


def decide(
    *,
    mark: Status | None,
    is_commissioned: bool,
    is_issued: bool,
    are_checks_right: bool,
) -> Status:
    """Say what a code is. What was declared of it goes first, then what happened to it.

    Args:
        mark: What an operator declared of it: void or replaced.
        is_commissioned: An event of this gateway that stands commissioned it, wherever it was
            issued.
        is_issued: The number behind it was given out here.
        are_checks_right: Its check characters are those that were given out.
    """
    if mark is not None:
        return mark
    if is_commissioned:
        return Status.COMMISSIONED
    if not is_issued:
        return Status.NEVER_ISSUED
    return Status.ISSUED_NOT_COMMISSIONED if are_checks_right else Status.CHECK_WRONG
