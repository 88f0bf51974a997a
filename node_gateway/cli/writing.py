"""Files that commands write: what stands there already is replaced only if that is asked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from node_gateway.cli.output import USAGE, CommandError

ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def require_free(file: Path | None, *, force: bool) -> None:
    """Refuse a file that is there, before any work is done for it; None is stdout.

    Raises:
        CommandError: it is there, and `force` is not given.
    """
    if file is not None and not force and file.exists():
        problem = {"code": "file_exists", "detail": f"{file} is there already"}
        raise CommandError(
            problem["detail"],
            attempt="another file, or --force to replace it",
            status=USAGE,
            problem=problem,
        )


def write_file(file: Path, content: bytes, *, force: bool, secret: bool = False) -> None:
    """Write a file; one that appeared meanwhile is not replaced either.

    Args:
        file: Its name.
        content: What shall stand in it.
        force: Replace what is there.
        secret: Readable by its owner only.

    Raises:
        CommandError: it is there, or cannot be written.
    """
    require_free(file, force=force)
    try:
        rights = 0o600 if secret else 0o666  # less what the umask takes
        how = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
        with os.fdopen(os.open(file, how, rights), "wb") as out:
            out.write(content)
    except FileExistsError:
        require_free(file, force=force)
        raise
    except OSError as error:
        text = f"cannot write {file}: {error.strerror or 'error'}"
        problem = {"code": "unwritable_file", "detail": text}
        raise CommandError(text, attempt="a file that can be written", problem=problem) from error
