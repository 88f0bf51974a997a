"""An audit through three nodes of which one lies: it finds the lie, and nothing is hidden by it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from anchoring.audit_chain import AuditScope
from anchoring.audit_quorum import QuorumAuditor
from anchoring.audit_report import AuditReport
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.rpc import EvmRpc
from anchoring.verification import Witness
from tests.anchoring.chain import lies
from tests.anchoring.chain.quorum_scene import TIMEOUT_S, QuorumScene, open_scene
from tests.liars import truth

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOUND = ("removed_log", "other_root", "other_signer", "no_record", "forged_record", "block_hashes")
HARMLESS = ("old_head", "silent", "status_503", "chain_id", "tx_receipt")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene() -> AsyncIterator[QuorumScene]:
    async with open_scene() as made:
        yield made


async def audit(scene: QuorumScene) -> AuditReport:
    """Audit the maker through three organisations, without its lists."""
    urls = {
        "honest": scene.nodes.followers[0].url,
        "liar": scene.liar.url,
        "regulator": scene.nodes.followers[2].url,
    }
    rpcs = {name: EvmRpc(url, timeout_s=TIMEOUT_S) for name, url in urls.items()}
    witnesses = [Witness(name, None, name, EvmReader(rpc)) for name, rpc in rpcs.items()]
    try:
        auditor = QuorumAuditor(witnesses, scene.network, catch_up_s=0)
        return await auditor.audit(AuditScope(participant=1))
    finally:
        for rpc in rpcs.values():
            await rpc.close()


async def test_three_honest_nodes_give_a_clean_audit(scene: QuorumScene) -> None:
    scene.liar.lie = truth
    report = await audit(scene)
    assert (report.anchors, report.findings) == (1, [])
    assert report.organisations == ["honest", "liar", "regulator"]


@pytest.mark.parametrize("name", FOUND)
async def test_a_lie_is_a_finding_and_hides_no_anchor(scene: QuorumScene, name: str) -> None:
    scene.liar.lie = lies.EVERY[name]
    report = await audit(scene)
    assert report.anchors >= 1
    assert report.findings
    assert {"honest", "regulator"} <= set(report.organisations)
    for finding in report.findings:
        assert finding.seen_by in ((), ("liar",)), finding


@pytest.mark.parametrize("name", HARMLESS)
async def test_a_fault_leaves_the_audit_to_the_others(scene: QuorumScene, name: str) -> None:
    scene.liar.lie = lies.EVERY[name]
    report = await audit(scene)
    assert (report.anchors, report.findings) == (1, [])
    assert {"honest", "regulator"} <= set(report.organisations)
