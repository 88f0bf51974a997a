"""Contract of the issuing store: numbers are given out once, on both databases."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import replace

import pytest

from node_gateway.storage.engine import open_store
from node_gateway.storage.issuing import IssuingStore
from node_gateway.storage.issuing_marks import Commission, Mark, MarkStore
from node_gateway.storage.issuing_rows import OrderRow, Refusal, SchemeRow, Wanted
from node_gateway.storage.ports import GatewayStore
from tests.gateway.storage.conftest import Database

SCHEME = SchemeRow("gtin", "06901234123456", "0123456789", 8, 4, b"k" * 32)
UNIT = SchemeRow("sscc", "690123456", "", 0, 0, b"")


def wanted(order_id: str, count: int, line: str = "", **changes: object) -> Wanted:
    usual = Wanted(
        order_id=order_id,
        scheme=SCHEME,
        line=line,
        count=count,
        checks_key=order_id.encode().ljust(32, b"."),
        number_count=10_000,
        issued_max=10**9,
        range_size=100,
        now_ms=1_790_000_000_000,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def numbers(order: OrderRow | Refusal) -> list[int]:
    assert isinstance(order, OrderRow), order
    found = [n for part in order.parts for n in range(part.first, part.first + part.count)]
    assert [part.index for part in order.parts] == [
        sum(one.count for one in order.parts[:at]) for at in range(len(order.parts))
    ]
    assert len(found) == order.count
    return found


def refused(answer: object) -> tuple[str, int]:
    assert isinstance(answer, Refusal), answer
    return answer.code, answer.left


async def test_orders_never_share_a_number(store: GatewayStore) -> None:
    issuing = IssuingStore(store)
    asked = [wanted(f"o{n}", 1 + n % 150, f"line {n % 3}") for n in range(60)]
    orders = await asyncio.gather(*(issuing.allocate(one) for one in asked))
    given = [number for order in orders for number in numbers(order)]
    assert max(Counter(given).values()) == 1
    ranges = await issuing.ranges()
    assert sum(one.used for one in ranges) == len(given)
    edges = sorted((one.first, one.first + one.size) for one in ranges)
    assert all(end <= first for (_, end), (first, _) in itertools.pairwise(edges))
    by_line = {one.line: set() for one in ranges}  # type: ignore[var-annotated]
    for one in ranges:
        by_line[one.line] |= set(range(one.first, one.first + one.size))
    for order in orders:
        assert isinstance(order, OrderRow)
        assert set(numbers(order)) <= by_line[order.line]


async def test_the_same_order_gets_the_same_numbers(database: Database) -> None:
    store = await open_store(database.url)
    first = await IssuingStore(store).allocate(wanted("o1", 250))
    await IssuingStore(store).allocate(wanted("o2", 30))
    await store.close()
    store = await open_store(database.url)
    issuing = IssuingStore(store)
    again = await issuing.allocate(wanted("o1", 250, checks_key=b"other".ljust(32)))
    assert isinstance(first, OrderRow)
    assert isinstance(again, OrderRow)
    assert (again.parts, again.replayed, first.replayed) == (first.parts, True, False)
    third = await issuing.allocate(wanted("o3", 500))
    assert not set(numbers(third)) & {
        *numbers(first),
        *numbers(await issuing.allocate(wanted("o2", 30))),
    }
    for other in (wanted("o1", 251), wanted("o1", 250, "line 1"), wanted("o1", 250, scheme=UNIT)):
        assert refused(await issuing.allocate(other)) == ("order_mismatch", 0)
    assert [one.order_id for one in await issuing.orders(limit=10)] == ["o1", "o2", "o3"]
    assert [one.order_id for one in await issuing.orders(after=2, limit=10)] == ["o3"]
    assert await issuing.order("none") is None
    await store.close()


async def test_a_number_leads_to_its_order(store: GatewayStore) -> None:
    issuing = IssuingStore(store)
    first = await issuing.allocate(wanted("o1", 150, "line 1"))
    second = await issuing.allocate(wanted("o2", 60, "line 1"))
    scheme = await issuing.scheme("gtin", SCHEME.name)
    assert scheme is not None
    assert scheme == replace(SCHEME, number=scheme.number)
    for order in (first, second):
        assert isinstance(order, OrderRow)
        for index, number in enumerate(numbers(order)):
            place = await issuing.place(scheme.number, number)
            assert place is not None
            assert (place.order_id, place.index, place.line) == (order.order_id, index, "line 1")
    last = max(numbers(first) + numbers(second))
    assert await issuing.place(scheme.number, last + 1) is None
    assert await issuing.place(scheme.number + 1, 0) is None


async def test_ranges_end_and_say_so(store: GatewayStore) -> None:
    issuing = IssuingStore(store)
    made = await issuing.add_range(wanted("", 70, "line 7"))
    assert not isinstance(made, Refusal)
    assert (made.size, made.used, made.fixed, made.closed) == (70, 0, True, False)
    assert len(numbers(await issuing.allocate(wanted("o1", 50, "line 7")))) == 50
    assert refused(await issuing.allocate(wanted("o2", 21, "line 7"))) == ("range_exhausted", 20)
    assert await issuing.order("o2") is None
    assert len(numbers(await issuing.allocate(wanted("o2", 20, "line 7")))) == 20
    assert len(numbers(await issuing.allocate(wanted("o3", 9_900, "line 8")))) == 9_900
    assert refused(await issuing.allocate(wanted("o4", 31, "line 8"))) == ("codes_exhausted", 30)
    assert refused(await issuing.add_range(wanted("", 31, "line 9"))) == ("codes_exhausted", 30)
    assert len(numbers(await issuing.allocate(wanted("o4", 30, "line 8")))) == 30
    assert refused(await issuing.allocate(wanted("o5", 1))) == ("codes_exhausted", 0)


async def test_too_many_to_be_guessed_seldom(store: GatewayStore) -> None:
    issuing = IssuingStore(store)
    assert refused(await issuing.allocate(wanted("o1", 11, issued_max=10))) == ("guess_rate", 10)
    await issuing.allocate(wanted("o1", 8, issued_max=10))
    assert refused(await issuing.allocate(wanted("o2", 3, issued_max=10))) == ("guess_rate", 2)


async def test_closed_ranges_give_nothing_more(store: GatewayStore) -> None:
    issuing = IssuingStore(store)
    before = numbers(await issuing.allocate(wanted("o1", 10)))
    unit = wanted("u1", 5, scheme=UNIT)
    await issuing.allocate(unit)
    closed = await issuing.close_ranges(skip=1000, name=("gtin", SCHEME.name))
    assert [(one.kind, one.closed) for one in closed] == [("gtin", True)]
    after = await issuing.allocate(wanted("o2", 10))
    assert min(numbers(after)) == max(before) + 1 + 90 + 1000  # the rest of its range, and 1000
    assert isinstance(after, OrderRow)
    assert after.parts[0].checks_key != b"o1".ljust(32, b".")
    assert numbers(await issuing.allocate(replace(unit, order_id="u2"))) == list(range(5, 10))
    assert await issuing.close_ranges(skip=0, name=None) != []
    assert await issuing.close_ranges(skip=0, name=None) == []


async def test_another_scheme_under_the_same_name_is_not_taken(store: GatewayStore) -> None:
    issuing = IssuingStore(store)
    await issuing.allocate(wanted("o1", 1))
    other = replace(SCHEME, permutation_key=b"x" * 32)
    assert refused(await issuing.allocate(wanted("o2", 1, scheme=other)))[0] == "scheme_changed"


@pytest.mark.parametrize("prefix", ["6901234", "6901234567"])
async def test_prefixes_that_overlap_are_refused(store: GatewayStore, prefix: str) -> None:
    issuing = IssuingStore(store)
    await issuing.allocate(wanted("o1", 1, scheme=UNIT))
    other = replace(UNIT, name=prefix)
    assert refused(await issuing.allocate(wanted("o2", 1, scheme=other))) == ("prefix_overlap", 0)
    assert refused(await issuing.add_range(wanted("", 1, scheme=other))) == ("prefix_overlap", 0)
    fine = replace(UNIT, name="690123457")
    assert numbers(await issuing.allocate(wanted("o2", 1, scheme=fine))) == [0]


def mark(code: str, **changes: object) -> Mark:
    usual = Mark(code, "void", "torn", None, 1, 3, 1_790_000_000_000)
    return replace(usual, **changes)  # type: ignore[arg-type]


async def test_marks(store: GatewayStore) -> None:
    marks = MarkStore(store)
    assert await marks.add_mark(mark("a")) == mark("a")
    assert await marks.add_mark(mark("a", reason="other")) == mark("a")  # the first stays
    await marks.add_mark(mark("b", kind="replaced", replacement="c", order_index=5, event=b"{}"))
    assert [one.code for one in await marks.replaced_by("c", limit=9)] == ["b"]
    await marks.captured("b", b"e" * 32)
    found = await marks.mark("b")
    assert found is not None
    assert (found.event, found.entry) == (None, b"e" * 32)
    assert await marks.mark("none") is None
    assert await marks.marked_count(1) == 2


async def test_a_commission_leaves_out_what_was_marked_before_it(store: GatewayStore) -> None:
    marks = MarkStore(store)
    await marks.add_mark(mark("a"))
    await marks.add_mark(mark("b", order_number=9, new_order_number=1, new_order_index=4))
    new = Commission(1, 0, 10, b"d" * 32, b"{}", 1_790_000_000_000)
    (kept,) = await marks.begin(new)
    assert kept == replace(new, marks_through=2)
    await marks.add_mark(mark("late", order_index=6))
    assert await marks.left_out(kept) == {3, 4}
    assert await marks.begin(replace(new, digest=b"x" * 32)) == [kept]
    assert await marks.begin(replace(new, first=9, count=5)) == [kept]
    assert len(await marks.begin(replace(new, first=10, count=5))) == 1
    assert await marks.unfinished(1, 9)
    assert not await marks.unfinished(1, 15)
    await marks.done(kept, b"e" * 32)
    assert not await marks.unfinished(1, 9)
    assert [(one.first, one.entry) for one in await marks.commissions(1)] == [
        (0, b"e" * 32),
        (10, None),
    ]
