"""`sealtrail delegation`: who may act in our name; `sealtrail act-for`: acting in another's."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.grants import (
    After,
    Limit,
    Lots,
    Places,
    Products,
    Purpose,
    Slug,
    Start,
    Until,
    day,
    goods,
    moment,
)
from node_gateway.cli.operating import (
    Codes,
    CodesFile,
    Document,
    Key,
    Place,
    Reason,
    Time,
    To,
    codes_given,
)
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import command, put, say, table

app = typer.Typer(no_args_is_help=True)
Receivers = Annotated[
    list[str] | None,
    typer.Option(
        "--receiver", help="Short name or id of who may get goods; may be repeated. Else anybody."
    ),
]


@app.command("add")
@command
def add(
    slug: Slug,
    operations: Annotated[
        str, typer.Option("--operations", help="Separated by commas: ship,receive,pack.")
    ],
    purpose: Purpose,
    until: Until,
    start: Start = None,
    products: Products = None,
    lots: Lots = None,
    places: Places = None,
    receivers: Receivers = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Let a logistics provider do operations in our name: what, on which goods, where, to whom."""
    named = [one.strip() for one in operations.split(",") if one.strip()]
    body: dict[str, Any] = {
        "participant": slug,
        "purpose": purpose,
        "until": moment(until),
        "operations": named,
        **goods(None, lots, products),
        "places": places or [],
        **({"receivers": receivers} if receivers else {}),
        **({"from": moment(start)} if start is not None else {}),
    }
    given = Client.from_config(config, gateway).json("POST", "/v1/delegations", json=body)
    if json:
        put(given)
        return
    say(f"participant {given['participant']} may act until {day(given['validUntil'])}")
    typer.echo(given["id"])


@app.command("list")
@command
def list_delegations(
    after: After = 0,
    limit: Limit = 100,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List the delegations that we gave, ended ones too."""
    client = Client.from_config(config, gateway)
    answer = client.get("/v1/delegations", after=after, perPage=limit)
    if json:
        put(answer)
        return
    rows = [
        [
            one["id"],
            one["slug"] or str(one["participant"]),
            one["state"],
            ", ".join(one["terms"]["operations"]),
            day(one["validUntil"]),
            one["purpose"],
        ]
        for one in answer["delegations"]
    ]
    table("", ["delegation", "to", "state", "operations", "until", "purpose"], rows)
    if answer["next"] is not None:
        say(f"There are more: --after {answer['next']}")


@app.command("revoke")
@command
def revoke(
    delegation: Annotated[str, typer.Argument(help="Id of the delegation.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """End a delegation: the next request under it is refused."""
    client = Client.from_config(config, gateway)
    done = client.json("POST", f"/v1/delegations/{delegation}/revoke")
    if json:
        put(done)
        return
    say(f"{delegation} is {done['state']}")


@app.command("proof")
@command
def proof(
    slug: Slug,
    key: Annotated[str, typer.Argument(help="The provider's name for its request.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Show a provider's signed request and our signed answer, as JSON."""
    put(Client.from_config(config, gateway).get(f"/v1/delegated/{slug}/{key}"))


@command
def act_for(
    slug: Slug,
    operation: Annotated[str, typer.Argument(help="What is done: ship, receive, pack, ...")],
    codes: Codes = None,
    codes_file: CodesFile = None,
    parent: Annotated[
        str | None, typer.Option("--parent", help="The unit that is packed or unpacked.")
    ] = None,
    document: Document = None,
    to: To = None,
    place: Place = None,
    time: Time = None,
    reason: Reason = None,
    key: Key = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Do an operation in the name of a participant that delegated it to us.

    Parties and places are GLNs or identifiers. Without --key the request gets a name of its own.
    """
    body = {
        "codes": codes_given(codes, codes_file),
        "parent": parent,
        "document": document,
        "to": to,
        "place": place,
        "eventTime": time,
        "reason": reason,
    }
    wanted = {name: value for name, value in body.items() if value not in (None, [])}
    name = key or str(uuid.uuid4())
    done = Client.from_config(config, gateway).json(
        "POST",
        f"/v1/acting/{slug}/{operation}",
        json=wanted,
        headers={"Idempotency-Key": name},
    )
    if json:
        put(done)
        return
    say(f"{'done before' if done['repeated'] else 'done'}, as request {done['key']}")
    typer.echo(done["entry"])
