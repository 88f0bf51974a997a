"""`sealtrail code`."""

from __future__ import annotations

from typing import Annotated

import typer

from node_gateway.cli.options import JsonOption
from node_gateway.cli.output import command, put, table

app = typer.Typer(no_args_is_help=True)


@app.command("parse")
@command
def parse(
    text: Annotated[
        str,
        typer.Argument(
            help="A code as scanned, typed or copied: URN, Digital Link, (01)...(21)..., "
            "scan data, GTIN and serial, SSCC, 20-digit drug code."
        ),
    ],
    prefix_length: Annotated[
        int | None,
        typer.Option(
            "--prefix-length",
            min=6,
            max=12,
            help="Digits of its GS1 company prefix; with it the EPC URN is shown too.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show what a text names, and how it is spelled elsewhere. Needs no gateway."""
    from node_gateway.codes.identity import identify, shown

    found = shown(identify(text), lambda _: prefix_length)
    if json:
        put(found)
        return
    rows = [["kind", found["kind"]], ["canonical", found["canonical"]]]
    rows += [[name, value] for name, value in found["parts"].items()]
    rows += [[f"({one['ai']}) {one['title']}", one["value"]] for one in found["elements"]]
    spellings = {**found["spellings"], "hri": "  ".join(found["spellings"].get("hri", ()))}
    rows += [[name, value] for name, value in spellings.items() if value]
    table("", ["", ""], rows)
