"""Contract calls and raw reads on one EVM endpoint, pinned to block hashes."""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.rpc import EvmRpc, RpcRefusedError
from anchoring.errors import ChainUnavailableError

HASH_SIZE_BYTES = 32


def at_block(block_hash: bytes | None) -> object:
    """Return the block parameter of EIP-1898, or `latest`.

    Not every endpoint honours `requireCanonical` (Anvil does not), so that whoever depends on a
    block being canonical compares the hash of its number as well.
    """
    if block_hash is None:
        return "latest"
    return {"blockHash": "0x" + block_hash.hex(), "requireCanonical": True}


class EvmCalls:
    """What reader and writer share: an endpoint and the contracts' ABIs."""

    def __init__(self, rpc: EvmRpc) -> None:
        self._rpc = rpc
        self._registry_abi = ContractAbi(load("AnchorRegistry").abi)
        self._consortium_abi = ContractAbi(load("Consortium").abi)
        self._board_abi = ContractAbi(load("NoticeBoard").abi)

    @property
    def name(self) -> str:
        """Scheme, host and port of the endpoint."""
        return self._rpc.name

    @property
    def registry_abi(self) -> ContractAbi:
        """Coder of the AnchorRegistry."""
        return self._registry_abi

    async def close(self) -> None:
        """Close the connections."""
        await self._rpc.close()

    async def _read(self, method: str, *params: object) -> Any:
        try:
            return await self._rpc.read(method, *params)
        except RpcRefusedError as error:
            raise ChainUnavailableError(f"{self.name} refuses {method}: {error}") from error

    async def _call(
        self,
        abi: ContractAbi,
        to: bytes,
        function: str,
        *arguments: object,
        at: bytes | None,
    ) -> tuple[Any, ...]:
        """Call a view and decode its result.

        Raises:
            ContractRefusedError: it reverted; name and arguments of the contract's error.
            ChainUnavailableError: no answer, or none of such a contract.
        """
        data = await self._call_raw(abi, to, abi.call_data(function, *arguments), at=at)
        if not data:
            raise ChainUnavailableError(f"{self.name} has no contract at 0x{to.hex()}")
        return abi.results(function, data)

    async def _call_raw(
        self,
        abi: ContractAbi,
        to: bytes,
        call_data: bytes,
        *,
        at: bytes | None,
        sender: bytes | None = None,
        gas: int | None = None,
    ) -> bytes:
        call = {"to": "0x" + to.hex(), "data": "0x" + call_data.hex()}
        if sender is not None:
            call["from"] = "0x" + sender.hex()
            call["gasPrice"] = "0x0"
        if gas is not None:
            call["gas"] = hex(gas)
        try:
            answer = await self._rpc.read("eth_call", call, at_block(at))
        except RpcRefusedError as error:
            if error.revert_data is not None:
                raise abi.refusal(error.revert_data) from error
            raise ChainUnavailableError(f"{self.name} refuses eth_call: {error}") from error
        return self._rpc.data(answer, what="result of eth_call")

    async def chain_id(self) -> int:
        """Return the chain id."""
        return self._rpc.quantity(await self._read("eth_chainId"), what="chain id")

    async def code_hash(self, address: bytes, *, at: bytes | None = None) -> bytes | None:
        """Return the Keccak-256 of the code at an address, None if there is no code."""
        answer = await self._read("eth_getCode", "0x" + address.hex(), at_block(at))
        code = self._rpc.data(answer, what="code")
        return keccak(code) if code else None
