"""What an audit of a network found: `sealtrail/audit-report/v1`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from anchoring.audit_report import AuditWitness, FindingCode
from anchoring.challenges import Seed
from anchoring.ports import BlockRef

REPORT_FORMAT: Final = "sealtrail/audit-report/v1"


class Severity(StrEnum):
    """How bad a finding is; the gravest first."""

    GRAVE = "grave"
    """Nothing but a breach explains it, and the evidence shows it to anybody."""
    SERIOUS = "serious"
    """A duty was not met; a fault or an outage may explain it."""
    MINOR = "minor"
    """Out of order, without a lasting harm."""


class NetworkCode(StrEnum):
    """Findings beyond those of `anchoring.audit_report.FindingCode`. Values are stable."""

    SILENT_STREAM = "silent_stream"
    """No anchor for several times the usual interval."""
    LATE_RECEIPT = "late_receipt"
    """Promised entries were anchored after the promised time."""
    GATEWAY_UNREACHABLE = "gateway_unreachable"
    """The gateway could not be asked for its public lists."""
    CHALLENGE_WRONG = "challenge_wrong"
    """What was opened is not what was anchored there."""
    CHALLENGE_UNANSWERED = "challenge_unanswered"
    """A leaf was not opened though a grant allows it."""
    CHALLENGE_LATE = "challenge_late"
    """A challenge was answered, but not in time."""


SEVERITY: Final[Mapping[str, Severity]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                *(FindingCode.GAP, FindingCode.WRONG_ROOT, FindingCode.UNSORTED_LIST),
                *(FindingCode.KEY_UNKNOWN, FindingCode.BROKEN_RECEIPT, FindingCode.EQUIVOCATION),
                *(FindingCode.OPENING_NOT_ANCHORED, NetworkCode.CHALLENGE_WRONG),
            ),
            Severity.GRAVE,
        ),
        **dict.fromkeys(
            (
                *(FindingCode.WITHHELD_LIST, FindingCode.KEY_INVALID, FindingCode.WRONG_RECORD),
                *(FindingCode.WITNESS_DISAGREEMENT, NetworkCode.SILENT_STREAM),
                *(NetworkCode.LATE_RECEIPT, NetworkCode.GATEWAY_UNREACHABLE),
                NetworkCode.CHALLENGE_UNANSWERED,
            ),
            Severity.SERIOUS,
        ),
        **dict.fromkeys(
            (
                *(FindingCode.LATE_ANCHOR, FindingCode.RECEIPT_INVALID),
                NetworkCode.CHALLENGE_LATE,
            ),
            Severity.MINOR,
        ),
    }
)
_ORDER: Final = tuple(Severity)


class GatewayState(StrEnum):
    """What became of asking a participant's gateway."""

    ANSWERED = "answered"
    UNREACHABLE = "unreachable"
    ARCHIVE = "archive"
    NONE = "none"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class NetworkFinding:
    """One finding.

    Attributes:
        participant: Whose; None if it is about witnesses, or about who presented something.
        since: Block time from which on it holds, None if it has no beginning.
        evidence: JSON: hashes as hex, enough to check it without us.
        seen_by: Organisations through whose witnesses it was found; empty where that means nothing.
        references: Files of the evidence zip that show it.
    """

    code: str
    text: str
    participant: int | None
    stream: int | None = None
    sequence: int | None = None
    since: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    seen_by: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return SEVERITY[self.code]

    def rank(self) -> tuple[int, int, int, int, str, str]:
        """Return what findings are sorted by: the gravest first, then by place."""
        place = (self.participant or 0, self.stream or 0, self.sequence or 0)
        return (_ORDER.index(self.severity), *place, self.code, self.text)

    def to_json(self, number: int) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "id": f"F{number}",
            "code": str(self.code),
            "severity": str(self.severity),
            "participant": self.participant,
            "stream": self.stream,
            "sequence": self.sequence,
            "since": self.since,
            "text": self.text,
            "evidence": dict(self.evidence),
            "seenBy": list(self.seen_by),
            "references": list(self.references),
        }


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Something that could not be checked; `participant` is None if it is about all of them."""

    text: str
    participant: int | None = None


@dataclass(frozen=True, slots=True)
class StreamLine:
    """One stream in the report; times are block times, None without an anchor."""

    stream: int
    anchors: int
    last_sequence: int
    last_time: int | None
    interval_s: int | None
    basis: str

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "stream": self.stream,
            "anchors": self.anchors,
            "lastSequence": self.last_sequence,
            "lastTime": self.last_time,
            "intervalS": self.interval_s,
            "basis": self.basis,
        }


@dataclass(frozen=True, slots=True)
class ReceiptScore:
    """What became of the receipts of one participant that the auditor has."""

    given: int = 0
    kept: int = 0
    not_due: int = 0
    broken: int = 0
    late: int = 0
    invalid: int = 0


@dataclass(frozen=True, slots=True)
class ChallengeScore:
    """How a gateway answered; counts of leaves, and the longest answer in milliseconds."""

    asked: int = 0
    held: int = 0
    decoys: int = 0
    events: int = 0
    erased: int = 0
    wrong: int = 0
    unanswered: int = 0
    refused: int = 0
    slowest_ms: int = 0

    def to_json(self) -> dict[str, int]:
        """Return the JSON form."""
        wire = asdict(self)
        wire["slowestMs"] = wire.pop("slowest_ms")
        return wire


@dataclass(frozen=True, slots=True)
class ParticipantLine:
    """One participant in the report; `status` is 1 active, 2 suspended, 3 removed."""

    id: int
    slug: str
    name: str
    status: int
    roles: int
    url: str
    gateway: GatewayState
    streams: tuple[StreamLine, ...] = ()
    lists: int = 0
    entries: int = 0
    receipts: ReceiptScore = ReceiptScore()
    challenges: ChallengeScore | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        receipts = asdict(self.receipts)
        receipts["notDue"] = receipts.pop("not_due")
        return {
            "id": self.id,
            "slug": self.slug,
            "name": self.name,
            "status": self.status,
            "roles": self.roles,
            "url": self.url,
            "gateway": str(self.gateway),
            "streams": [one.to_json() for one in self.streams],
            "lists": self.lists,
            "entries": self.entries,
            "receipts": receipts,
            "challenges": self.challenges.to_json() if self.challenges else None,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """How challenges were drawn: `leaves` of each stream, by the hash of `seed`."""

    seed: Seed
    leaves: int

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        block = {"blockNumber": self.seed.block_number, "blockHash": self.seed.block_hash.hex()}
        return {"seed": block, "leavesPerStream": self.leaves}


@dataclass(frozen=True, slots=True)
class NetworkReport:
    """The result of an audit of a network.

    Attributes:
        parts: What was audited: `gaps`, `receipts`, `challenges`.
        head: The block up to which the chain was read.
        quorum: How many organisations had to be audited through.
        unchecked: What could not be checked: with any, the audit is not complete.
        notes: What is worth knowing, and nobody's fault.
    """

    chain_id: int
    genesis_hash: bytes
    parts: tuple[str, ...]
    head: BlockRef
    quorum: int
    organisations: tuple[str, ...]
    witnesses: tuple[AuditWitness, ...]
    participants: tuple[ParticipantLine, ...] = ()
    findings: tuple[NetworkFinding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    notes: tuple[Unchecked, ...] = ()
    plan: Plan | None = None

    @property
    def is_clean(self) -> bool:
        """True if nothing was found; what was not checked may still hide something."""
        return not self.findings

    def sorted(self) -> NetworkReport:
        """Return it with findings and lines in the one order that a report has."""
        return replace(
            self,
            participants=tuple(sorted(self.participants, key=lambda one: one.id)),
            findings=tuple(sorted(self.findings, key=NetworkFinding.rank)),
            unchecked=tuple(sorted(self.unchecked, key=_place)),
            notes=tuple(sorted(self.notes, key=_place)),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "format": REPORT_FORMAT,
            "chainId": self.chain_id,
            "genesisHash": self.genesis_hash.hex(),
            "parts": list(self.parts),
            "head": {
                "number": self.head.number,
                "hash": self.head.block_hash.hex(),
                "time": self.head.time,
            },
            "quorum": self.quorum,
            "organisations": list(self.organisations),
            "witnesses": [one.to_json() for one in self.witnesses],
            "clean": self.is_clean,
            "complete": not self.unchecked,
            "challenges": self.plan.to_json() if self.plan else None,
            "participants": [one.to_json() for one in self.participants],
            "findings": [one.to_json(number) for number, one in enumerate(self.findings, 1)],
            "unchecked": [_line(one) for one in self.unchecked],
            "notes": [_line(one) for one in self.notes],
        }


def _place(one: Unchecked) -> tuple[int, str]:
    return (one.participant or 0, one.text)


def _line(one: Unchecked) -> dict[str, Any]:
    return {"participant": one.participant, "text": one.text}
