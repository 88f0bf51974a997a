"""Logs and cursor move together, on both databases and in memory."""

from __future__ import annotations

import asyncio
from hashlib import sha256

import pytest

from anchoring.directory.events import ChainLog
from anchoring.directory.store import (
    HEADERS_KEPT,
    CursorMovedError,
    DirectoryStore,
    Facts,
    MemoryDirectoryStore,
    StoredChain,
    is_kept,
)
from anchoring.ports import BlockRef
from node_gateway.storage.chain_directory import ChainDirectoryStore
from node_gateway.storage.ports import GatewayStore
from tests.gateway.storage.making import event, unit

FACTS = Facts(scope=b"\x05" * 32, delay_s=7, lifetime_s=70)


def block(number: int, branch: str = "") -> BlockRef:
    return BlockRef(number, sha256(f"{number}{branch}".encode()).digest(), 1000 + number)


def log(number: int, index: int = 0) -> ChainLog:
    topics = tuple(bytes([at]) * 32 for at in range(1, 1 + index % 4))
    return ChainLog(number, index, 1000 + number, b"\x07" * 20, topics, b"\x00\xff" * index)


@pytest.fixture(params=["memory", "stored"])
def chain(request: pytest.FixtureRequest, store: GatewayStore) -> DirectoryStore:
    return MemoryDirectoryStore() if request.param == "memory" else ChainDirectoryStore(store)


async def test_what_was_appended_is_loaded(chain: DirectoryStore) -> None:
    assert await chain.load() == StoredChain()
    await chain.begin(FACTS)
    await chain.append([block(0)], [], after=None)
    logs = [log(1, 2), log(1, 3), log(2, 0)]
    await chain.append([block(1), block(2)], logs, after=block(0))
    stored = await chain.load()
    assert stored.blocks == (block(0), block(1), block(2))
    assert stored.logs == tuple(logs)
    assert (stored.cursor, stored.facts) == (block(2), FACTS)


async def test_only_whoever_knows_the_cursor_goes_on_from_it(chain: DirectoryStore) -> None:
    await chain.append([block(0), block(1)], [log(1)], after=None)
    before = await chain.load()
    for after in (None, block(0), block(1, "other"), block(2)):
        with pytest.raises(CursorMovedError):
            await chain.append([block(2)], [log(2)], after=after)
    for to in (block(1, "other"), block(5)):
        with pytest.raises(CursorMovedError):
            await chain.rewind(to)
    assert await chain.load() == before
    await chain.append([block(2)], [log(2)], after=block(1))  # the store goes on after a refusal


async def test_a_reorg_removes_what_is_above(chain: DirectoryStore) -> None:
    await chain.begin(FACTS)
    blocks = [block(number) for number in range(6)]
    await chain.append(blocks, [log(1), log(3), log(4, 1), log(5)], after=None)
    await chain.rewind(block(3))
    assert await chain.load() == StoredChain(tuple(blocks[:4]), (log(1), log(3)), FACTS)
    await chain.append([block(4, "other")], [log(4, 2)], after=block(3))
    assert (await chain.load()).logs == (log(1), log(3), log(4, 2))


async def test_old_blocks_are_pruned_except_round_ones(chain: DirectoryStore) -> None:
    await chain.append([block(0)], [], after=None)
    await chain.append([block(number) for number in range(900, 1100)], [log(950)], after=block(0))
    await chain.append([block(1500)], [], after=block(1099))
    stored = await chain.load()
    assert [one.number for one in stored.blocks] == [0, 1000, 1500]
    assert stored.logs == (log(950),)
    assert is_kept(1500 - HEADERS_KEPT + 1, 1500)
    assert not is_kept(1500 - HEADERS_KEPT, 1500)


async def test_beginning_anew_removes_everything(chain: DirectoryStore) -> None:
    await chain.append([block(0), block(1)], [log(1)], after=None)
    await chain.begin(FACTS)
    assert await chain.load() == StoredChain(facts=FACTS)
    await chain.append([block(0)], [], after=None)


async def test_a_refused_step_leaves_captures_alone(store: GatewayStore) -> None:
    """The writer is everybody's: whoever shares its transaction must not notice."""
    chain = ChainDirectoryStore(store)
    await chain.append([block(0)], [], after=None)

    async def refused() -> None:
        with pytest.raises(CursorMovedError):
            await chain.append([block(1)], [log(1)], after=block(7))

    await asyncio.gather(store.capture(unit("one", event("one"))), refused(), refused())
    assert (await chain.load()).blocks == (block(0),)
    assert store.failure is None
