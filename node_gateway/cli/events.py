"""`sealtrail event`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal
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

_EVENT_SIZE_BYTES_MAX = 32 * 1024 * 1024
_LOOKS_LIKE_ENTRY = re.compile("(0x)?[0-9A-Fa-f]{8,}")
"""Whole or not: no eventID, which is a URI, has this form."""


@app.command("correct")
@command
def correct(
    entry: Annotated[str, typer.Argument(help="Entry of the wrong event, 64 hex digits.")],
    event: Annotated[Path, typer.Argument(help="The right event, EPCIS JSON.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Declare an event an error and capture what is right instead. Both stay provable."""
    from node_gateway.epcis.errors import EpcisError
    from node_gateway.epcis.parse import parse_json

    try:
        right = parse_json(event.read_bytes(), size_bytes_max=_EVENT_SIZE_BYTES_MAX)
    except (OSError, EpcisError) as error:
        raise CommandError(
            f"{event} is no event: {error}", attempt=f"sealtrail lint {event}", status=USAGE
        ) from error
    body = {"reason": "incorrect_data", "event": right}
    _correct(entry, body, config, gateway, json=json)


@app.command("void")
@command
def void(
    entry: Annotated[str, typer.Argument(help="Entry of the wrong event, 64 hex digits.")],
    reason: Annotated[
        Literal["did_not_occur", "incorrect_data"],
        typer.Option(help="did_not_occur, or incorrect_data."),
    ] = "did_not_occur",
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Declare an event an error, without saying what is right instead."""
    _correct(entry, {"reason": reason}, config, gateway, json=json)


def _correct(
    entry: str, body: dict[str, Any], config: Path, gateway: str | None, *, json: bool
) -> None:
    client = Client.from_config(config, gateway)
    answer = client.json("POST", f"/v1/events/{whole_entry(entry)}/correction", json=body)
    if json:
        put(answer)
        return
    say(f"The event is {answer['status']}; what was said stays provable, and so does this.")
    table("", ["member", "value"], [[name, str(value)] for name, value in answer.items()])


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
    if not by_entry:  # its error declaration, if there is one, stands behind it
        answer = answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"][-1]
    if json:
        put(answer)
        return
    hashes = answer.pop("eventHash", None) if by_entry else None
    rows = [[name, str(value)] for name, value in answer.items()]
    rows += [[f"eventHash {version}", named] for version, named in (hashes or {}).items()]
    table("", ["member", "value"], rows)


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
