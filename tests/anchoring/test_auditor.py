"""The auditor finds what a gateway did, from the chain, public lists and what it once signed."""

from dataclasses import replace

import pytest

from anchoring.artifacts import load
from anchoring.audit_claims import Claims
from anchoring.audit_report import AuditReport, FindingCode
from anchoring.auditor import Auditor, AuditScope
from anchoring.chain.abi import ContractAbi
from anchoring.chain.memory_ports import MemoryReader
from anchoring.chain.memory_state import ACTIVE, SUSPENDED
from anchoring.chain.transactions import decode_signed
from anchoring.core.anchor import Anchor
from anchoring.core.verify import check_bundle
from anchoring.errors import ChainIdentityError, ChainUnavailableError
from anchoring.ports import StreamHead
from tests.anchoring.chain.sealed import Issuer, network_of
from tests.anchoring.chain.worlds import (
    START,
    STREAM,
    AnvilWorld,
    MemoryWorld,
    anvil_world,
    signer,
)


class Scene:
    """Two sealed batches of one stream, a clock that can be moved, and an auditor."""

    def __init__(self) -> None:
        self.world = MemoryWorld()
        self.issuer = Issuer(self.world)
        self.entries_of = self.issuer.entries_of

    async def set_up(self) -> None:
        self.first = await self.issuer.seal(self.issuer.commit(1), self.issuer.commit(2))
        self.second = await self.issuer.seal(self.issuer.commit(3))
        self.network = await network_of(self.world)

    async def audit(self, claims: Claims | None = None, **scope: object) -> AuditReport:
        auditor = Auditor(self.world.reader, self.network, entries_of=self.entries_of)
        return await auditor.audit(AuditScope(participant=1, **scope), claims)  # type: ignore[arg-type]

    def serve(self, sequence: int, entries: list[bytes] | None) -> None:
        async def entries_of(stream: int, asked: int) -> list[bytes] | None:
            return entries if asked == sequence else await self.issuer.entries_of(stream, asked)

        self.entries_of = entries_of

    def later(self, seconds: int) -> None:
        """Let time pass in blocks of half a minute, so that the chain is never halted."""
        for _ in range(seconds // 30):
            self.world.clock.now += 30
            self.world.mine()


@pytest.fixture
async def scene() -> Scene:
    made = Scene()
    await made.set_up()
    return made


def codes(report: AuditReport) -> list[str]:
    return [str(finding.code) for finding in report.findings]


async def test_an_honest_stream_is_clean(scene: Scene) -> None:
    report = await scene.audit()
    assert (report.anchors, report.lists, report.entries) == (2, 2, 32)
    assert (report.findings, report.unchecked, report.streams) == ([], [], [STREAM])


async def test_an_honest_stream_on_real_contracts_is_clean() -> None:
    world = await anvil_world()
    issuer = Issuer(world)
    await issuer.seal(issuer.commit(1))
    await issuer.seal(issuer.commit(2))
    auditor = Auditor(world.reader, await network_of(world), entries_of=issuer.entries_of)
    report = await auditor.audit(AuditScope(participant=1, stream=STREAM))
    assert (report.anchors, report.lists, report.findings) == (2, 2, [])
    await world.close()


async def test_a_withheld_list_is_reported(scene: Scene) -> None:
    scene.serve(2, None)
    [finding] = (await scene.audit()).findings
    assert (finding.code, finding.sequence) == (FindingCode.WITHHELD_LIST, 2)


async def test_an_unsorted_list_is_reported(scene: Scene) -> None:
    entries = list(scene.second.batch.entries)
    scene.serve(2, [entries[1], entries[0], *entries[2:]])
    assert codes(await scene.audit()) == ["unsorted_list", "wrong_root"]


@pytest.mark.parametrize("change", ["flip", "drop", "add", "empty", "short"])
async def test_another_list_is_reported_with_both_roots(scene: Scene, change: str) -> None:
    entries = list(scene.second.batch.entries)
    changed = {
        "flip": [*entries[:-1], b"\xff" * 32],
        "drop": entries[:-1],
        "add": [*entries, b"\xff" * 32],
        "empty": [],
        "short": [*entries[:-1], b"\xff" * 31],
    }[change]
    scene.serve(2, changed)
    [finding] = (await scene.audit()).findings
    assert finding.code is FindingCode.WRONG_ROOT
    assert finding.evidence["anchored"]["root"] == scene.second.anchor.root.hex()
    assert finding.evidence["computed"]["size"] == len(changed)


async def test_no_gateway_means_unchecked_and_not_clean_silence(scene: Scene) -> None:
    report = await Auditor(scene.world.reader, scene.network).audit(AuditScope(participant=1))
    assert (report.findings, len(report.unchecked)) == ([], 2)


@pytest.mark.parametrize("hidden", [1, 2])
async def test_a_witness_that_hides_an_anchor_shows_as_a_gap(scene: Scene, hidden: int) -> None:
    class Hiding(MemoryReader):
        async def anchored(self, registry, **asked):
            logs = await super().anchored(registry, **asked)
            return [log for log in logs if log.anchor.sequence != hidden]

    auditor = Auditor(Hiding(scene.world.chain), scene.network, entries_of=scene.entries_of)
    report = await auditor.audit(AuditScope(participant=1))
    assert "gap" in codes(report)


async def test_a_state_that_ran_ahead_for_a_moment_is_no_gap(scene: Scene) -> None:
    """An endpoint that is just adding a block may answer for the one before out of the new one."""
    asked = 0

    class Adding(MemoryReader):
        async def stream_head(self, registry, stream, *, at):
            nonlocal asked
            asked += 1
            found = await super().stream_head(registry, stream, at=at)
            return StreamHead(found.sequence + 1, b"\x01" * 32) if asked == 1 else found

    report = await Auditor(
        Adding(scene.world.chain), scene.network, entries_of=scene.entries_of
    ).audit(AuditScope(participant=1))
    assert (codes(report), asked) == ([], 2)


async def test_a_witness_with_a_false_log_contradicts_its_own_record(scene: Scene) -> None:
    class Lying(MemoryReader):
        async def anchored(self, registry, **asked):
            logs = await super().anchored(registry, **asked)
            return [replace(log, anchor=replace(log.anchor, root=b"\x01" * 32)) for log in logs]

    auditor = Auditor(Lying(scene.world.chain), scene.network)
    assert "wrong_record" in codes(await auditor.audit(AuditScope(participant=1)))


async def test_logs_are_read_in_ranges_that_halve_when_refused(scene: Scene) -> None:
    scene.world.mine(30)
    asked: list[int] = []

    class Narrow(MemoryReader):
        async def anchored(self, registry, *, first_block, last_block, **rest):
            asked.append(last_block - first_block + 1)
            if last_block - first_block + 1 > 5:
                raise ChainUnavailableError("too many blocks")
            return await super().anchored(
                registry, first_block=first_block, last_block=last_block, **rest
            )

    auditor = Auditor(Narrow(scene.world.chain), scene.network, entries_of=scene.entries_of)
    report = await auditor.audit(AuditScope(participant=1))
    assert (report.anchors, report.findings) == (2, [])
    assert min(asked) <= 5


async def test_f5_an_audit_of_another_chain_is_refused(scene: Scene) -> None:
    scene.network = replace(scene.network, genesis_hash=b"\x01" * 32)
    with pytest.raises(ChainIdentityError):
        await scene.audit()


async def test_f12_a_reorg_during_the_audit_is_said(scene: Scene) -> None:
    async def reorganising(stream: int, sequence: int) -> list[bytes] | None:
        scene.world.reorg(1)
        return await scene.issuer.entries_of(stream, sequence)

    scene.entries_of = reorganising
    with pytest.raises(ChainUnavailableError, match="reorganised"):
        await scene.audit()


async def test_f18_a_key_that_was_not_valid_then_is_reported(scene: Scene) -> None:
    members = scene.world.chain.consortium
    members.revoke(signer("anchor-1").address, time=START + 10_000, compromised_since=START)
    assert codes(await scene.audit()) == ["key_invalid", "key_invalid"]
    del members.keys[signer("anchor-1").address]
    assert codes(await scene.audit()) == ["key_unknown", "key_unknown"]


async def test_a_cadence_that_was_not_kept_is_reported(scene: Scene) -> None:
    assert codes(await scene.audit(stream=STREAM, cadence_s={STREAM: 3600})) == []
    scene.later(7200)
    [finding] = (await scene.audit(stream=STREAM, cadence_s={STREAM: 3600})).findings
    assert (finding.code, finding.sequence) == (FindingCode.LATE_ANCHOR, 3)


# --- receipts


async def test_i10_a_kept_receipt_is_clean_and_an_early_one_not_due(scene: Scene) -> None:
    kept = scene.issuer.receipt(
        scene.first.commitments[0].entry, received_at=START, anchor_by=START + 600
    )
    pending = scene.issuer.receipt(b"\x01" * 32, received_at=START, anchor_by=START + 90_000)
    report = await scene.audit(Claims(receipts=[kept, pending]))
    assert (report.findings, report.receipts, report.not_due) == ([], 2, 1)


async def test_f16_a_broken_receipt_is_reported_with_evidence(scene: Scene) -> None:
    """A gateway that accepts and never anchors: the receipt and the lists prove it."""
    absent = b"\x01" * 32
    receipt = scene.issuer.receipt(
        absent, scene.first.commitments[0].entry, received_at=START, anchor_by=START + 600
    )
    scene.later(900)
    [finding] = (await scene.audit(Claims(receipts=[receipt]))).findings
    assert finding.code is FindingCode.BROKEN_RECEIPT
    assert finding.evidence["entries"] == [absent.hex()]
    assert finding.evidence["receipt"] == receipt.to_wire()
    assert [one["sequence"] for one in finding.evidence["lists"]] == [1, 2]


async def test_f16_with_a_withheld_list_the_breach_is_the_withholding(scene: Scene) -> None:
    receipt = scene.issuer.receipt(b"\x01" * 32, received_at=START, anchor_by=START + 600)
    scene.later(900)
    scene.serve(2, None)
    report = await scene.audit(Claims(receipts=[receipt]))
    assert codes(report) == ["withheld_list"]
    assert "withholding them is a breach" in report.unchecked[0]


async def test_i10_an_entry_anchored_after_the_promise_is_late(scene: Scene) -> None:
    late = scene.issuer.commit(7)
    receipt = scene.issuer.receipt(late.entry, received_at=START, anchor_by=START + 600)
    scene.later(900)
    await scene.issuer.seal(late)
    [finding] = (await scene.audit(Claims(receipts=[receipt]))).findings
    assert (finding.code, finding.evidence["entries"]) == (
        FindingCode.LATE_ANCHOR,
        [late.entry.hex()],
    )


async def test_f11_a_promise_is_extended_while_the_participant_was_suspended(
    scene: Scene,
) -> None:
    late = scene.issuer.commit(7)
    receipt = scene.issuer.receipt(late.entry, received_at=START + 60, anchor_by=START + 600)
    members = scene.world.chain.consortium
    scene.later(300)
    members.set_status(1, SUSPENDED, time=scene.world.clock.now)
    scene.later(900)
    members.set_status(1, ACTIVE, time=scene.world.clock.now)
    await scene.issuer.seal(late)
    assert codes(await scene.audit(Claims(receipts=[receipt]))) == []


async def test_f4_a_promise_is_extended_while_the_chain_made_no_block(scene: Scene) -> None:
    late = scene.issuer.commit(7)
    receipt = scene.issuer.receipt(late.entry, received_at=START + 60, anchor_by=START + 600)
    scene.later(300)
    scene.world.clock.now += 5_000  # no block in all this time
    await scene.issuer.seal(late)
    assert codes(await scene.audit(Claims(receipts=[receipt]))) == []


@pytest.mark.parametrize("fault", ["signature", "another key", "another chain"])
async def test_a_receipt_that_is_none_accuses_nobody(scene: Scene, fault: str) -> None:
    key = "anchor-1" if fault == "another key" else "sign-1"
    receipt = scene.issuer.receipt(b"\x01" * 32, received_at=START, anchor_by=START + 1, key=key)
    if fault == "signature":
        receipt = replace(receipt, anchor_by=START + 2)
    if fault == "another chain":
        receipt = replace(receipt, chain_id=1)
    scene.later(900)
    assert codes(await scene.audit(Claims(receipts=[receipt]))) == ["receipt_invalid"]


# --- openings, bundles, transactions


async def test_an_opening_is_found_in_a_list_and_a_false_one_is_not(scene: Scene) -> None:
    report = await scene.audit(Claims(openings=[scene.issuer.opening(1)]))
    assert (report.findings, report.openings) == ([], 1)
    false = scene.issuer.opening(1, action="DELETE")
    assert codes(await scene.audit(Claims(openings=[false]))) == ["opening_not_anchored"]


async def test_two_events_with_one_id_are_equivocation(scene: Scene) -> None:
    changes = {"eventID": scene.issuer.opening(1).event["eventID"], "action": "OBSERVE"}
    await scene.issuer.seal(scene.issuer.commit(8, **changes))
    openings = [scene.issuer.opening(1), scene.issuer.opening(8, **changes)]
    assert codes(await scene.audit(Claims(openings=openings))) == ["equivocation"]
    corrected = {**changes, "errorDeclaration": {"declarationTime": "2023-11-15T00:00:00.000Z"}}
    await scene.issuer.seal(scene.issuer.commit(9, **corrected))
    openings = [scene.issuer.opening(1), scene.issuer.opening(9, **corrected)]
    assert codes(await scene.audit(Claims(openings=openings))) == []


async def test_bundles_of_two_events_with_one_id_are_equivocation(scene: Scene) -> None:
    changes = {"eventID": scene.issuer.opening(1).event["eventID"], "action": "OBSERVE"}
    other = await scene.issuer.seal(scene.issuer.commit(8, **changes))
    path = "$['eventID']"
    bundles = [
        check_bundle(scene.issuer.bundle(scene.first, 0, path)),
        check_bundle(scene.issuer.bundle(other, 0, path)),
    ]
    report = await scene.audit(Claims(bundles=bundles))
    assert codes(report) == ["equivocation"]
    assert "sealtrail:act" in report.findings[0].evidence["paths"]
    assert codes(await scene.audit(Claims(bundles=bundles[:1]))) == []


async def test_the_same_content_anchored_twice_is_no_equivocation(scene: Scene) -> None:
    first = scene.issuer.opening(1)
    again = replace(first, secret=scene.issuer.secret(20))
    made = await scene.issuer.seal(again.commitment())
    assert again.commitment().entry != first.commitment().entry
    report = await scene.audit(Claims(openings=[first, again]))
    assert (codes(report), report.unchecked) == ([], [])
    path = "$['eventID']"
    bundles = [check_bundle(scene.issuer.bundle(one, 0, path)) for one in (scene.first, made)]
    report = await scene.audit(Claims(bundles=bundles))
    assert codes(report) == []
    assert any("open both to compare" in one for one in report.unchecked)


async def test_f15_two_signed_transactions_for_one_sequence_are_evidence() -> None:
    world: AnvilWorld = await anvil_world()
    issuer = Issuer(world)
    await issuer.seal(issuer.commit(1))
    abi = ContractAbi(load("AnchorRegistry").abi)

    async def signed(root: bytes, writer_key: str) -> tuple[bytes, object]:
        anchor = Anchor(STREAM, 1, root, 16, bytes(32))
        raw = (await world.new_writer(writer_key).sign([anchor], nonce=0)).raw
        return raw, decode_signed(raw, abi)

    async def audit(*transactions: tuple[bytes, object]) -> AuditReport:
        auditor = Auditor(world.reader, await network_of(world), entries_of=issuer.entries_of)
        claims = Claims(transactions=transactions)  # type: ignore[arg-type]
        return await auditor.audit(AuditScope(participant=1), claims)

    own = issuer.sealed[0].anchor.root
    assert codes(await audit(await signed(own, "anchor-1"))) == []
    [finding] = (await audit(await signed(b"\x05" * 32, "anchor-1"))).findings
    assert finding.code is FindingCode.EQUIVOCATION
    assert sorted(finding.evidence["roots"]) == sorted([own.hex(), (b"\x05" * 32).hex()])
    # A stranger's signature accuses nobody.
    report = await audit(await signed(b"\x05" * 32, "anchor-2"))
    assert (codes(report), len(report.unchecked)) == ([], 1)
    await world.close()
