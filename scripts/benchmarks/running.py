"""Two real gateways on one real chain: ours, and the same one without group commit."""

import asyncio
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from node_gateway.cli.chain import deploy_network
from node_gateway.cli.init import Wanted, make_gateway

ROOT = Path(__file__).resolve().parent.parent.parent
_HERE = Path(__file__).resolve().parent
PADDING = "fixed:4096"
_READY_S = 60
_FINAL_S = 300


class RunningGateway:
    stop_chain: Callable[[], None]

    def __init__(self, folder: Path, rpc: str, port: int, script: Sequence[str]) -> None:
        self.host, self.port, self.folder, self.rpc = "127.0.0.1", port, folder, rpc
        self.key = (folder / "admin.key").read_text().strip()
        self.process = subprocess.Popen(
            [sys.executable, *script, "--config", str(folder / "sealtrail.toml")],
            stdout=subprocess.DEVNULL,
            stderr=(folder / "log").open("w"),
        )
        self._until(lambda: self._get("/readyz")["status"] == "ready", _READY_S)

    def _get(self, path: str) -> dict:
        request = urllib.request.Request(
            f"http://{self.host}:{self.port}{path}",
            headers={"Authorization": f"Bearer {self.key}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def _until(self, holds, timeout_s: float) -> None:
        ends = time.monotonic() + timeout_s
        while time.monotonic() < ends:
            try:
                if holds():
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        log = (self.folder / "log").read_text()[-2000:]
        raise RuntimeError(f"the gateway did not get there in {timeout_s} s; its log ends:\n{log}")

    def status(self) -> dict:
        return self._get("/v1/status")

    def wait_followed(self) -> None:
        """Wait until states and indexes hold every event that is stored now."""

        def followed() -> bool:
            try:
                return "findings" in self._get("/v1/findings")  # answers after that
            except TimeoutError:
                return False

        self._until(followed, _FINAL_S)

    def wait_final(self) -> None:
        """Wait until every event that is stored now is final; empty batches go on for ever."""
        self._until(lambda: not any(one["waiting"] for one in self.status()["streams"]), _FINAL_S)
        last = {one["stream"]: one["lastSequence"] for one in self.status()["streams"]}

        def final() -> bool:
            streams = self.status()["streams"]
            return all(one["lastFinalSequence"] >= last[one["stream"]] for one in streams)

        self._until(final, _FINAL_S)

    def database_bytes(self) -> int:
        """The pages in use, those that are still in the write-ahead log included."""
        with closing(
            sqlite3.connect(f"file:{self.folder / 'sealtrail.db'}?mode=ro", uri=True)
        ) as db:
            (pages,) = db.execute("PRAGMA page_count").fetchone()
            (free,) = db.execute("PRAGMA freelist_count").fetchone()
            (size,) = db.execute("PRAGMA page_size").fetchone()
        return (pages - free) * size

    def rss_mib(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS")

    def cpu_s(self) -> float:
        """Processor time that it has taken so far, all threads together."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def steady_gas(self) -> list[float]:
        """Gas of the transactions that hold exactly one anchor of the ordinary stream."""
        anchors = self._get("/v1/anchors?after=2&perPage=50")["anchors"]
        hashes = [one["txHash"] for one in anchors if one["txHash"]]
        alone = [one for one in hashes if hashes.count(one) == 1]
        return [float(self._gas(one)) for one in alone]

    def _gas(self, tx_hash: str) -> int:
        call = {"jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionReceipt"}
        body = json.dumps({**call, "params": ["0x" + tx_hash]}).encode()
        request = urllib.request.Request(
            self.rpc, body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(json.load(answer)["result"]["gasUsed"], 16)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)


_SERVE = ("-m", "node_gateway.cli", "serve")


@contextmanager
def running_gateways() -> Iterator[tuple[RunningGateway, RunningGateway]]:
    with _running({"ours": _SERVE, "peer": (str(_HERE / "ungrouped.py"),)}) as (ours, peer):
        yield ours, peer


@contextmanager
def running_gateway() -> Iterator[RunningGateway]:
    with _running({"ours": _SERVE}) as (ours,):
        yield ours


@contextmanager
def _running(scripts: dict[str, tuple[str, ...]]) -> Iterator[list[RunningGateway]]:
    sys.path.insert(0, str(ROOT))
    from tests.anvil import Anvil

    folder = Path(tempfile.mkdtemp(prefix="sealtrail-bench-"))
    started = []
    try:
        with Anvil("--block-time", "1") as anvil:
            ports = {name: _free_port() for name in scripts}
            _make(folder, anvil.url, ports)
            for name, script in scripts.items():
                one = RunningGateway(folder / name, anvil.url, ports[name], script)
                one.stop_chain = anvil.close
                started.append(one)
            yield list(started)
            for one in started:
                one.close()
            started.clear()
    finally:
        for one in started:
            one.process.kill()
            one.process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def _make(folder: Path, rpc: str, ports: dict[str, int]) -> None:
    from anchoring.chain.network import write_network
    from anchoring.chain.signer import Signer

    people = []
    for number, (name, port) in enumerate(ports.items(), start=1):
        wanted = Wanted(
            folder=folder / name,
            participant=number,
            slug=name,
            name=name,
            url=f"http://127.0.0.1:{port}",
            roles=33,
            rpc=rpc,
            network="../network.json",
            port=port,
            cadence_s=1,
            slow_cadence_s=86_400,
            padding=PADDING,
        )
        make_gateway(wanted, scrypt_cost=1024)
        people.append(json.loads((folder / name / "participant.json").read_text()))
    network = asyncio.run(deploy_network(rpc, people, Signer.from_key(os.urandom(32))))
    write_network(folder / "network.json", network)
