"""The tree as the rules see it: one `Source` per file, read without git."""

import ast
import os
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What is installed, built or cached; nobody wrote it.
NOT_OURS = {
    *(".git", ".cache", ".venv", "build", "dist", "static", "node_modules", "out", "cache"),
    *(
        "broadcast",
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
        ".forge",
    ),
}
LOCK_FILES = {"uv.lock", "package-lock.json"}


@dataclass(frozen=True)
class Source:
    """One file: its path from the root with forward slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.path)

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def module(self) -> str:
        """Dotted name of a Python module; a package is named without `__init__`."""
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def files(*suffixes: str, under: tuple[str, ...] = ("",)) -> list[Source]:
    """Every text file of ours with one of the suffixes (all of them if none is given)."""
    found = []
    for folder, names, leaves in os.walk(ROOT):
        names[:] = sorted(name for name in names if name not in NOT_OURS)
        for leaf in sorted(leaves):
            path = (Path(folder) / leaf).relative_to(ROOT).as_posix()
            if path.startswith(under) and (not suffixes or path.endswith(suffixes)):
                found.extend(_read(path))
    return found


@cache
def _read(path: str) -> list[Source]:
    file = ROOT / path
    if file.is_symlink() or file.name in LOCK_FILES:
        return []
    try:
        return [Source(path, file.read_text(encoding="utf-8"))]
    except UnicodeDecodeError:
        return []  # a picture or a database: no rule reads it


def python(*packages: str) -> list[Source]:
    return files(".py", under=tuple(f"{package}/" for package in packages) or ("",))
