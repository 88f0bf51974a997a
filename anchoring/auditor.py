"""The auditor: everything about a stream, re-derived from the chain and public entry lists.

It needs nobody's permission and believes no gateway. The lists come through an injected
callable; receipts, openings, bundles and signed transactions are what somebody handed over.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from anchoring.audit_claims import AuditedList, Claims, ClaimsAuditor
from anchoring.audit_report import AuditReport, FindingCode
from anchoring.chain.network import Network
from anchoring.core import merkle
from anchoring.core.anchor import STREAM_BITS, ZERO_HASH, record
from anchoring.errors import ChainIdentityError, ChainUnavailableError
from anchoring.ports import AnchoredLog, AnchorReader, BlockRef

LOG_RANGE_BLOCKS = 1000
PURPOSE_ANCHOR = 1

EntriesOf = Callable[[int, int], Awaitable[list[bytes] | None]]
"""(stream, sequence) -> the public entry list as given, None if it is withheld."""


@dataclass(frozen=True, slots=True)
class AuditScope:
    """What to audit: one stream, or all streams of a participant; and how often it must anchor.

    Attributes:
        cadence_s: By stream, the longest time allowed between two anchors; checked where given.
        first_block: Where to begin reading logs; anchors before it show as a gap.
    """

    participant: int
    stream: int | None = None
    cadence_s: Mapping[int, int] = field(default_factory=dict)
    first_block: int = 0


class Auditor:
    """Audits streams of one network through one witness.

    Args:
        reader: The witness. Audit through several for a second opinion.
        network: The viewer's own network file.
        entries_of: Fetches public entry lists; without it lists are reported as unchecked.
    """

    def __init__(
        self, reader: AnchorReader, network: Network, *, entries_of: EntriesOf | None = None
    ) -> None:
        self._reader = reader
        self._network = network
        self._entries_of = entries_of

    async def audit(self, scope: AuditScope, claims: Claims | None = None) -> AuditReport:
        """Read the chain up to its head and check everything in scope.

        Raises:
            ChainUnavailableError: the witness fails, or reorganised during the audit.
            ChainIdentityError: the witness is on another chain.
        """
        head = await self._begin()
        report = AuditReport(self._network.chain_id, head.number, head.block_hash, head.time)
        by_stream: dict[int, list[AnchoredLog]] = {}
        if scope.stream is not None:
            by_stream[scope.stream] = []
        for log in await self._logs(scope, head):
            by_stream.setdefault(log.anchor.stream, []).append(log)
        lists: list[AuditedList] = []
        for stream, logs in sorted(by_stream.items()):
            report.streams.append(stream)
            times = await self._check_chain(report, logs, head)
            await self._check_end(report, stream, logs, head)
            self._check_cadence(report, logs, times, scope.cadence_s.get(stream), head)
            lists += [await self._check_list(report, log, times[log.block_number]) for log in logs]
        if claims is not None:
            auditor = ClaimsAuditor(self._reader, self._network, head, lists, report)
            await auditor.check(claims)
        latest = await self._reader.block(head.number)
        if latest is None or latest.block_hash != head.block_hash:
            raise ChainUnavailableError("the chain was reorganised during the audit; run it again")
        return report

    async def _begin(self) -> BlockRef:
        found = (await self._reader.chain_id(), await self._reader.genesis_hash())
        if found != (self._network.chain_id, self._network.genesis_hash):
            raise ChainIdentityError("the witness is on another chain than the network file says")
        return await self._reader.head()

    async def _logs(self, scope: AuditScope, head: BlockRef) -> list[AnchoredLog]:
        found: list[AnchoredLog] = []
        for registry in reversed(self._network.registries):  # oldest first: streams continue
            code_hash = await self._reader.code_hash(registry.address, at=head.block_hash)
            if code_hash != registry.code_hash:
                address = registry.address.hex()
                raise ChainIdentityError(f"other code than agreed on at the registry 0x{address}")
            for first in range(scope.first_block, head.number + 1, LOG_RANGE_BLOCKS):
                last = min(first + LOG_RANGE_BLOCKS - 1, head.number)
                found += await self._range(registry.address, scope.stream, first, last)
        return [one for one in found if one.anchor.stream >> STREAM_BITS == scope.participant]

    async def _range(
        self, registry: bytes, stream: int | None, first: int, last: int
    ) -> list[AnchoredLog]:
        """Read one range; halve it when the witness refuses so much at once."""
        try:
            return await self._reader.anchored(
                registry, first_block=first, last_block=last, stream=stream
            )
        except ChainUnavailableError:
            if first == last:
                raise
        middle = (first + last) // 2
        left = await self._range(registry, stream, first, middle)
        return left + await self._range(registry, stream, middle + 1, last)

    async def _check_chain(
        self, report: AuditReport, logs: Sequence[AnchoredLog], head: BlockRef
    ) -> dict[int, int]:
        """Follow the tips and compare every record; return block times by number."""
        times: dict[int, int] = {}
        sequence, tip = 0, ZERO_HASH
        for log in logs:
            report.anchors += 1
            anchor, number = log.anchor, log.block_number
            block = await self._reader.block(number)
            if block is None or block.block_hash != log.block_hash:
                raise ChainUnavailableError(f"the witness contradicts itself about block {number}")
            times[number] = block.time
            if (anchor.sequence, anchor.previous_tip) != (sequence + 1, tip):
                report.add(
                    FindingCode.GAP,
                    f"after sequence {sequence} comes {anchor.sequence}, or it has another past",
                    stream=anchor.stream,
                    sequence=anchor.sequence,
                    expected={"sequence": sequence + 1, "previousTip": tip.hex()},
                    given={"sequence": anchor.sequence, "previousTip": anchor.previous_tip.hex()},
                    tx=log.tx_hash.hex(),
                )
            sequence = anchor.sequence
            tip = anchor.tip(chain_id=self._network.chain_id, registry=log.registry)
            await self._check_record(report, log, tip, block, head)
            await self._check_key(report, log, block, head)
        return times

    async def _check_record(
        self, report: AuditReport, log: AnchoredLog, tip: bytes, block: BlockRef, head: BlockRef
    ) -> None:
        anchor = log.anchor
        stored = await self._reader.record(
            log.registry, anchor.stream, anchor.sequence, at=head.block_hash
        )
        computed = record(tip, block.number, block.time)
        if stored != computed or log.tip != tip:
            report.add(
                FindingCode.WRONG_RECORD,
                "log and record contradict each other: this witness is wrong",
                stream=anchor.stream,
                sequence=anchor.sequence,
                computed=computed.hex(),
                stored=stored.hex(),
            )

    async def _check_key(
        self, report: AuditReport, log: AnchoredLog, block: BlockRef, head: BlockRef
    ) -> None:
        consortium, at, participant = (
            self._network.consortium,
            head.block_hash,
            log.anchor.participant,
        )
        valid = await self._reader.key_valid_at(
            consortium,
            log.signer,
            participant=participant,
            purpose=PURPOSE_ANCHOR,
            time=block.time,
            at=at,
        )
        if valid:
            return
        key = await self._reader.key(consortium, log.signer, at=at)
        is_theirs = key is not None and key.participant == participant
        report.add(
            FindingCode.KEY_INVALID if is_theirs else FindingCode.KEY_UNKNOWN,
            "the key that anchored was not a valid anchor key of the participant at that time",
            stream=log.anchor.stream,
            sequence=log.anchor.sequence,
            signer=log.signer.hex(),
            time=block.time,
            revokedAt=key.revoked_at if key else None,
            compromisedSince=key.compromised_since if key else None,
        )

    async def _check_end(
        self, report: AuditReport, stream: int, logs: Sequence[AnchoredLog], head: BlockRef
    ) -> None:
        """Compare the last log with the registry's own head: logs may be missing at the end."""
        newest = self._network.registries[0].address
        found = await self._reader.stream_head(newest, stream, at=head.block_hash)
        last = logs[-1] if logs else None
        told = (last.anchor.sequence, last.tip) if last else (0, ZERO_HASH)
        if (found.sequence, found.tip) != told:
            report.add(
                FindingCode.GAP,
                f"the registry is at sequence {found.sequence}, the logs end at {told[0]}",
                stream=stream,
                sequence=found.sequence,
                registry={"sequence": found.sequence, "tip": found.tip.hex()},
                logs={"sequence": told[0], "tip": told[1].hex()},
            )

    def _check_cadence(
        self,
        report: AuditReport,
        logs: Sequence[AnchoredLog],
        times: Mapping[int, int],
        cadence_s: int | None,
        head: BlockRef,
    ) -> None:
        if cadence_s is None:
            return
        moments = [(log.anchor.sequence, times[log.block_number]) for log in logs]
        moments.append((moments[-1][0] + 1 if moments else 1, head.time))
        for (_, earlier), (sequence, later) in pairwise(moments):
            if later - earlier > cadence_s:
                report.add(
                    FindingCode.LATE_ANCHOR,
                    f"{later - earlier} s without an anchor, allowed are {cadence_s} s",
                    stream=logs[0].anchor.stream,
                    sequence=sequence,
                    previousTime=earlier,
                    time=later,
                )

    async def _check_list(self, report: AuditReport, log: AnchoredLog, time: int) -> AuditedList:
        """Fetch one public list and rebuild its root."""
        anchor = log.anchor
        where = {"stream": anchor.stream, "sequence": anchor.sequence}
        if self._entries_of is None:
            report.unchecked.append(
                f"the entry list of {anchor.stream}/{anchor.sequence}: no gateway was given"
            )
            return AuditedList(anchor, time, None)
        entries = await self._entries_of(anchor.stream, anchor.sequence)
        if entries is None:
            text = "the gateway does not give the public entry list"
            report.add(FindingCode.WITHHELD_LIST, text, **where, root=anchor.root.hex())
            return AuditedList(anchor, time, None)
        report.lists += 1
        report.entries += len(entries)
        for index, (left, right) in enumerate(pairwise(entries)):
            if left >= right:
                text = f"entry {index + 1} is not above the one before it"
                pair = [left.hex(), right.hex()]
                report.add(FindingCode.UNSORTED_LIST, text, **where, index=index, entries=pair)
                break
        computed = _root(entries)
        if len(entries) != anchor.size or computed != anchor.root:
            report.add(
                FindingCode.WRONG_ROOT,
                "the public entry list is not what was anchored",
                **where,
                computed={"root": computed.hex(), "size": len(entries)},
                anchored={"root": anchor.root.hex(), "size": anchor.size},
            )
            return AuditedList(anchor, time, None)
        return AuditedList(anchor, time, frozenset(entries))


def _root(entries: Sequence[bytes]) -> bytes:
    if not entries or any(len(entry) != merkle.HASH_SIZE for entry in entries):
        return ZERO_HASH  # never an anchored root
    return merkle.tree_root(merkle.build_levels(merkle.leaf_hashes(entries)))
