"""Where the logs that were read are kept, with the blocks they were read up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from anchoring.directory.events import ChainLog
from anchoring.ports import BlockRef

HEADERS_KEPT: Final = 128
"""So many of the newest blocks are kept, to find where a reorg branched off."""
RANGE_BLOCKS: Final = 1000
"""Of older blocks those stay whose number is a multiple of this."""


class CursorMovedError(Exception):
    """Somebody else went on from the same place: load again."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the logs are of.

    Attributes:
        scope: Digest of the contracts and kinds of logs that were asked for.
        delay_s, lifetime_s: As fixed in the Consortium; 0 if it has none.
    """

    scope: bytes = b""
    delay_s: int = 0
    lifetime_s: int = 0


@dataclass(frozen=True, slots=True)
class StoredChain:
    """What is kept, both ascending; the newest block is the cursor."""

    blocks: tuple[BlockRef, ...] = ()
    logs: tuple[ChainLog, ...] = ()
    facts: Facts = Facts()

    @property
    def cursor(self) -> BlockRef | None:
        """Up to where the logs are complete, None if nothing was read."""
        return self.blocks[-1] if self.blocks else None


class DirectoryStore(Protocol):
    """Logs and cursor. Every call is one durable transaction."""

    async def load(self) -> StoredChain:
        """Return everything."""
        ...

    async def begin(self, facts: Facts) -> None:
        """Remove every block and log, and keep what the next ones will be of."""
        ...

    async def append(
        self, blocks: Sequence[BlockRef], logs: Sequence[ChainLog], *, after: BlockRef | None
    ) -> None:
        """Add logs and the blocks up to which they are complete, and prune old blocks.

        Args:
            blocks: Ascending, at least one, all behind `after`.
            logs: Every log behind `after` and up to the last of the blocks.
            after: The cursor that this goes on from, None if nothing is stored.

        Raises:
            CursorMovedError: another block is the newest one. Nothing was changed.
        """
        ...

    async def rewind(self, to: BlockRef) -> None:
        """Remove every block and log above a stored block.

        Raises:
            CursorMovedError: it is not stored. Nothing was changed.
        """
        ...


def is_kept(number: int, newest: int) -> bool:
    """Return True if a block is still needed when `newest` is the cursor."""
    return number > newest - HEADERS_KEPT or number % RANGE_BLOCKS == 0


class MemoryDirectoryStore:
    """Forgets everything at exit: for verifiers and the command line."""

    def __init__(self, stored: StoredChain | None = None) -> None:
        self._stored = stored or StoredChain()

    async def load(self) -> StoredChain:
        """Return everything."""
        return self._stored

    async def begin(self, facts: Facts) -> None:
        """Remove every block and log, and keep what the next ones will be of."""
        self._stored = StoredChain(facts=facts)

    async def append(
        self, blocks: Sequence[BlockRef], logs: Sequence[ChainLog], *, after: BlockRef | None
    ) -> None:
        """Add logs and the blocks up to which they are complete, and prune old blocks."""
        stored = self._stored
        if stored.cursor != after:
            raise CursorMovedError
        newest = blocks[-1].number
        kept = tuple(one for one in (*stored.blocks, *blocks) if is_kept(one.number, newest))
        self._stored = replace(stored, blocks=kept, logs=(*stored.logs, *logs))

    async def rewind(self, to: BlockRef) -> None:
        """Remove every block and log above a stored block."""
        stored = self._stored
        if to not in stored.blocks:
            raise CursorMovedError
        self._stored = replace(
            stored,
            blocks=tuple(one for one in stored.blocks if one.number <= to.number),
            logs=tuple(one for one in stored.logs if one.block_number <= to.number),
        )
