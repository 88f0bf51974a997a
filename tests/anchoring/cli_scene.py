"""The command line on a real chain, with a gateway that says what a test wants."""

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from anchoring.chain.network import WitnessGroup, write_network
from anchoring.cli import main
from tests.anchoring.chain.sealed import Issuer, network_of
from tests.anchoring.chain.worlds import STREAM, AnvilWorld, anvil_world
from tests.anvil import ROOT


@dataclass
class Run:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        [line] = self.out.splitlines()
        return json.loads(line)


def anchoring(*arguments: str, stdin: bytes = b"") -> Run:
    """Run `main` in this process: starting an interpreter for each case would take a minute."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin))
    try:
        with redirect_stdout(out), redirect_stderr(err):
            status = main(arguments)
    except SystemExit as end:
        status = end.code
    finally:
        sys.stdin = before
    return checked(Run(int(status), out.getvalue(), err.getvalue()))


def process(*arguments: str, stdin: bytes = b"") -> Run:
    done = subprocess.run(
        [sys.executable, "-m", "anchoring", *arguments],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    return checked(Run(done.returncode, done.stdout.decode(), done.stderr.decode()))


def checked(run: Run) -> Run:
    assert "Traceback" not in run.err, run.err
    assert run.status == 0 or "Try: " in run.err, run.err
    return run


@dataclass
class Page:
    """An answer as it goes over the wire."""

    body: bytes
    status: int = 200
    retry_after: int | None = None


class Gateway(ThreadingHTTPServer):
    """Serves public entry lists, and by path whatever a test puts into `pages`.

    Pages are answered in turn; the last one again and again.
    """

    lists: dict[tuple[int, int], list[bytes] | bytes]
    pages: dict[str, list[Page]]
    asked: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if pages := self.server.pages.get(self.path):
            self.answer(pages.pop(0) if len(pages) > 1 else pages[0])
            return
        try:
            _, _, _, stream, _, sequence, _ = self.path.split("/")
        except ValueError:
            self.send_error(404)
            return
        found = self.server.lists.get((int(stream), int(sequence)))
        if found is None:
            self.send_error(404)
            return
        if isinstance(found, list):
            wire = {"stream": int(stream), "sequence": int(sequence)}
            found = json.dumps({**wire, "entries": [one.hex() for one in found]}).encode()
        self.answer(Page(found))

    def answer(self, page: Page) -> None:
        self.send_response(page.status)
        if page.retry_after is not None:
            self.send_header("Retry-After", str(page.retry_after))
        self.end_headers()
        self.wfile.write(page.body)

    def log_message(self, *args: object) -> None:
        pass


@dataclass
class Scene:
    folder: Path
    world: AnvilWorld
    issuer: Issuer
    gateway: Gateway
    url: str
    bundle: bytes

    @property
    def network(self) -> str:
        return str(self.folder / "network.json")

    @property
    def file(self) -> str:
        return str(self.folder / "bundle.json")

    def write(self, name: str, content: bytes) -> str:
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)


async def set_up(folder: Path) -> Scene:
    world = await anvil_world()
    issuer = Issuer(world)
    made = await issuer.seal(issuer.commit(1), issuer.commit(2))
    url = world.anvil.url
    network = await network_of(
        world,
        WitnessGroup("maker", 1, (url,)),
        WitnessGroup("shop", 2, (url,)),
        WitnessGroup("regulator", None, (url,)),
    )
    write_network(folder / "network.json", network)
    bundle = issuer.bundle(made).to_json()
    (folder / "bundle.json").write_bytes(bundle)
    gateway = Gateway(("127.0.0.1", 0), Handler)
    gateway.lists = {(STREAM, 1): list(made.batch.entries)}
    gateway.pages, gateway.asked = {}, []
    Thread(target=gateway.serve_forever, daemon=True).start()
    gateway_url = f"http://127.0.0.1:{gateway.server_port}"
    await world.rpc.close()
    return Scene(folder, world, issuer, gateway, gateway_url, bundle)


@contextmanager
def open_scene(folder: Path) -> Iterator[Scene]:
    loop = asyncio.new_event_loop()
    made = loop.run_until_complete(set_up(folder))
    yield made
    loop.run_until_complete(made.world.close())
    loop.close()
    made.gateway.shutdown()
    made.gateway.server_close()
