"""F1, F4, F12: killed while it follows the chain, a gateway goes on and knows what it says."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import pytest

from anchoring.chain.governance_calls import GovernanceCalls
from anchoring.chain.governor import Governor
from anchoring.chain.logs import EvmLogReader
from anchoring.chain_follower import ChainFollower, contracts_of
from anchoring.directory.fold import empty_directory, fold
from anchoring.directory.model import Directory
from anchoring.directory.store import MemoryDirectoryStore
from node_gateway import wiring
from node_gateway.settings import load_settings
from node_gateway.storage.chain_directory import ChainDirectoryStore
from tests.faults.conftest import NewChain
from tests.faults.world import Chain, Forks, GatewayProcess, Home, Template, signer, until


async def move(chain: Chain, number: int) -> None:
    """Let the participant's gateway move: one log in one block."""
    calls = GovernanceCalls(chain.network)
    governor = Governor(chain.rpc, signer("admin"), chain.network.chain_id)
    await governor.call(calls.set_url(f"https://moved-{number}.example"))


async def read_anew(chain: Chain) -> Directory:
    reader = EvmLogReader(chain.rpc)
    memory = MemoryDirectoryStore()
    return await ChainFollower(reader, memory, chain.network, clock=time.time).catch_up()


async def stored_in(home: Home, chain: Chain) -> Directory:
    """Return what a gateway would know that starts now, without a chain."""
    async with wiring.open_database(load_settings(home.config)) as store:
        stored = await ChainDirectoryStore(store).load()
    assert stored.cursor is not None
    start = empty_directory(delay_s=stored.facts.delay_s, lifetime_s=stored.facts.lifetime_s)
    return fold(start, stored.logs, stored.cursor, contracts=contracts_of(chain.network))


async def until_killed(process: GatewayProcess, chain: Chain) -> None:
    async with asyncio.timeout(60):
        number = 0
        while process.runs:
            number += 1
            await move(chain, number)
            await asyncio.sleep(0.2)
    assert process.end(signal.SIGTERM) == -signal.SIGKILL


async def run_until_current(forks: Forks, home: Home, chain: Chain) -> None:
    process = await GatewayProcess.start(forks, home)

    async def is_current() -> bool:
        head = int(chain.anvil.rpc("eth_blockNumber"), 16)
        answer = (await client.get("/v1/consortium")).json()
        return bool(answer["head"]["number"] == head and answer["following"]["code"] is None)

    try:
        async with process.client() as client:
            await until(is_current)
    finally:
        assert process.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    "kill_at",
    [
        ("follow_chain.before_commit", 1),
        ("follow_chain.after_commit", 1),
        ("follow_chain.before_commit", 4),
        ("follow_chain.after_commit", 4),
    ],
    ids=lambda kill: f"{kill[0]}-{kill[1]}",
)
@pytest.mark.parametrize("reorg", [0, 2], ids=["same chain", "reorg"])
async def test_it_goes_on_where_it_was_killed(
    new_chain: NewChain,
    template: Template,
    forks: Forks,
    tmp_path: Path,
    kill_at: tuple[str, int],
    reorg: int,
) -> None:
    chain = await new_chain()
    await move(chain, 100)
    await move(chain, 101)
    home = template.home(chain, tmp_path / "home")
    await until_killed(await GatewayProcess.start(forks, home, kill_at=kill_at), chain)
    if reorg:
        chain.reorg(reorg)
    await run_until_current(forks, home, chain)
    directory = await read_anew(chain)
    stored = await stored_in(home, chain)
    assert stored.participants == directory.participants
    assert stored.keys == directory.keys
    assert (
        (stored.delay_s, stored.lifetime_s) == (directory.delay_s, directory.lifetime_s) != (0, 0)
    )
    assert len(directory.participants[1].urls) >= 2
