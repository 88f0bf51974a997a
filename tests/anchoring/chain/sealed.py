"""Events that are committed, batched and anchored for good, with everything an issuer keeps."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from anchoring.anchorer import Anchorer
from anchoring.chain.network import Contract, Network, WitnessGroup
from anchoring.chain.receipts import ReceiptSigner
from anchoring.core.anchor import ZERO_HASH, Anchor, AnchoredAt
from anchoring.core.batch import Batch, decoy_entry
from anchoring.core.bundle import Bundle
from anchoring.core.commit import EventCommitment, commit_event
from anchoring.core.opening import FullOpening
from anchoring.core.prove import code_paths, fields_proof, make_bundle
from anchoring.core.receipt import Receipt
from tests.anchoring.chain.outbox import MemoryOutbox
from tests.anchoring.chain.worlds import START, STREAM, Clock, World, signer

CODE = "https://id.gs1.org/01/09506000134352/21/42"


def event(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "action": "ADD",
        "bizStep": "commissioning",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "eventTime": "2023-11-14T22:13:20.000Z",
        "epcList": [CODE, f"{CODE}{number}"],
        "ilmd": {"lot": "L1"},
        **changes,
    }


@dataclass
class Sealed:
    """One anchored batch of one stream."""

    anchor: Anchor
    batch: Batch
    commitments: list[EventCommitment]

    def index(self, at: int) -> int:
        return self.batch.index_of(self.commitments[at].entry)


class Issuer:
    """A gateway in miniature over an in-memory outbox."""

    def __init__(self, world: World, *, stream: int = STREAM, confirmations: int = 1) -> None:
        self.world, self.stream = world, stream
        self.outbox = MemoryOutbox()
        self.sealed: list[Sealed] = []
        self.anchorer = Anchorer(
            self.outbox,
            world.writer,
            streams=[stream],
            confirmations=confirmations,
            clock=Clock(),
        )

    def secret(self, number: int) -> bytes:
        return sha256(f"secret {self.stream} {number}".encode()).digest()

    def commit(self, number: int, **changes: Any) -> EventCommitment:
        return commit_event(
            event(number, **changes), {}, participant=self.stream >> 16, secret=self.secret(number)
        )

    async def batch(self, *commitments: EventCommitment) -> Sealed:
        count = len(self.sealed)
        decoys = [decoy_entry(sha256(f"{count}/{one}".encode()).digest()) for one in range(16)]
        entries = [one.entry for one in commitments]
        made = Batch.build([*entries, *decoys[: 16 - len(entries)]])
        last = self.sealed[-1].anchor if self.sealed else None
        writer = self.world.writer
        tip = last.tip(chain_id=writer.chain_id, registry=writer.registry) if last else ZERO_HASH
        anchor = Anchor(self.stream, count + 1, made.root, made.size, tip)
        self.outbox.batch(anchor, created_at=START)
        self.sealed.append(Sealed(anchor, made, list(commitments)))
        return self.sealed[-1]

    async def finish(self) -> None:
        for _ in range(5):
            status = await self.anchorer.run_once()
            self.world.mine()
        assert status.pending == 0, status

    async def seal(self, *commitments: EventCommitment) -> Sealed:
        made = await self.batch(*commitments)
        await self.finish()
        return made

    def bundle(self, made: Sealed, at: int = 0, *paths: str) -> Bundle:
        commitment = made.commitments[at]
        place = self.outbox.final[self.stream, made.anchor.sequence]
        index = made.index(at)
        return make_bundle(
            fields=fields_proof(commitment.fields, paths or ("$['eventTime']",)),
            codes_root=commitment.codes.root,
            paths=code_paths(commitment.codes, commitment.codes.codes[:1]),
            event_index=index,
            event_siblings=made.batch.path(index),
            anchor=made.anchor,
            anchored_at=AnchoredAt(place.block_number, place.block_time),
        )

    def opening(self, number: int, **changes: Any) -> FullOpening:
        return FullOpening(self.stream >> 16, event(number, **changes), {}, self.secret(number))

    def receipt(
        self, *entries: bytes, received_at: int, anchor_by: int, key: str = "sign-1"
    ) -> Receipt:
        chain_id, registry = self.world.writer.chain_id, self.world.writer.registry
        unsigned = Receipt(
            participant=self.stream >> 16,
            stream=self.stream,
            entries=tuple(sorted(entries)),
            received_at=received_at,
            anchor_by=anchor_by,
            chain_id=chain_id,
            registry=registry,
        )
        return ReceiptSigner(signer(key), chain_id=chain_id, registry=registry).sign(unsigned)

    async def entries_of(self, stream: int, sequence: int) -> list[bytes] | None:
        assert stream == self.stream
        return list(self.sealed[sequence - 1].batch.entries)


async def network_of(world: World, *witnesses: WitnessGroup) -> Network:
    identity = await world.writer.identity()
    return Network(
        chain_id=identity.chain_id,
        genesis_hash=identity.genesis_hash,
        consortium=world.consortium,
        registries=(Contract(identity.registry, identity.code_hash),),
        witnesses=witnesses,
    )
