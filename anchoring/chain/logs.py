"""Headers and raw contract logs of one EVM endpoint, by ranges of blocks.

Nothing is believed but what was asked for: an answer with a log outside of the range, of another
contract, of another kind, twice, or of a block that the endpoint's own headers do not have, is no
answer. A log's time is that of its header.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from eth_utils.crypto import keccak

from anchoring.chain.calls import HASH_SIZE_BYTES, at_block
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.founding import founding_logs
from anchoring.chain.rpc import RpcRefusedError
from anchoring.directory.events import ChainLog, Contracts, topics
from anchoring.errors import ChainUnavailableError
from anchoring.ports import BlockRef

_ADDRESS_SIZE_BYTES: Final = 20
_WORD_SIZE_BYTES: Final = 32
_LOGS_MAX: Final = 100_000
_NUMBER_MAX: Final = 2**53 - 1
_TIME_MAX: Final = 253_402_300_799  # the last second of the year 9999


class RangeRefusedError(ChainUnavailableError):
    """The endpoint answers, but not for so many blocks at once; fewer may work."""


class InconsistentAnswersError(ChainUnavailableError):
    """Two answers of an endpoint do not fit each other: its head moved, or it is several nodes."""


@dataclass(frozen=True, slots=True)
class Header:
    """A block with the hash of the one before it; genesis has 32 zero bytes there."""

    ref: BlockRef
    parent_hash: bytes


class LogReader(Protocol):
    """What following a chain needs of an endpoint; every call raises ChainUnavailableError."""

    @property
    def name(self) -> str:
        """What the endpoint is called in texts."""
        ...

    async def chain_id(self) -> int:
        """Return the chain id."""
        ...

    async def code_hash(self, address: bytes, *, at: bytes | None = None) -> bytes | None:
        """Return the Keccak-256 of the code at an address, None if there is no code."""
        ...

    async def header(self, number: int | None = None) -> Header | None:
        """Return the canonical block of that number (None: the newest), None if there is none."""
        ...

    async def logs(
        self, contracts: Contracts, *, first_block: int, last_block: int
    ) -> list[ChainLog]:
        """Return the logs that make a directory, of a range with both ends, in chain order."""
        ...

    async def period(self, consortium: bytes, name: str, *, at: bytes) -> int:
        """Return what a Consortium has as its `delay` or `lifetime`, in seconds; 0 if nothing."""
        ...


class EvmLogReader(EvmReader):
    """`LogReader` over JSON-RPC."""

    async def header(self, number: int | None = None) -> Header | None:
        """Return the canonical block of that number (None: the newest), None if there is none."""
        which = "latest" if number is None else hex(number)
        answer = await self._read("eth_getBlockByNumber", which, False)  # noqa: FBT003
        if answer is None:
            return None
        if not isinstance(answer, dict):
            raise ChainUnavailableError(f"{self.name} gives no block")
        rpc = self._rpc
        ref = BlockRef(
            number=rpc.quantity(answer.get("number"), what="block number"),
            block_hash=rpc.data(answer.get("hash"), what="block hash", size=HASH_SIZE_BYTES),
            time=rpc.quantity(answer.get("timestamp"), what="block time"),
        )
        if ref.number > _NUMBER_MAX or ref.time > _TIME_MAX:  # no database or calendar holds them
            raise ChainUnavailableError(f"{self.name} gives a block that no chain has yet")
        if number not in (None, ref.number):
            raise ChainUnavailableError(f"{self.name} gives another block than number {number}")
        parent = rpc.data(answer.get("parentHash"), what="parent hash", size=HASH_SIZE_BYTES)
        return Header(ref, parent)

    async def logs(
        self, contracts: Contracts, *, first_block: int, last_block: int
    ) -> list[ChainLog]:
        """Return the logs that make a directory, of a range with both ends, in chain order.

        Of a chain that began with the contracts in its genesis file, block 0 has what the
        constructors would have logged.

        Raises:
            RangeRefusedError: the endpoint answers with an error, or with too much.
            InconsistentAnswersError: a log is of a block that the endpoint's headers do not have.
            ChainUnavailableError: no answer, or one that was not asked for.
        """
        wanted = {
            "address": ["0x" + one.hex() for one in contracts.addresses],
            "fromBlock": hex(first_block),
            "toBlock": hex(last_block),
            "topics": [["0x" + one.hex() for one in topics()]],
        }
        try:
            answer = await self._rpc.read("eth_getLogs", wanted)
        except RpcRefusedError as error:
            text = f"{self.name} gives no logs of blocks {first_block} to {last_block}: {error}"
            raise RangeRefusedError(text) from error
        if not isinstance(answer, list):
            raise ChainUnavailableError(f"{self.name} gives no list of logs")
        if len(answer) > _LOGS_MAX:
            raise RangeRefusedError(f"{self.name} gives more than {_LOGS_MAX} logs at once")
        raw = [self._raw_log(one) for one in answer]
        self._check(raw, contracts, first_block=first_block, last_block=last_block)
        founders = await founding_logs(self._rpc, contracts) if first_block == 0 else []
        return [*founders, *await self._with_times(raw)]

    async def period(self, consortium: bytes, name: str, *, at: bytes) -> int:
        """Return what a Consortium has as its `delay` or `lifetime`, in seconds; 0 if nothing."""
        call = {"to": "0x" + consortium.hex(), "data": "0x" + keccak(text=f"{name}()")[:4].hex()}
        try:
            answer = await self._rpc.read("eth_call", call, at_block(at))
        except RpcRefusedError as error:
            if error.revert_data is not None:
                return 0  # a contract without votes
            raise ChainUnavailableError(f"{self.name} refuses eth_call: {error}") from error
        data = self._rpc.data(answer, what=name)
        return int.from_bytes(data) if len(data) == _WORD_SIZE_BYTES else 0

    def _raw_log(self, entry: object) -> _RawLog:
        if not isinstance(entry, dict) or not isinstance(entry.get("topics"), list):
            raise ChainUnavailableError(f"{self.name} gives a malformed log")
        if entry.get("removed") is True:
            raise InconsistentAnswersError(f"{self.name} gives a log that a reorg removed")
        rpc = self._rpc
        return _RawLog(
            number=rpc.quantity(entry.get("blockNumber"), what="block number of a log"),
            index=rpc.quantity(entry.get("logIndex"), what="index of a log"),
            block_hash=rpc.data(
                entry.get("blockHash"), what="block hash of a log", size=HASH_SIZE_BYTES
            ),
            address=rpc.data(
                entry.get("address"), what="address of a log", size=_ADDRESS_SIZE_BYTES
            ),
            topics=tuple(
                rpc.data(one, what="topic", size=_WORD_SIZE_BYTES) for one in entry["topics"]
            ),
            data=rpc.data(entry.get("data"), what="data of a log"),
        )

    def _check(
        self, raw: Sequence[_RawLog], contracts: Contracts, *, first_block: int, last_block: int
    ) -> None:
        wanted = frozenset(topics())
        last = (-1, -1)
        for one in raw:
            if (
                not first_block <= one.number <= last_block
                or contracts.source(one.address) is None
                or not one.topics
                or one.topics[0] not in wanted
            ):
                raise ChainUnavailableError(f"{self.name} gives a log that was not asked for")
            if (one.number, one.index) <= last:
                raise ChainUnavailableError(f"{self.name} gives logs out of order")
            last = (one.number, one.index)

    async def _with_times(self, raw: Sequence[_RawLog]) -> list[ChainLog]:
        headers: dict[int, BlockRef] = {}
        made = []
        for one in raw:
            if one.number not in headers:
                header = await self.header(one.number)
                if header is None:
                    raise InconsistentAnswersError(f"{self.name} has a log, but not its block")
                headers[one.number] = header.ref
            ref = headers[one.number]
            if ref.block_hash != one.block_hash:
                raise InconsistentAnswersError(
                    f"{self.name} has a log of another block {ref.number}"
                )
            made.append(
                ChainLog(one.number, one.index, ref.time, one.address, one.topics, one.data)
            )
        return made


@dataclass(frozen=True, slots=True)
class _RawLog:
    number: int
    index: int
    block_hash: bytes
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


__all__ = [
    "EvmLogReader",
    "Header",
    "InconsistentAnswersError",
    "LogReader",
    "RangeRefusedError",
]
