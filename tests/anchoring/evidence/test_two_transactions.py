"""Two signed transactions for one sequence: shown, and not to be made of honest ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from anchoring.chain.network import Contract
from anchoring.core.anchor import Anchor
from anchoring.evidence.check import EvidenceOutcome
from anchoring.evidence.model import EvidenceKind, TwoTransactions
from tests.anchoring.evidence.scene import STREAM, Scene

KIND = EvidenceKind.TWO_TRANSACTIONS
FIRST = Anchor(STREAM, 1, b"\x11" * 32, 16, bytes(32))
SECOND = replace(FIRST, root=b"\x22" * 32)
OTHERS = replace(FIRST, stream=2 << 16)


async def judged(scene: Scene, first: bytes, second: bytes) -> Any:
    return await scene.verdict(KIND, TwoTransactions((first, second)))


@pytest.mark.parametrize("mined", [True, False])
async def test_two_roots_for_one_sequence_are_proven(scene: Scene, mined: bool) -> None:
    """Also if one or both were never mined, or reverted."""
    first, second = scene.sign(FIRST), scene.sign(SECOND, nonce=1)
    if mined:
        for raw in (first, second):
            scene.world.anvil.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        scene.world.mine()
    verdict = await judged(scene, first, second)
    assert (verdict.outcome, verdict.by) == (EvidenceOutcome.PROVEN, (1,)), verdict.text
    assert FIRST.root.hex() in verdict.said[0]
    assert SECOND.root.hex() in verdict.said[0]


async def test_whose_key_it_is_has_to_be_known(scene: Scene) -> None:
    shown = TwoTransactions((scene.sign(FIRST), scene.sign(SECOND)))
    evidence = await scene.prove(KIND, shown)
    bare = replace(evidence, chain=type(evidence.chain)())
    verdict = scene.judge(bare)
    assert (verdict.outcome, verdict.code) == (EvidenceOutcome.CANNOT_CHECK, "key_unchecked")
    address = scene.world.writer.sender
    assert f"is signed by key 0x{address.hex()}" in verdict.text
    assert scene.judge(bare, keys={address: 1}).outcome is EvidenceOutcome.PROVEN
    assert scene.judge(bare, keys={address: 2}).code == "key_of_another"
    assert scene.judge(bare, keys={b"\x01" * 20: 1}).code == "key_unchecked"


@pytest.mark.parametrize(
    "again", [{"nonce": 5}, {"gas": 900_000}, {}], ids=["nonce", "gas", "the same"]
)
async def test_signed_again_is_no_second_statement(scene: Scene, again: Any) -> None:
    verdict = await judged(scene, scene.sign(FIRST), scene.sign(FIRST, **again))
    assert verdict.code == "no_contradiction"


async def test_another_place_is_no_contradiction(scene: Scene) -> None:
    later = Anchor(STREAM, 2, b"\x22" * 32, 16, b"\x01" * 32)
    assert (await judged(scene, scene.sign(FIRST), scene.sign(later))).code == "no_contradiction"
    verdict = await judged(scene, scene.sign(FIRST), scene.sign(OTHERS))
    assert verdict.code == "no_contradiction"


async def test_a_successor_is_another_registry(scene: Scene) -> None:
    successor = Contract(b"\x77" * 20, scene.network.registries[0].code_hash)
    scene.network = replace(scene.network, registries=(successor, *scene.network.registries))
    old = scene.network.registries[1].address
    first = scene.sign(FIRST, registry=old)
    second = scene.sign(SECOND, registry=successor.address)
    assert (await judged(scene, first, second)).code == "registries_differ"


@pytest.mark.parametrize(
    ("how", "code"),
    [({"chain_id": 1}, "other_chain"), ({"registry": b"\x66" * 20}, "other_registry")],
)
async def test_what_was_signed_for_elsewhere_does_not_count(
    scene: Scene, how: Any, code: str
) -> None:
    """A registry has the same address on a test chain that is set up in the same way."""
    assert (await judged(scene, scene.sign(FIRST), scene.sign(SECOND, **how))).code == code


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("anchor-2", "key_of_another"),  # whoever accuses signs the second one himself
        ("sign-1", "key_purpose"),
        ("nobody", "key_unknown"),
    ],
)
async def test_the_second_one_must_be_signed_by_the_same_participant(
    scene: Scene, key: str, code: str
) -> None:
    assert (await judged(scene, scene.sign(FIRST), scene.sign(SECOND, key=key))).code == code


async def test_nobody_is_accused_by_naming_its_stream(scene: Scene) -> None:
    """Participant 2 signs two anchors of the first one's stream: that is no word of the first."""
    first, second = scene.sign(FIRST, key="anchor-2"), scene.sign(SECOND, key="anchor-2")
    assert (await judged(scene, first, second)).code == "key_of_another"


async def test_a_changed_byte_is_another_signer_or_nothing(scene: Scene) -> None:
    raw = scene.sign(SECOND)
    for at in (5, len(raw) // 2, len(raw) - 40):
        changed = bytearray(raw)
        changed[at] ^= 1
        verdict = await judged(scene, scene.sign(FIRST), bytes(changed))
        assert verdict.outcome is EvidenceOutcome.REFUSED, at


@pytest.mark.parametrize("raw", [b"\x00", b"\xc0", b"\x02\xc0", bytes(200)])
async def test_bytes_that_are_no_transaction_are_refused(scene: Scene, raw: bytes) -> None:
    verdict = await judged(scene, scene.sign(FIRST), raw)
    assert (verdict.outcome, verdict.code) == (EvidenceOutcome.REFUSED, "transaction_form")
