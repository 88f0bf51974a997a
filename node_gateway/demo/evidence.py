"""A promise that was signed and not kept, and the file that proves it to anybody."""

from __future__ import annotations

import json
import time
from hashlib import sha256

from anchoring.audit_chain import AuditScope
from anchoring.audit_claims import Claims
from anchoring.audit_quorum import QuorumAuditor
from anchoring.audit_report import FindingCode
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.receipts import ReceiptSigner
from anchoring.chain.rpc import EvmRpc
from anchoring.core.anchor import STREAM_BITS
from anchoring.core.receipt import Receipt, parse_receipt
from anchoring.public_http import PublicGateway
from anchoring.public_lists import PublicLists
from anchoring.verification import Witness
from node_gateway.demo.companies import CompanyGateway
from node_gateway.demo.processes import DemoError
from node_gateway.demo.world import QUORUM, World, open_key

PROMISE_S = 2


def broken_promise(world: World, gateway: CompanyGateway) -> Receipt:
    """Return what a supplier holds in hand: a signed receipt for a delivery never sealed."""
    network, participant = world.ledger.network, gateway.company.participant
    chain_id, registry = network.chain_id, network.registries[0].address
    received_at = int(time.time())
    unsigned = Receipt(
        participant=participant,
        stream=participant << STREAM_BITS,
        entries=(sha256(b"a delivery that was accepted and never sealed").digest(),),
        received_at=received_at,
        anchor_by=received_at + PROMISE_S,
        chain_id=chain_id,
        registry=registry,
    )
    signer = ReceiptSigner(open_key(gateway, "sign"), chain_id=chain_id, registry=registry)
    return signer.sign(unsigned)


async def evidence_of(world: World, gateway: CompanyGateway, receipt: Receipt) -> bytes:
    """Audit the receipt against everything that its gateway published; return the finding.

    Raises:
        DemoError: the audit finds the promise kept, or not yet due.
    """
    rpc = EvmRpc(world.ledger.rpc_url)
    try:
        reader = EvmReader(rpc)
        auditor = QuorumAuditor(
            [Witness("local", None, reader.name, reader)],
            world.ledger.network,
            entries_of=PublicLists(PublicGateway(gateway.url)).fetch,
            quorum=QUORUM,
        )
        report = await auditor.audit(
            AuditScope(participant=receipt.participant, stream=receipt.stream),
            Claims(receipts=[receipt]),
        )
    finally:
        await rpc.close()
    for finding in report.findings:
        if finding.code is FindingCode.BROKEN_RECEIPT:
            return json.dumps(finding.to_json(), sort_keys=True).encode()
    raise DemoError("the audit finds no broken promise", attempt="the demo again")


def receipt_in(evidence: bytes) -> Receipt:
    """Return the receipt out of an evidence file: whoever votes audits it again."""
    return parse_receipt(json.dumps(json.loads(evidence)["evidence"]["receipt"]).encode())
