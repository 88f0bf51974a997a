"""`audit --evidence-files FOLDER`: one file for each breach that a third party can check."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from anchoring.audit_claims import Claims
from anchoring.audit_lists import EntriesOf
from anchoring.audit_report import AuditReport
from anchoring.chain.network import Network
from anchoring.chain.proving import EvmProver
from anchoring.chain.rpc import EvmRpc
from anchoring.cli import witnesses
from anchoring.cli.output import CommandError, say
from anchoring.evidence.check import EvidenceOutcome
from anchoring.evidence.from_audit import evidence_of
from anchoring.evidence.making import with_proofs


def write_files(
    report: AuditReport,
    claims: Claims,
    network: Network,
    arguments: argparse.Namespace,
    entries_of: EntriesOf | None,
) -> None:
    """Write what the findings show, with proofs; say of each whether it holds.

    Raises:
        CommandError: the folder cannot be written.
        ChainUnavailableError: no endpoint answers.
    """
    folder: Path = arguments.evidence_files
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = f"cannot make {folder}: {error.strerror or 'error'}"
        raise CommandError(
            text, attempt="--evidence-files with a folder", code="unwritable_file"
        ) from error
    asyncio.run(_write(report, claims, network, arguments, entries_of))


async def _write(
    report: AuditReport,
    claims: Claims,
    network: Network,
    arguments: argparse.Namespace,
    entries_of: EntriesOf | None,
) -> None:
    async with witnesses.witnesses_of(network, arguments.rpc) as asked:
        found = await evidence_of(
            report, claims, reader=asked[0].reader, network=network, entries_of=entries_of
        )
    rpc = EvmRpc(witnesses.first_url(network, arguments.rpc))
    try:
        for number, bare in enumerate(found, start=1):
            evidence, verdict = await with_proofs(bare, network, EvmProver(rpc))
            if verdict.outcome is EvidenceOutcome.REFUSED:
                say(f"  no evidence file of {bare.kind}: {verdict.text} ({verdict.code})")
                continue
            path = arguments.evidence_files / f"{number:03d}-{bare.kind}.json"
            path.write_bytes(evidence.to_json())
            say(f"  {path}: {verdict.outcome}: {verdict.text} ({verdict.code})")
    finally:
        await rpc.close()
