"""Which files belong to a gateway beside its database: settings, network file, keys, mappings.

The recovery key does not: it is for the day when everything else is lost, and lies elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from node_gateway.features import imports_folder
from node_gateway.settings import Settings

CONFIG: Final = "sealtrail.toml"
_ADMIN: Final = Path("keys") / "admin.json"


@dataclass(frozen=True, slots=True)
class BackupFile:
    """One file of a gateway.

    Attributes:
        path: Where it is.
        place: Where it is put back, relative to the new folder.
        setting: The setting that names it, empty if none does.
        is_outside: It lies outside the settings' folder: the setting that names it has to be
            changed by hand after restoring.
    """

    path: Path
    place: str
    setting: str = ""
    is_outside: bool = False


def files_of(config: Path, settings: Settings) -> list[BackupFile]:
    """Return the files that belong to a backup, each once, the settings first."""
    folder = config.resolve().parent
    found = {config.resolve(): BackupFile(config.resolve(), CONFIG)}
    for setting, path in _named(settings):
        real = path.resolve()
        if real.is_file() and real not in found:
            found[real] = _placed(real, folder, setting, len(found))
    admin = (folder / _ADMIN).resolve()
    if admin.is_file() and admin not in found:
        found[admin] = _placed(admin, folder, "", len(found))
    for waiting in _waiting(settings):
        if waiting.resolve() not in found:
            found[waiting.resolve()] = _placed(
                waiting.resolve(), folder, "gateway.imports_folder", len(found)
            )
    return list(found.values())


def variables_of(environment: Mapping[str, str]) -> list[str]:
    """Return the names of the variables that settings come from: a backup holds no values."""
    return sorted(name for name in environment if name.upper().startswith("SEALTRAIL_"))


def _named(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Go through every setting that names a file."""
    for section_name in type(settings).model_fields:
        section = getattr(settings, section_name)
        for name in type(section).model_fields:
            value = getattr(section, name)
            if isinstance(value, Path) and not name.endswith("folder"):
                yield f"{section_name}.{name}", value


def _waiting(settings: Settings) -> Iterator[Path]:
    """Go through the files that are being imported: the database knows how far."""
    folder = imports_folder(settings)
    if folder.is_dir():
        yield from sorted(one for one in folder.iterdir() if one.is_file())


def _placed(path: Path, folder: Path, setting: str, number: int) -> BackupFile:
    if path.is_relative_to(folder):
        return BackupFile(path, path.relative_to(folder).as_posix(), setting)
    place = os.path.join("outside", f"{number}-{path.name}")  # noqa: PTH118  a name, not a path
    return BackupFile(path, place, setting, is_outside=True)
