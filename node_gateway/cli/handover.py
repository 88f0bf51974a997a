"""`sealtrail handover`: what partners see of shipments, and what they show us."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.operating import Codes, CodesFile, Document, DocumentType, To, codes_given
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import USAGE, CommandError, command, put, say, table

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Number of the handover, or its digest.")]
_NAME = re.compile("[0-9]{1,15}|[0-9a-f]{64}")
_CODES_SHOWN = 20


@app.command("list")
@command
def list_handovers(
    direction: Annotated[
        str | None, typer.Option("--direction", help="in (partners' to us) or out (ours).")
    ] = None,
    partner: Annotated[
        int | None, typer.Option("--partner", min=1, help="Only with this participant.")
    ] = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Number to go on from.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 100,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List handovers in both directions."""
    if direction not in (None, "in", "out"):
        raise CommandError("--direction is in or out", attempt="--direction in", status=USAGE)
    params = {"after": after, "perPage": limit, "direction": direction, "partner": partner}
    given = {name: value for name, value in params.items() if value is not None}
    answer = Client.from_config(config, gateway).get("/v1/handovers", **given)
    if json:
        put(answer)
        return
    rows = [
        [str(one["number"]), one["direction"], _partner(one["partner"]), one["state"],
         str(one["codeCount"]), one["saidAt"] or "-", one["problem"] or ""]
        for one in answer["handovers"]
    ]  # fmt: skip
    table("", ["number", "way", "partner", "state", "codes", "said", "problem"], rows)
    if answer["next"] is not None:
        say(f"There are more: --after {answer['next']}")


@app.command("show")
@command
def show_handover(
    name: Name,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show one handover, and the first of its codes."""
    client = Client.from_config(config, gateway)
    found = client.get(f"/v1/handovers/{_named(name)}")
    codes = client.get(f"/v1/handovers/{name}/codes", perPage=_CODES_SHOWN)
    if json:
        put({**found, "codes": codes["codes"], "nextCode": codes["next"]})
        return
    _put_handover(found)
    rows = [
        [one["code"], one["parent"] or "-", one["lot"] or "-", one["expiry"] or "-"]
        for one in codes["codes"]
    ]
    table("", ["code", "packed in", "lot", "expiry"], rows)
    if codes["next"] is not None:
        say(f"{found['codeCount'] - _CODES_SHOWN} more codes.")


@app.command("unaddressed")
@command
def list_unaddressed(
    after: Annotated[str, typer.Option("--after", help="Party to go on from.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 100,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List parties that shipments wait for, because nobody knows which participant they are."""
    client = Client.from_config(config, gateway)
    answer = client.get("/v1/handovers/unaddressed", after=after, perPage=limit)
    if json:
        put(answer)
        return
    rows = [[one["party"], str(one["count"]), one["shipments"][0]] for one in answer["parties"]]
    table("", ["party", "shipments", "the first"], rows)
    if rows:
        say("They go out once the party belongs to a participant: by a prefix on the chain, or by")
        say("sealtrail party add PARTY --set participant=N. At once: sealtrail handover send EVENT")
    if answer["next"] is not None:
        say(f"There are more: --after {answer['next']}")


@app.command("resend")
@command
def resend(
    name: Name,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Confirm a handover that is held back, try a failed one again, or say one anew."""
    answer = Client.from_config(config, gateway).json(
        "POST", f"/v1/handovers/{_named(name)}/resend"
    )
    _answered(answer, json=json)


@app.command("send")
@command
def send(
    event: Annotated[str, typer.Argument(help="Entry of a stored shipping event.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Hand over a stored shipment of which nothing was told, one of before for example."""
    client = Client.from_config(config, gateway)
    _answered(client.json("POST", "/v1/handovers", json={"event": event}), json=json)


@app.command("preview")
@command
def preview(
    codes: Codes = None,
    codes_file: CodesFile = None,
    to: To = None,
    document: Document = None,
    document_type: DocumentType = None,
    event: Annotated[
        str | None, typer.Option("--event", help="A stored shipment instead: its event's entry.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show exactly what the receiver would see of a shipment. Nothing is stored or said."""
    body: dict[str, Any] = {"event": event}
    if event is None:
        given = codes_given(codes, codes_file)
        body = {"codes": given, "to": to, "document": document, "documentType": document_type}
    wanted = {name: value for name, value in body.items() if value}
    client = Client.from_config(config, gateway)
    answer = client.json("POST", "/v1/handovers/preview", json=wanted)
    if json:
        put(answer)
        return
    say(f"{_partner(answer['to'])} would see {answer['codeCount']} codes and this:")
    for one in answer["events"]:
        rows = [[path, str(value)] for path, value in one["shown"].items()]
        opened = "all codes" if one["opened"] else f"{one['codeCount']} of its codes"
        table(f"{one['act']} (participant {one['participant']}, {opened})", ["path", "value"], rows)
    hidden = answer["eventCount"] - len(answer["events"])
    if hidden > 0:
        say(f"... and {hidden} more events of these kinds.")
    if answer["withoutCommissioning"]:
        say(f"Of {answer['withoutCommissioning']} codes nothing tells how they began.")


def _named(text: str) -> str:
    """Return what names a handover.

    Raises:
        CommandError: it names none.
    """
    if _NAME.fullmatch(text):
        return text
    raise CommandError(
        "a handover is named by its number, or by its digest of 64 lower-case hex digits",
        attempt="sealtrail handover list",
        status=USAGE,
    )


def _answered(answer: dict[str, Any], *, json: bool) -> None:
    if json:
        put(answer)
        return
    say(f"Handover {answer['number']} to {_partner(answer['partner'])}: {answer['state']}")


def _put_handover(one: dict[str, Any]) -> None:
    proofs = one["proofs"]
    rows = [
        ["partner", _partner(one["partner"])],
        ["way", one["direction"]],
        ["state", one["state"]],
        ["shipment", one["shipment"]],
        ["digest", one["digest"] or "-"],
        ["codes", str(one["codeCount"])],
        ["events", str(one["eventCount"])],
        ["sealed", f"{proofs['sealed']} ({proofs['sealing']} being sealed)"],
        ["said", one["saidAt"] or "-"],
        ["acknowledged", one["acknowledgedAt"] or "-"],
        ["withdrawn", one["withdrawnAt"] or "-"],
    ]
    if proofs["refused"]:
        rows.append(["contradicted by the chain", str(proofs["refused"])])
    if one["problem"]:
        rows.append(["problem", one["problem"]])
    table(f"handover {one['number']}", ["", ""], rows)


def _partner(one: dict[str, Any]) -> str:
    return f"{one['name'] or 'participant'} ({one['participant']})"
