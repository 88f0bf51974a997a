"""`evidence`: make one file that a third party checks offline, out of what one has in hand."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any, Final

from anchoring.cli import witnesses
from anchoring.cli.output import (
    CANNOT_CHECK,
    MISMATCH,
    USAGE,
    VERIFIED,
    CommandError,
    give,
    give_json,
    plain,
    read_input,
    require_free,
    say,
)

_KINDS: Final = {
    "values": "two bundles of one event that disclose two values at one path",
    "contents": "two bundles of one participant with one eventID and different content",
    "transactions": "two signed anchor transactions, in hex",
    "messages": "two messages with one number",
    "message": "one message",
}


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("evidence", help="make evidence that anybody checks offline")
    parser.add_argument("what", choices=tuple(_KINDS), help="; ".join(_words()))
    parser.add_argument("files", metavar="FILE", nargs="+", help="what was said, one file each")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    witnesses.add_options(parser)
    parser.add_argument(
        "--bare", action="store_true", help="ask no endpoint for proofs of anchors and keys"
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(run=run)


def _words() -> list[str]:
    return [f"{name}: {text}" for name, text in _KINDS.items()]


def run(arguments: argparse.Namespace) -> int:
    """Make the file and return the exit status: that of its verdict."""
    from anchoring.evidence.check import EvidenceOutcome, check_evidence
    from anchoring.evidence.facts import Facts
    from anchoring.evidence.written import evidence_from

    require_free(arguments.output, force=arguments.force)
    network = witnesses.network_of(arguments)
    wanted = 1 if arguments.what == "message" else 2
    if len(arguments.files) != wanted:
        text = f"{arguments.what} takes {wanted} files"
        attempt = f"evidence {arguments.what} FILE{' FILE' * (wanted - 1)} -o evidence.json"
        raise CommandError(text, attempt=attempt, status=USAGE)
    texts = [read_input(name, size_bytes_max=64 * 1024 * 1024) for name in arguments.files]
    evidence = evidence_from(arguments.what, texts)
    if arguments.bare:
        verdict = check_evidence(evidence, Facts(network, evidence.chain))
    else:
        evidence, verdict = asyncio.run(_proven(evidence, network, arguments))
    if verdict.outcome is EvidenceOutcome.REFUSED:
        _show(verdict.to_json(), as_json=arguments.json)
        say("Try: other files; these two contradict nothing, and nothing was written")
        return MISMATCH
    _write(arguments.output, evidence.to_json())
    _show({**verdict.to_json(), "file": str(arguments.output)}, as_json=arguments.json)
    if verdict.outcome is EvidenceOutcome.PROVEN:
        return VERIFIED
    say("Try: --rpc URL of an endpoint that gives eth_getProof, so that the file proves the rest")
    return CANNOT_CHECK


async def _proven(evidence: Any, network: Any, arguments: argparse.Namespace) -> Any:
    from anchoring.chain.proving import EvmProver
    from anchoring.chain.rpc import EvmRpc
    from anchoring.evidence.making import with_proofs

    rpc = EvmRpc(witnesses.first_url(network, arguments.rpc))
    try:
        return await with_proofs(evidence, network, EvmProver(rpc))
    finally:
        await rpc.close()


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        text = f"cannot write {path}: {error.strerror or 'error'}"
        attempt = "-o with a file that can be written"
        raise CommandError(text, attempt=attempt, code="unwritable_file") from error


def _show(shown: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        give_json(shown)
        return
    give(f"{shown['outcome']}: {plain(shown['text'])} ({shown['code']})")
    if "file" in shown:
        give(f"  written to {shown['file']}")
