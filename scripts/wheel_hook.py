"""Hatch's build hook: no distribution without its pages.

Hatch packs whatever lies below the packages, so a wheel that was built before the pages would look
whole and serve nothing. An editable install is made before the pages are, and needs none.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = Path("node_gateway/web/static")


def problem(root: Path) -> str | None:
    """Return what is wrong with the built pages below `root`, as a sentence; None if nothing is."""
    folder = root / STATIC
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return f"the pages are not built: {STATIC}/manifest.json is missing"
    for one in manifest.values():
        file = folder / one["file"]
        if not file.is_file() or sha256(file.read_bytes()).hexdigest() != one["sha256"]:
            return f"the pages are not as they were built: {STATIC / one['file']}"
    return None


class BuiltPages(BuildHookInterface):  # type: ignore[type-arg]
    """Stops a build whose pages are missing or changed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Look before anything is packed."""
        if version == "editable":
            return
        if found := problem(Path(self.root)):
            self.app.abort(f"{found}\nTry: make setup, then the same again")
