"""The work of `audit`; apart from its options, because its imports take a second."""

from __future__ import annotations

import argparse
import asyncio
import sys

from anchoring.artifacts import load
from anchoring.audit_chain import AuditScope
from anchoring.audit_claims import Claims
from anchoring.audit_quorum import QuorumAuditor
from anchoring.audit_report import AuditReport, Finding, FindingCode
from anchoring.chain.abi import ContractAbi
from anchoring.chain.transactions import SignedAnchors, decode_signed
from anchoring.cli import witnesses
from anchoring.cli.evidence_folder import require_empty, write_files
from anchoring.cli.output import (
    CANNOT_CHECK,
    MISMATCH,
    NOT_FOUND,
    PENDING,
    SUSPICIOUS,
    USAGE,
    VERIFIED,
    CommandError,
    give,
    give_json,
    outcome_of,
    read_input,
    say,
)
from anchoring.cli.progress import ProgressLine
from anchoring.core.anchor import STREAM_BITS
from anchoring.core.opening import OPENING_SIZE_BYTES_MAX, parse_opening
from anchoring.core.receipt import RECEIPT_SIZE_BYTES_MAX, parse_receipt
from anchoring.core.strict_json import BUNDLE_SIZE_BYTES_MAX
from anchoring.core.verify import check_bundles
from anchoring.public_http import PublicGateway
from anchoring.public_lists import PublicLists

_TRANSACTION_SIZE_BYTES_MAX = 1024 * 1024
# These may have an innocent cause; all others are contradictions.
_SUSPICIOUS = frozenset(
    {
        FindingCode.LATE_ANCHOR,
        FindingCode.WITHHELD_LIST,
        FindingCode.KEY_UNKNOWN,
        FindingCode.KEY_INVALID,
        FindingCode.WITNESS_DISAGREEMENT,
    }
)


def run(arguments: argparse.Namespace) -> int:
    """Audit and return the exit status."""
    if arguments.quorum < 1:
        attempt = "--quorum 2"
        raise CommandError("a quorum counts from 1", attempt=attempt, status=USAGE)
    require_empty(arguments)
    network = witnesses.network_of(arguments)
    stream = arguments.stream
    participant = arguments.participant if stream is None else stream >> STREAM_BITS
    if participant < 1 or (stream is not None and stream < 1 << STREAM_BITS):
        text = "participants count from 1; a stream is participant * 65536 + local number"
        raise CommandError(text, attempt="--participant 1", status=USAGE)
    if arguments.cadence is not None and stream is None:
        attempt = "--stream N --cadence SECONDS"
        raise CommandError("each stream has its own cadence", attempt=attempt, status=USAGE)
    cadence_s = {stream: arguments.cadence} if arguments.cadence else {}
    scope = AuditScope(participant=participant, stream=stream, cadence_s=cadence_s)
    claims = _claims(arguments)
    lists = PublicLists(PublicGateway(arguments.gateway)) if arguments.gateway else None
    progress = ProgressLine(sys.stderr)

    async def ask() -> AuditReport:
        async with witnesses.witnesses_of(network, arguments.rpc) as asked:
            auditor = QuorumAuditor(
                asked,
                network,
                entries_of=lists.fetch if lists is not None else None,
                quorum=arguments.quorum,
            )
            return await auditor.audit(scope, claims, on_progress=progress.show)

    try:
        report = asyncio.run(ask())
    finally:
        progress.clear()
    if arguments.evidence_files is not None:
        fetch = lists.fetch if lists is not None else None
        write_files(report, claims, network, arguments, fetch)
    return _show(report, as_json=arguments.json)


def _claims(arguments: argparse.Namespace) -> Claims:
    receipts = [
        parse_receipt(read_input(name, size_bytes_max=RECEIPT_SIZE_BYTES_MAX))
        for name in arguments.receipt
    ]
    openings = [
        parse_opening(read_input(name, size_bytes_max=OPENING_SIZE_BYTES_MAX))
        for name in arguments.opening
    ]
    bundles = [
        bundle
        for name in arguments.bundle
        for bundle in check_bundles(read_input(name, size_bytes_max=BUNDLE_SIZE_BYTES_MAX))
    ]
    transactions = [_transaction(name) for name in arguments.transaction]
    return Claims(receipts, openings, bundles, transactions)


def _transaction(name: str) -> tuple[bytes, SignedAnchors]:
    text = read_input(name, size_bytes_max=_TRANSACTION_SIZE_BYTES_MAX)
    try:
        raw = bytes.fromhex(text.decode("ascii").strip().removeprefix("0x"))
    except ValueError as error:
        attempt = "a file that holds the signed transaction in hex"
        complaint = f"{name} is no hex"
        raise CommandError(
            complaint, attempt=attempt, status=USAGE, code="unreadable_file"
        ) from error
    return raw, decode_signed(raw, ContractAbi(load("AnchorRegistry").abi))


def _show(report: AuditReport, *, as_json: bool) -> int:
    status = _status(report)
    text = (
        f"{report.anchors} anchors in {len(report.streams)} streams up to block "
        f"{report.head_number}; {report.lists} lists with {report.entries} entries; "
        f"{report.receipts} receipts; {len(report.findings)} findings"
    )
    if as_json:
        # The outcome's code is that of the first finding that counts most, or names the status.
        give_json({**outcome_of(status, code=_code(report, status), text=text), **report.to_json()})
    else:
        give(text)
        for finding in report.findings:
            where = f"{finding.stream}/{finding.sequence}: " if finding.stream is not None else ""
            by = f" (seen by {', '.join(finding.seen_by)})" if finding.seen_by else ""
            give(f"{finding.code}: {where}{finding.text}{by}")
    for line in report.unchecked:
        say(f"  not checked: {line}")
    for one in report.witnesses:
        say(f"  {one.organisation} ({one.name}): {one.code}{f': {one.text}' if one.text else ''}")
    if status == CANNOT_CHECK:
        say("Try: --gateway URL, so that the public entry lists can be checked")
    elif status == NOT_FOUND:
        say("Try: another --participant or --stream; nothing was ever anchored there")
    elif status == PENDING:
        say("Try: again when the promised times of all receipts have passed")
    elif status != VERIFIED:
        say("Try: --json for the evidence, and more witnesses (--rpc ORG=URL) for a second look")
    return status


def _status(report: AuditReport) -> int:
    if report.findings:
        mild = all(_is_mild(finding, report.quorum) for finding in report.findings)
        return SUSPICIOUS if mild else MISMATCH
    if report.unchecked:
        return CANNOT_CHECK
    if not report.anchors:  # a mistyped number must not look like a clean audit
        return NOT_FOUND
    return PENDING if report.not_due else VERIFIED


def _is_mild(finding: Finding, quorum: int) -> bool:
    """Tell what may have an innocent cause: also what too few organisations show."""
    is_alone = bool(finding.seen_by) and len(finding.seen_by) < quorum
    return finding.code in _SUSPICIOUS or is_alone


def _code(report: AuditReport, status: int) -> str:
    weighty = [one for one in report.findings if not _is_mild(one, report.quorum)]
    for finding in weighty or report.findings:
        return str(finding.code)
    words = {CANNOT_CHECK: "not_complete", PENDING: "not_due", NOT_FOUND: "no_anchors"}
    return words.get(status, "verified")
