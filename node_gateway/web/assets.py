"""The built files of the pages: `static/manifest.json` names each, with its hash and size.

They are built from `src/` by `build.mjs` and ship in the wheel. Their names hold their hashes, so
a browser keeps them for good and never mixes two releases.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final

URL: Final = "/static"
MANIFEST: Final = "manifest.json"


class AssetsMissingError(RuntimeError):
    """The pages were not built: there is no manifest, or none that can be read."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One built file.

    Attributes:
        file: Its name below `/static/`, with its hash.
        sha256: Of its bytes, 64 hex digits.
        size_bytes: How long it is.
    """

    file: str
    sha256: str
    size_bytes: int


@cache
def manifest() -> Mapping[str, Asset]:
    """Return every built file by its logical name (`result.js`, `base.css`).

    Raises:
        AssetsMissingError: nothing was built here, or the manifest is damaged.
    """
    try:
        told = json.loads((folder() / MANIFEST).read_text(encoding="utf-8"))
        return MappingProxyType(
            {name: Asset(one["file"], one["sha256"], one["bytes"]) for name, one in told.items()}
        )
    except OSError as error:
        raise AssetsMissingError("the pages are not built") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AssetsMissingError("the list of built pages is damaged") from error


def url(name: str) -> str:
    """Return the address of a built file by its logical name."""
    return f"{URL}/{manifest()[name].file}"


def path(file: str) -> Path | None:
    """Return where a built file lies, by its name with hash; None if it is none of ours."""
    known = any(one.file == file for one in manifest().values())
    return folder() / file if known else None


def digest() -> str:
    """Return one SHA-256 over all built files: SHA-256 of the lines `<sha256> <file>`, sorted."""
    lines = sorted(f"{one.sha256} {one.file}\n" for one in manifest().values())
    return sha256("".join(lines).encode()).hexdigest()


def damaged() -> list[str]:
    """Return the names of built files whose bytes are not what the manifest says."""
    return sorted(
        name for name, one in manifest().items() if _sha256(folder() / one.file) != one.sha256
    )


def folder() -> Path:
    """Return the folder of the built files."""
    return Path(str(files("node_gateway.web") / "static"))


def _sha256(file: Path) -> str | None:
    try:
        return sha256(file.read_bytes()).hexdigest()
    except OSError:
        return None


__all__ = [
    "MANIFEST",
    "URL",
    "Asset",
    "AssetsMissingError",
    "damaged",
    "digest",
    "folder",
    "manifest",
    "path",
    "url",
]
