"""Where the Consortium keeps keys and statuses, so that a storage proof can be read.

The layout is that of `contracts/src/ConsortiumState.sol`: `_profiles` at slot 2 (`statuses` is its
fifth member), `_keys` at slot 3. A checkpoint is uint48 time and uint208 value in one slot, the
first member in the low bytes.
"""

from __future__ import annotations

from eth_utils.crypto import keccak

from anchoring.ports import KeyState

STATUS_CHANGES_MAX = 256
"""Changes of one participant's status that are read; a proof carries one slot for each."""

_PROFILES, _KEYS = 2, 3
_STATUSES = 4
_WORD = 32
_TIME_BYTES = 5
_CHECKPOINT_TIME_BYTES = 6


def key_slot(address: bytes) -> bytes:
    """Return the slot of a key's record, 32 bytes."""
    return bytes(keccak(address.rjust(_WORD, b"\0") + _KEYS.to_bytes(_WORD)))


def key_of(address: bytes, word: bytes) -> KeyState | None:
    """Return what a key's slot says, None if the address is nobody's key."""
    low_first = word[::-1]
    participant = int.from_bytes(low_first[0:4], "little")
    if participant == 0:
        return None
    times = [
        int.from_bytes(low_first[at : at + _TIME_BYTES], "little")
        for at in range(6, 6 + 4 * _TIME_BYTES, _TIME_BYTES)
    ]
    return KeyState(
        address=address,
        participant=participant,
        purpose=low_first[4],
        valid_from=times[0],
        valid_until=times[1],
        revoked_at=times[2],
        compromised_since=times[3],
        limited=low_first[5] != 0,
    )


def status_count_slot(participant: int) -> bytes:
    """Return the slot that holds how often a participant's status changed."""
    base = keccak(participant.to_bytes(_WORD) + _PROFILES.to_bytes(_WORD))
    return (int.from_bytes(base) + _STATUSES).to_bytes(_WORD)


def status_slot(participant: int, index: int) -> bytes:
    """Return the slot of one change of status, from 0, oldest first."""
    first = int.from_bytes(keccak(status_count_slot(participant)))
    return ((first + index) % 2**256).to_bytes(_WORD)


def status_change_of(word: bytes) -> tuple[int, int]:
    """Return (since, status) of one change."""
    time = int.from_bytes(word[-_CHECKPOINT_TIME_BYTES:])
    return time, int.from_bytes(word[:-_CHECKPOINT_TIME_BYTES])
