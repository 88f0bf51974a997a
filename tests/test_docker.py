"""The Dockerfile without a container engine: what it copies, what it installs, what it starts."""

import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tests.clean_install import run, uv
from tests.rules.source import ROOT

DOCKERFILE = re.sub(r"\\\n\s*", "", (ROOT / "docker/Dockerfile").read_text(encoding="utf-8"))
COPIED = [
    source
    for line in re.findall(r"(?m)^COPY (?!--from)(.*)$", DOCKERFILE)
    for source in line.split()[:-1]
]
SYNCS = re.findall(r"(?m)^RUN \S*/uv (sync .*)$", DOCKERFILE)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the build stage makes: the copied files in a folder, and the environment beside it.

    The pages are those of this checkout: the stage before it builds the same from the same.
    """
    source = tmp_path_factory.mktemp("image") / "src"
    for name in COPIED:
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            left = shutil.ignore_patterns("__pycache__", "node_modules")
            shutil.copytree(ROOT / name, target, ignore=left, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / name, target)
    venv = source.parent / "sealtrail"
    for sync in SYNCS:
        arguments = [word for word in shlex.split(sync) if word != "--no-cache"]
        arguments += ["--python", sys.executable]
        uv(*arguments, cwd=source, UV_PROJECT_ENVIRONMENT=str(venv))
    shutil.rmtree(source)  # the second stage copies the environment alone
    return venv


def test_the_ignore_file_lets_through_exactly_what_is_copied() -> None:
    lines = (ROOT / "docker/Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert sorted(line[1:] for line in lines if line.startswith("!")) == sorted(COPIED)


def test_the_image_is_as_new_as_the_package_demands() -> None:
    versions = set(re.findall(r"(?m)^FROM python:([\d.]+)-slim", DOCKERFILE))
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert versions == set(re.findall(r'(?m)^requires-python = ">=([\d.]+)"', text))


def test_the_environment_starts_the_command_of_the_image(image: Path, tmp_path: Path) -> None:
    assert len(SYNCS) == 2
    command = json.loads(re.findall(r"(?m)^CMD (\[.*\])$", DOCKERFILE)[-1])
    shown = run(image / "bin/sealtrail", command[0], "--help", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert all(word in shown.stdout for word in command if word.startswith("--"))
    assert run(image / "bin/python", "-c", "import pytest", cwd=tmp_path).returncode == 1
