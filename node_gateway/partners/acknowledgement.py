"""What a receiver answers for a handover: `sealtrail/acknowledgement/v1`, written, read, checked.

It names the handover by the digest of its message, so that it countersigns what was said; it
carries the receiver's own receiving events as unanchored bundles (in the form of a handover's
part, docs/reference/handovers.md), whose proofs follow when they are final; and what differs, by
kind, with its codes. Where all is well it lists no codes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from anchoring.core import shape
from anchoring.core.strict_json import parse_plain
from anchoring.errors import AnchoringError
from anchoring.handover import HandedEvent, Part
from anchoring.handover_check import CheckedEvent, check_event
from anchoring.handover_reading import parse_part
from node_gateway.partners.ports import MESSAGE_SIZE_BYTES_MAX, ExceptionKind, MessageRefusedError
from node_gateway.partners.shipment import Cause, Difference, Matched
from node_gateway.state.words import RECEIVING
from node_gateway.storage.handovers import Handover, State

FORMAT: Final = "sealtrail/acknowledgement/v1"
KIND: Final = "acknowledgement"
PROOFS_KIND: Final = "acknowledgement_proofs"
DIFFERENCES_MAX: Final = 10_000
_GONE: Final = frozenset({ExceptionKind.SHORTAGE, ExceptionKind.DATA_NO_PRODUCT})
_UNLISTED: Final = frozenset(
    {
        ExceptionKind.OVERAGE,
        ExceptionKind.UNKNOWN_CODE,
        ExceptionKind.PRODUCT_NO_DATA,
        ExceptionKind.ALREADY_RECEIVED,
        ExceptionKind.RECALLED,
    }
)
"""Kinds that may be about codes which the handover does not name."""
_NOT_OF_THE_SENDER: Final = frozenset(
    {Cause.OTHER_SHIPMENT, Cause.RECEIVED_BEFORE, Cause.ENDED_HERE, Cause.NO_CODE}
)
"""What was scanned is others' goods, or a text that is no code: whoever scanned it knows."""


@dataclass(frozen=True, slots=True)
class Told:
    """One difference as it is told. Causes are for our own people: they may name others' goods.

    Attributes:
        stated, seen: Lot or expiry by the data and by the label.
    """

    kind: ExceptionKind
    codes: tuple[str, ...]
    expected: int | None = None
    found: int | None = None
    stated: str | None = None
    seen: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """Return it as JSON."""
        numbers = {"expected": self.expected, "found": self.found}
        texts = {"stated": self.stated, "seen": self.seen}
        told = {name: value for name, value in {**numbers, **texts}.items() if value is not None}
        return {"kind": self.kind.value, "codes": list(self.codes), **told}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The receiver's answer.

    Attributes:
        handover: Digest of the handover's message, 32 bytes.
        shipment: Entry of its shipping event.
        expected, found: Codes that count, and how many of them are there; `extra`: others.
        events: Our receiving events, as disclosed to the sender.
    """

    handover: bytes
    shipment: bytes
    expected: int
    found: int
    extra: int
    events: tuple[HandedEvent, ...]
    differences: tuple[Told, ...]

    @property
    def gone(self) -> list[str]:
        """The codes that were not there."""
        return [code for one in self.differences if one.kind in _GONE for code in one.codes]

    @property
    def misdirected(self) -> bool:
        """Whether the receiver takes none of it: it is addressed to somebody else."""
        return any(one.kind is ExceptionKind.WRONG_RECEIVER for one in self.differences)

    def to_json(self) -> bytes:
        """Return it as UTF-8 JSON text."""
        part = Part(self.shipment, 0, None, self.events)
        return orjson.dumps(
            {
                "format": FORMAT,
                "handover": self.handover.hex(),
                "shipment": self.shipment.hex(),
                "expected": self.expected,
                "found": self.found,
                "extra": self.extra,
                "part": orjson.Fragment(part.to_json()),
                "differences": [one.to_wire() for one in self.differences],
            }
        )


def told(
    differences: Sequence[Difference], listed: Callable[[str], bool], foreign: Collection[str]
) -> list[Told]:
    """Return what the sender is told of differences: nothing of anybody else's goods.

    Args:
        differences: As found.
        listed: Whether the handover names a code.
        foreign: Codes that came from, or went to, others.
    """
    found = []
    for one in differences:
        codes = tuple(
            code
            for code in one.codes
            if listed(code) or (one.cause not in _NOT_OF_THE_SENDER and code not in foreign)
        )
        if one.codes and not codes:
            continue
        of_label = one.kind in (ExceptionKind.WRONG_LOT, ExceptionKind.WRONG_EXPIRY)
        stated, seen = (one.stated, one.seen) if of_label else (None, None)
        counts = (one.expected, one.found) if len(codes) == len(one.codes) else (None, None)
        found.append(Told(one.kind, codes, *counts, stated, seen))
    return found


def answer(
    handover: Handover, matched: Matched, events: Sequence[HandedEvent], said: Sequence[Told]
) -> Acknowledgement:
    """Return the answer to a handover that was said."""
    unlisted = {code for one in said if one.kind in _UNLISTED for code in one.codes}
    return Acknowledgement(
        handover=handover.digest or b"",
        shipment=handover.shipment,
        expected=matched.expected,
        found=matched.found,
        extra=min(matched.extra, len(unlisted)),
        events=tuple(events),
        differences=tuple(said),
    )


def read(raw: bytes) -> tuple[Acknowledgement, tuple[CheckedEvent, ...]]:
    """Return an answer, with its events recomputed.

    Raises:
        MessageRefusedError: it is malformed, or an event does not hold in itself.
    """
    try:
        return _read(raw)
    except (AnchoringError, ValueError) as error:
        raise _refused("the acknowledgement is malformed") from error


def _read(raw: bytes) -> tuple[Acknowledgement, tuple[CheckedEvent, ...]]:
    members = (
        *("format", "handover", "shipment", "expected", "found", "extra", "part"),
        "differences",
    )
    parsed = parse_plain(raw, size_bytes_max=MESSAGE_SIZE_BYTES_MAX)
    wire = shape.members(parsed, members, pointer="")
    if wire["format"] != FORMAT:
        raise ValueError("another format")
    part = parse_part(orjson.dumps(wire["part"]))
    shipment = shape.hex_bytes(wire["shipment"], size_bytes=32, pointer="/shipment")
    if part.shipment != shipment or part.ordinal or part.replaces or part.packing:
        raise ValueError("a part about something else")
    differences = shape.array(wire["differences"], pointer="/differences")
    if len(differences) > DIFFERENCES_MAX:
        raise ValueError("too many differences")
    made = Acknowledgement(
        handover=shape.hex_bytes(wire["handover"], size_bytes=32, pointer="/handover"),
        shipment=shipment,
        expected=shape.integer(wire["expected"], pointer="/expected"),
        found=shape.integer(wire["found"], pointer="/found"),
        extra=shape.integer(wire["extra"], pointer="/extra"),
        events=part.events,
        differences=tuple(_told(one, f"/differences/{at}") for at, one in enumerate(differences)),
    )
    return made, tuple(map(check_event, part.events))


def _told(wire: Any, pointer: str) -> Told:
    optional = ("expected", "found", "stated", "seen")
    parts = shape.members(wire, ("kind", "codes"), optional=optional, pointer=pointer)
    codes = tuple(
        shape.string(one, pointer=f"{pointer}/codes")
        for one in shape.array(parts["codes"], pointer=f"{pointer}/codes")
    )
    numbers = [
        shape.integer(parts[name], pointer=pointer) if name in parts else None
        for name in ("expected", "found")
    ]
    texts = [
        shape.string(parts[name], pointer=pointer)[:200] if name in parts else None
        for name in ("stated", "seen")
    ]
    kind = ExceptionKind(shape.string(parts["kind"], pointer=f"{pointer}/kind"))
    return Told(kind, codes, numbers[0], numbers[1], texts[0], texts[1])


def check_against(
    said: Acknowledgement,
    events: Sequence[CheckedEvent],
    *,
    sender: int,
    handover: Handover | None,
    parents: Mapping[str, str | None],
) -> None:
    """Refuse an answer about anything else than what was handed over.

    Args:
        said: The answer.
        events: Its events.
        sender: Who answers.
        handover: Ours of that digest, None if there is none.
        parents: The codes that it handed over, each with the unit around it.

    Raises:
        MessageRefusedError: `acknowledgement_unknown`, `acknowledgement_withdrawn` or
            `acknowledgement_invalid`.
    """
    if handover is None or handover.direction != "out" or handover.partner != sender:
        raise _refused("no handover of this digest was made to you", "acknowledgement_unknown")
    if handover.state is State.WITHDRAWN:
        raise _refused("the handover was taken back", "acknowledgement_withdrawn")
    if said.shipment != handover.shipment:
        raise _refused("it names another shipment than the handover's")
    units = set(parents.values())
    if said.expected != sum(code not in units for code in parents):
        raise _refused("it expects another number of codes than were handed over")
    gone = said.gone
    if len(set(gone)) != len(gone) or said.expected - said.found != len(gone):
        raise _refused("its counts and its missing codes do not agree")
    for one in said.differences:
        if one.kind not in _UNLISTED and any(code not in parents for code in one.codes):
            raise _refused("it names codes that were not handed over")
    for event in events:
        _check_event(event, sender, parents)
    if said.found and not said.differences and not events:
        raise _refused("it names no receiving event")


def _check_event(event: CheckedEvent, sender: int, parents: Mapping[str, str | None]) -> None:
    if event.participant != sender:
        raise _refused("it carries an event of another participant")
    if event.act.biz_step not in RECEIVING or event.act.has_error_declaration:
        raise _refused("it carries an event that states no receipt")
    if any(code not in parents for _, code in event.codes):
        raise _refused("it carries an event about codes that were not handed over")


def _refused(text: str, code: str = "acknowledgement_invalid") -> MessageRefusedError:
    return MessageRefusedError(text, code=code)


__all__ = [
    "FORMAT",
    "KIND",
    "PROOFS_KIND",
    "Acknowledgement",
    "Told",
    "answer",
    "check_against",
    "read",
    "told",
]
