"""`sealtrail trace` and `sealtrail event`."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import quote

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import (
    USAGE,
    CommandError,
    command,
    confirmed,
    put,
    say,
    table,
    whole_entry,
)

app = typer.Typer(no_args_is_help=True)

_LOOKS_LIKE_ENTRY = re.compile("(0x)?[0-9A-Fa-f]{8,}")
"""Whole or not: no eventID, which is a URI, has this form."""


@command
def trace(
    code: Annotated[str, typer.Argument(help="A code in any spelling: URN, Digital Link, ...")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show every event of this gateway that names a code."""
    answer = Client.from_config(config, gateway).get(f"/v1/codes/{quote(code, safe='')}")
    if json:
        put(answer)
        return
    rows = [
        [
            str(one.get("eventTime", "erased")),
            str(one.get("bizStep", "-")),
            str(one.get("action", "-")),
            str(one.get("bizLocation") or one.get("readPoint") or "-"),
            "sealed" if one["state"] == "final" else "being sealed",
            one["entry"][:16],
        ]
        for one in answer["events"]
    ]
    columns = ["time stated", "step", "action", "place", "state", "entry"]
    table(answer["code"], columns, rows)


@app.command("show")
@command
def show(
    entry: Annotated[str, typer.Argument(help="Event entry (64 hex digits) or eventID.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show one event: by its entry state and parts, by its eventID the event itself."""
    client = Client.from_config(config, gateway)
    by_entry = _LOOKS_LIKE_ENTRY.fullmatch(entry)
    path = (
        f"/v1/events/{whole_entry(entry)}" if by_entry else f"/epcis/events/{quote(entry, safe='')}"
    )
    answer = client.get(path)
    if json:
        put(answer)
        return
    table("", ["member", "value"], [[name, str(value)] for name, value in answer.items()])


@app.command("erase")
@command
def erase(
    entry: Annotated[str, typer.Argument(help="Event entry, 64 hex digits.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase an event for ever: its secret first, then its content. Its entry's parts stay.

    The gateway must be running. Nobody can disclose the event afterwards.
    """
    whole_entry(entry)
    if not yes and not confirmed("This cannot be undone. Erase the event?"):
        raise CommandError("nothing was erased", attempt="add --yes", status=USAGE)
    answer = Client.from_config(config, gateway).json("DELETE", f"/v1/events/{entry}")
    put(answer)
    if not answer["logCleared"]:
        say("Old bytes may stay in the database's log until its next checkpoint or vacuum.")
