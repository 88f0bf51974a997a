"""`sealtrail lint`: what a file would do, before it does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.master_data import read_file
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import FAILURE, command, put, say, table

MappingOption = Annotated[
    Path | None, typer.Option("--mapping", help="Mapping file of a CSV file (TOML or JSON).")
]
MAPPING_SIZE_BYTES_MAX: Final = 256 * 1024
_FILE_SIZE_BYTES_MAX: Final = 1024 * 1024 * 1024
_SHOWN_MAX: Final = 50


@command
def lint(
    file: Annotated[str, typer.Argument(help="EPCIS JSON or XML, platform file, CSV; - is stdin.")],
    mapping: MappingOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Say what a file would do: events, codes, mistakes, conflicts. Nothing of it is stored."""
    client = Client.from_config(config, gateway)
    params = {} if mapping is None else {"mapping": kept_mapping(client, mapping)}
    answer = client.json(
        "POST", "/v1/lint", content=read_file(file, _FILE_SIZE_BYTES_MAX), params=params
    )
    if json:
        put(answer)
    else:
        _show(answer)
    for one in answer["problems"][:_SHOWN_MAX]:
        hint = f"  [{one['hint']}]" if one.get("hint") else ""
        say(f"  {one['pointer'] or '(file)'}  {one['code']}: {one['detail']}{hint}")
    more = answer["problemCount"] - min(len(answer["problems"]), _SHOWN_MAX)
    if more > 0:
        say(f"  and {more} more")
    if not answer["good"]:
        say("Try: correct these, then lint it again")
        raise typer.Exit(FAILURE)


def kept_mapping(client: Client, file: Path) -> str:
    """Hand a mapping to the gateway; return the name under which it keeps it."""
    raw = read_file(str(file), MAPPING_SIZE_BYTES_MAX)
    headers = {"Content-Type": "application/octet-stream"}
    answer = client.json("POST", "/v1/csv-mappings", content=raw, headers=headers)
    return str(answer["mapping"])


def _show(answer: dict[str, Any]) -> None:
    rows = [
        [one["type"], one["action"], one["bizStep"], str(one["events"]), str(one["codes"])]
        for one in answer["byType"]
    ]
    table(answer["kind"], ["type", "action", "step", "events", "codes"], rows)
    counts = ("new", "duplicates", "conflicts", "refused")
    typer.echo(", ".join(f"{answer[name]} {name}" for name in counts))
    rules: dict[tuple[str, str, str], int] = {}
    for one in answer["findings"]:
        key = (one["severity"], one["rule"], one["detail"])
        rules[key] = rules.get(key, 0) + 1
    for (severity, rule, detail), count in sorted(rules.items()):
        typer.echo(f"{severity}: {rule} x{count}: {detail}")
