"""`sealtrail capture`: hand a document to the gateway."""

from __future__ import annotations

import json as json_module
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from node_gateway.cli.client import Client, answer_of
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import FAILURE, PENDING, CommandError, command, put, say, talk

FILE_SIZE_BYTES_MAX = 1024 * 1024 * 1024


@command
def capture(
    file: Annotated[
        str, typer.Argument(help="EPCIS document, JSON 2.0 or XML (1.2, 2.0), or - for stdin.")
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    proceed: Annotated[
        bool, typer.Option("--proceed", help="Store what is valid; otherwise all or nothing.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is final (30 s).")] = False,
    receipts: Annotated[
        Path | None, typer.Option("--receipts", help="Folder for the signed receipts.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Capture an EPCIS document. Sending the same file again is always safe."""
    raw = _read(file)
    client = Client.from_config(config, gateway)
    with talk().status(f"capturing {len(raw)} bytes"):
        response = client.request(
            "POST",
            "/epcis/capture",
            content=raw,
            params={"wait": "final"} if wait else {},
            headers={
                "Content-Type": _content_type(raw),
                "GS1-Capture-Error-Behaviour": "proceed" if proceed else "rollback",
            },
        )
    report = answer_of(response)
    if json:
        put(report)
    else:
        counts = {one["result"] for one in report["events"]}
        for kind in sorted(counts):
            number = sum(one["result"] == kind for one in report["events"])
            typer.echo(f"{number} {kind}")
        typer.echo(f"capture {report['captureID']}")
    for error in report["errors"]:
        say(f"  event {error.get('index', '-')}  {error['code']}: {error['detail']}")
    if receipts is not None:
        _keep_receipts(client, report["receipts"], receipts)
    if wait and response.status_code != 200:
        say("Durable, being sealed.\nTry: sealtrail status")
    if not report["success"]:
        say("Try: correct these events and send the file again; what is stored is not stored twice")
        raise typer.Exit(FAILURE)
    if wait and response.status_code != 200:
        raise typer.Exit(PENDING)


def _content_type(raw: bytes) -> str:
    """Return what a document is by its first characters; no JSON begins with a <."""
    begins = raw[:4].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
    is_xml = begins.startswith(b"<") or raw[:256].lstrip().startswith(b"<")
    return "application/xml" if is_xml else "application/json"


def _keep_receipts(client: Client, path: str, folder: Path) -> None:
    """Write each receipt into a file of its own, as the auditor takes them."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in client.get(path)["receipts"]:
        file = folder / f"{one['entries'][0][:16]}.receipt.json"
        file.write_text(json_module.dumps(one) + "\n", encoding="utf-8")
        due = datetime.fromtimestamp(one["anchorBy"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        say(f"{file}: anchored by {due}, or the promise is broken")


def _read(file: str) -> bytes:
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as stream:
            raw = stream.read(FILE_SIZE_BYTES_MAX + 1)
        if len(raw) <= FILE_SIZE_BYTES_MAX:
            return raw
        raise CommandError("a document has at most 1 GiB", attempt="split it", status=2)
    except OSError as error:
        raise CommandError(
            f"cannot read {file}: {error.strerror}", attempt="check the file's name", status=2
        ) from error
