"""Real gateways in processes of their own, which end themselves at a named durable step.

Importing the gateway takes seconds, so one process imports it once and forks a gateway per line
on its standard input; the gateway is then a process like any other and dies alone:

    {"plan": {...}}      ->  {"pid": 123}
    {"wait": 123}        ->  {"status": -9}      (like subprocess: minus the signal)

`python -m tests.faults.gateway_process PLAN.json` runs one gateway without forking.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvicorn

from node_gateway import wiring
from node_gateway.app import create_app
from node_gateway.settings import load_settings
from node_gateway.telemetry import configure_logs

REFUSED = 3
"""Exit status of a gateway that says on stderr why it does not start."""


@dataclass(frozen=True)
class Plan:
    """How to run one gateway.

    Attributes:
        config: Its TOML file.
        log: File that gets its output.
        steps: File that gets the name of every step, one a line.
        port: File that gets the port once it listens.
        kill_at: (step, occurrence from 1) at which it kills itself; None runs on.
    """

    config: str
    log: str
    steps: str
    port: str
    kill_at: tuple[str, int] | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))


class Steps:
    """The `on_step` hook: writes names down and kills the process at the wanted one."""

    def __init__(self, plan: Plan) -> None:
        self._file = os.open(plan.steps, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._kill_at = tuple(plan.kill_at) if plan.kill_at else None
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, name: str) -> None:
        with self._lock:
            self._counts[name] += 1
            os.write(self._file, f"{name}\n".encode())
            if (name, self._counts[name]) == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)  # never comes back


def run(plan: Plan) -> int:
    """Run a gateway until SIGTERM; return its exit status."""
    log = os.open(plan.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn's, when it has ended in order
    try:
        asyncio.run(_serve(plan))
    except Exception as error:  # noqa: BLE001 - whatever keeps it from starting is said
        traceback.print_exc()
        print(f"refused: {getattr(error, 'code', type(error).__name__)}", file=sys.stderr)
        sys.stderr.flush()
        return REFUSED
    return 0


async def _serve(plan: Plan) -> None:
    settings = load_settings(Path(plan.config))
    configure_logs(settings.log)
    async with wiring.open_gateway(settings, on_step=Steps(plan)) as gateway:
        listening = socket.create_server((settings.gateway.host, 0))
        config = uvicorn.Config(
            create_app(gateway),
            access_log=False,
            log_level="warning",
            lifespan="on",
            timeout_graceful_shutdown=2,
        )
        _say_port(plan, listening.getsockname()[1])
        await uvicorn.Server(config).serve(sockets=[listening])


def _say_port(plan: Plan, port: int) -> None:
    ready = Path(f"{plan.port}.new")
    ready.write_text(str(port))
    ready.rename(plan.port)


def _plan(values: dict[str, Any]) -> Plan:
    return Plan(**values)


def _fork(plan: Plan) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.close(0)
        status = run(plan)
    finally:
        os._exit(status)


def _serve_forks() -> None:
    """Fork until standard input ends, then end whatever still runs."""
    running: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "plan" in order:
            pid = _fork(_plan(order["plan"]))
            running.add(pid)
            answer = {"pid": pid}
        else:
            _, status = os.waitpid(order["wait"], 0)
            running.discard(order["wait"])
            answer = {"status": os.waitstatus_to_exitcode(status)}
        print(json.dumps(answer), flush=True)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(run(_plan(json.loads(Path(sys.argv[1]).read_text()))))
    _serve_forks()
