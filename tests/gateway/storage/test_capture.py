"""Capture: jobs, receipts, duplicates and conflicts, alone and many at once."""

import asyncio

import pytest

from node_gateway.storage.errors import IdempotencyMismatchError, UnitRefusedError
from node_gateway.storage.ports import CaptureProblem, GatewayStore, event_key
from tests.gateway.storage.making import (
    NOW_MS,
    OTHER_STREAM,
    STREAM,
    code_name,
    digest,
    event,
    sign,
    unit,
)


async def test_a_stored_event_comes_back_with_everything(store: GatewayStore) -> None:
    new = event("a", codes=[code_name(1)])
    outcome = await store.capture(unit("c1", new))
    assert [(each.kind, each.entry) for each in outcome.events] == [("stored", new.entry)]
    found = await store.event_by_entry(new.entry)
    assert found is not None
    assert (found.payload, found.derived, found.secret) == (new.payload, new.derived, new.secret)
    assert found.event_time_ms == new.event_time_ms
    header = found.header
    assert (header.stream, header.fields_size) == (STREAM, new.fields_size)
    assert (header.fields_root, header.codes_root) == (new.fields_root, new.codes_root)
    assert (header.state, header.erased, header.received_at_ms) == ("stored", False, NOW_MS)
    assert await store.event_by_key(event_key("urn:uuid:a", error_declaration=False)) == found


async def test_nothing_is_found_under_other_keys(store: GatewayStore) -> None:
    new = event("a")
    await store.capture(unit("c1", new))
    near = new.entry[:8] + bytes(24)  # the index holds the first 8 bytes only
    assert await store.event_by_entry(near) is None
    assert await store.receipt_of_entry(near) is None
    assert await store.batch_place(near) is None
    assert await store.event_by_key(new.event_key[:8] + bytes(24)) is None
    assert await store.event_by_key(event_key("urn:uuid:a", error_declaration=True)) is None
    assert await store.capture_job("c2") is None
    assert await store.receipt(99) is None


async def test_the_receipt_covers_the_new_entries_ascending(store: GatewayStore) -> None:
    events = [event(i) for i in range(40)]
    outcome = await store.capture(unit("c1", *events))
    assert outcome.receipt is not None
    assert outcome.receipt.entries == tuple(sorted(e.entry for e in events))
    assert outcome.receipt.promise == sign(outcome.receipt.entries)
    assert await store.receipt(outcome.receipt.number) == outcome.receipt
    assert await store.receipt_of_entry(events[7].entry) == outcome.receipt
    assert await store.receipts_of_capture("c1") == [outcome.receipt]


async def test_a_resubmission_gives_the_same_entry_and_receipt(store: GatewayStore) -> None:
    """I6."""
    first = await store.capture(unit("c1", event("a"), event("b")))
    again = await store.capture(unit("c2", event("b"), event("c"), event("a")))
    assert [each.kind for each in again.events] == ["duplicate", "stored", "duplicate"]
    assert again.events[0].entry == first.events[1].entry
    assert again.events[2].entry == first.events[0].entry
    assert first.receipt is not None
    assert again.receipt is not None
    assert {again.events[0].receipt, again.events[2].receipt} == {first.receipt.number}
    assert again.receipt.entries == (again.events[1].entry,)
    assert await store.receipts_of_capture("c2") == [first.receipt, again.receipt]
    assert (await store.status()).event_count == 3


async def test_only_duplicates_need_no_signature(store: GatewayStore) -> None:
    await store.capture(unit("c1", event("a")))
    calls: list[object] = []
    outcome = await store.capture(unit("c2", event("a"), sign=calls.append))
    assert outcome.receipt is None
    assert calls == []
    job = await store.capture_job("c2")
    assert job is not None
    assert job.success


async def test_other_content_under_one_identity_is_a_conflict(store: GatewayStore) -> None:
    first = await store.capture(unit("c1", event("a")))
    outcome = await store.capture(unit("c2", event("b"), event("a", content="other"), event("c")))
    assert [each.kind for each in outcome.events] == ["stored", "conflict", "stored"]
    assert outcome.events[1].entry == first.events[0].entry
    job = await store.capture_job("c2")
    assert job is not None
    assert not job.success
    assert [(p.code, p.index) for p in job.problems] == [("event_conflict", 1)]
    assert (await store.status()).event_count == 3


async def test_rollback_stores_nothing_but_the_job(store: GatewayStore) -> None:
    await store.capture(unit("c1", event("a"), event("d")))
    new, changed, same = event("b"), event("a", content="other"), event("d")
    outcome = await store.capture(unit("c2", new, changed, same, all_or_nothing=True))
    assert [each.kind for each in outcome.events] == ["rolled_back", "conflict", "duplicate"]
    assert outcome.events[0].entry is None
    assert outcome.receipt is None
    assert await store.event_by_entry(new.entry) is None
    assert await store.events_of_code(new.codes[0].code) == []
    job = await store.capture_job("c2")
    assert job is not None
    assert (job.success, job.running, job.event_count) == (False, False, 3)
    retry = await store.capture(unit("c3", event("b"), all_or_nothing=True))
    assert retry.events[0].kind == "stored"


async def test_one_unit_can_repeat_and_contradict_itself(store: GatewayStore) -> None:
    twice, other = event("a"), event("a", content="other")
    outcome = await store.capture(unit("c1", twice, event("a"), other))
    assert [each.kind for each in outcome.events] == ["stored", "duplicate", "conflict"]
    assert {each.entry for each in outcome.events} == {twice.entry}
    assert {each.receipt for each in outcome.events} == {outcome.events[0].receipt}
    assert (await store.status()).event_count == 1


async def test_a_unit_that_contradicts_itself_is_rolled_back_whole(store: GatewayStore) -> None:
    events = [event("a"), event("a"), event("a", content="other"), event("b")]
    outcome = await store.capture(unit("c1", *events, all_or_nothing=True))
    kinds = [each.kind for each in outcome.events]
    assert kinds == ["rolled_back", "rolled_back", "conflict", "rolled_back"]
    assert {each.entry for each in outcome.events} == {None}
    assert (await store.status()).event_count == 0


async def test_units_of_one_group_see_each_other(store: GatewayStore) -> None:
    """Many captures of one event at once: one is stored, the rest get its entry."""
    calls = [store.capture(unit(f"c{i}", event("same"), event(i))) for i in range(60)]
    outcomes = await asyncio.gather(*calls)
    firsts = [outcome.events[0] for outcome in outcomes]
    assert sorted(each.kind for each in firsts) == ["duplicate"] * 59 + ["stored"]
    assert len({(each.entry, each.receipt) for each in firsts}) == 1
    assert {outcome.events[1].kind for outcome in outcomes} == {"stored"}
    assert (await store.status()).event_count == 61


async def test_a_conflict_in_one_unit_fails_no_other(store: GatewayStore) -> None:
    await store.capture(unit("c", event("taken")))
    bad = [unit(f"b{i}", event("taken", content=i), all_or_nothing=True) for i in range(20)]
    good = [unit(f"g{i}", event(("good", i)), all_or_nothing=True) for i in range(20)]
    pairs = [store.capture(each) for pair in zip(bad, good, strict=True) for each in pair]
    outcomes = await asyncio.gather(*pairs)
    assert [each.events[0].kind for each in outcomes] == ["conflict", "stored"] * 20


async def test_a_signer_that_fails_fails_its_unit_alone(store: GatewayStore) -> None:
    def refuse(_entries: object) -> None:
        raise RuntimeError("the key is locked")

    calls = [store.capture(unit(f"g{i}", event(i))) for i in range(10)]
    broken = store.capture(unit("bad", event("bad"), sign=refuse))
    results = await asyncio.gather(*calls[:5], broken, *calls[5:], return_exceptions=True)
    assert isinstance(results.pop(5), RuntimeError)
    assert {each.events[0].kind for each in results} == {"stored"}
    assert await store.capture_job("bad") is None
    assert (await store.status()).event_count == 10
    assert store.failure is None


async def test_values_that_the_database_refuses_fail_their_unit_alone(
    store: GatewayStore,
) -> None:
    calls = [store.capture(unit(f"g{i}", event(i))) for i in range(10)]
    broken = store.capture(unit("bad", event("bad", time_ms=2**70)))
    again = store.capture(unit("g3", event("late")))  # the job's id and part are taken
    results = await asyncio.gather(*calls, broken, again, return_exceptions=True)
    assert {each.events[0].kind for each in results[:10]} == {"stored"}
    assert [type(each) for each in results[10:]] == [UnitRefusedError] * 2
    assert "S000" not in str(results[10])  # no values of the row in the text
    assert (await store.status()).event_count == 10


async def test_a_hash_of_another_length_is_refused(store: GatewayStore) -> None:
    with pytest.raises(UnitRefusedError):
        await store.capture(unit("c1", event("a", secret=b"short")))
    assert (await store.status()).event_count == 0


async def test_a_job_carries_what_validation_refused(store: GatewayStore) -> None:
    problems = (CaptureProblem("event_invalid", "eventTime is no time", 1),)
    new = event("a", content=2, document_index=2)
    await store.capture(unit("c0", event("a")))
    await store.capture(unit("c1", event("b"), new, problems=problems))
    job = await store.capture_job("c1")
    assert job is not None
    assert [(p.code, p.index) for p in job.problems] == [
        ("event_invalid", 1),
        ("event_conflict", 2),
    ]
    await store.capture(unit("c2", problems=(CaptureProblem("not_json", "no JSON"),)))
    empty = await store.capture_job("c2")
    assert empty is not None
    assert (empty.success, empty.event_count, empty.running) == (False, 0, False)
    assert empty.finished_at_ms == NOW_MS + 5


async def test_a_job_of_several_units_runs_until_the_last(store: GatewayStore) -> None:
    await store.capture(unit("c1", event(1), last=False))
    job = await store.capture_job("c1")
    assert job is not None
    assert (job.running, job.success) == (True, False)
    await store.capture(unit("c1", event(2), event(3), part=1))
    job = await store.capture_job("c1")
    assert job is not None
    assert (job.running, job.success, job.event_count) == (False, True, 3)
    assert len(await store.receipts_of_capture("c1")) == 2


async def test_jobs_are_listed_in_pages_that_stay_put(store: GatewayStore) -> None:
    for number in range(7):
        await store.capture(unit(f"z{9 - number}", event(number)))
    page = await store.capture_jobs(limit=3)
    await store.capture(unit("a", event("later")))
    seen = [job.capture_id for job in page]
    while page:
        page = await store.capture_jobs(after=page[-1].number, limit=3)
        seen += [job.capture_id for job in page]
    assert seen == ["z9", "z8", "z7", "z6", "z5", "z4", "z3", "a"]


async def test_an_idempotency_key_replays_the_first_outcome(store: GatewayStore) -> None:
    """F10: same key and document: the same answer; another document: refused."""
    await store.capture(unit("c0", event("old")))
    events = [event("a"), event("old", content="other"), event("old"), event("a")]
    body = digest("body")
    first = await store.capture(unit("c1", *events, idempotency_key="k", document_digest=body))
    again = await store.capture(unit("c2", event("a"), idempotency_key="k", document_digest=body))
    assert (again.capture_id, again.replayed, again.receipt) == ("c1", True, None)
    assert [e.kind for e in again.events] == ["duplicate", "conflict", "duplicate", "duplicate"]
    assert [(e.entry, e.receipt) for e in again.events] == [
        (e.entry, e.receipt) for e in first.events
    ]
    with pytest.raises(IdempotencyMismatchError) as refused:
        await store.capture(unit("c3", event("x"), idempotency_key="k"))
    assert refused.value.capture_id == "c1"
    assert await store.capture_job("c2") is None
    assert await store.event_by_key(event("x").event_key) is None


async def test_an_idempotency_key_holds_inside_one_group(store: GatewayStore) -> None:
    body = digest("body")
    calls = [
        store.capture(unit(f"c{i}", event("a"), idempotency_key="k", document_digest=body))
        for i in range(30)
    ]
    other = store.capture(unit("other", event("b"), idempotency_key="k"))
    *outcomes, refused = await asyncio.gather(*calls, other, return_exceptions=True)
    assert isinstance(refused, IdempotencyMismatchError)
    assert sum(not outcome.replayed for outcome in outcomes) == 1
    assert len({(o.capture_id, o.events[0].entry) for o in outcomes}) == 1
    assert (await store.status()).event_count == 1


async def test_a_rolled_back_unit_is_replayed_as_such(store: GatewayStore) -> None:
    values = {"all_or_nothing": True, "idempotency_key": "k", "document_digest": digest("x")}
    events = [event("a"), event("a", content=1), event("b")]
    first = await store.capture(unit("c1", *events, **values))
    again = await store.capture(unit("c2", *events, **values))
    assert again.replayed
    assert again.events == first.events


async def test_counters_of_each_stream(store: GatewayStore) -> None:
    await store.capture(unit("c1", event(1), event(2)))
    await store.capture(unit("c2", event(3), stream=OTHER_STREAM, created_at_ms=NOW_MS + 9))
    await store.capture(unit("c3", event(4), created_at_ms=NOW_MS + 10))
    status = await store.status()
    assert (status.event_count, status.failure) == (4, None)
    assert [
        (s.stream, s.unbatched_count, s.oldest_received_at_ms, s.oldest_anchor_by)
        for s in status.streams
    ] == [(STREAM, 3, NOW_MS, 1_790_003_600), (OTHER_STREAM, 1, NOW_MS + 9, 1_790_003_600)]
