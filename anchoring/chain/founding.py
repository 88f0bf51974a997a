"""The first participants of a chain that was started with the contracts in its genesis file.

No constructor ran on such a chain, so block 0 holds their state and none of their logs. What they
would have logged is read back from views at block 0 and told as logs of block 0, so that whoever
folds logs needs to know nothing of it.
"""

from __future__ import annotations

from typing import Any, Final

from eth_abi.abi import encode

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.foundation import CONSORTIUM
from anchoring.chain.rpc import EvmRpc
from anchoring.directory.events import DECLARED, ChainLog, Contracts
from anchoring.errors import ChainUnavailableError
from anchoring.ports import BlockRef

_DECLARED: Final = {one.name: one for one in DECLARED}


async def founding_logs(rpc: EvmRpc, contracts: Contracts) -> list[ChainLog]:
    """Return what the constructors would have logged in block 0, in their order.

    Empty if the contracts were deployed on the running chain: then their logs are there.

    Raises:
        ChainUnavailableError: no answer, or the endpoint no longer has the state of block 0.
    """
    reader = _FoundingReader(rpc)
    genesis = await reader.block(0)
    if genesis is None:
        raise ChainUnavailableError(f"{reader.name} has no block 0")
    if not await reader.stands(contracts.consortium, genesis):
        return []
    made = [
        *await reader.participants_and_keys(contracts.consortium, genesis),
        *await reader.grants(contracts.code_registry, genesis),
    ]
    return [
        ChainLog(genesis.number, index, genesis.time, address, topics, data)
        for index, (address, topics, data) in enumerate(made)
    ]


_Told = tuple[bytes, tuple[bytes, ...], bytes]
"""Address, topics and data of a log."""


class _FoundingReader(EvmReader):
    """Reads views at block 0 and tells them as logs."""

    async def stands(self, consortium: bytes, genesis: BlockRef) -> bool:
        """Return True if the Consortium is there in block 0."""
        try:
            return await self.code_hash(consortium, at=genesis.block_hash) is not None
        except ChainUnavailableError as error:
            if consortium != CONSORTIUM:
                return False  # a node without old states; it was deployed later
            text = f"{self.name} does not have the state of block 0, in which this network began"
            raise ChainUnavailableError(f"{text}; use a node that keeps all states") from error

    async def participants_and_keys(self, consortium: bytes, genesis: BlockRef) -> list[_Told]:
        """Tell admissions, each followed by its keys."""
        at = genesis.block_hash
        told = []
        for one in await self.participants(consortium, at=at):
            fields = (one.slug, one.name, one.url, one.roles, one.admin_key, one.recovery_key)
            number = one.participant
            told.append(_told(consortium, "ParticipantAdmitted", (number,), fields))
            for address in await self.keys_of(consortium, number, at=at):
                key = await self.key(consortium, address, at=at)
                if key is None:
                    raise ChainUnavailableError(f"{self.name} lists a key that it does not know")
                streams = await self.streams_of(consortium, address, at=at)
                fields_of_key = (key.purpose, key.valid_from, key.valid_until, streams)
                told.append(_told(consortium, "KeyAdded", (number, address), fields_of_key))
        return told

    async def grants(self, code_registry: bytes | None, genesis: BlockRef) -> list[_Told]:
        """Tell the prefixes that were granted."""
        if code_registry is None:
            return []
        at, abi = genesis.block_hash, ContractAbi(load("CodeRegistry").abi)
        (count,) = await self._call(abi, code_registry, "grantCount", at=at)
        told = []
        for number in range(1, int(count) + 1):
            (grant,) = await self._call(abi, code_registry, "grantOf", number, at=at)
            prefix, participant, start, end = grant
            indexed = (number, participant)
            told.append(_told(code_registry, "PrefixGranted", indexed, (prefix, start, end)))
        return told


def _told(
    address: bytes, name: str, indexed: tuple[int | bytes, ...], plain: tuple[Any, ...]
) -> _Told:
    declared = _DECLARED[name]
    words = tuple(
        one.rjust(32, b"\x00") if isinstance(one, bytes) else one.to_bytes(32) for one in indexed
    )
    return address, (declared.topic, *words), encode(declared.plain, plain)
