"""`verify` in JavaScript asks real nodes that hold the real contracts."""

import asyncio
import base64
import copy
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from anchoring.chain.deploy import Deployment, FirstKey, FirstParticipant, deploy
from anchoring.chain.evm import EvmChain
from anchoring.chain.network import Contract, Network, WitnessGroup
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import Signer
from anchoring.core.anchor import Anchor
from tests.anvil import Anvil
from tests.js.node_verifier import HERE, raw
from tests.js.reference import CODES, FIELDS, bundle_of, commit

GENESIS = ("--timestamp", "1790000000")
CHAIN_ID = 4242
STREAM = 1 << 16
SIGNER = Signer.from_key(b"\x11" * 32)
NOBODY = "http://127.0.0.1:9"  # the discard port: nothing listens


class RecordingRpc(EvmRpc):
    """Keeps what it sent, so that a second node can be told the same."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.sent: list[bytes] = []

    async def send_raw(self, raw: bytes) -> None:
        self.sent.append(raw)
        await super().send_raw(raw)


@dataclass
class World:
    """A leader that mines, a follower with the same blocks, a fork and a node left behind."""

    leader: Anvil
    follower: Anvil
    fork: Anvil
    behind: Anvil
    deployments: list[Deployment] = field(default_factory=list)
    bundle: Any = None
    twice: Any = None  # the same place in the second registry

    def network(self, *witnesses: tuple[str, int | None, list[str]], registries: int = 1) -> Any:
        first = self.deployments[0]
        listed = [one.identity for one in self.deployments[:registries]]
        return Network(
            chain_id=CHAIN_ID,
            genesis_hash=first.identity.genesis_hash,
            consortium=first.consortium,
            registries=tuple(Contract(one.registry, one.code_hash) for one in listed),
            witnesses=tuple(WitnessGroup(name, who, tuple(urls)) for name, who, urls in witnesses),
        ).to_json()

    def two(self, **more: int) -> Any:
        return self.network(
            ("distributor", 2, [self.leader.url]),
            ("regulator", None, [self.follower.url]),
            **more,
        )


async def build(world: World) -> None:
    rpc = RecordingRpc(world.leader.url)
    keys = (FirstKey(SIGNER.address, 1),)
    maker = FirstParticipant(
        "maker", "Maker", "https://maker.example", 33, b"\xaa" * 20, b"\xbb" * 20, keys
    )
    for _ in range(2):
        world.deployments.append(await deploy(rpc, SIGNER, [maker]))
    world.bundle = await anchored(rpc, world.deployments[0])
    world.twice = await anchored(rpc, world.deployments[1])
    await rpc.close()
    follow(world, rpc.sent)


async def anchored(rpc: EvmRpc, deployment: Deployment) -> Any:
    """Anchor an event's batch in one registry; return its bundle."""
    event = commit(FIELDS, CODES, participant=1)
    _, stated = bundle_of(event, size=9, stream=STREAM)
    anchor = Anchor(STREAM, 1, bytes.fromhex(stated.root), 9, bytes(32))
    registry = deployment.identity.registry
    chain = EvmChain(rpc, SIGNER, chain_id=CHAIN_ID, registry=registry)
    signed = await chain.sign([anchor], nonce=await chain.nonce())
    await chain.submit(signed)
    async with asyncio.timeout(20):
        while (receipt := await chain.reader.receipt(signed.tx_hash)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    block = await chain.reader.block(receipt.block_number)
    assert block is not None
    place = {"stream": STREAM, "blockNumber": block.number, "blockTime": block.time}
    return bundle_of(event, size=9, **place)[0]


def follow(world: World, sent: list[bytes]) -> None:
    """Mine the leader's blocks on the follower, one transaction each; others on the fork."""
    for number, transaction in enumerate(sent, 1):
        block = world.leader.rpc("eth_getBlockByNumber", hex(number), False)
        world.follower.rpc("evm_setNextBlockTimestamp", int(block["timestamp"], 16))
        world.follower.rpc("eth_sendRawTransaction", "0x" + transaction.hex())
        world.follower.rpc("evm_mine")
        world.fork.rpc("evm_mine")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with ExitStack() as stack:
        follower, fork, behind = (
            stack.enter_context(Anvil(*GENESIS, "--no-mining")) for _ in range(3)
        )
        found = World(stack.enter_context(Anvil(*GENESIS)), follower, fork, behind)
        asyncio.run(build(found))
        yield found


def ask(bundle: Any, network: Any, quorum: int = 2) -> Any:
    question = {"bundle": base64.b64encode(raw(bundle)).decode(), "network": network}
    done = subprocess.run(
        ["node", HERE / "witness_cli.mjs"],
        input=json.dumps({**question, "quorum": quorum}),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def changed(bundle: Any, **anchor: Any) -> Any:
    return {**bundle, "anchor": {**bundle["anchor"], **anchor}}


def statuses(answer: Any) -> list[str]:
    return [witness["status"] for witness in answer["witnesses"]]


def test_two_organisations_that_agree_are_enough(world: World) -> None:
    answer = ask(world.bundle, world.two())
    assert answer["verified"] == [commit(FIELDS, CODES, participant=1).entry.hex()]
    assert answer["organisations"] == ["distributor", "regulator"]
    head = world.leader.rpc("eth_getBlockByNumber", "latest", False)
    assert answer["block"] == {"number": int(head["number"], 16), "hash": head["hash"]}


def test_one_organisation_counts_once_and_the_judged_one_not_at_all(world: World) -> None:
    both = [world.leader.url, world.follower.url]
    alone = world.network(("distributor", 2, both))
    assert ask(world.bundle, alone)["code"] == "quorum_not_met"
    assert ask(world.bundle, alone, quorum=1)["organisations"] == ["distributor"]
    own = world.network(("maker", 1, both[:1]), ("regulator", None, both[1:]))
    answer = ask(world.bundle, own)
    assert (answer["code"], statuses(answer)) == ("quorum_not_met", ["own_witness", "verified"])
    assert ask(world.bundle, world.network(("maker", 1, both)))["code"] == "quorum_not_met"


def test_what_the_registry_does_not_hold_is_refused(world: World) -> None:
    never = changed(world.bundle, sequence=2, previousTip="01" * 32)
    assert ask(never, world.two())["code"] == "anchor_not_found"
    early = changed(world.bundle, blockTime=world.bundle["anchor"]["blockTime"] - 1)
    assert ask(early, world.two())["code"] == "record_mismatch"
    elsewhere = ask(world.twice, world.two())
    assert elsewhere["code"] == "record_mismatch"
    assert statuses(elsewhere) == ["record_mismatch", "record_mismatch"]


def test_two_registries_that_hold_one_place_are_refused(world: World) -> None:
    assert ask(world.bundle, world.two(registries=2))["code"] == "anchor_ambiguous"


def test_another_chain_is_no_verdict(world: World) -> None:
    for change in ({"chainId": 1}, {"genesisHash": "00" * 32}):
        assert ask(world.bundle, world.two() | change)["code"] == "chain_mismatch"
    empty = copy.deepcopy(world.two())
    empty["registries"][0]["address"] = "22" * 20
    assert ask(world.bundle, empty)["code"] == "chain_mismatch"


def test_a_witness_left_behind_is_stale_and_a_silent_one_unavailable(world: World) -> None:
    behind, silent = ("auditor", None, [world.behind.url]), ("bank", None, [NOBODY])
    alone = ("distributor", 2, [world.leader.url])
    answer = ask(world.bundle, world.network(alone, behind, silent))
    assert answer["code"] == "quorum_not_met"
    assert statuses(answer) == ["verified", "witness_stale", "chain_unavailable"]
    assert ask(world.bundle, world.network(behind))["code"] == "witness_stale"
    assert ask(world.bundle, world.network(silent))["code"] == "chain_unavailable"


def test_witnesses_of_two_histories_are_never_outvoted(world: World) -> None:
    fork = ("auditor", None, [world.fork.url])
    two = (("distributor", 2, [world.leader.url]), ("regulator", None, [world.follower.url]))
    assert ask(world.bundle, world.network(*two, fork))["code"] == "witness_disagreement"
