"""A chain with real anchors: an honest participant's batches, and a forger's own."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from anchoring.chain.deploy import Deployment, FirstKey, FirstParticipant, deploy
from anchoring.chain.evm import EvmChain
from anchoring.chain.network import Contract, Network, WitnessGroup
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import Signer
from anchoring.core.anchor import Anchor, AnchoredAt, stream_id
from anchoring.core.batch import Batch, decoy_entry, padded_size
from anchoring.core.bundle import Bundle
from anchoring.core.commit import EventCommitment, commit_event
from anchoring.core.prove import code_paths, fields_proof, make_bundle
from tests.anvil import Anvil

CHAIN_ID = 4242
MINED_TIMEOUT_S = 20
HONEST, FORGER = stream_id(1, 0), stream_id(2, 0)
KEYS = {HONEST: Signer.from_key(b"\x11" * 32), FORGER: Signer.from_key(b"\x22" * 32)}
CODES = [f"https://id.gs1.org/01/09506000134352/21/{serial}" for serial in range(40)]
DERIVED = {"sealtrail:source": "5a" * 32, "sealtrail:month": "2026-04"}

MADE: dict[str, Any] = {
    "type": "ObjectEvent",
    "action": "ADD",
    "bizStep": "commissioning",
    "disposition": "active",
    "eventID": "urn:uuid:00000000-0000-4000-8000-000000000001",
    "eventTime": "2026-04-05T01:22:13.000Z",
    "eventTimeZoneOffset": "+08:00",
    "epcList": CODES[:3],
    "ilmd": {"cbvmda:lotNumber": "L-1", "https://maker.example/药品": "阿莫西林 💊"},
    "quantityList": [],
}
PACKED: dict[str, Any] = {
    "type": "AggregationEvent",
    "action": "ADD",
    "bizStep": "packing",
    "eventTime": "2026-04-05T03:22:13.000Z",
    "parentID": "https://id.gs1.org/00/095060001343526789",
    "childEPCs": CODES[:20],
    "sensorElementList": [
        {"sensorReport": [{"type": "Temperature", "value": 21.25}, {"value": -4}]}
    ],
}
MIXED: dict[str, Any] = {
    "type": "TransformationEvent",
    "eventTime": "2026-04-06T03:22:13.000Z",
    "inputEPCList": CODES[20:22],
    "outputEPCList": CODES[20:23],
    "ex:it's": {"a\\b": [True, None, {}, 0.1]},
}
SOLD: dict[str, Any] = {
    "type": "ObjectEvent",
    "action": "DELETE",
    "bizStep": "retail_selling",
    "eventTime": "2026-04-07T03:22:13.000Z",
    "epcList": CODES[:1],
    "errorDeclaration": {"reason": "incorrect_data"},
}
CODELESS: dict[str, Any] = {"type": "ObjectEvent", "eventTime": "2026-04-08T03:22:13.000Z"}


@dataclass(frozen=True)
class Sealed:
    """One anchored batch, with what its gateway keeps."""

    anchor: Anchor
    at: AnchoredAt
    batch: Batch
    commitments: Sequence[EventCommitment]

    def bundle(self, number: int, *, paths: Sequence[str] = (), codes: int | None = None) -> Bundle:
        """The bundle of one event; all its codes, or the first few."""
        made = self.commitments[number]
        index = self.batch.index_of(made.entry)
        return make_bundle(
            fields=fields_proof(made.fields, paths),
            codes_root=made.codes.root,
            paths=code_paths(made.codes, made.codes.codes[:codes]),
            event_index=index,
            event_siblings=self.batch.path(index),
            anchor=self.anchor,
            anchored_at=self.at,
        )

    def whole(self, number: int) -> Bundle:
        return self.bundle(number, paths=self.commitments[number].fields.paths)


@dataclass
class World:
    """What the tests are about. `sealed` maps the size of a batch to it."""

    anvil: Anvil
    deployment: Deployment
    second: Deployment  # of the same contracts, on the same chain
    tips: dict[tuple[bytes, int], tuple[int, bytes]] = field(default_factory=dict)
    sealed: dict[int, Sealed] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        identity = self.deployment.identity
        return Network(
            chain_id=CHAIN_ID,
            genesis_hash=identity.genesis_hash,
            consortium=self.deployment.consortium,
            registries=(Contract(identity.registry, identity.code_hash),),
            witnesses=(
                WitnessGroup("auditor", None, (self.anvil.url,)),
                WitnessGroup("regulator", None, (self.anvil.url,)),
            ),
        )

    def next_place(self, stream: int, registry: bytes | None = None) -> tuple[int, bytes]:
        """The next sequence of a stream, and the tip before it."""
        return self.tips.get(
            (registry or self.deployment.identity.registry, stream), (1, bytes(32))
        )

    def anchor(
        self, root: bytes, size: int, *, stream: int = HONEST, registry: bytes | None = None
    ) -> tuple[Anchor, AnchoredAt]:
        """Anchor a root for real; returns where it stands."""
        where = registry or self.deployment.identity.registry
        sequence, tip = self.next_place(stream, where)
        made = Anchor(stream, sequence, root, size, tip)
        at = asyncio.run(self._send(made, where))
        self.tips[where, stream] = (sequence + 1, made.tip(chain_id=CHAIN_ID, registry=where))
        return made, at

    async def _send(self, anchor: Anchor, registry: bytes) -> AnchoredAt:
        rpc = EvmRpc(self.anvil.url)
        try:
            chain = EvmChain(rpc, KEYS[anchor.stream], chain_id=CHAIN_ID, registry=registry)
            signed = await chain.sign([anchor], nonce=await chain.nonce())
            await chain.submit(signed)
            async with asyncio.timeout(MINED_TIMEOUT_S):
                while (receipt := await chain.reader.receipt(signed.tx_hash)) is None:  # noqa: ASYNC110  nothing to wait on
                    await asyncio.sleep(0.01)
            block = await chain.reader.block(receipt.block_number)
        finally:
            await rpc.close()
        assert block is not None
        assert receipt.succeeded
        return AnchoredAt(block.number, block.time)

    def seal(
        self,
        events: Sequence[Mapping[str, Any]],
        padding: str,
        *,
        registry: bytes | None = None,
    ) -> Sealed:
        """Commit, batch and anchor events as a gateway does; secrets and nonces from a counter."""
        sequence, _ = self.next_place(HONEST, registry)
        made = [
            commit_event(event, DERIVED, participant=1, secret=_drawn("secret", sequence, number))
            for number, event in enumerate(events)
        ]
        room = range(padded_size(len(made), padding) - len(made))
        decoys = [decoy_entry(_drawn("decoy", sequence, number)) for number in room]
        batch = Batch.build([*(one.entry for one in made), *decoys])
        return Sealed(*self.anchor(batch.root, batch.size, registry=registry), batch, made)


def _drawn(label: str, *numbers: int) -> bytes:
    return sha256(f"{label} {numbers}".encode()).digest()


async def _deploy_twice(anvil: Anvil) -> list[Deployment]:
    participants = [
        FirstParticipant(
            slug,
            slug.title(),
            f"https://{slug}.example",
            33,
            bytes([number]) * 20,
            bytes([number + 16]) * 20,
            (FirstKey(KEYS[stream].address, 1),),
        )
        for number, (slug, stream) in enumerate({"maker": HONEST, "forger": FORGER}.items(), 1)
    ]
    rpc = EvmRpc(anvil.url)
    try:
        return [await deploy(rpc, KEYS[HONEST], participants) for _ in range(2)]
    finally:
        await rpc.close()


def build(anvil: Anvil) -> World:
    """Deploy, and anchor three batches: 16 leaves, 256 leaves, and 7 without padding."""
    world = World(anvil, *asyncio.run(_deploy_twice(anvil)))
    many = [{**MADE, "eventID": f"urn:uuid:{number}"} for number in range(3)]
    world.sealed[16] = world.seal([MADE, PACKED, SOLD], "fixed:16")
    world.sealed[256] = world.seal([MADE, MIXED, CODELESS, *many], "fixed:256")
    world.sealed[7] = world.seal([SOLD, PACKED, MIXED, CODELESS, *many], "none")
    return world
