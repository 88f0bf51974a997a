"""Participants, keys, grants and notices, each with its history. Immutable.

Times are Unix seconds of block headers; intervals are half-open, and 0 means "not set". Addresses
are 20 bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, NamedTuple, TypeVar

from anchoring.directory.lots import lot_key

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


@dataclass(frozen=True, slots=True)
class Since(Generic[T]):
    """A value and the time from which on it holds."""

    since: int
    value: T


def value_at(history: Sequence[Since[T]], time: int) -> T | None:
    """Return what held at `time`, None before the first value. Oldest first."""
    return next((one.value for one in reversed(history) if one.since <= time), None)


def within(start: int, end: int, time: int) -> bool:
    """Return True if `time` lies in a half-open interval; an end of 0 is no end."""
    return start <= time and (end == 0 or time < end)


@dataclass(frozen=True, slots=True)
class Participant:
    """One participant with its whole history, oldest first in every tuple.

    Attributes:
        roles: Bits: 1 manufacturer, 2 distributor, 4 pharmacy, 8 auditor, 16 regulator, 32 voter.
        epochs: Key epochs; one begins when the others replaced the admin key by vote.
    """

    id: int
    slug: str
    name: str
    urls: tuple[Since[str], ...]
    statuses: tuple[Since[Status], ...]
    roles: tuple[Since[int], ...]
    admin_keys: tuple[Since[bytes], ...]
    recovery_keys: tuple[Since[bytes], ...]
    epochs: tuple[Since[int], ...]

    @property
    def status(self) -> Status:
        """Status now."""
        return self.statuses[-1].value

    @property
    def url(self) -> str:
        """Address of its gateway now; empty if it runs none."""
        return self.urls[-1].value

    @property
    def admin_key(self) -> bytes:
        """Admin key now."""
        return self.admin_keys[-1].value

    @property
    def recovery_key(self) -> bytes:
        """Recovery key now."""
        return self.recovery_keys[-1].value

    def suspensions(self) -> tuple[tuple[int, int], ...]:
        """Return the half-open times of suspension; an end of 0 is no end yet."""
        ends = [one.since for one in self.statuses[1:]] + [0]
        return tuple(
            (one.since, end)
            for one, end in zip(self.statuses, ends, strict=True)
            if one.value is Status.SUSPENDED
        )


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

    def valid_at(self, time: int) -> bool:
        """Return True if it was valid then, by what is known now of revocation and compromise."""
        return (
            within(self.valid_from, self.valid_until, time)
            and within(0, self.revoked_at, time)
            and within(0, self.compromised_since, time)
        )


@dataclass(frozen=True, slots=True)
class PrefixGrant:
    """A grant of the CodeRegistry; `offered_to` is a participant that may take it over, or 0."""

    id: int
    prefix: str
    participant: int
    valid_from: int
    valid_until: int
    offered_to: int = 0

    def holds_at(self, time: int) -> bool:
        """Return True if the grant is in force at `time`."""
        return within(self.valid_from, self.valid_until, time)


class Owner(NamedTuple):
    """Who owned a prefix, and by which grant."""

    grant: PrefixGrant
    participant: Participant


@dataclass(frozen=True, slots=True)
class Wording:
    """What a notice says; `uri_digest` is the SHA-256 of the full notice."""

    zh: str
    en: str
    uri: str
    uri_digest: bytes


@dataclass(frozen=True, slots=True)
class NoticeStep:
    """Publication, escalation or lifting (`level` 0) of a notice, by a participant.

    `by_regulator`: it did so as a regulator, not as the product's owner.
    """

    at: int
    by: int
    level: int
    wording: Wording
    by_regulator: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A recall of the NoticeBoard with its history; without `lots` and `digest`: all of it.

    `by_regulator`: a regulator published or escalated it, and only one can lift it.
    """

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

    @property
    def has_list(self) -> bool:
        """Whether it is about the codes of a list that is not public."""
        return any(self.digest)

    def level_at(self, time: int) -> int:
        """Return the level at `time`; 0 before publication and from the lifting on."""
        return next((one.level for one in reversed(self.steps) if one.at <= time), 0)

    def concerns(self, lot: str | None, codes_listed: Collection[bytes] = ()) -> bool:
        """Return True if a pack of the notice's product is meant.

        Args:
            lot: The pack's lot; None if it is not known, and then no notice about lots fits.
            codes_listed: Digests of the lists that are known to hold the pack's code.
        """
        if self.has_list:
            return self.digest in codes_listed
        if lot is None or not self.lots:
            return not self.lots
        return lot_key(lot) in map(lot_key, self.lots)
