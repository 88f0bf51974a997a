"""The distribution as a stranger gets it: built, and installed without the extra."""

import json
import shutil
import sys
import zipfile
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

import pytest

from tests.clean_install import build_wheel, install, run, uv
from tests.rules.source import ROOT

STATIC = "node_gateway/web/static"
SHIPPED = (
    "anchoring/artifacts/AnchorRegistry.json",
    "anchoring/artifacts/Consortium.json",
    "anchoring/schemas/*.json",
    "node_gateway/storage/migrations/*.py",
    f"{STATIC}/*.mjs",
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
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of an environment with the wheel and the locked base dependencies, nothing else."""
    return install(wheel, tmp_path_factory.mktemp("clean") / "venv")


def is_built_from(name: str) -> bool:
    """Whether it is what the pages are built from: a wheel has what was built."""
    inside = name.removeprefix("node_gateway/web/")
    beside = "/" not in inside and inside.endswith((".mjs", ".json"))
    return inside != name and (beside or inside.startswith(("src/", "node_modules/")))


def test_the_wheel_holds_every_file_of_both_packages(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {
        path.relative_to(ROOT).as_posix()
        for package in ("anchoring", "node_gateway")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {name for name in names if ".dist-info/" not in name}
    assert packed == {name for name in ours if not is_built_from(name)}


def test_every_built_file_is_in_the_wheel_as_it_was_built(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel)
    manifest = json.loads(packed.read(f"{STATIC}/manifest.json"))
    assert {"verify.mjs", "LICENCES.txt"} <= manifest.keys()
    for one in manifest.values():
        data = packed.read(f"{STATIC}/{one['file']}")
        assert (sha256(data).hexdigest(), len(data)) == (one["sha256"], one["bytes"])


@pytest.mark.parametrize("file", ["manifest.json", "verify.mjs"])
def test_no_wheel_is_built_without_its_pages(tmp_path: Path, file: str) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE", "scripts/wheel_hook.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "anchoring").mkdir()
    shutil.copytree(ROOT / STATIC, tmp_path / STATIC)
    (tmp_path / STATIC / file).unlink()
    with pytest.raises(AssertionError, match=r"the pages are not .*built.*\nTry: make setup"):
        uv("build", "--wheel", "--python", sys.executable, "--out-dir", "dist", cwd=tmp_path)
    assert not list(tmp_path.glob("dist/*.whl"))


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
