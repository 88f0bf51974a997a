"""What is kept of labels, on both databases: jobs, prints, what was printed before."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from node_gateway.storage.issuing import IssuingStore
from node_gateway.storage.issuing_marks import Commission, Mark, MarkStore
from node_gateway.storage.issuing_rows import OrderRow
from node_gateway.storage.labels import LabelStore, NewPrint, Span
from node_gateway.storage.ports import GatewayStore
from tests.gateway.storage.test_issuing import wanted

NOW_MS = 1_790_000_000_000
CODE = "https://id.gs1.org/01/06901234123456/21/1"
PRINT = NewPrint(None, "once", "pdf", "key", NOW_MS, 2, None, None, (Span(1, 10, 5),), ())


@pytest.fixture
def labels(store: GatewayStore) -> LabelStore:
    return LabelStore(store)


async def test_a_job_is_unlocked_once(labels: LabelStore) -> None:
    made = await labels.add_job("key", NOW_MS, b'{"order":"x"}', 5)
    assert await labels.job(made.number) == made
    assert await labels.job(made.number + 1) is None
    for is_right, key in ((False, "one"), (False, "two"), (True, "three"), (True, "four")):
        await labels.scanned(made.number, is_right=is_right, key_id=key, at_ms=NOW_MS + 1)
    await labels.scanned(made.number, is_right=False, key_id="five", at_ms=NOW_MS + 2)
    found = await labels.job(made.number)
    assert found == replace(made, failed_scans=2, unlocked_at_ms=NOW_MS + 1, unlocked_by="three")


async def test_jobs_come_newest_first(labels: LabelStore) -> None:
    numbers = [(await labels.add_job("key", NOW_MS, b"{}", 1)).number for _ in range(3)]
    assert [one.number for one in await labels.jobs(before=None, limit=2)] == numbers[:0:-1]
    assert [one.number for one in await labels.jobs(before=numbers[1], limit=9)] == numbers[:1]


@pytest.mark.parametrize(
    ("span", "before"),
    [
        (Span(1, 0, 10), 0),
        (Span(1, 0, 11), 11),
        (Span(1, 12, 1), 1),
        (Span(1, 14, 100), 100),
        (Span(1, 15, 100), 0),
        (Span(1, 9, 7), 7),
        (Span(2, 10, 5), 0),
    ],
)
async def test_places_that_overlap_were_printed(
    labels: LabelStore, span: Span, before: int
) -> None:
    assert await labels.printed_before([span], []) == 0
    number, found = await labels.add_print(PRINT)
    assert (number > 0, found) == (True, 0)
    assert await labels.printed_before([span], []) == before
    again = replace(PRINT, spans=(span,))
    assert ((await labels.add_print(again))[0] == 0) == (before > 0)
    assert (await labels.add_print(replace(again, reason="torn")))[0] > 0
    assert (await labels.add_print(replace(again, kind="first")))[0] > 0


async def test_codes_of_elsewhere_are_known_again(labels: LabelStore) -> None:
    many = tuple(f"{CODE}{number}" for number in range(2000))
    new = replace(PRINT, spans=(), codes=many)
    assert (await labels.add_print(new))[0] > 0
    assert await labels.printed_before([], many) == 2000
    assert await labels.printed_before([], [CODE, many[0], many[1999]]) == 2
    assert await labels.add_print(replace(new, codes=(many[7],))) == (0, 1)


async def test_of_two_at_once_one_needs_a_reason(labels: LabelStore) -> None:
    answers = await asyncio.gather(*(labels.add_print(PRINT) for _ in range(5)))
    assert sorted(before for _, before in answers) == [0, 5, 5, 5, 5]
    assert sum(number > 0 for number, _ in answers) == 1


async def test_the_log_says_what_was_printed(store: GatewayStore, labels: LabelStore) -> None:
    order = await IssuingStore(store).allocate(wanted("po-1", 20))
    assert isinstance(order, OrderRow)
    spans = (Span(order.number, 3, 4), Span(order.number, 0, 1))
    new = replace(PRINT, job=7, spans=spans, codes=(CODE,), reason="torn", override="must be")
    number, _ = await labels.add_print(new)
    await labels.add_print(replace(PRINT, spans=(Span(order.number, 9, 1),)))
    (row,) = await labels.prints(before=None, limit=9, job=7)
    assert (row.number, row.key_id, row.reason, row.override) == (number, "key", "torn", "must be")
    assert await labels.spans_of(number) == ([("po-1", 0, 1), ("po-1", 3, 4)], [CODE])
    assert [one.number for one in await labels.prints(before=None, limit=1)] == [number + 1]
    assert [one.number for one in await labels.prints(before=number + 1, limit=9)] == [number]


async def test_a_lot_is_found_by_its_commissionings(
    store: GatewayStore, labels: LabelStore
) -> None:
    marks = MarkStore(store)
    orders = [await IssuingStore(store).allocate(wanted(f"po-{one}", 10)) for one in range(3)]
    for index, (order, lot) in enumerate(zip(orders, ("A", "B", "A"), strict=True)):
        assert isinstance(order, OrderRow)
        event = b'{"ilmd":{"cbvmda:lotNumber":"%b"}}' % lot.encode()
        await marks.begin(Commission(order.number, 2, 5, b"d" * 32, event, NOW_MS + index))
    assert await labels.of_lot("A") == [("po-0", 2, 5), ("po-2", 2, 5)]
    assert await labels.of_lot("C") == []


async def test_marked_codes_of_an_order(store: GatewayStore, labels: LabelStore) -> None:
    marks = MarkStore(store)
    for index in (2, 5):
        await marks.add_mark(Mark(f"{CODE}{index}", "void", "torn", None, 1, index, NOW_MS))
    assert await labels.marked(1, 0, 5) == {f"{CODE}2": "void"}
    assert await labels.marked(1, 5, 6) == {f"{CODE}5": "void"}
    assert await labels.marked(2, 0, 9) == {}
