"""`audit --evidence-files FOLDER`: one file for each breach that a third party can check."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from anchoring.audit_claims import Claims
from anchoring.audit_lists import EntriesOf
from anchoring.audit_report import AuditReport
from anchoring.chain.network import Network
from anchoring.chain.proving import EvmProver
from anchoring.chain.rpc import EvmRpc
from anchoring.cli import witnesses
from anchoring.cli.output import USAGE, CommandError, say
from anchoring.evidence.check import EvidenceOutcome
from anchoring.evidence.from_audit import Found, evidence_of
from anchoring.evidence.making import with_proofs
from anchoring.evidence.model import Evidence
from anchoring.network_audit.auditor import NetworkAudit
from anchoring.ports import AnchorReader


@dataclass(frozen=True, slots=True)
class Breaches:
    """What was found at one participant, what was handed over about it, and its lists."""

    findings: Sequence[Found]
    claims: Claims
    entries_of: EntriesOf | None


@dataclass(frozen=True, slots=True)
class _Given:
    """Lists that an audit has read already."""

    lists: Mapping[tuple[int, int], Sequence[bytes]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    async def entries_of(self, stream: int, sequence: int) -> list[bytes] | None:
        found = self.lists.get((stream, sequence))
        return None if found is None else list(found)


def require_empty(arguments: argparse.Namespace) -> None:
    """Refuse a folder that holds something, before any work is done; make it if it is not there.

    Raises:
        CommandError: `file_exists`, or it cannot be written.
    """
    folder: Path | None = arguments.evidence_files
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        occupied = any(folder.iterdir())
    except OSError as error:
        text = f"cannot make {folder}: {error.strerror or 'error'}"
        raise CommandError(
            text, attempt="--evidence-files with a folder", code="unwritable_file"
        ) from error
    if occupied and not arguments.force:
        attempt = "another folder, or --force to replace files in it"
        text = f"{folder} holds files already"
        raise CommandError(text, attempt=attempt, status=USAGE, code="file_exists")


def write_files(
    report: AuditReport,
    claims: Claims,
    network: Network,
    arguments: argparse.Namespace,
    entries_of: EntriesOf | None,
) -> None:
    """Write what the findings about one participant show, with proofs; say of each if it holds.

    Raises:
        CommandError: the folder cannot be written.
        ChainUnavailableError: no endpoint answers.
    """
    found = [Breaches(report.findings, claims, entries_of)]
    asyncio.run(_write(found, network, arguments))


def write_network_files(audit: NetworkAudit, arguments: argparse.Namespace) -> None:
    """Write what the findings of `audit --all` show; as `write_files`."""
    found = []
    for one in audit.audited:
        claims = audit.material.claims.get(one.line.id, Claims())
        found.append(Breaches(one.findings, claims, _Given(one.lists).entries_of))
    asyncio.run(_write(found, audit.network, arguments))


async def _write(
    breaches: Sequence[Breaches], network: Network, arguments: argparse.Namespace
) -> None:
    async with witnesses.witnesses_of(network, arguments.rpc) as asked:
        found = [bare for one in breaches for bare in await _bare(one, asked[0].reader, network)]
    if not found:
        say("  no finding makes an evidence file")
        return
    rpc = EvmRpc(witnesses.first_url(network, arguments.rpc))
    try:
        for number, bare in enumerate(found, start=1):
            await _one(number, bare, network, EvmProver(rpc), arguments.evidence_files)
    finally:
        await rpc.close()


async def _bare(one: Breaches, reader: AnchorReader, network: Network) -> list[Evidence]:
    return await evidence_of(
        one.findings, one.claims, reader=reader, network=network, entries_of=one.entries_of
    )


async def _one(
    number: int, bare: Evidence, network: Network, prover: EvmProver, folder: Path
) -> None:
    evidence, verdict = await with_proofs(bare, network, prover)
    if verdict.outcome is EvidenceOutcome.REFUSED:
        say(f"  no evidence file of {bare.kind}: {verdict.text} ({verdict.code})")
        return
    path = folder / f"{number:03d}-{bare.kind}.json"
    path.write_bytes(evidence.to_json())
    say(f"  {path}: {verdict.outcome}: {verdict.text} ({verdict.code})")
