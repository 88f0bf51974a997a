"""An audit through witnesses of several organisations, none of which is believed alone.

All are read at one agreed block. What any of them shows is found; where they differ, that is a
finding itself. The public lists are fetched once, for every anchor that anybody shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from anchoring.audit_chain import AuditScope, ChainAuditor, Progress, Sighting, StreamSight
from anchoring.audit_claims import AuditedList, Claims, ClaimsAuditor
from anchoring.audit_compare import Seen, compare_blocks, compare_streams, unite
from anchoring.audit_lists import EntriesOf, ListsAuditor
from anchoring.audit_report import AuditReport, AuditWitness
from anchoring.chain.network import Network
from anchoring.errors import ChainError, ChainIdentityError, ChainUnavailableError
from anchoring.ports import BlockRef
from anchoring.verification import QUORUM_DEFAULT, Witness

CATCH_UP_S = 10.0
"""How long a witness that is behind the others is waited for."""
NEWER_S = 300
"""Blocks that too few organisations have are worth a word once they are so much newer."""

_POLL_S = 0.5


@dataclass(slots=True)
class _Asked:
    """One witness on its way; `code` is set once it is known what became of it."""

    witness: Witness
    auditor: ChainAuditor
    code: str = ""
    text: str = ""
    newest: BlockRef | None = None

    @property
    def organisation(self) -> str:
        return self.witness.organisation

    def settle(self, code: str, text: str = "") -> None:
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class _Audited:
    """One organisation's view: everything up to `head`."""

    witness: Witness
    auditor: ChainAuditor
    head: BlockRef
    report: AuditReport
    seen: dict[int, StreamSight]

    @property
    def organisation(self) -> str:
        return self.witness.organisation

    def sightings(self) -> Iterable[Sighting]:
        return (sighting for sight in self.seen.values() for sighting in sight.sightings)


class QuorumAuditor:
    """Audits streams of one network through several organisations.

    Args:
        witnesses: The viewer's own; those of the audited participant are left out here.
        network: The viewer's own network file.
        entries_of: Fetches public entry lists; without it lists are reported as unchecked.
        quorum: How many organisations must have been audited through, from 1.
        catch_up_s: How long a witness that is behind the others is waited for.
        with_lists: False leaves the public lists out, without a word about it.

    Raises:
        ValueError: the quorum is below 1.
    """

    def __init__(
        self,
        witnesses: Sequence[Witness],
        network: Network,
        *,
        entries_of: EntriesOf | None = None,
        quorum: int = QUORUM_DEFAULT,
        catch_up_s: float = CATCH_UP_S,
        with_lists: bool = True,
    ) -> None:
        if quorum < 1:
            raise ValueError("a quorum counts from 1")
        self._witnesses = witnesses
        self._network = network
        self._lists = ListsAuditor(entries_of)
        self._quorum = quorum
        self._catch_up_s = catch_up_s
        self._with_lists = with_lists

    async def audit(
        self,
        scope: AuditScope,
        claims: Claims | None = None,
        *,
        on_progress: Callable[[Progress], None] = lambda _: None,
        on_seen: Callable[[Mapping[str, Seen]], None] = lambda _: None,
    ) -> AuditReport:
        """Audit everything in scope; see `anchoring.auditor.Auditor.audit`.

        Args:
            scope: What to audit.
            claims: What somebody handed over.
            on_progress: Called after each anchor and each list.
            on_seen: Called with what each organisation shows of the streams, by organisation.

        Raises:
            ChainUnavailableError: too few organisations could be audited through
                (`quorum_not_met`, or what all of them have in common), or one reorganised.
            ChainIdentityError: all witnesses are on another chain.
        """
        progress = Progress(on_progress)
        asked = await self._meet(scope, progress)
        ready = await self._agree(asked)
        audited = await self._walk(asked, ready, scope, progress)
        union = self._new_report(audited[0].head)
        union.quorum = self._quorum
        union.organisations = [one.organisation for one in audited]
        # Of all, also of those that were not walked through: a fork is worth knowing of.
        compare_blocks(
            union, {f"{one.organisation} ({one.witness.name})": head for one, head in ready}
        )
        seen = {one.organisation: one.seen for one in audited}
        compare_streams(union, seen)
        on_seen(seen)
        self._note_newer(union, asked)
        lists = await self._check_lists(union, audited, progress)
        for one in audited:
            if claims is not None:
                known = lists[one.organisation]
                reader = one.witness.reader
                auditor = ClaimsAuditor(reader, self._network, one.head, known, one.report)
                await auditor.check(claims)
            await one.auditor.end(one.head)
        unite(union, {one.organisation: one.report for one in audited})
        union.witnesses = [
            AuditWitness(one.organisation, one.witness.name, one.code, one.text) for one in asked
        ]
        return union

    def _new_report(self, head: BlockRef) -> AuditReport:
        return AuditReport(self._network.chain_id, head.number, head.block_hash, head.time)

    async def _meet(self, scope: AuditScope, progress: Progress) -> list[_Asked]:
        asked = [
            _Asked(one, ChainAuditor(one.reader, self._network, progress))
            for one in self._witnesses
        ]
        for one in asked:
            if one.witness.participant == scope.participant:
                one.settle("own_witness", "is the participant's own witness and does not count")
                continue
            try:
                one.newest = await one.auditor.begin()
            except ChainError as error:
                one.settle(error.code, str(error))
        return asked

    async def _agree(self, asked: Sequence[_Asked]) -> list[tuple[_Asked, BlockRef]]:
        """Bring the witnesses to the newest block that enough organisations have.

        It is counted from the newest, so that no witness can hide what the others have by
        claiming an old head.
        """
        newest: dict[str, int] = {}
        for one in asked:
            if one.newest is not None:
                known = newest.get(one.organisation, 0)
                newest[one.organisation] = max(known, one.newest.number)
        self._demand(asked, set(newest))
        number = sorted(newest.values(), reverse=True)[self._quorum - 1]
        ready: list[tuple[_Asked, BlockRef]] = []
        for one in asked:
            if one.code:
                continue
            try:
                head = await self._block(one, number)
            except ChainError as error:
                one.settle(error.code, str(error))
                continue
            if head is None:
                one.settle("witness_stale", f"does not have block {number}")
            else:
                ready.append((one, head))
        self._demand(asked, {one.organisation for one, _ in ready})
        return ready

    async def _block(self, one: _Asked, number: int) -> BlockRef | None:
        """Return the block of that number, waited for a little."""
        for _ in range(int(self._catch_up_s / _POLL_S)):
            if (head := await one.witness.reader.block(number)) is not None:
                return head
            await asyncio.sleep(_POLL_S)
        return await one.witness.reader.block(number)

    async def _walk(
        self,
        asked: Sequence[_Asked],
        ready: Sequence[tuple[_Asked, BlockRef]],
        scope: AuditScope,
        progress: Progress,
    ) -> list[_Audited]:
        """Walk the chain once per organisation, through the first of its witnesses that can."""
        audited: dict[str, _Audited] = {}
        for one, head in ready:
            if one.organisation in audited:
                one.settle("not_needed", "another witness of its organisation was asked")
                continue
            report = self._new_report(head)
            progress.tell(anchors=0, anchors_total=0)
            try:
                seen = await one.auditor.walk(scope, head, report)
            except ChainError as error:
                one.settle(error.code, str(error))
                continue
            one.settle("audited")
            audited[one.organisation] = _Audited(one.witness, one.auditor, head, report, seen)
        self._demand(asked, set(audited))
        return list(audited.values())

    def _demand(self, asked: Sequence[_Asked], organisations: set[str]) -> None:
        """Raise unless enough organisations are left."""
        if len(organisations) >= self._quorum:
            return
        text = f"{len(organisations)} of the {self._quorum} organisations needed can be asked"
        failed = [one for one in asked if one.text and one.code != "not_needed"]
        text += "".join(f"; {one.organisation} ({one.witness.name}): {one.text}" for one in failed)
        codes = {one.code for one in asked} - {"own_witness"}
        if codes == {ChainIdentityError.code}:
            raise ChainIdentityError(text)
        alike = codes in ({ChainUnavailableError.code}, {"witness_stale"})
        raise ChainUnavailableError(text, code=codes.pop() if alike else "quorum_not_met")

    def _note_newer(self, union: AuditReport, asked: Sequence[_Asked]) -> None:
        newest = [one.newest for one in asked if one.newest is not None]
        last = max(newest, key=lambda block: block.number)
        if last.time > union.head_time + NEWER_S:
            union.unchecked.append(
                f"blocks {union.head_number + 1} to {last.number}: fewer than {self._quorum} "
                "organisations show them"
            )

    async def _check_lists(
        self, union: AuditReport, audited: Sequence[_Audited], progress: Progress
    ) -> dict[str, list[AuditedList]]:
        """Check the list of every anchor that anybody shows, once; return them by organisation."""
        shown: dict[tuple[object, ...], tuple[Sighting, list[str]]] = {}
        for one in audited:
            for sighting in one.sightings():
                name = (sighting.log.anchor, sighting.log.registry, sighting.time)
                shown.setdefault(name, (sighting, []))[1].append(one.organisation)
        union.anchors = len(shown)
        progress.tell(lists_total=len(shown))
        lists: dict[str, list[AuditedList]] = {one.organisation: [] for one in audited}
        if not self._with_lists:
            return lists
        for count, (sighting, organisations) in enumerate(shown.values(), 1):
            part = AuditReport(union.chain_id, union.head_number, union.head_hash, union.head_time)
            found = await self._lists.check(part, sighting.log.anchor, sighting.time)
            unite(union, dict.fromkeys(organisations, part))
            union.lists += part.lists
            union.entries += part.entries
            for organisation in organisations:
                lists[organisation].append(found)
            progress.tell(lists=count)
        return lists
