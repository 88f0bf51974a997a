"""The work of `audit`; apart from its options, because its imports take a second."""

from __future__ import annotations

import argparse
import asyncio

from anchoring.artifacts import load
from anchoring.audit_claims import Claims
from anchoring.audit_report import AuditReport, FindingCode
from anchoring.auditor import Auditor, AuditScope
from anchoring.chain.abi import ContractAbi
from anchoring.chain.network import Network
from anchoring.chain.transactions import SignedAnchors, decode_signed
from anchoring.cli import witnesses
from anchoring.cli.output import (
    CANNOT_CHECK,
    MISMATCH,
    PENDING,
    SUSPICIOUS,
    USAGE,
    VERIFIED,
    CommandError,
    give,
    give_json,
    read_input,
    say,
)
from anchoring.core.anchor import STREAM_BITS
from anchoring.core.opening import OPENING_SIZE_BYTES_MAX, parse_opening
from anchoring.core.receipt import RECEIPT_SIZE_BYTES_MAX, parse_receipt
from anchoring.core.strict_json import BUNDLE_SIZE_BYTES_MAX
from anchoring.core.verify import check_bundles
from anchoring.errors import ChainError, ChainUnavailableError
from anchoring.public_lists import PublicLists
from anchoring.verification import Witness

_TRANSACTION_SIZE_BYTES_MAX = 1024 * 1024
# These may have an innocent cause; all others are contradictions.
_SUSPICIOUS = frozenset(
    {
        FindingCode.LATE_ANCHOR,
        FindingCode.WITHHELD_LIST,
        FindingCode.KEY_UNKNOWN,
        FindingCode.KEY_INVALID,
    }
)


def run(arguments: argparse.Namespace) -> int:
    """Audit and return the exit status."""
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
    lists = PublicLists(arguments.gateway) if arguments.gateway else None

    async def ask() -> tuple[Witness, AuditReport]:
        async with witnesses.witnesses_of(network, arguments.rpc) as asked:
            return await _first_answer(asked, network, scope, claims, lists)

    witness, report = asyncio.run(ask())
    return _show(witness, report, as_json=arguments.json)


async def _first_answer(
    asked: list[Witness],
    network: Network,
    scope: AuditScope,
    claims: Claims,
    lists: PublicLists | None,
) -> tuple[Witness, AuditReport]:
    """Audit through the first witness that answers and is not the participant's own."""
    failure: ChainError = ChainUnavailableError("no witness is independent of the participant")
    for witness in asked:
        if witness.participant == scope.participant:
            say(f"  {witness.organisation} ({witness.name}): its own witness, left out")
            continue
        entries_of = lists.fetch if lists is not None else None
        auditor = Auditor(witness.reader, network, entries_of=entries_of)
        try:
            return witness, await auditor.audit(scope, claims)
        except ChainError as error:
            say(f"  {witness.organisation} ({witness.name}): {error}")
            failure = error
    raise failure


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
        raise CommandError(f"{name} is no hex", attempt=attempt) from error
    return raw, decode_signed(raw, ContractAbi(load("AnchorRegistry").abi))


def _show(witness: Witness, report: AuditReport, *, as_json: bool) -> int:
    if as_json:
        give_json({**report.to_json(), "witness": witness.organisation})
    else:
        give(
            f"{report.anchors} anchors in {len(report.streams)} streams up to block "
            f"{report.head_number}; {report.lists} lists with {report.entries} entries; "
            f"{report.receipts} receipts; {len(report.findings)} findings"
        )
        for finding in report.findings:
            where = f"{finding.stream}/{finding.sequence}: " if finding.stream is not None else ""
            give(f"{finding.code}: {where}{finding.text}")
    for text in report.unchecked:
        say(f"  not checked: {text}")
    status = _status(report)
    say(f"as {witness.organisation} ({witness.name}) shows the chain")
    if status == CANNOT_CHECK:
        say("Try: --gateway URL, so that the public entry lists can be checked")
    elif status == PENDING:
        say("Try: again when the promised times of all receipts have passed")
    elif status != VERIFIED:
        say("Try: --json for the evidence, and another witness (--rpc ORG=URL) for a second look")
    return status


def _status(report: AuditReport) -> int:
    if report.findings:
        mild = all(finding.code in _SUSPICIOUS for finding in report.findings)
        return SUSPICIOUS if mild else MISMATCH
    if report.unchecked:
        return CANNOT_CHECK
    return PENDING if report.not_due else VERIFIED
