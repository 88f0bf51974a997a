"""`sealtrail capture`: hand a document to the gateway."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from node_gateway.cli.client import Client, answer_of
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import FAILURE, CommandError, command, put, say, talk


@command
def capture(
    file: Annotated[str, typer.Argument(help="EPCIS 2.0 JSON document, or - for stdin.")],
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    proceed: Annotated[
        bool, typer.Option("--proceed", help="Store what is valid; otherwise all or nothing.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is final (30 s).")] = False,
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
                "Content-Type": "application/json",
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
    if wait and response.status_code != 200:
        say("Durable, being sealed. Try: sealtrail status")
    if not report["success"]:
        raise typer.Exit(FAILURE)


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise CommandError(
            f"cannot read {file}: {error.strerror}", attempt="check the file's name", status=2
        ) from error
