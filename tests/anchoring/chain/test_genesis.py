"""A genesis file with the contracts in it, run on a real chain that begins with it."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from anchoring.chain.deploy import deploy
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.foundation import Foundation
from anchoring.chain.founding import founding_logs
from anchoring.chain.genesis import Genesis
from anchoring.chain.genesis_block import genesis_hash, qbft_extra_data, state_root
from anchoring.chain.governance import Suspend
from anchoring.chain.governance_calls import GovernanceCalls
from anchoring.chain.logs import EvmLogReader
from anchoring.chain.rpc import EvmRpc
from anchoring.chain_follower import ChainFollower
from anchoring.core.anchor import ZERO_HASH
from anchoring.directory.events import Contracts
from anchoring.directory.fold import empty_directory, fold
from anchoring.directory.model import Directory
from anchoring.directory.store import MemoryDirectoryStore
from anchoring.errors import ChainUnavailableError, ContractRefusedError
from tests.anchoring.chain.broken_rpc import Line, serving
from tests.anchoring.chain.founders import (
    DELAY_S,
    FOUNDATION,
    FOUNDED,
    LIFETIME_S,
    VALIDATORS,
    founder,
    genesis_of,
    running,
    send,
    signer,
)
from tests.anvil import Anvil

# besu-docs, private-networks/how-to/configure/consensus/qbft.md, "Generate extra data":
# what `besu rlp encode --type=QBFT_EXTRA_DATA` gives for these validators.
DOCUMENTED_VALIDATORS = (
    "4592c8e45706cc08b8f44b11e43cba0cfc5892cb",
    "06e23768a0f59cf365e18c2e0c89e151bcdedc70",
    "c5327f96ee02d7bcbc1bf1236b8c15148971e1de",
    "ab5e7f4061c605820d3744227eed91ff8e2c8908",
)
DOCUMENTED_EXTRA_DATA = (
    "f87aa00000000000000000000000000000000000000000000000000000000000000000"
    "f854944592c8e45706cc08b8f44b11e43cba0cfc5892cb"
    "9406e23768a0f59cf365e18c2e0c89e151bcdedc70"
    "94c5327f96ee02d7bcbc1bf1236b8c15148971e1de"
    "94ab5e7f4061c605820d3744227eed91ff8e2c8908c080c0"
)
# The same page, for validators that a contract names.
DOCUMENTED_WITHOUT_VALIDATORS = (
    "e5a00000000000000000000000000000000000000000000000000000000000000000c0c080c0"
)


def test_extra_data_are_those_of_besu() -> None:
    validators = [bytes.fromhex(one) for one in DOCUMENTED_VALIDATORS]
    assert qbft_extra_data(validators).hex() == DOCUMENTED_EXTRA_DATA
    assert qbft_extra_data([]).hex() == DOCUMENTED_WITHOUT_VALIDATORS


@pytest.fixture(scope="module")
def made() -> Genesis:
    return asyncio.run(genesis_of())


async def test_the_same_founders_make_the_same_bytes(made: Genesis) -> None:
    again = await genesis_of()
    assert json.dumps(again.document) == json.dumps(made.document)
    assert again.network == made.network
    later = await genesis_of(timestamp=FOUNDED + 1)
    assert later.network.genesis_hash != made.network.genesis_hash
    longer = await genesis_of(replace(FOUNDATION, delay_s=DELAY_S + 1))
    assert longer.network.consortium_code_hash != made.network.consortium_code_hash


def test_validators_stand_in_order(made: Genesis) -> None:
    assert made.network.validators == tuple(sorted(VALIDATORS))
    extra = bytes.fromhex(made.document["extraData"][2:])
    assert extra == qbft_extra_data(sorted(VALIDATORS))


async def test_founders_whom_the_contract_refuses_are_refused_with_its_word() -> None:
    twice = (founder(1), replace(founder(2), slug="maker-1"))
    with pytest.raises(ContractRefusedError) as caught:
        await genesis_of(Foundation(twice, DELAY_S, LIFETIME_S))
    assert caught.value.name == "ConsortiumSlugTaken"
    overlap = (founder(1), replace(founder(2), prefixes=("gs1:9506",)))
    with pytest.raises(ContractRefusedError) as caught:
        await genesis_of(Foundation(overlap, DELAY_S, LIFETIME_S))
    assert caught.value.name == "CodeRegistryOverlap"


def test_header_and_state_root_are_those_of_another_client(made: Genesis, tmp_path: Path) -> None:
    """Anvil drops extraData and gas limit of the file, and shows the state from block 1 on."""
    with running(made, tmp_path, "--disable-default-create2-deployer") as anvil:
        block = anvil.rpc("eth_getBlockByNumber", "0x0", False)
        names = {"coinbase": "miner"}
        members = ("difficulty", "gasLimit", "timestamp", "extraData", "mixHash", "nonce")
        seen = {one: block[names.get(one, one)] for one in (*members, "coinbase", "baseFeePerGas")}
        assert genesis_hash({**seen, "alloc": {}}).hex() == block["hash"][2:]
        assert int(block["timestamp"], 16) == FOUNDED
        anvil.rpc("evm_mine")
        first = anvil.rpc("eth_getBlockByNumber", "0x1", False)
        assert state_root(made.document["alloc"]).hex() == first["stateRoot"][2:]


async def test_the_contracts_answer_and_their_code_is_that_of_the_network_file(
    made: Genesis, tmp_path: Path
) -> None:
    network = made.network
    assert network.code_registry is not None
    assert network.notice_board is not None
    with running(made, tmp_path) as anvil:
        rpc = EvmRpc(anvil.url)
        reader = EvmReader(rpc)
        placed = [*network.registries, network.code_registry, network.notice_board]
        for one in placed:
            assert await reader.code_hash(one.address) == one.code_hash
        assert await reader.code_hash(network.consortium) == network.consortium_code_hash
        at = (await reader.head()).block_hash
        people = await reader.participants(network.consortium, at=at)
        assert [one.name for one in people] == [one.name for one in FOUNDATION.participants]
        assert [one.status for one in people] == [1] * 5
        since = await reader.status_at(network.consortium, 1, FOUNDED, at=at)
        before = await reader.status_at(network.consortium, 1, FOUNDED - 1, at=at)
        assert (since, before) == (1, 0)
        await rpc.close()


async def test_founders_anchor_and_vote(made: Genesis, tmp_path: Path) -> None:
    network = made.network
    with running(made, tmp_path) as anvil:
        rpc = EvmRpc(anvil.url)
        reader = EvmReader(rpc)
        stream = 1 << 16
        data = reader.registry_abi.call_data("anchorOne", stream, 1, b"\x01" * 32, 16, ZERO_HASH)
        registry = network.registries[0].address
        assert send(anvil, signer("anchor 1"), registry, data)["status"] == "0x1"
        assert send(anvil, signer("sign 1"), registry, data)["status"] == "0x0"
        head = await reader.head()
        assert (await reader.stream_head(registry, stream, at=head.block_hash)).sequence == 1

        calls = GovernanceCalls(network)
        vote = calls.propose(Suspend(5))
        assert send(anvil, signer("admin 1"), vote.to, vote.data)["status"] == "0x1"
        digest = await digest_of(anvil, network.consortium)
        for number in (2, 3):
            vote = calls.approve(1, digest)
            assert send(anvil, signer(f"admin {number}"), vote.to, vote.data)["status"] == "0x1"
        done = calls.execute(1)
        assert send(anvil, signer("admin 4"), done.to, done.data)["status"] == "0x1"
        at = (await reader.head()).block_hash
        suspended = await reader.participant(network.consortium, 5, at=at)
        assert suspended is not None
        assert suspended.status == 2
        await rpc.close()


async def digest_of(anvil: Anvil, consortium: bytes) -> bytes:
    call = keccak(text="digestOf(uint256)")[:4] + (1).to_bytes(32)
    to = {"to": "0x" + consortium.hex(), "data": "0x" + call.hex()}
    return bytes.fromhex(anvil.rpc("eth_call", to, "latest")[2:])


async def directory_of(url: str, contracts: Contracts) -> Directory:
    rpc = EvmRpc(url)
    reader = EvmLogReader(rpc)
    head = await reader.head()
    logs = await reader.logs(contracts, first_block=0, last_block=head.number)
    await rpc.close()
    return fold(empty_directory(), logs, head, contracts=contracts)


async def test_a_directory_knows_the_founders_as_if_their_logs_were_there(
    made: Genesis, tmp_path: Path
) -> None:
    network = made.network
    assert network.code_registry is not None
    assert network.notice_board is not None
    contracts = Contracts(
        network.consortium,
        (network.registries[0].address,),
        network.code_registry.address,
        network.notice_board.address,
    )
    with running(made, tmp_path) as anvil:
        anvil.rpc("evm_mine")
        found = await directory_of(anvil.url, contracts)
        vote = GovernanceCalls(network).propose(Suspend(5))
        assert send(anvil, signer("admin 1"), vote.to, vote.data)["status"] == "0x1"
        later = await directory_of(anvil.url, contracts)
    assert [one.proposer for one in later.proposals.values()] == [1]
    assert later.participants == found.participants
    assert {one.since for one in found.participants[1].statuses} == {FOUNDED}
    assert found.keys[signer("anchor 2").address].streams == frozenset({(2 << 16) + 5})
    assert found.grants[1].prefix == "gs1:950600001"
    await same_as_deployed(found)


async def same_as_deployed(found: Directory) -> None:
    """Compare with a chain on which the constructors ran and logged."""
    with Anvil("--timestamp", str(FOUNDED - 1)) as anvil:
        rpc = EvmRpc(anvil.url)
        anvil.rpc("evm_setNextBlockTimestamp", FOUNDED)
        anvil.rpc("anvil_setBlockTimestampInterval", 0)
        people = FOUNDATION.participants
        made = await deploy(rpc, signer("deployer"), people, delay_s=DELAY_S, lifetime_s=LIFETIME_S)
        await rpc.close()
        contracts = Contracts(
            made.consortium,
            (made.identity.registry,),
            made.code_registry.address,
            made.notice_board.address,
        )
        deployed = await directory_of(anvil.url, contracts)
    assert deployed.participants == found.participants
    assert deployed.keys == found.keys
    assert deployed.grants == found.grants


async def test_a_follower_begins_with_the_founders_and_keeps_them(
    made: Genesis, tmp_path: Path
) -> None:
    """Through votes, a restart on what was stored, and a reorg down to block 0."""
    with running(made, tmp_path) as anvil:
        rpc = EvmRpc(anvil.url)
        reader = EvmLogReader(rpc)
        network = replace(made.network, genesis_hash=await reader.genesis_hash())
        store = MemoryDirectoryStore()
        follower = ChainFollower(reader, store, network, clock=time.time)
        first = await follower.catch_up()  # block 0 is all there is
        assert (first.head.number, len(first.participants), len(first.keys)) == (0, 5, 10)
        assert (first.delay_s, first.lifetime_s) == (DELAY_S, LIFETIME_S)
        assert first.owner_at("gs1:950600001999", FOUNDED) is not None

        vote = GovernanceCalls(network).propose(Suspend(5))
        assert send(anvil, signer("admin 1"), vote.to, vote.data)["status"] == "0x1"
        anvil.rpc("evm_mine")
        assert len((await follower.catch_up()).proposals) == 1

        again = ChainFollower(reader, store, network, clock=time.time)
        restarted = await again.catch_up()
        assert restarted == follower.directory
        assert restarted.participants == first.participants

        height = int(anvil.rpc("eth_blockNumber"), 16)
        anvil.rpc("anvil_rollback", height)
        anvil.rpc("anvil_mine", hex(height + 1))
        unwound = await again.catch_up()
        assert again.view.reorgs == 1
        assert not unwound.proposals
        assert unwound.participants == first.participants
        assert unwound.grants == first.grants
        await rpc.close()


async def test_a_node_without_old_states_cannot_begin(made: Genesis, tmp_path: Path) -> None:
    """Contracts at other addresses were deployed later; those of a genesis file were not."""

    def forgotten(method: str, _: list[Any]) -> Any:
        if method != "eth_getCode":
            return None
        error = {"code": -32000, "message": "World state unavailable"}
        return lambda answer: {"jsonrpc": "2.0", "id": answer["id"], "error": error}

    with running(made, tmp_path) as anvil:
        line = Line(anvil.url)
        line.fault = forgotten
        async with serving(line.handle) as url:
            rpc = EvmRpc(url)
            contracts = Contracts(made.network.consortium, (made.network.registries[0].address,))
            with pytest.raises(ChainUnavailableError, match="keeps all states"):
                await founding_logs(rpc, contracts)
            later = replace(contracts, consortium=b"\x01" * 20)
            assert await founding_logs(rpc, later) == []
            await rpc.close()
