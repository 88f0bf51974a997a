"""Imports in storage, on both databases: jobs, places, bills, levels."""

import pytest

from node_gateway.storage.importing import (
    BILL_KEY,
    DONE,
    OPEN,
    REFUSED,
    BillClaim,
    ClaimedBill,
    ImportJob,
    ImportStore,
)
from node_gateway.storage.ports import GatewayStore
from tests.gateway.storage.making import NOW_MS, digest, event, unit


@pytest.fixture
def imports(store: GatewayStore) -> ImportStore:
    return ImportStore(store)


async def begun(imports: ImportStore, name: str = "a", options: str = "") -> ImportJob:
    return await imports.begin(digest(name), "kind", options, size_bytes=5, now_ms=NOW_MS)


async def advance(imports: ImportStore, job: ImportJob, part: int) -> None:
    await imports.advance(job.number, part, events=3, duplicates=1, codes=7, code_count=21)


async def test_a_file_is_one_job(imports: ImportStore) -> None:
    first = await begun(imports)
    assert (first.number, first.state, first.part_count, first.report) == (1, OPEN, 0, None)
    assert await begun(imports) == first
    other = await begun(imports, options="107")
    assert other.number == 2
    assert await imports.job(2) == other
    assert await imports.job(3) is None
    assert await imports.open_jobs() == [first, other]


async def test_a_part_is_counted_once(imports: ImportStore) -> None:
    job = await begun(imports)
    for part in (0, 0, 2, 1, 1):  # 2 comes too early: it is not the next one
        await advance(imports, job, part)
    found = await imports.job(job.number)
    assert found is not None
    assert (found.part_count, found.event_count, found.duplicate_count) == (2, 6, 2)
    assert (found.captured_code_count, found.code_count) == (14, 21)


async def test_a_refused_file_may_come_again_and_a_done_one_stays_done(
    imports: ImportStore,
) -> None:
    job = await begun(imports)
    await imports.finish(job.number, REFUSED, b"{}", now_ms=NOW_MS)
    assert await imports.open_jobs() == []
    assert (await begun(imports)).state == OPEN
    await imports.finish(job.number, DONE, b"{}", now_ms=NOW_MS)
    done = await begun(imports)
    assert (done.state, done.report, done.finished_at_ms) == (DONE, b"{}", NOW_MS)


async def test_places(imports: ImportStore) -> None:
    job, other = await begun(imports), await begun(imports, "b")
    keys = [f"key {n:04d} \u4e2d" for n in range(1100)]
    await imports.place(job.number, 0, keys)
    await imports.place(job.number, 0, [*keys, "late"])
    await imports.place(job.number, 1, keys[:1])
    await imports.place(other.number, 0, keys[:1])
    await imports.place(other.number, 1, [])
    assert await imports.places(keys[0]) == [(1, 0), (1, 1), (2, 0)]
    assert await imports.places(keys[-1]) == [(1, 0)]
    assert await imports.places("late") == [(1, 0)]
    assert await imports.places("nobody") == []
    await advance(imports, job, 0)
    await imports.finish(job.number, REFUSED, b"{}", now_ms=NOW_MS)
    assert await imports.places(keys[0]) == [(1, 0), (2, 0)]  # part 1 was never stored


def bill(number: str, content: str, *, active: bool = False) -> ClaimedBill:
    return ClaimedBill(number, digest(content), active)


async def test_a_bill_number_belongs_to_one_content(imports: ImportStore) -> None:
    job, other = await begun(imports), await begun(imports, "b")
    claims = [bill("1", "x", active=True), bill("\u4e2d2", "y")]
    first = {"1": BillClaim(active=True), "\u4e2d2": BillClaim(active=False)}
    assert await imports.claim_bills(job.number, claims) == (first, [])
    # The same file again, when its codes are active by its own doing.
    again = [bill("1", "x"), bill("\u4e2d2", "y", active=True)]
    assert await imports.claim_bills(job.number, again) == (first, [])
    wrong = [bill("3", "z"), bill("1", "other")]
    assert await imports.claim_bills(other.number, wrong) == ({}, ["1"])
    free = [bill("3", "anything")]  # nothing of the refused claim was kept
    assert await imports.claim_bills(other.number, free) == ({"3": BillClaim(active=False)}, [])


async def test_the_same_bill_in_another_file_is_known_when_that_file_is_stored(
    imports: ImportStore,
) -> None:
    job, other = await begun(imports), await begun(imports, "b")
    await imports.claim_bills(job.number, [bill("1", "x")])
    assert (await imports.claim_bills(other.number, [bill("1", "x")]))[0]["1"].is_stored is False
    await imports.finish(job.number, DONE, b"{}", now_ms=NOW_MS)
    assert (await imports.claim_bills(other.number, [bill("1", "x")]))[0]["1"].is_stored is True
    assert (await imports.claim_bills(job.number, [bill("1", "x")]))[0]["1"].is_stored is False


async def test_a_number_is_free_again_when_its_file_was_refused_before_it_was_stored(
    imports: ImportStore,
) -> None:
    job, other = await begun(imports), await begun(imports, "b")
    await imports.claim_bills(job.number, [bill("1", "x"), bill("2", "x")])
    await imports.place(job.number, 0, [BILL_KEY + "1"])
    await advance(imports, job, 0)
    await imports.place(job.number, 1, [BILL_KEY + "2"])
    await imports.finish(job.number, REFUSED, b"{}", now_ms=NOW_MS)
    assert await imports.claim_bills(other.number, [bill("1", "y")]) == ({}, ["1"])
    assert (await imports.claim_bills(other.number, [bill("2", "y")]))[1] == []
    assert await imports.claim_bills(job.number, [bill("2", "x")]) == ({}, ["2"])


async def test_many_bills_at_once(imports: ImportStore) -> None:
    job = await begun(imports)
    claims = [bill(f"B{n}", f"c{n}") for n in range(1200)]
    assert len((await imports.claim_bills(job.number, claims))[0]) == 1200
    changed = [*claims[:-1], bill("B1199", "other")]
    assert await imports.claim_bills(job.number, changed) == ({}, ["B1199"])


async def test_levels(imports: ImportStore) -> None:
    job, other = await begun(imports), await begun(imports, "b")
    await imports.set_levels(job.number, {"8123456": 1, "8123457": 2})
    await imports.set_levels(other.number, {"8123457": 3})
    assert [await imports.level(f"812345{n}") for n in (6, 7, 8)] == [1, 3, None]
    await imports.set_levels(other.number, {})


async def test_the_events_of_a_part_are_found_by_its_key(
    imports: ImportStore, store: GatewayStore
) -> None:
    events = [event(n) for n in range(3)]
    await store.capture(unit("c1", *events[:2]))
    await store.capture(unit("c2", events[2], events[0], idempotency_key="part\n0"))
    assert await imports.positions("part\n0") == [3, 1]
    assert await imports.positions("part\n1") == []
