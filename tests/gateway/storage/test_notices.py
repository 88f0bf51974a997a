"""Notices over the goods of a gateway, on both databases."""

import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from anchoring.directory.code_list import CodeList, CodeListError, make_code_list
from node_gateway.errors import NotFoundError
from node_gateway.services import notices as service
from node_gateway.services.notices import Notices
from node_gateway.state.recalls import Match
from node_gateway.storage.notices import NoticeStore, contents
from node_gateway.storage.ports import GatewayStore
from tests.gateway.state.flows import (
    MAKER,
    SHOP,
    Event,
    case,
    dispensed,
    made,
    pack,
    packed,
    received,
    seen,
    shipped,
    unpacked,
)
from tests.gateway.storage.boards import Board, notice, over
from tests.gateway.storage.said import capture

A, B, C, OTHER = pack("A"), pack("B"), pack("C"), pack("A", "690123499999")
UNIT, OUTER = case(1), case(2)
CASE_LEVEL = "https://id.gs1.org/01/16901234123453/21/CASE"
SALT = bytes(16)
PACKED = [made(0, [A, B], lot="L1"), made(0.1, [C], lot="L2"), packed(1, UNIT, [A, B])]


async def laid(store: GatewayStore, board: Board, *events: Event, participant: int = 7) -> Notices:
    follower, notices = over(store, board, participant)
    if events:
        named = [{"eventID": f"urn:uuid:{at:08d}", **one} for at, one in enumerate(events)]
        await capture(store, named, f"said-{time.perf_counter_ns()}")
    await follower.catch_up()
    return notices


async def refused(notices: Notices, event: Event, **lots: str) -> list[tuple[str, str]]:
    spots = await notices.refusals(event, lots)
    assert not [one for one in spots if "id.gs1.org" in one.detail]
    return [(one.code, one.pointer) for one in spots]


def selling(*codes: str) -> Event:
    return dispensed(9, codes)


async def test_all_of_a_product(store: GatewayStore) -> None:
    notices = await laid(store, Board(notice()), *PACKED)
    assert await refused(notices, selling(OTHER, A)) == [("recall_notice", "/codes/1")]
    assert await refused(notices, selling(CASE_LEVEL)) == [("recall_notice", "/codes/0")]
    assert await refused(notices, selling(OTHER)) == []


async def test_lots_by_state_by_scan_and_unknown(store: GatewayStore) -> None:
    notices = await laid(store, Board(notice(lots=["l1 ", "L9"])), *PACKED)
    unknown = pack("unknown")
    assert await refused(notices, selling(A)) == [("recall_notice", "/codes/0")]
    assert await refused(notices, selling(C)) == []
    assert await refused(notices, selling(unknown)) == [("recall_lot_unknown", "/codes/0")]
    assert await refused(notices, selling(unknown), **{unknown: "L2"}) == []
    assert await refused(notices, selling(unknown), **{unknown: "L9"}) == [
        ("recall_notice", "/codes/0")
    ]
    # A pack whose symbol tells another lot than its maker: either lot is enough.
    assert await refused(notices, selling(C), **{C: "L1"}) == [("recall_notice", "/codes/0")]
    assert await refused(notices, selling(A), **{A: "L2"}) == [("recall_notice", "/codes/0")]


@pytest.mark.parametrize(
    ("event", "is_refused"),
    [
        (selling(A), True),
        (shipped(9, [A], MAKER, SHOP), True),
        (seen(9, [A], "retail_selling"), True),
        (seen(9, [A], "inspecting", disposition="sellable_accessible"), True),
        (shipped(9, [A], SHOP, MAKER, disposition="returned"), False),
        (received(9, [A], MAKER, SHOP), False),
        (seen(9, [A], "receiving", disposition="returned"), False),
        (seen(9, [A], "holding", disposition="unavailable"), False),
        (seen(9, [A], "destroying", action="DELETE", disposition="destroyed"), False),
        (seen(9, [A], "decommissioning", action="DELETE", disposition="stolen"), False),
        (seen(9, [A], "sampling", disposition="unavailable"), False),
        (seen(9, [A], "repairing", disposition="needs_replacement"), False),
        (packed(9, OUTER, [A]), False),
        (unpacked(9, UNIT, [A]), False),
    ],
)
async def test_what_keeps_goods_in_trade_is_refused_and_the_way_back_is_open(
    store: GatewayStore, event: Event, is_refused: bool
) -> None:
    notices = await laid(store, Board(notice()), *PACKED)
    assert bool(await refused(notices, event)) == is_refused


async def test_drills_and_lifted_notices_block_nothing(store: GatewayStore) -> None:
    board = Board(notice(drill=True), notice(2, level=0))
    notices = await laid(store, board, *PACKED)
    assert await refused(notices, selling(A)) == []
    (shown,) = (await notices.of([A])).concerns[A]
    assert (shown.notice.id, shown.notice.drill) == (1, True)
    board.put(notice(drill=True), notice(2, level=2))
    assert await refused(notices, selling(A)) == [("recall_notice", "/codes/0")]
    board.put()
    assert await refused(notices, selling(A)) == []
    assert (await notices.of([A])).concerns == {}


async def test_goods_inside_goods(store: GatewayStore) -> None:
    events = [*PACKED, packed(2, OUTER, [UNIT])]
    board = Board(notice(lots=["L1"]))
    notices = await laid(store, board, *events)
    shipping = shipped(9, [OUTER], MAKER, SHOP)
    assert await refused(notices, shipping) == [("recall_notice", "/codes/0")]
    (found,) = (await notices.of([OUTER])).concerns[OUTER]
    assert (found.match, found.code) == (Match.MEANT, A)
    board.put(notice(lots=["L2"]))
    assert await refused(notices, shipping) == []
    notices = await laid(store, board, {**unpacked(3, UNIT), "eventID": "urn:uuid:empty"})
    board.put(notice(lots=["L1"]))
    assert await refused(notices, shipping) == []  # what was taken out is out


async def test_a_pack_without_a_lot_has_that_of_its_case(store: GatewayStore) -> None:
    events = [
        made(0, [CASE_LEVEL], lot="L5"),
        made(0.1, [A, B], lot=None),
        packed(1, CASE_LEVEL, [A, B]),
    ]
    board = Board(notice(lots=["L5"]))
    notices = await laid(store, board, *events)
    assert await refused(notices, selling(A)) == [("recall_notice", "/codes/0")]
    board.put(notice(lots=["L6"]))
    assert await refused(notices, selling(A)) == []
    assert await refused(notices, shipped(9, [CASE_LEVEL], MAKER, SHOP)) == []


async def test_a_unit_whose_content_is_known_is_what_its_content_is(store: GatewayStore) -> None:
    events = [made(0, [A], lot="L1"), made(0.1, [C], lot=None), packed(1, CASE_LEVEL, [A])]
    board = Board(notice(lots=["L8"]))
    notices = await laid(store, board, *events)
    assert await refused(notices, shipped(9, [CASE_LEVEL], MAKER, SHOP)) == []
    assert await refused(notices, shipped(9, [C], MAKER, SHOP)) == [
        ("recall_lot_unknown", "/codes/0")
    ]


async def test_more_than_is_looked_at_is_refused(
    store: GatewayStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CONTENTS_MAX", 1)
    notices = await laid(store, Board(notice(product="cn:8123456")), *PACKED)
    found = await refused(notices, shipped(9, [UNIT], MAKER, SHOP))
    assert found == [("recall_contents_unknown", "/codes")]
    assert await refused(notices, selling(C)) == []


async def test_a_list_blocks_its_codes_and_until_it_is_here_all_that_may_be_on_it(
    store: GatewayStore,
) -> None:
    codes = make_code_list([A, pack("unseen")], salt=SALT)
    notices = await laid(store, Board(notice(digest=codes.digest)), *PACKED)
    assert await refused(notices, selling(B)) == [("recall_list_unknown", "/codes/0")]
    assert await notices.load_list(1, codes) == 2
    assert await notices.load_list(1, codes) == 2  # the same again
    assert await refused(notices, selling(B)) == []
    assert await refused(notices, selling(A)) == [("recall_notice", "/codes/0")]
    assert await refused(notices, shipped(9, [UNIT], MAKER, SHOP)) == [
        ("recall_notice", "/codes/0")
    ]


async def test_a_case_on_a_list_means_what_is_in_it(store: GatewayStore) -> None:
    codes = make_code_list([CASE_LEVEL], salt=SALT)
    events = [made(0, [CASE_LEVEL, A]), packed(1, CASE_LEVEL, [A])]
    notices = await laid(store, Board(notice(digest=codes.digest)), *events)
    await notices.load_list(1, codes)
    assert await refused(notices, selling(A)) == [("recall_notice", "/codes/0")]
    assert await refused(notices, selling(B)) == []


@pytest.mark.parametrize(
    ("number", "codes", "code"),
    [
        (1, make_code_list([B], salt=SALT), "list_digest"),
        (1, make_code_list([A], salt=bytes([1]) * 16), "list_digest"),
        (2, make_code_list([A], salt=SALT), "list_not_wanted"),
        (3, make_code_list([A, OTHER], salt=SALT), "list_product"),
    ],
)
async def test_only_the_list_that_is_meant_is_taken(
    store: GatewayStore, number: int, codes: CodeList, code: str
) -> None:
    meant = make_code_list([A], salt=SALT).digest
    stray = make_code_list([A, OTHER], salt=SALT).digest
    board = Board(notice(digest=meant), notice(2), notice(3, digest=stray))
    notices = await laid(store, board)
    with pytest.raises(CodeListError) as caught:
        await notices.load_list(number, codes)
    assert caught.value.code == code
    assert await notices.lists() == frozenset()
    with pytest.raises(NotFoundError):
        await notices.load_list(99, codes)


async def test_half_a_list_does_not_count_and_is_replaced(
    store: GatewayStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = make_code_list([A, B, C], salt=SALT)
    notices = await laid(store, Board(notice(digest=codes.digest)), *PACKED)
    kept = NoticeStore(store)
    monkeypatch.setattr("node_gateway.storage.notices._PART_CODES", 2)
    real, calls = type(store).write, []

    async def dying(self: Any, kind: str, work: Any) -> Any:
        calls.append(kind)
        if len(calls) == 3:
            raise RuntimeError("the process dies here")
        return await real(self, kind, work)

    with monkeypatch.context() as patch:
        patch.setattr(type(store), "write", dying)
        with pytest.raises(RuntimeError, match="dies"):
            await notices.load_list(1, codes)
    assert await kept.list_size(codes.digest) == 2
    assert await kept.lists_loaded() == frozenset()
    assert await refused(notices, selling(A)) == [("recall_list_unknown", "/codes/0")]
    await notices.load_list(1, codes)
    assert await kept.list_size(codes.digest) == 3
    assert await kept.lists_loaded() == {codes.digest}


async def test_the_public_answer_rests_on_nothing_that_is_only_known_here(
    store: GatewayStore,
) -> None:
    codes = make_code_list([A], salt=SALT)
    board = Board(notice(lots=["L1"]), notice(2, digest=codes.digest), notice(3, drill=True))
    notices = await laid(store, board, *PACKED)
    await notices.load_list(2, codes)

    async def shown(code: str, lot: str | None = None, who: Notices = notices) -> Any:
        return [(one.notice.id, one.match.value) for one in await who.public(code, lot=lot)]

    everything = [(1, "lot_unknown"), (2, "list_unknown"), (3, "meant")]
    assert await shown(A) == await shown(pack("never seen")) == everything
    assert await shown(A, "L1") == [(1, "meant"), (2, "list_unknown"), (3, "meant")]
    assert await shown(A, "L2") == [(2, "list_unknown"), (3, "meant")]
    assert await shown(UNIT) == []
    _, publisher = over(store, board, participant=9)
    assert await shown(A, None, publisher) == [(2, "meant"), (1, "lot_unknown"), (3, "meant")]
    assert await shown(B, None, publisher) == [(1, "lot_unknown"), (3, "meant")]


async def test_contents_are_walked_in_every_depth_and_cycles_end(store: GatewayStore) -> None:
    units = [case(number) for number in range(10, 25)]
    chain = [packed(1 + at, outer, [inner]) for at, (outer, inner) in enumerate(pairs(units))]
    cycle = [packed(50, case(31), [case(30)]), packed(51, case(30), [case(31)])]
    await laid(store, Board(), made(0, [A]), packed(0.5, units[0], [A]), *chain, *cycle)
    asked = [units[-1], case(30), case(31)]
    found = await store.read(lambda c: contents(c, asked, codes_max=100))
    assert found.inside == {units[-1]: {A, *units[:-1]}, case(31): {case(30)}}
    assert found.is_whole


def pairs(units: Sequence[str]) -> list[tuple[str, str]]:
    return [(outer, inner) for inner, outer in pairwise(units)]


async def test_a_hundred_notices_cost_a_till_little(store: GatewayStore) -> None:
    others = [notice(n, product=f"gs1:{690000000000 + n}", lots=["X"]) for n in range(2, 101)]
    notices = await laid(store, Board(notice(lots=["L1"]), *others), *PACKED)
    took = []
    for _ in range(200):
        began = time.process_time()
        assert await notices.refusals(selling(C), {}) == []
        took.append(time.process_time() - began)
    took.sort()
    print(f"\n100 notices: p50 {took[100] * 1000:.2f} ms, p95 {took[190] * 1000:.2f} ms per pack")
    assert took[100] < 0.02  # of work; the median, for tests share their machine


async def test_a_pallet_of_many_packs_is_held_against_them_in_a_second(store: GatewayStore) -> None:
    packs = [pack(f"P{n:05d}") for n in range(10_000)]
    events = [made(0, packs, lot="L7"), packed(1, UNIT, packs)]
    notices = await laid(store, Board(notice(lots=["L1"])), *events)
    began = time.process_time()
    assert await refused(notices, shipped(9, [UNIT], MAKER, SHOP)) == []
    took_s = time.process_time() - began
    print(f"\na unit of 10,000 packs: {took_s * 1000:.0f} ms")
    assert took_s < 5


async def test_a_list_of_many_codes_is_stored_in_parts(store: GatewayStore) -> None:
    codes = make_code_list([pack(f"{n:06d}") for n in range(100_000)], salt=SALT)
    notices = await laid(store, Board(notice(digest=codes.digest)), *PACKED)
    began = time.perf_counter()
    assert await notices.load_list(1, codes) == 100_000
    print(f"\n100,000 codes of a list: {time.perf_counter() - began:.1f} s")
    assert await refused(notices, selling(A)) == []
    assert await refused(notices, selling(pack("000777"))) == [("recall_notice", "/codes/0")]
