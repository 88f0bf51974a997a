"""What an evidence file holds: one statement, or two that cannot both be honest, and its proofs.

Whoever complains makes the file, so nothing in it is believed: what a participant said is taken
from its own signatures and trees, what the chain holds from proofs under blocks that validators
sealed. `anchoring.evidence.check` judges it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from anchoring.core.anchor import Anchor, AnchoredAt
from anchoring.core.bundle import Bundle
from anchoring.core.items import encode_base64url
from anchoring.core.message import SignedMessage
from anchoring.core.receipt import Receipt
from anchoring.errors import VerificationError
from anchoring.evidence.chain_material import ChainMaterial
from anchoring.handover import HandedEvent

EVIDENCE_FORMAT = "sealtrail/evidence/v1"
EVIDENCE_SIZE_BYTES_MAX = 64 * 1024 * 1024


class EvidenceKind(StrEnum):
    """What a file shows. Values are stable."""

    TWO_VALUES = "two_values"
    TWO_CONTENTS = "two_contents"
    TWO_TRANSACTIONS = "two_transactions"
    BROKEN_RECEIPT = "broken_receipt"
    SAID = "said"
    TWO_MESSAGES = "two_messages"
    CUSTODY_CONFLICT = "custody_conflict"


class EvidenceRefusedError(VerificationError):
    """The file is well formed and does not show what it says."""

    code = "evidence_refused"


@dataclass(frozen=True, slots=True)
class TwoValues:
    """One entry, disclosed with two values at a path."""

    bundles: tuple[Bundle, Bundle]

    def to_wire(self) -> dict[str, Any]:
        """Return the members of this kind."""
        return {"bundles": [one.to_wire() for one in self.bundles]}


@dataclass(frozen=True, slots=True)
class Content:
    """One anchored event; `opening` is the text of its full opening, empty without one."""

    bundle: Bundle
    opening: str = ""

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value."""
        more = {"opening": self.opening} if self.opening else {}
        return {"bundle": self.bundle.to_wire(), **more}


@dataclass(frozen=True, slots=True)
class TwoContents:
    """Two entries of one participant with one eventID and different content."""

    contents: tuple[Content, Content]

    def to_wire(self) -> dict[str, Any]:
        """Return the members of this kind."""
        return {"contents": [one.to_wire() for one in self.contents]}


@dataclass(frozen=True, slots=True)
class TwoTransactions:
    """Two signed transactions that anchor different things at one place of a stream."""

    transactions: tuple[bytes, bytes]

    def to_wire(self) -> dict[str, Any]:
        """Return the members of this kind."""
        return {"transactions": [raw.hex() for raw in self.transactions]}


@dataclass(frozen=True, slots=True)
class Placed:
    """An anchor with the block that it is in."""

    anchor: Anchor
    at: AnchoredAt

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value, as in a bundle."""
        return {
            "stream": self.anchor.stream,
            **_anchor_wire(self.anchor),
            "blockNumber": self.at.block_number,
            "blockTime": self.at.block_time,
        }


@dataclass(frozen=True, slots=True)
class PublicList:
    """An anchor of the stream and its public entry list; None if it was not given."""

    anchor: Anchor
    entries: tuple[bytes, ...] | None

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value; the stream is the receipt's."""
        entries = None if self.entries is None else [entry.hex() for entry in self.entries]
        return {**_anchor_wire(self.anchor), "entries": entries}


@dataclass(frozen=True, slots=True)
class BrokenReceipt:
    """A promise, and the stream's lists without what was promised.

    Attributes:
        entry: Promised in the receipt, and in none of the lists.
        lists: Every anchor of the stream from the first (or from behind `before`) to the last
            one that can have kept the promise.
        before: An anchor made a day or more before the receipt; None if the lists begin with the
            first anchor of the stream.
        after: The anchor behind the lists, made after the promised time; None if there is none.
        last: The last anchor of the lists with its block, if there is no `after`.
    """

    receipt: Receipt
    entry: bytes
    lists: tuple[PublicList, ...]
    before: Placed | None = None
    after: Placed | None = None
    last: Placed | None = None

    def to_wire(self) -> dict[str, Any]:
        """Return the members of this kind."""
        wire: dict[str, Any] = {
            "receipt": self.receipt.to_wire(),
            "entry": self.entry.hex(),
            "lists": [one.to_wire() for one in self.lists],
        }
        for name, placed in (("before", self.before), ("after", self.after), ("last", self.last)):
            if placed is not None:
                wire[name] = placed.to_wire()
        return wire


@dataclass(frozen=True, slots=True)
class Said:
    """One signed message, with the receiver's answer if there is one."""

    message: SignedMessage

    def to_wire(self) -> dict[str, Any]:
        """Return the members of this kind."""
        return {"message": self.message.to_wire()}


@dataclass(frozen=True, slots=True)
class TwoMessages:
    """Two signed messages from one sender to one receiver with one number."""

    messages: tuple[SignedMessage, SignedMessage]

    def to_wire(self) -> dict[str, Any]:
        """Return the members of this kind."""
        return {"messages": [one.to_wire() for one in self.messages]}


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A signed handover (the message whose body is the manifest), and what discloses the code.

    Attributes:
        event: The shipping event with the code's path, if it names the code itself.
        parts: Otherwise the texts of all parts of the handover, in order.
    """

    message: SignedMessage
    event: HandedEvent | None = None
    parts: tuple[bytes, ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value."""
        wire: dict[str, Any] = {"message": self.message.to_wire()}
        if self.event is not None:
            wire["event"] = self.event.to_wire()
        if self.parts:
            wire["parts"] = [encode_base64url(one) for one in self.parts]
        return wire


@dataclass(frozen=True, slots=True)
class CustodyConflict:
    """Two handovers of one code that cannot both hold."""

    code: str
    handovers: tuple[HandedOver, HandedOver]

    def to_wire(self) -> dict[str, Any]:
        """Return the members of this kind."""
        return {"code": self.code, "handovers": [one.to_wire() for one in self.handovers]}


Shown = (
    TwoValues | TwoContents | TwoTransactions | BrokenReceipt | Said | TwoMessages | CustodyConflict
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One evidence file."""

    kind: EvidenceKind
    shown: Shown
    chain: ChainMaterial = field(default_factory=ChainMaterial)

    def to_json(self) -> bytes:
        """Return the file as UTF-8 JSON text."""
        wire = {"format": EVIDENCE_FORMAT, "kind": str(self.kind), **self.shown.to_wire()}
        if self.chain != ChainMaterial():
            wire["chain"] = self.chain.to_wire()
        return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode()


def _anchor_wire(anchor: Anchor) -> dict[str, Any]:
    return {
        "sequence": anchor.sequence,
        "root": anchor.root.hex(),
        "size": anchor.size,
        "previousTip": anchor.previous_tip.hex(),
    }
