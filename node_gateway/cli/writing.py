"""Files that commands write: what stands there already is replaced only if that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from node_gateway.cli.output import USAGE, CommandError

ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def require_free(file: Path, *, force: bool) -> None:
    """Refuse a file that is there, before any work is done for it.

    Raises:
        CommandError: it is there, and `force` is not given.
    """
    if not force and file.exists():
        problem = {"code": "file_exists", "detail": f"{file} is there already"}
        raise CommandError(
            problem["detail"],
            attempt="another file, or --force to replace it",
            status=USAGE,
            problem=problem,
        )


def write_file(file: Path, content: bytes, *, force: bool) -> None:
    """Write a file; one that appeared meanwhile is not replaced either.

    Raises:
        CommandError: it is there, or cannot be written.
    """
    require_free(file, force=force)
    try:
        with file.open("wb" if force else "xb") as out:
            out.write(content)
    except FileExistsError:
        require_free(file, force=force)
        raise
    except OSError as error:
        text = f"cannot write {file}: {error.strerror or 'error'}"
        problem = {"code": "unwritable_file", "detail": text}
        raise CommandError(text, attempt="a file that can be written", problem=problem) from error
