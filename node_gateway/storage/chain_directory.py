"""Logs of the contracts and the blocks they were read up to, in the gateway's database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection, delete, func, select

from anchoring.directory.events import WORD_SIZE_BYTES, ChainLog
from anchoring.directory.store import (
    HEADERS_KEPT,
    RANGE_BLOCKS,
    CursorMovedError,
    Facts,
    StoredChain,
)
from anchoring.ports import BlockRef
from node_gateway.storage import registers
from node_gateway.storage.chain_tables import chain_block, chain_log
from node_gateway.storage.database import Database
from node_gateway.storage.errors import StorageError

META_FACTS: Final = "chain_facts"
_STEP: Final = "follow_chain"
_block, _log = chain_block.c, chain_log.c


class _MovedError(StorageError):
    """The cursor is another one; rolls the step back without ending the writer."""


class ChainDirectoryStore:
    """`anchoring.directory.store.DirectoryStore` on the gateway's database.

    The facts stand among the gateway's own (`meta`), in the same transaction as what they are of.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> StoredChain:
        """Return everything, of one snapshot."""

        def work(connection: Connection) -> StoredChain:
            blocks = connection.execute(select(chain_block).order_by(_block.number)).all()
            logs = connection.execute(
                select(chain_log).order_by(_log.block_number, _log.log_index)
            ).all()
            return StoredChain(
                blocks=tuple(BlockRef(number, bytes(name), time) for number, name, time in blocks),
                logs=tuple(
                    ChainLog(number, index, time, bytes(address), _split(topics), bytes(data))
                    for number, index, time, address, topics, data in logs
                ),
                facts=_facts(registers.meta(connection, META_FACTS)),
            )

        return await self._database.read(work)

    async def begin(self, facts: Facts) -> None:
        """Remove every block and log, and keep what the next ones will be of."""

        def work(connection: Connection) -> None:
            connection.execute(delete(chain_log))
            connection.execute(delete(chain_block))
            kept = {
                "scope": facts.scope.hex(),
                "delay": facts.delay_s,
                "lifetime": facts.lifetime_s,
            }
            registers.set_meta(connection, META_FACTS, orjson.dumps(kept))

        await self._write(work)

    async def append(
        self, blocks: Sequence[BlockRef], logs: Sequence[ChainLog], *, after: BlockRef | None
    ) -> None:
        """Add logs and the blocks up to which they are complete, and prune old blocks.

        Raises:
            CursorMovedError: another block is the newest one. Nothing was changed.
        """
        newest = blocks[-1].number
        new_blocks = [(one.number, one.block_hash, one.time) for one in blocks]
        new_logs = [
            (
                one.block_number,
                one.index,
                one.block_time,
                one.address,
                b"".join(one.topics),
                one.data,
            )
            for one in logs
        ]

        def work(connection: Connection) -> None:
            if _cursor(connection) != after:
                raise _MovedError
            connection.execute(
                delete(chain_block).where(
                    _block.number <= newest - HEADERS_KEPT, _block.number % RANGE_BLOCKS != 0
                )
            )
            self._database.insert(connection, chain_block, new_blocks)
            if new_logs:
                self._database.insert(connection, chain_log, new_logs)

        await self._write(work)

    async def rewind(self, to: BlockRef) -> None:
        """Remove every block and log above a stored block.

        Raises:
            CursorMovedError: it is not stored. Nothing was changed.
        """

        def work(connection: Connection) -> None:
            if _at(connection, to.number) != to:
                raise _MovedError
            connection.execute(delete(chain_log).where(_log.block_number > to.number))
            connection.execute(delete(chain_block).where(_block.number > to.number))

        await self._write(work)

    async def _write(self, work: Callable[[Connection], None]) -> None:
        try:
            await self._database.write(_STEP, work)
        except _MovedError:
            raise CursorMovedError from None


def _cursor(connection: Connection) -> BlockRef | None:
    newest = connection.execute(select(func.max(_block.number))).scalar()
    return None if newest is None else _at(connection, newest)


def _at(connection: Connection, number: int) -> BlockRef | None:
    found = connection.execute(select(chain_block).where(_block.number == number)).first()
    return None if found is None else BlockRef(found.number, bytes(found.hash), found.time)


def _split(topics: bytes) -> tuple[bytes, ...]:
    width = WORD_SIZE_BYTES
    return tuple(bytes(topics[at : at + width]) for at in range(0, len(topics), width))


def _facts(raw: bytes | None) -> Facts:
    if raw is None:
        return Facts()
    kept: dict[str, Any] = orjson.loads(raw)
    return Facts(bytes.fromhex(kept["scope"]), kept["delay"], kept["lifetime"])
