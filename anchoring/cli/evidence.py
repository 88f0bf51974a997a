"""The work of `verify` on evidence and messages; apart, because its imports take a second."""

from __future__ import annotations

import argparse
import asyncio
from typing import Final

from anchoring.chain.messages import read_message
from anchoring.chain.network import Network
from anchoring.cli import evidence_options, witnesses
from anchoring.cli.output import (
    CANNOT_CHECK,
    MISMATCH,
    VERIFIED,
    give,
    give_json,
    plain,
    say,
)
from anchoring.core.strict_json import parse_plain
from anchoring.errors import FormatError, VerificationError
from anchoring.evidence.asking import check_with_witnesses
from anchoring.evidence.check import EvidenceOutcome, EvidenceVerdict, check_evidence
from anchoring.evidence.facts import Facts, Trusted
from anchoring.evidence.model import Evidence, EvidenceKind, Said
from anchoring.evidence.parse import parse_evidence

EVIDENCE_MEANING: Final = (
    "Proven means: these participants signed or anchored what stands above, by keys that the "
    "Consortium recorded as theirs at the time named. It does not say why, nor what a key's owner "
    "reported later."
)
_STATUS: Final = {
    EvidenceOutcome.PROVEN: VERIFIED,
    EvidenceOutcome.REFUSED: MISMATCH,
    EvidenceOutcome.CANNOT_CHECK: CANNOT_CHECK,
}
_TRY: Final = {
    EvidenceOutcome.REFUSED: "do not rely on this file; nobody is shown to have done anything",
    EvidenceOutcome.CANNOT_CHECK: "--rpc ORG=URL of witnesses, or --key ID=0xADDRESS that you know",
}


def verify(raw: bytes, network: Network, arguments: argparse.Namespace) -> int:
    """Judge a file, offline if that will do, and return the exit status."""
    keys, blocks = evidence_options.keys_of(arguments), evidence_options.blocks_of(arguments)
    try:
        evidence = _read(raw)
        facts = Facts(network, evidence.chain, Trusted(keys, blocks))
    except (FormatError, VerificationError) as error:
        return _malformed(error, as_json=arguments.json)
    verdict = check_evidence(evidence, facts)
    if verdict.outcome is EvidenceOutcome.CANNOT_CHECK and _may_ask(network, arguments):
        verdict = asyncio.run(_ask(evidence, facts, arguments))
    return _report(verdict, as_json=arguments.json)


def _read(raw: bytes) -> Evidence:
    document = parse_plain(raw, size_bytes_max=evidence_options.FILE_SIZE_BYTES_MAX)
    if document.get("format") == evidence_options.MESSAGE_FORMAT:
        return Evidence(EvidenceKind.SAID, Said(read_message(raw)))
    return parse_evidence(raw)


def _may_ask(network: Network, arguments: argparse.Namespace) -> bool:
    return not arguments.offline and bool(arguments.rpc or network.witnesses)


async def _ask(evidence: Evidence, facts: Facts, arguments: argparse.Namespace) -> EvidenceVerdict:
    async with witnesses.witnesses_of(facts.network, arguments.rpc) as asked:
        return await check_with_witnesses(evidence, facts, asked, quorum=arguments.quorum)


def _malformed(error: FormatError | VerificationError, *, as_json: bool) -> int:
    if as_json:
        give_json({"outcome": "refused", "code": error.code, "text": str(error)})
    else:
        give(f"refused: {plain(str(error))} ({error.code})")
    say(f"Try: {_TRY[EvidenceOutcome.REFUSED]}")
    return MISMATCH


def _report(verdict: EvidenceVerdict, *, as_json: bool) -> int:
    if as_json:
        give_json(verdict.to_json())
    else:
        give(f"{verdict.outcome}: {plain(verdict.text)} ({verdict.code})")
        for line in verdict.said:
            give(f"  {plain(line)}")
    for line in verdict.basis:
        say(f"  because {plain(line)}")
    for one in verdict.missing:
        say(f"  not checked: {plain(one.text)} ({one.code})")
    if verdict.outcome is EvidenceOutcome.PROVEN:
        say(EVIDENCE_MEANING)
    else:
        say(f"Try: {_TRY[verdict.outcome]}")
    return _STATUS[verdict.outcome]
