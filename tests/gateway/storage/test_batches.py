"""Batches, their public lists, their tiles and the outbox of anchors."""

import asyncio
from dataclasses import replace

import pytest

from anchoring.core import merkle
from anchoring.ports import AnchorPlace, SignedTransaction
from node_gateway.storage.errors import AnchorConflictError, BatchConflictError
from node_gateway.storage.ports import GatewayStore, Unbatched
from node_gateway.storage.tiles import batch_path
from tests.gateway.storage.making import NOW_MS, OTHER_STREAM, STREAM, batch, digest, event, unit

NONE_WAITING = Unbatched((), None, None, None)


async def capture(store: GatewayStore, name: object, count: int, **overrides: object) -> None:
    events = [event((name, i)) for i in range(count)]
    await store.capture(unit(str(name), *events, **overrides))


async def batched(store: GatewayStore, sequence: int, **options: int) -> Unbatched:
    waiting = await store.unbatched(options.get("stream", STREAM), limit=10_000)
    await store.add_batch(batch(waiting, sequence=sequence, **options))
    return waiting


def place(sequence: int, block: int = 100, stream: int = STREAM) -> AnchorPlace:
    return AnchorPlace(stream, sequence, block, 1_790_000_000 + block, digest(block), digest("tx"))


def signed(nonce: int, *sequences: int, stream: int = STREAM) -> SignedTransaction:
    anchors = tuple((stream, sequence) for sequence in sequences)
    return SignedTransaction(digest("tx", nonce, anchors), b"raw", nonce, bytes(20), anchors)


async def test_waiting_events_come_in_the_order_of_storing(store: GatewayStore) -> None:
    first, second = [event(i) for i in range(5)], [event(("x", i)) for i in range(3)]
    await store.capture(unit("c1", *first))
    await store.capture(unit("c2", event("elsewhere"), stream=OTHER_STREAM))
    await store.capture(unit("c3", *second, created_at_ms=NOW_MS + 1))
    waiting = await store.unbatched(STREAM, limit=6)
    assert list(waiting.entries) == [e.entry for e in [*first, *second[:1]]]
    assert (waiting.received_at_ms, waiting.anchor_by) == (NOW_MS, 1_790_003_600)
    assert await store.unbatched(STREAM + 5, limit=6) == NONE_WAITING
    assert await store.streams() == [STREAM, OTHER_STREAM]


async def test_a_unit_may_be_split_between_batches(store: GatewayStore) -> None:
    events = [event(i) for i in range(10)]
    await store.capture(unit("c1", *events))
    first = await store.unbatched(STREAM, limit=4)
    await store.add_batch(batch(first, sequence=1))
    second = await store.unbatched(STREAM, limit=100)
    assert [*first.entries, *second.entries] == [e.entry for e in events]
    status = (await store.status()).streams[0]
    assert (status.unbatched_count, status.last_batched_sequence) == (6, 1)
    await store.add_batch(batch(second, sequence=2))
    places = [await store.batch_place(e.entry) for e in events]
    assert [p.batch.anchor.sequence for p in places if p] == [1] * 4 + [2] * 6


async def test_an_event_is_found_where_the_public_list_has_it(store: GatewayStore) -> None:
    await capture(store, "a", 900)
    waiting = await batched(store, 1, size=1000)
    listed = await store.batch_entries(STREAM, 1)
    assert len(listed) == 32_000
    indices = set()
    for entry in waiting.entries[::37]:
        found = await store.batch_place(entry)
        assert found is not None
        assert listed[found.index * 32 :][:32] == entry
        indices.add(found.index)
    assert len(indices) == len(waiting.entries[::37])  # I2


async def test_the_public_list_is_read_in_pages(store: GatewayStore) -> None:
    await capture(store, "a", 20)
    new = batch(await store.unbatched(STREAM, limit=100), sequence=1, size=700)
    await store.add_batch(new)
    for first, limit in ((0, 256), (255, 2), (256, 256), (500, 500), (699, 1), (700, 5), (0, 700)):
        expected = new.entries[first * 32 : (first + limit) * 32]
        assert await store.batch_entries(STREAM, 1, first=first, limit=limit) == expected
    assert await store.batch_entries(STREAM, 1, first=600) == new.entries[600 * 32 :]
    assert await store.batch_entries(STREAM, 2) == b""
    assert await store.batch_decoys(STREAM, 1) == new.decoys
    assert await store.batch_decoys(STREAM, 2) is None


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 300, 511, 513, 4096, 5001])
async def test_paths_from_tiles_are_those_of_the_whole_tree(store: GatewayStore, size: int) -> None:
    new = batch(NONE_WAITING, sequence=1, size=size)
    await store.add_batch(new)
    leaves = merkle.leaf_hashes(new.entries[at : at + 32] for at in range(0, size * 32, 32))
    levels = merkle.build_levels(leaves)
    for index in {0, 1, size // 3, size // 2, 255, 256, size - 2, size - 1} & set(range(size)):
        tiles = await store.batch_tiles(STREAM, 1, index)
        assert len(tiles) == (1 if size <= 256 else 2)
        path = batch_path(tiles, index)
        assert path == merkle.path(levels, index)
        leaf = merkle.node_at(leaves, index)
        root = merkle.root_from_path(leaf, path, index=index, size=size)
        assert root == new.anchor.root
    assert await store.batch_tiles(STREAM, 1, size) == []
    assert await store.batch_tiles(STREAM, 2, 0) == []


async def test_a_tree_with_a_third_row_of_tiles(store: GatewayStore) -> None:
    size = 65_536 + 300
    new = batch(NONE_WAITING, sequence=1, size=size)
    await store.add_batch(new)
    for index in (0, 65_535, 65_536, size - 1):
        tiles = await store.batch_tiles(STREAM, 1, index)
        assert [tile.level for tile in tiles] == [0, 8, 16]
        leaf = merkle.leaf_hash(new.entries[index * 32 : index * 32 + 32])
        path = batch_path(tiles, index)
        root = merkle.root_from_path(leaf, path, index=index, size=size)
        assert root == new.anchor.root


async def test_sequences_are_dense(store: GatewayStore) -> None:
    """I3: no gap, no repeat, no other first number."""
    await capture(store, "a", 3)
    waiting = await store.unbatched(STREAM, limit=10)
    for wrong in (0, 2, 7):
        with pytest.raises(BatchConflictError):
            await store.add_batch(batch(waiting, sequence=wrong))
    await store.add_batch(batch(waiting, sequence=1))
    with pytest.raises(BatchConflictError):
        await store.add_batch(batch(NONE_WAITING, sequence=1))
    await store.add_batch(batch(NONE_WAITING, sequence=2))
    await store.add_batch(batch(NONE_WAITING, sequence=1, stream=OTHER_STREAM))
    listed = await store.anchors(STREAM, limit=10)
    assert [each.anchor.sequence for each in listed] == [1, 2]


async def test_of_two_batches_for_one_sequence_one_wins(store: GatewayStore) -> None:
    """I5: the second root never becomes durable, so it is never signed."""
    new = [batch(NONE_WAITING, sequence=1, size=16 + i) for i in range(8)]
    results = await asyncio.gather(*map(store.add_batch, new), return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == [
        *["BatchConflictError"] * 7,
        "NoneType",
    ]
    won = new[results.index(None)].anchor
    assert await store.last_batched(STREAM) == won


async def test_a_batch_must_hold_exactly_its_events(store: GatewayStore) -> None:
    """I1: an acknowledged event cannot be left out of the batch that passes it."""
    await capture(store, "a", 6)
    waiting = await store.unbatched(STREAM, limit=10)
    good = batch(waiting, sequence=1)
    left_out = replace(waiting, entries=waiting.entries[1:])
    swapped = replace(waiting, entries=(*waiting.entries[1:], digest("stranger")))
    entries = [good.entries[at : at + 32] for at in range(0, len(good.entries), 32)]
    wrong = [
        batch(left_out, sequence=1),
        batch(swapped, sequence=1),
        replace(good, event_count=5),
        replace(good, entries=b"".join(reversed(entries))),
        replace(good, entries=b"".join([entries[0], *entries[:-1]])),
        replace(good, entries=good.entries[:-32]),
        replace(good, through=None),
    ]
    for each in wrong:
        with pytest.raises(BatchConflictError):
            await store.add_batch(each)
    assert await store.unbatched(STREAM, limit=10) == waiting
    assert await store.batch_entries(STREAM, 1) == b""
    await store.add_batch(good)
    assert (await store.unbatched(STREAM, limit=10)) == NONE_WAITING


async def test_a_refused_batch_in_a_group_takes_nobody_along(store: GatewayStore) -> None:
    calls = [store.capture(unit(f"c{i}", event(i))) for i in range(10)]
    wrong = store.add_batch(batch(NONE_WAITING, sequence=5))
    right = store.add_batch(batch(NONE_WAITING, sequence=1, stream=OTHER_STREAM))
    *outcomes, refused, done = await asyncio.gather(*calls, wrong, right, return_exceptions=True)
    assert isinstance(refused, BatchConflictError)
    assert done is None
    assert {each.events[0].kind for each in outcomes} == {"stored"}


async def test_empty_batches_between_full_ones_change_no_place(store: GatewayStore) -> None:
    await batched(store, 1)
    await capture(store, "a", 3)
    first = await batched(store, 2)
    await batched(store, 3)
    await capture(store, "b", 2)
    second = await batched(store, 4)
    await batched(store, 5)
    for entries, sequence in ((first.entries, 2), (second.entries, 4)):
        for entry in entries:
            found = await store.batch_place(entry)
            assert found is not None
            assert found.batch.anchor.sequence == sequence
    counts = [each.event_count for each in await store.anchors(STREAM, limit=9)]
    assert counts == [0, 3, 0, 2, 0]


async def test_states_of_an_event_follow_its_batch(store: GatewayStore) -> None:
    await capture(store, "a", 1)
    entry = (await store.unbatched(STREAM, limit=1)).entries[0]

    async def state() -> str:
        found = await store.event_by_entry(entry)
        assert found is not None
        listed = (await store.events_after(0, limit=5))[0]
        assert listed.header.state == found.header.state
        return found.header.state

    seen = [await state()]
    assert await store.batch_place(entry) is None
    await batched(store, 1)
    seen.append(await state())
    await store.add_transaction(signed(0, 1))
    seen.append(await state())
    await store.mark_seen([place(1)])
    seen.append(await state())
    await store.mark_unseen([(STREAM, 1)])
    seen.append(await state())
    await store.mark_final([place(1, 101)])
    seen.append(await state())
    assert seen == ["stored", "batched", "anchoring", "anchoring", "anchoring", "final"]
    found = await store.batch_place(entry)
    assert found is not None
    assert found.batch.place == place(1, 101)


async def test_pending_anchors_carry_the_promise_and_their_place(store: GatewayStore) -> None:
    await capture(store, "a", 2)
    await batched(store, 1)
    await batched(store, 1, stream=OTHER_STREAM)
    await batched(store, 2)
    await store.mark_seen([place(1, 7)])
    pending = await store.pending(limit=10)
    assert [(p.anchor.stream, p.anchor.sequence, p.state) for p in pending] == [
        (STREAM, 1, "anchoring"),
        (STREAM, 2, "batched"),
        (OTHER_STREAM, 1, "batched"),
    ]
    assert [p.anchor_by for p in pending] == [1_790_003_600, None, None]
    assert [p.place for p in pending] == [place(1, 7), None, None]
    assert pending[0].created_at == 1_790_000_101
    assert await store.pending(limit=1) == pending[:1]
    assert pending[1].anchor == await store.last_batched(STREAM)
    await store.mark_final([place(1, 7)])
    assert [p.anchor for p in await store.pending(limit=10)] == [p.anchor for p in pending[1:]]
    assert await store.last_final(STREAM) == place(1, 7)
    assert await store.last_final(OTHER_STREAM) is None
    assert (await store.status()).streams[0].last_final == place(1, 7)


async def test_every_signed_variant_is_kept_until_its_anchors_are_final(
    store: GatewayStore,
) -> None:
    """F7: any variant may win."""
    for sequence in (1, 2, 3):
        await batched(store, sequence)
    first, dearer, other = (
        signed(4, 1, 2),
        replace(signed(4, 1, 2), tx_hash=digest("dearer")),
        (signed(5, 3)),
    )
    for tx in (other, first, dearer, first):
        await store.add_transaction(tx)
    kept = await store.transactions()
    assert kept[-1] == other
    assert sorted(kept[:2], key=lambda tx: tx.tx_hash) == sorted(
        [first, dearer], key=lambda tx: tx.tx_hash
    )
    await store.mark_final([place(1)])
    assert len(await store.transactions()) == 3
    await store.mark_final([place(2)])
    assert await store.transactions() == [other]


async def test_a_final_anchor_does_not_move(store: GatewayStore) -> None:
    await batched(store, 1)
    await batched(store, 2)
    await store.mark_final([place(1, 9)])
    await store.mark_final([place(1, 9)])
    with pytest.raises(AnchorConflictError):
        await store.mark_final([place(2, 10), place(1, 10)])
    await store.mark_seen([place(1, 11)])
    await store.mark_unseen([(STREAM, 1)])
    stored = await store.anchor(STREAM, 1)
    assert stored is not None
    assert (stored.state, stored.place) == ("final", place(1, 9))
    second = await store.anchor(STREAM, 2)
    assert second is not None
    assert (second.state, second.place) == ("batched", None)  # the refused call marked nothing


async def test_unknown_anchors_are_refused(store: GatewayStore) -> None:
    for call in (
        store.add_transaction(signed(0, 1)),
        store.mark_seen([place(1)]),
        store.mark_unseen([(STREAM, 1)]),
        store.mark_final([place(1)]),
    ):
        with pytest.raises(AnchorConflictError):
            await call
    assert await store.transactions() == []
    assert await store.last_batched(STREAM) is None
    assert await store.anchor(STREAM, 1) is None


async def test_anchors_are_listed_in_pages_that_stay_put(store: GatewayStore) -> None:
    for sequence in range(1, 8):
        await batched(store, sequence)
    page = await store.anchors(STREAM, limit=3)
    await batched(store, 8)
    seen = [each.anchor.sequence for each in page]
    while page:
        page = await store.anchors(STREAM, after=seen[-1], limit=3)
        seen += [each.anchor.sequence for each in page]
    assert seen == list(range(1, 9))
    assert await store.anchors(OTHER_STREAM, limit=3) == []


async def test_what_is_asked_for_again_and_again_is_as_new_as_the_last_commit(
    store: GatewayStore,
) -> None:
    for number in (1, 2):
        await capture(store, number, 2)
        assert (await store.unbatched(STREAM, limit=1)).anchor_by is not None
        assert (await store.status()).event_count == 2 * number
        await batched(store, number)
        assert await store.unbatched(STREAM, limit=1) == NONE_WAITING
        newest = await store.last_batched(STREAM)
        assert newest is not None
        assert newest.sequence == number
        assert [one.anchor for one in await store.pending(limit=9)] == [newest]
        await store.add_transaction(signed(number, number))
        assert signed(number, number) in await store.transactions()
        (waiting,) = await store.pending(limit=9)
        assert waiting.state == "anchoring"
        await store.mark_final([place(number, number)])
        assert await store.pending(limit=9) == await store.pending(limit=9) == []
        assert await store.last_final(STREAM) == place(number, number)
