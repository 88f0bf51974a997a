"""A gateway as an operator runs it: made by `init`, on contracts of `chain deploy`, by `serve`."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from node_gateway.cli.init import Wanted, make_gateway
from node_gateway.cli.root import app
from tests.anvil import Anvil

if TYPE_CHECKING:
    from tests.gateway.cli.town import Town

SEALTRAIL = Path(sys.executable).with_name("sealtrail")
PREFIXES = ("gs1:6901234",)
"""Of the codes that `tests.gateway.running.sgtin` makes."""
QUICK = {
    "SEALTRAIL_BATCHING__CADENCE_S": "3600",
    "SEALTRAIL_BATCHING__PROMISE_S": "7200",
    "SEALTRAIL_BATCHING__PADDING": "fixed:16",
    "SEALTRAIL_CHAIN__CONFIRMATIONS": "0",
    "SEALTRAIL_CHAIN__POLL_S": "0.3",
    "NO_COLOR": "1",
    "COLUMNS": "200",
}


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.out.count("\n") == 1, self.err + self.out
        return json.loads(self.out)

    def tries(self) -> str:
        """Return what stands after `Try:`; every complaint has exactly one such line."""
        assert "Traceback" not in self.err + self.out
        (line,) = [one for one in self.err.splitlines() if one.startswith("Try: ")]
        return line.removeprefix("Try: ")


@dataclass(frozen=True)
class Cli:
    """Runs commands in this process, with a folder's settings."""

    config: Path
    env: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, **env: str) -> Said:
        result = CliRunner().invoke(
            app, list(arguments), env={**QUICK, "SEALTRAIL_CONFIG": str(self.config), **env}
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)


@dataclass(frozen=True)
class Served:
    """A gateway that `sealtrail serve` runs."""

    folder: Path
    url: str
    cli: Cli
    log: list[str]
    process: subprocess.Popen[str]

    def __call__(self, *arguments: str, **env: str) -> Said:
        port = self.url.rpartition(":")[2]
        return self.cli(*arguments, **{"SEALTRAIL_GATEWAY__PORT": port, **env})


def new_folder(folder: Path, rpc: str, **wishes: Any) -> Path:
    """Make a gateway's folder the way `init` does, with keystores that open quickly."""
    wanted = {
        "participant": 1,
        "slug": "maker",
        "name": "Maker Ltd",
        "url": "http://maker.example",
        "roles": 33,
        "rpc": rpc,
        "network": "network.json",
        **wishes,
    }
    make_gateway(Wanted(folder=folder, **wanted), scrypt_cost=2)
    return folder


def start_serving(folder: Path, *arguments: str) -> tuple[subprocess.Popen[str], str, list[str]]:
    """Start `sealtrail serve` on a free port; return its process, address and log so far."""
    process = subprocess.Popen(
        [SEALTRAIL, "serve", "--config", folder / "sealtrail.toml", "--port", "0", *arguments],
        env={**os.environ, **QUICK},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    log: list[str] = []
    assert process.stderr is not None
    for line in process.stderr:
        log.append(line)
        if match := re.search(r"listening on (http\S+)", line):
            threading.Thread(target=_drain, args=(process.stderr, log), daemon=True).start()
            return process, match[1], log
    process.wait(10)
    raise AssertionError("".join(log))


def _drain(stream: IO[str], log: list[str]) -> None:
    with stream:
        log.extend(stream)


def stop_serving(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    status = process.wait(30)
    assert process.stdout is not None
    process.stdout.close()
    return status


@pytest.fixture(scope="session")
def deployed_folder(anvil: Anvil, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gateway's folder with contracts deployed for it."""
    folder = new_folder(tmp_path_factory.mktemp("served") / "maker", anvil.url, prefixes=PREFIXES)
    network = str(folder / "network.json")
    said = Cli(folder / "sealtrail.toml")(
        *("chain", "deploy", "--rpc", anvil.url, "--output", network),
        *("--participant", str(folder / "participant.json")),
    )
    assert said.status == 0, said.err
    assert said.json()["network"] == network
    return folder


@pytest.fixture(scope="session")
def served(deployed_folder: Path) -> Iterator[Served]:
    """The gateway of the whole session of command-line tests."""
    process, url, log = start_serving(deployed_folder)
    up = Served(deployed_folder, url, Cli(deployed_folder / "sealtrail.toml"), log, process)
    try:
        wait_until(lambda: up("status", "--json").json()["state"] == "ready")
        yield up
    finally:
        assert stop_serving(process) == 0, "".join(log)


@pytest.fixture(scope="module")
def chain() -> Iterator[Anvil]:
    """Its clock is moved on by the tests of a module, so nobody else uses it."""
    with Anvil() as anvil:
        yield anvil


@pytest.fixture(scope="module")
def town(chain: Anvil, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A network for tests that leave its participants as they were."""
    from tests.consortium import found
    from tests.gateway.cli.town import PEOPLE, Town

    folder = tmp_path_factory.mktemp("town")
    return Town(asyncio.run(found(chain, PEOPLE, delay_s=600, folder=folder)), folder)


def wait_until(holds: Callable[[], bool], *, timeout_s: float = 30) -> None:
    import time

    ends_at = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < ends_at, "it did not come true in time"
        time.sleep(0.05)
