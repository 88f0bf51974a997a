"""Batches: event entries and decoys sorted together, so that a size tells no volume."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from anchoring.core import merkle
from anchoring.core.items import encode_base64url
from anchoring.errors import FormatError

BATCH_SIZE_MAX = 1 << 20
FIXED_SIZES = (16, 256, 4096, 65_536)
NONCE_SIZE_BYTES = 32
_SIZE_MIN = 16


@dataclass(frozen=True, slots=True)
class Batch:
    """A sorted list of entries and its tree."""

    entries: Sequence[bytes]  # strictly ascending, 32 bytes each
    levels: Sequence[bytes]

    @classmethod
    def build(cls, entries: Iterable[bytes]) -> "Batch":
        """Return the batch of `entries`, in any order.

        Raises:
            FormatError: `batch_entries`: none, more than 2^20, or one twice.
        """
        ordered = sorted(entries)
        check_entries(ordered)
        return cls(ordered, merkle.build_levels(merkle.leaf_hashes(ordered)))

    @property
    def root(self) -> bytes:
        """The root (32 bytes) that is anchored."""
        return merkle.tree_root(self.levels)

    @property
    def size(self) -> int:
        """The number of entries, decoys included."""
        return len(self.entries)

    def index_of(self, entry: bytes) -> int:
        """Return the zero-based index of `entry`; KeyError if it is not in the batch."""
        index = bisect_left(self.entries, entry)
        if index == len(self.entries) or self.entries[index] != entry:
            raise KeyError(entry.hex())
        return index

    def path(self, index: int) -> list[bytes]:
        """Return the inclusion path of the entry at `index`."""
        return merkle.path(self.levels, index)


def check_entries(entries: Sequence[bytes]) -> None:
    """Check a public entry list: 1..2^20 entries of 32 bytes, strictly ascending.

    Raises:
        FormatError: `batch_entries`.
    """
    if not 1 <= len(entries) <= BATCH_SIZE_MAX:
        raise FormatError(f"a batch has 1 to {BATCH_SIZE_MAX} entries", code="batch_entries")
    if any(len(entry) != merkle.HASH_SIZE for entry in entries):
        raise FormatError("an entry is 32 bytes", code="batch_entries")
    if any(left >= right for left, right in pairwise(entries)):
        raise FormatError("entries are strictly ascending", code="batch_entries")


def decoy_entry(nonce: bytes) -> bytes:
    """Return a batch decoy's entry; whoever keeps the 32 random bytes can open it as a decoy."""
    text = f"sealtrail/decoy/v1\n{encode_base64url(nonce)}\n"
    return sha256(text.encode("ascii")).digest()


def batch_capacity(padding: str) -> int:
    """Return how many events one batch takes under a padding rule.

    Raises:
        FormatError: `padding_form`: not `fixed:N`, `pow2` or `none`.
    """
    if padding in ("pow2", "none"):
        return BATCH_SIZE_MAX
    kind, _, size = padding.partition(":")
    if kind != "fixed" or size not in {str(one) for one in FIXED_SIZES}:
        raise FormatError(
            f"padding is pow2, none or fixed:N with N one of {FIXED_SIZES}", code="padding_form"
        )
    return int(size)


def padded_size(count: int, padding: str) -> int:
    """Return how many entries a batch of `count` events has under a padding rule.

    Under `none` an empty batch has size 0: it is not made.

    Raises:
        FormatError: `padding_form`, or `batch_entries` if the events do not fit.
    """
    capacity = batch_capacity(padding)
    if count > capacity:
        raise FormatError(f"{count} events do not fit into {padding}", code="batch_entries")
    if padding == "none":
        return count
    if padding == "pow2":
        return max(_SIZE_MIN, 1 << (count - 1).bit_length()) if count else _SIZE_MIN
    return capacity
