"""The auditor: everything about a stream, re-derived from the chain and public entry lists.

It needs nobody's permission and believes no gateway. The lists come through an injected
callable; receipts, openings, bundles and signed transactions are what somebody handed over.
One witness is believed here; `anchoring.audit_quorum` asks those of several organisations.
"""

from __future__ import annotations

from collections.abc import Callable

from anchoring.audit_chain import AuditScope, ChainAuditor, Progress
from anchoring.audit_claims import Claims, ClaimsAuditor
from anchoring.audit_lists import EntriesOf, ListsAuditor
from anchoring.audit_report import AuditReport
from anchoring.chain.network import Network
from anchoring.ports import AnchorReader

__all__ = ["AuditScope", "Auditor", "EntriesOf", "Progress"]


class Auditor:
    """Audits streams of one network through one witness.

    Args:
        reader: The witness.
        network: The viewer's own network file.
        entries_of: Fetches public entry lists; without it lists are reported as unchecked.
    """

    def __init__(
        self, reader: AnchorReader, network: Network, *, entries_of: EntriesOf | None = None
    ) -> None:
        self._reader = reader
        self._network = network
        self._lists = ListsAuditor(entries_of)

    async def audit(
        self,
        scope: AuditScope,
        claims: Claims | None = None,
        *,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> AuditReport:
        """Read the chain up to its head and check everything in scope.

        Args:
            scope: What to audit.
            claims: What somebody handed over.
            on_progress: Called after each anchor and each list.

        Raises:
            ChainUnavailableError: the witness fails, or reorganised during the audit.
            ChainIdentityError: the witness is on another chain.
        """
        progress = Progress(on_progress)
        chain = ChainAuditor(self._reader, self._network, progress)
        head = await chain.begin()
        report = AuditReport(self._network.chain_id, head.number, head.block_hash, head.time)
        seen = await chain.walk(scope, head, report)
        sightings = [one for sight in seen.values() for one in sight.sightings]
        progress.tell(lists_total=len(sightings))
        lists = []
        for one in sightings:
            lists.append(await self._lists.check(report, one.log.anchor, one.time))
            progress.tell(lists=len(lists))
        if claims is not None:
            auditor = ClaimsAuditor(self._reader, self._network, head, lists, report)
            await auditor.check(claims)
        await chain.end(head)
        return report
