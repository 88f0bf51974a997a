"""What the logs of the contracts say, up to one block. Immutable; made by `fold`.

Times are Unix seconds of block headers; intervals are half-open, and 0 means "not set". Addresses
are 20 bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from anchoring.directory.parts import (
    Key,
    Notice,
    NoticeStep,
    Owner,
    Participant,
    PrefixGrant,
    Purpose,
    Since,
    Status,
    Wording,
    value_at,
)
from anchoring.directory.prefixes import prefix_of_code, product_of_code
from anchoring.ports import BlockRef

ROLE_REGULATOR: Final = 16
ROLE_VOTER: Final = 32
FIRST_HEAVY_ACTION: Final = 4
"""Actions from here on (Admit) are heavy; see `IConsortiumGovernance.Action`."""


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
class Proposal:
    """One proposal; `action` and `arguments` as in `IConsortiumGovernance`.

    Attributes:
        approvals: Participants whose approval stands, whether or not they may vote now.
        executable_from: End of the delay; 0 while approvals are missing.
        ended: How it ended, None while it has not; that it lapsed is no log.
        ended_at: When; 0 while it has not.
        reason: What the action reverted with, if it failed.
        vetoed_by: The key that forbade it.
    """

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
    ended_at: int = 0
    reason: bytes = b""
    vetoed_by: bytes = b""

    @property
    def is_heavy(self) -> bool:
        """Whether it needs two thirds and the delay."""
        return self.action >= FIRST_HEAVY_ACTION

    def approvals_given(self, directory: Directory, time: int) -> int:
        """Return how many approvals count: of participants that may vote at `time`."""
        return sum(directory.may_vote(one, time) for one in self.approvals)

    def approvals_needed(self, directory: Directory, time: int) -> int:
        """Return how many approvals the action needs with the electorate of `time`."""
        voters, _ = directory.electorate_at(time)
        return approvals_needed(voters, heavy=self.is_heavy)

    def state_at(self, directory: Directory, time: int) -> ProposalState:
        """Return where it stands at `time`, not before the newest block of the directory.

        Approvals are counted against the electorate of that time, as the contract does at
        execution: a threshold that was reached may be lost again without a log of its own.
        """
        if self.ended is not None:
            return self.ended
        if time >= self.lapses_at:
            return ProposalState.LAPSED
        if self.approvals_given(directory, time) < self.approvals_needed(directory, time):
            return ProposalState.OPEN
        if not self.is_heavy:
            return ProposalState.READY
        if self.executable_from == 0:
            return ProposalState.OPEN  # only a change of the electorate brought it there
        return ProposalState.WAITING if time < self.executable_from else ProposalState.READY


def approvals_needed(voters: int, *, heavy: bool) -> int:
    """Return the smallest a with 2a > n, for a heavy action also 3a >= 2n."""
    majority = voters // 2 + 1
    return max(majority, -(-2 * voters // 3)) if heavy else majority


def _by_slug(directory: Directory) -> dict[str, Participant]:
    return {one.slug: one for one in directory.participants.values()}


def _by_prefix(directory: Directory) -> dict[str, list[PrefixGrant]]:
    found: dict[str, list[PrefixGrant]] = {}
    for one in directory.grants.values():
        found.setdefault(one.prefix, []).append(one)
    return found


def _by_product(directory: Directory) -> dict[str, list[Notice]]:
    found: dict[str, list[Notice]] = {}
    for one in directory.notices.values():
        found.setdefault(one.product, []).append(one)
    return found


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
    _slugs: dict[str, Participant] = field(init=False, repr=False, compare=False)
    _prefixes: dict[str, list[PrefixGrant]] = field(init=False, repr=False, compare=False)
    _products: dict[str, list[Notice]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the indexes, once: look-ups stand in the way of every scanned code."""
        object.__setattr__(self, "_slugs", _by_slug(self))
        object.__setattr__(self, "_prefixes", _by_prefix(self))
        object.__setattr__(self, "_products", _by_product(self))

    def participant_by_slug(self, slug: str) -> Participant | None:
        """Return the participant that has this slug."""
        return self._slugs.get(slug)

    def status_at(self, participant: int, time: int) -> Status:
        """Return the status at `time`; UNKNOWN before admission."""
        found = self.participants.get(participant)
        return (value_at(found.statuses, time) if found else None) or Status.UNKNOWN

    def roles_at(self, participant: int, time: int) -> int:
        """Return the roles at `time` as bits; 0 before admission."""
        found = self.participants.get(participant)
        return (value_at(found.roles, time) if found else None) or 0

    def admin_key_at(self, participant: int, time: int) -> bytes | None:
        """Return the admin key at `time`, None before admission."""
        found = self.participants.get(participant)
        return value_at(found.admin_keys, time) if found else None

    def keys_of(self, participant: int) -> tuple[Key, ...]:
        """Return all keys that a participant ever had, in order of addition."""
        return tuple(one for one in self.keys.values() if one.participant == participant)

    def key_valid_at(self, address: bytes, participant: int, purpose: int, time: int) -> bool:
        """Return True if it was the participant's key for this purpose, valid at `time`.

        Says nothing of the participant's status then.
        """
        key = self.keys.get(address)
        if key is None or (key.participant, key.purpose) != (participant, purpose):
            return False
        return key.valid_at(time)

    def may_vote(self, participant: int, time: int) -> bool:
        """Return True for an active participant with the role voter."""
        is_voter = bool(self.roles_at(participant, time) & ROLE_VOTER)
        return is_voter and self.status_at(participant, time) is Status.ACTIVE

    def electorate_at(self, time: int) -> tuple[int, int]:
        """Return how many voters are not removed, and how many of them may vote."""
        counted = [
            self.status_at(one, time)
            for one in self.participants
            if self.roles_at(one, time) & ROLE_VOTER
        ]
        voters = sum(one in (Status.ACTIVE, Status.SUSPENDED) for one in counted)
        return voters, sum(one is Status.ACTIVE for one in counted)

    def owner_at(self, what: str, time: int) -> Owner | None:
        """Return who owned a code or prefix at `time`.

        Args:
            what: A canonical code, or `gs1:` or `cn:` with digits (those of a whole code, too).
            time: Unix seconds.
        """
        text = what if what.startswith(("gs1:", "cn:")) else prefix_of_code(what)
        if text is None:
            return None
        for length in range(len(text), 0, -1):
            for grant in self._prefixes.get(text[:length], ()):
                if grant.holds_at(time):
                    return Owner(grant, self.participants[grant.participant])
        return None

    def notices_of(self, product: str) -> tuple[Notice, ...]:
        """Return every notice about a product (`gs1:` and 12 digits, `cn:` and 7), lifted too."""
        return tuple(self._products.get(product, ()))

    def notices_for(
        self, code: str, lot: str | None, codes_listed: Collection[bytes] = ()
    ) -> tuple[Notice, ...]:
        """Return the notices that stand for a code: the gravest first, exercises last.

        Args:
            code: Canonical.
            lot: Its lot; None if it is not known.
            codes_listed: Digests of the lists that are known to hold the code.
        """
        product = product_of_code(code)
        if product is None:
            return ()
        found = [
            one
            for one in self._products.get(product, ())
            if one.level and one.concerns(lot, codes_listed)
        ]
        return tuple(sorted(found, key=lambda one: (one.drill, one.level, one.id)))


__all__ = [
    "FIRST_HEAVY_ACTION",
    "ROLE_REGULATOR",
    "ROLE_VOTER",
    "Directory",
    "Key",
    "Notice",
    "NoticeStep",
    "Owner",
    "Participant",
    "PrefixGrant",
    "Proposal",
    "ProposalState",
    "Purpose",
    "Since",
    "Status",
    "Wording",
    "approvals_needed",
]
