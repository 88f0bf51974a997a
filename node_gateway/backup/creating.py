"""Make a backup of a gateway, running or not."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from sqlalchemy import make_url

from node_gateway.backup.contents import BackupFile, files_of, variables_of
from node_gateway.backup.copying import SQLITE, copy_sqlite, dump_postgresql, kind_of
from node_gateway.backup.errors import BackupPlaceError
from node_gateway.backup.packing import FORMAT, MANIFEST, Packer, recipients_of, write_backup
from node_gateway.settings import Settings
from node_gateway.storage.migrations import head_revision

DATABASE: Final = "database.sqlite"
REVISION: Final = "revision.json"
FILES: Final = "files/"


@dataclass(frozen=True, slots=True)
class Made:
    """What was written.

    Attributes:
        files: How many files beside the database.
        outside: Settings that name files outside the settings' folder.
        variables: Names of environment variables that settings come from; values are not in it.
    """

    path: Path
    size_bytes: int
    files: int
    outside: tuple[str, ...]
    variables: tuple[str, ...]


def create_backup(
    target: Path,
    config: Path,
    settings: Settings,
    *,
    recipients: Sequence[str],
    now_s: int,
    on_step: Callable[[str], None] = lambda _: None,
) -> Made:
    """Write a backup into a new file.

    Args:
        target: Must not exist; appears when it is whole.
        config: The settings' file.
        settings: As read from it.
        recipients: age public keys it is encrypted for.
        now_s: Unix seconds.
        on_step: Told what is being done.

    Raises:
        BackupKeyError: no recipient, or a malformed one.
        BackupPlaceError: the target exists, or its folder does not.
        OSError: something cannot be read or written.
    """
    keys = recipients_of(recipients)
    if target.exists():
        raise BackupPlaceError(f"{target} exists", hint="another name; none is overwritten")
    if not target.absolute().parent.is_dir():
        raise BackupPlaceError(f"there is no folder {target.parent}", hint="mkdir it first")
    files = files_of(config, settings)
    variables = variables_of(os.environ)
    manifest = _manifest(settings, files, variables, now_s)

    def fill(packer: Packer) -> None:
        packer.add(MANIFEST, json.dumps(manifest).encode())
        on_step("copying the database")
        _add_database(packer, settings.gateway.database, target)
        on_step("copying files")
        for one in files:
            packer.add_file(FILES + one.place, one.path)

    write_backup(target, keys, fill)
    outside = tuple(one.setting for one in files if one.is_outside)
    return Made(target, target.stat().st_size, len(files), outside, tuple(variables))


def _manifest(
    settings: Settings, files: Sequence[BackupFile], variables: Sequence[str], now_s: int
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": version("sealtrail"),
        "participant": settings.gateway.participant,
        "database": kind_of(settings.gateway.database),
        "revision": head_revision(),
        "createdAt": now_s,
        "variables": list(variables),
        "files": [
            {"place": one.place, "setting": one.setting, "outside": one.is_outside} for one in files
        ],
    }


def _add_database(packer: Packer, url: str, target: Path) -> None:
    if kind_of(url) != SQLITE:
        revision = dump_postgresql(url, packer.add)
        packer.add(REVISION, json.dumps({"revision": revision}).encode())
        return
    # Beside the database, which lies in the clear as well; the backup may go to another disk.
    source = Path(str(make_url(url).database))
    copy = source.with_name(f"{source.name}.{target.name}.copy")
    copy.unlink(missing_ok=True)
    try:
        copy_sqlite(source, copy)
        packer.add_file(DATABASE, copy)
    finally:
        copy.unlink(missing_ok=True)
