"""Calls that a person decides on: tried first, signed, sent, and waited for.

Anchors go through the anchorer, with its outbox. What an admin key does is rare, is decided by
people and is looked up on the chain afterwards, so nothing is stored here. The order of one call:

1. the chain and the contract are the ones that were meant;
2. the call is tried without sending it: what the contract refuses costs nothing and says why;
3. the nonce is the newest block's (`latest`); if another transaction of the key waits in the pool,
   nothing is sent;
4. it is sent once, and looked for until it is in a block.

A crash after 4 leaves a transaction that may be mined. The same call again finds it: with a key in
this process the bytes are the same ones, and what was mined meanwhile shows on the chain, so that
the trial says that it is done already. Whoever calls reads back what is there before calling again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anchoring.chain.abi import ContractAbi
from anchoring.chain.calls import HASH_SIZE_BYTES
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.rpc import EvmRpc, RpcRefusedError
from anchoring.chain.signer import LegacyCall, TransactionSigner
from anchoring.errors import (
    ChainError,
    ChainIdentityError,
    ChainUnavailableError,
    KeyBusyError,
    SubmissionUnknownError,
)

GAS = 8_000_000
"""Gas limit of a call that names none: above what any call of ours needs, far below a block's.
Fixed, because an estimate would make other bytes of the same call. Gas costs nothing here."""
WAIT_S = 120.0
"""How long a call waits for its block."""

_POLL_WAIT_S = 0.1
_ADDRESS_SIZE_BYTES = 20
_SAME_BYTES = ("already known", "already imported", "known transaction")
_NONCE_GONE = ("nonce too low", "replacement", "underpriced", "nonce is below", "nonce_too_low")
"""Answers of Geth, Anvil and Besu when another transaction has this nonce, mined or waiting."""


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """A call before anybody signs it.

    Attributes:
        to: Address of the contract, 20 bytes.
        data: Selector and arguments.
        abi: Coder of the contract: it knows the errors and the logs.
        gas: Gas limit.
    """

    to: bytes
    data: bytes
    abi: ContractAbi
    gas: int = GAS

    @classmethod
    def of(
        cls, abi: ContractAbi, to: bytes, function: str, *arguments: object, gas: int = GAS
    ) -> PreparedCall:
        """Prepare the call of a function."""
        return cls(to, abi.call_data(function, *arguments), abi, gas)


@dataclass(frozen=True, slots=True)
class ContractLog:
    """One log of the contract that was called: its event's name, and its fields by name."""

    name: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MinedCall:
    """Where a call stands on the chain, and what the contract said.

    Attributes:
        tx_hash: Hash of the transaction, 32 bytes.
        block_number: Its block.
        block_hash: Hash of that block, 32 bytes; a reorg may still take it away.
        block_time: Time of that block, Unix seconds: what the call changed holds from then on.
        logs: What the contract logged, decoded, in order.
    """

    tx_hash: bytes
    block_number: int
    block_hash: bytes
    block_time: int
    logs: tuple[ContractLog, ...]

    def fields(self, event: str) -> dict[str, Any]:
        """Return the fields of the first log with that name.

        Raises:
            ChainError: there is none.
        """
        for log in self.logs:
            if log.name == event:
                return log.fields
        raise ChainError(f"the transaction 0x{self.tx_hash.hex()} logged no {event}")


class Governor:
    """Signs and sends single calls with one key, and waits for each.

    One at a time: calls of one Governor queue up. Two processes with one key meet KeyBusyError.

    Args:
        rpc: Endpoint of one's own node.
        signer: The key; an admin or recovery key, never the anchor key.
        chain_id: Chain id that was agreed on; signed into every transaction.
        wait_s: How long to wait for a block, in seconds.
        on_sent: Called with the transaction's hash when it was handed over.
    """

    def __init__(
        self,
        rpc: EvmRpc,
        signer: TransactionSigner,
        chain_id: int,
        *,
        wait_s: float = WAIT_S,
        on_sent: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        self._rpc = rpc
        self._reader = EvmReader(rpc)
        self._signer = signer
        self._chain_id = chain_id
        self._wait_s = wait_s
        self._on_sent = on_sent
        self._turn = asyncio.Lock()

    @property
    def address(self) -> bytes:
        """Address of the key, 20 bytes."""
        return self._signer.address

    async def simulate(self, call: PreparedCall) -> None:
        """Try a call on the newest block; nothing is signed or sent.

        Raises:
            ContractRefusedError: it would revert; name and arguments of the contract's error.
            ChainIdentityError: another chain, or no contract at the address.
            ChainUnavailableError: the endpoint does not answer as a chain does.
        """
        await self._check_place(call)
        await self._try(call, at=None)

    async def call(self, call: PreparedCall) -> MinedCall:
        """Try a call, sign it, send it, and wait until it is in a block.

        Raises:
            ContractRefusedError, ChainIdentityError: as `simulate`; nothing was signed.
            SignerUnavailableError, SignerMismatchError: from the signer; nothing was sent.
            KeyBusyError: another transaction of this key went first; this one did nothing.
            ChainUnavailableError: nothing was sent.
            SubmissionUnknownError: sent, and in no block yet; says how to find out.
            ChainError: it was mined and reverted, because the state had moved.
        """
        async with self._turn:
            await self.simulate(call)
            nonce = await self._reader.nonce(self.address)
            legacy = LegacyCall(self._chain_id, nonce, call.gas, call.to, call.data)
            raw, tx_hash = await self._signer.sign_transaction(legacy)
            await self._require_free(nonce, tx_hash)
            await self._send(raw, tx_hash)
            self._on_sent(tx_hash)
            return await self._wait(call, tx_hash, nonce)

    async def _check_place(self, call: PreparedCall) -> None:
        chain_id = await self._reader.chain_id()
        if chain_id != self._chain_id:
            raise ChainIdentityError(
                f"{self._rpc.name} is chain {chain_id}, agreed on was chain {self._chain_id}"
            )
        if await self._reader.code_hash(call.to) is None:
            raise ChainIdentityError(f"{self._rpc.name} has no contract at 0x{call.to.hex()}")

    async def _try(self, call: PreparedCall, *, at: bytes | None) -> None:
        await self._reader.simulate(
            call.to, call.data, sender=self.address, gas=call.gas, abi=call.abi, at=at
        )

    async def _require_free(self, nonce: int, tx_hash: bytes) -> None:
        """Refuse to replace what waits in the pool; our own bytes may wait there."""
        if await self._reader.nonce(self.address) > nonce:
            raise self._busy()
        answer = await self._read("eth_getTransactionCount", "0x" + self.address.hex(), "pending")
        waits = self._rpc.quantity(answer, what="nonce") > nonce
        if waits and not await self._is_known(tx_hash):
            raise KeyBusyError(
                f"another transaction of 0x{self.address.hex()} waits for a block; nothing was "
                "sent. Run it again when that one is in a block"
            )

    async def _send(self, raw: bytes, tx_hash: bytes) -> None:
        try:
            await self._rpc.send_raw(raw)
        except SubmissionUnknownError as error:
            # Whether it arrived shows on the chain; the wait that follows finds out.
            if not await self._is_known(tx_hash):
                raise SubmissionUnknownError(
                    f"{error}. {_what_to_do(tx_hash)}", tx_hash=tx_hash
                ) from error
        except RpcRefusedError as error:
            text = str(error).lower()
            if any(one in text for one in _SAME_BYTES) or await self._is_known(tx_hash):
                return
            if any(one in text for one in _NONCE_GONE):
                raise self._busy() from error
            text = f"{self._rpc.name} refuses the transaction: {error}"
            raise ChainUnavailableError(text) from error

    async def _is_known(self, tx_hash: bytes) -> bool:
        try:
            answer = await self._read("eth_getTransactionByHash", "0x" + tx_hash.hex())
        except ChainUnavailableError:
            return False
        return answer is not None

    async def _read(self, method: str, *params: object) -> Any:
        try:
            return await self._rpc.read(method, *params)
        except RpcRefusedError as error:
            text = f"{self._rpc.name} refuses {method}: {error}"
            raise ChainUnavailableError(text) from error

    def _busy(self) -> KeyBusyError:
        return KeyBusyError(
            f"another transaction of 0x{self.address.hex()} went first; this one did nothing. "
            "Run it again"
        )

    async def _wait(self, call: PreparedCall, tx_hash: bytes, nonce: int) -> MinedCall:
        why, was_used = f"it is in no block after {self._wait_s:g} s", False
        try:
            async with asyncio.timeout(self._wait_s):
                while True:
                    try:
                        # The nonce is read first: used, and then no tx receipt, means another's.
                        # Twice, because a node may have a block's state before its receipts.
                        used = await self._reader.nonce(self.address) > nonce
                        mined = await self._mined(call, tx_hash)
                        if mined is not None:
                            return mined
                        if used and was_used:
                            raise self._busy()
                        was_used = used
                    except ChainUnavailableError as error:
                        why = str(error)  # an endpoint that restarts answers again
                    await asyncio.sleep(_POLL_WAIT_S)
        except TimeoutError as error:
            text = f"the transaction was sent, but {why}. {_what_to_do(tx_hash)}"
            raise SubmissionUnknownError(text, tx_hash=tx_hash) from error

    async def _mined(self, call: PreparedCall, tx_hash: bytes) -> MinedCall | None:
        receipt = await self._reader.receipt(tx_hash)
        if receipt is None:
            return None
        if not receipt.succeeded:
            # The block's own state gives the reason in nearly every case.
            await self._try(call, at=receipt.block_hash)
            raise ChainError(
                f"the transaction 0x{tx_hash.hex()} was mined and reverted: the state had moved. "
                "Nothing was changed; run it again"
            )
        block = await self._reader.block(receipt.block_number)
        if block is None or block.block_hash != receipt.block_hash:
            return None  # a reorg took it away; it may come back
        logs = await self._logs(call, tx_hash)
        return MinedCall(tx_hash, block.number, block.block_hash, block.time, logs)

    async def _logs(self, call: PreparedCall, tx_hash: bytes) -> tuple[ContractLog, ...]:
        answer = await self._read("eth_getTransactionReceipt", "0x" + tx_hash.hex())
        try:
            entries = [entry for entry in answer["logs"] if self._address(entry) == call.to]
            decoded = [call.abi.log(*self._parts(entry)) for entry in entries]
        except (KeyError, TypeError, AttributeError) as error:
            raise ChainUnavailableError(f"{self._rpc.name} gives a malformed log") from error
        return tuple(ContractLog(*one) for one in decoded if one is not None)

    def _address(self, entry: dict[str, Any]) -> bytes:
        return self._rpc.data(entry["address"], what="address", size=_ADDRESS_SIZE_BYTES)

    def _parts(self, entry: dict[str, Any]) -> tuple[list[bytes], bytes]:
        rpc = self._rpc
        topics = [rpc.data(one, what="topic", size=HASH_SIZE_BYTES) for one in entry["topics"]]
        return topics, rpc.data(entry["data"], what="log data")


def _what_to_do(tx_hash: bytes) -> str:
    return (
        f"Look for 0x{tx_hash.hex()} on the chain, or run the same command again: it finds out "
        "what is done already"
    )
