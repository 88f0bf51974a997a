"""F9, F10, F19: two that act at once, on one key, on one database, on one event."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.anvil import ROOT
from tests.faults.auditing import audit, stored_raw
from tests.faults.documents import document, event, single
from tests.faults.world import (
    Chain,
    Forks,
    GatewayProcess,
    Template,
    gateway_here,
    until,
)


async def test_f9_f19_two_processes_on_one_key_leave_one_root_and_one_fatal(
    chain: Chain, template: Template, tmp_path: Path
) -> None:
    """I5: two copies with a database each, both empty, both reconciled before either anchors."""
    homes = [template.home(chain, tmp_path / name) for name in ("one", "two")]
    async with gateway_here(homes[0]) as one, gateway_here(homes[1]) as two:
        (kept,) = await one.capture(single(event(1)))
        (orphan,) = await two.capture(single(event(2)))
        await one.slot()
        chain.mine()
        await two.slot()
        for _ in range(3):
            chain.mine()
            await one.step()
            await two.step()
        assert await one.state(kept) == "final"
        assert await one.readiness() == {"status": "ready"}
        answer = await two.client.get("/readyz")
        assert (answer.status_code, answer.json()["reason"]) == (503, "equivocation_guard")
        assert await two.state(orphan) == "batched"
        assert stored_raw(homes[1]) == []
        assert (await two.client.post("/epcis/events", content=single(event(3)))).status_code == 503
        report = await audit(chain, one.stranger)
        assert report.findings == []


async def test_f9_f19_two_that_sign_at_once_leave_one_root_on_the_chain(
    chain: Chain, template: Template, tmp_path: Path
) -> None:
    homes = [template.home(chain, tmp_path / name) for name in ("one", "two")]
    async with gateway_here(homes[0]) as one, gateway_here(homes[1]) as two:
        await one.capture(single(event(1)))
        await two.capture(single(event(2)))
        await asyncio.gather(one.slot(), two.slot())
        for _ in range(4):
            chain.mine()
            await one.step()
            await two.step()
        reasons = [(await here.readiness()).get("reason") for here in (one, two)]
        assert sorted(reasons, key=str) == [None, "equivocation_guard"]
        winner = (one, two)[reasons.index(None)]
        assert (await audit(chain, winner.stranger)).findings == []


async def test_f19_the_second_process_refuses_to_start(
    chain: Chain, template: Template, forks: Forks, tmp_path: Path
) -> None:
    """One database, two processes: the second says so, ends, and has changed nothing."""
    home = template.home(chain, tmp_path / "home")
    first = await GatewayProcess.start(forks, home)
    async with first.client() as client:
        await until(lambda: _is_ready(client))
        second = await asyncio.to_thread(
            subprocess.run,
            [
                *(sys.executable, "-c", "from node_gateway.cli import main; main()"),
                *("serve", "--config", str(home.config), "--port", "0"),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert f"process {first.pid} on " in second.stderr
        assert "writes to this database" in second.stderr
        assert "Try: " in second.stderr
        answer = await client.post("/epcis/events", content=single(event(1)))
        assert answer.status_code == 201
    assert first.end(signal.SIGTERM) == 0
    third = await GatewayProcess.start(forks, home)  # the lease went with its holder
    assert third.url
    assert third.end(signal.SIGKILL) == -signal.SIGKILL


async def _is_ready(client: httpx2.AsyncClient) -> bool:
    return bool((await client.get("/readyz")).json()["status"] == "ready")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_f10_a_hundred_identical_submissions_make_one_event(
    database: str,
    chain: Chain,
    template: Template,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """I6: one entry, one receipt, whoever asks first."""
    url, key = None, template.api_key
    if database == "postgresql":
        url, key = request.getfixturevalue("new_postgres")()
    home = Template(template.file, key).home(chain, tmp_path / "home", database=url)
    async with gateway_here(home) as here:
        body, headers = document(event(1), event(2)), {"Idempotency-Key": "delivery-1"}
        answers = await asyncio.gather(
            *(
                here.client.post("/epcis/capture", content=body, headers=headers if n % 2 else {})
                for n in range(100)
            )
        )
        assert {one.status_code for one in answers} == {202}
        found = {tuple(one["entry"] for one in answer.json()["events"]) for answer in answers}
        assert len(found) == 1
        stored = [
            one
            for answer in answers
            for one in answer.json()["events"]
            if one["result"] == "stored"
        ]
        assert len(stored) == 2
        (entries,) = found
        receipts = [await here.client.get(f"/v1/events/{one}/receipt") for one in entries]
        assert len({one.content for one in receipts}) == 1
        assert (await here.client.get("/v1/status")).json()["events"] == 2
        other = await here.client.post(
            "/epcis/capture", content=document(event(3)), headers=headers
        )
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
