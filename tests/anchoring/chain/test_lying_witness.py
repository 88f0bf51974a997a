"""One of three witnesses lies, lags or hangs; each runs, or claims to run, a node of its own."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from anchoring import verification_asking
from anchoring.verification import ChainVerdict, Outcome, WitnessState
from tests.anchoring.chain import lies
from tests.anchoring.chain.quorum_scene import QuorumScene, open_scene
from tests.liars import Ask, truth

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLOW = {"silent", "silent_on_notices"}
FACTS = {
    "recalled": {"recalled"},
    "lot": {"recalled"},
    "drill": {"recall_drill"},
    "listed": {"recall_list"},
    "lot_unknown": {"recall_lots"},
    "foreign": {"not_authorised"},
    "suspect": {"key_compromised", "participant_suspended"},
}
BAD = {
    "recalled": {Outcome.RECALLED},
    "lot": {Outcome.RECALLED},
    "foreign": {Outcome.NOT_AUTHORISED, Outcome.DISAGREEMENT},
    "tampered": {Outcome.REFUSED, Outcome.DISAGREEMENT},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_scene() -> AsyncIterator[QuorumScene]:
    async with open_scene() as made:
        yield made


@pytest.fixture
def scene(module_scene: QuorumScene) -> QuorumScene:
    module_scene.liar.lie = truth
    return module_scene


def line(verdict: ChainVerdict) -> tuple[str, str]:
    [found] = [one for one in verdict.witnesses if one.organisation == "liar"]
    return str(found.state), found.code


def codes(verdict: ChainVerdict) -> set[str]:
    return {one.code for one in verdict.warnings}


async def test_every_bundle_gets_its_verdict_when_all_are_honest(scene: QuorumScene) -> None:
    expected = {
        "good": Outcome.VERIFIED,
        "other_lot": Outcome.VERIFIED,
        "lifted": Outcome.VERIFIED,
        "drill": Outcome.VERIFIED,
        "listed": Outcome.VERIFIED,
        "lot_unknown": Outcome.VERIFIED,
        "suspect": Outcome.VERIFIED,
        "recalled": Outcome.RECALLED,
        "lot": Outcome.RECALLED,
        "foreign": Outcome.NOT_AUTHORISED,
        "tampered": Outcome.REFUSED,
    }
    for name, outcome in expected.items():
        verdict = await scene.ask(name)
        assert (name, verdict.outcome) == (name, outcome)
        assert verdict.is_anchored is (name != "tampered")
        assert all(one.proven for one in verdict.witnesses)
        if name != "tampered":
            assert (name, codes(verdict)) == (name, FACTS.get(name, set()))
            assert verdict.agreeing == ("honest", "liar", "regulator")


async def test_what_happened_is_told_with_its_date_and_who_shows_it(scene: QuorumScene) -> None:
    suspect = scene.bundles["suspect"].bundle.anchored_at.block_time
    found = {one.code: one for one in (await scene.ask("suspect")).warnings}
    assert found["key_compromised"].since == suspect
    assert found["participant_suspended"].since >= suspect + 1000
    assert found["participant_suspended"].shown_by == ("honest", "liar", "regulator")
    scene.liar.lie = lies.HIDING["always_active"]
    found = {one.code: one for one in (await scene.ask("suspect")).warnings}
    assert found["participant_suspended"].shown_by == ("honest", "regulator")


@pytest.fixture(autouse=True)
def asked_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the pause before a liar is asked once more: it tells the same lie."""
    monkeypatch.setattr(verification_asking, "LOOK_AGAIN_S", 0.0)


async def test_who_contradicts_its_block_once_only_is_heard(scene: QuorumScene) -> None:
    """As an endpoint that is just adding a block may, and that the next question finds in order."""
    lie, told = lies.STATE_LIES["changed_node"], list[str]()

    def once(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
        told.append(method)
        is_first = method == "eth_getProof" and told.count(method) == 1
        return lie(ask, method, params, result) if is_first else result

    scene.liar.lie = once
    verdict = await scene.ask("good")
    assert told.count("eth_getProof") > 1
    assert (verdict.outcome, verdict.agreeing) == (
        Outcome.VERIFIED,
        ("honest", "liar", "regulator"),
    )
    assert codes(verdict) == set()


@pytest.mark.parametrize("name", sorted(lies.STATE_LIES))
async def test_a_lie_about_the_state_is_set_aside(scene: QuorumScene, name: str) -> None:
    scene.liar.lie = lies.STATE_LIES[name]
    verdict = await scene.ask("good")
    assert line(verdict) == ("contradicts_itself", "contradicts_itself")
    assert (verdict.outcome, verdict.agreeing) == (Outcome.VERIFIED, ("honest", "regulator"))
    assert codes(verdict) == {"witness_contradicts_itself"}
    verdict = await scene.ask("tampered")
    assert verdict.outcome is Outcome.REFUSED


@pytest.mark.parametrize("name", sorted(lies.HARMLESS))
async def test_a_fault_of_one_leaves_the_others_verdict(scene: QuorumScene, name: str) -> None:
    scene.liar.lie, state = lies.HARMLESS[name]
    verdict = await scene.ask("good")
    assert (verdict.outcome, line(verdict)[0]) == (Outcome.VERIFIED, state)
    assert {"honest", "regulator"} <= set(verdict.agreeing)
    assert codes(verdict) <= {"warnings_unchecked"}


@pytest.mark.parametrize("name", sorted(set(lies.EVERY) - SLOW))
async def test_no_lie_of_one_verifies_a_bad_bundle_or_hides_a_warning(
    scene: QuorumScene, name: str
) -> None:
    scene.liar.lie = lies.EVERY[name]
    for bundle in scene.bundles:
        verdict = await scene.ask(bundle)
        allowed = BAD.get(bundle, {Outcome.VERIFIED, Outcome.DISAGREEMENT})
        if bundle != "foreign" and name.startswith("owner_"):
            allowed = allowed | {Outcome.DISAGREEMENT}
        assert (bundle, verdict.outcome) in {(bundle, one) for one in allowed}
        assert FACTS.get(bundle, set()) <= codes(verdict), bundle


async def test_a_fork_is_a_disagreement_that_nobody_outvotes(scene: QuorumScene) -> None:
    scene.liar.lie = lies.FORKS["block_hashes"]
    verdict = await scene.ask("good")
    assert (verdict.outcome, verdict.code) == (Outcome.DISAGREEMENT, "witness_disagreement")
    assert {one.state for one in verdict.witnesses} == {WitnessState.FORKED}
    recalled = await scene.ask("recalled")
    assert (recalled.outcome, recalled.is_anchored) == (Outcome.RECALLED, False)
    assert "witness_disagreement" in codes(recalled)


async def test_one_that_denies_a_right_is_a_disagreement(scene: QuorumScene) -> None:
    scene.liar.lie = lies.HIDING["owner_nobody"]
    verdict = await scene.ask("good")
    assert (verdict.outcome, verdict.code) == (Outcome.DISAGREEMENT, "witness_disagreement")
    [warning] = verdict.warnings
    assert (warning.code, warning.shown_by) == ("not_authorised", ("liar",))


async def test_a_recall_that_only_one_shows_is_shown(scene: QuorumScene) -> None:
    scene.liar.lie = lies.HIDING["no_notices"]
    verdict = await scene.ask("recalled", "liar", "regulator")
    assert verdict.outcome is Outcome.RECALLED
    assert verdict.warnings[0].shown_by == ("regulator",)
    assert (await scene.ask("recalled", "liar")).outcome is Outcome.CANNOT_CHECK


async def test_a_lie_without_any_proof_against_it_is_a_disagreement(scene: QuorumScene) -> None:
    scene.liar.lie = lies.STATE_LIES["no_proof_and_no_record"]
    alone = await scene.ask("good", "liar", quorum=1)
    assert (alone.outcome, alone.code) == (Outcome.REFUSED, "anchor_not_found")
    assert alone.witnesses[0].proven is False
    beside = await scene.ask("good", "liar", "regulator", quorum=1)
    assert (beside.outcome, line(beside)[0]) == (Outcome.VERIFIED, "contradicts_itself")


async def test_the_judged_one_s_own_node_never_counts(scene: QuorumScene) -> None:
    verdict = await scene.ask("good", "maker", "regulator")
    assert verdict.code == "quorum_not_met"
    assert verdict.witnesses[0].state is WitnessState.EXCLUDED
    assert (await scene.ask("suspect", "maker", "regulator")).outcome is Outcome.VERIFIED


async def test_no_contract_is_believed_that_is_not_the_agreed_one(scene: QuorumScene) -> None:
    wrong = b"\x01" * 32
    board, registry = scene.network.notice_board, scene.network.code_registry
    assert board is not None
    assert registry is not None
    for change in (
        {"notice_board": replace(board, code_hash=wrong)},
        {"code_registry": replace(registry, code_hash=wrong)},
        {"consortium_code_hash": wrong},
    ):
        verdict = await scene.ask("good", network=replace(scene.network, **change))
        assert (verdict.outcome, codes(verdict)) == (Outcome.VERIFIED, {"warnings_unchecked"})
    bare = replace(scene.network, notice_board=None, code_registry=None)
    verdict = await scene.ask("foreign", network=bare)
    assert (verdict.outcome, verdict.warnings) == (Outcome.VERIFIED, ())
    assert [one.code for one in verdict.notes] == ["prefixes_unchecked", "notices_unchecked"]
