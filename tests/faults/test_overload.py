"""F21, F22: too much, and poison. Refused before anything is stored; what was taken is kept."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from node_gateway.storage import writer
from tests.faults.auditing import accepted, audit
from tests.faults.documents import document, event, single
from tests.faults.world import Chain, Home, Template, gateway_here, until

WAITING_MAX = 32


@pytest.fixture
def home(chain: Chain, template: Template, tmp_path: Path) -> Home:
    limits = {"public_lookups": "20/minute", "body_size_bytes_max": 100_000}
    return template.home(chain, tmp_path / "home", limits=limits)


class SlowDisk:
    """Holds up the writer before its commit, while `holds`."""

    def __init__(self) -> None:
        self._go = threading.Event()
        self._go.set()
        self.reached = threading.Event()

    def __call__(self, name: str) -> None:
        if name == "store.before_commit":
            self.reached.set()
            assert self._go.wait(60)

    def hold(self) -> None:
        self.reached.clear()
        self._go.clear()

    def release(self) -> None:
        self._go.set()


async def test_f21_a_full_queue_refuses_at_once_and_loses_nothing(
    chain: Chain, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue is bounded: above it 503 with Retry-After; below it every answer holds (I1)."""
    monkeypatch.setattr(writer, "WAITING_UNITS_MAX", WAITING_MAX)
    disk = SlowDisk()
    async with gateway_here(home, on_step=disk) as here:

        def send(number: int) -> asyncio.Task[Any]:
            body = single(event(1000 + number))
            return asyncio.ensure_future(here.client.post("/epcis/events", content=body))

        disk.hold()
        first = send(0)
        await asyncio.to_thread(disk.reached.wait, 30)
        waiting = [send(number) for number in range(1, 10 * WAITING_MAX)]
        try:
            await until(lambda: sum(task.done() for task in waiting) >= len(waiting) - WAITING_MAX)
        finally:
            disk.release()
        answers = [await first, *[await task for task in waiting]]
        taken = [one for one in answers if one.status_code == 201]
        refusals = [one for one in answers if one.status_code != 201]
        # What follows the chain writes too, and may have held one of the places.
        assert WAITING_MAX <= len(taken) <= WAITING_MAX + 1
        for refused in refusals:
            assert (refused.status_code, refused.json()["code"]) == (503, "store_busy")
            assert int(refused.headers["Retry-After"]) > 0
        assert (await here.client.get("/v1/status")).json()["events"] == len(taken)
        again = await asyncio.gather(*(send(number) for number in range(20)))
        entries = {one.json()["eventID"]: one.json()["entry"] for one in taken}
        for one in again:
            answer = one.json()
            assert entries.get(answer["eventID"], answer["entry"]) == answer["entry"]
        for _ in range(6):
            await here.slot()
            chain.mine()
        await here.step()
        for entry in entries.values():
            assert await here.state(entry) == "final"
        raw = (await here.client.get(f"/v1/events/{entry}/bundle")).content
        await accepted(chain, raw)


async def test_f21_public_look_ups_are_limited_and_captures_are_not(home: Home) -> None:
    async with gateway_here(home) as here:
        url = "/v1/public/codes/urn:epc:id:sgtin:6901234.012345.1"
        answers = [await here.stranger.get(url) for _ in range(30)]
        statuses = [one.status_code for one in answers]
        assert statuses.count(429) == 10
        refused = answers[-1]
        assert (refused.json()["code"], int(refused.headers["Retry-After"]) > 0) == (
            "rate_limit",
            True,
        )
        await here.capture(single(event(1)))


def _with(text: bytes, old: bytes, new: bytes) -> bytes:
    assert old in text
    return text.replace(old, new)


GOOD = document(event(1))
POISON: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{" + GOOD,
    "not UTF-8": _with(GOOD, b"shipping", b"ship\xff\xfeing"),
    "BOM and UTF-16": b"\xff\xfe" + GOOD.decode().encode("utf-16-le"),
    "a lone surrogate": _with(GOOD, b"shipping", rb"ship\ud800ing"),
    "a member twice": _with(GOOD, b'"action"', b'"action": "ADD", "action"'),
    "a member twice, escaped": _with(GOOD, b'"action"', rb'"\u0061ction": "ADD", "action"'),
    "ten thousand levels": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "ten thousand lists": b"[" * 10_000 + b"]" * 10_000,
    "too large": document(event(1, note="x" * 200_000)),
    "no event": document(),
    "a number beyond": _with(GOOD, b'"action"', b'"https://example.org/n": 1e400, "action"'),
    "no number": _with(GOOD, b'"action"', b'"https://example.org/n": NaN, "action"'),
    "a rounded number": _with(
        GOOD, b'"action"', b'"https://example.org/n": 9007199254740993, "action"'
    ),
    "our own namespace": document({**event(1), "sealtrail:act": "x"}),
    "a wrong check digit": document(event(1, codes=["https://id.gs1.org/01/06901234123450/21/1"])),
    "a query document": _with(GOOD, b"EPCISDocument", b"EPCISQueryDocument"),
    "a list": b"[" + GOOD + b"]",
    # Preimages of a leaf and of a node, as bytes: the entries of items can be neither.
    "33 bytes of a leaf": b"\x00" + bytes(range(32)),
    "64 bytes of a node": bytes(range(64)),
}


@pytest.mark.parametrize("name", POISON)
async def test_f22_poison_is_refused_and_leaves_nothing(name: str, home: Home) -> None:
    async with gateway_here(home) as here:
        for path in ("/epcis/capture", "/epcis/events"):
            refused = await here.client.post(path, content=POISON[name])
            assert 400 <= refused.status_code < 500, refused.text
            assert refused.headers["Content-Type"] == "application/problem+json"
            assert refused.json()["code"]
        status = (await here.client.get("/v1/status")).json()
        assert (status["state"], status["events"]) == ("ready", 0)


async def test_f22_strange_bytes_that_are_allowed_are_proven_as_they_are(
    chain: Chain, home: Home
) -> None:
    """Preimage-shaped text, quotes, controls and both forms of an accent inside one event."""
    odd = {
        "leaf": "\x00" + "a" * 32,
        "node": "b" * 64,
        "it's \\ a name": "line\nbreak \u0001",
        "caf\u00e9": 1,
        "cafe\u0301": 2,
    }
    async with gateway_here(home) as here:
        (entry,) = await here.capture(single({**event(1), "https://example.org/odd": odd}))
        for _ in range(3):
            await here.slot()
            chain.mine()
        await here.step()
        raw = (await here.client.get(f"/v1/events/{entry}/bundle")).content
        values = (await accepted(chain, raw)).values
        assert set(odd.values()) <= set(values.values())
        assert (await audit(chain, here.stranger)).findings == []
