"""What a verifier asks a witness beyond anchors: history, rights, notices and proofs.

Like `anchoring.ports`: hashes are 32 bytes, addresses 20, times Unix seconds, `at` a block hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from anchoring.ports import AnchorReader


@dataclass(frozen=True, slots=True)
class NoticeState:
    """A recall notice as the NoticeBoard holds it.

    Attributes:
        level: 1 (gravest) to 3.
        is_drill: An exercise, which blocks nothing.
        lifted_at: 0 while it stands.
        lots: Lots of the product that it is about; empty means all, or those of the list.
        code_list: Digest of a list of codes that is not public; zero if there is none.
    """

    id: int
    level: int
    is_drill: bool
    publisher: int
    published_at: int
    lifted_at: int
    product: str
    lots: tuple[str, ...]
    code_list: bytes


@dataclass(frozen=True, slots=True)
class ProvenRecord:
    """A record under the state root that a block hash commits to, by `eth_getProof`.

    `code_hash` is the Keccak-256 of the registry's code, None if it has none.
    """

    record: bytes
    code_hash: bytes | None


class WitnessReader(AnchorReader, Protocol):
    """One witness with all that a verifier asks. Holds no key.

    Every method raises ChainUnavailableError if the witness does not answer as a chain does.
    """

    async def status_changes(
        self, consortium: bytes, participant: int, *, at: bytes
    ) -> list[tuple[int, int]]:
        """Return (since, status) of a participant, oldest first; empty if it is unknown."""
        ...

    async def epoch_changes(
        self, consortium: bytes, participant: int, *, at: bytes
    ) -> list[tuple[int, int]]:
        """Return (since, key epoch), oldest first; the others' vote for another key opens one."""
        ...

    async def successor(self, registry: bytes, *, at: bytes) -> bytes | None:
        """Return the registry that was named after this one, None while it takes anchors."""
        ...

    async def owner_at(self, code_registry: bytes, prefix: str, time: int, *, at: bytes) -> int:
        """Return who owned the codes below a prefix at a time, 0 if nobody."""
        ...

    async def notice_numbers(self, notice_board: bytes, product: str, *, at: bytes) -> list[int]:
        """Return the numbers of the notices about a product, lifted ones too, oldest first."""
        ...

    async def notice(
        self, notice_board: bytes, number: int, product: str, *, at: bytes
    ) -> NoticeState:
        """Return one of them, which must be about that product."""
        ...

    async def sealers(self, block_hash: bytes) -> tuple[bytes, ...]:
        """Return who sealed a block, recovered from its header, which must give that hash.

        Raises:
            FormatError: `header_form` or `header_hash`: it shows no such header.
        """
        ...

    async def prove_record(
        self, registry: bytes, stream: int, sequence: int, *, at: bytes
    ) -> ProvenRecord:
        """Return a record and prove it under the block hash.

        Raises:
            FormatError: `header_form`, `header_hash` or `proof_form`: it shows no proof.
            ProofError: it shows one, and that does not hold.
        """
        ...
