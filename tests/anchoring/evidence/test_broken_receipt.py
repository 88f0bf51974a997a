"""A promise that was not kept: shown, and not to be made of one that was, or is not due."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from anchoring.chain.governance import Reinstate, Remove, Suspend
from anchoring.core.anchor import ZERO_HASH
from anchoring.core.receipt import Receipt
from anchoring.evidence.check import EvidenceOutcome
from anchoring.evidence.model import BrokenReceipt, EvidenceKind, Placed, PublicList
from tests.anchoring.chain.sealed import Sealed
from tests.anchoring.evidence.scene import PROMISE_S, Scene, anchored_at

KIND = EvidenceKind.BROKEN_RECEIPT
ABSENT = b"\x55" * 32


def listed(made: Sealed, *, given: bool = True) -> PublicList:
    return PublicList(made.anchor, made.batch.entries if given else None)


def placed(scene: Scene, made: Sealed) -> Placed:
    return Placed(made.anchor, anchored_at(scene, made))


async def promise(scene: Scene, *entries: bytes, **changes: Any) -> Receipt:
    now = await scene.time()
    times = {"received_at": now, "anchor_by": now + PROMISE_S, **changes}
    return scene.issuer.receipt(*(entries or (ABSENT,)), **times)


async def broken(scene: Scene, **changes: Any) -> BrokenReceipt:
    """Seal one list before the promise and one in its time, and one too late."""
    before = await scene.issuer.seal(scene.issuer.commit(1))
    receipt = await promise(scene, **changes)
    inside = await scene.issuer.seal(scene.issuer.commit(2))
    scene.later(60)
    after = await scene.issuer.seal(scene.issuer.commit(3))
    return BrokenReceipt(
        receipt, receipt.entries[0], (listed(before), listed(inside)), after=placed(scene, after)
    )


async def test_a_broken_promise_is_proven_offline(scene: Scene) -> None:
    verdict = await scene.verdict(KIND, await broken(scene))
    assert (verdict.outcome, verdict.by) == (EvidenceOutcome.PROVEN, (1,)), verdict.text
    assert any("times of all blocks" in line for line in verdict.basis)


async def test_silence_is_proven_as_well(scene: Scene) -> None:
    first = await scene.issuer.seal(scene.issuer.commit(1))
    receipt = await promise(scene)
    scene.later(60)
    shown = BrokenReceipt(receipt, ABSENT, (listed(first),), last=placed(scene, first))
    verdict = await scene.verdict(KIND, shown)
    assert verdict.outcome is EvidenceOutcome.PROVEN, verdict.text
    # A head before the promised time shows no silence: the file is made of it all the same.
    later = replace(shown, receipt=await promise(scene))
    assert (await scene.verdict(KIND, later)).outcome is EvidenceOutcome.CANNOT_CHECK
    unplaced = replace(shown, last=None)
    assert (await scene.verdict(KIND, unplaced)).code == "list_place"


async def test_a_stream_that_never_began_is_silent_too(scene: Scene) -> None:
    receipt = await promise(scene)
    scene.later(60)
    verdict = await scene.verdict(KIND, BrokenReceipt(receipt, ABSENT, ()))
    assert verdict.outcome is EvidenceOutcome.PROVEN, verdict.text


async def test_a_list_that_is_left_out_at_the_end_is_missed(scene: Scene) -> None:
    """The one with the entry, for instance."""
    kept = scene.issuer.commit(2)
    first = await scene.issuer.seal(scene.issuer.commit(1))
    receipt = await promise(scene, kept.entry)
    second = await scene.issuer.seal(kept)
    scene.later(60)
    third = await scene.issuer.seal(scene.issuer.commit(3))
    silent = BrokenReceipt(receipt, kept.entry, (listed(first),), last=placed(scene, first))
    assert (await scene.verdict(KIND, silent)).code == "lists_incomplete"
    skipped = replace(silent, last=None, after=placed(scene, third))
    assert (await scene.verdict(KIND, skipped)).code == "lists_incomplete"
    honest = replace(skipped, lists=(listed(first), listed(second)))
    assert (await scene.verdict(KIND, honest)).code == "entry_anchored"
    early = replace(skipped, lists=(listed(first),), after=placed(scene, second))
    assert (await scene.verdict(KIND, early)).code == "not_due"


async def test_a_list_that_is_left_out_at_the_beginning_is_missed(scene: Scene) -> None:
    shown = await broken(scene)
    without = replace(shown, lists=shown.lists[1:])
    assert (await scene.verdict(KIND, without)).code == "lists_incomplete"
    first = shown.lists[0].anchor
    place = scene.issuer.outbox.final[first.stream, first.sequence]
    at = replace(shown.after.at, block_number=place.block_number, block_time=place.block_time)
    before = replace(without, before=Placed(first, at))
    assert (await scene.verdict(KIND, before)).code == "lists_incomplete"


async def test_lists_from_long_before_may_be_left_out(scene: Scene) -> None:
    old = await scene.issuer.seal(scene.issuer.commit(1))
    scene.world.anvil.rpc("evm_increaseTime", 90_000)
    scene.world.mine()
    receipt = await promise(scene)
    scene.later(60)
    after = await scene.issuer.seal(scene.issuer.commit(2))
    shown = BrokenReceipt(
        receipt, ABSENT, (), before=placed(scene, old), after=placed(scene, after)
    )
    verdict = await scene.verdict(KIND, shown)
    assert verdict.outcome is EvidenceOutcome.PROVEN, verdict.text


async def test_a_list_must_be_what_was_anchored(scene: Scene) -> None:
    shown = await broken(scene)
    one = shown.lists[1]
    assert one.entries is not None
    for entries in (one.entries[1:], (*one.entries[:-1], b"\x99" * 32), ()):
        lists = (shown.lists[0], replace(one, entries=entries))
        assert (await scene.verdict(KIND, replace(shown, lists=lists))).code == "list_mismatch"
    # A list and an anchor that somebody made up fit each other, and not the chain of tips.
    root = replace(one.anchor, root=b"\x01" * 32)
    lists = (shown.lists[0], PublicList(root, None))
    assert (await scene.verdict(KIND, replace(shown, lists=lists))).code == "lists_incomplete"


async def test_lists_that_are_not_there_prove_no_absence(scene: Scene) -> None:
    shown = await broken(scene)
    lists = (shown.lists[0], replace(shown.lists[1], entries=None))
    verdict = await scene.verdict(KIND, replace(shown, lists=lists))
    assert (verdict.outcome, verdict.code) == (EvidenceOutcome.CANNOT_CHECK, "lists_withheld")
    assert "is the word of whoever made it" in verdict.text


async def test_only_what_was_promised_can_be_missed(scene: Scene) -> None:
    shown = replace(await broken(scene), entry=b"\x44" * 32)
    assert (await scene.verdict(KIND, shown)).code == "entry_not_promised"


@pytest.mark.parametrize("member", ["anchor_by", "received_at", "participant"])
async def test_a_changed_receipt_is_signed_by_nobody(scene: Scene, member: str) -> None:
    shown = await broken(scene)
    changes: dict[str, Any] = {member: getattr(shown.receipt, member) - 1}
    if member == "participant":
        changes = {"participant": 2, "stream": 2 << 16}
    receipt = replace(shown.receipt, **changes)
    verdict = await scene.verdict(KIND, replace(shown, receipt=receipt))
    assert verdict.code in ("key_unknown", "not_due", "stream_differs")
    assert verdict.outcome is EvidenceOutcome.REFUSED


@pytest.mark.parametrize(
    ("key", "code"),
    [("sign-2", "key_of_another"), ("anchor-1", "key_purpose"), ("nobody", "key_unknown")],
)
async def test_only_the_participant_s_sign_key_promises(scene: Scene, key: str, code: str) -> None:
    assert (await scene.verdict(KIND, await broken(scene, key=key))).code == code


async def test_a_halt_of_the_chain_extends_the_promise(scene: Scene) -> None:
    await scene.issuer.seal(scene.issuer.commit(1))
    receipt = await promise(scene)
    scene.world.anvil.rpc("evm_increaseTime", 600)  # ten minutes without a block
    scene.world.mine()
    after = await scene.issuer.seal(scene.issuer.commit(2))
    first = scene.issuer.sealed[0]
    shown = BrokenReceipt(receipt, ABSENT, (listed(first),), after=placed(scene, after))
    assert (await scene.verdict(KIND, shown)).code == "not_due"
    scene.later(60)
    late = await scene.issuer.seal(scene.issuer.commit(3))
    lists = (listed(first), listed(after))
    verdict = await scene.verdict(KIND, replace(shown, lists=lists, after=placed(scene, late)))
    assert verdict.outcome is EvidenceOutcome.PROVEN, verdict.text
    assert any("extended" in line for line in verdict.said)


async def test_leaving_out_the_blocks_hides_no_halt(scene: Scene) -> None:
    evidence = await scene.prove(KIND, await broken(scene))
    headers = evidence.chain.headers
    fewer = replace(evidence.chain, headers=(*headers[:2], *headers[-1:]))
    verdict = scene.judge(replace(evidence, chain=fewer))
    assert (verdict.outcome, verdict.code) == (EvidenceOutcome.CANNOT_CHECK, "halts_unchecked")


async def test_a_suspension_extends_the_promise(scene: Scene) -> None:
    first = await scene.issuer.seal(scene.issuer.commit(1))
    receipt = await promise(scene)
    await scene.vote(Suspend(1), number=1)
    scene.later(60)
    silent = BrokenReceipt(receipt, ABSENT, (listed(first),), last=placed(scene, first))
    verdict = await scene.verdict(KIND, silent)
    assert (verdict.outcome, verdict.code) == (EvidenceOutcome.REFUSED, "not_due")
    await scene.vote(Reinstate(1), number=2)
    after = await scene.issuer.seal(scene.issuer.commit(2))
    shown = replace(silent, last=None, after=placed(scene, after))
    assert (await scene.verdict(KIND, shown)).code == "not_due"
    scene.later(60)
    late = await scene.issuer.seal(scene.issuer.commit(3))
    whole = replace(shown, lists=(*shown.lists, listed(after)), after=placed(scene, late))
    verdict = await scene.verdict(KIND, whole)
    assert verdict.outcome is EvidenceOutcome.PROVEN, verdict.text
    assert any("extended" in line for line in verdict.said)


async def test_who_was_removed_breaks_no_promise(scene: Scene) -> None:
    await scene.vote(Remove(1), number=1, delay_s=8 * 86_400)
    receipt = await promise(scene)
    scene.later(60)
    assert (await scene.verdict(KIND, BrokenReceipt(receipt, ABSENT, ()))).code == "not_due"


@pytest.mark.parametrize("since", [1, 0])
async def test_a_key_that_was_reported_stolen_blames_nobody(scene: Scene, since: int) -> None:
    """Whoever stole it can date a receipt back; a key that was merely changed is still its own."""
    shown = await broken(scene)
    now = await scene.time()
    await scene.revoke("sign-1", "admin-1", compromised_since=now if since else 0)
    verdict = await scene.verdict(KIND, shown)
    expected = ("cannot_check", "key_compromised") if since else ("proven", "proven")
    assert (str(verdict.outcome), verdict.code) == expected
    later = replace(shown, receipt=await promise(scene, received_at=now, anchor_by=now + 5))
    if not since:
        assert (await scene.verdict(KIND, later)).outcome is not EvidenceOutcome.PROVEN


async def test_no_promise_is_due_before_the_chain_began(scene: Scene) -> None:
    shown = replace(await broken(scene), lists=())
    assert shown.after is not None
    assert shown.after.anchor.previous_tip != ZERO_HASH
    assert (await scene.verdict(KIND, shown)).code == "lists_incomplete"
