"""Two values in one entry, two contents under one eventID: shown, and not to be made up."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from anchoring.core import merkle, streams
from anchoring.core.bundle import Bundle, FieldsProof
from anchoring.core.commit import EventCommitment, event_entry
from anchoring.core.fields import FieldsTree
from anchoring.core.items import Item, encode_disclosure
from anchoring.core.prove import code_paths, fields_proof, make_bundle
from anchoring.evidence.check import EvidenceOutcome
from anchoring.evidence.model import Content, EvidenceKind, TwoContents, TwoValues
from tests.anchoring.chain.sealed import Sealed
from tests.anchoring.evidence.scene import STREAM, Scene, anchored_at

LOT = "$['ilmd']['lot']"
EVENT_ID = "$['eventID']"
VALUES, CONTENTS = EvidenceKind.TWO_VALUES, EvidenceKind.TWO_CONTENTS


def two_faced(scene: Scene, number: int = 1, lot: Any = "L2") -> tuple[EventCommitment, str]:
    """Return a commitment with a second lot in place of a decoy, and that lot's disclosure."""
    honest = scene.issuer.commit(number)
    second = encode_disclosure(Item(b"\x07" * 16, LOT, lot))
    secret = streams.fields_secret(scene.issuer.secret(number))
    count = len(honest.fields.entries)
    _, decoys = streams.salts_and_decoys(secret, count, honest.fields.size - count)
    entry = merkle_entry(second)
    leaves = merkle.leaf_hashes(sorted([*honest.fields.entries, *decoys[1:], entry]))
    fields = FieldsTree(
        honest.fields.size,
        merkle.build_levels(leaves),
        [*honest.fields.paths, "second"],
        [*honest.fields.disclosures, second],
        [*honest.fields.entries, entry],
    )
    root = event_entry(
        participant=STREAM >> 16,
        fields_size=fields.size,
        fields_root=fields.root,
        codes_root=honest.codes.root,
    )
    return replace(honest, fields=fields, entry=root), second


def merkle_entry(disclosure: str) -> bytes:
    return sha256(disclosure.encode()).digest()


def bundle(scene: Scene, made: Sealed, *paths: str, at: int = 0) -> Bundle:
    commitment = made.commitments[at]
    known = [one for one in paths if one in commitment.fields.paths]
    index = made.index(at)
    return make_bundle(
        fields=fields_proof(commitment.fields, known),
        codes_root=commitment.codes.root,
        paths=code_paths(commitment.codes, commitment.codes.codes[:1]),
        event_index=index,
        event_siblings=made.batch.path(index),
        anchor=made.anchor,
        anchored_at=anchored_at(scene, made),
    )


async def test_two_values_in_one_entry_are_proven_offline(scene: Scene) -> None:
    made = await scene.issuer.seal(two_faced(scene)[0])
    shown = TwoValues((bundle(scene, made, LOT), bundle(scene, made, "second")))
    verdict = await scene.verdict(VALUES, shown)
    assert (verdict.outcome, verdict.by) == (EvidenceOutcome.PROVEN, (1,)), verdict.text
    assert any('"L1" and "L2"' in line for line in verdict.said)
    assert any("sealed by 3 of 4" in line for line in verdict.basis)


async def test_a_signed_transaction_proves_the_anchor_as_well(scene: Scene) -> None:
    made = await scene.issuer.seal(two_faced(scene)[0])
    shown = TwoValues((bundle(scene, made, LOT), bundle(scene, made, "second")))
    evidence = await scene.prove(VALUES, shown)
    raw = scene.sign(made.anchor)
    bare = replace(evidence.chain, headers=(), proofs=(), transactions=(raw,))
    evidence = replace(evidence, chain=bare)
    assert scene.judge(evidence).code == "anchor_unchecked"
    key = scene.world.writer.sender
    assert scene.judge(evidence, keys={key: 1}).outcome is EvidenceOutcome.PROVEN
    # Nobody makes it the first one's by signing with a key of his own.
    foreign = replace(bare, transactions=(scene.sign(made.anchor, key="anchor-2"),))
    other = scene.judge(replace(evidence, chain=foreign), keys={key: 1})
    assert other.code == "anchor_unchecked"


async def test_without_proofs_the_anchor_is_unchecked(scene: Scene) -> None:
    made = await scene.issuer.seal(two_faced(scene)[0])
    shown = TwoValues((bundle(scene, made, LOT), bundle(scene, made, "second")))
    evidence = await scene.prove(VALUES, shown)
    verdict = scene.judge(replace(evidence, chain=type(evidence.chain)()))
    assert (verdict.outcome, verdict.code) == (EvidenceOutcome.CANNOT_CHECK, "anchor_unchecked")


async def test_seals_of_too_few_validators_prove_nothing(scene: Scene) -> None:
    scene.prover.sealers = scene.prover.sealers[:2]
    made = await scene.issuer.seal(two_faced(scene)[0])
    shown = TwoValues((bundle(scene, made, LOT), bundle(scene, made, "second")))
    evidence = await scene.prove(VALUES, shown)
    assert scene.judge(evidence).outcome is EvidenceOutcome.CANNOT_CHECK
    head = evidence.chain.headers[-1].block_hash
    assert scene.judge(evidence, blocks=frozenset({head})).outcome is EvidenceOutcome.PROVEN


async def test_an_honest_entry_gives_no_two_values(scene: Scene) -> None:
    made = await scene.issuer.seal(scene.issuer.commit(1), scene.issuer.commit(2))
    first, second = bundle(scene, made, LOT), bundle(scene, made, LOT, EVENT_ID)
    assert (await scene.verdict(VALUES, TwoValues((first, second)))).code == "no_contradiction"
    other = bundle(scene, made, LOT, at=1)
    assert (await scene.verdict(VALUES, TwoValues((first, other)))).code == "entries_differ"


def with_disclosure(one: Bundle, made: str, at: int = 0) -> Bundle:
    fields = one.fields
    texts = [*fields.disclosures]
    texts[at] = made
    return replace(
        one, fields=FieldsProof(fields.size, fields.indices, tuple(texts), fields.siblings)
    )


async def test_a_value_that_was_never_committed_is_refused(scene: Scene) -> None:
    """With other siblings, another size, another index or in a decoy's place."""
    made = await scene.issuer.seal(scene.issuer.commit(1))
    honest = bundle(scene, made, LOT)
    act = next(n for n, t in enumerate(honest.fields.disclosures) if len(t) > 100)
    forged = with_disclosure(honest, encode_disclosure(Item(b"\x01" * 16, LOT, "L9")), 1 - act)
    assert (await scene.verdict(VALUES, TwoValues((honest, forged)))).code == "root_mismatch"
    fields = forged.fields
    for tried in (
        replace(fields, siblings=(b"\x05" * 32, *fields.siblings[1:])),
        replace(fields, indices=tuple(i ^ 1 for i in fields.indices)),
    ):
        verdict = await scene.verdict(VALUES, TwoValues((honest, replace(forged, fields=tried))))
        assert verdict.code in ("root_mismatch", "proof_shape", "index_order")


async def test_the_anchor_of_another_cannot_be_put_in_its_place(scene: Scene) -> None:
    """Whoever invents an anchor, or names somebody else's place, is refused."""
    made = await scene.issuer.seal(two_faced(scene)[0])
    first, second = bundle(scene, made, LOT), bundle(scene, made, "second")
    invented = replace(made.anchor, sequence=9, previous_tip=b"\x01" * 32)
    both = tuple(replace(one, anchor=invented) for one in (first, second))
    verdict = await scene.verdict(VALUES, TwoValues(both))  # type: ignore[arg-type]
    assert verdict.code == "anchor_not_found"
    later = replace(first.anchored_at, block_time=first.anchored_at.block_time + 1)
    moved = (replace(first, anchored_at=later), second)
    assert (await scene.verdict(VALUES, TwoValues(moved))).code in (
        "record_mismatch",
        "anchor_unchecked",
    )


async def test_two_contents_under_one_event_id_are_proven(scene: Scene) -> None:
    first = await scene.issuer.seal(scene.issuer.commit(1))
    second = await scene.issuer.seal(scene.issuer.commit(2, eventID=event_id(1), action="DELETE"))
    bundles = [bundle(scene, one, EVENT_ID, LOT) for one in (first, second)]
    shown = TwoContents((Content(bundles[0]), Content(bundles[1])))
    verdict = await scene.verdict(CONTENTS, shown)
    assert (verdict.outcome, verdict.by) == (EvidenceOutcome.PROVEN, (1,)), verdict.text
    assert any("sealtrail:act" in line for line in verdict.said)


def event_id(number: int) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{number:012d}"


async def test_openings_show_what_no_path_shows(scene: Scene) -> None:
    changes: dict[str, Any] = {"eventID": event_id(1), "epcList": ["urn:example:other"]}
    first = await scene.issuer.seal(scene.issuer.commit(1))
    second = await scene.issuer.seal(scene.issuer.commit(2, **changes))
    bundles = [bundle(scene, one, EVENT_ID) for one in (first, second)]
    bare = TwoContents((Content(bundles[0]), Content(bundles[1])))
    assert (await scene.verdict(CONTENTS, bare)).code == "no_contradiction"
    texts = (
        scene.issuer.opening(1).to_json().decode(),
        scene.issuer.opening(2, **changes).to_json().decode(),
    )
    opened = TwoContents((Content(bundles[0], texts[0]), Content(bundles[1], texts[1])))
    assert (await scene.verdict(CONTENTS, opened)).outcome is EvidenceOutcome.PROVEN
    swapped = TwoContents((Content(bundles[0], texts[1]), Content(bundles[1], texts[1])))
    assert (await scene.verdict(CONTENTS, swapped)).code == "opening_mismatch"


async def test_the_same_content_anchored_twice_is_no_second_content(scene: Scene) -> None:
    first = await scene.issuer.seal(scene.issuer.commit(1))
    same = dict(scene.issuer.opening(1).event)
    again = await scene.issuer.seal(scene.issuer.commit(2, **same))
    texts = (
        scene.issuer.opening(1).to_json().decode(),
        scene.issuer.opening(2, **same).to_json().decode(),
    )
    paths = (EVENT_ID, LOT)
    bundles = (bundle(scene, first, *paths), bundle(scene, again, *paths))
    for opened in (("", ""), texts, (texts[0], "")):
        contents = [Content(one, text) for one, text in zip(bundles, opened, strict=True)]
        verdict = await scene.verdict(CONTENTS, TwoContents((contents[0], contents[1])))
        assert verdict.code == "no_contradiction"


async def test_a_declaration_of_error_is_no_second_content(scene: Scene) -> None:
    first = await scene.issuer.seal(scene.issuer.commit(1))
    declared = {
        "eventID": event_id(1),
        "errorDeclaration": {"declarationTime": "2023-11-15T00:00:00.000Z"},
    }
    second = await scene.issuer.seal(scene.issuer.commit(2, **declared))
    shown = TwoContents(
        (Content(bundle(scene, first, EVENT_ID)), Content(bundle(scene, second, EVENT_ID)))
    )
    assert (await scene.verdict(CONTENTS, shown)).code == "identities_differ"


@pytest.mark.parametrize("paths", [(LOT,), ()])
async def test_an_event_id_that_is_not_disclosed_names_nothing(scene: Scene, paths: Any) -> None:
    first = await scene.issuer.seal(scene.issuer.commit(1))
    second = await scene.issuer.seal(scene.issuer.commit(2, eventID=event_id(1), action="DELETE"))
    shown = TwoContents(
        (Content(bundle(scene, first, EVENT_ID)), Content(bundle(scene, second, *paths)))
    )
    assert (await scene.verdict(CONTENTS, shown)).code == "event_id_not_disclosed"


async def test_two_participants_may_use_one_event_id(scene: Scene) -> None:
    first = await scene.issuer.seal(scene.issuer.commit(1))
    one = bundle(scene, first, EVENT_ID)
    stream = replace(one.anchor, stream=2 << 16)
    other = replace(one, participant=2, anchor=stream)
    verdict = await scene.verdict(CONTENTS, TwoContents((Content(one), Content(other))))
    assert verdict.code == "root_mismatch"  # the participant is in the entry
