"""F1: the process is killed at its durable steps, one after the other, and nothing is lost."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.faults import documents
from tests.faults.auditing import LARGE_CODES, Ledger, check_everything
from tests.faults.conftest import NewChain
from tests.faults.world import BLOCK_S, Chain, Forks, GatewayProcess, Home, Template, until

Kill = tuple[str, int]

# One kill inside every kind of durable step, before and after its commit.
SHORT: list[Kill] = [
    ("store.before_commit", 2),
    ("store.after_commit", 3),
    ("batch.before_commit", 2),
    ("batch.after_commit", 1),
    ("outbox.after_commit", 1),
    ("before_send", 1),
    ("after_send", 1),
    ("seen.after_commit", 1),
    ("final.after_commit", 1),
    ("erase_secret.after_commit", 1),
    ("erase.before_commit", 1),
    ("project.before_commit", 2),
    ("project.after_commit", 1),
    ("forget.after_commit", 1),
]
SHORT_POSTGRES: list[Kill] = [
    ("store.after_commit", 2),
    ("outbox.after_commit", 1),
]
KINDS = (
    *("store", "batch", "outbox", "seen", "final"),
    *("project", "follow_chain", "forget", "erase_secret", "erase"),
)
# What a run does at least; a step that is renamed away must not leave the sweep unnoticed.
STEPS = {
    *(f"{kind}.{moment}" for kind in KINDS for moment in ("before_commit", "after_commit")),
    *("before_persist", "after_persist", "before_send", "after_send", "before_seen", "after_seen"),
    *("before_final", "after_final"),
}
# What goes between gateways is killed with a partner at hand, in tests/gateway/partners; keys and
# tokens are nothing that could be lost or doubled. `handover_addressing` writes nothing: it waits
# for what is being written; what follows, `handover_addressed`, is killed in test_unaddressed.py.
ELSEWHERE = (
    *("register", "query", "handovers_begin", "handover_doubts", "sales", "sales_sealed"),
    *("begin_granted_goods", "tidy_grants", "handover_addressing"),
)
OCCURRENCES = (1, 2, 5)
BODIES_PER_ROUND = 4
QUICK = {"batching": {"padding": "fixed:256"}, "batching__dispensing": {"cadence_s": 1}}


class Story:
    """What a client wants to get done, whatever becomes of the gateway.

    Every round has events of its own; those of the two rounds before are sent again each time,
    and in the last run all of them.
    """

    def __init__(self, chain: Chain, forks: Forks, home: Home) -> None:
        self.chain, self.home, self.ledger = chain, home, Ledger()
        self._forks = forks
        self._bodies: list[tuple[str, bytes, list[str]]] = []  # path, body, eventIDs
        self._to_erase: dict[str, str] = {}  # eventID -> entry
        self.erased: set[str] = set()
        self._rounds = 0

    def add_round(self) -> None:
        self._rounds += 1
        number = self._rounds * 1000
        one, other = documents.event(number), documents.event(number + 1)
        steps = ("shipping", "dispensing", "receiving", "retail_selling", "packing")
        array = [documents.event(number + 10 + at, step=step) for at, step in enumerate(steps)]
        big = documents.large(number + 900)
        LARGE_CODES[big["eventID"]] = big["epcList"][7]
        self._bodies += [
            ("/epcis/events", documents.single(one), [one["eventID"]]),
            ("/epcis/capture", documents.document(*array), [each["eventID"] for each in array]),
            ("/epcis/capture", documents.document(big), [big["eventID"]]),
            ("/epcis/events", documents.single(other), [other["eventID"]]),
        ]

    async def run(self, kill_at: Kill | None) -> bool:
        """Run a gateway until it dies or everything is done; return whether it died."""
        process = await GatewayProcess.start(self._forks, self.home, kill_at=kill_at)
        try:
            async with asyncio.timeout(60):
                async with process.client() as client:
                    await self._work(client, insist=kill_at is not None)
        except httpx2.TransportError:
            await until(lambda: not process.runs)
        finally:
            died = not process.runs
            status = process.end(signal.SIGTERM)
        assert status == (-signal.SIGKILL if died else 0), self.home.log.read_text()[-2000:]
        return died

    async def _work(self, client: httpx2.AsyncClient, *, insist: bool) -> None:
        await until(lambda: _is_ready(client))
        recent = self._bodies[-3 * BODIES_PER_ROUND :] if insist else self._bodies
        for path, body, event_ids in recent:
            await self._send(client, path, body, event_ids)
        await until(lambda: self._all_final(client))
        await self._erase_one(client)
        while insist:  # empty batches go on: the step to die at comes
            await asyncio.sleep(0.1)
            await client.get("/healthz")

    async def _send(
        self, client: httpx2.AsyncClient, path: str, body: bytes, event_ids: list[str]
    ) -> None:
        if self.erased & {self.ledger.entries.get(one, "") for one in event_ids}:
            return  # sent again, an erased event would be a new one
        answer = await client.post(path, content=body)
        assert answer.status_code in (201, 202), answer.text
        said = answer.json()
        for one in said["events"] if path == "/epcis/capture" else [said]:
            assert one["result"] in ("stored", "duplicate")
            self.ledger.note(one["eventID"], one["entry"])
            receipt = await client.get(f"/v1/events/{one['entry']}/receipt")
            assert receipt.status_code == 200
            self.ledger.note_receipt(one["entry"], receipt.content)

    async def _all_final(self, client: httpx2.AsyncClient) -> bool:
        for entry in list(self.ledger.entries.values())[-30:]:
            if (await client.get(f"/v1/events/{entry}")).json()["state"] != "final":
                return False
        return True

    async def _erase_one(self, client: httpx2.AsyncClient) -> None:
        event_id = documents.event(self._rounds * 1000)["eventID"]
        entry = self.ledger.entries[event_id]
        self.erased.add(entry)  # asked for: it may be done even if no answer comes
        answer = await client.delete(f"/v1/events/{entry}")
        assert answer.status_code == 200, answer.text

    async def check(self) -> None:
        process = await GatewayProcess.start(self._forks, self.home)
        async with process.client() as client:
            await until(lambda: _is_ready(client))
            for entry in self.erased:  # asked for again, as after every request without answer
                assert (await client.delete(f"/v1/events/{entry}")).status_code == 200
            report = await check_everything(
                self.chain, self.home, client, self.ledger, erased=self.erased
            )
        assert report.anchors > 2
        assert process.end(signal.SIGTERM) == 0


async def _is_ready(client: httpx2.AsyncClient) -> bool:
    answer: dict[str, Any] = (await client.get("/readyz")).json()
    assert answer["status"] in ("starting", "ready"), answer
    return bool(answer["status"] == "ready")


async def sweep(chain: Chain, forks: Forks, home: Home, kills: list[Kill]) -> None:
    """Kill once per step, each time going on with the same database, then check everything."""
    story = Story(chain, forks, home)
    for kill_at in kills:
        story.add_round()
        assert await story.run(kill_at), f"{kill_at} never came"
    assert not await story.run(None)
    await story.check()


def _home(
    database: str, template: Template, chain: Chain, folder: Path, request: pytest.FixtureRequest
) -> Home:
    if database == "sqlite":
        return template.home(chain, folder, **QUICK)
    url, api_key = request.getfixturevalue("new_postgres")()
    return Template(template.file, api_key).home(chain, folder, database=url, **QUICK)


async def test_the_sweep_knows_every_step_of_a_run(
    new_chain: NewChain, forks: Forks, template: Template, tmp_path: Path
) -> None:
    chain = await new_chain("--block-time", str(BLOCK_S))
    story = Story(chain, forks, template.home(chain, tmp_path / "home", **QUICK))
    story.add_round()
    assert not await story.run(None)
    seen = set(story.home.steps.read_text().split())
    seen |= {"before_send"}  # comes only if a pass falls between sending and the next block
    assert {one for one in seen if one.partition(".")[0] not in ELSEWHERE} == STEPS
    assert {name for name, _ in SHORT} <= STEPS


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_f1_a_kill_at_every_durable_step_loses_nothing(
    database: str,
    new_chain: NewChain,
    forks: Forks,
    template: Template,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    is_long: bool,
) -> None:
    """I1 to I8 after every kill; see `auditing`."""
    short = SHORT if database == "sqlite" else SHORT_POSTGRES
    sweeps = [short]
    if is_long:
        sweeps = [
            [(name, at) for at in OCCURRENCES] for name in sorted(STEPS) if "erase" not in name
        ]
        sweeps += [[(name, 1)] for name in sorted(STEPS) if "erase" in name]
    for number, kills in enumerate(sweeps):
        chain = await new_chain("--block-time", str(BLOCK_S))
        home = _home(database, template, chain, tmp_path / str(number), request)
        await sweep(chain, forks, home, kills)
