"""What an audit found: findings with evidence, and what could not be checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FindingCode(StrEnum):
    """Stable names of findings. Each is a fault of the gateway unless it says otherwise."""

    GAP = "gap"
    """Anchors of a stream are missing, or their tips do not form a chain."""
    LATE_ANCHOR = "late_anchor"
    """An anchor came later than cadence or promise allow."""
    WRONG_ROOT = "wrong_root"
    """The public entry list does not give the anchored root and size."""
    UNSORTED_LIST = "unsorted_list"
    """The public entry list is not strictly ascending."""
    WITHHELD_LIST = "withheld_list"
    """The public entry list was asked for and not given."""
    WRONG_RECORD = "wrong_record"
    """Log and record slot contradict each other: a fault of the witness."""
    KEY_UNKNOWN = "key_unknown"
    """The key that anchored belongs to nobody, or to another participant."""
    KEY_INVALID = "key_invalid"
    """The key was not valid when it anchored."""
    RECEIPT_INVALID = "receipt_invalid"
    """A receipt's signature or domain does not hold: a fault of whoever presented it."""
    BROKEN_RECEIPT = "broken_receipt"
    """An entry is in none of the lists up to the promised time."""
    OPENING_NOT_ANCHORED = "opening_not_anchored"
    """An opened event's entry is in none of the lists."""
    EQUIVOCATION = "equivocation"
    """Two statements for what can have one only: a transaction, a path, or an event."""
    WITNESS_DISAGREEMENT = "witness_disagreement"
    """Organisations show different chains: a fault of one of them, and not known of which."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `evidence` is JSON: hashes as hex, enough to check it without us.

    `seen_by` names the organisations through whose witnesses it was found; empty if one witness
    alone was asked, or if it is about all of them.
    """

    code: FindingCode
    text: str
    stream: int | None = None
    sequence: int | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    seen_by: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "code": str(self.code),
            "text": self.text,
            "stream": self.stream,
            "sequence": self.sequence,
            "evidence": self.evidence,
            "seenBy": list(self.seen_by),
        }


@dataclass(frozen=True, slots=True)
class AuditWitness:
    """What became of one witness. `code` is `audited`, or names why it was not asked further."""

    organisation: str
    name: str
    code: str
    text: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the JSON form."""
        parts = {"organisation": self.organisation, "name": self.name}
        return {**parts, "code": self.code, "text": self.text}


@dataclass(slots=True)
class AuditReport:
    """The result of an audit.

    Attributes:
        head: Number, hash and time of the block up to which the chain was read.
        unchecked: Sentences about what could not be checked; an audit with such is not complete.
        not_due: Receipts whose promised time has not come.
        quorum: How many organisations had to be audited through.
        organisations: Those through which it was audited; empty if one witness alone was asked.
        witnesses: What became of each witness.
    """

    chain_id: int
    head_number: int
    head_hash: bytes
    head_time: int
    streams: list[int] = field(default_factory=list)
    anchors: int = 0
    lists: int = 0
    entries: int = 0
    receipts: int = 0
    not_due: int = 0
    openings: int = 0
    findings: list[Finding] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    quorum: int = 1
    organisations: list[str] = field(default_factory=list)
    witnesses: list[AuditWitness] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """True if nothing was found; what was not checked may still hide something."""
        return not self.findings

    def add(
        self,
        code: FindingCode,
        text: str,
        *,
        stream: int | None = None,
        sequence: int | None = None,
        **evidence: Any,
    ) -> None:
        """Add a finding."""
        self.findings.append(Finding(code, text, stream, sequence, evidence))

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form (`sealtrail/audit/v1`)."""
        return {
            "format": "sealtrail/audit/v1",
            "chainId": self.chain_id,
            "head": {
                "number": self.head_number,
                "hash": self.head_hash.hex(),
                "time": self.head_time,
            },
            "streams": self.streams,
            "anchors": self.anchors,
            "lists": self.lists,
            "entries": self.entries,
            "receipts": self.receipts,
            "notDue": self.not_due,
            "openings": self.openings,
            "clean": self.is_clean,
            "findings": [one.to_json() for one in self.findings],
            "unchecked": self.unchecked,
            "quorum": self.quorum,
            "organisations": self.organisations,
            "witnesses": [one.to_json() for one in self.witnesses],
        }
