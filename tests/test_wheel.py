"""The distribution as a stranger gets it: built, and installed without the extra."""

import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.clean_install import run, uv
from tests.rules.source import ROOT

SHIPPED = (
    "anchoring/artifacts/AnchorRegistry.json",
    "anchoring/artifacts/Consortium.json",
    "anchoring/schemas/*.json",
    "node_gateway/storage/migrations/*.py",
    "node_gateway/web/static/*.mjs",
    "*.dist-info/licenses/LICENSE",
)
IMPORT_ALL = """
import importlib, pkgutil, sys, anchoring
names = [m.name for m in pkgutil.walk_packages(anchoring.__path__, "anchoring.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
assert "node_gateway" not in sys.modules
print(len(names), anchoring.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--python", sys.executable, "--out-dir", str(out))
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of an environment with the wheel and the locked base dependencies, nothing else."""
    venv = tmp_path_factory.mktemp("clean") / "venv"
    base = ("--frozen", "--no-dev", "--no-install-project", "--python", sys.executable)
    uv("sync", *base, UV_PROJECT_ENVIRONMENT=str(venv))
    uv("pip", "install", "--no-deps", "--python", str(venv / "bin/python"), str(wheel))
    return venv / "bin/python"


def test_the_wheel_holds_every_file_of_both_packages(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {
        path.relative_to(ROOT).as_posix()
        for package in ("anchoring", "node_gateway")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if ".dist-info/" not in name} == ours


@pytest.mark.parametrize("pattern", SHIPPED)
def test_the_wheel_holds_what_is_not_code(wheel: Path, pattern: str) -> None:
    assert any(fnmatch(name, pattern) for name in zipfile.ZipFile(wheel).namelist())


def test_the_library_runs_without_the_extra(installed: Path, tmp_path: Path) -> None:
    assert run(installed, "-c", "import fastapi", cwd=tmp_path).returncode == 1
    imported = run(installed, "-c", IMPORT_ALL, cwd=tmp_path)
    assert imported.returncode == 0, imported.stderr
    assert str(ROOT) not in imported.stdout
    shown = run(installed, "-m", "anchoring", "--help", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert all(word in shown.stdout for word in ("verify", "inspect", "audit"))


def test_the_gateway_says_that_it_needs_the_extra(installed: Path, tmp_path: Path) -> None:
    said = run(installed.with_name("sealtrail"), "status", cwd=tmp_path)
    assert said.returncode == 1
    assert "sealtrail[gateway]" in said.stderr
    assert "Traceback" not in said.stderr
