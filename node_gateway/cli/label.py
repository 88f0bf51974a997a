"""`sealtrail label`: print, unlock, run, show, list, log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import USAGE, CommandError, command, put, say, table

if TYPE_CHECKING:
    import httpx2

_PAGE = 1000
_JOBS = "/v1/labels/jobs"
_FORMATS = ("pdf", "png", "svg", "zpl", "csv")

JobArgument = Annotated[int, typer.Argument(min=1, help="Number of the job.")]
FormatOption = Annotated[str, typer.Option("--format", help="pdf, png, svg, zpl or csv.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="File to write; - is stdout.")
]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", help="Why labels are printed again; it is logged.")
]

_Lot = Annotated[str | None, typer.Argument(help="Lot whose codes get labels.")]
_Order = Annotated[str | None, typer.Option("--order", help="Order whose codes do.")]
_Code = Annotated[
    list[str] | None, typer.Option("--code", help="A code that does; may come again.")
]
_First = Annotated[int, typer.Option("--first", min=0, help="First code, from 0.")]
_Count = Annotated[
    int | None, typer.Option("--count", "-n", min=1, help="How many; default: the rest.")
]
_StatedLot = Annotated[
    str | None, typer.Option("--lot", help="Lot of codes that are not commissioned yet.")
]
_Expiry = Annotated[str | None, typer.Option("--expiry", help="Their expiry date, YYYY-MM-DD.")]
_Symbol = Annotated[str | None, typer.Option("--symbol", help="datamatrix, qr, code128 or pair.")]
_Level = Annotated[str | None, typer.Option("--level", help="pack or case.")]
_Media = Annotated[
    str, typer.Option("--media", help="50x25, 100x50, 100x150, 105x148, a4-3x8 or WxH in mm.")
]
_XMm = Annotated[float | None, typer.Option("--x-mm", help="Size of a module in mm.")]
_BarMm = Annotated[float | None, typer.Option("--bar-mm", help="Height of bars in mm.")]
_Dpi = Annotated[int, typer.Option("--dpi", help="Of PNG and ZPL: 203, 300 or 600.")]
_Language = Annotated[str, typer.Option("--lang", help="Of names and words: zh or en.")]
_Full = Annotated[bool, typer.Option("--full", help="A QR Code holds lot and expiry too.")]
_Skip = Annotated[
    int, typer.Option("--skip", min=0, help="Places of the first sheet that are used.")
]
_Native = Annotated[bool, typer.Option("--native", help="ZPL: the printer makes the symbols.")]
_PrinterFont = Annotated[
    str | None, typer.Option("--printer-font", help="ZPL: its font for Chinese.")
]
_ReadAll = Annotated[bool, typer.Option("--read-all", help="Read every symbol back from the file.")]
_Override = Annotated[
    str | None, typer.Option("--override", help="Why refused codes get labels; it is logged.")
]
_AtOnce = Annotated[
    bool, typer.Option("--at-once", help="All of them now, and none is scanned before.")
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Look only; print nothing.")]

app = typer.Typer(no_args_is_help=True)


@app.command("print")
@command
def print_labels(
    lot: _Lot = None,
    order: _Order = None,
    code: _Code = None,
    first: _First = 0,
    count: _Count = None,
    stated_lot: _StatedLot = None,
    expiry: _Expiry = None,
    symbol: _Symbol = None,
    level: _Level = None,
    media: _Media = "50x25",
    x_mm: _XMm = None,
    bar_mm: _BarMm = None,
    dpi: _Dpi = 300,
    language: _Language = "zh",
    full: _Full = False,
    skip: _Skip = 0,
    native: _Native = False,
    printer_font: _PrinterFont = None,
    read_all: _ReadAll = False,
    reason: ReasonOption = None,
    override: _Override = None,
    form: FormatOption = "pdf",
    output: OutputOption = None,
    at_once: _AtOnce = False,
    dry_run: _DryRun = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Make a job of labels and print its first one; scanning it unlocks the others."""
    wishes = {
        "ofLot": lot, "order": order, "codes": code, "first": first, "count": count,
        "lot": stated_lot, "expiry": expiry, "symbol": symbol, "level": level, "media": media,
        "xMm": x_mm, "barMm": bar_mm, "dpi": dpi, "language": language, "isFull": full,
        "skip": skip, "native": native, "printerFont": printer_font, "readAll": read_all,
        "reason": reason, "override": override,
    }  # fmt: skip
    body = {name: value for name, value in wishes.items() if value is not None}
    _require(form)
    client = Client.from_config(config, gateway)
    if dry_run:
        _look(client.json("POST", "/v1/labels", json=body, params={"dryRun": True}), json=json)
    elif at_once:
        answer = client.request("POST", "/v1/labels", json=body, params={"format": form})
        _keep(answer, output, f"labels.{form}", json=json)
    else:
        made = client.json("POST", _JOBS, json=body)
        number = made["job"]
        answer = client.request("POST", f"{_JOBS}/{number}/first", json={}, params={"format": form})
        _keep(answer, output, f"labels-{number}-first.{form}", json=json, job=made)
        say(f"job {number}: {made['count']} labels. Print this one, scan it, then:")
        say(f"  sealtrail label unlock {number} SCANNED")


@app.command()
@command
def unlock(
    job: JobArgument,
    scanned: Annotated[
        str | None, typer.Argument(help="What the scanner read; left out: a line of stdin.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Unlock a job by what a scanner read off its first label."""
    text = sys.stdin.readline().rstrip("\r\n") if scanned is None else scanned
    client = Client.from_config(config, gateway)
    done = client.json("POST", f"{_JOBS}/{job}/scan", json={"scanned": text})
    if json:
        put(done)
    if done["separatorsLost"]:
        say("! the scanner drops the separator (GS): set it up before it reads goods")
    say(f"job {job} is unlocked. The other labels:")
    say(f"  sealtrail label run {job}")


@app.command()
@command
def run(
    job: JobArgument,
    first: Annotated[
        int | None, typer.Option("--first", min=0, help="First label, from 0; default: the second.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, help="How many; default: the rest.")
    ] = None,
    reason: ReasonOption = None,
    form: FormatOption = "pdf",
    output: OutputOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Print the labels of an unlocked job but the first; or some again, with a reason."""
    _require(form)
    wishes = {"first": first, "count": count, "reason": reason}
    body = {name: value for name, value in wishes.items() if value is not None}
    client = Client.from_config(config, gateway)
    answer = client.request("POST", f"{_JOBS}/{job}/print", json=body, params={"format": form})
    _keep(answer, output, f"labels-{job}.{form}", json=json)


@app.command()
@command
def show(
    job: JobArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show a job, and what was printed of it."""
    found = Client.from_config(config, gateway).get(f"{_JOBS}/{job}")
    if json:
        put(found)
        return
    plain = [[name, str(one)] for name, one in found.items() if name not in ("prints", "request")]
    asked = [[name, str(one)] for name, one in found["request"].items() if one not in (None, 0)]
    table("", ["member", "value"], plain + asked)
    _prints(found["prints"])


@app.command("list")
@command
def list_jobs(
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List jobs of labels, newest first."""
    found = _all(Client.from_config(config, gateway), _JOBS, "jobs")
    if json:
        put(found)
        return
    rows = [[str(one["job"]), one["state"], str(one["count"]), one["madeBy"]] for one in found]
    table("", ["job", "state", "labels", "made by"], rows)


@app.command()
@command
def log(
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List what was printed, by whom and why, newest first."""
    found = _all(Client.from_config(config, gateway), "/v1/labels/prints", "prints")
    if json:
        put(found)
        return
    _prints(found)


def _require(form: str) -> None:
    if form not in _FORMATS:
        attempt = f"--format {', '.join(_FORMATS)}"
        raise CommandError(f"no format {form}", attempt=attempt, status=USAGE)


def _keep(
    answer: httpx2.Response,
    output: Path | None,
    usual: str,
    *,
    json: bool,
    job: dict[str, Any] | None = None,
) -> None:
    """Write a file of labels, and say what it holds. It gets its name when it is complete."""
    told = {
        "print": int(answer.headers["Sealtrail-Print"]),
        "labels": int(answer.headers["Sealtrail-Labels"]),
        "decoded": int(answer.headers["Sealtrail-Decoded"]),
        "readBack": int(answer.headers["Sealtrail-Read-Back"]),
        "warnings": answer.headers.get("Sealtrail-Warnings", ""),
    }
    name = output or Path(usual)
    if str(name) == "-":
        sys.stdout.buffer.write(answer.content)
        sys.stdout.buffer.flush()
    else:
        part = name.with_name(f"{name.name}.part")
        part.write_bytes(answer.content)
        part.replace(name)
    if json and str(name) != "-":
        put({**(job or {}), **told, "file": str(name)})
    say(f"{told['labels']} labels, {told['decoded']} symbols decoded: {name}")
    if told["warnings"]:
        say(f"! {told['warnings']}")


def _look(found: dict[str, Any], *, json: bool) -> None:
    if json:
        put(found)
        return
    for one in found["symbols"]:
        say(f"{one['symbology']} {one['identifier']}  {'  '.join(one['hri'])}")
    for one in found["warnings"]:
        say(f"! {one['detail']} ({one['count']} labels)")
    say(f"{found['count']} labels, {found['printedBefore']} of them printed before")


def _all(client: Client, path: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before: int | None = None
    while True:
        after = {} if before is None else {"before": before}
        page = client.get(path, perPage=_PAGE, **after)
        found += page[name]
        before = page["next"]
        if before is None:
            return found


def _prints(found: list[dict[str, Any]]) -> None:
    rows = [
        [str(one["print"]), str(one["job"] or "-"), one["kind"], one["format"], str(one["count"]),
         one["key"], one["reason"] or "-", one["override"] or "-"]
        for one in found
    ]  # fmt: skip
    table("", ["print", "job", "kind", "format", "labels", "key", "reason", "override"], rows)
