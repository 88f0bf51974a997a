"""Deliveries under kill -9: every event is delivered, in order; a kill repeats one at most."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.faults.conftest import NewChain
from tests.faults.world import BLOCK_S, Forks, GatewayProcess, Home, Template, until
from tests.gateway.rest.receiving import Receiver, receiving
from tests.gateway.running import document, sgtin, shipping

EVENTS_EACH = 4
KILLS = [
    ("subscription.before_commit", 1),  # of the subscription itself
    ("subscription.after_commit", 1),  # made, and nobody was told so
    ("subscription.before_commit", 2),  # delivered, and the position not kept
    ("subscription.after_commit", 2),  # kept
    ("subscription.before_commit", 3),
    ("subscription.after_commit", 4),
    ("project.after_commit", 2),  # in the index, and not delivered
    ("store.after_commit", 2),  # stored, and in no index
]
LIMITS = {"allow_private": True, "allow_http": True, "retry_s_min": 0.2, "retry_s_max": 0.5}


class Story:
    """Captures events one by one, as one who repeats what was not acknowledged."""

    def __init__(self, dest: str) -> None:
        self.dest = dest
        self.codes: list[str] = []
        self.waiting: list[str] = []

    async def tell(self, client: httpx2.AsyncClient, *, until_it_dies: bool) -> None:
        query = {"name": "all", "query": {"EQ_bizStep": ["shipping"]}}
        answer = await client.post("/epcis/queries", json=query)
        assert answer.status_code in (201, 409), answer.text
        path = "/epcis/queries/all/subscriptions"
        if not (await client.get(path)).json():
            wanted = {"dest": self.dest, "stream": True}
            wanted["initialRecordTime"] = "2020-01-01T00:00:00Z"
            assert (await client.post(path, json=wanted)).status_code == 201
        self.waiting = self.waiting or [sgtin() for _ in range(EVENTS_EACH)]
        while self.waiting:
            if until_it_dies and len(self.waiting) == 1:
                self.waiting.append(sgtin())
            await self._capture(client, self.waiting[0])
            self.codes.append(self.waiting.pop(0))
            await asyncio.sleep(0.15)  # so that each event is a delivery of its own

    async def _capture(self, client: httpx2.AsyncClient, code: str) -> None:
        event: dict[str, Any] = shipping(code, eventID=f"urn:example:{code}")
        answer = await client.post("/epcis/capture", content=json.dumps(document(event)))
        assert answer.status_code == 202, answer.text


async def _is_ready(client: httpx2.AsyncClient) -> bool:
    return bool((await client.get("/readyz")).json()["status"] == "ready")


async def _tell(
    forks: Forks, home: Home, story: Story, receiver: Receiver, kill_at: tuple[str, int] | None
) -> bool:
    """Return whether the gateway died."""
    process = await GatewayProcess.start(forks, home, kill_at=kill_at)
    try:
        async with asyncio.timeout(60), process.client() as client:
            await until(lambda: _is_ready(client))
            await story.tell(client, until_it_dies=kill_at is not None)
            await receiver.until(lambda one: set(one.codes) >= set(story.codes))
    except httpx2.TransportError:
        await until(lambda: not process.runs)
    died = not process.runs
    status = process.end(signal.SIGTERM)
    assert status == (-signal.SIGKILL if died else 0), home.log.read_text()[-2000:]
    return died


def once_each(codes: list[str]) -> list[str]:
    return list(dict.fromkeys(codes))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_a_kill_at_every_step_loses_no_delivery(
    database: str,
    new_chain: NewChain,
    forks: Forks,
    template: Template,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    chain = await new_chain("--block-time", str(BLOCK_S))
    if database == "sqlite":
        home = template.home(chain, tmp_path / "home", subscriptions=LIMITS)
    else:
        url, key = request.getfixturevalue("new_postgres")()
        home = Template(template.file, key).home(
            chain, tmp_path / "home", database=url, subscriptions=LIMITS
        )
    async with receiving(Receiver()) as receiver:
        story = Story(receiver.url)
        for kill_at in KILLS if database == "sqlite" else KILLS[2:4]:
            assert await _tell(forks, home, story, receiver, kill_at), f"{kill_at}"
            assert not await _tell(forks, home, story, receiver, None)
            assert once_each(receiver.codes) == story.codes
        # A delivery that came twice has the same name and holds the same.
        by_name: dict[str, set[tuple[str, ...]]] = {}
        for one in receiver.taken:
            by_name.setdefault(one.headers["webhook-id"], set()).add(tuple(one.codes))
        assert all(len(held) == 1 for held in by_name.values())
        repeated = len(receiver.codes) - len(set(receiver.codes))
        assert 0 < repeated <= 2 * len(KILLS)
