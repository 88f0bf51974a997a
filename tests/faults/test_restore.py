"""F17: a database that was restored from an old copy, and the way out of it."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from anchoring.audit_report import FindingCode
from anchoring.errors import ChainIdentityError, ChainUnavailableError
from node_gateway.cli import database
from tests.anvil import ROOT
from tests.faults.auditing import accepted, audit, stored_raw
from tests.faults.documents import event, single
from tests.faults.world import Chain, Here, Home, Template, gateway_here
from tests.postgres import RunningPostgres, database_name


class Copies:
    """Copies a home's database aside, and puts the copy back."""

    def __init__(self, home: Home, postgres: RunningPostgres | None) -> None:
        self._home, self._postgres = home, postgres
        self._copy = ""

    def take(self) -> None:
        """Copy; the gateway is stopped."""
        if self._postgres is None:
            source = sqlite3.connect(self._home.file)
            target = sqlite3.connect(self._home.folder / "copy.db")
            source.backup(target)
            target.close()
            source.close()
        else:
            self._copy = self._postgres.new_database(template=database_name(self._home.database))

    def restore(self) -> None:
        """Put it back; the gateway is stopped."""
        if self._postgres is None:
            for end in ("-wal", "-shm"):
                Path(f"{self._home.file}{end}").unlink(missing_ok=True)
            shutil.copy(self._home.folder / "copy.db", self._home.file)
            return
        name, copy = database_name(self._home.database), database_name(self._copy)
        with psycopg.connect(self._postgres.admin_url, autocommit=True) as session:
            session.execute(f'DROP DATABASE "{name}"'.encode())
            session.execute(f'ALTER DATABASE "{copy}" RENAME TO "{name}"'.encode())


@pytest.fixture(params=["sqlite", "postgresql"])
def home(chain: Chain, template: Template, tmp_path: Path, request: pytest.FixtureRequest) -> Home:
    if request.param == "sqlite":
        return template.home(chain, tmp_path / "home")
    url, key = request.getfixturevalue("new_postgres")()
    return Template(template.file, key).home(chain, tmp_path / "home", database=url)


@pytest.fixture
def copies(home: Home, request: pytest.FixtureRequest) -> Copies:
    is_file = home.database.startswith("sqlite")
    return Copies(home, None if is_file else request.getfixturevalue("postgres"))


async def _anchor(chain: Chain, here: Here, *names: int) -> list[str]:
    """Capture events and make them final."""
    entries = await here.capture(*(single(event(name)) for name in names))
    for _ in range(4):
        await here.slot()
        chain.mine()
    chain.mine()
    await here.step()
    assert {await here.state(entry) for entry in entries} == {"final"}
    return entries


async def adopt(home: Home) -> list[dict[str, Any]]:
    """Do what the operator's command does."""
    return await database._adopt(home.config)


def run_adopt(home: Home) -> subprocess.CompletedProcess[str]:
    """Run the operator's command itself."""
    return subprocess.run(
        [
            *(sys.executable, "-c", "from node_gateway.cli import main; main()"),
            *("db", "adopt-chain", "--yes", "--config", str(home.config)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_f17_a_restored_database_is_read_only_until_the_chain_is_adopted(
    chain: Chain, home: Home, copies: Copies
) -> None:
    """I8, then I1 for what is sent again, and no second root for any sequence (I5)."""
    async with gateway_here(home) as here:
        old = await _anchor(chain, here, 1, 2)
        clock = here.clock
        (batched,) = await here.capture(single(event(3)))
        await here.gateway.batcher.batch_now(here.gateway.streams.ordinary)
        (waiting,) = await here.capture(single(event(6)))
    copies.take()
    async with gateway_here(home, clock=clock) as here:
        lost = await _anchor(chain, here, 4, 5)
        assert [await here.state(one) for one in (batched, waiting)] == ["final", "final"]
        chain.mine()
        anchored = {tuple(one) for one in _roots(chain)}
        signed = stored_raw(home)
    copies.restore()

    async with gateway_here(home, clock=clock) as here:
        for _ in range(3):
            assert await here.readiness() == {"status": "read_only", "reason": "restored"}
            await here.slot()
        assert (await here.client.get("/readyz")).status_code == 200
        refused = await here.client.post("/epcis/events", content=single(event(4)))
        assert (refused.status_code, refused.json()["code"]) == (503, "read_only")
        assert refused.headers["Retry-After"]
        for entry in old:
            await accepted(chain, (await here.client.get(f"/v1/events/{entry}/bundle")).content)
        assert (await here.client.get(f"/v1/events/{lost[0]}")).status_code == 404
        assert len(stored_raw(home)) < len(signed)

    if home.database.startswith("sqlite"):
        done = await asyncio.to_thread(run_adopt, home)
        assert done.returncode == 0, done.stderr
        adoptions = json.loads(done.stdout)
    else:
        adoptions = await adopt(home)
    assert all(one["adopted"] > 0 and one["dissolved"] == 0 for one in adoptions)

    async with gateway_here(home, clock=clock) as here:
        assert await here.readiness() == {"status": "ready"}
        assert await here.state(batched) == "final"
        again = await _anchor(chain, here, 1, 2, 3, 6, 4, 5)
        assert again[:4] == [*old, batched, waiting]  # what the copy held keeps its entry
        assert not set(again[4:]) & set(lost)  # what it lacked is committed anew
        for entry in again:
            await accepted(chain, (await here.client.get(f"/v1/events/{entry}/bundle")).content)
        assert anchored <= {tuple(one) for one in _roots(chain)}
        report = await audit(chain, here.stranger)
        # The lists that were lost with the database are the only thing that an auditor misses.
        assert {one.code for one in report.findings} == {FindingCode.WITHHELD_LIST}


def _roots(chain: Chain) -> list[tuple[str, str]]:
    return [
        (one["hash"], one["input"])
        for one in chain.transactions()
        if one["to"] == "0x" + chain.registry.hex()
    ]


async def test_f17_adopting_a_chain_that_is_not_final_yet_changes_nothing(
    chain: Chain, home: Home, copies: Copies
) -> None:
    async with gateway_here(home) as here:
        await _anchor(chain, here, 1)
        clock = here.clock
    copies.take()
    async with gateway_here(home, clock=clock) as here:
        await here.slot()
        chain.mine()
    copies.restore()
    with pytest.raises(ChainUnavailableError, match="not final yet"):
        await adopt(home)
    if home.database.startswith("sqlite"):
        said = await asyncio.to_thread(run_adopt, home)
        assert (said.returncode, said.stdout) == (12, "")  # pending, not "cannot be checked"
        assert "\nTry: the same command again" in said.stderr
    async with gateway_here(home, clock=clock) as here:
        assert await here.readiness() == {"status": "read_only", "reason": "restored"}
    chain.mine()
    assert [one["adopted"] for one in await adopt(home)] == [1, 1]


async def test_f17_adopting_with_a_healthy_database_takes_nothing_from_it(
    chain: Chain, home: Home
) -> None:
    """I5: a batch that is signed and on its way is not dissolved, nor is one that waits."""
    async with gateway_here(home) as here:
        await _anchor(chain, here, 1)
        clock = here.clock
        (entry,) = await here.capture(single(event(2)))
        await here.slot()
        signed = stored_raw(home)
    done = await adopt(home)
    assert {(one["adopted"], one["dissolved"]) for one in done} == {(0, 0)}
    assert stored_raw(home) == signed
    async with gateway_here(home, clock=clock) as here:
        assert await here.state(entry) == "anchoring"
        chain.mine(2)
        await here.step(2)
        assert await here.state(entry) == "final"
        assert stored_raw(home) == signed
        assert (await audit(chain, here.stranger)).findings == []


async def test_f17_adopting_another_chain_is_refused(chain: Chain, home: Home) -> None:
    async with gateway_here(home) as here:
        await _anchor(chain, here, 1)
    chain.restart()
    with pytest.raises(ChainIdentityError):
        await adopt(home)
    if home.database.startswith("sqlite"):
        done = await asyncio.to_thread(run_adopt, home)
        assert done.returncode == 13
        assert "no contract at the registry's address" in done.stderr
        assert "Try: " in done.stderr


async def test_codes_issued_since_the_copy_are_never_issued_again(
    home: Home, chain: Chain, copies: Copies
) -> None:
    async def issue(here: Here, order: str) -> tuple[int, list[str]]:
        body = {"sscc": "690123456", "count": 10, "order": order}
        answer = await here.client.post("/v1/codes/issue", json=body)
        return answer.status_code, answer.text.split()[1:]

    async with gateway_here(home) as here:
        _, first = await issue(here, "before")
    copies.take()
    async with gateway_here(home) as here:
        _, lost = await issue(here, "lost")
        await _anchor(chain, here, 1)
    copies.restore()
    await adopt(home)
    async with gateway_here(home) as here:
        assert (await issue(here, "next"))[0] == 409
        skip = {"skip": 1_000_000}
        assert (await here.client.post("/v1/codes/ranges/close", json=skip)).status_code == 200
        status, following = await issue(here, "next")
    assert status == 200
    assert not {*first, *lost} & set(following)
    assert len({*first, *lost, *following}) == 30
    assert [one["adopted"] for one in await adopt(home)] == [0, 0]
    async with gateway_here(home) as here:
        assert (await issue(here, "another"))[0] == 200  # a whole database stays as it is
