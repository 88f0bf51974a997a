"""Proofs of handovers: ours follow when the events are final; theirs are looked up by ourselves.

A proof counts only when the registry, as our own chain endpoint shows it at the configured depth,
holds the record that follows from it. A record that the chain contradicts marks the event for good;
one that it does not show yet waits, for as long as its block can come (`block_bounds`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple, Protocol

import structlog
from sqlalchemy import Connection

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.network import Network
from anchoring.core.anchor import Anchor, AnchoredAt
from anchoring.core.verify import CheckedBundle, check_anchored, check_bundle
from anchoring.errors import ChainError, RecordMismatchError, VerificationError
from anchoring.handover import EventProof, HandedEvent, bundle_of, proofs_to_json
from anchoring.ports import BlockRef
from node_gateway.partners.block_bounds import can_come
from node_gateway.partners.handover_doubts import Doubts
from node_gateway.partners.ports import Channel
from node_gateway.partners.received_events import read_fields, read_proof
from node_gateway.storage import handover_proofs as proofs
from node_gateway.storage import handover_writing as writing
from node_gateway.storage.database import Database
from node_gateway.storage.handover_proofs import Brought
from node_gateway.storage.handover_reading import Link, unproven
from node_gateway.storage.handovers import Sealed
from node_gateway.storage.ports import BatchStore
from node_gateway.storage.tiles import batch_path

PROOFS_KIND: Final = "handover_proofs"
_PROOFS_AT_ONCE: Final = 500
_PROOFS_LOOKED_UP: Final = 200
_START: Final = (0, -1)
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


class _Judged(NamedTuple):
    held: list[Brought]
    refused: list[Brought]


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
        self._looked: dict[int, tuple[int, int]] = {}
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
        """Look up what waits, of each bringer in turn: many false proofs delay nobody else's."""
        partners = await self._store.read(proofs.bringers)
        block = await self._deep_block() if partners else None
        if block is None:
            return
        slots = _Slots(self._witness, block)
        for partner in partners:
            await self._look_up_of(partner, slots)

    async def _look_up_of(self, partner: int, slots: _Slots) -> None:
        after = self._looked.pop(partner, _START)
        while True:
            waiting = await self._store.read(
                partial(proofs.unsealed, limit=_PROOFS_LOOKED_UP, partner=partner, after=after)
            )
            judged = [(one, await self._sealed(one, slots)) for one in waiting]
            found = _Judged(
                [one for one, sealed in judged if sealed is Sealed.YES],
                [one for one, sealed in judged if sealed is Sealed.REFUSED],
            )
            if any(found):
                await self._store.write("handover_sealed", partial(self._mark, found=found))
                self._channel.wake()  # a doubt is told to whoever brought the proof
            if len(waiting) < _PROOFS_LOOKED_UP:
                return
            after = (waiting[-1].number, waiting[-1].ordinal)
            if not any(found):
                self._looked[partner] = after  # the next round goes on behind what only waits
                return

    def _mark(self, connection: Connection, found: _Judged) -> None:
        proofs.hold(connection, found.held)
        proofs.refuse(connection, found.refused)
        brought = [(one.number, one.partner) for one in found.refused]
        self._doubts.contradicted(connection, brought)

    async def _deep_block(self) -> BlockRef | None:
        head = await self._witness.reader.head()
        number = head.number - self._witness.confirmations
        return await self._witness.reader.block(number) if number >= 0 else None

    async def _sealed(self, brought: Brought, slots: _Slots) -> Sealed:
        checked = _checked(brought)
        try:
            check_anchored(
                checked,
                chain_id=self._witness.network.chain_id,
                slots=await slots.of(checked.bundle.anchor),
            )
        except RecordMismatchError:
            return Sealed.REFUSED
        except VerificationError:
            return (
                Sealed.NO if self._may_come(checked.bundle.anchored_at, slots) else Sealed.REFUSED
            )
        return Sealed.YES

    def _may_come(self, at: AnchoredAt, slots: _Slots) -> bool:
        """Tell whether a record that is not there may only be on its way."""
        if at.block_number > slots.block.number:
            return can_come(at, slots.block, now=self._doubts.now)
        return slots.block.number <= at.block_number + _LATE_BLOCKS


class _Slots:
    """What the registries hold as of one block; each place is asked for once."""

    def __init__(self, witness: Witness, block: BlockRef) -> None:
        self.block, self._witness = block, witness
        self._known: dict[tuple[int, int], list[tuple[bytes, bytes]]] = {}

    async def of(self, anchor: Anchor) -> list[tuple[bytes, bytes]]:
        """Return (registry, slot) of an anchor's place for every listed registry."""
        place = (anchor.stream, anchor.sequence)
        if place not in self._known:
            self._known[place] = [
                (one.address, await self._slot(one.address, *place))
                for one in self._witness.network.registries
            ]
        return self._known[place]

    async def _slot(self, registry: bytes, stream: int, sequence: int) -> bytes:
        reader = self._witness.reader
        return await reader.record(registry, stream, sequence, at=self.block.block_hash)


def _checked(brought: Brought) -> CheckedBundle:
    stored = brought.event
    handed = HandedEvent(
        stored.participant, read_fields(stored.fields or b""), stored.codes_root or b""
    )
    return check_bundle(bundle_of(handed, read_proof(brought.proof)))


__all__ = ["PROOFS_KIND", "Proving", "ProvingStore", "Witness"]
