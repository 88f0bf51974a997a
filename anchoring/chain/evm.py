"""The writing side on an EVM chain: one registry, one anchor key."""

from __future__ import annotations

from collections.abc import Sequence

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.rpc import EvmRpc, RpcRefusedError
from anchoring.chain.signer import LegacyCall, TransactionSigner
from anchoring.chain.transactions import decode_signed
from anchoring.core.anchor import Anchor
from anchoring.errors import ChainError, ChainIdentityError, ChainUnavailableError
from anchoring.ports import (
    AnchoredLog,
    BlockRef,
    ChainIdentity,
    SignedTransaction,
    StreamHead,
    TransactionReceipt,
)

GAS_PER_CALL = 200_000
GAS_PER_ANCHOR = 100_000
"""Fixed gas limits, well above what the contract needs: an estimate would depend on the state of
the moment, and the same raw bytes must still fit after a reorg."""

_GAS_OF_NOTHING = 21_000
_KNOWN_ALREADY = ("already known", "already imported", "known transaction", "nonce too low")
"""Answers to bytes that were sent before, by Geth, Anvil and Besu: look the transaction up."""


class EvmChain:
    """`anchoring.ports.AnchorChain` over JSON-RPC.

    Args:
        rpc: Endpoint of one's own node.
        signer: The anchor key; used for nothing else, on no other gateway.
        chain_id: Chain id that was agreed on; signed into every transaction.
        registry: Address of the AnchorRegistry, 20 bytes.
    """

    def __init__(
        self, rpc: EvmRpc, signer: TransactionSigner, *, chain_id: int, registry: bytes
    ) -> None:
        self._rpc = rpc
        self._reader = EvmReader(rpc)
        self._abi = self._reader.registry_abi
        self._signer = signer
        self._chain_id = chain_id
        self._registry = registry

    @property
    def chain_id(self) -> int:
        """Chain id that was agreed on."""
        return self._chain_id

    @property
    def registry(self) -> bytes:
        """Address of the registry that is written to."""
        return self._registry

    @property
    def sender(self) -> bytes:
        """Address of the anchor key."""
        return self._signer.address

    @property
    def reader(self) -> EvmReader:
        """The same endpoint, reading only."""
        return self._reader

    def writing_to(self, registry: bytes) -> EvmChain:
        """Return the same endpoint and key, writing to another registry."""
        return EvmChain(self._rpc, self._signer, chain_id=self._chain_id, registry=registry)

    async def close(self) -> None:
        """Close the connections."""
        await self._rpc.close()

    async def identity(self) -> ChainIdentity:
        """Read the identity afresh.

        Raises:
            ChainIdentityError: another chain id, or no contract at the registry's address.
            ChainUnavailableError: the endpoint does not answer as a chain does.
        """
        chain_id = await self._reader.chain_id()
        if chain_id != self._chain_id:
            raise ChainIdentityError(
                f"{self._rpc.name} is chain {chain_id}, agreed on was chain {self._chain_id}"
            )
        genesis_hash = await self._reader.genesis_hash()
        code_hash = await self._reader.code_hash(self._registry)
        if code_hash is None:
            raise ChainIdentityError(
                f"{self._rpc.name} has no contract at the registry's address "
                f"0x{self._registry.hex()}"
            )
        return ChainIdentity(chain_id, genesis_hash, self._registry, code_hash)

    async def syncing(self) -> bool:
        """Return True if the endpoint says that it is catching up."""
        return await self._reader.syncing()

    async def head(self) -> BlockRef:
        """Return the newest block."""
        return await self._reader.head()

    async def block(self, number: int) -> BlockRef | None:
        """Return the canonical block of that number, None if the chain is shorter."""
        return await self._reader.block(number)

    async def stream_head(self, stream: int, *, at: bytes) -> StreamHead:
        """Return the stream's head in the state of block `at`."""
        return await self._reader.stream_head(self._registry, stream, at=at)

    async def record(self, stream: int, sequence: int, *, at: bytes) -> bytes:
        """Return the record slot in the state of block `at`; 32 zero bytes if none."""
        return await self._reader.record(self._registry, stream, sequence, at=at)

    async def anchored(
        self, *, stream: int, sequence: int, first_block: int, last_block: int
    ) -> list[AnchoredLog]:
        """Return the `Anchored` logs of one (stream, sequence) in a range of blocks."""
        return await self._reader.anchored(
            self._registry,
            stream=stream,
            sequence=sequence,
            first_block=first_block,
            last_block=last_block,
        )

    async def receipt(self, tx_hash: bytes) -> TransactionReceipt | None:
        """Return what became of a transaction, None if it is in no block."""
        return await self._reader.receipt(tx_hash)

    async def nonce(self) -> int:
        """Return the key's next nonce in the newest block (`latest`, never `pending`)."""
        return await self._reader.nonce(self._signer.address)

    async def preflight(self, anchors: Sequence[Anchor]) -> None:
        """Run the call without sending it.

        Raises:
            ContractRefusedError: it would revert; nothing may be sent.
        """
        await self._reader.simulate(
            self._registry,
            self._call_data(anchors),
            sender=self._signer.address,
            gas=_gas(anchors),
        )

    async def sign(self, anchors: Sequence[Anchor], *, nonce: int) -> SignedTransaction:
        """Sign one call that anchors all of `anchors`; nothing is sent.

        Raises:
            SignerUnavailableError, SignerMismatchError: from the signer.
        """
        call = LegacyCall(
            chain_id=self._chain_id,
            nonce=nonce,
            gas=_gas(anchors),
            to=self._registry,
            data=self._call_data(anchors),
        )
        raw, tx_hash = await self._signer.sign_transaction(call)
        names = tuple((anchor.stream, anchor.sequence) for anchor in anchors)
        return SignedTransaction(tx_hash, raw, nonce, self._signer.address, names)

    def anchors_in(self, tx: SignedTransaction) -> tuple[Anchor, ...]:
        """Decode the anchors out of the signed bytes.

        Raises:
            ChainError: the bytes are no call of this registry by this key and nonce.
        """
        signed = decode_signed(tx.raw, self._abi)
        stored = (tx.tx_hash, tx.sender, tx.nonce, self._registry)
        if (signed.tx_hash, signed.sender, signed.nonce, signed.registry) != stored:
            raise ChainError("the stored transaction is not what the outbox says it is")
        return signed.anchors

    async def submit(self, tx: SignedTransaction) -> None:
        """Hand the raw bytes to the endpoint. Bytes that it already knows are no error.

        Raises:
            ChainUnavailableError: nothing was sent, or the endpoint refused it.
            SubmissionUnknownError: it may or may not have arrived.
        """
        await self._send(tx.raw)

    async def fill_gap(self, nonce: int) -> None:
        """Send nothing to oneself under `nonce`.

        None of it is stored: a key in this process makes the same bytes again, and of a remote
        signer's variants it does not matter which one fills the gap.
        """
        to = self._signer.address
        call = LegacyCall(
            chain_id=self._chain_id, nonce=nonce, gas=_GAS_OF_NOTHING, to=to, data=b""
        )
        raw, _ = await self._signer.sign_transaction(call)
        await self._send(raw, known=(*_KNOWN_ALREADY, "underpriced"))

    async def _send(self, raw: bytes, *, known: Sequence[str] = _KNOWN_ALREADY) -> None:
        try:
            await self._rpc.send_raw(raw)
        except RpcRefusedError as error:
            if any(text in str(error).lower() for text in known):
                return
            text = f"{self._rpc.name} refuses the transaction: {error}"
            raise ChainUnavailableError(text) from error

    def _call_data(self, anchors: Sequence[Anchor]) -> bytes:
        appends = [_fields(anchor) for anchor in anchors]
        if len(appends) == 1:
            return self._abi.call_data("anchorOne", *appends[0])
        return self._abi.call_data("anchor", appends)


def _fields(anchor: Anchor) -> tuple[int, int, bytes, int, bytes]:
    return anchor.stream, anchor.sequence, anchor.root, anchor.size, anchor.previous_tip


def _gas(anchors: Sequence[Anchor]) -> int:
    return GAS_PER_CALL + GAS_PER_ANCHOR * len(anchors)
