"""A chain in memory with the faults of real ones, for tests and for trying the library out.

`MemoryChain` is the world: blocks, pool, contracts, clock. `MemoryWriter` and `MemoryReader` are
its ports. Nothing is random and no time passes unless the caller lets it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from anchoring.chain.memory_notices import MemoryNotices
from anchoring.chain.memory_state import MemoryConsortium, Rules, State
from anchoring.core.anchor import Anchor
from anchoring.errors import ChainError, ContractRefusedError
from anchoring.ports import AnchoredLog, BlockRef, SignedTransaction, TransactionReceipt

REGISTRY = bytes.fromhex("a2") * 20
CONSORTIUM = bytes.fromhex("c0") * 20
CODE_HASH = sha256(b"memory registry").digest()

_MAGIC = b"sealtrail/memory-transaction/v1\n"
_FOREIGN = b"foreign"
_ANCHOR_SIZE_BYTES = 8 + 8 + 32 + 8 + 32

SubmitFault = Callable[[SignedTransaction], tuple[bool, Exception | None]]


@dataclass(frozen=True, slots=True)
class MemoryBlock:
    """A block with everything that it leaves behind."""

    ref: BlockRef
    state: State
    receipts: dict[bytes, TransactionReceipt]
    logs: tuple[AnchoredLog, ...]


class MemoryChain:
    """One chain with one registry and one consortium.

    Args:
        clock: Unix seconds; block times follow it but always grow.
        chain_id: Chain id.
        automine: Mine a block for every transaction at once.

    Attributes:
        on_submit: Says what becomes of a transaction that is handed over: (applied, error). Both
            may be set: applied, and yet the sender sees an error.
        on_call: Called with the method's name before anything is answered; raises to be a fault.
        syncing: What the chain says of itself.
    """

    def __init__(
        self, *, clock: Callable[[], int], chain_id: int = 4242, automine: bool = False
    ) -> None:
        self.chain_id = chain_id
        self.consortium = MemoryConsortium()
        self.notices = MemoryNotices()
        self.rules = Rules(chain_id, REGISTRY, self.consortium)
        self.on_submit: SubmitFault = lambda _: (True, None)
        self.on_call: Callable[[str], None] = lambda _: None
        self.syncing = False
        self.automine = automine
        self._clock = clock
        self._forks = 0
        self._pool: dict[bytes, SignedTransaction] = {}
        self._seen: dict[bytes, SignedTransaction] = {}
        self._blocks: list[MemoryBlock] = []
        self.restart()

    @property
    def head(self) -> MemoryBlock:
        """The newest block."""
        return self._blocks[-1]

    @property
    def blocks(self) -> Sequence[MemoryBlock]:
        """The canonical blocks, by number."""
        return tuple(self._blocks)

    @property
    def pool(self) -> Sequence[SignedTransaction]:
        """Transactions that are in no block, in order of arrival."""
        return tuple(self._pool.values())

    def restart(self, genesis: str = "genesis") -> None:
        """Forget every block and begin again; another name gives another genesis hash."""
        self._pool.clear()
        seed = sha256(genesis.encode()).digest()
        self._blocks = [MemoryBlock(BlockRef(0, seed, self._clock()), State(), {}, ())]

    def receive(self, tx: SignedTransaction) -> None:
        """Put a transaction into the pool; one whose nonce is used up is dropped silently."""
        if tx.nonce >= self.head.state.nonces.get(tx.sender, 0):
            self._pool.setdefault(tx.tx_hash, tx)
        if self.automine:
            self.mine()

    def drop(self, tx_hash: bytes) -> bool:
        """Lose a transaction of the pool; False if it is not there."""
        return self._pool.pop(tx_hash, None) is not None

    def mine(self, count: int = 1) -> None:
        """Mine blocks; the first one takes every transaction of the pool that fits."""
        for _ in range(count):
            self._blocks.append(self._next_block(self._executable))

    def reorg(self, depth: int, *, requeue: bool = False) -> None:
        """Replace the newest `depth` blocks by as many empty ones with other hashes.

        Their transactions are lost (Anvil's manner) unless `requeue` (the manner of others).
        """
        removed = self._blocks[-depth:]
        del self._blocks[-depth:]
        self._forks += 1
        for _ in range(depth):
            self._blocks.append(self._next_block(lambda _: None))
        for tx_hash in (tx_hash for block in removed for tx_hash in block.receipts):
            if requeue:
                self.receive(self._seen[tx_hash])

    def consume_nonce(self, sender: bytes) -> None:
        """Mine a block with a transaction of the key that its gateway knows nothing of."""
        nonce = self.head.state.nonces.get(sender, 0)
        raw = encode(sender, nonce, ()) + _FOREIGN
        tx = SignedTransaction(sha256(raw).digest(), raw, nonce, sender, ())
        self._pool = {tx.tx_hash: tx, **self._pool}
        self.mine()

    def _next_block(self, take: Callable[[State], SignedTransaction | None]) -> MemoryBlock:
        parent = self.head.ref
        time = max(parent.time + 1, self._clock())
        number = parent.number + 1
        state = self.head.state.copy()
        taken: list[tuple[SignedTransaction, bool]] = []
        identity = f"{number}/{time}/{self._forks}".encode()
        ref = BlockRef(number, bytes(32), time)
        while (tx := take(state)) is not None:
            trial = state.copy()
            try:
                if anchors := decode(tx.raw):
                    self.rules.append(trial, anchors, sender=tx.sender, block=ref)
                state, succeeded = trial, True
            except ContractRefusedError:
                succeeded = False
            state.nonces[tx.sender] = tx.nonce + 1
            taken.append((tx, succeeded))
            self._seen[tx.tx_hash] = tx
        hashes = b"".join(tx.tx_hash for tx, _ in taken)
        block_hash = sha256(parent.block_hash + identity + hashes).digest()
        return self._sealed(BlockRef(number, block_hash, time), state, taken)

    def _sealed(
        self, ref: BlockRef, state: State, taken: list[tuple[SignedTransaction, bool]]
    ) -> MemoryBlock:
        receipts = {
            tx.tx_hash: TransactionReceipt(tx.tx_hash, succeeded, ref.number, ref.block_hash)
            for tx, succeeded in taken
        }
        logs = tuple(
            AnchoredLog(
                registry=REGISTRY,
                anchor=anchor,
                tip=anchor.tip(chain_id=self.chain_id, registry=REGISTRY),
                signer=tx.sender,
                block_number=ref.number,
                block_hash=ref.block_hash,
                tx_hash=tx.tx_hash,
            )
            for tx, succeeded in taken
            if succeeded
            for anchor in decode(tx.raw)
        )
        return MemoryBlock(ref, state, receipts, logs)

    def _executable(self, state: State) -> SignedTransaction | None:
        for key, tx in list(self._pool.items()):
            nonce = state.nonces.get(tx.sender, 0)
            if tx.nonce <= nonce:
                del self._pool[key]
            if tx.nonce == nonce:
                return tx
        return None


def encode(sender: bytes, nonce: int, anchors: Sequence[Anchor]) -> bytes:
    """Return the raw form of a transaction of this chain."""
    parts = [_MAGIC, sender, nonce.to_bytes(8)]
    for one in anchors:
        parts += [one.stream.to_bytes(8), one.sequence.to_bytes(8), one.root]
        parts += [one.size.to_bytes(8), one.previous_tip]
    return b"".join(parts)


def decode(raw: bytes) -> tuple[Anchor, ...]:
    """Return the anchors inside raw bytes.

    Raises:
        ChainError: they are no transaction of this chain.
    """
    body = raw[len(_MAGIC) + 28 :].removesuffix(_FOREIGN)
    if not raw.startswith(_MAGIC) or len(body) % _ANCHOR_SIZE_BYTES:
        raise ChainError("the stored transaction cannot be decoded")
    rows = [body[at : at + _ANCHOR_SIZE_BYTES] for at in range(0, len(body), _ANCHOR_SIZE_BYTES)]
    return tuple(
        Anchor(
            stream=int.from_bytes(row[:8]),
            sequence=int.from_bytes(row[8:16]),
            root=row[16:48],
            size=int.from_bytes(row[48:56]),
            previous_tip=row[56:],
        )
        for row in rows
    )
