"""What must hold after a fault, checked by an auditor from outside (I1 to I7)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import psycopg

from anchoring.audit_claims import Claims
from anchoring.audit_report import AuditReport
from anchoring.auditor import Auditor, AuditScope
from anchoring.chain.transactions import decode_signed
from anchoring.core.receipt import Receipt, parse_receipt
from anchoring.core.verify import CheckedBundle, check_anchored, check_bundles
from tests.faults.world import Chain, Home


@dataclass
class Ledger:
    """What a client knows: entry and receipt of every event that was acknowledged."""

    entries: dict[str, str] = field(default_factory=dict)  # eventID -> entry
    receipts: dict[str, bytes] = field(default_factory=dict)  # entry -> receipt

    def note(self, event_id: str, entry: str) -> None:
        """I6: the same event always has the same entry."""
        assert self.entries.setdefault(event_id, entry) == entry, event_id

    def note_receipt(self, entry: str, receipt: bytes) -> None:
        assert self.receipts.setdefault(entry, receipt) == receipt, entry

    def promises(self) -> list[Receipt]:
        return [parse_receipt(raw) for raw in sorted(set(self.receipts.values()))]


async def audit(
    chain: Chain, client: httpx2.AsyncClient, claims: Claims | None = None
) -> AuditReport:
    """Audit everything of the participant, with the public lists of its gateway."""

    async def entries_of(stream: int, sequence: int) -> list[bytes] | None:
        answer = await client.get(f"/v1/streams/{stream}/anchors/{sequence}/entries")
        if answer.status_code != 200:
            return None
        return [bytes.fromhex(entry) for entry in answer.json()["entries"]]

    auditor = Auditor(chain.reader, chain.network, entries_of=entries_of)
    return await auditor.audit(AuditScope(participant=1), claims)


async def accepted(chain: Chain, raw: bytes) -> CheckedBundle:
    """Verify a bundle as anybody would, and by the contract itself (I4)."""
    (checked,) = check_bundles(raw)
    anchor, at = checked.bundle.anchor, checked.bundle.anchored_at
    head = await chain.reader.head()
    slot = await chain.reader.record(
        chain.registry, anchor.stream, anchor.sequence, at=head.block_hash
    )
    check_anchored(checked, chain_id=4242, slots=[(chain.registry, slot)])
    (holds,) = await chain.reader._call(
        chain.reader.registry_abi,
        chain.registry,
        "verify",
        (anchor.stream, anchor.sequence, anchor.root, anchor.size, anchor.previous_tip),
        at.block_number,
        at.block_time,
        checked.entry,
        checked.bundle.event_index,
        list(checked.bundle.event_siblings),
        at=head.block_hash,
    )
    assert holds
    return checked


async def check_everything(
    chain: Chain, home: Home, client: httpx2.AsyncClient, ledger: Ledger, *, erased: set[str]
) -> AuditReport:
    """Check I1 to I7 for everything that the ledger holds; all of it must be final."""
    bundles = []
    places: set[tuple[int, int, int]] = set()
    for event_id, entry in ledger.entries.items():
        state = (await client.get(f"/v1/events/{entry}")).json()
        assert (state["state"], state["erased"]) == ("final", entry in erased), state
        receipt = await client.get(f"/v1/events/{entry}/receipt")
        assert receipt.content == ledger.receipts[entry]
        bundle = await client.get(f"/v1/events/{entry}/bundle", params=_codes_of(event_id))
        if entry in erased:
            assert bundle.status_code == 410
            continue
        assert bundle.status_code == 200, bundle.text
        checked = await accepted(chain, bundle.content)
        assert checked.entry.hex() == entry
        assert checked.values["$['eventID']"] == event_id
        anchor = checked.bundle.anchor
        places.add((anchor.stream, anchor.sequence, checked.bundle.event_index))
        bundles.append(checked)
    assert len(places) == len(bundles)  # I2
    signed = [(raw, decode_signed(raw, chain.reader.registry_abi)) for raw in stored_raw(home)]
    claims = Claims(receipts=ledger.promises(), bundles=bundles, transactions=signed)
    report = await audit(chain, client, claims)
    assert report.findings == []
    assert report.unchecked == []
    assert report.receipts == len(ledger.promises())
    await _check_final_blocks(chain, home)
    return report


def _codes_of(event_id: str) -> dict[str, str]:
    code = LARGE_CODES.get(event_id)
    return {"code": code} if code else {}


LARGE_CODES: dict[str, str] = {}
"""eventID of a large event -> one of its codes: its bundle must be asked for by code."""


async def _check_final_blocks(chain: Chain, home: Home) -> None:
    """I7: what the database calls final stands in canonical blocks, deep enough."""
    head = await chain.reader.head()
    rows = query(home, "SELECT block_number, block_hash FROM batch WHERE state = 2")
    assert rows
    for number, block_hash in rows:
        block = await chain.reader.block(number)
        assert block is not None
        assert block.block_hash == bytes(block_hash)
        assert number + 1 <= head.number


def stored_raw(home: Home) -> list[bytes]:
    """Return every transaction that the gateway ever signed and kept."""
    return [
        bytes(raw) for (raw,) in query(home, "SELECT raw FROM signed_transaction ORDER BY nonce")
    ]


def query(home: Home, statement: str) -> Sequence[tuple[Any, ...]]:
    """Read from a home's database, beside the gateway."""
    if home.database.startswith("sqlite"):
        connection = sqlite3.connect(f"file:{home.file}?mode=ro", uri=True)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()
    with psycopg.connect(home.database) as session:
        return session.execute(statement.encode()).fetchall()
