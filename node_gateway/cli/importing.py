"""`sealtrail import`: files of other systems, of any size."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.linting import kept_mapping
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import FAILURE, USAGE, CommandError, command, put, say, talk

if TYPE_CHECKING:
    from node_gateway.codes.china.findings import Findings

app = typer.Typer(no_args_is_help=True)
_POLL_S: Final = 0.5
_READ_SIZE: Final = 1 << 20
_SHOWN_MAX: Final = 50


@app.command("mashang")
@command
def mashang(
    file: Annotated[Path, typer.Argument(help="Relation file or bills, XML.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    bill_type: Annotated[
        int | None, typer.Option("--bill-type", help="Type of the bills, if the file has none.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the file here; send nothing.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Stay until all of it is stored.")
    ] = True,
    json: JsonOption = False,
) -> None:
    """Import a file of China's drug platform. Sending the same file again is always safe."""
    if dry_run:
        _report(_checked(file, bill_type), json=json)
        return
    client = Client.from_config(config, gateway)
    params = {} if bill_type is None else {"billType": bill_type}
    size = _size(file)
    with talk().status(f"sending {size} bytes"):
        job = client.json(
            "POST",
            "/v1/imports",
            content=_pieces(file),
            params=params,
            headers={"Content-Type": "application/xml", "Content-Length": str(size)},
        )
    if wait:
        job = _followed(client, job)
    _report(job, json=json)


@app.command("csv")
@command
def csv(
    file: Annotated[Path, typer.Argument(help="CSV file, UTF-8 or GB18030.")],
    mapping: Annotated[Path, typer.Option("--mapping", help="Mapping file (TOML or JSON).")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Stay until all of it is stored.")
    ] = True,
    json: JsonOption = False,
) -> None:
    """Import a CSV file by a mapping. Sending the same file again is always safe."""
    client = Client.from_config(config, gateway)
    size = _size(file)
    with talk().status(f"sending {size} bytes"):
        job = client.json(
            "POST",
            "/v1/imports",
            content=_pieces(file),
            params={"mapping": kept_mapping(client, mapping)},
            headers={"Content-Type": "text/csv", "Content-Length": str(size)},
        )
    if wait:
        job = _followed(client, job)
    _report(job, json=json)


def _followed(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    """Show how far an import is until it has ended."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("codes", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=talk(), transient=True) as progress:
        task = progress.add_task("codes", total=None)
        while job["state"] == "running":
            time.sleep(_POLL_S)
            job = client.get(f"/v1/imports/{job['id']}")
            total = job["codesToCapture"] or None
            progress.update(task, total=total, completed=job["codesCaptured"])
    return job


def _report(job: dict[str, Any], *, json: bool) -> None:
    """Say what became of a file; a file that was not taken ends the command."""
    if json:
        put(job)
    else:
        counts = [
            f"{job[name]} {word}"
            for name, word in (
                ("codesCaptured", "codes named"),
                ("events", "events"),
                ("duplicates", "known before"),
            )
            if name in job
        ]
        say_id = f"import {job['id']} " if "id" in job else ""
        typer.echo(f"{say_id}{job['kind']}: {job['state']}" + "".join(f", {c}" for c in counts))
    report = job.get("report") or {}
    for name, count in report.get("personal", {}).items():
        say(f"  left out: {name} names people ({count} values)")
    for name, count in report.get("ignored", {}).items():
        say(f"  passed over: {name} ({count} values)")
    problems: Sequence[dict[str, Any]] = report.get("problems", ())
    for one in problems[:_SHOWN_MAX]:
        hint = f"  [{one['hint']}]" if one.get("hint") else ""
        say(f"  line {one['line']}  {one['code']}: {one['detail']}{hint}")
    count = report.get("problemCount", len(problems))
    if count > _SHOWN_MAX:
        say(f"  and {count - _SHOWN_MAX} more; --json shows the first thousand")
    if job["state"] == "refused":
        say("Try: correct these lines and send the file again; nothing of it is stored twice")
        raise typer.Exit(FAILURE)
    if job["state"] == "interrupted":
        say("Try: send the file again; what is stored is not stored twice")
        raise typer.Exit(FAILURE)


def _checked(file: Path, bill_type: int | None) -> dict[str, Any]:
    """Read a file here and return what an import of it would say."""
    from node_gateway.codes.china.bills import read_bills
    from node_gateway.codes.china.findings import FileFormError
    from node_gateway.codes.china.relation import read_relation
    from node_gateway.codes.china.reporting import bill_notes, relation_notes
    from node_gateway.codes.china.sniffing import sniff

    _size(file)
    kind = sniff(next(_pieces(file), b""))
    if kind is None:
        raise CommandError(
            "this is neither a relation file nor bills",
            attempt="compare its beginning with the platform's samples",
            status=USAGE,
        )
    try:
        with talk().status("checking"):
            if kind == "mashang-relation":
                relation = read_relation(_pieces(file))
                return _told(kind, relation_notes(relation), relation.findings)
            bills = read_bills(_pieces(file), bill_type=bill_type)
            return _told(kind, bill_notes(bills), bills.findings)
    except FileFormError as error:
        where = f"line {error.line}: " if error.line else ""
        raise CommandError(
            f"{where}{error.detail}", attempt=error.hint or "save the file anew", status=FAILURE
        ) from error


def _told(kind: str, notes: dict[str, Any], findings: Findings) -> dict[str, Any]:
    problems = [
        {"line": one.line, "code": one.code, "detail": one.detail, "hint": one.hint}
        for one in findings.problems
    ]
    report = {**notes, "problemCount": findings.count, "problems": problems}
    return {"kind": kind, "state": "refused" if findings.count else "good", "report": report}


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise CommandError(
            f"cannot read {file}: {error.strerror}", attempt="check the file's name", status=USAGE
        ) from error


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(_READ_SIZE):
            yield piece
