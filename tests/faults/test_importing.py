"""Imports under kill -9: the same events as without a kill, none lost, none doubled."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from node_gateway.codes.china.relation import RelationFile, read_relation
from tests.faults.conftest import NewChain
from tests.faults.world import BLOCK_S, Forks, GatewayProcess, Home, Template, until
from tests.gateway.codes.china.making import BOX, PACK, bills, code, relation, row, rows

CASES, BOXES, PACKS = 60, 20, 1
EVENTS_PER_ROUND = 2 + 2 + 1 + CASES * BOXES + CASES + 2  # packs, boxes, cases, packing, bills
KILLS = [
    ("import.before_commit", 1),  # the job
    ("import.after_commit", 1),
    ("import.after_commit", 2),  # the places of the first part
    ("store.before_commit", 1),
    ("store.after_commit", 1),  # captured, and not yet said so in the job
    ("import.before_commit", 3),
    ("import.after_commit", 3),  # the first part is done
    ("store.after_commit", 2),
    ("import.before_commit", 6),  # the levels
    ("import.after_commit", 7),  # the end
    ("import.after_commit", 9),  # the numbers of the bills
    ("store.after_commit", 3),
]


class Round:
    """One relation file and one file of bills, sent until both are imported."""

    def __init__(self, number: int) -> None:
        self.first, self.lot = number * CASES, f"L{number}"
        made = rows(CASES, BOXES, PACKS, first=self.first)
        self.relation = relation(made, cascade=f"1:{BOXES}:{BOXES * PACKS}", batchNo=self.lot)
        self.codes = len(made)
        pack = self.first * BOXES * PACKS
        self.bills = bills(row(pack, f"CK{number}"), row(pack + 1, f"CG{number}"))

    async def send(self, client: httpx2.AsyncClient) -> None:
        for raw, kind in ((self.relation, "mashang-relation"), (self.bills, "mashang-bills")):
            answer = await client.post("/v1/imports", content=raw)
            assert answer.status_code == 202, answer.text
            assert answer.json()["kind"] == kind
            path = answer.headers["location"]
            await until(lambda path=path: _is_done(client, path))  # type: ignore[misc]

    async def check(self, client: httpx2.AsyncClient) -> None:
        """What is there is what the files say, once."""
        params = {"product": "9999999", "lot": self.lot}
        answer = await client.get("/v1/exports/relations", params=params)
        assert answer.status_code == 200, answer.text
        assert _content(read_relation([answer.content])) == _content(read_relation([self.relation]))
        pack, box = self.first * BOXES * PACKS, self.first * BOXES
        for name, count in ((code(PACK, pack), 3), (code(PACK, pack + 9), 2), (code(BOX, box), 3)):
            traced = (await client.get(f"/v1/codes/urn:x-cn-drug:{name}")).json()
            assert len(traced["events"]) == count, (name, traced)


def _content(file: RelationFile) -> list[tuple[Any, ...]]:
    assert file.is_valid
    table = file.table
    return sorted((table.codes[n], file.layers[n], file.parents[n]) for n in range(len(table)))


async def _is_done(client: httpx2.AsyncClient, path: str) -> bool:
    job = (await client.get(path)).json()
    assert job["state"] in ("running", "interrupted", "done"), job
    return bool(job["state"] == "done")


async def _is_ready(client: httpx2.AsyncClient) -> bool:
    return bool((await client.get("/readyz")).json()["status"] == "ready")


async def _run(forks: Forks, home: Home, sent: Round, kill_at: tuple[str, int] | None) -> bool:
    """Return whether the gateway died."""
    process = await GatewayProcess.start(forks, home, kill_at=kill_at)
    try:
        async with asyncio.timeout(120), process.client() as client:
            await until(lambda: _is_ready(client))
            await sent.send(client)
            await sent.check(client)
    except httpx2.TransportError:
        await until(lambda: not process.runs)
    died = not process.runs
    status = process.end(signal.SIGTERM)
    assert status == (-signal.SIGKILL if died else 0), home.log.read_text()[-2000:]
    return died


@pytest.mark.timeout(900)
async def test_a_kill_at_every_step_of_an_import_loses_and_doubles_nothing(
    new_chain: NewChain, forks: Forks, template: Template, tmp_path: Path
) -> None:
    chain = await new_chain("--block-time", str(BLOCK_S))
    home = template.home(chain, tmp_path / "home")
    for number, kill_at in enumerate(KILLS):
        sent = Round(number)
        assert await _run(forks, home, sent, kill_at), f"{kill_at} never came"
        assert not await _run(forks, home, sent, None)
    with closing(sqlite3.connect(home.folder / "gateway.db")) as database:
        (count,) = database.execute("SELECT count(*) FROM event").fetchone()
        left = database.execute("SELECT number FROM import_job WHERE state <> 'done'").fetchall()
    assert (count, left) == (len(KILLS) * EVENTS_PER_ROUND, [])
    assert list((home.folder / "imports").iterdir()) == []


async def test_a_killed_gateway_goes_on_by_itself(
    new_chain: NewChain, forks: Forks, template: Template, tmp_path: Path
) -> None:
    chain = await new_chain("--block-time", str(BLOCK_S))
    home = template.home(chain, tmp_path / "home")
    sent = Round(1)
    assert await _run(forks, home, sent, ("store.after_commit", 1))
    process = await GatewayProcess.start(forks, home)
    async with asyncio.timeout(120), process.client() as client:
        await until(lambda: _is_done(client, "/v1/imports/1"))  # nothing is sent again
        job = (await client.get("/v1/imports/1")).json()
    assert process.end(signal.SIGTERM) == 0
    assert job["events"] == EVENTS_PER_ROUND - 2
    assert job["codesCaptured"] == job["codesToCapture"]
    assert 0 < job["duplicates"] < job["events"]  # of the part that was stored but not counted
