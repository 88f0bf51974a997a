"""`sealtrail export`: stored events as files of other systems."""

from __future__ import annotations

import asyncio
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption
from node_gateway.cli.output import USAGE, CommandError, command, put, say, talk
from node_gateway.cli.writing import ForceOption, require_free, write_file

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
    force: ForceOption = False,
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
    require_free(output, force=force)
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
    write_file(output, raw, force=force)
    say(f"{output}: {len(raw)} bytes")


@app.command("archive")
@command
def archive(
    file: Annotated[Path, typer.Argument(help="File to write; never overwritten.")],
    slug: Annotated[str, typer.Option(help="Our short name in the consortium.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write everything that this gateway publishes, so that another party can serve it.

    For a participant that leaves: proofs stay on the chain, and whoever hosts the archive hands
    them out. It holds the public entry lists, and the public answer about each code, sealed so
    that only who holds the code can read it. Stop the gateway first.
    """
    if file.exists():
        raise CommandError(f"{file} exists", attempt="another name", status=USAGE)
    if not file.absolute().parent.is_dir():
        raise CommandError(f"there is no folder {file.parent}", attempt="FILE", status=USAGE)
    with talk().status("writing the archive") as status:
        written = asyncio.run(_archive(file, slug, config, status))
    put({"archive": str(file), **written})
    say("Whoever hosts it puts it into the folder of its setting hosting.folder.")
    say("Have the consortium show where: sealtrail consortium url https://host/archives/" + slug)


async def _archive(file: Path, slug: str, config: Path, status: Any) -> dict[str, int]:
    from node_gateway.api.anchors import anchor_wire
    from node_gateway.archive.reading import is_slug
    from node_gateway.archive.writing import Origin, write_archive
    from node_gateway.settings import load_settings
    from node_gateway.wiring import open_gateway

    if not is_slug(slug):
        raise CommandError("a slug is a-z, 0-9 and -", attempt="--slug maker", status=USAGE)
    async with open_gateway(load_settings(config)) as gateway:
        maker = gateway.public.maker
        made = await write_archive(
            file,
            gateway.store,
            gateway.public,
            Origin(maker.participant, slug, maker.name, int(time.time())),
            wire=anchor_wire,
            on_progress=lambda count: status.update(f"{count} codes"),
        )
    return {"anchors": made.anchors, "answers": made.answers}
