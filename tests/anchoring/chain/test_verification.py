"""Witnesses: who counts, who is behind, who lies."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from anchoring.chain.memory_notices import CODE_REGISTRY, NOTICE_BOARD
from anchoring.chain.memory_ports import MemoryReader
from anchoring.chain.memory_state import SUSPENDED
from anchoring.chain.network import Contract
from anchoring.core.verify import CheckedBundle, check_bundle
from anchoring.errors import ChainUnavailableError
from anchoring.verification import (
    ChainVerdict,
    Outcome,
    Seals,
    Witness,
    WitnessState,
    verify_against_chain,
)
from anchoring.verification_asking import STALE_S
from anchoring.witness_ports import ProvenRecord
from tests.anchoring.chain.sealed import Issuer, network_of
from tests.anchoring.chain.worlds import START, MemoryWorld, World, signer


class Sight(MemoryReader):
    """A witness that sees the chain only up to a block, or answers otherwise."""

    def __init__(self, world: MemoryWorld, *, last: int | None = None) -> None:
        super().__init__(world.chain)
        self.last = last
        self.slot: Callable[[bytes], bytes] = lambda slot: slot
        self.fork = False
        self.seals: tuple[bytes, ...] = ()
        self.proves = False

    async def head(self):
        blocks = self._chain.blocks
        return blocks[-1 if self.last is None else self.last].ref

    async def block(self, number: int):
        block = await super().block(number)
        return replace(block, block_hash=bytes(32)) if self.fork and block and number else block

    async def record(self, registry: bytes, stream: int, sequence: int, *, at: bytes) -> bytes:
        return self.slot(await super().record(registry, stream, sequence, at=at))

    async def sealers(self, block_hash: bytes) -> tuple[bytes, ...]:
        return self.seals

    async def prove_record(
        self, registry: bytes, stream: int, sequence: int, *, at: bytes
    ) -> ProvenRecord:
        if not self.proves:
            raise ChainUnavailableError("the method eth_getProof is not available")
        record = await super().record(registry, stream, sequence, at=at)
        return ProvenRecord(record, await self.code_hash(registry, at=at))


class Scene:
    def __init__(self) -> None:
        self.world = MemoryWorld()
        self.issuer = Issuer(self.world)
        self.sights = [Sight(self.world), Sight(self.world), Sight(self.world)]

    async def set_up(self) -> CheckedBundle:
        made = await self.issuer.seal(self.issuer.commit(1))
        self.network = await network_of(self.world)
        self.checked = check_bundle(self.issuer.bundle(made))
        return self.checked

    def witnesses(self, *names: str) -> list[Witness]:
        numbers = {"maker-1": 1, "maker-2": 2}
        return [
            Witness(name.partition("/")[0], numbers.get(name), name, sight)
            for name, sight in zip(names, self.sights, strict=False)
        ]

    async def ask(self, *names: str, quorum: int = 2, seals_suffice: bool = False) -> ChainVerdict:
        return await verify_against_chain(
            self.checked,
            self.network,
            self.witnesses(*names),
            quorum=quorum,
            seals_suffice=seals_suffice,
        )


@pytest.fixture
async def scene() -> Scene:
    made = Scene()
    await made.set_up()
    return made


async def test_two_organisations_verify_a_bundle_on_both_chains(world: World) -> None:
    issuer = Issuer(world)
    made = await issuer.seal(issuer.commit(1), issuer.commit(2))
    network = await network_of(world)
    for at in (0, 1):
        checked = check_bundle(issuer.bundle(made, at))
        verdict = await verify_against_chain(
            checked,
            network,
            [Witness("a", None, "a", world.reader), Witness("b", None, "b", world.reader)],
        )
        assert (verdict.outcome, verdict.code) == (Outcome.VERIFIED, "verified")
        assert verdict.agreeing == ("a", "b")
        assert verdict.registry == world.writer.registry
        assert verdict.warnings == ()


@pytest.mark.parametrize("what", ["block_time", "block_number", "previous_tip"])
async def test_what_the_tree_does_not_cover_the_record_does(world: World, what: str) -> None:
    issuer = Issuer(world)
    await issuer.seal(issuer.commit(1))
    made = await issuer.seal(issuer.commit(2))
    bundle = issuer.bundle(made)
    if what == "previous_tip":
        bundle = replace(bundle, anchor=replace(bundle.anchor, previous_tip=b"\x01" * 32))
    else:
        at = bundle.anchored_at
        bundle = replace(bundle, anchored_at=replace(at, **{what: getattr(at, what) - 1}))
    verdict = await verify_against_chain(
        check_bundle(bundle),
        await network_of(world),
        [Witness("a", None, "a", world.reader)],
        quorum=1,
    )
    assert (verdict.outcome, verdict.code) == (Outcome.REFUSED, "record_mismatch")


async def test_an_anchor_that_no_registry_holds_is_not_found(scene: Scene) -> None:
    bundle = scene.checked.bundle
    anchor = replace(bundle.anchor, sequence=9, previous_tip=b"\x01" * 32)
    scene.checked = replace(scene.checked, bundle=replace(bundle, anchor=anchor))
    verdict = await scene.ask("a", "b")
    assert (verdict.outcome, verdict.code) == (Outcome.REFUSED, "anchor_not_found")


async def test_two_endpoints_of_one_organisation_count_once(scene: Scene) -> None:
    verdict = await scene.ask("a/1", "a/2")
    assert (verdict.outcome, verdict.code) == (Outcome.CANNOT_CHECK, "quorum_not_met")
    assert (await scene.ask("a/1", "a/2", quorum=1)).outcome is Outcome.VERIFIED


async def test_the_participant_s_own_witness_never_counts(scene: Scene) -> None:
    verdict = await scene.ask("maker-1", "maker-2")
    assert verdict.outcome is Outcome.CANNOT_CHECK
    assert [line.state for line in verdict.witnesses] == [
        WitnessState.EXCLUDED,
        WitnessState.AGREES,
    ]
    assert (await scene.ask("maker-1", "maker-2", quorum=1)).agreeing == ("maker-2",)


async def test_an_old_head_is_stale_and_no_disagreement(scene: Scene) -> None:
    scene.sights[0].last = scene.checked.bundle.anchored_at.block_number - 1
    verdict = await scene.ask("a", "b", "c")
    assert (verdict.outcome, verdict.agreeing) == (Outcome.VERIFIED, ("b", "c"))
    assert verdict.witnesses[0].state is WitnessState.STALE
    for sight in scene.sights:
        sight.last = 0
    assert (await scene.ask("a", "b")).code == "witness_stale"


async def test_all_are_asked_at_the_lowest_head_that_has_the_anchor(scene: Scene) -> None:
    number = scene.checked.bundle.anchored_at.block_number
    scene.sights[1].last = number
    verdict = await scene.ask("a", "b")
    assert verdict.outcome is Outcome.VERIFIED
    assert verdict.at is not None
    assert verdict.at.number == number


async def test_a_witness_that_contradicts_the_others_is_its_own_result(scene: Scene) -> None:
    scene.sights[2].slot = lambda slot: b"\x05" * 32
    verdict = await scene.ask("a", "b", "c")
    assert (verdict.outcome, verdict.code) == (Outcome.DISAGREEMENT, "witness_disagreement")
    scene.sights[2].slot = lambda slot: slot
    scene.sights[2].fork = True
    verdict = await scene.ask("a", "b", "c")
    assert (verdict.outcome, verdict.code) == (Outcome.DISAGREEMENT, "witness_disagreement")
    assert {line.state for line in verdict.witnesses} == {WitnessState.FORKED}


async def test_one_lying_witness_alone_is_no_refusal(scene: Scene) -> None:
    scene.sights[0].slot = lambda slot: bytes(32)
    assert (await scene.ask("a")).outcome is Outcome.CANNOT_CHECK


async def test_f4_witnesses_that_do_not_answer_leave_the_rest(scene: Scene) -> None:
    async def down() -> int:
        raise ChainUnavailableError("down")

    scene.sights[0].chain_id = down  # type: ignore[method-assign]
    assert (await scene.ask("a", "b", "c")).outcome is Outcome.VERIFIED
    verdict = await scene.ask("a")
    assert (verdict.outcome, verdict.code) == (Outcome.CANNOT_CHECK, "chain_unavailable")


@pytest.mark.parametrize("what", ["chain_id", "genesis_hash", "code"])
async def test_f5_a_witness_on_another_chain_does_not_count(scene: Scene, what: str) -> None:
    if what == "code":
        [registry] = scene.network.registries
        changed = (replace(registry, code_hash=b"\x01" * 32),)
        scene.network = replace(scene.network, registries=changed)
    else:
        other = {"chain_id": 1, "genesis_hash": b"\x01" * 32}[what]
        scene.network = replace(scene.network, **{what: other})
    verdict = await scene.ask("a", "b")
    assert (verdict.outcome, verdict.code) == (Outcome.CANNOT_CHECK, "chain_mismatch")


async def test_f18_warnings_tell_what_happened_to_participant_and_key(scene: Scene) -> None:
    members = scene.world.chain.consortium
    time = scene.checked.bundle.anchored_at.block_time
    assert (await scene.ask("a", "b")).warnings == ()
    members.set_status(1, SUSPENDED, time=time + 1)
    members.revoke(signer("anchor-1").address, time=time + 1)
    verdict = await scene.ask("a", "b")
    assert verdict.outcome is Outcome.VERIFIED
    assert [one.code for one in verdict.warnings] == ["key_revoked", "participant_suspended"]
    members.revoke(signer("anchor-1").address, time=time + 1, compromised_since=START)
    assert "key_compromised" in [one.code for one in (await scene.ask("a", "b")).warnings]


VALIDATORS = tuple(bytes([number]) * 20 for number in range(1, 5))


@pytest.fixture
async def sealed(scene: Scene) -> Scene:
    """Every witness proves what it says, under a block that three of four validators sealed."""
    scene.network = replace(scene.network, validators=VALIDATORS)
    for sight in scene.sights:
        sight.proves, sight.seals = True, VALIDATORS[:3]
    return scene


async def test_the_verdict_says_who_sealed_the_block(sealed: Scene) -> None:
    verdict = await sealed.ask("a", "b")
    assert verdict.seals == Seals(3, 4, is_enough=True)
    assert verdict.text.endswith("proven under a block sealed by 3 of 4 known validators")
    for sight in sealed.sights:
        sight.seals = VALIDATORS[:2]
    verdict = await sealed.ask("a", "b")
    assert (verdict.outcome, verdict.seals) == (Outcome.VERIFIED, Seals(2, 4, is_enough=False))
    assert "sealed" not in verdict.text


async def test_seals_alone_do_not_lower_the_quorum_unless_the_viewer_says_so(
    sealed: Scene,
) -> None:
    assert (await sealed.ask("a")).code == "quorum_not_met"
    verdict = await sealed.ask("a", seals_suffice=True)
    assert (verdict.outcome, verdict.agreeing) == (Outcome.VERIFIED, ("a",))
    [warning] = verdict.warnings
    assert (warning.code, warning.text[:6]) == ("warnings_unchecked", "only 1")


@pytest.mark.parametrize("missing", ["proof", "seals", "validators"])
async def test_one_witness_does_not_suffice_without(sealed: Scene, missing: str) -> None:
    if missing == "proof":
        sealed.sights[0].proves = False
    elif missing == "seals":
        sealed.sights[0].seals = VALIDATORS[:2]
    else:
        sealed.network = replace(sealed.network, validators=())
    assert (await sealed.ask("a", seals_suffice=True)).code == "quorum_not_met"


async def test_of_two_histories_the_sealed_one_is_the_chain_s(sealed: Scene) -> None:
    sealed.sights[2].fork, sealed.sights[2].seals = True, ()
    verdict = await sealed.ask("a", "b", "c")
    assert (verdict.outcome, verdict.agreeing) == (Outcome.VERIFIED, ("a", "b"))
    assert verdict.witnesses[2].code == "block_not_sealed"
    assert [one.code for one in verdict.warnings] == ["witness_block_not_sealed"]
    sealed.sights[2].seals = VALIDATORS[1:]
    assert (await sealed.ask("a", "b", "c")).outcome is Outcome.DISAGREEMENT


async def test_one_that_proves_sets_aside_who_contradicts_its_block(sealed: Scene) -> None:
    for sight in sealed.sights[1:]:
        sight.proves, sight.slot = False, lambda slot: bytes(32)
    verdict = await sealed.ask("a", "b", "c", quorum=1)
    assert verdict.outcome is Outcome.VERIFIED
    assert [str(one.state) for one in verdict.witnesses] == [
        "agrees",
        "contradicts_itself",
        "contradicts_itself",
    ]
    assert [one.proven for one in verdict.witnesses] == [True, False, False]


async def test_a_head_far_behind_the_others_is_stale(scene: Scene) -> None:
    scene.sights[0].last = scene.checked.bundle.anchored_at.block_number
    scene.world.clock.now += STALE_S + 100
    scene.world.mine()
    verdict = await scene.ask("a", "b", "c")
    assert [str(one.state) for one in verdict.witnesses] == ["stale", "agrees", "agrees"]
    two = await scene.ask("a", "b")  # nothing tells which of two is behind, and none can hide
    assert (two.outcome, two.agreeing) == (Outcome.VERIFIED, ("a", "b"))


async def test_a_recall_is_told_at_the_newest_block_of_each(scene: Scene) -> None:
    code_hash = scene.network.registries[0].code_hash
    scene.network = replace(
        scene.network,
        code_registry=Contract(CODE_REGISTRY, code_hash),
        notice_board=Contract(NOTICE_BOARD, code_hash),
    )
    notices = scene.world.chain.notices
    notices.grants.append(("gs1:9506", 1, 0))
    assert (await scene.ask("a", "b")).outcome is Outcome.VERIFIED
    notices.publish("gs1:950600013435", level=3, time=START)
    verdict = await scene.ask("a", "b")
    assert (verdict.outcome, verdict.code, verdict.is_anchored) == ("recalled", "recalled", True)
    notices.grants.append(("gs1:950600013435", 2, 0))
    verdict = await scene.ask("a", "b")
    assert verdict.outcome is Outcome.NOT_AUTHORISED  # weighs more, and the recall is still told
    assert {one.code for one in verdict.warnings} == {"not_authorised", "recalled"}
    scene.sights[0].fork = True
    assert (await scene.ask("a", "b")).outcome is Outcome.NOT_AUTHORISED


async def test_another_admin_key_by_vote_is_told_with_its_date(scene: Scene) -> None:
    time = scene.checked.bundle.anchored_at.block_time
    epochs = scene.world.chain.consortium.epochs
    epochs[1] = [(0, 1), (time - 5, 2)]
    assert (await scene.ask("a", "b")).warnings == ()
    epochs[1].append((time + 5, 3))
    [warning] = (await scene.ask("a", "b")).warnings
    assert (warning.code, warning.since) == ("key_epoch", time + 5)


async def test_a_successor_that_the_file_does_not_list_is_told_and_not_followed(
    scene: Scene,
) -> None:
    async def successor(registry: bytes, *, at: bytes) -> bytes:
        return b"\x44" * 20

    scene.sights[1].successor = successor  # type: ignore[method-assign]
    verdict = await scene.ask("a", "b")
    [warning] = verdict.warnings
    assert (warning.code, warning.shown_by) == ("successor_unknown", ("b",))
    assert verdict.registry == scene.network.registries[0].address
