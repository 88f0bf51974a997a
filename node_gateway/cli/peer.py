"""`sealtrail peer`: other participants' gateways, what waits for them, what was said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.evidence import next_step
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import (
    CANNOT_CHECK,
    SUSPICIOUS,
    USAGE,
    CommandError,
    command,
    put,
    say,
    table,
)
from node_gateway.cli.writing import ForceOption, require_free, write_file

app = typer.Typer(no_args_is_help=True)

Peer = Annotated[str, typer.Argument(metavar="SLUG", help="Slug or id of a participant.")]
In = Annotated[bool, typer.Option("--in", help="What it said to us, in place of what we said.")]
_EVIDENCE_SHOWN = 5


@app.command("list")
@command
def list_peers(
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List everybody else in the network: what waits for them, since when, and what is wrong.

    Exit status 14 if somebody is stuck, or has an alarm.
    """
    answer = Client.from_config(config, gateway).get("/v1/peers")
    if json:
        put(answer)
    else:
        columns = ["slug", "status", "state", "waiting", "for", "last error", "alarm"]
        table("", columns, [_line(one) for one in answer["peers"]])
    if any(one["state"] == "stuck" or one["alarm"] for one in answer["peers"]):
        raise typer.Exit(SUSPICIOUS)


@app.command("show")
@command
def show_peer(
    slug: Peer,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show one of them."""
    _show(Client.from_config(config, gateway).get(f"/v1/peers/{_name(slug)}"), json=json)


@app.command("ping")
@command
def ping(
    slug: Peer,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Ask its gateway by a signed request, and say what is wrong. Exit status 13 if anything is."""
    found = Client.from_config(config, gateway).json("POST", f"/v1/peers/{_name(slug)}/ping")
    if json:
        put(found)
        if not found["ok"]:
            raise typer.Exit(CANNOT_CHECK)
        return
    if not found["ok"]:
        text = f"{found['slug']}: {found['words']} ({found['code']}: {found['detail']})"
        raise CommandError(
            text, attempt=found["try"] or f"sealtrail peer show {slug}", status=CANNOT_CHECK
        )
    say(f"{found['slug']} answers, in {found['tookMs']} ms.")


@app.command("retry")
@command
def retry(
    slug: Peer,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Send now what waits for it, and count its alarm as seen."""
    found = Client.from_config(config, gateway).json("POST", f"/v1/peers/{_name(slug)}/retry")
    _show(found, json=json)


@app.command("messages")
@command
def messages(
    slug: Peer,
    incoming: In = False,
    after: Annotated[int, typer.Option("--after", min=0, help="Number to go on from.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 100,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List what we said to it, or with --in what it said to us."""
    way = "in" if incoming else "out"
    path = f"/v1/peers/{_name(slug)}/messages"
    answer = Client.from_config(config, gateway).get(path, way=way, after=after, perPage=limit)
    if json:
        put(answer)
        return
    columns = ["number", "kind", "state", "code", "bytes", "digest"]
    rows = [
        [
            str(one["number"]),
            one["kind"],
            one["state"],
            one["code"] or "",
            str(one["sizeBytes"]),
            one["digest"],
        ]
        for one in answer["messages"]
    ]
    table("", columns, rows)
    if answer["next"] is not None:
        say(f"There are more: --after {answer['next']}")


@app.command("export")
@command
def export(
    slug: Peer,
    number: Annotated[int, typer.Argument(min=1, help="Number of the message.")],
    to: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    incoming: In = False,
    force: ForceOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Write one message with both signatures to a file that a third party verifies."""
    require_free(to, force=force)
    way = "in" if incoming else "out"
    path = f"/v1/peers/{_name(slug)}/messages/{number}"
    raw = Client.from_config(config, gateway).raw(path, way=way)
    write_file(to, raw, force=force)
    say(f"{to}: message {number}, {way}.")


def _name(slug: str) -> str:
    if not slug or not all(one.isalnum() or one in "-_." for one in slug) or not slug.isascii():
        raise CommandError(
            "that is no slug of a participant", attempt="sealtrail peer list", status=USAGE
        )
    return slug


def _line(one: dict[str, Any]) -> list[str]:
    since = "" if one["waitingForS"] is None else _span(one["waitingForS"])
    waiting = str(one["waiting"]) if one["waiting"] else ""
    words = (one["slug"], one["status"], one["state"], waiting, since)
    return [*words, one["lastError"] or "", one["alarm"] or ""]


def _span(seconds: int) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _show(found: dict[str, Any], *, json: bool) -> None:
    if json:
        put(found)
        return
    lines = {
        "participant": f"{found['participant']}  {found['slug']}  {found['name']}",
        "address": found["url"] or "none",
        "status": found["status"],
        "state": found["state"],
        "said": f"{found['said']}, {found['waiting']} of them wait",
        "heard": str(found["heard"]),
        "last error": found["lastError"] or "none",
        "which means": found["words"] or "",
        "alarm": found["alarm"] or "none",
        "kept as evidence": str(len(found["conflicts"])),
    }
    table("", ["", ""], [[name, text] for name, text in lines.items() if text])
    for one in found["conflicts"][:_EVIDENCE_SHOWN]:
        say(next_step(one["evidence"]))
