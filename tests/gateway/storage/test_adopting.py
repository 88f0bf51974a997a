"""Taking over what the chain holds, on both databases (F17)."""

from hashlib import sha256

import pytest

from anchoring.core.anchor import ZERO_HASH, Anchor
from anchoring.ports import AnchorPlace, SignedTransaction
from node_gateway.storage.errors import AnchorConflictError
from node_gateway.storage.ports import AdoptedAnchor, GatewayStore
from tests.gateway.storage.making import OTHER_STREAM, STREAM, batch, event, unit

NOW = 1_790_000_500


def on_chain(anchor: Anchor) -> AdoptedAnchor:
    """Say that an anchor stands on the chain, in a block of its own."""
    number = 100 + anchor.sequence
    block_hash = sha256(f"block {number}".encode()).digest()
    tx_hash = sha256(f"tx {number}".encode()).digest()
    place = AnchorPlace(anchor.stream, anchor.sequence, number, NOW, block_hash, tx_hash)
    return AdoptedAnchor(anchor, place)


def foreign(sequence: int, *, stream: int = STREAM) -> Anchor:
    """An anchor that this database has never heard of."""
    root = sha256(f"root {stream} {sequence}".encode()).digest()
    tip = sha256(f"tip {sequence}".encode()).digest() if sequence > 1 else ZERO_HASH
    return Anchor(stream, sequence, root, 16, tip)


async def add_batches(store: GatewayStore, count: int, *, final: int = 0) -> list[Anchor]:
    """Store one event per batch; the first `final` of them are final."""
    anchors = []
    for sequence in range(1, count + 1):
        await store.capture(unit(f"c{sequence}", event(f"e{sequence}")))
        made = batch(await store.unbatched(STREAM, limit=16), sequence=sequence)
        await store.add_batch(made)
        anchors.append(made.anchor)
    await store.mark_final([on_chain(one).place for one in anchors[:final]])
    return anchors


async def sign(store: GatewayStore, *anchors: Anchor, nonce: int = 0) -> SignedTransaction:
    names = tuple((one.stream, one.sequence) for one in anchors)
    tx_hash = sha256(repr(names).encode()).digest()
    tx = SignedTransaction(tx_hash, b"raw" + tx_hash, nonce, bytes(20), names)
    await store.add_transaction(tx)
    return tx


async def state_of(store: GatewayStore, sequence: int) -> str:
    stored = await store.anchor(STREAM, sequence)
    assert stored is not None
    return stored.state


async def test_an_empty_database_takes_everything_over(store: GatewayStore) -> None:
    adopted = [on_chain(foreign(sequence)) for sequence in (1, 2, 3)]
    done = await store.adopt_anchors(STREAM, adopted, created_at=NOW)
    assert (done.stream, done.adopted, done.dissolved) == (STREAM, 3, 0)
    assert await store.last_batched(STREAM) == adopted[-1].anchor
    assert await store.last_final(STREAM) == adopted[-1].place
    assert await store.pending(limit=10) == []
    assert await store.batch_entries(STREAM, 2) == b""
    assert await store.last_batched(OTHER_STREAM) is None


async def test_events_that_were_in_no_batch_wait_for_the_next_one(store: GatewayStore) -> None:
    anchors = await add_batches(store, 1, final=1)
    captured = await store.capture(unit("later", event("later")))
    (outcome,) = captured.events
    assert outcome.entry is not None
    chain = [on_chain(anchors[0]), on_chain(foreign(2)), on_chain(foreign(3))]
    await store.adopt_anchors(STREAM, chain, created_at=NOW)
    waiting = await store.unbatched(STREAM, limit=16)
    assert waiting.entries == (outcome.entry,)
    assert await store.batch_place(outcome.entry) is None
    await store.add_batch(batch(waiting, sequence=4))
    place = await store.batch_place(outcome.entry)
    assert place is not None
    assert place.batch.anchor.sequence == 4


async def test_events_of_older_batches_keep_their_place(store: GatewayStore) -> None:
    anchors = await add_batches(store, 2, final=1)
    entries = [(await store.events_after(0, limit=5))[at].header.entry for at in (0, 1)]
    chain = [*map(on_chain, anchors), on_chain(foreign(3))]
    done = await store.adopt_anchors(STREAM, chain, created_at=NOW)
    assert (done.adopted, done.dissolved) == (1, 0)
    for sequence, entry in enumerate(entries, start=1):
        place = await store.batch_place(entry)
        assert place is not None
        assert (place.batch.anchor.sequence, place.batch.state) == (sequence, "final")


async def test_a_batch_that_the_chain_has_too_becomes_final_there(store: GatewayStore) -> None:
    """Or the anchorer would search its place after the newest final one, for ever."""
    anchors = await add_batches(store, 2)
    await sign(store, anchors[0])
    chain = [*map(on_chain, anchors), on_chain(foreign(3))]
    await store.adopt_anchors(STREAM, chain, created_at=NOW)
    assert [await state_of(store, sequence) for sequence in (1, 2, 3)] == ["final"] * 3
    assert await store.pending(limit=10) == []
    assert await store.transactions() == []


async def test_what_follows_beyond_the_chain_is_kept_signed_or_not(store: GatewayStore) -> None:
    """I5: a signed batch that is on its way must never get another root."""
    anchors = await add_batches(store, 3, final=1)
    tx = await sign(store, anchors[1])
    done = await store.adopt_anchors(STREAM, [on_chain(anchors[0])], created_at=NOW)
    assert (done.adopted, done.dissolved) == (0, 0)
    assert [await state_of(store, sequence) for sequence in (2, 3)] == ["anchoring", "batched"]
    assert await store.transactions() == [tx]
    assert await store.last_batched(STREAM) == anchors[2]


async def test_a_fork_is_dissolved_and_its_events_wait_again(store: GatewayStore) -> None:
    anchors = await add_batches(store, 3, final=1)
    await sign(store, anchors[1], anchors[2])
    entries = [one.header.entry for one in await store.events_after(1, limit=5)]
    chain = [on_chain(anchors[0]), on_chain(foreign(2))]
    done = await store.adopt_anchors(STREAM, chain, created_at=NOW)
    assert (done.adopted, done.dissolved) == (1, 2)
    assert await store.transactions() == []
    assert await store.last_batched(STREAM) == chain[-1].anchor
    assert (await store.unbatched(STREAM, limit=16)).entries == tuple(entries)
    assert await store.anchor(STREAM, 3) is None
    await store.add_batch(batch(await store.unbatched(STREAM, limit=16), sequence=3))
    for entry in entries:
        place = await store.batch_place(entry)
        assert place is not None
        assert place.batch.anchor.sequence == 3


async def test_the_same_root_under_another_past_is_a_fork(store: GatewayStore) -> None:
    anchors = await add_batches(store, 1)
    (mine,) = anchors
    other = Anchor(mine.stream, mine.sequence, mine.root, mine.size + 1, mine.previous_tip)
    done = await store.adopt_anchors(STREAM, [on_chain(other)], created_at=NOW)
    assert (done.adopted, done.dissolved) == (1, 1)
    assert await store.last_batched(STREAM) == other


@pytest.mark.parametrize("chain_has", [[], [foreign(1)]])
async def test_a_final_anchor_that_the_chain_lacks_changes_nothing(
    store: GatewayStore, chain_has: list[Anchor]
) -> None:
    anchors = await add_batches(store, 2, final=2)
    with pytest.raises(AnchorConflictError):
        await store.adopt_anchors(STREAM, list(map(on_chain, chain_has)), created_at=NOW)
    assert await store.last_batched(STREAM) == anchors[1]
    assert await state_of(store, 2) == "final"


async def test_a_chain_with_a_gap_is_refused(store: GatewayStore) -> None:
    with pytest.raises(AnchorConflictError):
        await store.adopt_anchors(
            STREAM, [on_chain(foreign(1)), on_chain(foreign(3))], created_at=NOW
        )
    assert await store.last_batched(STREAM) is None


async def test_adopting_twice_changes_nothing_more(store: GatewayStore) -> None:
    await add_batches(store, 1, final=1)
    first = await store.anchor(STREAM, 1)
    assert first is not None
    chain = [on_chain(first.anchor), on_chain(foreign(2))]
    await store.adopt_anchors(STREAM, chain, created_at=NOW)
    again = await store.adopt_anchors(STREAM, chain, created_at=NOW)
    assert (again.adopted, again.dissolved) == (0, 0)
