"""What an endpoint gives to prove its state to somebody else: headers and `eth_getProof`.

Nothing is checked here; whoever gets it checks it (`chain.headers`, `chain.proofs`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anchoring.chain.calls import HASH_SIZE_BYTES, EvmCalls, at_block
from anchoring.chain.headers import header_rlp
from anchoring.errors import FormatError


@dataclass(frozen=True, slots=True)
class ShownHeader:
    """A header as an endpoint gives it."""

    block_hash: bytes
    number: int
    time: int
    rlp: bytes


@dataclass(frozen=True, slots=True)
class ShownProof:
    """Nodes of `eth_getProof`: of the account, and of each slot that was asked for."""

    account: tuple[bytes, ...]
    slots: tuple[tuple[bytes, tuple[bytes, ...]], ...]


class EvmProver(EvmCalls):
    """Fetches headers and proofs from one endpoint.

    Every method raises ChainUnavailableError if it does not answer as a chain does, and
    FormatError if it answers something else.
    """

    async def head(self) -> ShownHeader:
        """Return the newest header."""
        return self._shown(await self._read("eth_getBlockByNumber", "latest", False))  # noqa: FBT003

    async def header(self, number: int) -> ShownHeader:
        """Return the canonical header of that number."""
        return self._shown(await self._read("eth_getBlockByNumber", hex(number), False))  # noqa: FBT003

    async def prove(self, address: bytes, slots: Sequence[bytes], *, at: bytes) -> ShownProof:
        """Return the proofs of some slots of an account in the state of a block."""
        keys = ["0x" + slot.hex() for slot in slots]
        answer = await self._read("eth_getProof", "0x" + address.hex(), keys, at_block(at))
        listed = answer.get("storageProof") if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or not isinstance(listed, list):
            raise FormatError(f"{self.name} gives no proof", code="proof_form")
        if len(listed) != len(slots) or not all(isinstance(one, dict) for one in listed):
            raise FormatError(f"{self.name} proves other slots", code="proof_form")
        proven = zip(slots, listed, strict=True)
        return ShownProof(
            self._nodes(answer.get("accountProof")),
            tuple((slot, self._nodes(one.get("proof"))) for slot, one in proven),
        )

    async def storage(self, address: bytes, slot: bytes, *, at: bytes) -> bytes:
        """Return what a slot holds in the state of a block, 32 bytes."""
        parameters = ("0x" + address.hex(), "0x" + slot.hex(), at_block(at))
        answer = await self._read("eth_getStorageAt", *parameters)
        return self._rpc.data(answer, what="slot", size=HASH_SIZE_BYTES)

    def _shown(self, answer: Any) -> ShownHeader:
        if not isinstance(answer, dict):
            raise FormatError(f"{self.name} gives no such header", code="header_form")
        rpc = self._rpc
        return ShownHeader(
            rpc.data(answer.get("hash"), what="block hash", size=HASH_SIZE_BYTES),
            rpc.quantity(answer.get("number"), what="block number"),
            rpc.quantity(answer.get("timestamp"), what="block time"),
            header_rlp(answer),
        )

    def _nodes(self, value: Any) -> tuple[bytes, ...]:
        if not isinstance(value, list):
            raise FormatError(f"{self.name} gives no list of nodes", code="proof_form")
        return tuple(self._rpc.data(one, what="node of a proof") for one in value)
