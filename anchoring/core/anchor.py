"""Anchors: what the chain keeps of a batch, and how the anchors of a stream hang together."""

from dataclasses import dataclass
from hashlib import sha256

from anchoring.errors import FormatError

STREAM_BITS = 16
ZERO_HASH = bytes(32)
_PARTICIPANT_MAX = 2**32 - 1
_WORD = 32


@dataclass(frozen=True, slots=True)
class Anchor:
    """One batch in a stream: everything that the tip is made of, but chain and registry.

    `stream` = participant * 2^16 + local number; `sequence` counts from 1 without gaps;
    `size` is the number of leaves; `previous_tip` is zero if and only if `sequence` is 1.
    """

    stream: int
    sequence: int
    root: bytes
    size: int
    previous_tip: bytes

    @property
    def participant(self) -> int:
        """The participant that the stream belongs to."""
        return self.stream >> STREAM_BITS

    def check(self) -> None:
        """Check the ranges of all parts.

        Raises:
            FormatError: `anchor_values`.
        """
        if not 1 <= self.participant <= _PARTICIPANT_MAX:
            raise FormatError("a stream belongs to a participant 1..2^32-1", code="anchor_values")
        if self.sequence < 1 or self.size < 1:
            raise FormatError("sequence and size count from 1", code="anchor_values")
        if (self.previous_tip == ZERO_HASH) != (self.sequence == 1):
            raise FormatError(
                "previousTip is zero if and only if the sequence is 1", code="anchor_values"
            )

    def tip(self, *, chain_id: int, registry: bytes) -> bytes:
        """Return the hash that chains the stream's anchors.

        Args:
            chain_id: Of the chain that the viewer expects.
            registry: Address of the registry, 20 bytes.

        SHA-256 of `abi.encode(uint256, address, uint64, uint64, bytes32, uint64, bytes32)`. It
        holds no time, so that one signed transaction survives a reorganisation.
        """
        words = (
            _word(chain_id),
            registry.rjust(_WORD, b"\x00"),
            _word(self.stream),
            _word(self.sequence),
            self.root,
            _word(self.size),
            self.previous_tip,
        )
        return sha256(b"".join(words)).digest()


@dataclass(frozen=True, slots=True)
class AnchoredAt:
    """Where the chain put an anchor: number and time (Unix seconds) of the block."""

    block_number: int
    block_time: int


def stream_id(participant: int, local: int) -> int:
    """Return the stream with local number 0..65535 of a participant."""
    if not 0 <= local < 1 << STREAM_BITS:
        raise FormatError("a local stream number is 0..65535", code="anchor_values")
    return (participant << STREAM_BITS) | local


def record(tip: bytes, block_number: int, block_time: int) -> bytes:
    """Return the value of the one slot that the registry stores for an anchor.

    SHA-256 of `abi.encode(bytes32 tip, uint256 blockNumber, uint256 blockTime)`.
    """
    return sha256(tip + _word(block_number) + _word(block_time)).digest()


def _word(number: int) -> bytes:
    return number.to_bytes(_WORD)
