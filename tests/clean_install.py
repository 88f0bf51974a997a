"""Environments made from the lock file, as a stranger would make them."""

import os
import subprocess
import sys
from pathlib import Path

from tests.rules.source import ROOT

UV = ROOT / ".cache/boot/bin/uv"


def uv(*arguments: str, cwd: Path = ROOT, **variables: str) -> None:
    """Run uv without the network if its cache allows, else with it."""
    env = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "UV_OFFLINE")}
    env |= {"UV_CACHE_DIR": str(ROOT / ".cache/uv"), "UV_PYTHON_DOWNLOADS": "never"} | variables
    done = None
    for offline in (("--offline",), ()):
        command = [str(UV), *arguments, *offline]
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
        if done.returncode == 0:
            return
    raise AssertionError(done.stderr if done else "uv was not run")


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this checkout into `folder`."""
    uv("build", "--wheel", "--python", sys.executable, "--out-dir", str(folder))
    (built,) = folder.glob("*.whl")
    return built


def install(wheel: Path, venv: Path, *extras: str) -> Path:
    """Make an environment of the wheel and its locked dependencies; return its Python."""
    base = ("--frozen", "--no-dev", "--no-install-project", "--python", sys.executable)
    wanted = [word for extra in extras for word in ("--extra", extra)]
    uv("sync", *base, *wanted, UV_PROJECT_ENVIRONMENT=str(venv))
    uv("pip", "install", "--no-deps", "--python", str(venv / "bin/python"), str(wheel))
    return venv / "bin/python"


def run(python: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL"))}
    command = [str(python), *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
