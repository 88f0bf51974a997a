"""Challenges: leaves that anybody draws alike, and answers that hold for their own place only."""

import json
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring.challenges import (
    LEAVES_MAX,
    ChallengeFailedError,
    Leaf,
    OpenedKind,
    OpenedLeaf,
    Seed,
    answer_text,
    challenge_text,
    check_opened,
    draw,
    leaves_needed,
    parse_answer,
    parse_challenge,
)
from anchoring.core.anchor import ZERO_HASH, Anchor
from anchoring.core.batch import Batch, decoy_entry
from anchoring.core.opening import FullOpening
from anchoring.errors import FormatError

STREAM = 7 << 16
SEED = Seed(41, sha256(b"block 41").digest())
NONCES = [sha256(f"nonce {one}".encode()).digest() for one in range(14)]
EVENT = {
    "type": "ObjectEvent",
    "eventID": "urn:uuid:00000000-0000-4000-8000-000000000001",
    "action": "ADD",
    "epcList": ["https://id.gs1.org/01/09506000134352/21/42"],
    "quantity": 4.5,
}
OPENING = FullOpening(7, EVENT, {}, sha256(b"secret").digest())
ERASED = FullOpening(7, EVENT, {}, sha256(b"another secret").digest()).commitment()
BATCH = Batch.build(
    [OPENING.commitment().entry, ERASED.entry, *(decoy_entry(nonce) for nonce in NONCES)]
)
ANCHOR = Anchor(STREAM, 3, BATCH.root, BATCH.size, sha256(b"tip").digest())


def place(entry: bytes) -> tuple[Leaf, tuple[bytes, ...]]:
    index = BATCH.index_of(entry)
    return Leaf(STREAM, 3, index), tuple(BATCH.path(index))


def decoy(number: int = 0) -> OpenedLeaf:
    leaf, path = place(decoy_entry(NONCES[number]))
    return OpenedLeaf(leaf, path, nonce=NONCES[number])


def event() -> OpenedLeaf:
    return OpenedLeaf(*place(OPENING.commitment().entry), opening=OPENING.to_json())


def erased() -> OpenedLeaf:
    parts = (ERASED.fields.size, ERASED.fields.root, ERASED.codes.root)
    return OpenedLeaf(*place(ERASED.entry), erased=parts)


@pytest.mark.parametrize(
    ("share", "confidence", "count"),
    [("0.04", "0.95", 74), ("0.01", "0.99", 459), ("0.5", "0.5", 1), ("1", "0.99", 1)],
)
def test_the_sample_is_as_large_as_the_table_says(share: str, confidence: str, count: int) -> None:
    assert leaves_needed(Decimal(share), Decimal(confidence)) == count


@pytest.mark.parametrize(
    ("share", "confidence"), [("0", "0.9"), ("1.1", "0.9"), ("0.1", "1"), ("0.00001", "0.99")]
)
def test_a_sample_that_cannot_be_is_refused(share: str, confidence: str) -> None:
    with pytest.raises(ValueError, match=r"above|more than"):
        leaves_needed(Decimal(share), Decimal(confidence))


def test_the_draw_is_the_one_that_the_page_describes() -> None:
    sizes = [(1, 16), (2, 256), (5, 16)]
    expected = []
    for counter in range(4):
        text = b"sealtrail/challenge/v1\n" + SEED.block_hash
        text += STREAM.to_bytes(8, "big") + counter.to_bytes(8, "big")
        at = int(sha256(text).hexdigest(), 16) % 288
        for sequence, size in sizes:
            if at < size:
                expected.append(Leaf(STREAM, sequence, at))
                break
            at -= size
    assert draw(SEED, STREAM, sizes, 4) == expected


@given(
    st.lists(st.integers(1, 40), max_size=6),
    st.integers(1, 60),
    st.binary(min_size=32, max_size=32),
)
def test_leaves_are_distinct_in_range_and_all_of_them_if_wanted(
    sizes: list[int], count: int, block: bytes
) -> None:
    anchors = list(enumerate(sizes, 1))
    drawn = draw(Seed(1, block), STREAM, anchors, count)
    assert len(set(drawn)) == len(drawn) == min(count, sum(sizes))
    assert all(one.index < dict(anchors)[one.sequence] for one in drawn)
    assert drawn == draw(Seed(9, block), STREAM, anchors, count)
    assert draw(Seed(1, block), STREAM, anchors, 1) == drawn[:1]


def test_another_block_or_stream_draws_other_leaves() -> None:
    sizes = [(1, 65_536)]
    first = draw(SEED, STREAM, sizes, 20)
    other = Seed(41, sha256(b"another").digest())
    assert not set(first) & set(draw(other, STREAM, sizes, 20))
    indices = {one.index for one in first}
    assert not indices & {one.index for one in draw(SEED, STREAM + 1, sizes, 20)}


def test_every_leaf_is_as_likely_as_any_other() -> None:
    counts: Counter[int] = Counter()
    for number in range(4000):
        block = sha256(number.to_bytes(4, "big")).digest()
        counts[draw(Seed(1, block), STREAM, [(1, 16)], 1)[0].index] += 1
    assert set(counts) == set(range(16))
    assert all(180 < count < 320 for count in counts.values()), counts  # 250 +- 4.5 sigma


@pytest.mark.parametrize(
    ("opened", "kind"),
    [
        (decoy(), OpenedKind.DECOY),
        (event(), OpenedKind.EVENT),
        (erased(), OpenedKind.ERASED),
    ],
)
def test_an_honest_opening_holds(opened: OpenedLeaf, kind: OpenedKind) -> None:
    answer = parse_answer(answer_text(7, [opened]), participant=7)
    assert answer == {opened.leaf: opened}
    assert check_opened(answer[opened.leaf], ANCHOR) is kind


def changed_event(**changes: object) -> OpenedLeaf:
    opening = FullOpening(7, {**EVENT, **changes}, {}, OPENING.secret)
    return replace(event(), opening=opening.to_json())


@pytest.mark.parametrize(
    "opened",
    [
        replace(decoy(), nonce=NONCES[1]),
        replace(decoy(), leaf=decoy(1).leaf),
        replace(decoy(), leaf=decoy(1).leaf, siblings=decoy(1).siblings),
        replace(decoy(), siblings=decoy().siblings[:-1]),
        replace(decoy(), leaf=replace(decoy().leaf, index=99)),
        changed_event(quantity=5),
        replace(event(), opening=b"{}"),
        replace(event(), opening=replace(OPENING, participant=8).to_json()),
        replace(event(), opening=None, nonce=NONCES[0]),
        replace(erased(), erased=(32, *erased().erased[1:])),  # type: ignore[misc]
    ],
)
def test_an_opening_of_anything_else_is_refused(opened: OpenedLeaf) -> None:
    with pytest.raises(ChallengeFailedError):
        check_opened(opened, ANCHOR)


def test_the_first_anchor_of_a_stream_is_drawn_from_too() -> None:
    anchor = Anchor(STREAM, 1, BATCH.root, BATCH.size, ZERO_HASH)
    opened = decoy()
    first = replace(opened, leaf=replace(opened.leaf, sequence=1))
    assert check_opened(first, anchor) is OpenedKind.DECOY
    with pytest.raises(ValueError, match="another"):
        check_opened(opened, anchor)


def test_a_challenge_reads_as_it_was_written() -> None:
    leaves = tuple(draw(SEED, STREAM, [(1, 256)], LEAVES_MAX))
    assert parse_challenge(challenge_text(SEED, leaves)) == (SEED, leaves)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "sealtrail/challenge/v2"},
        {"leaves": []},
        {"leaves": [Leaf(STREAM, 1, 0).to_wire()] * 2},
        {"leaves": [Leaf(STREAM, 1, at).to_wire() for at in range(LEAVES_MAX + 1)]},
        {"leaves": [Leaf(5, 1, 0).to_wire()]},
        {"leaves": [Leaf(STREAM, 0, 0).to_wire()]},
        {"leaves": [{**Leaf(STREAM, 1, 0).to_wire(), "more": 1}]},
        {"seed": {"blockNumber": 1, "blockHash": "00"}},
        {"more": 1},
    ],
)
def test_a_malformed_challenge_is_refused(change: dict[str, object]) -> None:
    wire = json.loads(challenge_text(SEED, [Leaf(STREAM, 1, 0)]))
    with pytest.raises(FormatError):
        parse_challenge(json.dumps({**wire, **change}).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"decoy": "AAAA"},
        {"decoy": None},
        {"opening": "{}"},  # two ways at once
        {"siblings": ["00"]},
        {"siblings": ["00" * 32] * 21},
    ],
)
def test_a_malformed_answer_is_refused(change: dict[str, object]) -> None:
    wire = json.loads(answer_text(7, [decoy()]))
    wire["openings"][0].update(change)
    with pytest.raises(FormatError):
        parse_answer(json.dumps(wire).encode(), participant=7)


def test_an_answer_of_another_participant_or_with_a_leaf_twice_is_refused() -> None:
    for raw, participant in (
        (answer_text(7, [decoy()]), 8),
        (answer_text(7, [decoy(), decoy()]), 7),
    ):
        with pytest.raises(FormatError):
            parse_answer(raw, participant=participant)
