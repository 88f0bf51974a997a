"""`sealtrail shipment`: shipments to us, scanned in several goes and received."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import USAGE, CommandError, command, put, put_text, say, table

app = typer.Typer(no_args_is_help=True)

Number = Annotated[int, typer.Argument(min=1, help="Number of the shipment.")]
_AT_ONCE = 1000
_CODES_SHOWN = 20
_TEXT_LENGTH_MAX = 1000


@app.command("list")
@command
def list_shipments(
    state: Annotated[str, typer.Option("--state", help="open, late, finished, all.")] = "open",
    code: Annotated[str | None, typer.Option("--code", help="Only what holds this code.")] = None,
    after: Annotated[int, typer.Option("--after", min=0, help="Number to go on from.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 100,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List shipments to us whose data have come; `late` are those that nobody has received."""
    params: dict[str, Any] = {"state": state, "after": after, "perPage": limit}
    if code:
        params["code"] = code
    answer = Client.from_config(config, gateway).get("/v1/shipments", **params)
    if json:
        put(answer)
        return
    rows = [
        [
            str(one["number"]),
            _partner(one["from"], one["fromName"]),
            "late" if one["late"] else one["state"],
            str(one["codeCount"]),
            one["saidAt"],
            one["dueAt"],
        ]
        for one in answer["shipments"]
    ]
    table("", ["number", "from", "state", "codes", "said", "due"], rows)
    if answer["next"] is not None:
        say(f"There are more: --after {answer['next']}")


@app.command("show")
@command
def show(
    number: Number,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show a shipment to us: what was said, what is there, what differs."""
    found = Client.from_config(config, gateway).get(f"/v1/shipments/{number}")
    _put(found, as_json=json)


@app.command("receive")
@command
def receive(
    number: Number,
    codes: Annotated[
        list[str] | None, typer.Argument(help="What was scanned, in any spelling.")
    ] = None,
    file: Annotated[
        str | None, typer.Option("--scans", help="File with one scan per line, - for stdin.")
    ] = None,
    inside: Annotated[
        str | None, typer.Option("--in", help="The unit in which they were found.")
    ] = None,
    loose: Annotated[bool, typer.Option("--loose", help="Found outside any unit.")] = False,
    opened: Annotated[
        bool, typer.Option("--opened", help="Units that were opened: their content is scanned.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Scanned by mistake: forget.")] = False,
    finish: Annotated[bool, typer.Option("--finish", help="Receive what is there.")] = False,
    place: Annotated[str | None, typer.Option("--place", help="Where: GLN, URI or name.")] = None,
    override: Annotated[
        str | None, typer.Option("--override", help="Although rules forbid it: why. Recorded.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Scan a shipment, in as many goes and by as many people as wanted; `--finish` receives it.

    A scanned case or pallet stands for all that is in it.
    """
    if inside is not None and loose:
        raise CommandError(
            "found in a unit, and outside any", attempt="--in or --loose", status=USAGE
        )
    client = Client.from_config(config, gateway)
    unit = "-" if loose else inside
    answer: dict[str, Any] = {}
    for some in _chunks([*(codes or []), *_lines(file)]):
        answer = _remove(client, number, some) if remove else _scan(
            client, number, some, unit, opened=opened
        )  # fmt: skip
        _tell(answer, as_json=json and not finish)
    if finish:
        body = {"place": place, "override": override}
        given = {name: value for name, value in body.items() if value is not None}
        found = client.json("POST", f"/v1/shipments/{number}/finish", json=given)
        _put(found, as_json=json)
    elif not answer:
        raise CommandError(
            "nothing was scanned", attempt="codes, --scans FILE, or --finish", status=USAGE
        )


@app.command("answer")
@command
def answer(
    handover: Annotated[str, typer.Argument(help="Digest of the handover, 64 hex digits.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show what the receiver answered for a handover: its counts, differences and events."""
    found = Client.from_config(config, gateway).get(f"/v1/acknowledgements/{handover}")
    if json:
        put(found)
        return
    counted = f"{found['found']} of {found['expected']}"
    by = "us" if found["by"] == "us" else _partner(found["by"], found["byName"])
    put_text(f"answered by {by} at {found['saidAt']}: {counted}")
    _differences(found["differences"])
    put_text(f"acknowledgement {found['acknowledgement']}")


@app.command("conflicts")
@command
def conflicts(
    after: Annotated[int, typer.Option("--after", min=0, help="Number to go on from.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 100,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List handovers to us that cannot hold beside what was said before about the same codes."""
    params = {"after": after, "perPage": limit}
    found = Client.from_config(config, gateway).get("/v1/custody-conflicts", **params)
    if json:
        put(found)
        return
    rows = [
        [
            str(one["number"]),
            one["reason"],
            _partner(one["firstBy"], one["firstByName"]),
            _partner(one["secondBy"], one["secondByName"]),
            str(len(one["codes"])),
            "yes" if one["stands"] else "taken back",
            str(one["exception"]),
        ]
        for one in found["conflicts"]
    ]
    table("", ["number", "why", "first by", "second by", "codes", "stands", "exception"], rows)
    if found["next"] is not None:
        say(f"There are more: --after {found['next']}")


def _scan(
    client: Client, number: int, texts: list[str], unit: str | None, *, opened: bool
) -> dict[str, Any]:
    scans = [
        {"text": text, "opened": opened, **({"inside": unit} if unit else {})} for text in texts
    ]
    found: dict[str, Any] = client.json(
        "POST", f"/v1/shipments/{number}/scans", json={"scans": scans}
    )
    return found


def _remove(client: Client, number: int, texts: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts:
        found = client.json("POST", f"/v1/shipments/{number}/unscan", json={"text": text})
    return found


def _tell(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        put(answer)
        return
    for one in answer.get("results", []):
        if one["verdict"] == "ok":
            continue
        why = "; ".join(f"{each['reason']}: {each['text']}" for each in one["reasons"])
        say(f"{one['text']}: {why or 'scanned before'}")
    say(_counted(answer["counts"]))


def _counted(counts: dict[str, Any]) -> str:
    names = ("expected", "found", "scanned", "extra", "twice")
    return " | ".join(f"{name} {counts[name]}" for name in names if counts[name] is not None)


def _put(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        put(found)
        return
    late = ", late" if found["late"] else ""
    sender = _partner(found["from"], found["fromName"])
    put_text(f"shipment {found['number']} from {sender}: {found['state']}{late}")
    if not found["forUs"]:
        put_text("its event names another destination")
    put_text(_counted(found["counts"]))
    _differences(found["differences"])
    for entry in found["events"]:
        put_text(entry)


def _differences(found: list[dict[str, Any]]) -> None:
    for one in found:
        put_text(f"{one['kind']}: {one.get('text') or len(one['codes'])}")
        for code in one["codes"][:_CODES_SHOWN]:
            put_text(f"  {code}")
        if len(one["codes"]) > _CODES_SHOWN:
            put_text(f"  and {len(one['codes']) - _CODES_SHOWN} more: --json")


def _lines(file: str | None) -> Iterator[str]:
    """Yield the scans of a file without empty lines; any number of them."""
    if file is None:
        return
    try:
        with sys.stdin if file == "-" else Path(file).open(encoding="utf-8-sig") as stream:
            while line := stream.readline(_TEXT_LENGTH_MAX + 2):
                if line.strip():
                    yield line.strip("\r\n ")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(
            f"cannot read {file}: {type(error).__name__}",
            attempt="a text file with one scan per line",
            status=USAGE,
        ) from error


def _chunks(texts: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(texts), _AT_ONCE):
        yield texts[start : start + _AT_ONCE]


def _partner(number: int, name: str | None) -> str:
    return f"{name or 'unknown'} ({number})"
