"""What gateways say to each other about sales: the bodies of `sale` and `sale_answer`. Pure.

A claim names the code and a random token. It names no shop: each gateway on the way knows its own
neighbours only, by who signed the message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import orjson

from node_gateway.partners.ports import MessageRefusedError
from node_gateway.storage.sales import TOKEN_SIZE, Answer, Kind, TakenBack

SALE: Final = "sale"
SALE_ANSWER: Final = "sale_answer"
_SIZE_BYTES_MAX: Final = 8192
_CODE_LENGTH_MAX: Final = 1000
_TOKEN: Final = re.compile(rf"[0-9a-f]{{{2 * TOKEN_SIZE}}}")
_TIMES_MAX: Final = 1_000_000
_SAYS: Final = {Kind.SOLD: "sold", Kind.CAME_BACK: "came_back"}
_WORDS: Final = {TakenBack.DID_NOT_OCCUR: "did_not_occur", TakenBack.RETURNED: "returned"}
_ANSWERS: Final = {Answer.FIRST: "first", Answer.AGAIN: "again", Answer.UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True)
class SaleSaid:
    """A sale or a return elsewhere, or that it is taken back; `code` is empty then."""

    token: bytes
    code: str
    taken_back: TakenBack = TakenBack.NO
    kind: Kind = Kind.SOLD

    def body(self) -> bytes:
        """Return the message's body."""
        if self.taken_back:
            said = {"says": _WORDS[self.taken_back]}
        else:
            said = {"says": _SAYS[self.kind], "code": self.code}
        return orjson.dumps({"token": self.token.hex(), **said})


@dataclass(frozen=True, slots=True)
class SaleAnswered:
    """What the issuer says of a claim: `times` sales of that code stand, as far as it knows."""

    token: bytes
    answer: Answer
    times: int

    def body(self) -> bytes:
        """Return the message's body."""
        said = {"says": _ANSWERS[self.answer], "times": self.times}
        return orjson.dumps({"token": self.token.hex(), **said})


def read_sale(body: bytes) -> SaleSaid:
    """Read a `sale`.

    Raises:
        MessageRefusedError: `sale_form`.
    """
    said = _object(body)
    token, word = _token(said), said.pop("says", None)
    for taken_back, one in _WORDS.items():
        if word == one and not said:
            return SaleSaid(token, "", taken_back)
    code = said.pop("code", None)
    is_code = isinstance(code, str) and 0 < len(code) <= _CODE_LENGTH_MAX
    kinds = [one for one, name in _SAYS.items() if name == word]
    if not kinds or not is_code or said:
        raise _refused()
    return SaleSaid(token, code, kind=kinds[0])


def read_answer(body: bytes) -> SaleAnswered:
    """Read a `sale_answer`.

    Raises:
        MessageRefusedError: `sale_form`.
    """
    said = _object(body)
    token, word, times = _token(said), said.pop("says", None), said.pop("times", None)
    found = [one for one, name in _ANSWERS.items() if name == word]
    is_count = isinstance(times, int) and not isinstance(times, bool) and 0 <= times <= _TIMES_MAX
    if not found or not is_count or said:
        raise _refused()
    return SaleAnswered(token, found[0], times)


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(body) if len(body) <= _SIZE_BYTES_MAX else None
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise _refused()
    return said


def _token(said: dict[str, Any]) -> bytes:
    text = said.pop("token", None)
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        raise _refused()
    return bytes.fromhex(text)


def _refused() -> MessageRefusedError:
    return MessageRefusedError("no form that is read here", code="sale_form")
