"""What the anchorer, the auditor and the verifiers need from a database and from a chain.

Hashes are 32-byte `bytes`, addresses 20-byte `bytes`; hex exists only at the JSON boundary.
Times are Unix seconds. Every port is async and raises only errors of `anchoring.errors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from anchoring.core.anchor import Anchor

PendingState = Literal["batched", "anchoring"]
AnchorId = tuple[int, int]
"""(stream, sequence)."""

LOOK_AGAIN_S = 0.5
"""Pause before an endpoint whose answers contradict each other is asked once more: one that is just
adding a block may answer for the block before out of the new one (Anvil does)."""


@dataclass(frozen=True, slots=True)
class AnchorPlace:
    """Where an anchor stands on the chain."""

    stream: int
    sequence: int
    block_number: int
    block_time: int
    block_hash: bytes
    tx_hash: bytes


@dataclass(frozen=True, slots=True)
class PendingAnchor:
    """An anchor that is not final yet.

    Attributes:
        anchor: What is or will be signed; it never changes once the batch is durable.
        state: "batched" until a signed transaction holds it, "anchoring" from then on.
        created_at: When the batch became durable.
        anchor_by: The earliest promise among its events, None if no receipt promised anything.
        place: Where it was last observed, None if in no block (or a reorg took it away).
    """

    anchor: Anchor
    state: PendingState
    created_at: int
    anchor_by: int | None
    place: AnchorPlace | None


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """One signed variant; any variant that was ever signed may land, so none is forgotten.

    Attributes:
        tx_hash: Hash of `raw`.
        raw: The bytes that were or will be sent, always the same ones.
        nonce: Account nonce of `sender` that the variant uses.
        sender: 20-byte address of the anchor key.
        anchors: (stream, sequence) of every anchor inside, in the order of the call.
    """

    tx_hash: bytes
    raw: bytes
    nonce: int
    sender: bytes
    anchors: tuple[AnchorId, ...]


class AnchorOutbox(Protocol):
    """The anchorer's view of the database. Every call is one durable transaction."""

    async def pending(self, *, limit: int) -> list[PendingAnchor]:
        """Return at most `limit` anchors that are not final, ascending by (stream, sequence)."""
        ...

    async def add_transaction(self, tx: SignedTransaction) -> None:
        """Make a signed variant durable BEFORE it is sent; its anchors become "anchoring".

        The same variant (same `tx_hash`) again is a no-op.
        """
        ...

    async def transactions(self) -> list[SignedTransaction]:
        """Return every signed variant of which at least one anchor is not final, by nonce."""
        ...

    async def mark_seen(self, places: Sequence[AnchorPlace]) -> None:
        """Note anchors observed in a block that is not yet deep enough. Repeats overwrite.

        An anchor still "batched" (its transaction was sent by another copy) becomes "anchoring".
        """
        ...

    async def mark_unseen(self, anchors: Sequence[AnchorId]) -> None:
        """Forget the place of anchors that a reorg took away; they stay "anchoring"."""
        ...

    async def mark_final(self, places: Sequence[AnchorPlace]) -> None:
        """Make anchors final at these places. Repeating a call is a no-op."""
        ...

    async def last_final(self, stream: int) -> AnchorPlace | None:
        """Return the place of the stream's final anchor with the highest sequence."""
        ...

    async def last_batched(self, stream: int) -> Anchor | None:
        """Return the stream's anchor with the highest sequence in any state, final or not."""
        ...


@dataclass(frozen=True, slots=True)
class ChainIdentity:
    """What makes a chain the same chain (with the block hash of a stored anchor).

    `genesis_hash` is the hash of block 0 as the running chain gives it; `code_hash` is the
    Keccak-256 of the registry's deployed code.
    """

    chain_id: int
    genesis_hash: bytes
    registry: bytes
    code_hash: bytes


@dataclass(frozen=True, slots=True)
class BlockRef:
    """A block header's number, hash and time."""

    number: int
    block_hash: bytes
    time: int


@dataclass(frozen=True, slots=True)
class StreamHead:
    """The last (sequence, tip) of a stream in a registry; (0, 32 zero bytes) if none."""

    sequence: int
    tip: bytes


@dataclass(frozen=True, slots=True)
class AnchoredLog:
    """One `Anchored` log. `tip` is as logged: whoever relies on it recomputes it."""

    registry: bytes
    anchor: Anchor
    tip: bytes
    signer: bytes
    block_number: int
    block_hash: bytes
    tx_hash: bytes


@dataclass(frozen=True, slots=True)
class TransactionReceipt:
    """What the chain says of a mined transaction (an EVM tx receipt, not our receipt)."""

    tx_hash: bytes
    succeeded: bool
    block_number: int
    block_hash: bytes


class AnchorChain(Protocol):
    """The writing side: one registry, one anchor key. Only `anchoring/chain` implements it."""

    @property
    def chain_id(self) -> int:
        """Chain id that is signed into every transaction and hashed into every tip."""
        ...

    @property
    def registry(self) -> bytes:
        """Address of the AnchorRegistry that is written to."""
        ...

    @property
    def sender(self) -> bytes:
        """Address of the anchor key."""
        ...

    async def identity(self) -> ChainIdentity:
        """Read the identity afresh.

        Raises:
            ChainIdentityError: the endpoint answers, but no registry is at the address.
            ChainUnavailableError: the endpoint does not answer, or is no chain.
        """
        ...

    async def syncing(self) -> bool:
        """Return True if the endpoint says of itself that it is still catching up."""
        ...

    async def head(self) -> BlockRef:
        """Return the newest block."""
        ...

    async def block(self, number: int) -> BlockRef | None:
        """Return the canonical block of that number, None if the chain is shorter."""
        ...

    async def stream_head(self, stream: int, *, at: bytes) -> StreamHead:
        """Return the stream's head in the state of the block with hash `at`."""
        ...

    async def record(self, stream: int, sequence: int, *, at: bytes) -> bytes:
        """Return the record slot in the state of block `at`; 32 zero bytes if none."""
        ...

    async def anchored(
        self, *, stream: int, sequence: int, first_block: int, last_block: int
    ) -> list[AnchoredLog]:
        """Return the `Anchored` logs of one (stream, sequence) in a range of blocks."""
        ...

    async def nonce(self) -> int:
        """Return the key's next nonce in the newest block (`latest`, never `pending`)."""
        ...

    async def preflight(self, anchors: Sequence[Anchor]) -> None:
        """Run the call without sending it.

        Raises:
            ContractRefusedError: it would revert; nothing may be sent.
        """
        ...

    async def sign(self, anchors: Sequence[Anchor], *, nonce: int) -> SignedTransaction:
        """Sign one call that anchors all of `anchors`; nothing is sent.

        Twice the same may be two variants: a remote signer need not be deterministic. Their
        content is the same, they share the nonce, and so only one of them can land.

        Raises:
            SignerUnavailableError: the signer gave no signature.
            SignerMismatchError: it signed something else, or with another key.
        """
        ...

    def anchors_in(self, tx: SignedTransaction) -> tuple[Anchor, ...]:
        """Decode the anchors out of the signed bytes.

        Raises:
            ChainError: the bytes are no call of this registry by this key.
        """
        ...

    async def submit(self, tx: SignedTransaction) -> None:
        """Hand the raw bytes to the chain. Bytes that it already knows are no error.

        Raises:
            ChainUnavailableError: nothing was sent, or the endpoint refused it.
            SubmissionUnknownError: it may or may not have arrived.
        """
        ...

    async def fill_gap(self, nonce: int) -> None:
        """Send an empty transaction to oneself, so that later nonces can be mined.

        Raises:
            SignerUnavailableError, SignerMismatchError: as `sign`.
        """
        ...

    async def receipt(self, tx_hash: bytes) -> TransactionReceipt | None:
        """Return what became of a transaction, None if it is in no block."""
        ...


@dataclass(frozen=True, slots=True)
class ParticipantState:
    """One participant as the Consortium holds it.

    Attributes:
        participant: Id from 1.
        status: 1 active, 2 suspended, 3 removed.
        roles: Bits: 1 manufacturer, 2 distributor, 4 pharmacy, 8 auditor, 16 regulator, 32 voter.
    """

    participant: int
    slug: str
    name: str
    url: str
    roles: int
    status: int
    admin_key: bytes
    recovery_key: bytes


@dataclass(frozen=True, slots=True)
class KeyState:
    """One key as the Consortium holds it; 0 means "not set" in every time.

    Attributes:
        purpose: 1 anchor, 2 sign.
        limited: True if the key may write to listed streams only.
    """

    address: bytes
    participant: int
    purpose: int
    valid_from: int
    valid_until: int
    revoked_at: int
    compromised_since: int
    limited: bool


class AnchorReader(Protocol):
    """The reading side: one witness, any registry. Holds no key. Verifiers and auditors use it.

    Every method raises ChainUnavailableError if the witness does not answer as a chain does.
    """

    async def chain_id(self) -> int:
        """Return the chain id."""
        ...

    async def genesis_hash(self) -> bytes:
        """Return the hash of block 0."""
        ...

    async def code_hash(self, address: bytes, *, at: bytes | None = None) -> bytes | None:
        """Return the Keccak-256 of the code at an address, None if there is no code."""
        ...

    async def head(self) -> BlockRef:
        """Return the newest block."""
        ...

    async def block(self, number: int) -> BlockRef | None:
        """Return the canonical block of that number, None if the chain is shorter."""
        ...

    async def block_by_hash(self, block_hash: bytes) -> BlockRef | None:
        """Return the block with that hash, None if the witness does not know it."""
        ...

    async def record(self, registry: bytes, stream: int, sequence: int, *, at: bytes) -> bytes:
        """Return the record slot in the state of block `at`; 32 zero bytes if none."""
        ...

    async def stream_head(self, registry: bytes, stream: int, *, at: bytes) -> StreamHead:
        """Return the stream's head in the state of block `at`."""
        ...

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
        ...

    async def participant(
        self, consortium: bytes, participant: int, *, at: bytes
    ) -> ParticipantState | None:
        """Return a participant in the state of block `at`, None if there is none."""
        ...

    async def status_at(self, consortium: bytes, participant: int, time: int, *, at: bytes) -> int:
        """Return the participant's status at `time` as block `at` records it; 0 if unknown."""
        ...

    async def suspensions(
        self, consortium: bytes, participant: int, *, at: bytes
    ) -> list[tuple[int, int]]:
        """Return the half-open times of suspension, oldest first; an end of 0 is no end yet."""
        ...

    async def key(self, consortium: bytes, address: bytes, *, at: bytes) -> KeyState | None:
        """Return a key in the state of block `at`, None if it belongs to nobody."""
        ...

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
        ...
