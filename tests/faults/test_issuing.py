"""Issuing under kill -9: no code is lost, none is given out twice, none is commissioned twice."""

from __future__ import annotations

import asyncio
import csv
import io
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.faults.conftest import NewChain
from tests.faults.world import BLOCK_S, Forks, GatewayProcess, Home, Template, until

GTIN, DRUG = "06901234123456", "8123456"
DATES = {"lot": "L1", "expiry": "2028-02-29"}
KILLS = [
    ("issue.before_commit", 1),
    ("issue.after_commit", 1),
    ("issue.after_commit", 2),
    ("mark.before_commit", 1),
    ("mark.after_commit", 1),
    ("commission.before_commit", 1),
    ("commission.after_commit", 1),  # kept, its event not captured
    ("store.before_commit", 1),
    ("store.after_commit", 1),  # captured, and not yet said so in the register
    ("commission.before_commit", 2),
    ("mark.after_commit", 3),
    ("store.after_commit", 2),
    ("mark.before_commit", 6),
]


class Story:
    """Orders, marks and commissions of one round; said again and again until all is done."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.codes: dict[str, list[str]] = {}

    async def tell(self, client: httpx2.AsyncClient) -> None:
        """Do everything. A kill ends it with a TransportError; it is told again from the start."""
        first = await self._issue(client, "a", gtin=GTIN, count=3000, line="line 1")
        await self._issue(client, "b", drug=DRUG, count=500)
        await self._post(client, "void", code=first[1], reason="torn")
        await self._post(client, "replace", code=first[2], replacement=first[3], reason="torn")
        await self._post(client, f"orders/{self._name('a')}/commission", **DATES)
        await self._post(client, "void", code=first[4], reason="broken")
        spare = await self._issue(client, "c", gtin=GTIN, count=2)
        await self._post(client, "replace", code=first[5], replacement=spare[0], reason="again")

    def _name(self, letter: str) -> str:
        return f"order-{self.number}-{letter}"

    async def _issue(self, client: httpx2.AsyncClient, letter: str, **wishes: Any) -> list[str]:
        body = {**wishes, "order": self._name(letter)}
        answer = await client.post("/v1/codes/issue", json=body)
        assert answer.status_code == 200, answer.text
        found = [row["code"] for row in csv.DictReader(io.StringIO(answer.text))]
        assert len(found) == wishes["count"]
        known = self.codes.setdefault(letter, found)
        assert found == known
        return found

    async def _post(self, client: httpx2.AsyncClient, path: str, **body: Any) -> None:
        answer = await client.post(f"/v1/codes/{path}", json=body)
        assert answer.status_code == 200, answer.text

    async def check(self, client: httpx2.AsyncClient) -> None:
        """Every code is what it was declared to be, by exactly one event where one is due."""
        first, spare = self.codes["a"], self.codes["c"]
        expected = {
            first[0]: ("commissioned", 1),
            first[1]: ("void", 0),
            first[2]: ("replaced", 0),
            first[3]: ("commissioned", 1),
            first[4]: ("void", 2),
            first[5]: ("replaced", 2),
            first[-1]: ("commissioned", 1),
            spare[0]: ("commissioned", 1),
            spare[1]: ("issued_not_commissioned", 0),
            self.codes["b"][0]: ("issued_not_commissioned", 0),
        }
        for code, (status, events) in expected.items():
            found = (await client.get(f"/v1/codes/{code}/status")).json()
            assert found["status"] == status, (code, found)
            traced = await client.get(f"/v1/codes/{code}")
            assert len(traced.json().get("events", [])) == events, (code, traced.text)


async def _is_ready(client: httpx2.AsyncClient) -> bool:
    return bool((await client.get("/readyz")).json()["status"] == "ready")


async def _tell(forks: Forks, home: Home, story: Story, kill_at: tuple[str, int] | None) -> bool:
    """Return whether the gateway died."""
    process = await GatewayProcess.start(forks, home, kill_at=kill_at)
    try:
        async with asyncio.timeout(60), process.client() as client:
            await until(lambda: _is_ready(client))
            await story.tell(client)
            await story.check(client)
    except httpx2.TransportError:
        await until(lambda: not process.runs)
    died = not process.runs
    status = process.end(signal.SIGTERM)
    assert status == (-signal.SIGKILL if died else 0), home.log.read_text()[-2000:]
    return died


@pytest.mark.timeout(900)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_a_kill_at_every_step_loses_and_doubles_no_code(
    database: str,
    new_chain: NewChain,
    forks: Forks,
    template: Template,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    chain = await new_chain("--block-time", str(BLOCK_S))
    if database == "sqlite":
        home = template.home(chain, tmp_path / "home")
    else:
        url, key = request.getfixturevalue("new_postgres")()
        home = Template(template.file, key).home(chain, tmp_path / "home", database=url)
    kills = KILLS if database == "sqlite" else KILLS[1::4]
    given: list[str] = []
    for number, kill_at in enumerate(kills):
        story = Story(number)
        assert await _tell(forks, home, story, kill_at), f"{kill_at} never came"
        assert not await _tell(forks, home, story, None)
        given += [code for codes in story.codes.values() for code in codes]
    assert len(set(given)) == len(given) == len(kills) * 3502


async def test_a_kill_in_the_middle_of_a_stream(
    new_chain: NewChain, forks: Forks, template: Template, tmp_path: Path
) -> None:
    chain = await new_chain("--block-time", str(BLOCK_S))
    home = template.home(chain, tmp_path / "home")
    body = {"gtin": GTIN, "count": 100_000, "order": "one"}
    process = await GatewayProcess.start(forks, home)
    received = b""
    async with process.client() as client:
        await until(lambda: _is_ready(client))
        with suppress(httpx2.TransportError):
            async with client.stream("POST", "/v1/codes/issue", json=body) as answer:
                async for piece in answer.aiter_bytes():
                    received += piece
                    if len(received) > 500_000 and process.runs:
                        process.end(signal.SIGKILL)
    whole = received[: received.rindex(b"\r\n") + 2]
    had = whole.count(b"\r\n") - 1  # the head
    assert 3_000 < had < 100_000
    process = await GatewayProcess.start(forks, home)
    async with process.client() as client:
        await until(lambda: _is_ready(client))
        rest = await client.get("/v1/codes/orders/one/codes", params={"after": had})
        again = await client.post("/v1/codes/issue", json=body)
    assert process.end(signal.SIGTERM) == 0
    assert whole + rest.content == again.content
    assert len(set(again.content.split(b"\r\n"))) == 100_002  # with head and end
