"""Prefixes and notices on the chain in memory, and what its reader tells of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from anchoring.chain.memory_state import MemoryConsortium
from anchoring.errors import ChainUnavailableError
from anchoring.witness_ports import NoticeState, ProvenRecord

CODE_REGISTRY = bytes.fromhex("c1") * 20
NOTICE_BOARD = bytes.fromhex("b0") * 20


@dataclass
class MemoryNotices:
    """Who owns which prefix from when on, and the notices. Changes survive reorgs."""

    grants: list[tuple[str, int, int]] = field(default_factory=list)
    """(prefix, participant, from), oldest first."""
    notices: dict[int, NoticeState] = field(default_factory=dict)

    def owner_at(self, prefix: str, time: int) -> int:
        """Return the participant that owns a prefix at a time, 0 if nobody does."""
        held = [who for one, who, since in self.grants if prefix.startswith(one) and since <= time]
        return held[-1] if held else 0

    def publish(
        self,
        product: str,
        *,
        level: int = 1,
        is_drill: bool = False,
        lots: tuple[str, ...] = (),
        code_list: bytes = bytes(32),
        time: int = 0,
    ) -> int:
        """Publish a notice and return its id."""
        number = len(self.notices) + 1
        self.notices[number] = NoticeState(
            number, level, is_drill, 1, time, 0, product, lots, code_list
        )
        return number


class MemoryViews:
    """The part of a reader in memory that is about participants, prefixes and notices."""

    def __init__(self, consortium: MemoryConsortium, notices: MemoryNotices) -> None:
        self._members = consortium
        self._notices = notices

    async def status_changes(
        self, consortium: bytes, participant: int, *, at: bytes
    ) -> list[tuple[int, int]]:
        """Return (since, status), oldest first."""
        del consortium, at
        return self._members.status_changes(participant)

    async def epoch_changes(
        self, consortium: bytes, participant: int, *, at: bytes
    ) -> list[tuple[int, int]]:
        """Return (since, key epoch), oldest first."""
        del consortium, at
        return self._members.epochs.get(participant, [(0, 1)])

    async def successor(self, registry: bytes, *, at: bytes) -> bytes | None:
        """Return None: the registry in memory takes anchors for ever."""
        del registry, at
        return None

    async def owner_at(self, code_registry: bytes, prefix: str, time: int, *, at: bytes) -> int:
        """Return who owned the codes below a prefix at a time, 0 if nobody."""
        del code_registry, at
        return self._notices.owner_at(prefix, time)

    async def notice_numbers(self, notice_board: bytes, product: str, *, at: bytes) -> list[int]:
        """Return the numbers of the notices about a product, oldest first."""
        del notice_board, at
        return [one.id for one in self._notices.notices.values() if one.product == product]

    async def notice(
        self, notice_board: bytes, number: int, product: str, *, at: bytes
    ) -> NoticeState:
        """Return one of them."""
        del notice_board, product, at
        return self._notices.notices[number]

    async def sealers(self, block_hash: bytes) -> tuple[bytes, ...]:
        """Return nobody: blocks in memory have no seals."""
        del block_hash
        return ()

    async def prove_record(
        self, registry: bytes, stream: int, sequence: int, *, at: bytes
    ) -> ProvenRecord:
        """Refuse: there is no trie in memory."""
        del registry, stream, sequence, at
        raise ChainUnavailableError("a chain in memory proves nothing")
