"""Put a backup back into a new folder, or only prove that it could be.

What comes back is old: events captured after the copy are not in it, and codes may have been
issued that it never heard of. So the database is marked, and the gateway comes up read-only until
an operator has it take over what the chain holds (`sealtrail db adopt-chain`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, Any, Final

from sqlalchemy import make_url

from node_gateway.backup.contents import CONFIG
from node_gateway.backup.copying import (
    POSTGRESQL,
    SQLITE,
    check_sqlite,
    kind_of,
    load_postgresql,
    mark_postgresql,
    mark_sqlite,
    require_empty,
)
from node_gateway.backup.creating import DATABASE, FILES, REVISION
from node_gateway.backup.errors import BackupDamagedError, BackupPlaceError
from node_gateway.backup.packing import FORMAT, MANIFEST, opened_backup, read_json
from node_gateway.services.adopting import META_COPY
from node_gateway.settings import load_settings
from node_gateway.storage.engine import migrate

_PIECE_SIZE_BYTES: Final = 1024 * 1024
_TABLES: Final = "tables/"
_DATABASE: Final = "sealtrail.db"


@dataclass(slots=True)
class _Found:
    """What was unpacked into a staging folder."""

    folder: Path
    manifest: dict[str, Any] = field(default_factory=dict)
    revision: str = ""
    pieces: dict[str, list[Path]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back.

    Attributes:
        folder: Where.
        by_hand: Settings to correct: they name files outside the folder (these lie in `outside/`
            now), or another database than the one that was filled.
        variables: Environment variables that the settings came from, too.
    """

    folder: Path
    participant: int
    created_at: int
    files: int
    by_hand: tuple[str, ...]
    variables: tuple[str, ...]


def restore_backup(
    file: Path,
    identities: Sequence[Any],
    folder: Path,
    *,
    database: str | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> Restored:
    """Put a backup back; the database is at the schema of this version afterwards.

    Nothing is used before all of the file was read and checked. A crash leaves a staging folder
    beside `folder`, or an empty database with some tables filled: do it again from the start.

    Args:
        file: The backup.
        identities: From `identities_of`.
        folder: Where to; must not exist or be empty.
        database: A PostgreSQL database to fill, if not the one that the settings name.
        on_step: Told what is being done.

    Raises:
        BackupError: see its kinds.
        SettingsError: the settings in it cannot be used by this version.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupPlaceError(f"{folder} is not empty", hint="restore into a new folder")
    parent = folder.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    staged = Path(mkdtemp(prefix=f".{folder.name}.", dir=parent))
    try:
        on_step("reading the backup")
        found = _unpacked(file, identities, staged)
        made = staged / "made"
        placed = _place_sqlite(found, made)
        named = load_settings(made / CONFIG).gateway.database
        url = database or named
        if found.manifest["database"] == POSTGRESQL:
            on_step("filling the database")
            _fill_postgresql(found, url)
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    if placed is not None:
        url = f"sqlite:///{folder.absolute() / placed}"
    on_step("bringing the database up to date")
    migrate(url)
    settled = load_settings(folder / CONFIG).gateway.database == url
    return _restored(found.manifest, folder, settled=settled)


def prove_backup(
    file: Path, identities: Sequence[Any], *, on_step: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Read and check all of a backup, and look through an SQLite database; return its manifest.

    Raises:
        BackupError: see its kinds.
    """
    staged = Path(mkdtemp(prefix=".proving."))
    try:
        on_step("reading the backup")
        found = _unpacked(file, identities, staged)
        on_step("looking through the database")
        if found.manifest["database"] == SQLITE:
            check_sqlite(staged / DATABASE)
        return found.manifest
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _unpacked(file: Path, identities: Sequence[Any], staged: Path) -> _Found:
    found = _Found(staged)
    with opened_backup(file, identities) as members:
        for number, (name, stream) in enumerate(members):
            if (number == 0) != (name == MANIFEST):
                raise BackupDamagedError("the backup does not begin as backups do")
            if name == MANIFEST:
                found.manifest = _manifest(read_json(stream))
            elif name == REVISION:
                found.revision = str(read_json(stream).get("revision"))
            elif name == DATABASE:
                _write(staged / DATABASE, stream)
            elif name.startswith(_TABLES):
                table = name.removeprefix(_TABLES).rpartition(".")[0]
                piece = staged / _TABLES / name.removeprefix(_TABLES)
                found.pieces.setdefault(table, []).append(piece)
                _write(piece, stream)
            elif name.startswith(FILES):
                _write(staged / "made" / name.removeprefix(FILES), stream)
            else:
                raise BackupDamagedError("the backup holds something that no backup holds")
    whole = (staged / DATABASE).is_file() or bool(found.revision)
    if not found.manifest or not whole or not (staged / "made" / CONFIG).is_file():
        raise BackupDamagedError("the backup lacks its database or its settings")
    return found


def _manifest(value: Any) -> dict[str, Any]:
    members = {"participant": int, "createdAt": int, "revision": str, "files": list}
    known = isinstance(value, dict) and value.get("format") == FORMAT
    if not known or value.get("database") not in (SQLITE, POSTGRESQL):
        raise BackupDamagedError("this is no backup that this version can read")
    if any(not isinstance(value.get(name), kind) for name, kind in members.items()):
        raise BackupDamagedError("the manifest of the backup cannot be read")
    return dict(value)


def _write(target: Path, stream: IO[bytes]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        while piece := stream.read(_PIECE_SIZE_BYTES):
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())


def _place_sqlite(found: _Found, made: Path) -> Path | None:
    """Put the database where the settings have it; beside them if that is somewhere else.

    Returns:
        Where it is, relative to `made`; None for a backup of PostgreSQL.
    """
    settings = load_settings(made / CONFIG)
    if found.manifest["database"] != SQLITE:
        return None
    check_sqlite(found.folder / DATABASE)
    url = settings.gateway.database
    if kind_of(url) != SQLITE:
        raise BackupDamagedError("the settings in the backup name another kind of database")
    target = Path(str(make_url(url).database))
    if not target.is_relative_to(made.absolute()):
        target = made / _DATABASE
    if target.exists():
        raise BackupDamagedError("the backup holds two databases")
    target.parent.mkdir(parents=True, exist_ok=True)
    mark_sqlite(found.folder / DATABASE, META_COPY, str(found.manifest["createdAt"]).encode())
    shutil.move(found.folder / DATABASE, target)
    return target.relative_to(made)


def _fill_postgresql(found: _Found, url: str) -> None:
    if kind_of(url) != POSTGRESQL:
        raise BackupPlaceError(
            "the backup is of a PostgreSQL database", hint="name an empty one with --database"
        )
    require_empty(url)
    migrate(url, found.revision)
    for table, pieces in found.pieces.items():
        load_postgresql(url, table, _contents(pieces))
    mark_postgresql(url, META_COPY, str(found.manifest["createdAt"]).encode())


def _contents(pieces: Sequence[Path]) -> Iterator[bytes]:
    for piece in sorted(pieces):
        yield piece.read_bytes()


def _restored(manifest: dict[str, Any], folder: Path, *, settled: bool) -> Restored:
    files = manifest["files"]
    by_hand = tuple(str(one["setting"]) for one in files if one.get("outside"))
    if not settled:
        by_hand = ("gateway.database", *by_hand)
    return Restored(
        folder,
        manifest["participant"],
        manifest["createdAt"],
        len(files),
        by_hand,
        tuple(manifest.get("variables", ())),
    )


__all__ = ["Restored", "prove_backup", "restore_backup"]
