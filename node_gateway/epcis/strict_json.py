"""The strict JSON reader: decides every case, and finds the place of a flaw.

The standard library parses; its hooks see every object and every number. A hook knows no place, so
it leaves a `_Flaw` in the tree, and only a tree with a flaw in it is walked.
"""

import codecs
import json
import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import Any, Final, TypeAlias

from .errors import (
    DuplicateMemberError,
    EncodingError,
    JsonSyntaxError,
    JsonTextError,
    LoneSurrogateError,
    NestingError,
    NumberError,
    pointer_to,
)

_Path: TypeAlias = tuple[str | int, ...]

INTEGER_MAX: Final = 2**53 - 1
_INTEGER_DIGITS_MAX: Final = 16
_KEPT_CHARACTERS_MAX: Final = 16
_SMALLEST_KEPT: Final = 1e-300
_ESCAPED_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_HAS_VALUE: Final = re.compile(r"-?[0.]*[1-9]")
_ALL_BUT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_ROUND: Final = bytes.maketrans(b"[]{}", b"()()")
_STEP: Final = bytes.maketrans(b"()", b"\x01\xff")  # +1 and -1 as signed bytes
_PEELING_ROUNDS: Final = 10


def parse_strictly(raw: bytes, *, depth_max: int) -> object:
    """Return the value of `raw`, or raise what `parse_json` lists (all but the size)."""
    text = _decode(raw)
    # Before parsing, because parsers recurse.
    if too_deep(outside_strings(raw)[0], depth_max):
        detail = f"Objects and arrays are nested deeper than {depth_max} levels."
        raise NestingError(detail, hint="Flatten the extension that nests so deep.")
    reader = _Reader()
    try:
        value = reader.read(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise JsonSyntaxError(f"Not JSON at {place}: {error.msg}.") from None
    if reader.flawed or _ESCAPED_SURROGATE.search(raw):
        for path, flaw in _flaws(value, ()):
            raise flaw.raised_at(path)
    return value


def outside_strings(raw: bytes) -> tuple[bytes, int]:
    """Return what stands outside of strings, and how many strings there are.

    For text that is no JSON this holds up to the first place where it stops being JSON.
    """
    pieces = without_escapes(raw).split(b'"')
    return b"".join(pieces[::2]), len(pieces) // 2


def without_escapes(text: bytes) -> bytes:
    r"""Drop `\\` and `\"`, so that every quotation mark left begins or ends a string."""
    if b"\\" not in text:
        return text
    return text.replace(b"\\\\", b"").replace(b'\\"', b"")


def too_deep(outside: bytes, depth_max: int) -> bool:
    """Return whether brackets are nested deeper than `depth_max`.

    Each round takes away all innermost pairs, so the rounds count the depth; what is left after a
    few is counted step by step. Of text that is no JSON it may say so wrongly, but never misses it.
    """
    brackets = outside.translate(_ROUND, _ALL_BUT_BRACKETS)
    left = depth_max
    for _ in range(min(_PEELING_ROUNDS, depth_max)):
        if brackets.count(b"(") <= left:
            return False
        if b"(" * (left + 1) in brackets:
            return True
        brackets = brackets.replace(b"()", b"")
        left -= 1
    return max(accumulate(array("b", brackets.translate(_STEP))), default=0) > left


def _decode(raw: bytes) -> str:
    if raw.startswith(codecs.BOM_UTF8):
        detail = "The text begins with a byte order mark."
        raise EncodingError(detail, code="bom", hint="Save it as UTF-8 without BOM.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"The text is not UTF-8 at byte {error.start}."
        raise EncodingError(detail, hint="Save it as UTF-8 without BOM.") from None


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Stands in the tree for what cannot be taken."""

    error: type[JsonTextError]
    code: str
    detail: str
    hint: str

    def raised_at(self, path: _Path) -> JsonTextError:
        return self.error(self.detail, code=self.code, pointer=pointer_to(*path), hint=self.hint)


_REPEATED: Final = _Flaw(
    DuplicateMemberError,
    "duplicate_member",
    "The object names this member twice.",
    "Keep one of the two; a list is written as an array.",
)
_SURROGATE: Final = _Flaw(
    LoneSurrogateError,
    "lone_surrogate",
    "The text holds half of a surrogate pair.",
    "Write the character itself, or both halves of its escape.",
)
_NO_NUMBER: Final = _Flaw(
    NumberError, "number_form", "This is not a JSON number.", "Leave the member out."
)
_BEYOND: Final = _Flaw(
    NumberError,
    "number_range",
    "The number is beyond +-(2^53-1), where readers no longer agree.",
    "Write it as a string.",
)
_ROUNDED: Final = _Flaw(
    NumberError,
    "number_precision",
    "The number has more digits than readers keep.",
    "Write fewer digits (15 always fit), or a string.",
)


class _Reader:
    """One reading of one text; `flawed` says whether a hook left a flaw in the tree."""

    __slots__ = ("flawed",)

    def __init__(self) -> None:
        self.flawed = False

    def read(self, text: str) -> Any:
        return json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_int=self._integer,
            parse_float=self._fraction,
            parse_constant=lambda _: self._flaw(_NO_NUMBER),
        ).decode(text)

    def _flaw(self, flaw: _Flaw) -> _Flaw:
        self.flawed = True
        return flaw

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            members[_first_repeated(name for name, _ in pairs)] = self._flaw(_REPEATED)
        return members

    def _integer(self, token: str) -> int | _Flaw:
        if len(token) <= _INTEGER_DIGITS_MAX + 1 and abs(value := int(token)) <= INTEGER_MAX:
            return value
        return self._flaw(_BEYOND)

    def _fraction(self, token: str) -> float | _Flaw:
        value = float(token)
        if abs(value) > INTEGER_MAX:  # every double beyond it is integral, or infinite
            return self._flaw(_BEYOND)
        # With its point or exponent a token of 16 characters has at most 15 digits, which a
        # double keeps (binary64, away from the subnormal numbers).
        if len(token) <= _KEPT_CHARACTERS_MAX and abs(value) > _SMALLEST_KEPT:
            return value
        if value == 0:
            return self._flaw(_ROUNDED) if _HAS_VALUE.match(token) else value
        # repr gives the digits of RFC 8785, in another notation.
        return value if Decimal(token) == Decimal(repr(value)) else self._flaw(_ROUNDED)


def _first_repeated(names: Iterable[str]) -> str:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    raise AssertionError("no name is repeated")


def _flaws(value: Any, path: _Path) -> Iterator[tuple[tuple[str | int, ...], _Flaw]]:
    """Yield every flaw with its path, in the order of the text."""
    if isinstance(value, _Flaw):
        yield path, value
    elif isinstance(value, str):
        if _LONE_SURROGATE.search(value):
            yield path, _SURROGATE
    elif isinstance(value, dict):
        for name, member in value.items():
            if _LONE_SURROGATE.search(name):
                yield path, _SURROGATE
            yield from _flaws(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _flaws(item, (*path, index))
