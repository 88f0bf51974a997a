"""`sealtrail export`: stored events as files of other systems."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption
from node_gateway.cli.output import USAGE, CommandError, command, say

app = typer.Typer(no_args_is_help=True)


class Dialect(StrEnum):
    """How the attributes of Events and Event are spelled."""

    UPPER = "upper"
    LOWER = "lower"


class Encoding(StrEnum):
    """Encodings that the platform takes."""

    UTF_8 = "utf-8"
    GB18030 = "gb18030"


@app.command("mashang")
@command
def mashang(
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    bill: Annotated[str | None, typer.Option("--bill", help="Number of a bill.")] = None,
    lot: Annotated[str | None, typer.Option("--lot", help="Lot of a relation file.")] = None,
    product: Annotated[str, typer.Option("--product", help="Its product code.")] = "",
    dialect: Annotated[
        Dialect, typer.Option("--dialect", help="Spelling of a relation file's attributes.")
    ] = Dialect.UPPER,
    encoding: Annotated[
        Encoding, typer.Option("--encoding", help="gb18030 for readers that want GB2312.")
    ] = Encoding.UTF_8,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; otherwise stdout.")
    ] = None,
) -> None:
    """Write a bill, or the relation file of a lot, as China's drug platform takes it."""
    if (bill is None) == (lot is None):
        raise CommandError(
            "either a bill or a lot is exported",
            attempt="--bill NUMBER, or --lot LOT --product CODE",
            status=USAGE,
        )
    client = Client.from_config(config, gateway)
    if bill is not None:
        path = f"/v1/exports/bills/{quote(bill, safe='')}"
        raw = client.raw(path, encoding=encoding.value)
    else:
        raw = client.raw(
            "/v1/exports/relations",
            lot=lot,
            product=product,
            dialect=dialect.value,
            encoding=encoding.value,
        )
    if output is None:
        sys.stdout.buffer.write(raw)
        return
    output.write_bytes(raw)
    say(f"{output}: {len(raw)} bytes")
