"""Evidence out of what an audit found: each breach that one file can show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from anchoring.audit_chain import AuditScope, ChainAuditor, Progress, Sighting
from anchoring.audit_claims import Claims
from anchoring.audit_lists import EntriesOf
from anchoring.audit_report import AuditReport, FindingCode
from anchoring.chain.network import Network
from anchoring.core.anchor import AnchoredAt
from anchoring.core.receipt import Receipt, parse_receipt
from anchoring.core.verify import CheckedBundle
from anchoring.evidence.broken_receipt import CLOCK_S
from anchoring.evidence.model import (
    BrokenReceipt,
    Content,
    Evidence,
    EvidenceKind,
    Placed,
    PublicList,
    TwoContents,
    TwoTransactions,
    TwoValues,
)
from anchoring.network_audit.model import NetworkCode
from anchoring.ports import AnchorReader

_PROMISES: Final = (FindingCode.BROKEN_RECEIPT, FindingCode.LATE_ANCHOR, NetworkCode.LATE_RECEIPT)


class Found(Protocol):
    """A finding of an audit, of one participant or of the network."""

    @property
    def code(self) -> str:
        """What is wrong."""
        ...

    @property
    def evidence(self) -> Mapping[str, Any]:
        """What shows it."""
        ...


async def evidence_of(
    findings: Sequence[Found],
    claims: Claims,
    *,
    reader: AnchorReader,
    network: Network,
    entries_of: EntriesOf | None,
) -> list[Evidence]:
    """Return bare evidence for every finding that has a kind of its own.

    A file still needs proofs (`making.with_proofs`), and its own check says whether it holds: an
    audit may find what no file can show, such as a list that is withheld.

    Args:
        findings: Of a finished audit.
        claims: What was handed to it.
        reader: A witness; what it shows is proven in the file or checked anew.
        network: The viewer's own.
        entries_of: Fetches public lists; without it none is in the file.

    Raises:
        ChainUnavailableError: the witness does not answer.
    """
    made = []
    for finding in findings:
        if finding.code in _PROMISES and "receipt" in finding.evidence:
            made.append(await _promise(finding, reader, network, entries_of))
        elif finding.code == FindingCode.EQUIVOCATION:
            made += _statements(finding, claims.bundles)
    return made


def _statements(finding: Found, bundles: Sequence[CheckedBundle]) -> list[Evidence]:
    told = finding.evidence
    raws = [bytes.fromhex(one) for one in told.get("transactions", ())]
    if len(raws) == 2:
        shown = TwoTransactions((raws[0], raws[1]))
        return [Evidence(EvidenceKind.TWO_TRANSACTIONS, shown)]
    if "entry" in told and "path" in told:
        first, second = (_disclosing(bundles, text) for text in told["disclosures"])
        if first is not None and second is not None:
            return [Evidence(EvidenceKind.TWO_VALUES, TwoValues((first.bundle, second.bundle)))]
    if "eventID" in told:
        by_entry = {one.entry.hex(): one for one in bundles}
        both = [by_entry[entry] for entry in told["entries"] if entry in by_entry]
        if len(both) == 2:
            contents = (Content(both[0].bundle), Content(both[1].bundle))
            return [Evidence(EvidenceKind.TWO_CONTENTS, TwoContents(contents))]
    return []


def _disclosing(bundles: Sequence[CheckedBundle], text: str) -> CheckedBundle | None:
    return next((one for one in bundles if text in one.bundle.fields.disclosures), None)


async def _promise(
    finding: Found, reader: AnchorReader, network: Network, entries_of: EntriesOf | None
) -> Evidence:
    told = finding.evidence
    receipt = parse_receipt(json.dumps(told["receipt"]).encode())
    deadline = int(told["deadline"])
    seen = await _sightings(receipt, reader, network)
    old = [one for one in seen if one.time <= receipt.received_at - CLOCK_S]
    counting = [one for one in seen[len(old) :] if one.time <= deadline]
    after = next((one for one in seen if one.time > deadline), None)
    lists = []
    for one in counting:
        anchor = one.log.anchor
        entries = await entries_of(anchor.stream, anchor.sequence) if entries_of else None
        lists.append(PublicList(anchor, tuple(entries) if entries is not None else None))
    shown = BrokenReceipt(
        receipt,
        bytes.fromhex(told["entries"][0]),
        tuple(lists),
        before=_placed(old[-1]) if old else None,
        after=_placed(after) if after is not None else None,
        last=_placed(counting[-1]) if counting and after is None else None,
    )
    return Evidence(EvidenceKind.BROKEN_RECEIPT, shown)


async def _sightings(
    receipt: Receipt, reader: AnchorReader, network: Network
) -> Sequence[Sighting]:
    auditor = ChainAuditor(reader, network, Progress())
    head = await auditor.begin()
    scratch = AuditReport(network.chain_id, head.number, head.block_hash, head.time)
    scope = AuditScope(participant=receipt.participant, stream=receipt.stream)
    seen = await auditor.walk(scope, head, scratch)
    found = seen.get(receipt.stream)
    return found.sightings if found is not None else ()


def _placed(one: Sighting) -> Placed:
    return Placed(one.log.anchor, AnchoredAt(one.log.block_number, one.time))
