"""I1: what was acknowledged survives kill -9 of the writer, at any moment."""

import asyncio
import os
import signal
from typing import NoReturn

import pytest

from node_gateway.storage.engine import open_store
from tests.gateway.storage.conftest import Database
from tests.gateway.storage.making import STREAM, batch, event, unit


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a killed process went on")


async def write(url: str, step: str, count: int, answers: int) -> None:
    """Capture and batch five times, telling the parent of each answer; die at the step."""
    seen: list[str] = []

    def on_step(name: str) -> None:
        seen.append(name)
        if name == step and seen.count(name) == count:
            die()

    store = await open_store(url, on_step=on_step)
    for number in range(1, 6):
        events = [event((number, i)) for i in range(20)]
        await store.capture(unit(f"c{number}", *events))
        hashes = " ".join(each.entry.hex() for each in events)
        os.write(answers, f"captured {number} {hashes}\n".encode())
        await store.add_batch(batch(await store.unbatched(STREAM, limit=99), sequence=number))
        os.write(answers, f"batched {number}\n".encode())
    die()


def killed_at(url: str, step: str, count: int) -> tuple[list[bytes], int]:
    """Run the writer until it is killed; return acknowledged entries and the last batch."""
    answers, end = os.pipe()
    child = os.fork()  # the parent has no thread and no connection yet
    if child == 0:
        try:
            asyncio.run(write(url, step, count, end))
        finally:
            os._exit(1)
    os.close(end)
    with open(answers, encoding="ascii") as stream:  # noqa: PTH123 - a pipe, not a path
        lines = stream.read().splitlines()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL
    entries: list[bytes] = []
    last = 0
    for line in lines:
        word, number, *hashes = line.split()
        entries += [bytes.fromhex(each) for each in hashes]
        last = int(number) if word == "batched" else last
    return entries, last


@pytest.mark.parametrize(
    ("step", "count", "acknowledged", "stored", "batches"),
    [
        ("never", 1, 100, 100, 5),
        ("store.before_commit", 3, 40, 40, 2),
        ("store.after_commit", 3, 40, 60, 2),
        ("batch.before_commit", 2, 40, 40, 1),
        ("batch.after_commit", 2, 40, 40, 2),
    ],
)
def test_acknowledged_means_there_after_kill(
    database: Database, step: str, count: int, acknowledged: int, stored: int, batches: int
) -> None:
    entries, last = killed_at(database.url, step, count)
    assert len(entries) == acknowledged
    assert last <= batches
    asyncio.run(check(database.url, entries, stored, batches))


async def check(url: str, entries: list[bytes], stored: int, batches: int) -> None:
    store = await open_store(url)
    for entry in entries:
        found = await store.event_by_entry(entry)
        assert found is not None
        assert found.secret is not None
        assert await store.receipt_of_entry(entry) is not None
    assert (await store.status()).event_count == stored
    anchors = await store.anchors(STREAM, limit=99)
    assert [each.anchor.sequence for each in anchors] == list(range(1, batches + 1))
    # The client resubmits what was not acknowledged: nothing is stored twice, nothing is lost.
    number = len(entries) // 20 + 1
    again = await store.capture(unit("again", *[event((number, i)) for i in range(20)]))
    expected = "duplicate" if stored > len(entries) else "stored"
    assert {each.kind for each in again.events} == {expected}
    assert (await store.status()).event_count == len(entries) + 20
    await store.close()
