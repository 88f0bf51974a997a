"""One witness of an audit: everything read once, and all of it up to one block."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from anchoring.chain.headers import check_header
from anchoring.chain.logs import EvmLogReader, Header
from anchoring.chain.network import Network
from anchoring.chain.proofs import record_slot
from anchoring.chain_follower import ChainFollower
from anchoring.directory.model import Directory
from anchoring.directory.store import MemoryDirectoryStore
from anchoring.errors import ChainUnavailableError
from anchoring.network_audit.schedule import Interval
from anchoring.ports import AnchoredLog, BlockRef

BLOCK_GAP_S: Final = 60
"""Time without a block from which on the chain counts as halted."""
HEADERS_READ_MAX: Final = 5000
"""Headers that are read at most to find halts in one long wait."""

PROOFS_AT_ONCE: Final = 50
HEADER_MEMBERS: Final = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot"),
    *("logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData"),
    *("mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas"),
    *("parentBeaconBlockRoot", "requestsHash"),
)

LogsKey = tuple[bytes, int, int, int | None, int | None]


class AuditReader(EvmLogReader):
    """A witness whose newest block is the one that the audit agreed on.

    Many participants are audited beside each other: what one of them needed is not asked again.
    """

    pinned: BlockRef | None = None

    async def pin(self, number: int) -> BlockRef | None:
        """Read up to that block from now on; None if the witness does not have it."""
        found = await super().block(number)
        self._seen: dict[int, BlockRef] = {}
        self._logs: dict[LogsKey, list[AnchoredLog]] = {}
        self._codes: dict[bytes, bytes | None] = {}
        self._turn = asyncio.Lock()  # whoever comes second finds what the first one read
        self.pinned = found
        return found

    async def check_unmoved(self) -> None:
        """Ask once more for the block that everything was read at.

        Raises:
            ChainUnavailableError: it is no longer there.
        """
        if self.pinned is None:
            return
        found = await super().block(self.pinned.number)
        if found != self.pinned:
            raise ChainUnavailableError("the chain was reorganised during the audit; run it again")

    async def head(self) -> BlockRef:
        """Return the pinned block, else the newest one."""
        return self.pinned or await super().head()

    async def header(self, number: int | None = None) -> Header | None:
        """Return a header; without a number that of the pinned block."""
        if number is None and self.pinned is not None:
            number = self.pinned.number
        return await super().header(number)

    async def block(self, number: int) -> BlockRef | None:
        """Return a block up to the pinned one, asked for once."""
        if self.pinned is None:
            return await super().block(number)
        if number > self.pinned.number:
            return None
        if number not in self._seen:
            found = await super().block(number)
            if found is None:
                raise ChainUnavailableError(f"{self.name} has no block {number}")
            self._seen[number] = found
        return self._seen[number]

    async def code_hash(self, address: bytes, *, at: bytes | None = None) -> bytes | None:
        """Return the hash of the code at an address, asked for once."""
        if self.pinned is None or at != self.pinned.block_hash:
            return await super().code_hash(address, at=at)
        if address not in self._codes:
            self._codes[address] = await super().code_hash(address, at=at)
        return self._codes[address]

    async def anchored(
        self,
        registry: bytes,
        *,
        first_block: int,
        last_block: int,
        stream: int | None = None,
        sequence: int | None = None,
    ) -> list[AnchoredLog]:
        """Return the `Anchored` logs of a range, asked for once. Needs a pinned block."""
        asked = (registry, first_block, last_block, stream, sequence)
        async with self._turn:
            if asked not in self._logs:
                self._logs[asked] = await super().anchored(
                    registry,
                    first_block=first_block,
                    last_block=last_block,
                    stream=stream,
                    sequence=sequence,
                )
            return self._logs[asked]

    async def raw_header(self, number: int) -> dict[str, Any]:
        """Return the members of a header as the endpoint gives them; they give the block's hash.

        Raises:
            FormatError: `header_form` or `header_hash`: they do not.
        """
        answer = await self._read("eth_getBlockByNumber", hex(number), False)  # noqa: FBT003
        known = await self.block(number)
        if not isinstance(answer, dict) or known is None:
            raise ChainUnavailableError(f"{self.name} gives no block {number}")
        header = {name: answer[name] for name in HEADER_MEMBERS if answer.get(name) is not None}
        check_header(header, known.block_hash)
        return header

    async def raw_proofs(
        self, registry: bytes, anchors: Sequence[tuple[int, int]]
    ) -> list[dict[str, Any]]:
        """Return `eth_getProof` answers for the records of anchors, at the pinned block."""
        return await self.raw_slots(registry, [record_slot(*one) for one in anchors])

    async def raw_slots(self, address: bytes, slots: Sequence[bytes]) -> list[dict[str, Any]]:
        """Return `eth_getProof` answers for slots of a contract, at the pinned block."""
        made: list[dict[str, Any]] = []
        head = await self.head()
        for at in range(0, len(slots), PROOFS_AT_ONCE):
            part = ["0x" + one.hex() for one in slots[at : at + PROOFS_AT_ONCE]]
            answer = await self._read("eth_getProof", "0x" + address.hex(), part, hex(head.number))
            if not isinstance(answer, dict):
                raise ChainUnavailableError(f"{self.name} gives no proof")
            listed = [{"key": one["key"], "proof": one["proof"]} for one in answer["storageProof"]]
            made.append({"accountProof": answer["accountProof"], "storageProof": listed})
        return made


async def directory_of(reader: AuditReader, network: Network) -> Directory:
    """Fold the logs of all contracts up to the pinned block.

    Raises:
        ChainError: the witness fails, contradicts itself, or is on another chain.
    """
    follower = ChainFollower(reader, MemoryDirectoryStore(), network, clock=lambda: 0.0)
    return await follower.catch_up()


async def halts(reader: AuditReader, first: BlockRef, last: BlockRef) -> list[Interval]:
    """Return the times between two blocks in which the chain made none for long.

    Where blocks come often enough for so short a time nothing is read: a healthy chain costs few
    headers. Beyond `HEADERS_READ_MAX` the rest counts as healthy.
    """
    found: list[Interval] = []
    waiting, read = [(first, last)], 0
    while waiting:
        earlier, later = waiting.pop()
        if later.time - earlier.time <= BLOCK_GAP_S:
            continue
        if later.number - earlier.number <= 1:
            found.append((earlier.time, later.time))
            continue
        if read >= HEADERS_READ_MAX:
            continue
        middle = await reader.block((earlier.number + later.number) // 2)
        read += 1
        if middle is not None:
            waiting += [(earlier, middle), (middle, later)]
    return sorted(found)
