"""A network of which every organisation runs its own node, and bundles that are worth a word."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.deploy import FirstKey, FirstParticipant, deploy
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.governance import Suspend
from anchoring.chain.governance_calls import GovernanceCalls, NoticeScope, NoticeText
from anchoring.chain.governor import PreparedCall
from anchoring.chain.network import Contract, Network
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import LegacyCall, Signer
from anchoring.core.verify import CheckedBundle, check_bundle
from anchoring.verification import ChainVerdict, Witness, verify_against_chain
from tests.anchoring.chain.sealed import CODE, Issuer
from tests.anchoring.chain.worlds import AnvilWorld, signer
from tests.followers import Followers
from tests.liars import Liar, liar

CHAIN_ID = 4242
TIMEOUT_S = 1.5
LOT = "$['ilmd']['cbvmda:lotNumber']"
LATER_S = 1000


def gtin(product: int) -> str:
    """Return a code of the maker's product with that last digit before the check digit."""
    return f"https://id.gs1.org/01/0950600013{product:03d}0/21/7"


def product_of(number: int) -> str:
    return f"gs1:950600013{number:03d}"


def people() -> list[FirstParticipant]:
    """Maker, distributor without a prefix, pharmacy, regulator; all of them vote."""
    roles = ((1 | 32, ("gs1:9506000",)), (2 | 32, ()), (4 | 32, ("gs1:9999",)), (16 | 32, ()))
    return [
        FirstParticipant(
            slug=f"party-{number}",
            name=f"Party {number}",
            url=f"https://party-{number}.example",
            roles=role,
            admin_key=signer(f"admin-{number}").address,
            recovery_key=signer(f"recovery-{number}").address,
            keys=(FirstKey(signer(f"anchor-{number}").address, purpose=1),),
            prefixes=prefixes,
        )
        for number, (role, prefixes) in enumerate(roles, start=1)
    ]


class LeaderWorld(AnvilWorld):
    """The leader's chain, founded by the four."""

    async def set_up(self) -> None:
        self.deployed = await deploy(self.rpc, signer("deployer"), people(), delay_s=60)
        self.identity, self.consortium = self.deployed.identity, self.deployed.consortium
        self.writer = self.new_writer("anchor-1")
        self.reader = EvmReader(self.rpc)
        self.anvil.rpc("evm_setAutomine", False)

    def as_writer(self, name: str) -> LeaderWorld:
        """Return the same world, written to with another key."""
        other = copy.copy(self)
        other.writer = self.new_writer(name)
        return other

    def send(self, sender: Signer, call: PreparedCall) -> None:
        nonce = self.anvil.rpc("eth_getTransactionCount", "0x" + sender.address.hex(), "latest")
        raw, tx_hash = sender.sign(
            LegacyCall(CHAIN_ID, int(nonce, 16), call.gas, call.to, call.data)
        )
        self.anvil.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        self.mine()
        receipt = self.anvil.rpc("eth_getTransactionReceipt", "0x" + tx_hash.hex())
        assert receipt["status"] == "0x1", receipt


@dataclass
class QuorumScene:
    """The network, its bundles by name, and a liar in front of the second organisation's node."""

    nodes: Followers
    world: LeaderWorld
    network: Network
    liar: Liar
    bundles: dict[str, CheckedBundle] = field(default_factory=dict)

    async def ask(
        self, name: str, *witnesses: str, network: Network | None = None, **options: Any
    ) -> ChainVerdict:
        """Verify a bundle; without names all of `honest`, `liar`, `regulator` are asked."""
        urls = {
            "maker": (1, self.nodes.leader.url),
            "honest": (None, self.nodes.followers[0].url),
            "liar": (None, self.liar.url),
            "regulator": (4, self.nodes.followers[2].url),
        }
        rpcs, made = [], []
        for one in witnesses or ("honest", "liar", "regulator"):
            participant, url = urls[one]
            rpcs.append(EvmRpc(url, timeout_s=TIMEOUT_S))
            made.append(Witness(one, participant, one, EvmReader(rpcs[-1])))
        try:
            checked = self.bundles[name]
            return await verify_against_chain(checked, network or self.network, made, **options)
        finally:
            for rpc in rpcs:
                await rpc.close()


async def fill(scene: QuorumScene) -> None:
    """Anchor the bundles, then let everything happen that must be told of."""
    world, bundles = scene.world, scene.bundles
    maker = Issuer(world)
    plan = {
        "good": {},
        "recalled": {"epcList": [gtin(501)]},
        "lot": {"epcList": [gtin(502)], "ilmd": {"cbvmda:lotNumber": "L1"}},
        "other_lot": {"epcList": [gtin(502)], "ilmd": {"cbvmda:lotNumber": "L2"}},
        "drill": {"epcList": [gtin(503)]},
        "listed": {"epcList": [gtin(504)]},
        "lifted": {"epcList": [gtin(505)]},
    }
    made = await maker.seal(
        *(maker.commit(number, **plan[name]) for number, name in enumerate(plan))
    )
    for at, name in enumerate(plan):
        paths = (LOT,) if name.endswith("lot") else ()
        bundles[name] = check_bundle(maker.bundle(made, at, *paths))
    bundles["lot_unknown"] = check_bundle(maker.bundle(made, list(plan).index("lot")))
    stranger = Issuer(world.as_writer("anchor-2"), stream=2 << 16)
    bundles["foreign"] = check_bundle(stranger.bundle(await stranger.seal(stranger.commit(1))))
    pharmacy = Issuer(world.as_writer("anchor-3"), stream=3 << 16)
    event = pharmacy.commit(1, action="OBSERVE", bizStep="dispensing")
    bundles["suspect"] = check_bundle(pharmacy.bundle(await pharmacy.seal(event)))
    good = bundles["good"].bundle
    at = replace(good.anchored_at, block_time=good.anchored_at.block_time - 1)
    bundles["tampered"] = check_bundle(replace(good, anchored_at=at))
    world.anvil.rpc("evm_increaseTime", LATER_S)
    happen(scene)


def happen(scene: QuorumScene) -> None:
    """Publish the notices, suspend the pharmacy, revoke its key."""
    world, calls = scene.world, GovernanceCalls(scene.network)
    admin = {number: signer(f"admin-{number}") for number in range(1, 5)}
    text = NoticeText(en="do not use")
    scopes = (
        (NoticeScope(product_of(501)), False),
        (NoticeScope(product_of(502), lots=("L1",)), False),
        (NoticeScope(product_of(503)), True),
        (NoticeScope(product_of(504), list_digest=b"\x07" * 32), False),
        (NoticeScope(product_of(505)), False),
    )
    for scope, drill in scopes:
        world.send(admin[1], calls.publish_notice(2, scope, text, drill=drill))
    world.send(admin[1], calls.lift_notice(len(scopes), text))
    abi = ContractAbi(load("Consortium").abi)
    since = scene.bundles["suspect"].bundle.anchored_at.block_time
    arguments = (signer("anchor-3").address, since)
    revoke = PreparedCall.of(abi, scene.network.consortium, "revokeKey", *arguments)
    world.send(admin[3], revoke)
    world.send(admin[1], calls.propose(Suspend(3)))
    call = {
        "to": "0x" + scene.network.consortium.hex(),
        "data": "0x" + abi.call_data("digestOf", 1).hex(),
    }
    digest = bytes.fromhex(world.anvil.rpc("eth_call", call, "latest")[2:])
    for number in (2, 4):
        world.send(admin[number], calls.approve(1, digest))
    data = "0x" + abi.call_data("statusAt", 3, 2**40).hex()
    if int(world.anvil.rpc("eth_call", {**call, "data": data}, "latest"), 16) != 2:
        world.send(admin[1], calls.execute(1))
    world.mine()


def network_of_scene(world: LeaderWorld) -> Network:
    deployed, identity = world.deployed, world.identity
    return Network(
        chain_id=CHAIN_ID,
        genesis_hash=identity.genesis_hash,
        consortium=deployed.consortium,
        registries=(Contract(identity.registry, identity.code_hash),),
        witnesses=(),
        consortium_code_hash=deployed.consortium_code_hash,
        code_registry=deployed.code_registry,
        notice_board=deployed.notice_board,
    )


@asynccontextmanager
async def open_scene() -> AsyncIterator[QuorumScene]:
    with Followers(3) as nodes, liar(nodes.followers[1].url) as lying:
        world = LeaderWorld(nodes.leader)
        try:
            await world.set_up()
            scene = QuorumScene(nodes, world, network_of_scene(world), lying)
            await fill(scene)
            nodes.catch_up()
            yield scene
        finally:
            await world.close()


__all__ = ["CODE", "QuorumScene", "gtin", "open_scene", "product_of"]
