"""`sealtrail key`: files of keys. What stands on the chain is in `keys_chain`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from node_gateway.cli.output import USAGE, CommandError, command, say

app = typer.Typer(no_args_is_help=True)

_VARIABLE = "SEALTRAIL_PASSPHRASE"
_SOURCE_SIZE_BYTES_MAX = 64 * 1024
_STDIN = Path("-")

FileArgument = Annotated[Path, typer.Argument(help="Keystore file to write; never overwritten.")]
PassphraseOption = Annotated[Path | None, typer.Option(help=f"Otherwise {_VARIABLE} is used.")]


@app.command("new")
@command
def new(file: FileArgument, passphrase_file: PassphraseOption = None) -> None:
    """Make a new key in a keystore file (version 3) and print its address."""
    from anchoring.chain.keystore import create_keystore

    address = create_keystore(file, _passphrase(passphrase_file))
    typer.echo(f"0x{address.hex()}")
    say(f"{file} is written; keep the passphrase apart from it.")


@app.command("import")
@command
def import_(
    file: FileArgument,
    source: Annotated[
        Path, typer.Option("--from", help="File with the key; - is standard input.")
    ] = _STDIN,
    source_passphrase_file: Annotated[
        Path | None, typer.Option(help="Passphrase of the source, if that is a keystore.")
    ] = None,
    passphrase_file: PassphraseOption = None,
) -> None:
    """Write a key that exists already into a keystore file of ours, and print its address.

    The source is a keystore (version 3) of another program, or the key as 64 hex digits. It is
    never an argument: arguments are seen by everybody on the machine. Remove the source yourself.
    """
    from anchoring.chain.keystore import import_key

    passphrase = _passphrase(passphrase_file)
    opened = None
    if source_passphrase_file is not None:
        opened = _first_line(source_passphrase_file, "--source-passphrase-file")
    address = import_key(file, _source(source), passphrase, source_passphrase=opened)
    typer.echo(f"0x{address.hex()}")
    say(f"{file} is written; remove the source if nobody needs it.")


@app.command("address")
@command
def address(
    file: Annotated[Path, typer.Argument(help="Keystore file.")],
) -> None:
    """Print the address that a keystore file names; it is not opened for that."""
    from anchoring.chain.keystore import keystore_address

    typer.echo(f"0x{keystore_address(file).hex()}")


def _source(source: Path) -> bytes:
    if source == _STDIN:
        if sys.stdin.isatty():  # what is typed is not shown
            typed: str = typer.prompt("The key (64 hex digits)", hide_input=True, err=True)
            return typed.encode()
        return sys.stdin.buffer.read(_SOURCE_SIZE_BYTES_MAX)
    with source.open("rb") as stream:
        return stream.read(_SOURCE_SIZE_BYTES_MAX)


def _passphrase(file: Path | None) -> str:
    words = _first_line(file, "--passphrase-file") if file else os.environ.get(_VARIABLE, "")
    if not words:
        raise CommandError(
            "no passphrase", attempt=f"--passphrase-file FILE, or set {_VARIABLE}", status=USAGE
        )
    return words


def _first_line(file: Path, option: str) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no text"
        raise CommandError(
            f"cannot read the passphrase file: {reason}", attempt=f"check {option}", status=USAGE
        ) from error
