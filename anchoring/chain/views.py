"""What the contracts tell of history, rights and notices, and what a witness can prove."""

from __future__ import annotations

from typing import Any

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.calls import EvmCalls, at_block
from anchoring.chain.headers import Header, check_header
from anchoring.chain.proofs import check_proof, record_slot
from anchoring.errors import ChainUnavailableError, ContractRefusedError, FormatError
from anchoring.witness_ports import NoticeState, ProvenRecord


class EvmViews(EvmCalls):
    """`anchoring.witness_ports` over JSON-RPC. `at` is a block hash everywhere."""

    async def status_changes(
        self, consortium: bytes, participant: int, *, at: bytes
    ) -> list[tuple[int, int]]:
        """Return (since, status), oldest first; empty if the participant is unknown."""
        abi = self._consortium_abi
        try:
            (rows,) = await self._call(abi, consortium, "statusChangesOf", participant, at=at)
        except ContractRefusedError as error:
            if error.name == "ConsortiumUnknownParticipant":
                return []
            raise
        return [(int(since), int(status)) for since, status in rows]

    async def epoch_changes(
        self, consortium: bytes, participant: int, *, at: bytes
    ) -> list[tuple[int, int]]:
        """Return (since, key epoch) of a participant's admin key, oldest first."""
        abi = self._consortium_abi
        (rows,) = await self._call(abi, consortium, "epochChangesOf", participant, at=at)
        return [(int(since), int(epoch)) for since, epoch in rows]

    async def owner_at(self, code_registry: bytes, prefix: str, time: int, *, at: bytes) -> int:
        """Return who owned the codes below a prefix at a time, 0 if nobody."""
        abi = ContractAbi(load("CodeRegistry").abi)
        _, participant = await self._call(abi, code_registry, "ownerAt", prefix, time, at=at)
        return int(participant)

    async def notice_numbers(self, notice_board: bytes, product: str, *, at: bytes) -> list[int]:
        """Return the numbers of the notices about a product, lifted ones too, oldest first."""
        (numbers,) = await self._call(self._board_abi, notice_board, "noticesOf", product, at=at)
        return list(numbers)

    async def notice(
        self, notice_board: bytes, number: int, product: str, *, at: bytes
    ) -> NoticeState:
        """Return one of them, which must be about that product."""
        (fields,) = await self._call(self._board_abi, notice_board, "notice", number, at=at)
        level, drill, _, publisher, published_at, lifted_at, scope = fields
        notice = NoticeState(
            number, level, drill, publisher, published_at, lifted_at, *_scope(scope)
        )
        if notice.product != product:
            raise ChainUnavailableError(f"{self.name} gives a notice of another product")
        return notice

    async def sealers(self, block_hash: bytes) -> tuple[bytes, ...]:
        """Return who sealed a block; raises FormatError if the header is not that block's."""
        return (await self._header(block_hash)).sealers

    async def prove_record(
        self, registry: bytes, stream: int, sequence: int, *, at: bytes
    ) -> ProvenRecord:
        """Return a record that `eth_getProof` proves under the block hash."""
        header = await self._header(at)
        slot = record_slot(stream, sequence)
        answer = await self._read(
            "eth_getProof", "0x" + registry.hex(), ["0x" + slot.hex()], at_block(at)
        )
        if not isinstance(answer, dict):
            raise FormatError(f"{self.name} gives no proof", code="proof_form")
        proven = check_proof(answer, state_root=header.state_root, address=registry, slot=slot)
        return ProvenRecord(proven.value, proven.code_hash)

    async def _header(self, block_hash: bytes) -> Header:
        answer = await self._read("eth_getBlockByHash", "0x" + block_hash.hex(), False)  # noqa: FBT003
        if not isinstance(answer, dict):
            raise FormatError(f"{self.name} gives no such header", code="header_form")
        return check_header(answer, block_hash)


def _scope(scope: tuple[Any, ...]) -> tuple[str, tuple[str, ...], bytes]:
    product, lots, code_list = scope
    return product, tuple(lots), bytes(code_list)
