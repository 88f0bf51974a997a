"""`sealtrail recall reach|tasks|acknowledge`: a recall from hand to hand."""

from __future__ import annotations

import csv
import io
import json as jsons
from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import USAGE, CommandError, command, put, say, table
from node_gateway.cli.writing import ForceOption, require_free, write_file

NoticeArgument = Annotated[
    int, typer.Argument(metavar="N", help="Number of the notice: sealtrail recall list.")
]
_COLUMNS = ("participant", "name", "state", "handed", "units", "secured", "gone", "open")
_TIMES = ("askedAt", "reportedAt", "acknowledgedAt")


def add_to(app: typer.Typer) -> None:
    """Add the commands to `sealtrail recall`."""
    app.command("reach")(reach)
    app.command("tasks")(tasks)
    app.command("acknowledge")(acknowledge)


@command
def reach(
    notice: NoticeArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write a report: .json or .csv.")
    ] = None,
    force: ForceOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Say how far a recall has come, and which of our direct partners has not answered."""
    require_free(output, force=force)
    found = Client.from_config(config, gateway).get(f"/v1/recalls/{notice}/reach")
    if output is not None:
        _write(output, found, force=force)
        say(f"{output} is written")
    if json:
        put(found)
        return
    kind = "drill" if found["drill"] else f"recall, level {found['level']}"
    say(f"{kind} {notice} of {found['product']} {' '.join(found['lots'])}")
    say(
        f"{found['units']} packs: {found['secured']} secured, {found['gone']} gone, "
        f"{found['open']} open ({found['outside']} left the network)"
    )
    say(f"{found['closedPercent']} % accounted for, {found['reachedPercent']} % answered about")
    rows = [[str(one[name]) for name in _COLUMNS[1:]] for one in found["partners"]]
    table("", list(_COLUMNS[1:]), rows)
    if found["unreached"]:
        say(f"No answer from: {', '.join(found['unreached'])}. Next: sealtrail peer list")
    if "score" in found:
        score = found["score"]
        parts = f"goods {score['goods']}/60, people {score['people']}/25, speed {score['speed']}/15"
        say(f"score {score['total']}/100: {parts}")


@command
def tasks(
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List what partners ask us about recalled goods, and what we answered."""
    found = Client.from_config(config, gateway).get("/v1/recalls/tasks")["tasks"]
    if json:
        put(found)
        return
    names = ("notice", "name", "asked", "secured", "gone", "open", "acknowledgedAt")
    table("", list(names), [[str(one[name] or "-") for name in names] for one in found])


@command
def acknowledge(
    notice: NoticeArgument,
    note: Annotated[str, typer.Option(help="What was done; stays here.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Take note of a recall, as a person; whoever handed us the goods is told when."""
    client = Client.from_config(config, gateway)
    found = client.json("POST", f"/v1/recalls/{notice}/acknowledge", json={"note": note})
    say(f"Noted at {found['acknowledgedAt']}. Next: sealtrail notice affected {notice}")
    if json:
        put(found)


def _write(output: Path, found: dict[str, Any], *, force: bool) -> None:
    if output.suffix == ".json":
        text = jsons.dumps(found, ensure_ascii=False, indent=2) + "\n"
    elif output.suffix == ".csv":
        text = _csv(found)
    else:
        raise CommandError(
            "a report is JSON or CSV", attempt="--output report.csv, or .json", status=USAGE
        )
    encoding = "utf-8-sig" if output.suffix == ".csv" else "utf-8"
    write_file(output, text.encode(encoding), force=force)


def _csv(found: dict[str, Any]) -> str:
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow((*_COLUMNS, *_TIMES))
    for one in found["partners"]:
        writer.writerow([_plain(one[name]) for name in (*_COLUMNS, *_TIMES)])
    total = ("", "", "total", "", *(found[name] for name in ("units", "secured", "gone", "open")))
    writer.writerow((*total, "", "", found["closedAt"] or ""))
    return made.getvalue()


def _plain(value: Any) -> Any:
    """Keep a spreadsheet from reading a name as a formula."""
    if isinstance(value, str) and value[:1] in "=+-@\t\r":
        return "'" + value
    return "" if value is None else value
