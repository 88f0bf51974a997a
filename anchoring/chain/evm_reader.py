"""One witness: reads anchors from an EVM endpoint. Holds no key."""

from __future__ import annotations

from typing import Any

from eth_utils.address import to_canonical_address

from anchoring.chain.abi import ContractAbi
from anchoring.chain.calls import HASH_SIZE_BYTES
from anchoring.chain.consortium import EvmConsortiumReader
from anchoring.core.anchor import Anchor
from anchoring.errors import ChainUnavailableError
from anchoring.ports import AnchoredLog, BlockRef, StreamHead, TransactionReceipt

_ADDRESS_SIZE_BYTES = 20


class EvmReader(EvmConsortiumReader):
    """`anchoring.ports.AnchorReader` over JSON-RPC. Never uses the tags `safe` or `finalized`."""

    async def genesis_hash(self) -> bytes:
        """Return the hash of block 0."""
        genesis = await self.block(0)
        if genesis is None:
            raise ChainUnavailableError(f"{self.name} has no block 0")
        return genesis.block_hash

    async def syncing(self) -> bool:
        """Return True if the endpoint says that it is catching up."""
        return await self._read("eth_syncing") is not False

    async def head(self) -> BlockRef:
        """Return the newest block."""
        head = self._block(await self._read("eth_getBlockByNumber", "latest", False))  # noqa: FBT003
        if head is None:
            raise ChainUnavailableError(f"{self.name} has no newest block")
        return head

    async def block(self, number: int) -> BlockRef | None:
        """Return the canonical block of that number, None if the chain is shorter."""
        answer = await self._read("eth_getBlockByNumber", hex(number), False)  # noqa: FBT003
        block = self._block(answer)
        if block is not None and block.number != number:
            raise ChainUnavailableError(f"{self.name} gives another block than number {number}")
        return block

    async def block_by_hash(self, block_hash: bytes) -> BlockRef | None:
        """Return the block with that hash, None if it is unknown or no longer canonical."""
        answer = await self._read("eth_getBlockByHash", "0x" + block_hash.hex(), False)  # noqa: FBT003
        block = self._block(answer)
        if block is None:
            return None
        canonical = await self.block(block.number)
        return block if canonical == block and block.block_hash == block_hash else None

    async def record(self, registry: bytes, stream: int, sequence: int, *, at: bytes) -> bytes:
        """Return the record slot in the state of block `at`; 32 zero bytes if none."""
        results = await self._call(self._registry_abi, registry, "records", stream, sequence, at=at)
        return bytes(results[0])

    async def stream_head(self, registry: bytes, stream: int, *, at: bytes) -> StreamHead:
        """Return the stream's head in the state of block `at`."""
        sequence, tip = await self._call(self._registry_abi, registry, "head", stream, at=at)
        return StreamHead(int(sequence), bytes(tip))

    async def successor(self, registry: bytes, *, at: bytes) -> bytes | None:
        """Return the registry that was named after this one, None while it takes anchors."""
        return await self._linked(registry, "successor", at=at)

    async def predecessor(self, registry: bytes, *, at: bytes) -> bytes | None:
        """Return the registry that this one continues, None if it is the first."""
        return await self._linked(registry, "predecessor", at=at)

    async def _linked(self, registry: bytes, function: str, *, at: bytes) -> bytes | None:
        (linked,) = await self._call(self._registry_abi, registry, function, at=at)
        address = to_canonical_address(linked)
        return address if any(address) else None

    async def anchored(
        self,
        registry: bytes,
        *,
        first_block: int,
        last_block: int,
        stream: int | None = None,
        sequence: int | None = None,
    ) -> list[AnchoredLog]:
        """Return `Anchored` logs of a range of blocks (both ends included), in chain order."""
        topics = ["0x" + self._registry_abi.topic("Anchored").hex(), _topic(stream)]
        answer = await self._read(
            "eth_getLogs",
            {
                "address": "0x" + registry.hex(),
                "fromBlock": hex(first_block),
                "toBlock": hex(last_block),
                "topics": [*topics, _topic(sequence)],
            },
        )
        if not isinstance(answer, list):
            raise ChainUnavailableError(f"{self.name} gives no list of logs")
        try:
            logs = [self._log(entry) for entry in answer]
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ChainUnavailableError(f"{self.name} gives a malformed log") from error
        for log in logs:
            asked = (stream in (None, log.anchor.stream)) and log.registry == registry
            asked = asked and sequence in (None, log.anchor.sequence)
            if not asked or not first_block <= log.block_number <= last_block:
                raise ChainUnavailableError(f"{self.name} gives a log that was not asked for")
        return logs

    async def nonce(self, address: bytes) -> int:
        """Return an account's next nonce in the newest block."""
        answer = await self._read("eth_getTransactionCount", "0x" + address.hex(), "latest")
        return self._rpc.quantity(answer, what="nonce")

    async def simulate(
        self,
        to: bytes,
        call_data: bytes,
        *,
        sender: bytes,
        gas: int,
        abi: ContractAbi | None = None,
        at: bytes | None = None,
    ) -> None:
        """Run a call on the newest block, or on block `at`, without sending it.

        Args:
            to: Address of the contract, 20 bytes.
            call_data: Selector and arguments.
            sender: Whose call it would be, 20 bytes.
            gas: Its gas limit.
            abi: Coder that knows the contract's errors; the registry's if left out.
            at: Hash of a block, 32 bytes.

        Raises:
            ContractRefusedError: it would revert.
        """
        coder = abi or self._registry_abi
        await self._call_raw(coder, to, call_data, at=at, sender=sender, gas=gas)

    async def receipt(self, tx_hash: bytes) -> TransactionReceipt | None:
        """Return what became of a transaction, None if it is in no block."""
        answer = await self._read("eth_getTransactionReceipt", "0x" + tx_hash.hex())
        if answer is None:
            return None
        if not isinstance(answer, dict):
            raise ChainUnavailableError(f"{self.name} gives no tx receipt")
        rpc = self._rpc
        receipt = TransactionReceipt(
            tx_hash=rpc.data(answer.get("transactionHash"), what="tx hash", size=HASH_SIZE_BYTES),
            succeeded=rpc.quantity(answer.get("status"), what="tx status") == 1,
            block_number=rpc.quantity(answer.get("blockNumber"), what="block number"),
            block_hash=rpc.data(answer.get("blockHash"), what="block hash", size=HASH_SIZE_BYTES),
        )
        if receipt.tx_hash != tx_hash:
            raise ChainUnavailableError(f"{self.name} gives the tx receipt of something else")
        return receipt

    async def created_address(self, tx_hash: bytes) -> bytes:
        """Return the address of the contract that a mined transaction created."""
        answer = await self._read("eth_getTransactionReceipt", "0x" + tx_hash.hex())
        address = answer.get("contractAddress") if isinstance(answer, dict) else None
        return self._rpc.data(address, what="contract address", size=_ADDRESS_SIZE_BYTES)

    def _block(self, answer: Any) -> BlockRef | None:
        if answer is None:
            return None
        if not isinstance(answer, dict):
            raise ChainUnavailableError(f"{self.name} gives no block")
        rpc = self._rpc
        return BlockRef(
            number=rpc.quantity(answer.get("number"), what="block number"),
            block_hash=rpc.data(answer.get("hash"), what="block hash", size=HASH_SIZE_BYTES),
            time=rpc.quantity(answer.get("timestamp"), what="block time"),
        )

    def _log(self, entry: dict[str, Any]) -> AnchoredLog:
        rpc = self._rpc
        topics = [rpc.data(topic, what="topic", size=HASH_SIZE_BYTES) for topic in entry["topics"]]
        if len(topics) != 3 or topics[0] != self._registry_abi.topic("Anchored"):
            raise KeyError("topics")
        data = rpc.data(entry["data"], what="log data")
        root, size, previous_tip, tip, signer = self._registry_abi.log_fields("Anchored", data)
        stream, sequence = int.from_bytes(topics[1]), int.from_bytes(topics[2])
        return AnchoredLog(
            registry=rpc.data(entry["address"], what="address", size=_ADDRESS_SIZE_BYTES),
            anchor=Anchor(stream, sequence, bytes(root), int(size), bytes(previous_tip)),
            tip=bytes(tip),
            signer=bytes.fromhex(signer[2:]),
            block_number=rpc.quantity(entry["blockNumber"], what="block number"),
            block_hash=rpc.data(entry["blockHash"], what="block hash", size=HASH_SIZE_BYTES),
            tx_hash=rpc.data(entry["transactionHash"], what="tx hash", size=HASH_SIZE_BYTES),
        )


def _topic(number: int | None) -> str | None:
    return None if number is None else "0x" + number.to_bytes(HASH_SIZE_BYTES).hex()
