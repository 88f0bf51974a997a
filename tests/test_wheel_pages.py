"""A gateway from the wheel, in an environment of its own and without Node: it serves its pages."""

import json
import re
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.anvil import Anvil
from tests.clean_install import build_wheel, install
from tests.js.test_build_js import built
from tests.rules.source import ROOT

pytestmark = pytest.mark.timeout(900)  # an environment is made, and a network
FOREIGN = re.compile(r"""(?:src|href|action)=["']?(?:https?:)?//""")


@dataclass(frozen=True)
class Stranger:
    """Whoever installed the wheel: a folder, an environment, and nothing else on PATH."""

    bin: Path
    folder: Path

    @property
    def surroundings(self) -> dict[str, str]:
        named = {"PATH": str(self.bin), "HOME": str(self.folder), "NO_COLOR": "1"}
        return named | {"SEALTRAIL_CONFIG": str(self.folder / "mine/sealtrail.toml")}

    def command(self, *arguments: str) -> list[str]:
        return [str(self.bin / "sealtrail"), *arguments]

    def says(self, *arguments: str) -> str:
        done = subprocess.run(
            self.command(*arguments),
            env=self.surroundings,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    folder = tmp_path_factory.mktemp("stranger")
    python = install(build_wheel(folder), folder / "venv", "gateway")
    return Stranger(python.parent, folder)


@pytest.fixture(scope="module")
def gateway(stranger: Stranger) -> Iterator[str]:
    """The address of a gateway that the stranger set up and runs."""
    with Anvil() as chain:
        init = ("--name", "Example Maker", "--slug", "maker", "--prefix", "gs1:9521001")
        stranger.says("init", "mine", *init, "--rpc", chain.url)
        files = ("--participant", "mine/participant.json", "-o", "mine/network.json")
        stranger.says("chain", "deploy", "--rpc", chain.url, *files)
        with subprocess.Popen(
            stranger.command("serve", "--port", "0"),
            env=stranger.surroundings,
            cwd=stranger.folder,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield listening(process)
            finally:
                process.terminate()
                process.wait(60)


def listening(process: subprocess.Popen[str]) -> str:
    """Wait until it says where it listens; what it says later is read and forgotten."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"listening on (http\S+)", line):
            threading.Thread(target=list, args=(process.stderr,), daemon=True).start()
            return found[1]
    raise AssertionError("".join(said))


def fetch(url: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers={"Accept": "text/html", "Accept-Language": "en"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_there_is_no_node(stranger: Stranger) -> None:
    assert shutil.which("node", path=stranger.surroundings["PATH"]) is None
    where = "import node_gateway; print(node_gateway.__file__)"
    command = [stranger.bin / "python", "-c", where]
    said = subprocess.run(command, cwd=stranger.folder, capture_output=True, text=True, check=True)
    assert str(ROOT) not in said.stdout


@pytest.mark.parametrize("path", ["/", "/c/81234567890123456789", "/app/login"])
def test_a_page_and_all_that_it_names_are_served(gateway: str, path: str) -> None:
    status, body = fetch(gateway + path)
    text = body.decode()
    assert status in {200, 404}  # a page about a code that nobody knows is one, too
    assert "</html>" in text
    assert not FOREIGN.search(text)
    named = set(re.findall(r'"(/static/[^"]+)"', text))
    assert any(one.endswith(".css") for one in named)
    for one in sorted(named):
        assert fetch(gateway + one)[0] == 200, one


def test_every_file_is_served_as_a_second_build_makes_it(gateway: str, tmp_path: Path) -> None:
    _, again = built(tmp_path)
    manifest = json.loads(again["manifest.json"])
    served = {name: fetch(f"{gateway}/static/{one['file']}") for name, one in manifest.items()}
    assert len(served) > 10
    other = [name for name, one in manifest.items() if served[name] != (200, again[one["file"]])]
    assert other == []  # if it is a file that was edited since: make setup builds it


def test_the_doctor_finds_the_pages_whole_and_names_their_hash(
    stranger: Stranger, gateway: str
) -> None:
    assert gateway
    checks = {one["check"]: one for one in json.loads(stranger.says("doctor", "--json"))}
    assert checks["pages"]["ok"]
    assert re.search(r"as they were built, sha256 [0-9a-f]{64}$", checks["pages"]["detail"])
