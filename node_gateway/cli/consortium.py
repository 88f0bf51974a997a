"""`sealtrail consortium`: who takes part, what is proposed, and voting."""

from __future__ import annotations

from typing import Annotated

import typer

from node_gateway.cli import joining, proposing
from node_gateway.cli.governing import Asked, DryRunOption, KeystoreOption, YesOption, govern
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from node_gateway.cli.output import command

app = typer.Typer(no_args_is_help=True)
app.command("invite")(joining.invite)
app.command("joined")(joining.joined)
app.add_typer(proposing.app, name="propose", help="Propose an action, which also approves it.")

ProposalArgument = Annotated[
    int,
    typer.Argument(metavar="N", help="Number of the proposal: sealtrail consortium proposals."),
]


@app.command("approve")
@command
def approve(
    proposal: ProposalArgument,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Approve a proposal. It is read first; what is signed names exactly what was read."""
    from node_gateway.services.governing_wishes import Approve

    govern(Asked(config, yes, dry_run, json, keystore), lambda _: Approve(proposal))


@app.command("withdraw")
@command
def withdraw(
    proposal: ProposalArgument,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Take one's approval back; without any approval the proposal is over."""
    from node_gateway.services.governing_wishes import Withdraw

    govern(Asked(config, yes, dry_run, json, keystore), lambda _: Withdraw(proposal))


@app.command("execute")
@command
def execute(
    proposal: ProposalArgument,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Carry out what was decided. Any participant may, with any key."""
    from node_gateway.services.governing_wishes import Execute

    govern(Asked(config, yes, dry_run, json, keystore), lambda _: Execute(proposal))


@app.command("veto")
@command
def veto(
    proposal: ProposalArgument,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Forbid the replacement of this participant's own admin key (--keystore: the recovery key)."""
    from node_gateway.services.governing_wishes import Veto

    govern(Asked(config, yes, dry_run, json, keystore), lambda _: Veto(proposal))


@app.command("url")
@command
def set_url(
    url: Annotated[str, typer.Argument(help="http:// or https:// and a host; empty for none.")],
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Change where others find this participant's gateway. Needs no vote."""
    from node_gateway.services.governing_actions import check_url
    from node_gateway.services.governing_wishes import SetUrl

    check_url(url)
    govern(Asked(config, yes, dry_run, json, keystore), lambda _: SetUrl(url))
