"""Proofs of handovers: ours follow when the events are final; theirs are looked up by ourselves.

A proof counts only when the registry, as our own chain endpoint shows it at the configured depth,
holds the record that follows from it. A record that the chain contradicts marks the event for good;
one that it does not show yet waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import structlog
from sqlalchemy import Connection

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.network import Network
from anchoring.core.anchor import AnchoredAt
from anchoring.core.verify import CheckedBundle, check_anchored, check_bundle
from anchoring.errors import ChainError, RecordMismatchError, VerificationError
from anchoring.handover import EventProof, HandedEvent, bundle_of, proofs_to_json
from anchoring.ports import BlockRef
from node_gateway.partners.handover_doubts import Doubts
from node_gateway.partners.ports import Channel
from node_gateway.partners.received_events import read_fields, read_proof
from node_gateway.storage import handover_writing as writing
from node_gateway.storage.database import Database
from node_gateway.storage.handover_reading import Link, unproven, unsealed
from node_gateway.storage.handovers import HandedEvent as StoredEvent
from node_gateway.storage.handovers import Sealed
from node_gateway.storage.ports import BatchStore
from node_gateway.storage.tiles import batch_path

PROOFS_KIND: Final = "handover_proofs"
_PROOFS_AT_ONCE: Final = 500
_EVENTS_AT_ONCE: Final = 200
_LATE_BLOCKS: Final = 16
"""A record that is not there so many blocks after the one it claims is not on its way any more."""


class ProvingStore(BatchStore, Database, Protocol):
    """What proving needs of the store."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Our own view of the chain."""

    reader: EvmReader
    network: Network
    confirmations: int


class _Found(NamedTuple):
    links: list[Link]
    proofs: list[EventProof]


class Proving:
    """Says proofs, and looks those up that came."""

    def __init__(
        self,
        store: ProvingStore,
        channel: Channel,
        witness: Witness,
        *,
        own: int,
        doubts: Doubts,
    ) -> None:
        self._store, self._channel, self._witness, self._own = store, channel, witness, own
        self._doubts = doubts
        self._log = structlog.get_logger()

    async def catch_up(self) -> None:
        """Say every proof that there is by now, and look up every one that came."""
        await self._say()
        try:
            await self._look_up()
        except ChainError as error:
            self._log.info("proofs of handovers wait for the chain", code=error.code)
            return  # nobody is in doubt because our own chain is away
        await self._doubts.catch_up()

    async def _say(self) -> None:
        after = (0, 0)
        while True:
            links = await self._store.read(
                lambda c, after=after: unproven(c, self._own, after, _PROOFS_AT_ONCE)  # type: ignore[misc]
            )
            said = 0
            for number in dict.fromkeys(one.handover for one in links):
                said += await self._say_of([one for one in links if one.handover == number])
            if len(links) < _PROOFS_AT_ONCE or not said:
                return  # events become final in their order: what is behind is not final either
            after = (links[-1].part, links[-1].event)

    async def _say_of(self, links: Sequence[Link]) -> int:
        """Say the proofs that there are of one handover; return how many."""
        found = _Found([], [])
        for one in links:
            proof = await self._proof(one)
            if proof is not None:
                found.links.append(one)
                found.proofs.append(proof)
        if not found.proofs:
            return 0
        body = proofs_to_json(list({one.entry: one for one in found.proofs}.values()))

        def work(connection: Connection) -> None:
            self._channel.put(connection, links[0].partner, PROOFS_KIND, body)
            writing.mark_proven(connection, [(one.part, one.event) for one in found.links])

        await self._store.write("handover_proofs", work)
        self._channel.wake()
        return len(found.proofs)

    async def _proof(self, link: Link) -> EventProof | None:
        """Return the proof of an event: ours from the batch, a received one as it came."""
        if link.participant != self._own:
            return read_proof(link.proof) if link.proof is not None else None
        place = await self._store.batch_place(link.entry)
        if place is None or place.batch.state != "final" or place.batch.place is None:
            return None
        anchor, at = place.batch.anchor, place.batch.place
        tiles = await self._store.batch_tiles(anchor.stream, anchor.sequence, place.index)
        siblings = tuple(batch_path(tiles, place.index))
        return EventProof(
            link.entry, place.index, siblings, anchor, AnchoredAt(at.block_number, at.block_time)
        )

    async def _look_up(self) -> None:
        waiting = await self._store.read(lambda c: unsealed(c, _EVENTS_AT_ONCE))
        if not waiting:
            return
        block = await self._deep_block()
        if block is None:
            return
        found: dict[int, Sealed] = {}
        for one in waiting:
            sealed = await self._sealed(one, block)
            if sealed is not Sealed.NO:
                found[one.number] = sealed
        if found:
            await self._store.write("handover_sealed", lambda c: self._mark(c, found))
            self._channel.wake()  # a doubt is told to whoever handed it over

    def _mark(self, connection: Connection, found: Mapping[int, Sealed]) -> None:
        writing.set_sealed(connection, found)
        refused = [number for number, sealed in found.items() if sealed is Sealed.REFUSED]
        self._doubts.contradicted(connection, refused)

    async def _deep_block(self) -> BlockRef | None:
        head = await self._witness.reader.head()
        number = head.number - self._witness.confirmations
        return await self._witness.reader.block(number) if number >= 0 else None

    async def _sealed(self, stored: StoredEvent, block: BlockRef) -> Sealed:
        checked = _checked(stored)
        anchor = checked.bundle.anchor
        slots = [
            (one.address, await self._slot(one.address, anchor.stream, anchor.sequence, block))
            for one in self._witness.network.registries
        ]
        try:
            check_anchored(checked, chain_id=self._witness.network.chain_id, slots=slots)
        except RecordMismatchError:
            return Sealed.REFUSED
        except VerificationError:
            late = block.number > checked.bundle.anchored_at.block_number + _LATE_BLOCKS
            return Sealed.REFUSED if late else Sealed.NO
        return Sealed.YES

    async def _slot(self, registry: bytes, stream: int, sequence: int, block: BlockRef) -> bytes:
        reader = self._witness.reader
        return await reader.record(registry, stream, sequence, at=block.block_hash)


def _checked(stored: StoredEvent) -> CheckedBundle:
    handed = HandedEvent(
        stored.participant, read_fields(stored.fields or b""), stored.codes_root or b""
    )
    return check_bundle(bundle_of(handed, read_proof(stored.proof or b"")))


__all__ = ["PROOFS_KIND", "Proving", "ProvingStore", "Witness"]
