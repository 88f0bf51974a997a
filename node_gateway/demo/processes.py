"""The processes that the demo starts, and only those: each is ended by its own process id."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Protocol

ANVIL_VARIABLE = "SEALTRAIL_ANVIL"
_LOCKED = Path(__file__).resolve().parents[2] / "contracts" / "node_modules" / ".bin" / "anvil"
_FLAGS = (
    *("--host", "127.0.0.1", "--port", "0", "--accounts", "1"),
    *("--gas-price", "0", "--block-base-fee-per-gas", "0", "--hardfork", "cancun"),
    # Without the next one Anvil writes every old state to disk and never removes it.
    *("--order", "fifo", "--max-persisted-states", "0"),
)
_LISTENING = re.compile(r"Listening on \S+?:(\d+)")
_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 15.0
_LOG_LINES = 15


class DemoError(Exception):
    """The demo cannot go on. `attempt` says what to try."""

    def __init__(self, message: str, *, attempt: str) -> None:
        self.attempt = attempt
        super().__init__(message)


def find_anvil() -> str:
    """Return the Anvil to run: `SEALTRAIL_ANVIL`, then the checkout's own, then the one on PATH.

    Raises:
        DemoError: there is none.
    """
    if named := os.environ.get(ANVIL_VARIABLE):
        if found := shutil.which(named):
            return found
        raise DemoError(
            f"{ANVIL_VARIABLE} names {named}, which is no program",
            attempt=f"unset {ANVIL_VARIABLE}, or let it name an anvil",
        )
    if found := shutil.which(str(_LOCKED)) or shutil.which("anvil"):
        return found
    raise DemoError(
        "there is no anvil, which plays the chain",
        attempt=f"npm ci in contracts/, an anvil on PATH, or {ANVIL_VARIABLE}=FILE",
    )


def environment(home: Path) -> dict[str, str]:
    """Return the environment of what the demo starts: a home of its own, no settings of ours."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SEALTRAIL_")}
    folders = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
    return {**kept, "HOME": str(home), **dict.fromkeys(folders, "")}


def choose_ports(wanted: Sequence[int]) -> list[int]:
    """Return each wanted port if it is free, a free one in its place otherwise."""
    chosen = []
    with contextlib.ExitStack() as held:
        for port in wanted:
            probe = held.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                probe.bind(("127.0.0.1", 0))
            chosen.append(int(probe.getsockname()[1]))
    return chosen


async def spawn(
    *command: str,
    home: Path,
    folder: Path,
    output: int | IO[bytes],
    errors: int | IO[bytes] = asyncio.subprocess.STDOUT,
    hears: bool = False,
) -> asyncio.subprocess.Process:
    """Start a process of our own. Whoever calls this ends it; cancelled, it is ended here."""
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *command,
            env=environment(home),
            cwd=folder,
            stdin=asyncio.subprocess.PIPE if hears else asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            process_group=0,  # Ctrl-C reaches the demo alone, which then ends everything in order
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await end(await starting)
        raise


class Process(Protocol):
    """A process that we started, however we did."""

    @property
    def returncode(self) -> int | None:
        """Its exit status, None while it runs."""
        ...

    async def wait(self) -> int:
        """Wait until it has ended; return its exit status."""
        ...

    def terminate(self) -> None:
        """Ask it to end."""
        ...

    def kill(self) -> None:
        """End it."""
        ...


async def end(process: Process) -> None:
    """End one process that we started and wait for it; one that has ended already is left."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@asynccontextmanager
async def anvil(
    program: str, *, home: Path, chain_id: int, flags: Sequence[str] = ("--block-time", "1")
) -> AsyncIterator[str]:
    """Run one Anvil on a free port; yields its address.

    Raises:
        DemoError: it did not start.
    """
    command = (program, *_FLAGS, "--chain-id", str(chain_id), *flags)
    process = await spawn(*command, home=home, folder=home, output=asyncio.subprocess.PIPE)
    draining: asyncio.Task[None] | None = None
    try:
        port = await _port_of(process)
        draining = asyncio.create_task(_drain(process))  # or the pipe fills and Anvil stalls
        yield f"http://127.0.0.1:{port}"
    finally:
        await end(process)
        if draining is not None:
            await draining


async def _port_of(process: asyncio.subprocess.Process) -> int:
    seen: list[str] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_START_TIMEOUT_S):
            while process.stdout is not None and (line := await process.stdout.readline()):
                seen.append(line.decode(errors="replace").rstrip())
                if match := _LISTENING.search(seen[-1]):
                    return int(match[1])
    last = "\n".join(seen[-_LOG_LINES:])
    raise DemoError(f"anvil did not start:\n{last}", attempt="anvil --version (wanted: 1.x)")


async def _drain(process: asyncio.subprocess.Process) -> None:
    while process.stdout is not None and await process.stdout.read(65_536):
        pass


def tail(log: Path) -> str:
    """Return the last lines of a log."""
    with contextlib.suppress(OSError):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_LOG_LINES:])
    return ""
