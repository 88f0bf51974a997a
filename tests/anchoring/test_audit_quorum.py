"""An audit through several organisations: one that lies, lags or is down decides nothing alone."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from anchoring.audit_claims import Claims
from anchoring.audit_quorum import NEWER_S, QuorumAuditor
from anchoring.audit_report import AuditReport, FindingCode
from anchoring.auditor import Auditor, AuditScope, Progress
from anchoring.chain.memory_ports import MemoryReader
from anchoring.errors import ChainIdentityError, ChainUnavailableError
from anchoring.ports import AnchoredLog, BlockRef, StreamHead
from anchoring.verification import Witness
from tests.anchoring.chain.sealed import Issuer, network_of
from tests.anchoring.chain.worlds import START, STREAM, MemoryWorld


class Sight(MemoryReader):
    """A witness that can be told to see less, or other things."""

    def __init__(self, world: MemoryWorld) -> None:
        super().__init__(world.chain)
        self.last: int | None = None
        self.down = False
        self.genesis: bytes | None = None
        self.fork = False
        self.logs: Callable[[list[AnchoredLog]], list[AnchoredLog]] = lambda logs: logs
        self.slot: Callable[[bytes], bytes] = lambda slot: slot
        self.stream: Callable[[StreamHead], StreamHead] = lambda head: head

    async def chain_id(self) -> int:
        if self.down:
            raise ChainUnavailableError("down")
        return await super().chain_id()

    async def genesis_hash(self) -> bytes:
        return self.genesis or await super().genesis_hash()

    async def head(self) -> BlockRef:
        return self._chain.blocks[-1 if self.last is None else self.last].ref

    async def block(self, number: int) -> BlockRef | None:
        if self.last is not None and number > self.last:
            return None
        block = await super().block(number)
        if self.fork and block and number == len(self._chain.blocks) - 1:
            return BlockRef(block.number, bytes(32), block.time)
        return block

    async def anchored(self, registry: bytes, **asked: Any) -> list[AnchoredLog]:
        return self.logs(await super().anchored(registry, **asked))

    async def record(self, registry: bytes, stream: int, sequence: int, *, at: bytes) -> bytes:
        return self.slot(await super().record(registry, stream, sequence, at=at))

    async def stream_head(self, registry: bytes, stream: int, *, at: bytes) -> StreamHead:
        return self.stream(await super().stream_head(registry, stream, at=at))

    def hide(self, sequence: int) -> None:
        """Hide an anchor that is the last one, everywhere, so that nothing shows in itself."""
        kept: list[AnchoredLog] = []

        def logs(found: list[AnchoredLog]) -> list[AnchoredLog]:
            kept[:] = [log for log in found if log.anchor.sequence < sequence]
            return kept

        self.logs = logs
        self.stream = lambda _: StreamHead(kept[-1].anchor.sequence, kept[-1].tip)


class Scene:
    def __init__(self) -> None:
        self.world = MemoryWorld()
        self.issuer = Issuer(self.world)
        self.asked: list[tuple[int, int]] = []

    async def set_up(self) -> None:
        self.first = await self.issuer.seal(self.issuer.commit(1), self.issuer.commit(2))
        self.second = await self.issuer.seal(self.issuer.commit(3))
        self.network = await network_of(self.world)
        self.sights = {name: Sight(self.world) for name in ("own", "a", "b", "c")}

    async def entries_of(self, stream: int, sequence: int) -> list[bytes] | None:
        self.asked.append((stream, sequence))
        return await self.issuer.entries_of(stream, sequence)

    async def audit(
        self, *names: str, quorum: int = 2, claims: Claims | None = None
    ) -> AuditReport:
        witnesses = [
            Witness(name, 1 if name == "own" else None, name, self.sights[name]) for name in names
        ]
        auditor = QuorumAuditor(
            witnesses, self.network, entries_of=self.entries_of, quorum=quorum, catch_up_s=0
        )
        return await auditor.audit(AuditScope(participant=1), claims)


@pytest.fixture
async def scene() -> Scene:
    made = Scene()
    await made.set_up()
    return made


def codes(report: AuditReport) -> list[str]:
    return [str(finding.code) for finding in report.findings]


def became(report: AuditReport) -> dict[str, str]:
    return {one.organisation: one.code for one in report.witnesses}


async def test_two_organisations_that_agree_are_a_clean_audit(scene: Scene) -> None:
    report = await scene.audit("own", "a", "b")
    assert (report.findings, report.unchecked) == ([], [])
    assert (report.anchors, report.lists, report.entries) == (2, 2, 32)
    assert report.organisations == ["a", "b"]
    assert became(report) == {"own": "own_witness", "a": "audited", "b": "audited"}
    assert scene.asked == [(STREAM, 1), (STREAM, 2)]  # each list once, whoever shows its anchor


async def test_it_finds_what_the_auditor_of_one_witness_finds(scene: Scene) -> None:
    receipt = scene.issuer.receipt(b"\x01" * 32, received_at=START, anchor_by=START + 600)
    for _ in range(30):
        scene.world.clock.now += 30
        scene.world.mine()
    claims = Claims(receipts=[receipt], openings=[scene.issuer.opening(1, action="DELETE")])
    report = await scene.audit("a", "b", claims=claims)
    alone = Auditor(scene.sights["c"], scene.network, entries_of=scene.entries_of)
    wanted = await alone.audit(AuditScope(participant=1), claims)
    assert (
        sorted(codes(report)) == sorted(codes(wanted)) == ["broken_receipt", "opening_not_anchored"]
    )
    assert {one.seen_by for one in report.findings} == {("a", "b")}
    assert (report.receipts, report.openings) == (1, 1)


@pytest.mark.parametrize("liar", ["a", "b"])
async def test_whoever_hides_an_anchor_is_contradicted(scene: Scene, liar: str) -> None:
    """Its story fits together, so that an audit through it alone would be clean."""
    scene.sights[liar].hide(2)
    alone = await scene.audit(liar, quorum=1)
    assert (alone.anchors, alone.findings) == (1, [])
    report = await scene.audit("a", "b")
    assert codes(report) == ["witness_disagreement", "witness_disagreement"]
    head, anchor = report.findings
    assert (head.stream, head.sequence, anchor.sequence) == (STREAM, None, 2)
    assert anchor.evidence["shown"][liar] is None
    [shown] = anchor.evidence["shown"]["b" if liar == "a" else "a"]
    assert shown["root"] == scene.second.anchor.root.hex()
    assert (report.anchors, report.lists) == (2, 2)  # what the other shows is checked as well


async def test_a_whole_stream_that_one_hides_is_found(scene: Scene) -> None:
    scene.sights["a"].logs = lambda logs: []
    report = await scene.audit("a", "b")
    assert report.streams == [STREAM]
    assert codes(report) == ["witness_disagreement"] * 3


async def test_a_false_record_is_found_and_whose_it_is(scene: Scene) -> None:
    scene.sights["b"].slot = lambda slot: b"\x05" * 32
    report = await scene.audit("a", "b", "c")
    wrong = [one for one in report.findings if one.code is FindingCode.WRONG_RECORD]
    assert [one.seen_by for one in wrong] == [("b",), ("b",)]
    assert codes(report).count("witness_disagreement") == 2


async def test_a_false_anchor_is_held_against_the_list_as_well(scene: Scene) -> None:
    def other(logs: list[AnchoredLog]) -> list[AnchoredLog]:
        return [replace(log, anchor=replace(log.anchor, root=b"\x01" * 32)) for log in logs]

    scene.sights["b"].logs = other
    report = await scene.audit("a", "b")
    [root, *_] = [one for one in report.findings if one.code is FindingCode.WRONG_ROOT]
    assert root.seen_by == ("b",)


async def test_a_fork_is_a_disagreement(scene: Scene) -> None:
    scene.sights["b"].fork = True
    report = await scene.audit("a", "c", "b")
    [fork] = report.findings
    assert fork.code is FindingCode.WITNESS_DISAGREEMENT
    assert fork.evidence["shown"]["b (b)"] == bytes(32).hex()
    assert report.organisations == ["a", "c"]  # nothing can be read at a block that is none


async def test_one_that_lags_hides_nothing(scene: Scene) -> None:
    scene.sights["b"].last = 0
    report = await scene.audit("b", "a", "c")
    assert (report.anchors, report.findings) == (2, [])
    assert became(report)["b"] == "witness_stale"


async def test_what_too_few_show_is_said_to_be_unchecked(scene: Scene) -> None:
    scene.sights["b"].last = len(scene.world.chain.blocks) - 1
    scene.world.clock.now += NEWER_S + 100
    scene.world.mine()
    report = await scene.audit("a", "b")
    assert report.findings == []
    assert "fewer than 2 organisations show them" in report.unchecked[0]


async def test_an_organisation_has_several_witnesses_and_counts_once(scene: Scene) -> None:
    scene.sights["a"].down = True
    witnesses = [
        Witness("one", None, "a", scene.sights["a"]),
        Witness("one", None, "b", scene.sights["b"]),
        Witness("one", None, "c", scene.sights["c"]),
    ]
    auditor = QuorumAuditor(witnesses, scene.network, quorum=1, catch_up_s=0)
    report = await auditor.audit(AuditScope(participant=1))
    assert [one.code for one in report.witnesses] == ["chain_unavailable", "audited", "not_needed"]
    with pytest.raises(ChainUnavailableError) as failure:
        await QuorumAuditor(witnesses, scene.network, catch_up_s=0).audit(AuditScope(participant=1))
    assert failure.value.code == "quorum_not_met"


async def test_too_few_organisations_are_no_audit(scene: Scene) -> None:
    async def code_of(*names: str) -> str:
        with pytest.raises((ChainUnavailableError, ChainIdentityError)) as failure:
            await scene.audit(*names)
        return failure.value.code

    assert await code_of("a") == "quorum_not_met"
    assert await code_of("own", "a") == "quorum_not_met"
    assert await code_of("own") == "quorum_not_met"
    scene.sights["b"].down = True
    assert await code_of("a", "b") == "quorum_not_met"
    scene.sights["a"].down = True
    assert await code_of("a", "b") == "chain_unavailable"
    for sight in scene.sights.values():
        sight.down, sight.genesis = False, b"\x01" * 32
    assert await code_of("a", "b") == "chain_identity"
    with pytest.raises(ValueError, match="from 1"):
        await scene.audit("a", quorum=0)


async def test_f12_a_reorg_during_the_audit_is_said(scene: Scene) -> None:
    honest = scene.entries_of

    async def reorganising(stream: int, sequence: int) -> list[bytes] | None:
        scene.world.reorg(1)
        return await honest(stream, sequence)

    scene.entries_of = reorganising  # type: ignore[method-assign]
    with pytest.raises(ChainUnavailableError, match="reorganised"):
        await scene.audit("a", "b")


async def test_it_says_how_far_it_is(scene: Scene) -> None:
    told: list[tuple[int, int, int, int]] = []

    def note(at: Progress) -> None:
        told.append((at.anchors, at.anchors_total, at.lists, at.lists_total))

    auditor = Auditor(scene.sights["a"], scene.network, entries_of=scene.entries_of)
    await auditor.audit(AuditScope(participant=1), on_progress=note)
    assert told == [
        (0, 2, 0, 0),
        (1, 2, 0, 0),
        (2, 2, 0, 0),
        (2, 2, 0, 2),
        (2, 2, 1, 2),
        (2, 2, 2, 2),
    ]
