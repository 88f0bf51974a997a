"""F3: what was acknowledged is on the disk first, and every image of the disk holds it."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from node_gateway.storage.engine import open_store
from tests.anvil import ROOT
from tests.faults.conftest import NewChain
from tests.faults.documents import document, event, single
from tests.faults.gateway_process import Plan
from tests.faults.world import (
    BLOCK_S,
    Forks,
    GatewayProcess,
    Home,
    Template,
    gateway_here,
    until,
)


async def _ready(client: httpx2.AsyncClient) -> bool:
    return bool((await client.get("/readyz")).json()["status"] == "ready")


async def test_f3_every_commit_is_flushed(
    new_chain: NewChain, template: Template, tmp_path: Path, new_postgres: Any
) -> None:
    """What both databases promise only if they are told to."""
    chain = await new_chain(by_hand=True)
    home = template.home(chain, tmp_path / "sqlite")
    async with gateway_here(home) as here:
        store: Any = here.gateway.store
        raw = store._connection.connection.dbapi_connection
        full = 2
        assert raw.execute("PRAGMA synchronous").fetchone() == (full,)
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    url, key = new_postgres()
    home = Template(template.file, key).home(chain, tmp_path / "postgresql", database=url)
    async with gateway_here(home) as here:
        store = here.gateway.store
        raw = store._connection.connection.dbapi_connection
        assert raw.execute("SHOW synchronous_commit").fetchone() == ("on",)
        assert raw.execute("SHOW fsync").fetchone() == ("on",)


def _under_strace(home: Home, *options: str) -> subprocess.Popen[bytes]:
    plan = Plan(str(home.config), str(home.log), str(home.steps), str(home.folder / "port"))
    (home.folder / "plan.json").write_text(plan.to_json())
    (home.folder / "port").unlink(missing_ok=True)
    return subprocess.Popen(
        [
            *("strace", "-f", "-qq", "-s", "24", "-o", str(home.folder / "trace"), *options),
            *(sys.executable, "-m", "tests.faults.gateway_process"),
            str(home.folder / "plan.json"),
        ],
        cwd=ROOT,
    )


def _may_trace(folder: Path) -> bool:
    """True if strace is here and may trace: containers often forbid it."""
    if shutil.which("strace") is None:
        return False
    probe = ["strace", "-f", "-o", str(folder / "probe"), "-e", "trace=execve", "true"]
    return subprocess.run(probe, check=False, capture_output=True).returncode == 0


async def test_f3_the_flush_comes_before_the_answer(
    new_chain: NewChain, template: Template, forks: Forks, tmp_path: Path
) -> None:
    """Seen by strace; where there is none, by the steps: no answer before the commit is over."""
    chain = await new_chain("--block-time", str(BLOCK_S))
    home = template.home(chain, tmp_path / "home", batching={"cadence_s": 3600, "promise_s": 7200})
    if not _may_trace(tmp_path):
        process = await GatewayProcess.start(forks, home, kill_at=("store.before_commit", 1))
        async with process.client() as client:
            await until(lambda: _ready(client))
            with pytest.raises(httpx2.TransportError):
                await client.post("/epcis/events", content=single(event(1)))
        assert process.status() == -signal.SIGKILL
        return
    calls = "trace=fdatasync,fsync,recvfrom,sendto"
    traced = _under_strace(home, "-e", calls)
    try:
        port = home.folder / "port"
        await until(port.exists)
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port.read_text()}", headers=home.headers, timeout=60
        ) as client:
            await until(lambda: _ready(client))
            for number in range(5):
                answer = await client.post("/epcis/events", content=single(event(number)))
                assert answer.status_code == 201
            os.kill(_child_of(traced.pid), signal.SIGTERM)
    finally:
        await asyncio.to_thread(traced.wait, 30)
    lines = (home.folder / "trace").read_text().splitlines()
    posts = [at for at, line in enumerate(lines) if '"POST /epcis/events' in line]
    answers = [at for at, line in enumerate(lines) if '"HTTP/1.1 201' in line]
    assert (len(posts), len(answers)) == (5, 5)
    flushed = re.compile(r"f(data)?sync(\(\d+\)| resumed>\)).*= 0")
    for asked, answered in zip(posts, answers, strict=True):
        assert any(flushed.search(line) for line in lines[asked:answered]), lines[asked:answered]


def _child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


async def test_f3_every_image_of_the_disk_holds_what_was_acknowledged(
    new_chain: NewChain, template: Template, forks: Forks, tmp_path: Path, is_long: bool
) -> None:
    """Database and log as they stand at random moments of a load; each copy is opened again."""
    chain = await new_chain("--block-time", str(BLOCK_S))
    home = template.home(chain, tmp_path / "home", batching={"padding": "fixed:256"})
    process = await GatewayProcess.start(forks, home)
    acknowledged: list[str] = []
    images: list[tuple[Path, int]] = []
    async with process.client() as client:
        await until(lambda: _ready(client))
        load = [asyncio.create_task(_load(client, worker, acknowledged)) for worker in range(4)]
        for number in range(40 if is_long else 8):
            await asyncio.sleep(random.uniform(0.05, 0.3))
            images.append(_image(process, home, tmp_path / f"image-{number}", acknowledged))
        for task in load:
            task.cancel()
        await asyncio.gather(*load, return_exceptions=True)
    assert process.end(signal.SIGTERM) == 0
    assert images[-1][1] > images[0][1]
    for folder, count in images:
        await _holds(folder, acknowledged[:count])


async def _load(client: httpx2.AsyncClient, worker: int, acknowledged: list[str]) -> None:
    for number in range(10_000):
        events = [event(f"{worker + 1}{number:05d}{at}") for at in range(3)]
        answer = await client.post("/epcis/capture", content=document(*events))
        assert answer.status_code == 202
        acknowledged.extend(one["entry"] for one in answer.json()["events"])


def _image(
    process: GatewayProcess, home: Home, folder: Path, acknowledged: list[str]
) -> tuple[Path, int]:
    """Copy both files while the process stands still; they belong to one moment."""
    folder.mkdir()
    os.kill(process.pid, signal.SIGSTOP)
    try:
        count = len(acknowledged)
        for end in ("", "-wal"):
            shutil.copy(f"{home.file}{end}", folder / f"gateway.db{end}")
    finally:
        os.kill(process.pid, signal.SIGCONT)
    return folder, count


async def _holds(folder: Path, entries: list[str]) -> None:
    store = await open_store(f"sqlite:///{folder / 'gateway.db'}")
    try:
        for entry in entries:
            stored = await store.event_by_entry(bytes.fromhex(entry))
            assert stored is not None
            assert stored.payload is not None
            assert await store.receipt_of_entry(bytes.fromhex(entry)) is not None
    finally:
        await store.close()
    with sqlite3.connect(folder / "gateway.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_f2_a_commit_that_fails_ends_writing(
    new_chain: NewChain, template: Template, tmp_path: Path, new_postgres: Any
) -> None:
    """The server goes away inside a commit: stored or not, nobody knows. Only a restart goes on."""
    chain = await new_chain(by_hand=True)
    url, key = new_postgres()
    home = Template(template.file, key).home(chain, tmp_path / "home", database=url)
    armed = False

    def terminate(name: str) -> None:
        if armed and name == "store.before_commit":
            with psycopg.connect(url, autocommit=True) as session:
                session.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    async with gateway_here(home, on_step=terminate) as here:
        (kept,) = await here.capture(single(event(1)))
        armed = True
        for number in (2, 3):
            refused = await here.client.post("/epcis/events", content=single(event(number)))
            assert (refused.status_code, refused.json()["code"]) == (503, "store_closed")
            assert refused.headers["Retry-After"]
        armed = False
        await here.slot()
        answer = await here.client.get("/readyz")
        assert (answer.status_code, answer.json()["reason"]) == (503, "store_closed")
        assert await here.state(kept) == "stored"
    async with gateway_here(home) as here:
        assert (await here.capture(*(single(event(number)) for number in (1, 2, 3))))[0] == kept
        assert (await here.client.get("/v1/status")).json()["events"] == 3


async def test_f2_a_disk_that_fails_to_flush_ends_writing(
    new_chain: NewChain, template: Template, forks: Forks, tmp_path: Path
) -> None:
    """After a failed flush nobody knows what is on the disk: no second try, only a restart."""
    if not _may_trace(tmp_path):
        return  # the test above makes a commit fail everywhere
    chain = await new_chain("--block-time", str(BLOCK_S))
    home = template.home(chain, tmp_path / "home", batching={"cadence_s": 3600, "promise_s": 7200})
    failing = ("-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=40+")
    traced = _under_strace(home, *failing)
    entries: list[str] = []
    try:
        port = home.folder / "port"
        await until(port.exists)
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port.read_text()}", headers=home.headers, timeout=60
        ) as client:
            await until(lambda: _ready(client))
            for number in range(200):
                answer = await client.post("/epcis/events", content=single(event(number)))
                if answer.status_code != 201:
                    break
                entries.append(answer.json()["entry"])
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
            await until(lambda: _is_fatal(client))
            again = await client.post("/epcis/events", content=single(event(99)))
            assert again.status_code == 503
            for entry in entries:
                assert (await client.get(f"/v1/events/{entry}")).status_code == 200
            os.kill(_child_of(traced.pid), signal.SIGKILL)
    finally:
        await asyncio.to_thread(traced.wait, 30)
    process = await GatewayProcess.start(forks, home)
    async with process.client() as client:
        await until(lambda: _ready(client))
        for number, entry in enumerate(entries):
            answer = await client.post("/epcis/events", content=single(event(number)))
            assert (answer.status_code, answer.json()["entry"]) == (201, entry)
    assert process.end(signal.SIGTERM) == 0


async def _is_fatal(client: httpx2.AsyncClient) -> bool:
    answer = await client.get("/readyz")
    return (answer.status_code, answer.json()["status"]) == (503, "fatal")
