"""Messages between participants: what one said to another, and that the other took it.

Both digests that are signed are EIP-712's. The domain names the Consortium, which stays the same
when registries follow each other. Keccak-256 is passed in, because the standard library does not
have it and this package imports nothing that does.

The portable file is `sealtrail/message/v1`: either side proves with it what the other said.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from anchoring.core import shape
from anchoring.core.strict_json import parse_plain
from anchoring.errors import BundleFormatError, FormatError

MESSAGE_FORMAT = "sealtrail/message/v1"
MESSAGE_FILE_SIZE_BYTES_MAX = 64 * 1024 * 1024
SIGNATURE_SIZE_BYTES = 65
NO_MESSAGE = bytes(32)
"""What stands for the message before the first one."""

Keccak = Callable[[bytes], bytes]

_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_MESSAGE_TYPE = (
    b"Message(uint32 sender,uint32 receiver,uint64 number,bytes32 previous,"
    b"string kind,bytes32 body,uint64 at)"
)
_TAKEN_TYPE = b"Taken(uint32 receiver,uint32 sender,uint64 number,bytes32 message,uint64 at)"
_REFUSED_TYPE = (
    b"Refused(uint32 receiver,uint32 sender,uint64 number,bytes32 message,string code,uint64 at)"
)
_WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PARTICIPANT_MAX = 2**32 - 1
_ADDRESS_SIZE_BYTES = 20


@dataclass(frozen=True, slots=True)
class Statement:
    """What a sender signs: a message, its body by digest.

    Attributes:
        number: Dense from 1 for each (sender, receiver).
        previous: Digest of the message before it, 32 bytes; `NO_MESSAGE` for the first.
        kind: Lower-case word, `[a-z][a-z0-9_]{0,63}`.
        body: SHA-256 of the body.
        at: When it was said, Unix seconds.
        chain_id, consortium: Of the network (20 bytes): they make the domain.
    """

    sender: int
    receiver: int
    number: int
    previous: bytes
    kind: str
    body: bytes
    at: int
    chain_id: int
    consortium: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver signs: that it took a message, or why it refused it.

    Attributes:
        message: Digest of the message.
        code: Empty if it was taken; otherwise why not, a lower-case word.
        at: When, Unix seconds, by the receiver.
    """

    message: bytes
    code: str
    at: int


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A message with its signature, and with the answer's if there is one.

    Attributes:
        signature: The sender's, r, s, v (65 bytes, v 27 or 28, low s).
        body: None if it is kept back: then only its digest is shown.
        answer, answer_signature: Both or neither.
    """

    statement: Statement
    signature: bytes
    body: bytes | None = None
    answer: Answer | None = None
    answer_signature: bytes = b""

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value of the file."""
        one = self.statement
        document: dict[str, Any] = {
            "format": MESSAGE_FORMAT,
            "chainId": one.chain_id,
            "consortium": one.consortium.hex(),
            "sender": one.sender,
            "receiver": one.receiver,
            "number": one.number,
            "previous": one.previous.hex(),
            "kind": one.kind,
            "bodyDigest": one.body.hex(),
            "at": one.at,
            "signature": self.signature.hex(),
        }
        if self.body is not None:
            document["body"] = base64.urlsafe_b64encode(self.body).rstrip(b"=").decode("ascii")
        if self.answer is not None:
            document["answer"] = {
                "code": self.answer.code,
                "at": self.answer.at,
                "signature": self.answer_signature.hex(),
            }
        return document

    def to_json(self) -> bytes:
        """Return the file: UTF-8 JSON text."""
        return json.dumps(self.to_wire(), separators=(",", ":")).encode()


def body_digest(body: bytes) -> bytes:
    """Return what stands for a body in its statement (32 bytes)."""
    return sha256(body).digest()


def domain_separator(*, chain_id: int, consortium: bytes, keccak: Keccak) -> bytes:
    """Return the EIP-712 domain separator (32 bytes); worth keeping, it never changes."""
    return keccak(
        keccak(_DOMAIN_TYPE)
        + keccak(b"Sealtrail")
        + keccak(b"1")
        + chain_id.to_bytes(32)
        + consortium.rjust(32, b"\x00")
    )


def message_digest(statement: Statement, keccak: Keccak) -> bytes:
    """Return the 32 bytes that the sender signs (EIP-712); they name the message for ever."""
    struct = keccak(
        keccak(_MESSAGE_TYPE)
        + statement.sender.to_bytes(32)
        + statement.receiver.to_bytes(32)
        + statement.number.to_bytes(32)
        + statement.previous
        + keccak(statement.kind.encode("ascii"))
        + statement.body
        + statement.at.to_bytes(32)
    )
    return _typed(statement, struct, keccak)


def answer_digest(statement: Statement, answer: Answer, keccak: Keccak) -> bytes:
    """Return the 32 bytes that the receiver signs (EIP-712): `Taken`, or `Refused` with a code."""
    parts = (
        statement.receiver.to_bytes(32)
        + statement.sender.to_bytes(32)
        + statement.number.to_bytes(32)
        + answer.message
    )
    if answer.code:
        code = keccak(answer.code.encode("ascii"))
        struct = keccak(keccak(_REFUSED_TYPE) + parts + code + answer.at.to_bytes(32))
    else:
        struct = keccak(keccak(_TAKEN_TYPE) + parts + answer.at.to_bytes(32))
    return _typed(statement, struct, keccak)


def _typed(statement: Statement, struct: bytes, keccak: Keccak) -> bytes:
    separator = domain_separator(
        chain_id=statement.chain_id, consortium=statement.consortium, keccak=keccak
    )
    return keccak(b"\x19\x01" + separator + struct)


def is_word(text: str) -> bool:
    """Tell whether a text may be a kind or a code."""
    return _WORD.fullmatch(text) is not None


_MEMBERS = (
    "format",
    "chainId",
    "consortium",
    "sender",
    "receiver",
    "number",
    "previous",
    "kind",
    "bodyDigest",
    "at",
    "signature",
)
_ANSWER_MEMBERS = ("code", "at", "signature")


def parse_message(raw: bytes, *, keccak: Keccak) -> SignedMessage:
    """Return the message of a `sealtrail/message/v1` file; signatures are not checked here.

    Args:
        raw: The file.
        keccak: Keccak-256, for the digest that the answer is about.

    Raises:
        FormatError: text, shape, numbers or words are not a message's, or the body is another.
    """
    return message_from_wire(parse_plain(raw, size_bytes_max=MESSAGE_FILE_SIZE_BYTES_MAX), keccak)


def message_from_wire(document: Any, keccak: Keccak) -> SignedMessage:
    """Return the message of a file's JSON value; errors as `parse_message`."""
    if isinstance(document, dict) and document.get("format") != MESSAGE_FORMAT:
        raise BundleFormatError(f"the format is not {MESSAGE_FORMAT}", "format_unknown")
    wire = shape.members(document, _MEMBERS, optional=("body", "answer"))
    statement = Statement(
        sender=_participant(wire, "sender"),
        receiver=_participant(wire, "receiver"),
        number=_integer(wire, "number", least=1),
        previous=shape.hex_bytes(wire["previous"], size_bytes=32, pointer="/previous"),
        kind=_word(wire["kind"], "/kind"),
        body=shape.hex_bytes(wire["bodyDigest"], size_bytes=32, pointer="/bodyDigest"),
        at=_integer(wire, "at"),
        chain_id=_integer(wire, "chainId"),
        consortium=shape.hex_bytes(
            wire["consortium"], size_bytes=_ADDRESS_SIZE_BYTES, pointer="/consortium"
        ),
    )
    if statement.sender == statement.receiver:
        raise FormatError("nobody says something to itself", "message_values")
    if (statement.number == 1) != (statement.previous == NO_MESSAGE):
        raise FormatError("only the first message has none before it", "message_values")
    signature = _signature(wire["signature"], "/signature")
    body = _body(wire, statement.body)
    if "answer" not in wire:
        return SignedMessage(statement, signature, body)
    said = shape.members(wire["answer"], _ANSWER_MEMBERS, pointer="/answer")
    answer = Answer(
        message=message_digest(statement, keccak),
        code=_word(said["code"], "/answer/code") if said["code"] != "" else "",
        at=shape.integer(said["at"], pointer="/answer/at"),
    )
    return SignedMessage(
        statement, signature, body, answer, _signature(said["signature"], "/answer/signature")
    )


def _participant(wire: dict[str, Any], name: str) -> int:
    found = _integer(wire, name, least=1)
    if found > _PARTICIPANT_MAX:
        raise FormatError("a participant's id is 1..2^32-1", "message_values")
    return found


def _integer(wire: dict[str, Any], name: str, *, least: int = 0) -> int:
    found = shape.integer(wire[name], pointer=f"/{name}")
    if found < least:
        raise FormatError(f"{name} is at least {least}", "message_values")
    return found


def _word(value: Any, pointer: str) -> str:
    text = shape.string(value, pointer=pointer)
    if not is_word(text):
        raise BundleFormatError(f"{pointer} is no lower-case word", pointer=pointer)
    return text


def _signature(value: Any, pointer: str) -> bytes:
    return shape.hex_bytes(value, size_bytes=SIGNATURE_SIZE_BYTES, pointer=pointer)


def _body(wire: dict[str, Any], digest: bytes) -> bytes | None:
    if "body" not in wire:
        return None
    text = shape.string(wire["body"], pointer="/body")
    try:
        body = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BundleFormatError("the body is no base64url", pointer="/body") from None
    if base64.urlsafe_b64encode(body).rstrip(b"=").decode("ascii") != text:
        raise BundleFormatError("the body is not in its one form", pointer="/body")
    if body_digest(body) != digest:
        raise FormatError("the body has another digest", "message_body")
    return body
