"""A chain of one's own with the real contracts, and homes of gateways on it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import httpx2
from eth_account import Account
from fastapi import FastAPI

from anchoring.chain.deploy import FirstKey, FirstParticipant, deploy
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.keystore import store_key
from anchoring.chain.network import Contract, Network, WitnessGroup, write_network
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import Signer
from node_gateway import wiring
from node_gateway.app import create_app
from node_gateway.services.gateway import Gateway
from node_gateway.settings import load_settings
from node_gateway.worker import Worker
from tests.anvil import ROOT, Anvil
from tests.faults.gateway_process import Plan

STREAM, DISPENSING = 1 << 16, (1 << 16) + 1
PASSPHRASE = "planted-passphrase-of-a-keystore"
BLOCK_S = 0.25
"""Block time of a chain that mines by itself; its clock runs ahead, far less than promises."""


def private_key(name: str) -> bytes:
    return sha256(f"faults {name}".encode()).digest()


def signer(name: str) -> Signer:
    return Signer.from_key(private_key(name))


class Clock:
    """The gateway's time; moves only when told."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Chain:
    """An Anvil with our contracts and one participant. `await Chain.start()`."""

    def __init__(self, *flags: str) -> None:
        self.anvil = Anvil(*flags)
        self.rpc = EvmRpc(self.anvil.url)
        self.reader = EvmReader(self.rpc)

    @classmethod
    async def start(cls, *flags: str, by_hand: bool = False) -> Self:
        """Deploy; with `by_hand` nothing is mined afterwards unless `mine` is called."""
        chain = cls(*flags)
        try:
            await chain._deploy()
        except BaseException:
            await chain.close()
            raise
        if by_hand:
            chain.anvil.rpc("evm_setAutomine", False)
        return chain

    async def _deploy(self) -> None:
        made = await deploy(
            self.rpc,
            signer("deployer"),
            [
                FirstParticipant(
                    slug="maker",
                    name="Maker",
                    url="https://maker.example",
                    roles=1 | 32,
                    admin_key=signer("admin").address,
                    recovery_key=signer("recovery").address,
                    keys=(
                        FirstKey(signer("anchor").address, 1),
                        FirstKey(signer("sign").address, 2),
                    ),
                )
            ],
        )
        identity = made.identity
        self.network = Network(
            chain_id=identity.chain_id,
            genesis_hash=identity.genesis_hash,
            consortium=made.consortium,
            registries=(Contract(identity.registry, identity.code_hash),),
            witnesses=(WitnessGroup("local", None, (self.anvil.url,)),),
        )
        self.registry = identity.registry

    def mine(self, count: int = 1) -> None:
        for _ in range(count):
            self.anvil.rpc("evm_mine")

    def reorg(self, depth: int) -> None:
        """Replace the newest blocks by empty ones; their transactions are forgotten."""
        self.anvil.rpc("anvil_reorg", depth, [])

    def restart(self, *flags: str) -> None:
        """End the chain and start an empty one at the same address."""
        port = self.anvil.port
        self.anvil.close()
        self.anvil = Anvil(*flags, port=port)

    def transactions(self) -> list[dict[str, Any]]:
        """Return every transaction of the chain, oldest first."""
        found: list[dict[str, Any]] = []
        for number in range(int(self.anvil.rpc("eth_blockNumber"), 16) + 1):
            found += self.anvil.rpc("eth_getBlockByNumber", hex(number), True)["transactions"]
        return found

    async def close(self) -> None:
        await self.rpc.close()
        self.anvil.close()


@dataclass(frozen=True)
class Home:
    """The folder of one gateway: configuration, keystores, database, logs."""

    folder: Path
    database: str
    api_key: str

    @property
    def config(self) -> Path:
        return self.folder / "gateway.toml"

    @property
    def log(self) -> Path:
        return self.folder / "gateway.log"

    @property
    def steps(self) -> Path:
        return self.folder / "steps"

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return Path(self.database.removeprefix("sqlite:///"))

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}", "Content-Type": "application/json"}


@dataclass(frozen=True)
class Template:
    """An empty SQLite database of the current schema with one API key; its copies are homes."""

    file: Path
    api_key: str

    def home(
        self, chain: Chain, folder: Path, /, *, database: str | None = None, **sections: Any
    ) -> Home:
        """Make a home. `sections` overrides settings, `limits={"public_lookups": "1/minute"}`."""
        folder.mkdir(parents=True)
        if database is None:
            shutil.copy(self.file, folder / "gateway.db")
            database = f"sqlite:///{folder / 'gateway.db'}"
        write_network(folder / "network.json", chain.network)
        (folder / "passphrase").write_text(PASSPHRASE)
        for name in ("anchor", "sign"):
            account = Account.from_key(private_key(name))
            store_key(folder / name, account, PASSPHRASE, scrypt_cost=2)
        home = Home(folder, database, self.api_key)
        home.config.write_text(_toml(_settings(chain, home, sections)))
        return home


def _settings(chain: Chain, home: Home, changes: dict[str, Any]) -> dict[str, Any]:
    stream = {"cadence_s": 1, "padding": "fixed:16", "promise_s": 3600}
    settings: dict[str, Any] = {
        "gateway": {"participant": 1, "database": home.database},
        "chain": {"rpc": chain.anvil.url, "network_file": "network.json", "poll_s": 0.1},
        "keys": {
            "anchor_keystore": "anchor",
            "sign_keystore": "sign",
            "passphrase_file": "passphrase",
        },
        "batching": stream,
        "batching.dispensing": {**stream, "cadence_s": 2},
        "limits": {"public_lookups": "1000000/minute"},
    }
    for name, members in changes.items():
        settings.setdefault(name.replace("__", "."), {}).update(members)
    return settings


def _toml(sections: dict[str, Any]) -> str:
    lines = []
    for name, members in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in members.items()]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Here:
    """A gateway in this process. Its worker does nothing unless `step` is called."""

    gateway: Gateway
    worker: Worker
    client: httpx2.AsyncClient
    stranger: httpx2.AsyncClient
    clock: Clock
    app: FastAPI

    async def step(self, count: int = 1) -> None:
        for _ in range(count):
            await self.worker.step()

    async def reconcile(self) -> None:
        """Do what the worker does first."""
        self.worker._apply(await self.gateway.anchorer.reconcile())

    async def slot(self, seconds: float = 2) -> None:
        """Let the next slot come, and do a pass."""
        self.clock.now += seconds
        await self.step()

    async def capture(self, *bodies: bytes) -> list[str]:
        """Capture single events; return their entries."""
        answers = [await self.client.post("/epcis/events", content=body) for body in bodies]
        assert all(one.status_code == 201 for one in answers), [one.text for one in answers]
        return [one.json()["entry"] for one in answers]

    async def state(self, entry: str) -> str:
        answer = await self.client.get(f"/v1/events/{entry}")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["state"])

    async def readiness(self) -> dict[str, Any]:
        body: dict[str, Any] = (await self.client.get("/readyz")).json()
        return body


@asynccontextmanager
async def gateway_here(
    home: Home,
    *,
    clock: Clock | None = None,
    on_step: Callable[[str], None] | None = None,
    reconcile: bool = True,
) -> AsyncIterator[Here]:
    """Run a gateway in this process, without its worker's loop."""
    clock = clock or Clock()
    settings = load_settings(home.config)
    async with wiring.open_gateway(settings, on_step=on_step, clock=clock) as gateway:
        app = create_app(gateway, with_worker=False)
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        async with (
            httpx2.AsyncClient(
                transport=transport, base_url="http://gateway", headers=home.headers, timeout=60
            ) as client,
            httpx2.AsyncClient(transport=transport, base_url="http://gateway") as stranger,
        ):
            here = Here(gateway, Worker(gateway), client, stranger, clock, app)
            if reconcile:
                await here.reconcile()
            yield here


class Forks:
    """The process that forks gateways; see `gateway_process`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.gateway_process"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


class GatewayProcess:
    """One gateway in a process of its own. `await GatewayProcess.start(...)`."""

    def __init__(self, forks: Forks, home: Home, kill_at: tuple[str, int] | None) -> None:
        self.home = home
        self._forks = forks
        self._port_file = home.folder / "port"
        self._port_file.unlink(missing_ok=True)
        plan = Plan(
            config=str(home.config),
            log=str(home.log),
            steps=str(home.steps),
            port=str(self._port_file),
            kill_at=kill_at,
        )
        self.pid: int = forks.ask({"plan": json.loads(plan.to_json())})["pid"]
        self.url = ""
        self._status: int | None = None

    @classmethod
    async def start(
        cls, forks: Forks, home: Home, *, kill_at: tuple[str, int] | None = None
    ) -> Self:
        """Start it and wait until it listens, or has ended."""
        process = cls(forks, home, kill_at)
        await until(lambda: process._port_file.exists() or not process.runs)
        if process._port_file.exists():
            process.url = f"http://127.0.0.1:{process._port_file.read_text()}"
        return process

    @property
    def runs(self) -> bool:
        """False once it has ended: a zombie has no memory any more."""
        if self._status is not None:
            return False
        try:
            return "VmSize" in Path(f"/proc/{self.pid}/status").read_text()
        except FileNotFoundError:
            return False

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.url, headers=self.home.headers, timeout=30)

    def status(self) -> int:
        """Wait for its end; minus the signal, or its exit status."""
        if self._status is None:
            self._status = int(self._forks.ask({"wait": self.pid})["status"])
        return self._status

    def end(self, number: int) -> int:
        """Send a signal, if it still runs, and wait for its end."""
        if self._status is None:
            os.kill(self.pid, number)
        return self.status()


async def until(
    holds: Callable[[], bool | Awaitable[bool]], *, timeout_s: float = 60, pause_s: float = 0.02
) -> None:
    """Wait until something holds; a TimeoutError after `timeout_s`."""
    async with asyncio.timeout(timeout_s):
        while True:
            found = holds()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(pause_s)
