"""The work of `audit --all`: every participant, one report, one evidence zip."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from anchoring.cli import witnesses
from anchoring.cli.evidence_folder import require_empty, write_network_files
from anchoring.cli.output import (
    CANNOT_CHECK,
    SUSPICIOUS,
    USAGE,
    VERIFIED,
    CommandError,
    give,
    give_json,
    outcome_of,
    require_free,
    say,
)
from anchoring.network_audit.auditor import NetworkAudit, NetworkAuditor
from anchoring.network_audit.challenging import Asking
from anchoring.network_audit.evidence import write_evidence
from anchoring.network_audit.material import Material, read_folder
from anchoring.network_audit.model import NetworkFinding, NetworkReport
from anchoring.network_audit.options import PARTS, AuditOptions
from anchoring.network_audit.schedule import Limits

_NUMBER_MAX: Final = 2**53 - 1
_REDRAW: Final = "\r\x1b[K"


def run(
    arguments: argparse.Namespace,
    *,
    asking: Asking | None = None,
    leaves: int = 0,
    announced_block: int | None = None,
    on_done: Callable[[NetworkAudit], None] = lambda _: None,
) -> int:
    """Audit the network and return the exit status.

    Args:
        arguments: Of `audit --all`.
        asking: Puts challenges to gateways.
        leaves: How many leaves of each stream are asked for.
        announced_block: The seed is the block after this one; None: the newest block.
        on_done: Called with the finished audit, before the status is returned.
    """
    for file in (arguments.report, arguments.evidence):
        require_free(file, force=arguments.force)
    require_empty(arguments)
    network = witnesses.network_of(arguments)
    options = options_of(arguments, leaves=leaves, announced_block=announced_block)
    material = _material(arguments.handed)

    async def ask() -> NetworkAudit:
        async with witnesses.endpoints_of(network, arguments.rpc) as endpoints:
            auditor = NetworkAuditor(network, endpoints, options, asking=asking)
            return await auditor.audit(material, on_progress=_progress)

    try:
        audit = asyncio.run(ask())
    finally:
        if sys.stderr.isatty():
            sys.stderr.write(_REDRAW)
    _write(audit, arguments)
    if arguments.evidence_files is not None:
        write_network_files(audit, arguments)
    on_done(audit)
    return _show(audit.report, as_json=arguments.json)


def options_of(
    arguments: argparse.Namespace, *, leaves: int, announced_block: int | None
) -> AuditOptions:
    """Return what the command line wants.

    Raises:
        CommandError: an option is malformed.
    """
    if arguments.quorum < 1:
        raise CommandError("a quorum counts from 1", attempt="--quorum 2", status=USAGE)
    for name in ("gateway", "cadence", "receipt", "opening", "bundle", "transaction"):
        if getattr(arguments, name):
            attempt = "--at ID=URL, --slot STREAM=SECONDS, --handed FOLDER"
            text = f"--{name} is for one participant"
            raise CommandError(text, attempt=attempt, status=USAGE)
    usual = Limits()
    limits = Limits(
        grace_s=usual.grace_s if arguments.grace is None else arguments.grace,
        silent_s=usual.silent_s if arguments.silent is None else arguments.silent,
    )
    slots = _pairs(arguments.slot, "--slot 65536=3600")
    return AuditOptions(
        parts=(arguments.only,) if arguments.only else PARTS,
        participants=frozenset(arguments.who),
        quorum=arguments.quorum,
        limits=limits,
        cadence_s={stream: _number(text, "--slot 65536=3600") for stream, text in slots},
        leaves=leaves,
        announced_block=announced_block,
        addresses=dict(_pairs(arguments.at, "--at 3=https://gateway.example")),
        with_evidence=arguments.evidence is not None,
    )


def _pairs(texts: Sequence[str], attempt: str) -> list[tuple[int, str]]:
    found = []
    for text in texts:
        name, _, value = text.partition("=")
        if not value:
            raise CommandError(f"{text} names nothing", attempt=attempt, status=USAGE)
        found.append((_number(name, attempt), value))
    return found


def _number(text: str, attempt: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _NUMBER_MAX:
        raise CommandError(f"{text} is no number", attempt=attempt, status=USAGE)
    return int(text)


def _material(folder: Path | None) -> Material:
    if folder is None:
        return Material()
    try:
        return read_folder(folder)
    except OSError as error:
        text = f"cannot read {folder}: {error.strerror or 'error'}"
        attempt = "--handed FOLDER"
        raise CommandError(text, attempt=attempt, status=USAGE, code="unreadable_file") from error


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"{_REDRAW}participants {done}/{total}")
        sys.stderr.flush()


def _write(audit: NetworkAudit, arguments: argparse.Namespace) -> None:
    try:
        if arguments.report is not None:
            text = json.dumps(audit.report.to_json(), ensure_ascii=False, indent=1)
            arguments.report.write_text(text + "\n", encoding="utf-8")
        if arguments.evidence is not None:
            digest = write_evidence(
                arguments.evidence, audit, with_openings=arguments.with_openings
            )
            say(f"{arguments.evidence}: SHA-256 {digest.hex()}")
    except OSError as error:
        text = f"cannot write {error.filename}: {error.strerror or 'error'}"
        raise CommandError(text, attempt="another file", code="unwritable_file") from error


def _show(report: NetworkReport, *, as_json: bool) -> int:
    status = status_of(report)
    anchors = sum(line.anchors for one in report.participants for line in one.streams)
    lists = sum(one.lists for one in report.participants)
    text = (
        f"{len(report.participants)} participants, {anchors} anchors up to block "
        f"{report.head.number}, {lists} lists; {len(report.findings)} findings"
    )
    if as_json:
        give_json({**outcome_of(status, code=_code(report, status), text=text), **report.to_json()})
    else:
        give(text)
        for finding in report.findings:
            give(line_of(finding, report))
    for one in report.unchecked:
        say(f"  not checked: {_of(one.participant, report)}{one.text}")
    for witness in report.witnesses:
        words = f": {witness.text}" if witness.text else ""
        say(f"  {witness.organisation} ({witness.name}): {witness.code}{words}")
    if status == SUSPICIOUS:
        say("Try: --evidence FILE, and hand it to whoever must decide; they need not believe you")
    elif status == CANNOT_CHECK:
        say("Try: again later, or --at ID=URL for a gateway at another address")
    return status


def line_of(finding: NetworkFinding, report: NetworkReport) -> str:
    """Return a finding as one line."""
    place = f"{finding.stream}/{finding.sequence}: " if finding.stream is not None else ""
    who = _of(finding.participant, report)
    return f"{finding.severity} {finding.code}: {who}{place}{finding.text}"


def status_of(report: NetworkReport) -> int:
    """Return the exit status: 14 with findings, 13 if something was not checked, else 0."""
    if report.findings:
        return SUSPICIOUS
    return CANNOT_CHECK if report.unchecked else VERIFIED


def _code(report: NetworkReport, status: int) -> str:
    if report.findings:
        return str(report.findings[0].code)
    return "not_complete" if status == CANNOT_CHECK else "verified"


def _of(participant: int | None, report: NetworkReport) -> str:
    slugs = {one.id: one.slug for one in report.participants}
    return f"{slugs.get(participant, participant)}: " if participant is not None else ""
