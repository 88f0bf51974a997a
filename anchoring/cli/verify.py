"""`verify`: is this bundle covered by an anchor that witnesses hold?"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

from anchoring.cli import evidence_options, witnesses
from anchoring.cli.output import (
    MEANING,
    NOT_FOUND,
    PENDING,
    USAGE,
    CommandError,
    give,
    give_json,
    plain,
    read_input,
    say,
)
from anchoring.cli.shown import describe, described
from anchoring.core.verify import CheckedBundle, about_code, check_bundles
from anchoring.errors import FormatError, VerificationError
from anchoring.public_codes import ask_about_code
from anchoring.public_http import PublicGateway
from anchoring.stated import facts_of
from anchoring.verdicts import Verdict, applying, exit_status_of
from anchoring.verification import (
    QUORUM_DEFAULT,
    WORST_FIRST,
    ChainVerdict,
    Outcome,
    verify_against_chain,
)

_TRY = {
    Outcome.REFUSED: "do not rely on this bundle; ask its issuer for a new one",
    Outcome.NOT_AUTHORISED: "do not use the goods, and tell the owner of these codes",
    Outcome.RECALLED: "do not use or sell the goods, and ask their maker what to do with them",
    Outcome.DISAGREEMENT: "more witnesses (--rpc ORG=URL), and tell the organisations concerned",
    Outcome.CANNOT_CHECK: "other witnesses (--rpc ORG=URL), --quorum 1, or again later",
}
_TRY_OF_UNIT = {
    Verdict.SOLD_AGAIN: "keep pack and receipt, and ask its maker which of the sales are true",
    Verdict.EXPIRED: "do not use it; compare the date on the pack",
    Verdict.DESTROYED: "do not use it; tell its maker that it is there",
}


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("verify", help="check a bundle or evidence against the chain")
    help_text = "a file with a bundle, evidence or a message, or - for stdin"
    parser.add_argument("bundle", metavar="FILE", nargs="?", help=help_text)
    witnesses.add_options(parser)
    parser.add_argument(
        "--quorum", type=int, default=QUORUM_DEFAULT, help="organisations that must agree"
    )
    parser.add_argument(
        "--seals-suffice",
        action="store_true",
        help="one witness is enough for the anchor if it proves it under a block that enough of "
        "the network file's validators sealed",
    )
    parser.add_argument(
        "--code",
        help="answer from bundles that disclose this code only, in its canonical form, and say "
        "the verdict on it",
    )
    parser.add_argument(
        "--gateway", metavar="URL", help="in place of BUNDLE: what this gateway publishes of --code"
    )
    evidence_options.add_options(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Verify and return the exit status."""
    if arguments.quorum < 1:
        attempt = "--quorum 2"
        raise CommandError("a quorum counts from 1", attempt=attempt, status=USAGE)
    if (arguments.bundle is None) == (arguments.gateway is None):
        text = "a bundle comes from a file or from a gateway"
        attempt = "verify BUNDLE, or verify --code CODE --gateway URL"
        raise CommandError(text, attempt=attempt, status=USAGE)
    network = witnesses.network_of(arguments)
    raw = _text(arguments)
    if evidence_options.is_evidence(raw):
        from anchoring.cli import evidence

        return evidence.verify(raw, network, arguments)
    evidence_options.refuse_for_bundles(arguments)
    try:
        checked = check_bundles(raw)
    except (FormatError, VerificationError) as error:
        about_unit = () if arguments.code is None else (Verdict.TAMPERED,)
        return _refuse(error, about_unit, as_json=arguments.json)
    about = checked if arguments.code is None else about_code(checked, arguments.code)

    async def ask() -> list[ChainVerdict]:
        async with witnesses.witnesses_of(network, arguments.rpc) as asked:
            return [
                await verify_against_chain(
                    one,
                    network,
                    asked,
                    quorum=arguments.quorum,
                    seals_suffice=arguments.seals_suffice,
                )
                for one in checked
            ]

    judged = list(zip(checked, asyncio.run(ask()), strict=True))
    # One refused bundle refuses all, also one that does not disclose the code that was asked about.
    shown = [pair for pair in judged if pair[0] in about or pair[1].outcome != Outcome.VERIFIED]
    unit = () if arguments.code is None else _verdicts(arguments.code, shown)
    return _report(shown, unit, as_json=arguments.json)


def _verdicts(code: str, judged: list[tuple[CheckedBundle, ChainVerdict]]) -> tuple[Verdict, ...]:
    facts = facts_of(code, judged, today=datetime.now().astimezone().date().isoformat())
    return applying(replace(facts, outcomes=tuple(verdict.outcome for _, verdict in judged)))


def _text(arguments: argparse.Namespace) -> bytes:
    if arguments.gateway is None:
        return read_input(arguments.bundle, size_bytes_max=evidence_options.FILE_SIZE_BYTES_MAX)
    if not arguments.code:
        text = "a gateway is asked about a code"
        raise CommandError(text, attempt="--code CODE --gateway URL", status=USAGE)
    return _published(arguments.code, PublicGateway(arguments.gateway))


def _published(code: str, gateway: PublicGateway) -> bytes:
    answer = ask_about_code(gateway, code)
    if answer.proofs is not None:
        if answer.code != code:
            say(f"  {gateway.name} answers about {answer.code!r}: canonical codes are compared")
        return answer.proofs
    if answer.is_sealing:
        text = "recorded, being sealed"
        raise CommandError(text, attempt="again soon", status=PENDING, code="not_final")
    raise CommandError(
        f"{gateway.name} publishes nothing about this code",
        attempt="--gateway URL of the participant that issued it",
        status=NOT_FOUND,
        code="code_not_found",
    )


def _refuse(
    error: FormatError | VerificationError, unit: tuple[Verdict, ...], *, as_json: bool
) -> int:
    if as_json:
        outcome = {"outcome": "refused", "code": error.code, "text": str(error)}
        give_json({**outcome, **_said(unit), "bundles": []})
    else:
        for one in unit:
            give(f"{one} {one.name}")
        give(f"refused: {plain(str(error))} ({error.code})")
    say(f"Try: {_TRY[Outcome.REFUSED]}")
    return exit_status_of(Outcome.REFUSED)


def _report(
    judged: list[tuple[CheckedBundle, ChainVerdict]], unit: tuple[Verdict, ...], *, as_json: bool
) -> int:
    """Show what was found; `unit` are the verdicts on the code that was asked about, if one was."""
    verdicts = [verdict for _, verdict in judged]
    worst = min(verdicts, key=lambda one: WORST_FIRST.index(one.outcome))
    if as_json:
        bundles = [{**described(one), "chain": verdict.to_json()} for one, verdict in judged]
        outcome = {"outcome": str(worst.outcome), "code": worst.code, "text": worst.text}
        give_json({**outcome, **_said(unit), "bundles": bundles})
    else:
        for one in unit:
            give(f"{one} {one.name}")
        for checked, verdict in judged:
            give(f"{verdict.outcome}: {verdict.text} ({verdict.code})")
            if verdict.is_anchored:
                give(describe(checked))
    _talk(verdicts)
    attempt = _TRY.get(worst.outcome) or next(filter(None, map(_TRY_OF_UNIT.get, unit)), None)
    say(f"Try: {attempt}" if attempt else MEANING)
    return unit[0].exit_status if unit else exit_status_of(*(one.outcome for one in verdicts))


def _said(unit: tuple[Verdict, ...]) -> dict[str, Any]:
    return {"verdicts": [{"code": str(one), "name": one.name} for one in unit]} if unit else {}


def _talk(verdicts: list[ChainVerdict]) -> None:
    for verdict in verdicts:
        for line in verdict.witnesses:
            say(f"  {line.organisation} ({line.name}): {line.state}: {plain(line.text)}")
        if verdict.seals is not None:
            seals = verdict.seals
            say(f"  block sealed by {seals.count} of {seals.validators} known validators")
        for warning in verdict.warnings:
            shown = f"; shown by {', '.join(warning.shown_by)}" if warning.shown_by else ""
            say(f"  warning: {plain(warning.text)} ({warning.code}{plain(shown)})")
        for note in verdict.notes:
            say(f"  note: {plain(note.text)} ({note.code})")
