"""F2: the database is full. Refused before it is acknowledged, nothing by halves, proofs go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults.auditing import accepted, audit, query
from tests.faults.documents import document, event, large, single
from tests.faults.world import Chain, Here, Home, Template, gateway_here

TABLES = ("capture", "event", "chunk", "event_code", "code_tile", "batch", "batch_page")


@pytest.fixture
def home(chain: Chain, template: Template, tmp_path: Path) -> Home:
    return template.home(chain, tmp_path / "home")


def _limit_pages(here: Here, room: int | None) -> None:
    """Let the database grow by `room` pages only; None lifts the limit. The writer is idle."""
    store: Any = here.gateway.store
    raw = store._connection.connection.dbapi_connection
    (count,) = raw.execute("PRAGMA page_count").fetchone()
    limit = 1_000_000 if room is None else count + room
    assert raw.execute(f"PRAGMA max_page_count={limit}").fetchone() == (limit,)


def _counts(home: Home) -> dict[str, int]:
    return {name: query(home, f"SELECT COUNT(*) FROM {name}")[0][0] for name in TABLES}


async def test_f2_a_full_database_refuses_before_it_acknowledges(chain: Chain, home: Home) -> None:
    async with gateway_here(home) as here:
        (first,) = await here.capture(single(event(1)))
        for _ in range(3):
            await here.slot()
            chain.mine()
        await here.step()
        bundle = (await here.client.get(f"/v1/events/{first}/bundle")).content
        await accepted(chain, bundle)
        before = _counts(home)

        _limit_pages(here, 2)
        body = document(event(2), large(3), event(4))
        for _ in range(2):
            refused = await here.client.post("/epcis/capture", content=body)
            assert (refused.status_code, refused.json()["code"]) == (507, "database_full")
            assert _counts(home) == before
            assert (await here.client.get(f"/v1/events/{first}/bundle")).content == bundle
        assert (await here.client.get("/readyz")).status_code == 200

        _limit_pages(here, None)
        taken = await here.client.post("/epcis/capture", content=body)
        assert taken.status_code == 202
        entries = [one["entry"] for one in taken.json()["events"]]
        for _ in range(3):
            await here.slot()
            chain.mine()
        await here.step()
        assert {await here.state(entry) for entry in entries} == {"final"}
        report = await audit(chain, here.stranger)
        assert (report.findings, report.unchecked) == ([], [])


async def test_f2_a_database_too_full_for_a_batch_stops_captures_and_serves_proofs(
    chain: Chain, home: Home
) -> None:
    """I8: an event that could be stored but never anchored would be a promise to break."""
    async with gateway_here(home) as here:
        (first,) = await here.capture(single(event(1)))
        for _ in range(3):
            await here.slot()
            chain.mine()
        await here.step()
        (waiting,) = await here.capture(single(event(2)))
        _limit_pages(here, 0)
        for _ in range(40):  # empty batches fill what room the pages have left
            await here.slot()
            if (await here.readiness())["status"] == "read_only":
                break
        for _ in range(3):
            assert await here.readiness() == {"status": "read_only", "reason": "database_full"}
            refused = await here.client.post("/epcis/events", content=single(event(3)))
            assert (refused.status_code, refused.json()["code"]) == (503, "read_only")
            assert refused.headers["Retry-After"]
            assert (await here.client.get(f"/v1/events/{first}/bundle")).status_code == 200
            await here.slot()

        _limit_pages(here, None)
        for _ in range(4):
            await here.slot()
            chain.mine()
        await here.step()
        assert await here.readiness() == {"status": "ready"}
        assert await here.state(waiting) == "final"
        report = await audit(chain, here.stranger)
        assert (report.findings, report.unchecked) == ([], [])
