"""Follow the chain: read the contracts' logs from a durable cursor on, and keep the directory.

The cursor is a block's number and hash. Each step reads the newest block, checks that the cursor's
block is still what the chain has under its number, reads the logs behind it by ranges, checks that
the range ended in the block it should, and stores logs and new cursor in one transaction. A crash
at any point leaves the cursor before or behind a whole step; the next start goes on from there.

A reorg shows by a hash: the newest stored block that the chain still has is where it branched off;
what is above is removed and read again. What cannot be explained by a reorg (another genesis, other
code under the contracts' addresses, a branch below everything that is known) is another chain: then
nothing is removed, and the directory stays as it was and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Final

from anchoring.chain.branches import branching_block, check_identity, header_at, headers_down
from anchoring.chain.logs import Header, InconsistentAnswersError, LogReader, RangeRefusedError
from anchoring.chain.network import Network
from anchoring.directory.events import ChainLog, Contracts, LogsRefusedError, topics
from anchoring.directory.fold import empty_directory, fold
from anchoring.directory.model import Directory
from anchoring.directory.store import (
    HEADERS_KEPT,
    RANGE_BLOCKS,
    CursorMovedError,
    DirectoryStore,
    Facts,
    MemoryDirectoryStore,
    StoredChain,
    is_kept,
)
from anchoring.errors import ChainError, ChainIdentityError, ChainUnavailableError
from anchoring.ports import BlockRef

_FOLDED_AT_ONCE_MAX: Final = 200
"""More logs are folded in a thread, because an event loop would stand still meanwhile."""


class FollowState(StrEnum):
    """How good the directory is."""

    STARTING = "starting"
    CURRENT = "current"
    CATCHING_UP = "catching_up"
    STALE = "stale"
    UNAVAILABLE = "unavailable"
    ANOTHER_CHAIN = "another_chain"


@dataclass(frozen=True, slots=True)
class FollowView:
    """What is known of the directory's age.

    Attributes:
        head: Block of the directory, None before the first.
        chain_head: Newest block that the endpoint showed, None if it showed none.
        checked_at: When the endpoint last confirmed the directory's head; 0 if never.
        code: Stable code of what is wrong, None if nothing is.
        detail: The same as a sentence.
        reorgs: How many reorgs took blocks away since the process began.
    """

    state: FollowState = FollowState.STARTING
    head: BlockRef | None = None
    chain_head: int | None = None
    checked_at: int = 0
    code: str | None = None
    detail: str = ""
    reorgs: int = 0

    @property
    def lag_blocks(self) -> int:
        """Blocks that the endpoint has and the directory does not."""
        if self.head is None or self.chain_head is None:
            return 0
        return max(0, self.chain_head - self.head.number)


def contracts_of(network: Network) -> Contracts:
    """Return the contracts whose logs make the directory of a network."""
    return Contracts(
        consortium=network.consortium,
        registries=tuple(one.address for one in network.registries),
        code_registry=network.code_registry.address if network.code_registry else None,
        notice_board=network.notice_board.address if network.notice_board else None,
    )


def scope_of(contracts: Contracts) -> bytes:
    """Return a digest of what is asked for: other contracts or kinds of logs, another scan."""
    return sha256(b"".join((*contracts.addresses, *topics()))).digest()


class ChainFollower:
    """Keeps a directory up to date from one endpoint. One task at a time may call it.

    Args:
        reader: The endpoint.
        store: Where logs and cursor are kept.
        network: Which chain and which contracts.
        clock: Unix seconds.
        on_reorg: Called with the number of blocks that a reorg took away.
        repairs: Read everything again when the logs contradict each other: a log may have been
            left out of an answer long ago.
    """

    def __init__(
        self,
        reader: LogReader,
        store: DirectoryStore,
        network: Network,
        *,
        clock: Callable[[], float],
        on_reorg: Callable[[int], None] = lambda _: None,
        repairs: bool = True,
    ) -> None:
        self._reader, self._store, self._network = reader, store, network
        self._contracts = contracts_of(network)
        self._clock, self._on_reorg = clock, on_reorg
        self._directory = empty_directory()
        self._blocks: tuple[BlockRef, ...] = ()
        self._foundation: int | None = None
        self._view = FollowView()
        self._loaded = self._identified = self._contradictory = False
        self._repairs = repairs
        self._facts = Facts()
        self._range_blocks = RANGE_BLOCKS

    @property
    def directory(self) -> Directory:
        """The network as far as it was read; its head has the number -1 before anything was."""
        return self._directory

    @property
    def view(self) -> FollowView:
        """How good the directory is."""
        return self._view

    async def load(self) -> Directory:
        """Take over what is stored. Needs no chain.

        Raises:
            ChainIdentityError: it was read from another chain.
            LogsRefusedError: it is no directory.
        """
        stored = await self._store.load()
        await self._take(stored)
        self._loaded = True
        return self._directory

    async def catch_up(self) -> Directory:
        """Follow to the newest block and return the directory.

        Raises:
            ChainError: the endpoint does not answer, not consistently, or is another chain. The
                directory stays, `view` says what is wrong, and the next call goes on.
        """
        while not await self.step():
            pass
        return self._directory

    async def step(self) -> bool:
        """Do one step; return True if there is nothing more to read for now.

        Raises:
            ChainError: as `catch_up`.
        """
        try:
            if self._contradictory and self._repairs:
                await self._read_again()
            if not self._loaded:
                await self.load()
            return await self._step()
        except CursorMovedError:
            self._loaded = False  # another process follows into the same database
            return False
        except ChainError as error:
            self._say_failed(error)
            raise
        except BaseException:
            self._loaded = False  # whether the store took the step is not known
            raise

    async def _step(self) -> bool:
        head = await self._reader.header()
        if head is None:
            raise ChainUnavailableError(f"{self._reader.name} has no newest block")
        self._view = replace(self._view, chain_head=head.ref.number)
        cursor = self._cursor
        if cursor is not None and head.ref.number <= cursor.number:
            return await self._not_ahead(head.ref, cursor)
        if not self._identified:
            await self._identify(head.ref)
            cursor = self._cursor
        if cursor is not None and not await self._is_canonical(cursor, head):
            await self._unwind(head.ref, cursor)
            return False
        end = await self._scan(cursor, head)
        return end == head.ref and self._say_current(end)

    @property
    def _cursor(self) -> BlockRef | None:
        return self._blocks[-1] if self._blocks else None

    async def _take(self, stored: StoredChain) -> None:
        if stored.blocks and stored.blocks[0] != self._genesis(stored.blocks[0]):
            raise ChainIdentityError("the stored logs are of a chain with another genesis")
        start = empty_directory(delay_s=stored.facts.delay_s, lifetime_s=stored.facts.lifetime_s)
        if stored.cursor is not None:
            start = await self._folded(start, stored.logs, stored.cursor)
        self._directory, self._blocks, self._facts = start, stored.blocks, stored.facts
        self._foundation = stored.logs[0].block_number if stored.logs else None
        self._view = replace(self._view, head=stored.cursor)

    def _genesis(self, lowest: BlockRef) -> BlockRef:
        return BlockRef(0, self._network.genesis_hash, lowest.time)

    async def _identify(self, head: BlockRef) -> None:
        """Check that this is the chain; begin anew if other logs are wanted than are stored."""
        await check_identity(self._reader, self._network, head)
        scope = scope_of(self._contracts)
        if self._facts.scope != scope:
            consortium, at = self._network.consortium, head.block_hash
            facts = Facts(
                scope=scope,
                delay_s=await self._reader.period(consortium, "delay", at=at),
                lifetime_s=await self._reader.period(consortium, "lifetime", at=at),
            )
            await self._store.begin(facts)
            await self._take(StoredChain(facts=facts))
        self._identified = True

    async def _not_ahead(self, head: BlockRef, cursor: BlockRef) -> bool:
        """The newest block is the cursor, or lies behind it: on the same chain or on another."""
        if head == cursor:
            return self._say_current(head)
        below = next(one for one in reversed(self._blocks) if one.number <= head.number)
        if (await header_at(self._reader, below.number)).ref.block_hash != below.block_hash:
            await self._unwind(head, cursor)
            return False
        if self._foundation is not None and below.number < self._foundation <= head.number:
            await check_identity(self._reader, self._network, head)
        behind = cursor.number - head.number
        self._view = replace(
            self._view,
            state=FollowState.STALE,
            code="chain_stale",
            detail=f"{self._reader.name} is {behind} blocks behind what was read before",
        )
        return True

    async def _is_canonical(self, cursor: BlockRef, head: Header) -> bool:
        if head.ref.number == cursor.number + 1:
            return head.parent_hash == cursor.block_hash
        found = await header_at(self._reader, cursor.number)
        return found.ref.block_hash == cursor.block_hash

    async def _scan(self, cursor: BlockRef | None, head: Header) -> BlockRef | None:
        """Read one range behind the cursor and store it; return its last block.

        None: the endpoint refused so many blocks; the next range is shorter.
        """
        first = 0 if cursor is None else cursor.number + 1
        last = min(head.ref.number, first + self._range_blocks - 1)
        # Ranges end at round numbers, so that the blocks that are kept for ever are always read.
        last = min(last, -(-first // RANGE_BLOCKS) * RANGE_BLOCKS)
        end = head if last == head.ref.number else await header_at(self._reader, last)
        logs = await self._logs(first, last)
        if logs is None:
            return None
        lowest = min(last, max(first, head.ref.number - HEADERS_KEPT + 1))
        headers = await headers_down(self._reader, end, to=lowest)
        await self._check_unmoved(cursor, headers)
        directory = await self._folded(self._directory, logs, end.ref)
        blocks = tuple(one.ref for one in headers)
        await self._store.append(blocks, logs, after=cursor)
        self._directory = directory
        kept = (one for one in (*self._blocks, *blocks) if is_kept(one.number, last))
        self._blocks = tuple(kept)
        if self._foundation is None and logs:
            self._foundation = logs[0].block_number
        self._view = replace(self._view, state=FollowState.CATCHING_UP, head=end.ref, code=None)
        return end.ref

    async def _check_unmoved(self, cursor: BlockRef | None, headers: Sequence[Header]) -> None:
        """The logs are those between the cursor and the end, if both are still there afterwards."""
        end = headers[-1].ref
        moved = (await header_at(self._reader, end.number)).ref != end
        if cursor is not None:
            if headers[0].ref.number == cursor.number + 1:
                moved = moved or headers[0].parent_hash != cursor.block_hash
            else:
                moved = moved or (await header_at(self._reader, cursor.number)).ref != cursor
        if moved:
            raise InconsistentAnswersError(f"{self._reader.name} changed its blocks meanwhile")

    async def _logs(self, first: int, last: int) -> list[ChainLog] | None:
        try:
            logs = await self._reader.logs(self._contracts, first_block=first, last_block=last)
        except ChainUnavailableError as error:
            self._range_blocks = max(1, (last - first + 1) // 2)
            if isinstance(error, RangeRefusedError) and last > first:
                return None
            raise
        self._range_blocks = min(RANGE_BLOCKS, self._range_blocks * 2)
        return logs

    async def _unwind(self, head: BlockRef, cursor: BlockRef) -> None:
        """Go back to where a reorg branched off.

        Raises:
            ChainIdentityError: it is another chain; nothing is removed.
        """
        self._identified = False
        await check_identity(self._reader, self._network, head)
        to = await branching_block(self._reader, self._blocks, head)
        if to is None:
            raise ChainIdentityError(f"{self._reader.name} has no block that was read before")
        if (await header_at(self._reader, head.number)).ref != head:
            raise InconsistentAnswersError(f"{self._reader.name} changed its blocks meanwhile")
        depth = cursor.number - to.number
        if depth > HEADERS_KEPT and self._foundation is not None and to.number < self._foundation:
            raise ChainIdentityError(
                f"{self._reader.name} has another chain since block {to.number}, before the "
                "consortium was founded"
            )
        await self._store.rewind(to)
        await self.load()
        self._view = replace(self._view, reorgs=self._view.reorgs + 1)
        self._on_reorg(depth)

    async def _folded(
        self, directory: Directory, logs: Sequence[ChainLog], head: BlockRef
    ) -> Directory:
        def work() -> Directory:
            return fold(directory, logs, head, contracts=self._contracts)

        try:
            return work() if len(logs) <= _FOLDED_AT_ONCE_MAX else await asyncio.to_thread(work)
        except LogsRefusedError:
            self._contradictory = True
            raise

    async def _read_again(self) -> None:
        """Read everything into memory, and put it into the place of what is stored if it folds.

        Raises:
            LogsRefusedError: it is the endpoint that contradicts itself; nothing was changed.
        """
        fresh = MemoryDirectoryStore()
        reading = ChainFollower(
            self._reader, fresh, self._network, clock=self._clock, repairs=False
        )
        await reading.catch_up()
        stored = await fresh.load()
        await self._store.begin(stored.facts)
        # A crash here leaves nothing stored: the next start reads everything again.
        await self._store.append(stored.blocks, stored.logs, after=None)
        await self.load()
        self._contradictory = False

    def _say_current(self, head: BlockRef) -> bool:
        self._view = replace(
            self._view,
            state=FollowState.CURRENT,
            head=head,
            checked_at=int(self._clock()),
            code=None,
            detail="",
        )
        return True

    def _say_failed(self, error: ChainError) -> None:
        another = isinstance(error, ChainIdentityError)
        self._identified = False
        self._view = replace(
            self._view,
            state=FollowState.ANOTHER_CHAIN if another else FollowState.UNAVAILABLE,
            code=error.code,
            detail=str(error),
        )
