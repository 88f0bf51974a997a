"""Runs gateways out of one process that has loaded their code: loading it is most of a start.

`python -m node_gateway.demo.nursery` reads one wish a line, as JSON, and forks for it. The child
becomes what `sealtrail serve` is, in a folder, an environment and a process group of its own. Of
every child it says when it began and when it ended. Where nobody can wish any more, because the
demo is gone, it ends its children and then itself.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import sys
from collections.abc import Mapping
from typing import Any

_LINE_SIZE_BYTES = 65_536


def main() -> None:
    """Load what a gateway needs, then tend wishes; a child goes on as a gateway."""
    from node_gateway.cli.root import app

    _load()
    config = _Nursery().tend()
    if config:
        sys.argv = ["sealtrail", "serve", "--config", config]
        app()


def _load() -> None:
    """Import what `sealtrail serve` would, and keep the collector's hands off the shared pages."""
    import uvicorn.lifespan.on
    import uvicorn.protocols.http.httptools_impl
    import uvicorn.protocols.websockets.auto  # noqa: F401

    import node_gateway.app
    import node_gateway.listening
    import node_gateway.wiring  # noqa: F401

    gc.collect()
    gc.freeze()


class _Nursery:
    """The loop over wishes and endings; has no threads, because it forks."""

    def __init__(self) -> None:
        self._children: set[int] = set()
        self._read, self._written = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._written, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._written)

    def tend(self) -> str:
        """Serve wishes; return the settings' file in a child, nothing at the end."""
        waiting = b""
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ)
            selector.register(self._read, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if self._read in ready:
                    os.read(self._read, _LINE_SIZE_BYTES)
                    self._reap()
                if 0 not in ready:
                    continue
                came = os.read(0, _LINE_SIZE_BYTES)
                if not came:
                    break
                *lines, waiting = (waiting + came).split(b"\n")
                for line in lines:
                    wish = json.loads(line)
                    if self._fork() == 0:
                        selector.close()
                        return self._become(wish)
        self._end()
        return ""

    def _fork(self) -> int:
        pid = os.fork()
        if pid:
            self._children.add(pid)
            _say(began=pid)
        return pid

    def _become(self, wish: Mapping[str, Any]) -> str:
        """Leave the nursery: nothing of it stays open, and no signal is its any more."""
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(self._read)
        os.close(self._written)
        nothing = os.open(os.devnull, os.O_RDONLY)
        log = os.open(wish["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for opened, place in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(opened, place)
        os.close(nothing)
        os.close(log)
        os.chdir(wish["folder"])
        os.environ.update(wish["settings"])
        return str(wish["config"])

    def _reap(self) -> None:
        for pid in tuple(self._children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._children.discard(pid)
                _say(ended=pid, status=os.waitstatus_to_exitcode(status))

    def _end(self) -> None:
        for pid in self._children:
            os.kill(pid, signal.SIGTERM)  # not reaped yet, so still ours
        for pid in self._children:
            os.waitpid(pid, 0)


def _say(**facts: int) -> None:
    try:
        os.write(1, json.dumps(facts).encode() + b"\n")
    except BrokenPipeError:
        return  # the demo is gone; the end of its wishes comes next


if __name__ == "__main__":
    main()
