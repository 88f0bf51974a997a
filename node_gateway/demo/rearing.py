"""The demo's side of the nursery: gateways that it begins, waits for and ends, each by its id."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from node_gateway.demo.processes import DemoError, end, spawn, tail


class Reared:
    """One gateway's process; ends like any process of ours."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    async def wait(self) -> int:
        """Wait until it has ended; return its exit status."""
        await self._ended.wait()
        return self.returncode or 0

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def note_end(self, status: int) -> None:
        """Take down with which status it ended."""
        self.returncode = status
        self._ended.set()

    def _send(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)


class Nursery:
    """Begins gateways; see `node_gateway.demo.nursery`."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process, self._log = process, log
        self._reared: dict[int, Reared] = {}
        self._begun: asyncio.Queue[int] = asyncio.Queue()
        self._turn = asyncio.Lock()
        self._hearing = asyncio.create_task(self._hear())

    async def rear(
        self, *, config: Path, folder: Path, log: Path, settings: Mapping[str, str]
    ) -> Reared:
        """Begin a gateway.

        Raises:
            DemoError: the nursery has ended.
        """
        wish = {"config": config, "folder": folder, "log": log, "settings": dict(settings)}
        line = json.dumps(wish, default=str).encode() + b"\n"
        # Whole even if the caller is cancelled: what has begun must be known, to be ended.
        return await asyncio.shield(asyncio.ensure_future(self._rear(line)))

    async def close(self) -> None:
        """End the nursery, and whatever still runs out of it."""
        async with self._turn:  # whoever was cancelled may have left one that only begins
            for one in tuple(self._reared.values()):
                await end(one)
        await end(self._process)
        await self._hearing

    async def _rear(self, line: bytes) -> Reared:
        if self._process.stdin is None:
            raise AssertionError("a nursery without a line to it")
        async with self._turn:
            with contextlib.suppress(ConnectionError):
                self._process.stdin.write(line)
                await self._process.stdin.drain()
            pid = await self._begun.get()
        if not pid:
            self._begun.put_nowait(0)
            raise DemoError(f"no gateway starts:\n{tail(self._log)}", attempt="the demo again")
        return self._reared[pid]

    async def _hear(self) -> None:
        if self._process.stdout is None:
            raise AssertionError("a nursery that cannot be heard")
        while line := await self._process.stdout.readline():
            said: dict[str, int] = json.loads(line)
            if "began" in said:
                self._reared[said["began"]] = Reared(said["began"])
                self._begun.put_nowait(said["began"])
            else:
                self._reared.pop(said["ended"]).note_end(said["status"])
        for one in self._reared.values():  # who could say how they end is gone
            with contextlib.suppress(ProcessLookupError):
                one.kill()
            one.note_end(-signal.SIGKILL)
        self._begun.put_nowait(0)


@asynccontextmanager
async def nursery(*, home: Path, folder: Path) -> AsyncIterator[Nursery]:
    """Run a nursery; what it reared and is not ended yet ends with it."""
    log = folder / "nursery.log"
    with log.open("ab") as errors:
        process = await spawn(
            *(sys.executable, "-m", "node_gateway.demo.nursery"),
            home=home,
            folder=folder,
            output=asyncio.subprocess.PIPE,
            errors=errors,
            hears=True,
        )
    running = Nursery(process, log)
    try:
        yield running
    finally:
        await running.close()
