"""A network on a real Anvil, a gateway in miniature that can be made to lie, and a third party.

The third party knows a network file with validators. Anvil seals nothing, so the scene seals the
headers itself: with Anvil's own state roots, which is what `eth_getProof` proves against.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import rlp
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.governance import NO_EVIDENCE, Action, digest_of
from anchoring.chain.governance_calls import GovernanceCalls
from anchoring.chain.governor import Governor, PreparedCall
from anchoring.chain.network import Network
from anchoring.chain.proving import EvmProver, ShownHeader
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import LegacyCall
from anchoring.core.anchor import Anchor, AnchoredAt
from anchoring.core.bundle import Bundle, parse_bundle
from anchoring.evidence.check import EvidenceVerdict, check_evidence
from anchoring.evidence.facts import Facts, Trusted
from anchoring.evidence.making import with_proofs
from anchoring.evidence.model import Evidence, EvidenceKind, Shown
from anchoring.evidence.parse import parse_evidence
from tests.anchoring.chain.sealed import Issuer, Sealed, network_of
from tests.anchoring.chain.test_headers import KEYS, VALIDATORS
from tests.anchoring.chain.worlds import START, STREAM, AnvilWorld, anvil_world, signer

PROMISE_S = 30


class SealingProver(EvmProver):
    """Shows Anvil's blocks as validators would have sealed them, each with the parent it gives."""

    def __init__(self, rpc: EvmRpc) -> None:
        super().__init__(rpc)
        self.sealers = KEYS[:3]
        self._shown_before: dict[int, ShownHeader] = {}
        self._plain: dict[bytes, bytes] = {}

    async def header(self, number: int) -> ShownHeader:
        if number in self._shown_before:
            return self._shown_before[number]
        parent = b"" if number == 0 else (await self.header(number - 1)).block_hash
        shown = await super().header(number)
        members = rlp.decode(shown.rlp)
        if number:
            members[0] = parent
        self._shown_before[number] = self._seal(shown, members)
        return self._shown_before[number]

    async def head(self) -> ShownHeader:
        return await self.header((await super().head()).number)

    async def prove(self, address: bytes, slots: Any, *, at: bytes) -> Any:
        return await super().prove(address, slots, at=self._plain.get(at, at))

    async def storage(self, address: bytes, slot: bytes, *, at: bytes) -> bytes:
        return await super().storage(address, slot, at=self._plain.get(at, at))

    def _seal(self, shown: ShownHeader, members: list[bytes]) -> ShownHeader:
        if shown.number == 0:
            return shown
        vanity, vote = bytes(32), [VALIDATORS[0], b"\xff"]

        def text(round_number: bytes, seals: list[bytes]) -> bytes:
            members[12] = rlp.encode([vanity, VALIDATORS, vote, round_number, seals])
            return bytes(rlp.encode(members))

        digest = keccak(text(b"", []))
        seals = [one.sign_msg_hash(digest).to_bytes() for one in self.sealers]
        block_hash = bytes(keccak(text(b"", [])))
        self._plain[block_hash] = shown.block_hash
        return ShownHeader(block_hash, shown.number, shown.time, text(b"", seals))


class Scene:
    """Two participants; the first one's `Issuer` anchors for real."""

    def __init__(self, world: AnvilWorld, network: Network) -> None:
        self.world, self.network = world, network
        self.issuer = Issuer(world)
        self.prover = SealingProver(world.rpc)
        self.now = int(world.anvil.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    async def close(self) -> None:
        await self.world.close()

    async def time(self) -> int:
        return (await self.world.reader.head()).time

    def later(self, seconds: int, *, step: int = 20) -> None:
        """Let the chain go on in blocks, so that it never stands still."""
        for _ in range(seconds // step):
            self.world.anvil.rpc("evm_increaseTime", step)
            self.world.mine()

    async def vote(self, action: Action, *, number: int, delay_s: int = 0) -> None:
        """Have participants 2 and 3 carry an action against 1; mines as it needs."""
        network = self.network
        calls = GovernanceCalls(network)
        digest = digest_of(
            action,
            proposal=number,
            chain_id=network.chain_id,
            consortium=network.consortium,
            evidence=NO_EVIDENCE,
        )
        await self.call("admin-2", calls.propose(action))
        await self.call("admin-3", calls.approve(number, digest))
        if delay_s:
            self.world.anvil.rpc("evm_increaseTime", delay_s)
            self.world.mine()
        await self.call("admin-2", calls.execute(number))

    async def revoke(self, key: str, admin: str, *, compromised_since: int) -> None:
        abi = ContractAbi(load("Consortium").abi)
        arguments = (to_checksum_address(signer(key).address), compromised_since)
        consortium = self.network.consortium
        await self.call(admin, PreparedCall.of(abi, consortium, "revokeKey", *arguments))

    async def call(self, admin: str, call: PreparedCall) -> None:
        self.world.anvil.rpc("evm_setAutomine", True)
        try:
            await Governor(self.world.rpc, signer(admin), self.network.chain_id).call(call)
        finally:
            self.world.anvil.rpc("evm_setAutomine", False)

    async def prove(self, kind: EvidenceKind, shown: Shown) -> Evidence:
        """Return the file with all proofs that there are."""
        made, _ = await with_proofs(Evidence(kind, shown), self.network, self.prover)
        return parse_evidence(made.to_json())

    def judge(self, evidence: Evidence, **trusted: Any) -> EvidenceVerdict:
        """Judge offline, as a third party with nothing but its network file."""
        return check_evidence(evidence, Facts(self.network, evidence.chain, Trusted(**trusted)))

    async def verdict(self, kind: EvidenceKind, shown: Shown) -> EvidenceVerdict:
        return self.judge(await self.prove(kind, shown))

    def sign(
        self,
        anchor: Anchor,
        *,
        key: str = "anchor-1",
        nonce: int = 0,
        gas: int = 300_000,
        chain_id: int | None = None,
        registry: bytes | None = None,
    ) -> bytes:
        """Sign a transaction that anchors this, as nobody honest would twice."""
        to = registry or self.network.registries[0].address
        fields = (anchor.stream, anchor.sequence, anchor.root, anchor.size, anchor.previous_tip)
        data = self.world.reader.registry_abi.call_data("anchorOne", *fields)
        call = LegacyCall(chain_id or self.network.chain_id, nonce, gas, to, data)
        return signer(key).sign(call)[0]


async def open_scene() -> Scene:
    world = await anvil_world()
    network = replace(await network_of(world), validators=tuple(sorted(VALIDATORS)))
    scene = Scene(world, network)
    scene.later(20)
    return scene


def anchored_at(scene: Scene, made: Sealed) -> AnchoredAt:
    place = scene.issuer.outbox.final[STREAM, made.anchor.sequence]
    return AnchoredAt(place.block_number, place.block_time)


def changed(bundle: Bundle, **members: Any) -> Bundle:
    wire = json.loads(bundle.to_json())
    return parse_bundle(json.dumps({**wire, **members}).encode())


__all__ = ["PROMISE_S", "START", "STREAM", "Scene", "anchored_at", "changed", "open_scene"]
