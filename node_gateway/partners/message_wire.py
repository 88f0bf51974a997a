"""How messages and their answers are carried: what one gateway posts to the other.

A message is posted as one line of JSON, the statement with its signature, and behind it the body
as one zstandard frame. An answer is JSON. `docs/reference/peers.md` is normative.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import zstandard

from anchoring.chain.messages import message_of
from anchoring.core.message import SignedMessage, body_digest
from anchoring.core.strict_json import parse_plain
from anchoring.errors import FormatError
from node_gateway.partners.ports import MESSAGE_SIZE_BYTES_MAX, MessageRefusedError

MESSAGES_PATH: Final = "/v1/peer/messages"
POSITION_PATH: Final = "/v1/peer/position"
BACK_PATH: Final = "/v1/peer/messages/back"
LINE_SIZE_BYTES_MAX: Final = 8 * 1024
POST_SIZE_BYTES_MAX: Final = MESSAGE_SIZE_BYTES_MAX + LINE_SIZE_BYTES_MAX + 1024 * 1024
ANSWER_SIZE_BYTES_MAX: Final = 64 * 1024


class MessageFormError(MessageRefusedError):
    """What was posted is no message; it cannot be countersigned, since nobody said it."""

    code = "message_form"


def posted(message: SignedMessage, packed: bytes) -> bytes:
    """Return what is posted: the line and the packed body."""
    return _line(message) + b"\n" + packed


def read_posted(raw: bytes) -> tuple[SignedMessage, bytes]:
    """Return a posted message with its body, and the body as it came; signatures are not checked.

    Raises:
        MessageFormError: it is none, its body is another, or larger than allowed.
    """
    line, found, packed = raw.partition(b"\n")
    if not found or len(line) > LINE_SIZE_BYTES_MAX:
        raise MessageFormError("a message is one line of JSON, a line feed and its body")
    try:
        message = message_of(parse_plain(line, size_bytes_max=LINE_SIZE_BYTES_MAX))
    except FormatError as error:
        raise MessageFormError(f"the statement is none: {error}") from error
    if message.body is not None or message.answer is not None:
        raise MessageFormError("the statement has no body and no answer in its line")
    body = _unpacked(packed)
    if body_digest(body) != message.statement.body:
        raise MessageFormError("the body has another digest than the statement says")
    return SignedMessage(message.statement, message.signature, body), packed


def answer_wire(message: SignedMessage) -> bytes:
    """Return the answer to a message as JSON: the same bytes for the same answer."""
    return json.dumps(
        {"number": message.statement.number, "answer": message.to_wire()["answer"]},
        separators=(",", ":"),
    ).encode()


def given_back(message: SignedMessage, packed: bytes) -> bytes:
    """Return a message that its sender has forgotten: its answer, a line feed, what was posted."""
    answer = json.dumps(message.to_wire()["answer"], separators=(",", ":")).encode()
    return answer + b"\n" + posted(message, packed)


def read_wanted(body: bytes) -> int:
    """Return the number of the message that a caller wants back.

    Raises:
        MessageFormError: it names none.
    """
    try:
        document = parse_plain(body, size_bytes_max=LINE_SIZE_BYTES_MAX)
    except FormatError as error:
        raise MessageFormError("the body names no number") from error
    number = document.get("number") if isinstance(document, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise MessageFormError("the body names no number")
    return number


def read_answer(message: SignedMessage, raw: bytes) -> SignedMessage:
    """Return a message with the answer to it; the answer's signature is not checked.

    Raises:
        FormatError: it is no answer to this message.
    """
    document = parse_plain(raw, size_bytes_max=ANSWER_SIZE_BYTES_MAX)
    if not isinstance(document, dict) or set(document) != {"number", "answer"}:
        raise FormatError("an answer has number and answer", "message_answer")
    if document["number"] != message.statement.number:
        raise FormatError("the answer is about another number", "message_answer")
    return message_of({**message.to_wire(), "answer": document["answer"]})


@dataclass(frozen=True, slots=True)
class Position:
    """How far a receiver is with a sender's messages.

    Attributes:
        number: The last one that it answered; 0: none.
        last: That message, as its sender signed it; the proof.
    """

    number: int
    last: SignedMessage | None

    def to_wire(self) -> dict[str, Any]:
        """Return its JSON value."""
        return {
            "number": self.number,
            "last": None if self.last is None else bare(self.last).to_wire(),
        }


def read_position(document: object) -> Position:
    """Return the position in an answer; signatures are not checked.

    Raises:
        FormatError: there is none.
    """
    if not isinstance(document, dict) or not isinstance(document.get("number"), int):
        raise FormatError("there is no position", "message_position")
    last = document.get("last")
    found = Position(document["number"], None if last is None else message_of(last))
    if found.number != (0 if found.last is None else found.last.statement.number):
        raise FormatError("the position has another number than its message", "message_position")
    return found


def read_told(body: bytes) -> Position:
    """Return the position that a caller told.

    Raises:
        MessageFormError: it told none.
    """
    try:
        return read_position(parse_plain(body, size_bytes_max=ANSWER_SIZE_BYTES_MAX))
    except FormatError as error:
        raise MessageFormError("the body tells no position", code="message_position") from error


def bare(message: SignedMessage) -> SignedMessage:
    """Return a message without body and answer."""
    return SignedMessage(message.statement, message.signature)


def _line(message: SignedMessage) -> bytes:
    return bare(message).to_json()


def _unpacked(packed: bytes) -> bytes:
    """Return a body from outside: exactly one frame, which says beforehand how much it holds."""
    try:
        size_bytes = zstandard.frame_content_size(packed)
        if not 0 <= size_bytes <= MESSAGE_SIZE_BYTES_MAX:
            raise MessageFormError(
                f"the frame of a body states its size, at most {MESSAGE_SIZE_BYTES_MAX} bytes"
            )
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=max(size_bytes, 1))
    except zstandard.ZstdError as error:
        raise MessageFormError("the body is not exactly one zstandard frame") from error


__all__ = [
    "ANSWER_SIZE_BYTES_MAX",
    "BACK_PATH",
    "MESSAGES_PATH",
    "POSITION_PATH",
    "POST_SIZE_BYTES_MAX",
    "MessageFormError",
    "Position",
    "answer_wire",
    "bare",
    "given_back",
    "posted",
    "read_answer",
    "read_position",
    "read_posted",
    "read_told",
    "read_wanted",
]
