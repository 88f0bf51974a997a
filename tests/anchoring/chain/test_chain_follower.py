"""The directory follows the chain through reorgs, lag, restarts, broken lines and wrong chains."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from anchoring.chain.governance import Suspend
from anchoring.chain.logs import EvmLogReader
from anchoring.chain.rpc import EvmRpc
from anchoring.chain_follower import ChainFollower, FollowState
from anchoring.directory.events import LogsRefusedError
from anchoring.directory.model import Directory, Status
from anchoring.directory.store import HEADERS_KEPT, MemoryDirectoryStore
from anchoring.errors import ChainIdentityError, ChainUnavailableError
from tests.anchoring.chain.broken_rpc import Line, serving
from tests.anvil import Anvil
from tests.consortium import Net, Person, found
from tests.followers import Followers

PEOPLE = (Person("maker"), Person("other"), Person("third"))


@dataclass
class Scene:
    """A network, a line to its node that can break, and a follower at the end of it."""

    net: Net
    line: Line
    url: str
    stack: AsyncExitStack

    async def follower(self, store: MemoryDirectoryStore | None = None) -> ChainFollower:
        rpc = EvmRpc(self.url, timeout_s=1.0)
        self.stack.push_async_callback(rpc.close)
        reader, kept = EvmLogReader(rpc), store or MemoryDirectoryStore()
        return ChainFollower(reader, kept, self.net.network, clock=time.time)

    def rpc(self, method: str, *params: object) -> Any:
        return self.net.anvil.rpc(method, *params)

    async def move(self, number: int) -> None:
        """Let something happen that makes one log in one block."""
        await self.net.call(1, self.net.calls.set_url(f"https://moved-{number}.example"))

    async def same_as_read_anew(self, directory: Directory) -> None:
        assert directory == await self.net.directory()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        anvil = stack.enter_context(Anvil())
        line = Line(anvil.url)
        url = await stack.enter_async_context(serving(line.handle))
        yield Scene(await found(anvil, PEOPLE), line, url, stack)


async def test_it_follows_what_happens(scene: Scene) -> None:
    follower = await scene.follower()
    directory = await follower.catch_up()
    assert [one.slug for one in directory.participants.values()] == ["maker", "other", "third"]
    assert (directory.delay_s, directory.lifetime_s) == (2, 3600)
    await scene.move(1)
    directory = await follower.catch_up()
    assert directory.participants[1].url == "https://moved-1.example"
    assert follower.view.state is FollowState.CURRENT
    assert follower.view.head == directory.head
    scene.line.calls.clear()
    assert await follower.step()
    assert scene.line.calls == ["eth_getBlockByNumber"]  # nothing new costs one call


@pytest.mark.parametrize(
    ("depth", "back"), [(1, False), (2, True), (3, False), (7, True), (10, False), (10, True)]
)
async def test_a_reorg_is_undone_and_read_again(scene: Scene, depth: int, back: bool) -> None:
    """What it took away is lost, or comes back in one block."""
    follower = await scene.follower()
    for number in range(12):
        await scene.move(number)
    before = await follower.catch_up()
    newest = range(before.head.number - depth + 1, before.head.number + 1)
    removed = [scene.rpc("eth_getBlockByNumber", hex(number), False) for number in newest]
    again = [
        [scene.rpc("debug_getRawTransaction", one["transactions"][0]), depth - 1] for one in removed
    ]
    scene.rpc("anvil_reorg", depth, again if back else [])
    directory = await follower.catch_up()
    assert directory.head.block_hash != before.head.block_hash
    assert follower.view.reorgs == 1
    assert len(directory.participants[1].urls) == (13 if back else 13 - depth)
    await scene.same_as_read_anew(directory)
    await scene.move(99)
    await scene.same_as_read_anew(await follower.catch_up())


async def test_a_decision_that_a_reorg_took_away_holds_no_more(scene: Scene) -> None:
    follower = await scene.follower()
    await scene.net.call(1, scene.net.calls.propose(Suspend(3)))
    digest = (await follower.catch_up()).proposals[1].digest
    await scene.net.call(2, scene.net.calls.approve(1, digest))
    await scene.net.call(2, scene.net.calls.execute(1))
    directory = await follower.catch_up()
    assert directory.participants[3].status is Status.SUSPENDED
    scene.rpc("anvil_reorg", 1, [])
    directory = await follower.catch_up()
    assert directory.participants[3].status is Status.ACTIVE
    assert directory.proposals[1].state_at(directory, directory.head.time) == "ready"


async def test_another_chain_at_the_same_place_takes_nothing_away(scene: Scene) -> None:
    store = MemoryDirectoryStore()
    follower = await scene.follower(store)
    before = await follower.catch_up()
    stored = await store.load()
    with Anvil("--timestamp", "1600000000") as other:  # else of one second, so of one genesis
        scene.line.url = other.url
        for blocks in (0, 1, 500):
            other.rpc("anvil_mine", hex(blocks))
            with pytest.raises(ChainIdentityError):
                await follower.catch_up()
            assert follower.view.state is FollowState.ANOTHER_CHAIN
            assert (follower.view.code, follower.directory) == ("chain_identity", before)
        assert await store.load() == stored
        restarted = await scene.follower(store)
        assert await restarted.load() == before
        with pytest.raises(ChainIdentityError):
            await restarted.catch_up()
    scene.line.url = scene.net.anvil.url
    assert await follower.catch_up() == before
    assert follower.view.code is None


async def test_a_chain_with_the_same_genesis_is_another_one_too(scene: Scene) -> None:
    """Anvil's genesis depends on the time alone; the contracts are not there."""
    genesis = scene.rpc("eth_getBlockByNumber", "0x0", False)
    follower = await scene.follower()
    before = await follower.catch_up()
    with Anvil("--timestamp", str(int(genesis["timestamp"], 16))) as other:
        assert other.rpc("eth_getBlockByNumber", "0x0", False)["hash"] == genesis["hash"]
        scene.line.url = other.url
        other.rpc("anvil_mine", hex(before.head.number))
        with pytest.raises(ChainIdentityError, match="has no AnchorRegistry"):
            await follower.catch_up()
        other.rpc("anvil_mine", hex(300))
        with pytest.raises(ChainIdentityError, match="has no AnchorRegistry"):
            await follower.catch_up()
    assert follower.directory == before


async def test_a_node_that_lags_is_stale_and_no_reorg() -> None:
    async with AsyncExitStack() as stack:
        nodes = stack.enter_context(Followers(1))
        behind = nodes.followers[0]
        net = await found(nodes.leader, PEOPLE)
        line = Line(nodes.leader.url)
        scene = Scene(net, line, await stack.enter_async_context(serving(line.handle)), stack)
        for number in range(4):
            await scene.move(number)
        follower = await scene.follower()
        before = await follower.catch_up()
        line.url = behind.url
        for until in (0, 2, before.head.number - 1):
            behind.follow(nodes.leader, until=until)
            assert await follower.catch_up() == before
            assert follower.view.state is FollowState.STALE
            assert (follower.view.code, follower.view.reorgs) == ("chain_stale", 0)
        await scene.move(9)
        behind.follow(nodes.leader, until=before.head.number + 1)
        directory = await follower.catch_up()
        assert follower.view.state is FollowState.CURRENT
        assert directory.participants[1].url == "https://moved-9.example"


async def test_a_node_restarts_with_its_state(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "state.json"))
    async with AsyncExitStack() as stack:
        with Anvil(*state) as first:
            net = await found(first, PEOPLE)
            line = Line(first.url)
            scene = Scene(net, line, await stack.enter_async_context(serving(line.handle)), stack)
            follower = await scene.follower()
            before = await follower.catch_up()
        with pytest.raises(ChainUnavailableError):
            await follower.catch_up()
        assert follower.view.state is FollowState.UNAVAILABLE
        assert follower.directory == before
        with Anvil(*state) as second:
            line.url = second.url
            again = replace(scene, net=replace(net, anvil=second))
            assert await follower.catch_up() == before
            await again.move(1)
            await again.same_as_read_anew(await follower.catch_up())
            assert follower.view.reorgs == 0


def broken(change: Callable[[Any], None]) -> Callable[[Any], Any]:
    def answer(document: Any) -> Any:
        change(document["result"])
        return document

    return answer


FAULTS: dict[str, Any] = {
    "status 500": 500,
    "status 302": 302,
    "silence": "silent",
    "no reply": "reply-lost",
    "a closed line": "lose",
    "no result": lambda _: {"jsonrpc": "2.0", "id": 1},
    "a text": lambda _: {"jsonrpc": "2.0", "id": 1, "result": "0x"},
    "a list": lambda _: {"jsonrpc": "2.0", "id": 1, "result": [1, None, {}]},
    "an error": lambda _: {"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": "busy"}},
}


@pytest.mark.parametrize("method", ["eth_getBlockByNumber", "eth_getLogs"])
@pytest.mark.parametrize("name", list(FAULTS))
async def test_a_broken_line_changes_nothing(scene: Scene, method: str, name: str) -> None:
    follower = await scene.follower()
    before = await follower.catch_up()
    await scene.move(1)
    fault = FAULTS[name]
    scene.line.fault = lambda called, _: fault if called == method else None
    with pytest.raises(ChainUnavailableError):
        async with asyncio.timeout(20):
            await follower.catch_up()
    assert follower.directory == before
    assert follower.view.code == "chain_unavailable"
    scene.line.fault = lambda _, __: None
    await scene.same_as_read_anew(await follower.catch_up())


LIES: dict[str, Callable[[Any], None]] = {
    "another contract": lambda logs: logs[-1].update(address="0x" + "77" * 20),
    "another kind": lambda logs: logs[-1]["topics"].__setitem__(0, "0x" + "77" * 32),
    "a block not asked for": lambda logs: logs[-1].update(blockNumber="0x0"),
    "another block's hash": lambda logs: logs[-1].update(blockHash="0x" + "77" * 32),
    "twice": lambda logs: logs.append(logs[-1]),
    "removed": lambda logs: logs[-1].update(removed=True),
    "no topics": lambda logs: logs[-1].update(topics=[]),
    "short data": lambda logs: logs[-1].update(data=logs[-1]["data"][:-2]),
}


@pytest.mark.parametrize("name", list(LIES))
async def test_logs_that_cannot_be_are_refused(scene: Scene, name: str) -> None:
    follower = await scene.follower()
    before = await follower.catch_up()
    await scene.move(1)
    lie = broken(LIES[name])
    scene.line.fault = lambda called, _: lie if called == "eth_getLogs" else None
    with pytest.raises((ChainUnavailableError, LogsRefusedError)):
        await follower.catch_up()
    assert follower.directory == before
    scene.line.fault = lambda _, __: None
    await scene.same_as_read_anew(await follower.catch_up())


async def test_a_log_left_out_long_ago_is_found_missing_and_everything_read_again(
    scene: Scene,
) -> None:
    store = MemoryDirectoryStore()
    follower = await scene.follower(store)
    await follower.catch_up()
    await scene.net.call(1, scene.net.calls.propose(Suspend(3)))
    scene.line.fault = lambda called, _: broken(list.clear) if called == "eth_getLogs" else None
    assert not (await follower.catch_up()).proposals  # nobody can notice that yet
    scene.line.fault = lambda _, __: None
    await scene.net.call(1, scene.net.calls.propose(Suspend(2)))
    with pytest.raises(LogsRefusedError, match="proposal 2 follows proposal 0"):
        await follower.catch_up()
    assert follower.view.code == "chain_logs"
    directory = await follower.catch_up()
    assert list(directory.proposals) == [1, 2]
    await scene.same_as_read_anew(directory)
    await scene.same_as_read_anew(await (await scene.follower(store)).load())


async def test_a_node_that_gives_few_blocks_at_once_is_asked_for_few(scene: Scene) -> None:
    scene.rpc("anvil_mine", hex(1500))
    await scene.move(1)
    scene.rpc("anvil_mine", hex(700))
    widths = []

    def capped(method: str, params: list[Any]) -> Any:
        if method != "eth_getLogs":
            return None
        width = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1
        widths.append(width)
        error = {"code": -32005, "message": "range exceeds 100 blocks"}
        return (lambda _: {"jsonrpc": "2.0", "id": 1, "error": error}) if width > 100 else None

    scene.line.fault = capped
    follower, store = await scene.follower(), MemoryDirectoryStore()
    await scene.same_as_read_anew(await follower.catch_up())
    assert max(widths) <= 1000
    assert sum(one <= 100 for one in widths) >= 22
    plain = ChainFollower(follower._reader, store, scene.net.network, clock=time.time)
    scene.line.fault = lambda _, __: None
    await plain.catch_up()
    kept = [one.number for one in (await store.load()).blocks]
    assert kept[:3] == [0, 1000, 2000]
    assert len(kept) == 3 + HEADERS_KEPT


async def test_a_deep_reorg_goes_back_to_a_kept_block(scene: Scene) -> None:
    scene.rpc("anvil_mine", hex(1200))
    follower = await scene.follower()
    snapshot = scene.rpc("evm_snapshot")
    await scene.move(1)
    scene.rpc("anvil_mine", hex(400))
    assert len((await follower.catch_up()).participants[1].urls) == 2
    scene.rpc("evm_revert", snapshot)
    scene.rpc("evm_increaseTime", 50)
    scene.rpc("anvil_mine", hex(500))
    directory = await follower.catch_up()
    assert len(directory.participants[1].urls) == 1
    assert follower.view.reorgs == 1
    await scene.same_as_read_anew(directory)


async def test_answers_of_two_nodes_behind_one_address_are_tried_again(scene: Scene) -> None:
    follower = await scene.follower()
    before = await follower.catch_up()
    await scene.move(1)
    await scene.move(2)
    nothing = {"jsonrpc": "2.0", "id": 1, "result": None}

    def lagging(method: str, params: list[Any]) -> Any:
        return (
            (lambda _: nothing)
            if method == "eth_getBlockByNumber" and params[0] != "latest"
            else None
        )

    scene.line.fault = lagging
    with pytest.raises(ChainUnavailableError):
        await follower.catch_up()
    assert (follower.directory, follower.view.reorgs) == (before, 0)
    scene.line.fault = lambda _, __: None
    await scene.same_as_read_anew(await follower.catch_up())


async def test_a_step_that_was_interrupted_is_done_again(scene: Scene) -> None:
    class Failing(MemoryDirectoryStore):
        moment = ""

        async def append(self, *arguments: Any, **named: Any) -> None:
            if self.moment == "before":
                raise OSError("the disk is gone")
            await super().append(*arguments, **named)
            if self.moment == "after":
                raise OSError("the disk is gone")

    store = Failing()
    follower = await scene.follower(store)
    await follower.catch_up()
    for moment in ("before", "after"):
        await scene.move(len(moment))
        store.moment = moment
        with pytest.raises(OSError, match="disk"):
            await follower.catch_up()
        store.moment = ""
        await scene.same_as_read_anew(await follower.catch_up())
        await scene.same_as_read_anew(await (await scene.follower(store)).load())


async def test_other_contracts_in_the_network_file_mean_another_scan(scene: Scene) -> None:
    store = MemoryDirectoryStore()
    fewer = replace(scene.net.network, code_registry=None, notice_board=None)
    follower = await scene.follower(store)
    old = ChainFollower(follower._reader, store, fewer, clock=time.time)
    await old.catch_up()
    await scene.same_as_read_anew(await follower.catch_up())
