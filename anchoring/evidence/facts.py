"""What has to be known of the chain to judge a file, and what is known of it.

A check states what it needs. The file's own proofs answer first, then keys that the viewer
trusts, then witnesses (`anchoring.evidence.asking`); what nobody answers stays unchecked, and is
named. Every answer carries the time of the block that it is true at, and who says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from anchoring.chain.network import Network
from anchoring.chain.proofs import record_slot
from anchoring.core.anchor import ZERO_HASH
from anchoring.evidence.chain_material import ChainMaterial, ProvenBlock, ProvenState, prove_state
from anchoring.evidence.layout import (
    STATUS_CHANGES_MAX,
    key_of,
    key_slot,
    status_change_of,
    status_count_slot,
    status_slot,
)
from anchoring.evidence.model import EvidenceRefusedError
from anchoring.ports import KeyState

ANY_PURPOSE: Final = 0
"""Purpose of a key that the viewer trusts for everything."""
BLOCK_GAP_S: Final = 60
"""Time without a block from which on the chain counts as halted, as for the auditor."""


@dataclass(frozen=True, slots=True)
class NeedKey:
    """Whose key an address is, as recorded at `since` or later. Answer: KeyState or None."""

    address: bytes
    since: int = 0


@dataclass(frozen=True, slots=True)
class NeedRecords:
    """What the registries hold at a place, at `since` or later. Answer: (registry, slot) pairs."""

    stream: int
    sequence: int
    since: int = 0


@dataclass(frozen=True, slots=True)
class NeedStatuses:
    """A participant's changes of status up to `since` or later. Answer: (since, status) pairs."""

    participant: int
    since: int


@dataclass(frozen=True, slots=True)
class NeedHalts:
    """Times without a block between two times. Answer: (from, until) pairs."""

    start: int
    since: int


Need = NeedKey | NeedRecords | NeedStatuses | NeedHalts


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known; which of the members is filled, the need says.

    Attributes:
        as_of: Time of the block that it is true at; 0 if the viewer says so himself.
        basis: Who says so, or which proof, for people.
        key: None for an address that is nobody's key.
        records: (registry, slot) of every listed registry.
        spans: (since, status) or (from, until) pairs, oldest first.
    """

    as_of: int
    basis: str
    key: KeyState | None = None
    records: tuple[tuple[bytes, bytes], ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Trusted:
    """What the viewer knows from elsewhere: keys with their participants, hashes of blocks."""

    keys: Mapping[bytes, int] = field(default_factory=dict)
    blocks: frozenset[bytes] = frozenset()


class Facts:
    """Answers from the file's proofs, from the viewer, and from witnesses once they were asked.

    Raises:
        FormatError, VerificationError: the file's proofs are malformed or do not hold.
    """

    def __init__(
        self, network: Network, material: ChainMaterial, trusted: Trusted | None = None
    ) -> None:
        self.network, self.material = network, material
        self._trusted = trusted or Trusted()
        self._state: ProvenState = prove_state(
            material, network, trusted_blocks=self._trusted.blocks
        )
        self._told: dict[Need, Answer] = {}

    def tell(self, need: Need, answer: Answer) -> None:
        """Note what witnesses answered."""
        self._told[need] = answer

    def answer(self, need: Need) -> Answer | None:
        """Return what is known, None if nothing is."""
        told = self._told.get(need)
        if told is not None:
            return told
        match need:
            case NeedKey():
                return self._key(need) or self._trusted_key(need)
            case NeedRecords():
                return self._records(need)
            case NeedStatuses():
                return self._statuses(need)
            case NeedHalts():
                return self._halts(need)

    def _key(self, need: NeedKey) -> Answer | None:
        found = self._consortium_slot(key_slot(need.address), since=need.since)
        if found is None:
            return None
        block, word = found
        return Answer(block.header.time, _basis(block), key=key_of(need.address, word))

    def _trusted_key(self, need: NeedKey) -> Answer | None:
        participant = self._trusted.keys.get(need.address)
        if participant is None:
            return None
        key = KeyState(need.address, participant, ANY_PURPOSE, 0, 0, 0, 0, limited=False)
        return Answer(0, "you say so", key=key)

    def _consortium_slot(
        self, slot: bytes, *, since: int, at: ProvenBlock | None = None
    ) -> tuple[ProvenBlock, bytes] | None:
        pinned = self.network.consortium_code_hash
        for block, proven in self._state.slot(self.network.consortium, slot):
            if block.header.time < since or (at is not None and block != at):
                continue
            if proven.code_hash is None or pinned not in (None, proven.code_hash):
                raise EvidenceRefusedError("another contract is at the Consortium's address")
            return block, proven.value
        return None

    def _records(self, need: NeedRecords) -> Answer | None:
        slot = record_slot(need.stream, need.sequence)
        newest = self._state.slot(self.network.registries[0].address, slot)
        for block, _ in newest:
            if block.header.time < need.since:
                break
            held = [self._record_at(one.address, slot, block) for one in self.network.registries]
            if all(one is not None for one in held):
                value = tuple(one for one in held if one is not None)
                return Answer(block.header.time, _basis(block), records=value)
        return None

    def _record_at(
        self, registry: bytes, slot: bytes, at: ProvenBlock
    ) -> tuple[bytes, bytes] | None:
        code = {one.address: one.code_hash for one in self.network.registries}
        for block, proven in self._state.slot(registry, slot):
            if block != at:
                continue
            if proven.code_hash is None:  # it did not exist yet
                return registry, ZERO_HASH
            if proven.code_hash != code[registry]:
                raise EvidenceRefusedError("another contract is at the registry's address")
            return registry, proven.value
        return None

    def _statuses(self, need: NeedStatuses) -> Answer | None:
        counted = self._consortium_slot(status_count_slot(need.participant), since=need.since)
        if counted is None:
            return None
        block, word = counted
        count = int.from_bytes(word)
        if count > STATUS_CHANGES_MAX:
            return None
        changes = []
        for index in range(count):
            slot = status_slot(need.participant, index)
            found = self._consortium_slot(slot, since=need.since, at=block)
            if found is None:
                return None
            changes.append(status_change_of(found[1]))
        return Answer(block.header.time, _basis(block), spans=tuple(changes))

    def _halts(self, need: NeedHalts) -> Answer | None:
        """Look for an unbroken row of headers over the time; a missing one could hide a halt."""
        headers = sorted((one.header.number, one) for one in self._state.blocks.values())
        row: list[ProvenBlock] = []
        for _, one in headers:
            if row and one.header.parent_hash != row[-1].header.block_hash:
                row = []
            row.append(one)
            if one.header.time > need.since:
                begun = [at for at, each in enumerate(row) if each.header.time <= need.start]
                if begun:
                    times = [each.header.time for each in row[begun[-1] :]]
                    return Answer(one.header.time, _basis(one), spans=gaps_of(times))
        return None


def gaps_of(times: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return (from, until) of each time without a block in ascending times of blocks."""
    return tuple(
        (earlier, later) for earlier, later in pairwise(times) if later - earlier > BLOCK_GAP_S
    )


def _basis(block: ProvenBlock) -> str:
    return f"proven under block {block.header.number}, {block.why}"
