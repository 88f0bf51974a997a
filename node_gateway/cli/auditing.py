"""`sealtrail audit`: the library's audit, with challenges under our key and a report for people."""

from __future__ import annotations

import argparse
import asyncio
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from node_gateway.cli.output import USAGE, CommandError, command, say
from node_gateway.cli.proofs import own_network
from node_gateway.cli.writing import require_free

if TYPE_CHECKING:
    from anchoring.network_audit.auditor import NetworkAudit

_ONE: Final = ("--participant", "--stream")
_HELP: Final = frozenset({"-h", "--help"})
_SAMPLE_FIND: Final = Decimal("0.04")
_SAMPLE_CONFIDENCE: Final = Decimal("0.95")


@command
def audit(context: typer.Context, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Audit every participant of the network, or one of them, from the chain and public lists.

    Takes the options of `python -m anchoring audit`; add --help to see them. Without --participant
    or --stream it is about all participants, and --challenge, --detect and --html are there too.
    Without --network it is the network file of this gateway's settings.
    """
    given = list(context.args)
    named = {one.partition("=")[0] for one in given}
    if "--network" not in named and not _HELP & set(given):
        given += ["--network", str(own_network(config))]
    if not named & {*_ONE, "--all"}:
        given.append("--all")
    raise typer.Exit(_run(given, config))


def _run(given: list[str], config: Path) -> int:
    from anchoring.cli import main
    from anchoring.cli.audit import CommandAddition

    def run(arguments: argparse.Namespace) -> int:
        from anchoring.cli import network_audit

        require_free(arguments.html, force=arguments.force)
        return network_audit.run(
            arguments,
            leaves=_leaves(arguments),
            announced_block=arguments.announced,
            asking=_asking(config, arguments.ask) if _leaves(arguments) else None,
            on_done=lambda audit: _html(audit, arguments.html),
        )

    return main(["audit", *given], audit=CommandAddition(_add_options, run))


def _add_options(group: Any) -> None:
    group.add_argument(
        "--challenge", type=int, metavar="N", help="ask for N leaves of each stream to be opened"
    )
    group.add_argument("--detect", metavar="SHARE", help="as many as find this share: 4%%")
    group.add_argument("--confidence", metavar="SHARE", help="how surely: 95%%")
    group.add_argument(
        "--announced", type=int, metavar="BLOCK", help="the block after this one is the seed"
    )
    group.add_argument("--ask", metavar="URL", help="the gateway that asks in our name")
    group.add_argument("--html", type=Path, metavar="FILE", help="write a report for people")


def _leaves(arguments: argparse.Namespace) -> int:
    from anchoring.challenges import DRAWN_MAX, leaves_needed

    count, share = arguments.challenge, arguments.detect
    if count is not None and not 1 <= count <= DRAWN_MAX:
        text = f"1 to {DRAWN_MAX} leaves of each stream can be asked for"
        raise CommandError(text, attempt="--challenge 20", status=USAGE)
    if share is None and arguments.confidence is None:
        return count or 0
    if count is not None:
        text = "--challenge says how many, --detect works it out"
        raise CommandError(text, attempt="--detect 4% --confidence 95%", status=USAGE)
    try:
        return leaves_needed(
            _share(share, _SAMPLE_FIND), _share(arguments.confidence, _SAMPLE_CONFIDENCE)
        )
    except ValueError as error:
        attempt = "--detect 4% --confidence 95%"
        raise CommandError(str(error), attempt=attempt, status=USAGE) from error


def _share(text: str | None, otherwise: Decimal) -> Decimal:
    if text is None:
        return otherwise
    try:
        number = Decimal(text.removesuffix("%"))
    except InvalidOperation as error:
        raise ValueError(f"{text} is no share") from error
    return number / 100 if text.endswith("%") else number


def _asking(config: Path, gateway: str | None) -> ThroughGateway:
    return ThroughGateway(Client.from_config(config, gateway))


class ThroughGateway:
    """Puts challenges through our own gateway, which signs them; implements `Asking`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def ask(self, participant: int, challenge: bytes) -> bytes:
        """Return the answer's text."""
        from anchoring.network_audit.challenging import UnansweredError

        del participant  # whose the leaves are shows whom to ask
        try:
            return await asyncio.to_thread(self._post, challenge)
        except CommandError as error:
            code = str(error.problem.get("code", UnansweredError.code))
            raise UnansweredError(str(error), code) from error

    def _post(self, challenge: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        return self._client.request(
            "POST", "/v1/challenges", content=challenge, headers=headers
        ).content


def _html(audit: NetworkAudit, file: Path | None) -> None:
    if file is None:
        return
    from node_gateway.audit_page import page

    file.write_text(page(audit.report), encoding="utf-8")  # that it is free was looked at
    say(f"{file} is written.")
