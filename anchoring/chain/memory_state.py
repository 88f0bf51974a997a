"""The rules of the two contracts in Python, for the chain in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from anchoring.core.anchor import STREAM_BITS, ZERO_HASH, Anchor, record
from anchoring.errors import ContractRefusedError
from anchoring.ports import BlockRef, KeyState, ParticipantState, StreamHead

ACTIVE, SUSPENDED = 1, 2
PURPOSE_ANCHOR, PURPOSE_SIGN = 1, 2
NO_HEAD = StreamHead(0, ZERO_HASH)


@dataclass(frozen=True, slots=True)
class State:
    """What a block leaves behind; never changed, only copied."""

    records: dict[tuple[int, int], bytes] = field(default_factory=dict)
    heads: dict[int, StreamHead] = field(default_factory=dict)
    nonces: dict[bytes, int] = field(default_factory=dict)

    def copy(self) -> State:
        """Return a copy that the next block may change."""
        return State(dict(self.records), dict(self.heads), dict(self.nonces))


class MemoryConsortium:
    """Participants and keys with their history. Changes hold at once and survive reorgs."""

    def __init__(self) -> None:
        self.participants: dict[int, ParticipantState] = {}
        self.keys: dict[bytes, KeyState] = {}
        self.epochs: dict[int, list[tuple[int, int]]] = {}
        self._changes: dict[int, list[tuple[int, int]]] = {}
        self._streams: dict[bytes, frozenset[int]] = {}

    def admit(self, slug: str, *, time: int = 0, roles: int = 1) -> int:
        """Admit a participant and return its id."""
        number = len(self.participants) + 1
        admin, recovery = number.to_bytes(20), (number + 2**32).to_bytes(20)
        self.participants[number] = ParticipantState(
            number, slug, slug.title(), f"https://{slug}.example", roles, ACTIVE, admin, recovery
        )
        self._changes[number] = [(time, ACTIVE)]
        return number

    def add_key(
        self,
        participant: int,
        address: bytes,
        *,
        purpose: int = PURPOSE_ANCHOR,
        valid_from: int = 0,
        valid_until: int = 0,
        streams: frozenset[int] = frozenset(),
    ) -> None:
        """Add a key; no streams means all of the participant's."""
        self._streams[address] = streams
        self.keys[address] = KeyState(
            address, participant, purpose, valid_from, valid_until, 0, 0, bool(streams)
        )

    def revoke(self, address: bytes, *, time: int, compromised_since: int = 0) -> None:
        """Revoke a key."""
        self.keys[address] = replace(
            self.keys[address], revoked_at=time, compromised_since=compromised_since
        )

    def set_status(self, participant: int, status: int, *, time: int) -> None:
        """Suspend, reinstate or remove a participant."""
        state = self.participants[participant]
        self.participants[participant] = replace(state, status=status)
        self._changes[participant].append((time, status))

    def status_changes(self, participant: int) -> list[tuple[int, int]]:
        """Return (since, status), oldest first; empty before admission."""
        return list(self._changes.get(participant, []))

    def status_at(self, participant: int, time: int) -> int:
        """Return the status at a time, 0 before admission."""
        held = [status for since, status in self._changes.get(participant, []) if since <= time]
        return held[-1] if held else 0

    def suspensions(self, participant: int) -> list[tuple[int, int]]:
        """Return the half-open times of suspension; an end of 0 is no end yet."""
        found: list[tuple[int, int]] = []
        started: int | None = None
        for since, status in self._changes.get(participant, []):
            if status == SUSPENDED and started is None:
                started = since
            elif status != SUSPENDED and started is not None:
                found.append((started, since))
                started = None
        return found if started is None else [*found, (started, 0)]

    def key_valid_at(self, address: bytes, participant: int, purpose: int, time: int) -> bool:
        """Return True if the key was the participant's for that purpose at `time`."""
        key = self.keys.get(address)
        if key is None or (key.participant, key.purpose) != (participant, purpose):
            return False
        ends = [end for end in (key.valid_until, key.revoked_at, key.compromised_since) if end]
        return key.valid_from <= time and all(time < end for end in ends)

    def may_anchor(self, address: bytes, stream: int, time: int) -> bool:
        """Return True if the key may write to the stream at `time`."""
        participant = stream >> STREAM_BITS
        allowed = self._streams.get(address, frozenset())
        return (
            self.key_valid_at(address, participant, PURPOSE_ANCHOR, time)
            and self.status_at(participant, time) == ACTIVE
            and (not allowed or stream in allowed)
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """One registry's rules on one chain."""

    chain_id: int
    registry: bytes
    consortium: MemoryConsortium

    def append(
        self, state: State, anchors: tuple[Anchor, ...], *, sender: bytes, block: BlockRef
    ) -> None:
        """Apply one call to `state`: all anchors, or an error (and a state to throw away).

        Raises:
            ContractRefusedError: what the contract would revert with.
        """
        if not anchors:
            raise ContractRefusedError("AnchorRegistryNothing")
        for anchor in anchors:
            stream = anchor.stream
            if not self.consortium.may_anchor(sender, stream, block.time):
                arguments = ("0x" + sender.hex(), stream)
                raise ContractRefusedError("AnchorRegistryUnauthorized", arguments)
            if anchor.root == ZERO_HASH or anchor.size == 0:
                raise ContractRefusedError("AnchorRegistryEmptyBatch")
            head = state.heads.get(stream, NO_HEAD)
            if anchor.sequence != head.sequence + 1:
                numbers = (stream, head.sequence + 1, anchor.sequence)
                raise ContractRefusedError("AnchorRegistryOutOfSequence", numbers)
            if anchor.previous_tip != head.tip:
                tips = (stream, head.tip, anchor.previous_tip)
                raise ContractRefusedError("AnchorRegistryTipMismatch", tips)
            tip = anchor.tip(chain_id=self.chain_id, registry=self.registry)
            state.records[stream, anchor.sequence] = record(tip, block.number, block.time)
            state.heads[stream] = StreamHead(anchor.sequence, tip)
