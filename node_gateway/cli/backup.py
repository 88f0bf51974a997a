"""`sealtrail backup`."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from node_gateway.cli.output import USAGE, CommandError, command, put, say, talk

app = typer.Typer(no_args_is_help=True)

PASSPHRASE_VARIABLE = "SEALTRAIL_BACKUP_PASSPHRASE"  # noqa: S105  the name of a variable

FileArgument = Annotated[Path, typer.Argument(help="The backup.")]
IdentityOption = Annotated[
    Path,
    typer.Option("--identity", "-i", help="File with the secret key (age); never in a backup."),
]


@app.command("key")
@command
def key(
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write; keep it apart.")],
    json: JsonOption = False,
) -> None:
    """Make a key that opens backups. Keep its file where the gateway is not: on paper, in a safe.

    The gateway needs its recipient alone, so whoever breaks into it opens no old backup.
    """
    from node_gateway.backup.packing import new_identity

    if output.exists():
        raise CommandError(f"{output} exists", attempt="another name", status=USAGE)
    recipient = new_identity(output)
    say(f"{output}: the secret key. Without it no backup opens; keep it away from this machine.")
    say(f'In the settings:  [backup] recipients = ["{recipient}"]')
    if json:
        put({"recipient": recipient, "identity": str(output)})


@app.command("create")
@command
def create(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write; never overwritten.")
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    recipient: Annotated[
        list[str] | None,
        typer.Option(help="age public key, in place of backup.recipients; repeatable."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write everything that this gateway is made of into one encrypted file, while it runs.

    Database with all secrets of events, settings, network file, keystores and their passphrase.
    Not the recovery key: that is for the day when all of this is lost.
    """
    from node_gateway.backup.creating import create_backup
    from node_gateway.settings import load_settings

    settings = load_settings(config)
    with talk().status("writing the backup") as status:
        made = create_backup(
            output,
            config,
            settings,
            recipients=recipient or settings.backup.recipients,
            now_s=int(time.time()),
            on_step=status.update,
        )
    say(f"{made.path}: {made.size_bytes} bytes, the database and {made.files} files.")
    for one in made.outside:
        say(f"{one} names a file outside the settings' folder: it is in the backup, in outside/.")
    if made.variables:
        say(f"Not in it, because they come from the environment: {', '.join(made.variables)}.")
    say(f"Next: sealtrail backup prove {made.path} --identity KEY  (where the key is)")
    if json:
        put(
            {
                "backup": str(made.path),
                "sizeBytes": made.size_bytes,
                "files": made.files,
                "outside": list(made.outside),
                "variables": list(made.variables),
            }
        )


@app.command("prove")
@command
def prove(file: FileArgument, identity: IdentityOption, json: JsonOption = False) -> None:
    """Read and check all of a backup, an SQLite database page by page; put nothing anywhere."""
    from node_gateway.backup.restoring import prove_backup

    with talk().status("reading the backup") as status:
        manifest = prove_backup(file, _identities(identity), on_step=status.update)
    made = _time(manifest["createdAt"])
    say(f"{file}: whole. Participant {manifest['participant']}, copied {made}.")
    if json:
        put({"backup": str(file), "whole": True, **_shown(manifest)})


@app.command("restore")
@command
def restore(
    file: FileArgument,
    identity: IdentityOption,
    to: Annotated[Path, typer.Option(help="New folder to restore into.")],
    database: Annotated[
        str | None, typer.Option(help="An empty PostgreSQL database, if not the settings' own.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Put a backup back into a new folder.

    The gateway that starts there is read-only (restored): what was captured after the copy is not
    in it. `sealtrail db adopt-chain` takes over what the chain holds, and lets it go on. Never
    run it beside the gateway that it is a copy of.
    """
    from node_gateway.backup.restoring import restore_backup

    with talk().status("reading the backup") as status:
        restored = restore_backup(
            file, _identities(identity), to, database=database, on_step=status.update
        )
    say(f"{to}: participant {restored.participant} as of {_time(restored.created_at)}.")
    for one in restored.by_hand:
        say(_corrected(one, to))
    if restored.variables:
        say(f"Its environment had, too: {', '.join(restored.variables)}.")
    say("It is read-only (restored) now. Be sure that the old gateway never starts again, then:")
    say(f"Next: sealtrail db adopt-chain --config {to}/sealtrail.toml")
    if json:
        put(
            {
                "folder": str(to),
                "participant": restored.participant,
                "createdAt": _time(restored.created_at),
                "files": restored.files,
                "byHand": list(restored.by_hand),
                "variables": list(restored.variables),
            }
        )


def _corrected(setting: str, folder: Path) -> str:
    if setting == "gateway.database":
        return "gateway.database still names the old place of the database: correct the setting."
    return f"{setting} named a file outside the folder: it is in {folder}/outside; correct it."


def _identities(file: Path) -> list[Any]:
    from node_gateway.backup.packing import identities_of

    return identities_of(file, _passphrase)


def _passphrase() -> str:
    known = os.environ.get(PASSPHRASE_VARIABLE)
    if known:
        return known
    try:
        return str(typer.prompt("Passphrase of the identity file", hide_input=True, err=True))
    except typer.Abort as error:
        raise CommandError(
            "the identity file is encrypted", attempt=f"set {PASSPHRASE_VARIABLE}", status=USAGE
        ) from error


def _shown(manifest: dict[str, Any]) -> dict[str, Any]:
    return {
        "participant": manifest["participant"],
        "createdAt": _time(manifest["createdAt"]),
        "database": manifest["database"],
        "version": manifest.get("version"),
    }


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
