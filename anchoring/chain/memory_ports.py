"""Writer and reader of the chain in memory."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from anchoring.chain.memory import CODE_HASH, CONSORTIUM, REGISTRY, MemoryChain, decode, encode
from anchoring.chain.memory_notices import CODE_REGISTRY, NOTICE_BOARD, MemoryViews
from anchoring.chain.memory_state import NO_HEAD, State
from anchoring.core.anchor import ZERO_HASH, Anchor
from anchoring.errors import ChainError, ChainUnavailableError
from anchoring.ports import (
    AnchoredLog,
    BlockRef,
    ChainIdentity,
    KeyState,
    ParticipantState,
    SignedTransaction,
    StreamHead,
    TransactionReceipt,
)

_CONTRACTS = (REGISTRY, CONSORTIUM, CODE_REGISTRY, NOTICE_BOARD)


class MemoryReader(MemoryViews):
    """`anchoring.witness_ports.WitnessReader` on a chain in memory."""

    def __init__(self, chain: MemoryChain, *, name: str = "memory") -> None:
        super().__init__(chain.consortium, chain.notices)
        self._chain = chain
        self.name = name

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    async def chain_id(self) -> int:
        """Return the chain id."""
        self._chain.on_call("chain_id")
        return self._chain.chain_id

    async def genesis_hash(self) -> bytes:
        """Return the hash of block 0."""
        self._chain.on_call("genesis_hash")
        return self._chain.blocks[0].ref.block_hash

    async def code_hash(self, address: bytes, *, at: bytes | None = None) -> bytes | None:
        """Return the hash of the code at an address, None if there is no code."""
        self._chain.on_call("code_hash")
        self._state(at)
        return CODE_HASH if address in _CONTRACTS else None

    async def syncing(self) -> bool:
        """Return what the chain says of itself."""
        self._chain.on_call("syncing")
        return self._chain.syncing

    async def head(self) -> BlockRef:
        """Return the newest block."""
        self._chain.on_call("head")
        return self._chain.head.ref

    async def block(self, number: int) -> BlockRef | None:
        """Return the block of that number, None if the chain is shorter."""
        self._chain.on_call("block")
        blocks = self._chain.blocks
        return blocks[number].ref if number < len(blocks) else None

    async def block_by_hash(self, block_hash: bytes) -> BlockRef | None:
        """Return the block with that hash, None if it is not canonical."""
        self._chain.on_call("block_by_hash")
        found = [one.ref for one in self._chain.blocks if one.ref.block_hash == block_hash]
        return found[0] if found else None

    async def record(self, registry: bytes, stream: int, sequence: int, *, at: bytes) -> bytes:
        """Return the record slot in the state of block `at`; 32 zero bytes if none."""
        self._chain.on_call("record")
        self._check_registry(registry)
        return self._state(at).records.get((stream, sequence), ZERO_HASH)

    async def stream_head(self, registry: bytes, stream: int, *, at: bytes) -> StreamHead:
        """Return the stream's head in the state of block `at`."""
        self._chain.on_call("stream_head")
        self._check_registry(registry)
        return self._state(at).heads.get(stream, NO_HEAD)

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
        self._chain.on_call("anchored")
        return [
            log
            for block in self._chain.blocks[first_block : last_block + 1]
            for log in block.logs
            if stream in (None, log.anchor.stream)
            and sequence in (None, log.anchor.sequence)
            and log.registry == registry
        ]

    async def participant(
        self, consortium: bytes, participant: int, *, at: bytes
    ) -> ParticipantState | None:
        """Return a participant, None if there is none."""
        self._chain.on_call("participant")
        self._check_consortium(consortium, at)
        return self._chain.consortium.participants.get(participant)

    async def status_at(self, consortium: bytes, participant: int, time: int, *, at: bytes) -> int:
        """Return the participant's status at `time`."""
        self._chain.on_call("status_at")
        self._check_consortium(consortium, at)
        return self._chain.consortium.status_at(participant, time)

    async def suspensions(
        self, consortium: bytes, participant: int, *, at: bytes
    ) -> list[tuple[int, int]]:
        """Return the half-open times of suspension."""
        self._chain.on_call("suspensions")
        self._check_consortium(consortium, at)
        return self._chain.consortium.suspensions(participant)

    async def key(self, consortium: bytes, address: bytes, *, at: bytes) -> KeyState | None:
        """Return what is known of a key, None if nothing."""
        self._chain.on_call("key")
        self._check_consortium(consortium, at)
        return self._chain.consortium.keys.get(address)

    async def key_valid_at(
        self,
        consortium: bytes,
        address: bytes,
        *,
        participant: int,
        purpose: int,
        time: int,
        at: bytes,
    ) -> bool:
        """Return True if the key was the participant's for that purpose at `time`."""
        self._chain.on_call("key_valid_at")
        self._check_consortium(consortium, at)
        return self._chain.consortium.key_valid_at(address, participant, purpose, time)

    def _state(self, at: bytes | None) -> State:
        if at is None:
            return self._chain.head.state
        for block in self._chain.blocks:
            if block.ref.block_hash == at:
                return block.state
        raise ChainUnavailableError(f"no block 0x{at.hex()} on the chain")

    def _check_consortium(self, consortium: bytes, at: bytes) -> None:
        self._state(at)
        if consortium != CONSORTIUM:
            raise ChainUnavailableError(f"{self.name} has no contract at 0x{consortium.hex()}")

    def _check_registry(self, registry: bytes) -> None:
        if registry != REGISTRY:
            raise ChainUnavailableError(f"{self.name} has no contract at 0x{registry.hex()}")


class MemoryWriter:
    """`anchoring.ports.AnchorChain` on a chain in memory, for one anchor key."""

    def __init__(self, chain: MemoryChain, sender: bytes) -> None:
        self._chain = chain
        self._reader = MemoryReader(chain)
        self._sender = sender

    @property
    def chain_id(self) -> int:
        """Chain id."""
        return self._chain.chain_id

    @property
    def registry(self) -> bytes:
        """Address of the registry."""
        return REGISTRY

    @property
    def sender(self) -> bytes:
        """Address of the anchor key."""
        return self._sender

    async def identity(self) -> ChainIdentity:
        """Read the identity afresh."""
        genesis_hash = await self._reader.genesis_hash()
        return ChainIdentity(self._chain.chain_id, genesis_hash, REGISTRY, CODE_HASH)

    async def syncing(self) -> bool:
        """Return what the chain says of itself."""
        return await self._reader.syncing()

    async def head(self) -> BlockRef:
        """Return the newest block."""
        return await self._reader.head()

    async def block(self, number: int) -> BlockRef | None:
        """Return the block of that number, None if the chain is shorter."""
        return await self._reader.block(number)

    async def stream_head(self, stream: int, *, at: bytes) -> StreamHead:
        """Return the stream's head in the state of block `at`."""
        return await self._reader.stream_head(REGISTRY, stream, at=at)

    async def record(self, stream: int, sequence: int, *, at: bytes) -> bytes:
        """Return the record slot in the state of block `at`."""
        return await self._reader.record(REGISTRY, stream, sequence, at=at)

    async def anchored(
        self, *, stream: int, sequence: int, first_block: int, last_block: int
    ) -> list[AnchoredLog]:
        """Return the `Anchored` logs of one (stream, sequence) in a range of blocks."""
        return await self._reader.anchored(
            REGISTRY,
            first_block=first_block,
            last_block=last_block,
            stream=stream,
            sequence=sequence,
        )

    async def nonce(self) -> int:
        """Return the key's next nonce in the newest block."""
        self._chain.on_call("nonce")
        return self._chain.head.state.nonces.get(self._sender, 0)

    async def preflight(self, anchors: Sequence[Anchor]) -> None:
        """Run the call on a copy of the newest state."""
        self._chain.on_call("preflight")
        head = self._chain.head
        self._chain.rules.append(
            head.state.copy(), tuple(anchors), sender=self._sender, block=head.ref
        )

    async def sign(self, anchors: Sequence[Anchor], *, nonce: int) -> SignedTransaction:
        """Make the raw form; nothing is sent."""
        raw = encode(self._sender, nonce, anchors)
        names = tuple((anchor.stream, anchor.sequence) for anchor in anchors)
        return SignedTransaction(sha256(raw).digest(), raw, nonce, self._sender, names)

    def anchors_in(self, tx: SignedTransaction) -> tuple[Anchor, ...]:
        """Decode the anchors out of the raw bytes."""
        if sha256(tx.raw).digest() != tx.tx_hash:
            raise ChainError("the stored transaction does not have its stored hash")
        anchors = decode(tx.raw)
        if tx.raw != encode(tx.sender, tx.nonce, anchors):
            raise ChainError("the stored transaction is not what the outbox says it is")
        return anchors

    async def submit(self, tx: SignedTransaction) -> None:
        """Hand the raw bytes to the chain, as far as its fault lets them through."""
        self._chain.on_call("submit")
        applied, error = self._chain.on_submit(tx)
        if applied:
            self._chain.receive(tx)
        if error is not None:
            raise error

    async def fill_gap(self, nonce: int) -> None:
        """Use up a nonce with a transaction that does nothing."""
        self._chain.on_call("submit")
        self._chain.receive(await self.sign((), nonce=nonce))

    async def receipt(self, tx_hash: bytes) -> TransactionReceipt | None:
        """Return what became of a transaction, None if it is in no block."""
        self._chain.on_call("receipt")
        for block in self._chain.blocks:
            if tx_hash in block.receipts:
                return block.receipts[tx_hash]
        return None
