"""`sealtrail key`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from node_gateway.cli.output import USAGE, CommandError, command, say

app = typer.Typer(no_args_is_help=True)

_VARIABLE = "SEALTRAIL_PASSPHRASE"


@app.command("new")
@command
def new(
    file: Annotated[Path, typer.Argument(help="Keystore file to write; never overwritten.")],
    passphrase_file: Annotated[
        Path | None, typer.Option(help=f"Otherwise {_VARIABLE} is used.")
    ] = None,
) -> None:
    """Make a new key in a keystore file (version 3) and print its address."""
    from anchoring.chain.keystore import create_keystore

    if passphrase_file is not None:
        try:
            passphrase = passphrase_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise CommandError(
                f"cannot read the passphrase file: {error.strerror}",
                attempt="check --passphrase-file",
                status=USAGE,
            ) from error
    else:
        passphrase = os.environ.get(_VARIABLE, "")
    if not passphrase:
        raise CommandError(
            "no passphrase", attempt=f"--passphrase-file FILE, or set {_VARIABLE}", status=USAGE
        )
    address = create_keystore(file, passphrase)
    typer.echo(f"0x{address.hex()}")
    say(f"{file} is written; keep the passphrase apart from it.")
