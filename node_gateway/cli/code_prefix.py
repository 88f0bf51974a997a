"""`sealtrail code-prefix`: who may commission which codes; handing over needs both parties."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.governing import Asked, govern, signing
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import NOT_FOUND, command, put, say, table
from node_gateway.cli.reading import Known, pages

app = typer.Typer(no_args_is_help=True)

GrantArgument = Annotated[
    int, typer.Argument(metavar="GRANT", help="Number of the grant: sealtrail code-prefix list.")
]


@app.command("list")
@command
def list_prefixes(
    participant: Annotated[
        str, typer.Option("--participant", help="Only of this one: id or short name.")
    ] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List the grants of prefixes, ended ones too."""
    answer = _grants(config, gateway)
    found = [
        one
        for one in answer["prefixes"]
        if participant in ("", str(one["participant"]), one["slug"])
    ]
    if json:
        put({**answer, "prefixes": found})
    else:
        _table(found)


@app.command("show")
@command
def show_prefix(
    prefix: Annotated[
        str, typer.Argument(metavar="PREFIX", help="gs1:..., cn:..., a GTIN or a whole code.")
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show who may commission codes under a prefix now. Ends with 11 if nobody may."""
    from anchoring.directory.prefixes import normal_prefix

    asked = normal_prefix(prefix)
    answer = _grants(config, gateway)
    found = [
        one
        for one in answer["prefixes"]
        if asked.startswith(one["prefix"]) or one["prefix"].startswith(asked)
    ]
    owner = next((one for one in found if one["holds"] and asked.startswith(one["prefix"])), None)
    if json:
        put({"prefix": asked, "owner": owner, "prefixes": found, "head": answer["head"]})
    else:
        _table(found)
    if owner is None:
        say(f"Nobody may commission codes under {asked} now.")
        raise typer.Exit(NOT_FOUND)
    say(f"{owner['name']} (participant {owner['participant']}) may commission codes under {asked}.")


def _grants(config: Path, gateway: str | None) -> dict[str, Any]:
    from node_gateway.services.consortium_wire import grant_wire

    def local(known: Known) -> list[dict[str, Any]]:
        directory = known.directory
        return [grant_wire(one, directory, time=known.time) for one in directory.grants.values()]

    return pages(config, gateway, "/v1/consortium/prefixes", "prefixes", local)


def _table(found: list[dict[str, Any]]) -> None:
    rows = [
        [
            str(one["id"]),
            one["prefix"],
            f"{one['name']} ({one['participant']})",
            one["validFrom"] or "-",
            one["validUntil"] or "-",
            "yes" if one["holds"] else "no",
            str(one["offeredTo"] or "-"),
        ]
        for one in found
    ]
    table("", ["grant", "prefix", "participant", "from", "until", "holds", "offered to"], rows)


@app.command("offer")
@signing
def offer(
    asked: Asked,
    grant: GrantArgument,
    to: Annotated[str, typer.Option(help="Id or short name of the participant that gets it.")],
) -> None:
    """Offer a prefix of one's own to another participant; nothing changes until it accepts."""
    from node_gateway.services.governing_actions import participant_of
    from node_gateway.services.governing_wishes import OfferPrefix

    govern(asked, lambda known: OfferPrefix(grant, participant_of(to, known).id))


@app.command("accept")
@signing
def accept(
    asked: Asked,
    grant: GrantArgument,
) -> None:
    """Take over a prefix that is offered to this participant."""
    from node_gateway.services.governing_wishes import AcceptPrefix

    govern(asked, lambda _: AcceptPrefix(grant))


@app.command("refuse")
@signing
def refuse(
    asked: Asked,
    grant: GrantArgument,
) -> None:
    """Make an offer void: one that was made to this participant, or one of its own."""
    from node_gateway.services.governing_wishes import RefusePrefix

    govern(asked, lambda _: RefusePrefix(grant))


@app.command("surrender")
@signing
def surrender(
    asked: Asked,
    grant: GrantArgument,
    until: Annotated[
        str, typer.Option(help="When it ends: 2027-01-01, or Unix seconds; otherwise now.")
    ] = "",
) -> None:
    """Give a prefix of one's own up."""
    from node_gateway.services.governing_actions import moment_of
    from node_gateway.services.governing_wishes import SurrenderPrefix

    ends = moment_of(until)
    govern(asked, lambda _: SurrenderPrefix(grant, ends))
