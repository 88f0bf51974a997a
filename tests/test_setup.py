"""`scripts/setup.sh` says plainly what the machine lacks, before it touches anything.

That it works on a bare machine is what every fresh clone shows; here are its refusals.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rules.source import ROOT

PYTHONS = ("python", *(f"python3{minor}" for minor in ("", ".11", ".12", ".13", ".14")))
OTHER_PLATFORM = {"uname": '[ "$1" = -s ] && echo Plan9 || echo riscv', "anvil": ":"}
NEEDED = ("sh", "cat", "dirname", "mkdir", "uname", "node", "npm")


def setup(path: str, home: Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": path, "HOME": str(home)}
    return subprocess.run(
        [ROOT / "scripts/setup.sh"], env=env, capture_output=True, text=True, check=False
    )


def machine(folder: Path, fakes: dict[str, str]) -> str:
    """Make a folder for PATH: the programs that set-up needs, and nothing else, some replaced."""
    (folder / "python3").symlink_to(Path(sys.executable).resolve())
    for name in NEEDED:
        (folder / name).symlink_to(Path(shutil.which(name) or name))
    for name, body in fakes.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("fakes", "said"),
    [
        (dict.fromkeys(PYTHONS, "exit 1"), "no Python >= 3.11"),
        ({"node": "echo 18.19.0"}, "Node 18.19.0 is too old"),
        (OTHER_PLATFORM, "forge is not on PATH, and npm has none for Plan9 riscv"),
    ],
    ids=["old-python", "old-node", "other-platform"],
)
def test_what_the_machine_lacks_is_said(tmp_path: Path, fakes: dict[str, str], said: str) -> None:
    done = setup(machine(tmp_path, fakes), tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert "\nTry: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_run_does_nothing(tmp_path: Path) -> None:
    done = setup(os.environ["PATH"], tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == []
