"""What the logs of the contracts say, up to one block. Immutable; made by `fold`.

Times are Unix seconds of block headers; intervals are half-open, and 0 means "not set". Addresses
are 20 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from anchoring.ports import BlockRef

T = TypeVar("T")


class Status(IntEnum):
    """Status of a participant, as in the Consortium; UNKNOWN before admission."""

    UNKNOWN = 0
    ACTIVE = 1
    SUSPENDED = 2
    REMOVED = 3


class Purpose(IntEnum):
    """What a key is for."""

    ANCHOR = 1
    SIGN = 2


class ProposalState(StrEnum):
    """Where a proposal stands, by its logs; time may have moved it on, see `Proposal.state_at`."""

    OPEN = "open"
    WAITING = "waiting"
    READY = "ready"
    EXECUTED = "executed"
    FAILED = "failed"
    LAPSED = "lapsed"
    VETOED = "vetoed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Since(Generic[T]):
    """A value and the time from which on it holds."""

    since: int
    value: T


@dataclass(frozen=True, slots=True)
class Participant:
    """One participant with its whole history, oldest first in every tuple."""

    id: int
    slug: str
    name: str
    recovery_key: bytes
    urls: tuple[Since[str], ...]
    statuses: tuple[Since[Status], ...]
    roles: tuple[Since[int], ...]
    admin_keys: tuple[Since[bytes], ...]
    epochs: tuple[Since[int], ...]


@dataclass(frozen=True, slots=True)
class Key:
    """One key; `streams` empty means all of its participant's."""

    address: bytes
    participant: int
    purpose: Purpose
    valid_from: int
    valid_until: int
    streams: frozenset[int]
    added_at: int
    revoked_at: int = 0
    compromised_since: int = 0


@dataclass(frozen=True, slots=True)
class PrefixGrant:
    """A grant of the CodeRegistry; `offered_to` is a participant that may take it over, or 0."""

    id: int
    prefix: str
    participant: int
    valid_from: int
    valid_until: int
    offered_to: int = 0


@dataclass(frozen=True, slots=True)
class Wording:
    """What a notice says; `uri_digest` is the SHA-256 of the full notice."""

    zh: str
    en: str
    uri: str
    uri_digest: bytes


@dataclass(frozen=True, slots=True)
class NoticeStep:
    """Publication, escalation or lifting (`level` 0) of a notice."""

    at: int
    by: int
    level: int
    wording: Wording


@dataclass(frozen=True, slots=True)
class Notice:
    """A recall of the NoticeBoard with its history; without `lots` and `digest`: all of it."""

    id: int
    publisher: int
    by_regulator: bool
    drill: bool
    product: str
    lots: tuple[str, ...]
    digest: bytes
    steps: tuple[NoticeStep, ...]

    @property
    def level(self) -> int:
        """Level now, 1 (gravest) to 3; 0 once it is lifted."""
        return self.steps[-1].level


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal; `action` and `arguments` as in `IConsortiumGovernance`."""

    id: int
    action: int
    arguments: bytes
    digest: bytes
    evidence: bytes
    proposer: int
    proposed_at: int
    approvals: tuple[int, ...]
    executable_from: int
    lapses_at: int
    ended: ProposalState | None = None
    reason: bytes = b""


@dataclass(frozen=True, slots=True)
class Directory:
    """The network as of block `head`.

    Attributes:
        delay_s, lifetime_s: As fixed in the Consortium; 0 if they were not read.
        successors: From a registry to the one that was named after it, with the time.
    """

    head: BlockRef
    participants: Mapping[int, Participant] = field(default_factory=lambda: MappingProxyType({}))
    keys: Mapping[bytes, Key] = field(default_factory=lambda: MappingProxyType({}))
    grants: Mapping[int, PrefixGrant] = field(default_factory=lambda: MappingProxyType({}))
    notices: Mapping[int, Notice] = field(default_factory=lambda: MappingProxyType({}))
    proposals: Mapping[int, Proposal] = field(default_factory=lambda: MappingProxyType({}))
    successors: Mapping[bytes, Since[bytes]] = field(default_factory=lambda: MappingProxyType({}))
    delay_s: int = 0
    lifetime_s: int = 0
