"""JSON text read in the one way that leaves nothing to the reader's taste.

Two readers must never take two meanings from the same bytes: duplicate member names, numbers
that a double cannot hold, lone surrogates and a byte order mark are refused, not repaired.
"""

import json
import re
from typing import Any, NoReturn

from anchoring.core.canonical import INTEGER_MAX, exact_number
from anchoring.errors import EventFormError, TextError

LEVELS_MAX = 64
BUNDLE_SIZE_BYTES_MAX = 8 * 1024 * 1024

# Never fails once it has begun (an open string runs to the end), else the cost is quadratic.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_NOT_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))


def parse_plain(raw: bytes, *, size_bytes_max: int = BUNDLE_SIZE_BYTES_MAX) -> Any:
    """Return the value of a text in which every number is a plain integer 0..2^53-1.

    Raises:
        TextError: `bundle_too_large`, `bom`, `not_utf8`, `too_deep`, `not_json`,
            `duplicate_member`, `number_form` or `lone_surrogate`.
    """
    return _parse(raw, size_bytes_max, _plain_integer, _refuse_number)


def parse_exact(raw: bytes, *, size_bytes_max: int, levels_max: int = LEVELS_MAX) -> Any:
    """Return the value of a text whose numbers all survive as doubles without a loss.

    Raises:
        TextError: as `parse_plain`, with `number_range` and `number_precision` instead of
            `number_form`.
    """
    try:
        return _parse(raw, size_bytes_max, exact_number, exact_number, levels_max)
    except EventFormError as error:
        raise TextError(str(error), code=error.code) from error


def _parse(
    raw: bytes,
    size_bytes_max: int,
    parse_int: Any,
    parse_float: Any,
    levels_max: int = LEVELS_MAX,
) -> Any:
    text = _decode(raw, size_bytes_max)
    _check_levels(raw, levels_max)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique_members,
            parse_int=parse_int,
            parse_float=parse_float,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise TextError(f"not JSON: {error.msg} at character {error.pos}") from error
    if _SURROGATE_ESCAPE.search(raw):
        _check_surrogates(value)
    return value


def _decode(raw: bytes, size_bytes_max: int) -> str:
    if len(raw) > size_bytes_max:
        raise TextError(
            f"{len(raw)} bytes, at most {size_bytes_max} are read", code="bundle_too_large"
        )
    if raw.startswith(b"\xef\xbb\xbf"):
        raise TextError("the text begins with a byte order mark", code="bom")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TextError(f"not UTF-8 at byte {error.start}", code="not_utf8") from error


def _check_levels(raw: bytes, levels_max: int) -> None:
    """Count nesting before any recursive reader sees the text."""
    if raw.count(b"[") + raw.count(b"{") <= levels_max:
        return
    level = 0
    for bracket in _STRING.sub(b"", raw).translate(None, _NOT_BRACKETS):
        level += 1 if bracket in b"[{" else -1
        if level > levels_max:
            raise TextError(f"nested deeper than {levels_max} levels", code="too_deep")


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise TextError("a member name stands twice in one object", code="duplicate_member")
    return members


def _plain_integer(token: str) -> int:
    if token[0] == "-" or len(token) > len(str(INTEGER_MAX)) or int(token) > INTEGER_MAX:
        _refuse_number(token)
    return int(token)


def _refuse_number(token: str) -> NoReturn:
    raise TextError(f"{token[:24]} is no plain integer from 0 to 2^53 - 1", code="number_form")


def _refuse_constant(token: str) -> NoReturn:
    raise TextError(f"{token} is not JSON")


def _check_surrogates(value: Any) -> None:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            try:
                one.encode("utf-8")
            except UnicodeEncodeError as error:
                raise TextError("a lone surrogate is no text", code="lone_surrogate") from error
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
