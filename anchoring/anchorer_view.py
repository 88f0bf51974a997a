"""What the chain says now, and where on it the pending anchors stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from anchoring.anchorer_status import Alarm, AlarmCode, Reason, degraded, fatal
from anchoring.core.anchor import Anchor, record
from anchoring.ports import (
    AnchorChain,
    AnchorId,
    AnchorPlace,
    BlockRef,
    PendingAnchor,
    SignedTransaction,
    StreamHead,
    TransactionReceipt,
)
from anchoring.succession import Succession

LOG_RANGE_BLOCKS = 1000


@dataclass(slots=True)
class ChainView:
    """One look at the chain. `nonce` is read first: what was mined later shows in receipts.

    Attributes:
        heads: Each stream's head in the state of the block `head`.
        places: Where pending anchors stand; filled by `locate`.
        reverted: Hashes of our transactions that were mined and reverted.
    """

    chain: AnchorChain
    succession: Succession
    nonce: int
    head: BlockRef
    heads: dict[int, StreamHead]
    places: dict[AnchorId, AnchorPlace] = field(default_factory=dict)
    reverted: set[bytes] = field(default_factory=set)
    alarms: list[Alarm] = field(default_factory=list)
    _blocks: dict[int, BlockRef | None] = field(default_factory=dict)

    @classmethod
    async def look(
        cls, chain: AnchorChain, streams: Iterable[int], succession: Succession
    ) -> ChainView:
        """Read nonce, newest block and the heads of streams at that block."""
        nonce = await chain.nonce()
        head = await chain.head()
        heads = {one: await chain.stream_head(one, at=head.block_hash) for one in streams}
        return cls(chain, succession, nonce, head, heads)

    def tip(self, anchor: Anchor) -> bytes:
        """Return an anchor's tip on this chain, in the registry that holds it."""
        return self.succession.tip(anchor, chain_id=self.chain.chain_id)

    async def block(self, number: int) -> BlockRef | None:
        """Return the canonical block of that number; asked once per look."""
        if number not in self._blocks:
            self._blocks[number] = await self.chain.block(number)
        return self._blocks[number]

    async def is_canonical(self, number: int, block_hash: bytes) -> bool:
        """Return True if the block is on the chain that this look sees."""
        block = await self.block(number)
        return block is not None and block.block_hash == block_hash

    async def locate(
        self,
        pending: Sequence[PendingAnchor],
        transactions: Sequence[SignedTransaction],
        *,
        first_block: int,
    ) -> None:
        """Find the place of every pending anchor that stands on the chain.

        Known places are confirmed by block hash; then any signed variant may have landed; then
        the logs are searched from the newest block back to `first_block`.
        """
        by_id = {_name(one.anchor): one for one in pending}
        for name, one in by_id.items():
            place = one.place
            if place and await self.is_canonical(place.block_number, place.block_hash):
                self.places[name] = place
        for tx in transactions:
            wanted = [one for one in tx.anchors if one in by_id and one not in self.places]
            if wanted:
                await self._locate_by_receipt(tx, wanted)
        for name, one in by_id.items():
            head = self.heads[one.anchor.stream]
            if name not in self.places and one.anchor.sequence <= head.sequence:
                self.places[name] = await self._locate_by_log(one.anchor, first_block)
            if name in self.places and one.anchor.sequence > head.sequence:
                text = f"a tx receipt tells of {name[0]}/{name[1]}, the registry does not"
                raise degraded(Reason.CHAIN_INCONSISTENT, text)

    async def _locate_by_receipt(self, tx: SignedTransaction, wanted: list[AnchorId]) -> None:
        receipt = await self.chain.receipt(tx.tx_hash)
        if receipt is None or not await self._holds(receipt):
            return
        if not receipt.succeeded:
            self.reverted.add(tx.tx_hash)
            text = f"our transaction 0x{tx.tx_hash.hex()} was mined and reverted"
            self.alarms.append(Alarm(AlarmCode.REVERTED, text))
            return
        block = await self.block(receipt.block_number)
        if block is None:
            return
        for stream, sequence in wanted:
            self.places[stream, sequence] = AnchorPlace(
                stream=stream,
                sequence=sequence,
                block_number=block.number,
                block_time=block.time,
                block_hash=block.block_hash,
                tx_hash=tx.tx_hash,
            )

    async def _holds(self, receipt: TransactionReceipt) -> bool:
        if receipt.block_number > self.head.number:
            return False  # mined since this look began; the next one sees it whole
        return await self.is_canonical(receipt.block_number, receipt.block_hash)

    async def _locate_by_log(self, anchor: Anchor, first_block: int) -> AnchorPlace:
        last = self.head.number
        while last >= first_block:
            first = max(first_block, last - LOG_RANGE_BLOCKS + 1)
            logs = await self.chain.anchored(
                stream=anchor.stream,
                sequence=anchor.sequence,
                first_block=first,
                last_block=last,
            )
            for log in logs:
                block = await self.block(log.block_number)
                if block is None or block.block_hash != log.block_hash:
                    continue
                if log.anchor != anchor:
                    raise fatal(Reason.EQUIVOCATION_GUARD, _another_root(anchor))
                return AnchorPlace(
                    stream=anchor.stream,
                    sequence=anchor.sequence,
                    block_number=block.number,
                    block_time=block.time,
                    block_hash=block.block_hash,
                    tx_hash=log.tx_hash,
                )
            last = first - 1
        text = f"the registry's head is past {anchor.stream}/{anchor.sequence}, but no log tells it"
        raise degraded(Reason.CHAIN_INCONSISTENT, text)

    async def deep_enough(self, confirmations: int) -> list[AnchorPlace]:
        """Return the places that are `confirmations` deep and were read back there.

        The record slot is read in the state of the block `confirmations` behind the head, which
        is never older than the anchor's own block, so that endpoints without old states answer
        after a long outage too. The record commits to number and time of the anchor's block.
        """
        number = self.head.number - confirmations
        deep = await self.block(number) if number >= 0 else None
        if deep is None:
            return []
        return [one for one in self._ordered_places() if one.block_number <= deep.number]

    async def check_record(self, place: AnchorPlace, anchor: Anchor, confirmations: int) -> None:
        """Read an anchor's record back at depth.

        Raises:
            HaltError: the slot is not what the tip and the place imply.
        """
        deep = await self.block(self.head.number - confirmations)
        if deep is None:
            raise degraded(Reason.CHAIN_INCONSISTENT, "a block that was there is gone")
        stored = await self.chain.record(place.stream, place.sequence, at=deep.block_hash)
        if stored != record(self.tip(anchor), place.block_number, place.block_time):
            text = f"the record of {place.stream}/{place.sequence} is not the one that was sent"
            raise degraded(Reason.CHAIN_INCONSISTENT, text)

    async def still_holds(self, places: Sequence[AnchorPlace], confirmations: int) -> bool:
        """Ask again for every block relied on: no reorg happened during this look."""
        deep = await self.block(self.head.number - confirmations)
        relied = {place.block_number: place.block_hash for place in places}
        if deep is not None:
            relied[deep.number] = deep.block_hash
        for number, block_hash in relied.items():
            block = await self.chain.block(number)
            if block is None or block.block_hash != block_hash:
                return False
        return True

    def _ordered_places(self) -> list[AnchorPlace]:
        return [self.places[name] for name in sorted(self.places)]


def _name(anchor: Anchor) -> AnchorId:
    return anchor.stream, anchor.sequence


def _another_root(anchor: Anchor) -> str:
    return (
        f"the chain holds another anchor of ours at {anchor.stream}/{anchor.sequence}: "
        "a second process, or a second copy of this gateway, uses the same key"
    )
