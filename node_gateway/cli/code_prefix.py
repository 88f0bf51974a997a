"""`sealtrail code-prefix`: who may commission which codes; handing over needs both parties."""

from __future__ import annotations

from typing import Annotated

import typer

from node_gateway.cli.governing import Asked, DryRunOption, YesOption, govern
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from node_gateway.cli.output import command

app = typer.Typer(no_args_is_help=True)

GrantArgument = Annotated[
    int, typer.Argument(metavar="GRANT", help="Number of the grant: sealtrail code-prefix list.")
]


@app.command("offer")
@command
def offer(
    grant: GrantArgument,
    to: Annotated[str, typer.Option(help="Id or short name of the participant that gets it.")],
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Offer a prefix of one's own to another participant; nothing changes until it accepts."""
    from node_gateway.services.governing_actions import participant_of
    from node_gateway.services.governing_wishes import OfferPrefix

    asked = Asked(config, yes, dry_run, json)
    govern(asked, lambda known: OfferPrefix(grant, participant_of(to, known).id))


@app.command("accept")
@command
def accept(
    grant: GrantArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Take over a prefix that is offered to this participant."""
    from node_gateway.services.governing_wishes import AcceptPrefix

    govern(Asked(config, yes, dry_run, json), lambda _: AcceptPrefix(grant))


@app.command("refuse")
@command
def refuse(
    grant: GrantArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Make an offer void: one that was made to this participant, or one of its own."""
    from node_gateway.services.governing_wishes import RefusePrefix

    govern(Asked(config, yes, dry_run, json), lambda _: RefusePrefix(grant))


@app.command("surrender")
@command
def surrender(
    grant: GrantArgument,
    until: Annotated[
        str, typer.Option(help="When it ends: 2027-01-01, or Unix seconds; otherwise now.")
    ] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Give a prefix of one's own up."""
    from node_gateway.services.governing_actions import moment_of
    from node_gateway.services.governing_wishes import SurrenderPrefix

    ends = moment_of(until)
    govern(Asked(config, yes, dry_run, json), lambda _: SurrenderPrefix(grant, ends))
