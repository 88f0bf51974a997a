"""The words of exceptions, and what partners say to each other about one: body and rules. Pure.

A statement is JSON of `sealtrail/exception/v1`; the signature is that of the message around it.
"""

from __future__ import annotations

import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal, get_args
from uuid import UUID

import rfc8785

from anchoring.core.merkle import HASH_SIZE
from node_gateway.epcis.errors import EpcisError
from node_gateway.epcis.parse import parse_json
from node_gateway.partners.ports import ExceptionKind, MessageRefusedError

FORMAT: Final = "sealtrail/exception/v1"
MESSAGE_KIND: Final = "exception"
TEXT_LENGTH_MAX: Final = 4000
CODES_MAX: Final = 100_000
"""Most codes that one statement names; of more it says only how many."""
CODE_LENGTH_MAX: Final = 1000
BODY_SIZE_BYTES_MAX: Final = 16 * 1024 * 1024
MESSAGES_MAX: Final = 1000
"""Most messages of one case."""
CASES_MAX: Final = 10_000
"""Most unresolved cases that one partner may have opened here."""
BUNDLE_SIZE_BYTES_MAX: Final = 256 * 1024
COUNT_MAX: Final = 2**53 - 1

OPEN, SAY, ASK, PROPOSE = "open", "say", "ask", "propose"
AGREE, RESOLVE, REOPEN, PROVE = "agree", "resolve", "reopen", "prove"
ACTS: Final = (OPEN, SAY, ASK, PROPOSE, AGREE, RESOLVE, REOPEN, PROVE)

Cause = Literal[
    "picking_error",
    "counting_error",
    "not_scanned",
    "label_unreadable",
    "data_late",
    "data_wrong",
    "master_data_wrong",
    "packed_wrongly",
    "misdelivered",
    "sent_twice",
    "damaged",
    "lost_or_stolen",
    "counterfeit_suspected",
    "other",
]
"""Why it came to a mismatch."""
CAUSES: Final = get_args(Cause)

Action = Literal[
    "keep",
    "return",
    "destroy",
    "quarantine",
    "correct_data",
    "send_data",
    "send_product",
    "replace",
    "accept_overage",
    "accept_shortage",
    "credit",
    "debit",
    "none",
    "other",
]
"""What is done about it."""
ACTIONS: Final = get_args(Action)

FOUND: Final = frozenset(
    {ExceptionKind.OVERAGE, ExceptionKind.UNKNOWN_CODE, ExceptionKind.PRODUCT_NO_DATA}
)
"""Kinds about goods that were there and that the handover does not list."""

BY_HAND: Final = frozenset(
    {ExceptionKind.ALREADY_RECEIVED, ExceptionKind.CUSTODY_CONFLICT, ExceptionKind.SOLD_AGAIN}
)
"""Kinds that show what others have stated, too: a person decides whether a partner is told."""

_HEX: Final = re.compile(f"[0-9a-f]{{{2 * HASH_SIZE}}}")
_WHAT: Final[Mapping[str, frozenset[str]]] = {
    OPEN: frozenset({"kind", "handover", "codes", "unnamed", "expected", "found"}),
    PROPOSE: frozenset({"action"}),
    RESOLVE: frozenset({"action", "cause", "entry"}),
    PROVE: frozenset({"bundle"}),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """What one side says about a case.

    Attributes:
        case: UUID of the case, the same at both sides.
        act: One of `ACTS`.
        text: For people.
        kind, handover, codes, unnamed, expected, found: Of `open`: what is wrong, with which
            handover (digest, 32 bytes), which codes, and how many more that are not named.
        action: Of `propose` and `resolve`.
        cause, entry: Of `resolve`: why, and the entry of the event that states it, 32 bytes.
        bundle: Of `prove`: the bundle of that event.
    """

    case: str
    act: str
    text: str
    kind: ExceptionKind | None = None
    handover: bytes | None = None
    codes: tuple[str, ...] = ()
    unnamed: int = 0
    expected: int | None = None
    found: int | None = None
    action: str | None = None
    cause: str | None = None
    entry: bytes | None = None
    bundle: bytes | None = None


def body_of(said: Statement) -> bytes:
    """Return a statement as the body of a message, RFC 8785."""
    wire: dict[str, Any] = {
        "format": FORMAT,
        "case": said.case,
        "act": said.act,
        "text": said.text,
    }
    members = {
        "kind": None if said.kind is None else said.kind.value,
        "handover": None if said.handover is None else said.handover.hex(),
        "codes": list(said.codes) or None,
        "unnamed": said.unnamed or None,
        "expected": said.expected,
        "found": said.found,
        "action": said.action,
        "cause": said.cause,
        "entry": None if said.entry is None else said.entry.hex(),
        "bundle": None if said.bundle is None else urlsafe_b64encode(said.bundle).decode(),
    }
    return rfc8785.dumps(wire | {name: one for name, one in members.items() if one is not None})


def statement_of(body: bytes) -> Statement:
    """Read what a partner says.

    Raises:
        MessageRefusedError: it is no statement, or too large; quotes nothing.
    """
    if len(body) > BODY_SIZE_BYTES_MAX:
        raise _refused(f"it has more than {BODY_SIZE_BYTES_MAX} bytes", code="exception_too_large")
    try:
        wire = parse_json(body, size_bytes_max=BODY_SIZE_BYTES_MAX)
    except EpcisError:
        raise _refused("it is no JSON") from None
    if not isinstance(wire, dict) or wire.get("format") != FORMAT:
        raise _refused(f"it is no {FORMAT}")
    act = _word(wire, "act", ACTS)
    allowed = {"format", "case", "act", "text"} | _WHAT.get(act, frozenset())
    if not wire.keys() <= allowed:
        raise _refused("it has members that are not known")
    kind = _word(wire, "kind", tuple(ExceptionKind)) if act == OPEN else None
    return Statement(
        case=_uuid(wire.get("case")),
        act=act,
        text=_text(wire.get("text"), TEXT_LENGTH_MAX, "text"),
        kind=None if kind is None else ExceptionKind(kind),
        handover=_digest(wire, "handover"),
        codes=_codes(wire.get("codes", [])),
        unnamed=_count(wire, "unnamed") or 0,
        expected=_count(wire, "expected"),
        found=_count(wire, "found"),
        action=_word(wire, "action", ACTIONS) if act in (PROPOSE, RESOLVE) else None,
        cause=_word(wire, "cause", CAUSES) if act == RESOLVE else None,
        entry=_required(_digest(wire, "entry")) if act == RESOLVE else None,
        bundle=_bundle(wire.get("bundle")) if act == PROVE else None,
    )


def _refused(what: str, *, code: str = "exception_form") -> MessageRefusedError:
    return MessageRefusedError(f"the statement about an exception is refused: {what}", code=code)


def _uuid(value: Any) -> str:
    try:
        if isinstance(value, str) and str(UUID(value)) == value:
            return value
    except ValueError:
        pass
    raise _refused("its case is no UUID")


def _word(wire: Mapping[str, Any], name: str, words: tuple[str, ...]) -> str:
    value = wire.get(name)
    if not isinstance(value, str) or value not in words:
        raise _refused(f"its {name} is not known")
    return value


def _text(value: Any, length_max: int, name: str) -> str:
    if not isinstance(value, str):
        raise _refused(f"its {name} is no text")
    if "\0" in value:
        raise _refused(f"its {name} has the character U+0000")
    if len(value) > length_max:
        raise _refused(
            f"its {name} has more than {length_max} characters", code="exception_too_large"
        )
    return value


def _digest(wire: Mapping[str, Any], name: str) -> bytes | None:
    value = wire.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise _refused(f"its {name} is no digest")
    return bytes.fromhex(value)


def _required(value: bytes | None) -> bytes:
    if value is None:
        raise _refused("its entry is missing")
    return value


def _bundle(value: Any) -> bytes:
    """Return a bundle as its bytes; what it proves is for the taker to find out."""
    try:
        return b64decode(_text(value, BUNDLE_SIZE_BYTES_MAX, "bundle"), b"-_", validate=True)
    except ValueError:
        raise _refused("its bundle is no base64url") from None


def _codes(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _refused("its codes are no list")
    if len(value) > CODES_MAX:
        raise _refused(f"it names more than {CODES_MAX} codes", code="exception_too_large")
    codes = tuple(_text(one, CODE_LENGTH_MAX, "codes") for one in value)
    if any(first >= second for first, second in pairwise(codes)):
        raise _refused("its codes are not in strictly ascending order")
    if any(not one or not one.isprintable() or " " in one for one in codes):
        raise _refused("one of its codes is none")
    return codes


def _count(wire: Mapping[str, Any], name: str) -> int | None:
    value = wire.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= COUNT_MAX:
        raise _refused(f"its {name} is no count")
    return value
