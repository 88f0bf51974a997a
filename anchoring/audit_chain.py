"""What one witness shows of a participant's streams, and whether it fits together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from anchoring.audit_report import AuditReport, FindingCode
from anchoring.chain.network import Network
from anchoring.core.anchor import ZERO_HASH, record
from anchoring.errors import ChainIdentityError, ChainUnavailableError
from anchoring.ports import LOOK_AGAIN_S, AnchoredLog, AnchorReader, BlockRef, StreamHead

LOG_RANGE_BLOCKS = 1000
PURPOSE_ANCHOR = 1


@dataclass(frozen=True, slots=True)
class AuditScope:
    """What to audit: one stream, or all streams of a participant; and how often it must anchor.

    Attributes:
        cadence_s: By stream, the longest time allowed between two anchors; checked where given.
        first_block: Where to begin reading logs; anchors before it show as a gap.
        also: Streams of the participant that count even if nothing is anchored in them.
    """

    participant: int
    stream: int | None = None
    cadence_s: Mapping[int, int] = field(default_factory=dict)
    first_block: int = 0
    also: frozenset[int] = frozenset()


@dataclass(slots=True)
class Progress:
    """How far an audit is. Its owner is told after each anchor and each list.

    Attributes:
        anchors: Anchors checked, of `anchors_total` found so far.
        lists: Public entry lists checked, of `lists_total`.
    """

    on_progress: Callable[[Progress], None] = lambda _: None
    anchors: int = 0
    anchors_total: int = 0
    lists: int = 0
    lists_total: int = 0

    def tell(self, **counts: int) -> None:
        """Change counts and tell."""
        for name, count in counts.items():
            setattr(self, name, count)
        self.on_progress(self)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One anchor as a witness shows it: its log, its block's time, the record that is stored."""

    log: AnchoredLog
    time: int
    stored: bytes


@dataclass(frozen=True, slots=True)
class StreamSight:
    """One stream as a witness shows it: the registry's head, and every anchor in order."""

    head: StreamHead
    sightings: Sequence[Sighting]


class ChainAuditor:
    """Walks the streams in scope through one witness; findings go into a report."""

    def __init__(self, reader: AnchorReader, network: Network, progress: Progress) -> None:
        self._reader = reader
        self._network = network
        self._progress = progress

    async def begin(self) -> BlockRef:
        """Return the newest block.

        Raises:
            ChainIdentityError: the witness is on another chain.
        """
        found = (await self._reader.chain_id(), await self._reader.genesis_hash())
        if found != (self._network.chain_id, self._network.genesis_hash):
            raise ChainIdentityError("the witness is on another chain than the network file says")
        return await self._reader.head()

    async def walk(
        self, scope: AuditScope, head: BlockRef, report: AuditReport
    ) -> dict[int, StreamSight]:
        """Read everything up to `head`; return what was seen, by stream.

        Raises:
            ChainUnavailableError: the witness fails, or contradicts itself about a block.
            ChainIdentityError: it has other code at a registry.
        """
        by_stream: dict[int, list[AnchoredLog]] = {stream: [] for stream in scope.also}
        if scope.stream is not None:
            by_stream[scope.stream] = []
        for log in await self._logs(scope, head):
            by_stream.setdefault(log.anchor.stream, []).append(log)
        found: dict[int, StreamSight] = {}
        for stream, logs in sorted(by_stream.items()):
            report.streams.append(stream)
            sightings = await self._check_chain(report, logs, head)
            stream_head = await self._check_end(report, stream, logs, head)
            self._check_cadence(report, stream, sightings, scope.cadence_s.get(stream), head)
            found[stream] = StreamSight(stream_head, sightings)
        return found

    async def end(self, head: BlockRef) -> None:
        """Ask once more for the block that everything was read at.

        Raises:
            ChainUnavailableError: it is no longer there.
        """
        latest = await self._reader.block(head.number)
        if latest is None or latest.block_hash != head.block_hash:
            raise ChainUnavailableError("the chain was reorganised during the audit; run it again")

    async def _logs(self, scope: AuditScope, head: BlockRef) -> list[AnchoredLog]:
        found: list[AnchoredLog] = []
        for registry in reversed(self._network.registries):  # oldest first: streams continue
            code_hash = await self._reader.code_hash(registry.address, at=head.block_hash)
            if code_hash != registry.code_hash:
                address = registry.address.hex()
                raise ChainIdentityError(f"other code than agreed on at the registry 0x{address}")
            for first in range(scope.first_block, head.number + 1, LOG_RANGE_BLOCKS):
                last = min(first + LOG_RANGE_BLOCKS - 1, head.number)
                logs = await self._range(registry.address, scope.stream, first, last)
                found += [one for one in logs if one.anchor.participant == scope.participant]
                self._progress.tell(anchors_total=len(found))
        return found

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
    ) -> list[Sighting]:
        """Follow the tips and compare every record."""
        sightings: list[Sighting] = []
        sequence, tip = 0, ZERO_HASH
        for log in logs:
            report.anchors += 1
            anchor, number = log.anchor, log.block_number
            block = await self._reader.block(number)
            if block is None or block.block_hash != log.block_hash:
                raise ChainUnavailableError(f"the witness contradicts itself about block {number}")
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
            stored = await self._check_record(report, log, tip, block, head)
            await self._check_key(report, log, block, head)
            sightings.append(Sighting(log, block.time, stored))
            self._progress.tell(anchors=self._progress.anchors + 1)
        return sightings

    async def _check_record(
        self, report: AuditReport, log: AnchoredLog, tip: bytes, block: BlockRef, head: BlockRef
    ) -> bytes:
        """Compare log and stored record; return the record as it is stored."""
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
        return stored

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
    ) -> StreamHead:
        """Compare the last log with the registry's own head: logs may be missing at the end."""
        last = logs[-1] if logs else None
        told = (last.anchor.sequence, last.tip) if last else (0, ZERO_HASH)
        found = await self._stream_head(stream, head)
        if (found.sequence, found.tip) != told:
            await asyncio.sleep(LOOK_AGAIN_S)
            found = await self._stream_head(stream, head)
        if (found.sequence, found.tip) != told:
            report.add(
                FindingCode.GAP,
                f"the registry is at sequence {found.sequence}, the logs end at {told[0]}",
                stream=stream,
                sequence=found.sequence,
                registry={"sequence": found.sequence, "tip": found.tip.hex()},
                logs={"sequence": told[0], "tip": told[1].hex()},
            )
        return found

    async def _stream_head(self, stream: int, head: BlockRef) -> StreamHead:
        newest = self._network.registries[0].address
        return await self._reader.stream_head(newest, stream, at=head.block_hash)

    @staticmethod
    def _check_cadence(
        report: AuditReport,
        stream: int,
        sightings: Sequence[Sighting],
        cadence_s: int | None,
        head: BlockRef,
    ) -> None:
        if cadence_s is None:
            return
        moments = [(one.log.anchor.sequence, one.time) for one in sightings]
        moments.append((moments[-1][0] + 1 if moments else 1, head.time))
        for (_, earlier), (sequence, later) in pairwise(moments):
            if later - earlier > cadence_s:
                report.add(
                    FindingCode.LATE_ANCHOR,
                    f"{later - earlier} s without an anchor, allowed are {cadence_s} s",
                    stream=stream,
                    sequence=sequence,
                    previousTime=earlier,
                    time=later,
                )
