"""What somebody handed to the auditor: receipts, openings, bundles, signed transactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from anchoring.audit_report import AuditReport, FindingCode
from anchoring.audit_statements import (
    Statement,
    differing_paths,
    statement_of_bundle,
    statement_of_opening,
)
from anchoring.chain.network import Network
from anchoring.chain.receipts import receipt_signer
from anchoring.chain.transactions import SignedAnchors
from anchoring.core.anchor import Anchor
from anchoring.core.opening import FullOpening
from anchoring.core.receipt import Receipt
from anchoring.core.verify import CheckedBundle
from anchoring.errors import AnchoringError, ReceiptError
from anchoring.ports import AnchorReader, BlockRef

PURPOSE_ANCHOR, PURPOSE_SIGN = 1, 2
BLOCK_GAP_S = 60
"""Time without a block from which on the chain counts as halted."""
HALT_BLOCKS_MAX = 5000
"""Blocks before a promised time that are searched for halts."""


@dataclass(frozen=True, slots=True)
class AuditedList:
    """An anchor, its block time, and its entries; None if withheld or not what was anchored."""

    anchor: Anchor
    time: int
    entries: frozenset[bytes] | None


@dataclass(frozen=True, slots=True)
class Claims:
    """Material to check against the anchors in scope."""

    receipts: Sequence[Receipt] = field(default_factory=tuple)
    openings: Sequence[FullOpening] = field(default_factory=tuple)
    bundles: Sequence[CheckedBundle] = field(default_factory=tuple)
    transactions: Sequence[tuple[bytes, SignedAnchors]] = field(default_factory=tuple)
    """Raw signed bytes with what `chain.transactions.decode_signed` read out of them."""


class ClaimsAuditor:
    """Checks claims against the lists of one audit; findings go into its report."""

    def __init__(
        self,
        reader: AnchorReader,
        network: Network,
        head: BlockRef,
        lists: Sequence[AuditedList],
        report: AuditReport,
    ) -> None:
        self._reader = reader
        self._network = network
        self._head = head
        self._lists = lists
        self._report = report

    async def check(self, claims: Claims) -> None:
        """Check everything."""
        for receipt in claims.receipts:
            await self._check_receipt(receipt)
        self._check_statements(claims)
        await self._check_transactions(claims)

    async def _check_receipt(self, receipt: Receipt) -> None:
        self._report.receipts += 1
        problem = await self._receipt_problem(receipt)
        if problem:
            self._report.add(
                FindingCode.RECEIPT_INVALID,
                problem,
                stream=receipt.stream,
                receipt=receipt.to_wire(),
            )
            return
        if receipt.stream not in self._report.streams:
            self._report.unchecked.append(f"a receipt of stream {receipt.stream}: not in scope")
            return
        lists = [one for one in self._lists if one.anchor.stream == receipt.stream]
        if self._missing(receipt, lists, receipt.anchor_by):
            await self._check_promise(receipt, lists)

    async def _receipt_problem(self, receipt: Receipt) -> str:
        registries = [one.address for one in self._network.registries]
        if receipt.chain_id != self._network.chain_id or receipt.registry not in registries:
            return "the receipt is for another chain or registry"
        try:
            signer = receipt_signer(receipt)
        except ReceiptError as error:
            return str(error)
        valid = await self._reader.key_valid_at(
            self._network.consortium,
            signer,
            participant=receipt.participant,
            purpose=PURPOSE_SIGN,
            time=receipt.received_at,
            at=self._head.block_hash,
        )
        return "" if valid else f"0x{signer.hex()} was no key of the participant to sign with then"

    @staticmethod
    def _missing(receipt: Receipt, lists: Sequence[AuditedList], deadline: int) -> set[bytes]:
        missing = set(receipt.entries)
        for one in lists:
            if one.entries is not None and one.time <= deadline:
                missing -= one.entries
        return missing

    async def _check_promise(self, receipt: Receipt, lists: Sequence[AuditedList]) -> None:
        """Judge a promise whose entries are not all there by `anchor_by` as it was signed."""
        deadline = await self._extended(receipt)
        missing = self._missing(receipt, lists, deadline)
        if not missing:
            return
        if self._head.time <= deadline:
            self._report.not_due += 1
            return
        later = missing - self._missing(receipt, lists, self._head.time)
        if later:
            self._report.add(
                FindingCode.LATE_ANCHOR,
                f"{len(later)} entries were anchored after the promised time",
                stream=receipt.stream,
                receipt=receipt.to_wire(),
                deadline=deadline,
                entries=sorted(entry.hex() for entry in later),
            )
        absent = sorted(entry.hex() for entry in missing - later)
        unknown = [one.anchor.sequence for one in lists if one.entries is None]
        if absent and unknown:
            self._report.unchecked.append(
                f"{len(absent)} entries of a receipt of stream {receipt.stream}: the lists of "
                f"sequences {unknown[:10]} are not known; withholding them is a breach as well"
            )
        elif absent:
            self._report.add(
                FindingCode.BROKEN_RECEIPT,
                f"{len(absent)} promised entries are in none of the stream's lists",
                stream=receipt.stream,
                receipt=receipt.to_wire(),
                deadline=deadline,
                entries=absent,
                lists=[
                    {"sequence": one.anchor.sequence, "root": one.anchor.root.hex()}
                    for one in lists
                ],
            )

    async def _extended(self, receipt: Receipt) -> int:
        """Return `anchor_by` extended by suspensions and by times without a block."""
        deadline = receipt.anchor_by
        for start, end in await self._reader.suspensions(
            self._network.consortium, receipt.participant, at=self._head.block_hash
        ):
            if start <= deadline:
                stop = end or self._head.time
                deadline += max(0, stop - max(start, receipt.received_at))
        return deadline + await self._halted_s(receipt.received_at, deadline)

    async def _halted_s(self, start: int, deadline: int) -> int:
        """Return how long the chain made no block between `start` and the deadline."""
        later = await self._reader.block(await self._first_block_after(deadline))
        halted = 0
        for _ in range(HALT_BLOCKS_MAX):
            if later is None or later.number == 0 or later.time <= start:
                break
            block = await self._reader.block(later.number - 1)
            if block is not None and later.time - block.time > BLOCK_GAP_S:
                halted += later.time - max(block.time, start)
            later = block
        return halted

    async def _first_block_after(self, time: int) -> int:
        """Return the number of the first block later than `time`, at most the head's."""
        low, high = 0, self._head.number
        while low < high:
            middle = (low + high) // 2
            block = await self._reader.block(middle)
            if block is not None and block.time > time:
                high = middle
            else:
                low = middle + 1
        return low

    def _check_statements(self, claims: Claims) -> None:
        """Compare opened and disclosed events with the lists and with each other."""
        events: dict[tuple[int, str, bool], list[Statement]] = {}
        values: dict[tuple[bytes, str], tuple[object, str]] = {}
        for opening in claims.openings:
            self._report.openings += 1
            entry = self._opened_entry(opening)
            if entry is not None:
                self._note_event(events, statement_of_opening(opening, entry))
        anchors = {(one.anchor.stream, one.anchor.sequence): one.anchor for one in self._lists}
        for one in claims.bundles:
            anchor = one.bundle.anchor
            if anchors.get((anchor.stream, anchor.sequence)) != anchor:
                name = f"{anchor.stream}/{anchor.sequence}"
                self._report.unchecked.append(f"a bundle of {name}: not anchored in scope")
                continue
            self._note_event(events, statement_of_bundle(one))
            for item, text in zip(one.fields, one.bundle.fields.disclosures, strict=True):
                self._note_value(values, one.entry, item.item.path, item.item.value, text)

    def _opened_entry(self, opening: FullOpening) -> bytes | None:
        try:
            entry = opening.commitment().entry
        except AnchoringError as error:
            self._report.unchecked.append(f"an opening that commits to nothing: {error}")
            return None
        if any(one.entries is not None and entry in one.entries for one in self._lists):
            return entry
        text = "the opened event's entry is in none of the lists"
        self._report.add(FindingCode.OPENING_NOT_ANCHORED, text, entry=entry.hex())
        return None

    def _note_event(
        self,
        events: dict[tuple[int, str, bool], list[Statement]],
        statement: Statement | None,
    ) -> None:
        if statement is None:
            return
        earlier = events.setdefault(statement.identity, [])
        for one in earlier:
            if one.entry == statement.entry:
                continue
            paths = differing_paths(one, statement)
            if not paths and not (one.is_whole and statement.is_whole):
                text = (
                    f"two entries carry the eventID {statement.identity[1]}: open both to compare"
                )
                self._report.unchecked.append(text)
            if paths:
                self._report.add(
                    FindingCode.EQUIVOCATION,
                    "two anchored events of one participant carry one eventID and differ",
                    participant=statement.identity[0],
                    eventID=statement.identity[1],
                    entries=[one.entry.hex(), statement.entry.hex()],
                    paths=paths,
                )
                break
        earlier.append(statement)

    def _note_value(
        self,
        values: dict[tuple[bytes, str], tuple[object, str]],
        entry: bytes,
        path: str,
        value: object,
        disclosure: str,
    ) -> None:
        first_value, first_disclosure = values.setdefault((entry, path), (value, disclosure))
        if first_value != value or type(first_value) is not type(value):
            self._report.add(
                FindingCode.EQUIVOCATION,
                "one anchored entry was disclosed with two values at one path",
                entry=entry.hex(),
                path=path,
                disclosures=[first_disclosure, disclosure],
            )

    async def _check_transactions(self, claims: Claims) -> None:
        """Find two signed anchors for one (stream, sequence); the chain counts as one."""
        anchored = {(one.anchor.stream, one.anchor.sequence): one.anchor for one in self._lists}
        seen: dict[tuple[int, int], tuple[Anchor, bytes]] = {}
        registries = {one.address for one in self._network.registries}
        for raw, signed in claims.transactions:
            if signed.registry not in registries:
                self._report.unchecked.append("a signed transaction for another registry")
                continue
            for anchor in signed.anchors:
                if not await self._is_anchor_key(signed.sender, anchor.participant):
                    self._report.unchecked.append(
                        f"a transaction by 0x{signed.sender.hex()}: no key of that participant"
                    )
                    continue
                name = (anchor.stream, anchor.sequence)
                first, first_raw = seen.setdefault(name, (anchor, raw))
                on_chain = anchored.get(name, anchor)
                if first != anchor or on_chain != anchor:
                    self._report.add(
                        FindingCode.EQUIVOCATION,
                        "the participant signed two anchors for one sequence",
                        stream=anchor.stream,
                        sequence=anchor.sequence,
                        roots=sorted({one.root.hex() for one in (first, anchor, on_chain)}),
                        transactions=sorted({first_raw.hex(), raw.hex()}),
                    )

    async def _is_anchor_key(self, address: bytes, participant: int) -> bool:
        at = self._head.block_hash
        key = await self._reader.key(self._network.consortium, address, at=at)
        return key is not None and (key.participant, key.purpose) == (participant, PURPOSE_ANCHOR)
