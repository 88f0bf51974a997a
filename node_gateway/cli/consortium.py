"""`sealtrail consortium`: who takes part, what is proposed, and voting."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from node_gateway.cli import joining, proposing
from node_gateway.cli.governing import (
    Asked,
    govern,
    signing,
)
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import command, put, table
from node_gateway.cli.reading import Known, ask, pages

app = typer.Typer(no_args_is_help=True)
app.command("invite")(joining.invite)
app.command("joined")(joining.joined)
app.add_typer(proposing.app, name="propose", help="Propose an action, which also approves it.")

_GOING_ON = ("open", "waiting", "ready")
_PATH = "/v1/consortium"

ProposalArgument = Annotated[
    int,
    typer.Argument(metavar="N", help="Number of the proposal: sealtrail consortium proposals."),
]


@app.command("list")
@command
def list_participants(
    config: ConfigOption = DEFAULT_CONFIG, gateway: GatewayOption = None, json: JsonOption = False
) -> None:
    """List the participants, removed ones too."""
    from node_gateway.services.consortium_wire import participant_wire

    answer = pages(
        config,
        gateway,
        f"{_PATH}/participants",
        "participants",
        lambda known: [participant_wire(one) for one in known.directory.participants.values()],
    )
    if json:
        put(answer)
        return
    rows = [
        [
            str(one["id"]),
            one["slug"],
            one["name"],
            one["status"],
            " ".join(one["roles"]),
            one["url"] or "-",
        ]
        for one in answer["participants"]
    ]
    table("", ["id", "short name", "name", "status", "roles", "gateway"], rows)


@app.command("show")
@command
def show_participant(
    who: Annotated[str, typer.Argument(metavar="PARTICIPANT", help="Id or short name.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show a participant with its history, keys and prefixes."""
    from urllib.parse import quote

    from node_gateway.services.consortium_wire import whole_participant_wire
    from node_gateway.services.governing_actions import participant_of

    one = ask(
        config,
        gateway,
        f"{_PATH}/participants/{quote(who, safe='')}",
        lambda known: whole_participant_wire(
            participant_of(who, known.directory), known.directory, time=known.time
        ),
    )
    if json:
        put(one)
        return
    rows = [[name, str(one[name] or "-")] for name in ("id", "slug", "name", "url", "status")]
    rows += [["roles", " ".join(one["roles"])], ["key epoch", str(one["keyEpoch"])]]
    rows += [["", f"{step['since']}  {step['status']}"] for step in one["statuses"]]
    for name, steps in (("admin key", "adminKeys"), ("recovery key", "recoveryKeys")):
        rows += [[name, f"{step['address']}  from {step['since']}"] for step in one[steps]]
    rows += [[f"key to {key['purpose']}", _key_line(key)] for key in one["keys"]]
    rows += [["prefix", f"{grant['prefix']}  {_period(grant)}"] for grant in one["prefixes"]]
    table("", ["", ""], rows)


@app.command("proposals")
@command
def list_proposals(
    everything: Annotated[
        bool, typer.Option("--all", help="Those that are over, too: executed, lapsed, ...")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List what is proposed and not decided yet."""
    from node_gateway.services.consortium_wire import proposal_wire

    answer = pages(
        config,
        gateway,
        f"{_PATH}/proposals",
        "proposals",
        lambda known: [
            proposal_wire(one, known.directory, known.network, time=known.time)
            for one in known.directory.proposals.values()
        ],
    )
    found = [one for one in answer["proposals"] if everything or one["state"] in _GOING_ON]
    if json:
        put({**answer, "proposals": found})
        return
    rows = [
        [
            str(one["id"]),
            one["state"],
            _approvals(one),
            one["executableFrom"] or "-",
            one["words"][1],
        ]
        for one in found
    ]
    table("", ["number", "state", "approvals", "from", "what"], rows)


@app.command("proposal")
@command
def show_proposal(
    proposal: ProposalArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show a proposal in words, and where it stands."""
    from node_gateway.errors import NotFoundError
    from node_gateway.services.consortium_wire import proposal_wire

    def local(known: Known) -> dict[str, Any]:
        found = known.directory.proposals.get(proposal)
        if found is None:
            text = f"there is no proposal {proposal}"
            hint = "sealtrail consortium proposals"
            raise NotFoundError(text, code="proposal_not_found", hint=hint)
        return proposal_wire(found, known.directory, known.network, time=known.time)

    one = ask(config, gateway, f"{_PATH}/proposals/{proposal}", local)
    if json:
        put(one)
        return
    for sentence in one["words"]:
        typer.echo(sentence)
    typer.echo(f"State: {one['state']}; {_approvals(one)} approvals.")


def _approvals(one: dict[str, Any]) -> str:
    return f"{one['approvals']['given']} of {one['approvals']['needed']}"


def _key_line(key: dict[str, Any]) -> str:
    ended = "" if key["valid"] else ", not valid now"
    if key["compromisedSince"]:
        ended += f", stolen since {key['compromisedSince']}"
    return f"{key['address']}  {_period(key)}{ended}"


def _period(thing: dict[str, Any]) -> str:
    begin = f"from {thing['validFrom']}" if thing["validFrom"] else "since ever"
    return f"{begin} to {thing['validUntil']}" if thing["validUntil"] else f"{begin}, no end"


@app.command("approve")
@signing
def approve(
    asked: Asked,
    proposal: ProposalArgument,
) -> None:
    """Approve a proposal. It is read first; what is signed names exactly what was read."""
    from node_gateway.services.governing_wishes import Approve

    govern(asked, lambda _: Approve(proposal))


@app.command("withdraw")
@signing
def withdraw(
    asked: Asked,
    proposal: ProposalArgument,
) -> None:
    """Take one's approval back; without any approval the proposal is over."""
    from node_gateway.services.governing_wishes import Withdraw

    govern(asked, lambda _: Withdraw(proposal))


@app.command("execute")
@signing
def execute(
    asked: Asked,
    proposal: ProposalArgument,
) -> None:
    """Carry out what was decided. Any participant may, with any key."""
    from node_gateway.services.governing_wishes import Execute

    govern(asked, lambda _: Execute(proposal))


@app.command("veto")
@signing
def veto(
    asked: Asked,
    proposal: ProposalArgument,
) -> None:
    """Forbid the replacement of this participant's own admin key (--keystore: the recovery key)."""
    from node_gateway.services.governing_wishes import Veto

    govern(asked, lambda _: Veto(proposal))


@app.command("url")
@signing
def set_url(
    asked: Asked,
    url: Annotated[str, typer.Argument(help="http:// or https:// and a host; empty for none.")],
) -> None:
    """Change where others find this participant's gateway. Needs no vote."""
    from node_gateway.services.governing_actions import check_url
    from node_gateway.services.governing_wishes import SetUrl

    check_url(url)
    govern(asked, lambda _: SetUrl(url))
