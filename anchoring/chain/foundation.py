"""What the founders of a network agree on, and the code that creates its contracts from it."""

from __future__ import annotations

from dataclasses import dataclass

from eth_utils.address import to_canonical_address

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi

DELAY_S = 7 * 86_400
LIFETIME_S = 30 * 86_400

CONSORTIUM = bytes.fromhex("5ea10000000000000000000000000000000000c0")
ANCHOR_REGISTRY = bytes.fromhex("5ea10000000000000000000000000000000000a1")
CODE_REGISTRY = bytes.fromhex("5ea10000000000000000000000000000000000c1")
NOTICE_BOARD = bytes.fromhex("5ea10000000000000000000000000000000000b1")
"""Where the contracts stand on every chain that was started with them in its genesis file."""


@dataclass(frozen=True, slots=True)
class FirstKey:
    """A key that a first participant starts with; `streams` empty means all of its streams."""

    address: bytes
    purpose: int
    valid_from: int = 0
    valid_until: int = 0
    streams: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FirstParticipant:
    """A participant that the Consortium starts with; ids are given in order, from 1.

    Attributes:
        roles: Bits, as in the Consortium.
        prefixes: Whose codes it may commission since ever: `gs1:` and 4 to 12 digits, or `cn:`
            and 7 digits.
    """

    slug: str
    name: str
    url: str
    roles: int
    admin_key: bytes
    recovery_key: bytes
    keys: tuple[FirstKey, ...] = ()
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Foundation:
    """What holds before the first vote.

    Attributes:
        participants: In the order of their ids, from 1.
        delay_s: How long a heavy action waits after its approval; nothing changes it.
        lifetime_s: How long a proposal may wait for its approvals; nothing changes it.
    """

    participants: tuple[FirstParticipant, ...]
    delay_s: int = DELAY_S
    lifetime_s: int = LIFETIME_S


def consortium_creation(foundation: Foundation) -> bytes:
    """Return the data of the transaction that creates the Consortium."""
    people = foundation.participants
    return _creation(
        "Consortium",
        [_participant_fields(one) for one in people],
        [[_key_fields(key) for key in one.keys] for one in people],
        foundation.delay_s,
        foundation.lifetime_s,
    )


def registry_creation(consortium: bytes, predecessor: bytes) -> bytes:
    """Return the data that create an AnchorRegistry; a predecessor of zeros is none."""
    return _creation("AnchorRegistry", consortium, predecessor)


def code_registry_creation(consortium: bytes, foundation: Foundation) -> bytes:
    """Return the data that create a CodeRegistry with the founders' prefixes."""
    grants = [
        (prefix, number, 0, 0)
        for number, one in enumerate(foundation.participants, start=1)
        for prefix in one.prefixes
    ]
    return _creation("CodeRegistry", consortium, grants)


def notice_board_creation(consortium: bytes, code_registry: bytes) -> bytes:
    """Return the data that create a NoticeBoard."""
    return _creation("NoticeBoard", consortium, code_registry)


def _creation(name: str, *arguments: object) -> bytes:
    artifact = load(name)
    return artifact.bytecode + ContractAbi(artifact.abi).constructor_data(*arguments)


def _participant_fields(one: FirstParticipant) -> tuple[object, ...]:
    admin, recovery = to_canonical_address(one.admin_key), to_canonical_address(one.recovery_key)
    return one.slug, one.name, one.url, one.roles, 1, admin, recovery


def _key_fields(key: FirstKey) -> tuple[object, ...]:
    return key.address, key.purpose, key.valid_from, key.valid_until, list(key.streams)
