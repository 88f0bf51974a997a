"""A real Anvil of one's own, on a free port, leaving nothing behind."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
FLAGS = (
    *("--gas-price", "0", "--block-base-fee-per-gas", "0"),
    # Without the next one Anvil writes every old state to disk and never removes it.
    *("--order", "fifo", "--max-persisted-states", "0", "--chain-id", "4242"),
)
HARDFORK = ("--hardfork", "cancun")


def anvil_path() -> str:
    """Return the locked Anvil, or the one on PATH."""
    locked = ROOT / "contracts" / "node_modules" / ".bin" / "anvil"
    found = str(locked) if locked.exists() else shutil.which("anvil")
    if found is None:
        raise RuntimeError("no anvil: run `npm ci` in contracts/ or put one on PATH")
    return found


class Anvil:
    """One Anvil; a context manager. Extra flags go to the command line.

    `port=0` takes a free one; a restart on the same port makes another chain at one address.
    """

    def __init__(self, *flags: str, port: int = 0) -> None:
        fork = () if HARDFORK[0] in flags else HARDFORK
        self._home = tempfile.TemporaryDirectory(prefix="sealtrail-anvil-")
        self._process = subprocess.Popen(
            [anvil_path(), "--port", str(port), *FLAGS, *fork, *flags],
            env={**os.environ, "HOME": self._home.name},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.port = self._wait_for_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._drain = threading.Thread(target=self._read_all, daemon=True)
        self._drain.start()  # or the pipe fills and Anvil stalls

    def _wait_for_port(self) -> int:
        seen = []
        assert self._process.stdout is not None
        for line in self._process.stdout:
            seen.append(line)
            if match := re.search(r"Listening on \S+?:(\d+)", line):
                return int(match[1])
        self.close()
        raise RuntimeError("anvil did not start:\n" + "".join(seen))

    def _read_all(self) -> None:
        assert self._process.stdout is not None
        self._process.stdout.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def rpc(self, method: str, *params: object) -> Any:
        """Call one JSON-RPC method; an error in the answer is raised as RuntimeError."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        request = urllib.request.Request(
            self.url, body.encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def close(self) -> None:
        """End this process and remove its files."""
        self._process.terminate()
        self._process.wait(10)
        if hasattr(self, "_drain"):
            self._drain.join(10)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._home.cleanup()
