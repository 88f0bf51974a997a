"""One participant of the network: its streams, its lists, what it promised, what it opens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from anchoring.audit_chain import AuditScope, Sighting
from anchoring.audit_claims import Claims
from anchoring.audit_compare import Seen
from anchoring.audit_quorum import QuorumAuditor
from anchoring.audit_report import AuditReport, Finding, FindingCode
from anchoring.chain.network import Network
from anchoring.challenge_signing import SignedAnswer
from anchoring.challenges import Leaf, OpenedLeaf, draw
from anchoring.directory.model import Directory, Participant, Purpose, Status
from anchoring.errors import ChainError
from anchoring.network_audit.answer_keys import AnswerKeys
from anchoring.network_audit.challenging import Asking, Challenging
from anchoring.network_audit.gateways import GatewayLists
from anchoring.network_audit.model import (
    ChallengeScore,
    GatewayState,
    NetworkCode,
    NetworkFinding,
    ParticipantLine,
    Plan,
    ReceiptScore,
    StreamLine,
    Unchecked,
)
from anchoring.network_audit.options import GAPS, RECEIPTS, AuditOptions
from anchoring.network_audit.reading import AuditReader, halts
from anchoring.network_audit.schedule import Interval, Usual, Wait, long_waits, usual_interval
from anchoring.ports import BlockRef
from anchoring.verification import Witness

SEQUENCES_SHOWN_MAX: Final = 100
_OF_WITNESSES: Final = (FindingCode.WITNESS_DISAGREEMENT, FindingCode.WRONG_RECORD)
_OF_PRESENTERS: Final = (FindingCode.RECEIPT_INVALID,)


@dataclass(slots=True)
class Audited:
    """What came of auditing one participant, with what an evidence zip shows of it.

    Attributes:
        sightings: Its anchors by (stream, sequence), as the first organisation shows them.
        lists: Its public lists as given.
        opened: Leaves as it opened them.
        signed: What it signed of the answer that each came with.
    """

    line: ParticipantLine
    findings: list[NetworkFinding] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)
    notes: list[Unchecked] = field(default_factory=list)
    sightings: dict[tuple[int, int], Sighting] = field(default_factory=dict)
    lists: Mapping[tuple[int, int], Sequence[bytes]] = field(default_factory=dict)
    opened: dict[Leaf, OpenedLeaf] = field(default_factory=dict)
    signed: dict[Leaf, SignedAnswer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the audits of all participants share; all of it up to the block `head`."""

    network: Network
    directory: Directory
    head: BlockRef
    witnesses: Sequence[Witness]
    reader: AuditReader
    options: AuditOptions
    plan: Plan | None
    asking: Asking | None


class ParticipantAuditor:
    """Audits one participant.

    Args:
        around: What all audits share.
        participant: Whom.
        lists: Its public lists.
        claims: What was handed over about it.
    """

    def __init__(
        self, around: Surroundings, participant: Participant, lists: GatewayLists, claims: Claims
    ) -> None:
        self._around, self._participant = around, participant
        self._lists, self._claims = lists, claims
        self._id = participant.id
        self._made = Audited(self._line())

    async def audit(self) -> Audited:
        """Audit; a chain that cannot be asked about this one is named, and fails no other."""
        try:
            report = await self._walk()
            lines = await self._streams(report)
        except ChainError as error:
            self._made.unchecked.append(Unchecked(f"everything: {error}", self._id))
            return self._made
        self._take(report)
        self._note_gateway()
        challenges = await self._challenge()
        self._made.lists = self._lists.given
        self._made.line = self._line(
            streams=tuple(lines),
            lists=report.lists,
            entries=report.entries,
            receipts=self._receipts(report),
            challenges=challenges,
        )
        return self._made

    def _line(self, **known: Any) -> ParticipantLine:
        one = self._participant
        return ParticipantLine(
            id=one.id,
            slug=one.slug,
            name=one.name,
            status=int(one.status),
            roles=one.roles[-1].value,
            url=one.url,
            gateway=self._lists.state,
            **known,
        )

    async def _walk(self) -> AuditReport:
        around = self._around
        with_lists = RECEIPTS in around.options.parts
        auditor = QuorumAuditor(
            around.witnesses,
            around.network,
            entries_of=self._lists.fetch,
            quorum=around.options.quorum,
            catch_up_s=0,
            with_lists=with_lists,
        )
        promised = frozenset(one.stream for one in self._claims.receipts)
        scope = AuditScope(participant=self._id, also=promised if with_lists else frozenset())
        claims = self._claims if with_lists else None
        return await auditor.audit(scope, claims, on_seen=self._see)

    def _see(self, seen: Mapping[str, Seen]) -> None:
        for streams in seen.values():
            for stream, sight in streams.items():
                for one in sight.sightings:
                    name = (stream, one.log.anchor.sequence)
                    self._made.sightings.setdefault(name, one)

    async def _streams(self, report: AuditReport) -> list[StreamLine]:
        lines = []
        for stream in report.streams:
            sightings = [
                one for name, one in sorted(self._made.sightings.items()) if name[0] == stream
            ]
            moments = [(one.log.anchor.sequence, one.time) for one in sightings]
            usual = usual_interval(moments, self._around.options.cadence_s.get(stream))
            if GAPS in self._around.options.parts:
                await self._check_times(stream, sightings, usual)
            lines.append(
                StreamLine(
                    stream=stream,
                    anchors=len(sightings),
                    last_sequence=moments[-1][0] if moments else 0,
                    last_time=moments[-1][1] if moments else None,
                    interval_s=usual.interval_s,
                    basis=str(usual.basis),
                )
            )
        if not self._made.sightings and self._could_anchor():
            self._made.notes.append(Unchecked("has an anchor key and never anchored", self._id))
        return lines

    def _could_anchor(self) -> bool:
        time = self._around.head.time
        return self._participant.status is Status.ACTIVE and any(
            key.purpose is Purpose.ANCHOR and key.valid_at(time)
            for key in self._around.directory.keys_of(self._id)
        )

    async def _check_times(self, stream: int, sightings: Sequence[Sighting], usual: Usual) -> None:
        blocks = [BlockRef(one.log.block_number, one.log.block_hash, one.time) for one in sightings]
        moments = [(one.log.anchor.sequence, one.time) for one in sightings]
        limits, until = self._around.options.limits, self._around.head.time
        excused = self._excused()
        waits = long_waits(moments, usual, limits, until=until, uncounted=excused)
        blocks.append(self._around.head)
        ends = [sequence for sequence, _ in moments] + ([moments[-1][0] + 1] if moments else [])
        for wait in waits:
            at = ends.index(wait.sequence)
            stood_still = await halts(self._around.reader, blocks[at - 1], blocks[at])
            again = long_waits(
                moments, usual, limits, until=until, uncounted=[*excused, *stood_still]
            )
            found = [one for one in again if one.sequence == wait.sequence]
            self._made.findings += [self._too_long(stream, one, usual) for one in found]

    def _excused(self) -> list[Interval]:
        """Return the times in which the participant could not anchor."""
        statuses = self._participant.statuses
        removed = [(one.since, 0) for one in statuses if one.value is Status.REMOVED]
        return [*self._participant.suspensions(), *removed]

    def _too_long(self, stream: int, wait: Wait, usual: Usual) -> NetworkFinding:
        habit = f"every {usual.interval_s} s is usual" if usual.interval_s else "no habit is known"
        text = f"{wait.counted_s} s without an anchor; {habit}, {wait.allowed_s} s are allowed"
        return NetworkFinding(
            FindingCode.LATE_ANCHOR if wait.is_over else NetworkCode.SILENT_STREAM,
            text,
            self._id,
            stream,
            wait.sequence,
            since=wait.since,
            evidence={
                "until": wait.until,
                "countedS": wait.counted_s,
                "allowedS": wait.allowed_s,
                "intervalS": usual.interval_s,
                "basis": str(usual.basis),
            },
            references=(anchors_name(self._id),),
        )

    def _take(self, report: AuditReport) -> None:
        withheld: dict[int, list[Finding]] = {}
        missed = set(self._lists.missed)
        for one in report.findings:
            if one.code is FindingCode.WITHHELD_LIST and one.stream is not None:
                if (one.stream, one.sequence) not in missed:
                    withheld.setdefault(one.stream, []).append(one)
                continue
            self._made.findings.append(self._finding(one))
        self._made.findings += [self._withheld(at, found) for at, found in withheld.items()]
        self._made.unchecked += [Unchecked(text, self._id) for text in report.unchecked]

    def _finding(self, one: Finding) -> NetworkFinding:
        is_promise = "receipt" in one.evidence
        is_late = is_promise and one.code is FindingCode.LATE_ANCHOR
        about = None if one.code in (*_OF_WITNESSES, *_OF_PRESENTERS) else self._id
        return NetworkFinding(
            NetworkCode.LATE_RECEIPT if is_late else one.code,
            one.text,
            about,
            one.stream,
            one.sequence,
            since=self._since(one),
            evidence=one.evidence,
            seen_by=one.seen_by,
            references=self._references(one),
        )

    def _since(self, one: Finding) -> int | None:
        deadline = one.evidence.get("deadline")
        if isinstance(deadline, int):
            return deadline
        seen = self._made.sightings.get((one.stream or 0, one.sequence or 0))
        return seen.time if seen else None

    def _references(self, one: Finding) -> tuple[str, ...]:
        names = [anchors_name(self._id)] if one.stream is not None else []
        if (one.stream, one.sequence) in self._lists.given:
            names.append(list_name(one.stream or 0, one.sequence or 0))
        receipt = one.evidence.get("receipt")
        if isinstance(receipt, dict):
            names.append(receipt_name(str(receipt["signature"])))
        return tuple(names)

    def _withheld(self, stream: int, found: Sequence[Finding]) -> NetworkFinding:
        sequences = sorted(one.sequence or 0 for one in found)
        text = f"the gateway does not give {len(sequences)} of the stream's public lists"
        return NetworkFinding(
            FindingCode.WITHHELD_LIST,
            text,
            self._id,
            stream,
            sequences[0],
            since=self._since(min(found, key=lambda one: one.sequence or 0)),
            evidence={"count": len(sequences), "sequences": sequences[:SEQUENCES_SHOWN_MAX]},
            seen_by=found[0].seen_by,
            references=(anchors_name(self._id),),
        )

    def _note_gateway(self) -> None:
        lists = self._lists
        missed = f"{len(lists.missed)} public lists were not checked"
        if lists.why:
            evidence = {"address": self._participant.url, "listsNotChecked": len(lists.missed)}
            text = f"the gateway cannot be asked: {lists.why}"
            if lists.state is GatewayState.ARCHIVE and not lists.missed:
                text += "; its archive was read instead"
            elif lists.missed:
                text += f"; {missed}"
            code = NetworkCode.GATEWAY_UNREACHABLE
            self._made.findings.append(NetworkFinding(code, text, self._id, evidence=evidence))
        elif lists.missed:
            text = f"{missed}: it has no gateway, and nobody serves its archive"
            self._made.unchecked.append(Unchecked(text, self._id))

    def _receipts(self, report: AuditReport) -> ReceiptScore:
        bad: dict[str, set[str]] = {}
        for one in self._made.findings:
            receipt = one.evidence.get("receipt")
            if isinstance(receipt, dict):
                bad.setdefault(str(one.code), set()).add(str(receipt["signature"]))
        unknown = sum("of a receipt of" in one.text for one in self._made.unchecked)
        given = len({one.signature for one in self._claims.receipts})
        all_bad = {signature for found in bad.values() for signature in found}
        return ReceiptScore(
            given=given,
            kept=max(0, given - len(all_bad) - report.not_due - unknown) if report.lists else 0,
            not_due=report.not_due,
            broken=len(bad.get(FindingCode.BROKEN_RECEIPT, ())),
            late=len(bad.get(NetworkCode.LATE_RECEIPT, ())),
            invalid=len(bad.get(FindingCode.RECEIPT_INVALID, ())),
        )

    async def _challenge(self) -> ChallengeScore | None:
        around = self._around
        plan, asking = around.plan, around.asking
        if plan is None or asking is None:
            return None
        anchors = {
            name: one.log.anchor
            for name, one in sorted(self._made.sightings.items())
            if one.log.block_number < plan.seed.block_number
        }
        leaves: list[Leaf] = []
        for stream in sorted({name[0] for name in anchors}):
            sizes = [(name[1], one.size) for name, one in anchors.items() if name[0] == stream]
            leaves += draw(plan.seed, stream, sizes, plan.leaves)
        if not leaves:
            return None
        challenging = Challenging(
            asking,
            self._id,
            anchors,
            AnswerKeys(around.network, around.directory).refusal,
            answer_s=around.options.answer_s,
        )
        found = await challenging.put(plan.seed, leaves)
        self._made.findings += found.findings
        self._made.unchecked += found.unchecked
        self._made.opened, self._made.signed = found.opened, found.signed
        return found.score


def anchors_name(participant: int) -> str:
    """Return the name of a participant's anchors in an evidence zip."""
    return f"anchors/{participant}.json"


def list_name(stream: int, sequence: int) -> str:
    """Return the name of a public list in an evidence zip."""
    return f"lists/{stream}-{sequence}.bin"


def receipt_name(signature: str) -> str:
    """Return the name of a receipt in an evidence zip."""
    return f"receipts/{signature[:32]}.json"
