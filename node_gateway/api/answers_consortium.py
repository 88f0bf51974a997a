"""What the answers about the network look like; see `answers`. A time is null if there is none."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from node_gateway.api.answers import Hash, _Answer

Address = Annotated[str, Field(pattern=r"^0x[0-9a-f]{40}$")]
Status = Literal["active", "suspended", "removed"]


class Head(_Answer):
    """The block that the directory is of; number -1 as long as none was ever read."""

    number: int
    hash: Hash
    time: str | None


class Following(_Answer):
    """How new the directory is; `code` says what is wrong, null if nothing is."""

    state: Literal["starting", "current", "catching_up", "stale", "unavailable", "another_chain"]
    code: str | None
    chain_head: int | None
    lag_blocks: int
    checked_at: str | None
    age_seconds: int | None


class Electorate(_Answer):
    """Voters that are not removed, those that may vote, and the approvals that actions need."""

    voters: int
    active: int
    ordinary_needs: int
    heavy_needs: int


class Registry(_Answer):
    """An anchor registry; one with a successor takes no anchors any more."""

    address: Address
    successor: Address | None
    stopped_at: str | None


class Consortium(_Answer):
    """What governs the network; the last four members are counts."""

    chain_id: int
    genesis_hash: Hash
    consortium: Address
    code_registry: Address | None
    notice_board: Address | None
    registries: list[Registry]
    head: Head
    following: Following
    delay_seconds: int
    lifetime_seconds: int
    electorate: Electorate
    warning: str | None
    participants: int
    prefixes: int
    notices: int
    proposals: int


class ParticipantShort(_Answer):
    """A participant as it is now."""

    id: int
    slug: str
    name: str
    url: str | None
    status: Status
    roles: list[str]
    admitted_at: str | None
    key_epoch: int


class Participants(_Answer):
    """A page of participants by id; `next` is the id to go on from, null at the end."""

    participants: list[ParticipantShort]
    next: int | None
    head: Head


class StatusSince(_Answer):
    """A status and since when."""

    since: str | None
    status: Status


class RolesSince(_Answer):
    """Roles and since when."""

    since: str | None
    roles: list[str]


class UrlSince(_Answer):
    """The address of a gateway and since when."""

    since: str | None
    url: str | None


class AddressSince(_Answer):
    """A key and since when."""

    since: str | None
    address: Address


class EpochSince(_Answer):
    """A key epoch and since when; one begins when the others replaced the admin key by vote."""

    since: str | None
    epoch: int


class ParticipantKey(_Answer):
    """A key; no `streams` means all. `valid` is of now and says nothing of the participant."""

    address: Address
    purpose: Literal["anchor", "sign"]
    valid_from: str | None
    valid_until: str | None
    streams: list[int]
    added_at: str | None
    revoked_at: str | None
    compromised_since: str | None
    valid: bool


class Grant(_Answer):
    """Who may commission codes under a prefix; `holds` at the time that was asked about."""

    id: int
    prefix: str
    participant: int
    slug: str
    name: str
    valid_from: str | None
    valid_until: str | None
    holds: bool
    offered_to: int | None


class WholeParticipant(ParticipantShort):
    """A participant with all that ever held of it, oldest first."""

    statuses: list[StatusSince]
    role_changes: list[RolesSince]
    urls: list[UrlSince]
    admin_keys: list[AddressSince]
    recovery_keys: list[AddressSince]
    epochs: list[EpochSince]
    keys: list[ParticipantKey]
    prefixes: list[Grant]


class Approvals(_Answer):
    """Who approved, how many of them may vote now, and how many are needed now."""

    by: list[int]
    given: int
    needed: int


class ProposalAnswer(_Answer):
    """A proposal; `action` has its `kind` and its arguments by name, `words` says it in sentences.

    `reason` is what the action reverted with, in hex.
    """

    id: int
    state: Literal[
        "open", "waiting", "ready", "executed", "failed", "lapsed", "vetoed", "withdrawn"
    ]
    action: dict[str, Any]
    heavy: bool
    words: list[str]
    digest: Hash
    evidence: Hash | None
    proposer: int
    proposed_at: str | None
    approvals: Approvals
    executable_from: str | None
    lapses_at: str | None
    ended_at: str | None
    reason: str | None
    vetoed_by: Address | None


class Proposals(_Answer):
    """A page of proposals by number; `next` is the number to go on from, null at the end."""

    proposals: list[ProposalAnswer]
    next: int | None
    head: Head


class Prefixes(_Answer):
    """A page of grants by id, and who owns the prefix that was asked about.

    `prefix` is the one that was asked about in its own spelling, null if none was.
    """

    prefix: str | None
    owner: Grant | None
    prefixes: list[Grant]
    next: int | None
    head: Head
