"""Whatever index answers a query, the result is that of reading every event."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, select

from node_gateway.epcis.query import Query, query_from_json
from node_gateway.errors import NotReadyError
from node_gateway.services.ordering import in_order
from node_gateway.services.querying import Querying
from node_gateway.storage import search_planning, searching
from node_gateway.storage.engine import open_store
from node_gateway.storage.facet_reading import Key, facet_values
from node_gateway.storage.facets import Facets
from node_gateway.storage.ports import GatewayStore
from node_gateway.storage.query_tables import facet, facet_event
from node_gateway.storage.searching import Found
from tests.gateway.storage import goods
from tests.gateway.storage.conftest import Database
from tests.gateway.storage.goods import Stored, all_pages

COUNT = 240
QUERIES = 40
EX = {"ex": "https://ns.example.com/epcis/"}
_TIMES = [f"2026-03-01T0{h}:{m:02d}:00Z" for h in (0, 1) for m in (0, 11, 30, 59)]
_RECORDED = ["2026-09-21T14:13:22Z", "2026-09-21T14:13:50Z", "2026-09-21T14:14:30Z"]
VALUES: dict[str, list[Any]] = {
    "eventType": [["ObjectEvent"], ["AggregationEvent", "TransactionEvent"], ["ex:OtherEvent"]],
    "EQ_action": [["ADD"], ["DELETE", "OBSERVE"]],
    "EQ_bizStep": [[step] for step in goods.STEPS] + [list(goods.STEPS), ["receiving"]],
    "EQ_disposition": [["active"], ["active", "in_transit"], ["unknown"]],
    "EQ_readPoint": [[place] for place in goods.PLACES],
    "WD_bizLocation": [[goods.PLACES[0]], list(goods.PLACES)],
    "EQ_bizTransaction_po": [[order] for order in goods.ORDERS]
    + [[goods.LONG], list(goods.ORDERS)],
    "EQ_source_owning_party": [[goods.PARTIES[0]]],
    "EQ_destination_owning_party": [list(goods.PARTIES)],
    "MATCH_epc": [[code] for code in goods.CODES[:5]] + [["urn:epc:idpat:sgtin:0614141.*.*"]],
    "MATCH_anyEPC": [[goods.CODES[7], goods.PARENTS[1]], [goods.PARENTS[2]], ["urn:example:none"]],
    "MATCH_parentID": [[goods.PARENTS[0]], ["urn:epc:idpat:sscc:0614141.*"], list(goods.PARENTS)],
    "MATCH_anyEPCClass": [[goods.CLASSES[0]], ["urn:epc:idpat:lgtin:0614141.012345.*"]],
    "GT_quantity": [1, 4],
    "EQ_eventID": [["urn:uuid:00000003"], ["urn:uuid:00000017", "urn:uuid:none"]],
    "EQ_ILMD_cbvmda:lotNumber": [["L1"], ["L2", "L3"]],
    "GE_ex:weight": [2, 7],
    "EXISTS_childEPCs": [True],
    "EXISTS_sensorElementList": [True],
    "GE_eventTime": _TIMES,
    "LT_eventTime": _TIMES,
    "GE_recordTime": _RECORDED,
    "LT_recordTime": _RECORDED,
}


@pytest.fixture
async def filled(database: Database) -> AsyncIterator[tuple[GatewayStore, list[Stored], Querying]]:
    store = await open_store(database.url, now_ms=goods.ticking())
    stored = await goods.fill(store, 1, COUNT)
    _, querying = goods.querying(store)
    yield store, stored, querying
    await store.close()


def drawn(rng: random.Random) -> dict[str, Any]:
    names = rng.sample(sorted(VALUES), rng.choice((0, 1, 1, 2, 2, 3)))
    body = {name: rng.choice(VALUES[name]) for name in names}
    order = rng.choice(("", "", "eventTime", "recordTime", "ex:weight"))
    if order:
        body |= {"orderBy": order, "orderDirection": rng.choice(("ASC", "DESC"))}
        if rng.random() < 0.3:
            body["eventCountLimit"] = rng.randrange(1, 30)
    return {"@context": EX, **body}


def expected(stored: list[Stored], query: Query) -> list[int]:
    """What reading every event gives: in the order asked for, or else by position."""
    found = [one for one in stored if query.matches(one.subject)]
    down = query.order.direction == "DESC"
    if query.order.by == "eventTime":
        found.sort(key=lambda one: (one.subject.event_time_ms, one.position), reverse=down)
    elif query.order.by == "recordTime":
        found.sort(key=lambda one: one.position, reverse=down)
    elif query.order.names:
        whole = [
            Found(Key(0, one.position), one.entry, dict(one.subject.event), 0) for one in found
        ]
        return [one.key.position for _, one in in_order(whole, query.order, after=None)][
            : query.limit
        ]
    return [one.position for one in found][: query.limit]


async def compare(stored: list[Stored], querying: Querying, seed: int) -> int:
    rng = random.Random(seed)
    hits = 0
    for _ in range(QUERIES):
        body = drawn(rng)
        query = query_from_json(body)
        answered = await all_pages(querying, query, rng.choice((7, 50, 500)))
        wanted = expected(stored, query.supplied())
        ordered = bool(query.order.by)
        assert (answered if ordered else sorted(answered)) == wanted, body
        hits += bool(wanted)
    return hits


async def test_index_and_full_reading_agree(
    filled: tuple[GatewayStore, list[Stored], Querying],
) -> None:
    _, stored, querying = filled
    assert await compare(stored, querying, seed=2) > QUERIES // 3


async def test_they_agree_when_nothing_can_be_gathered_and_windows_are_small(
    filled: tuple[GatewayStore, list[Stored], Querying], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What walks the indexes of a large database, on a small one."""
    monkeypatch.setattr(search_planning, "GATHERED_MAX", 1)
    monkeypatch.setattr(search_planning, "_SPAN_MAX", 1)
    monkeypatch.setattr(searching, "_WINDOW_MIN", 3)
    monkeypatch.setattr(searching, "_WINDOW_MAX", 9)
    monkeypatch.setattr(searching, "_READ_AT_ONCE", 2)
    _, stored, querying = filled
    assert await compare(stored, querying, seed=3) > QUERIES // 3


async def test_a_page_whose_work_is_done_goes_on_where_it_stopped(
    filled: tuple[GatewayStore, list[Stored], Querying], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, stored, querying = filled
    query = query_from_json({"EQ_ILMD_cbvmda:lotNumber": ["L1"], "EQ_bizStep": ["shipping"]})
    monkeypatch.setattr(searching.search, "__kwdefaults__", {"work": searching.Work(reads=5)})
    first = await querying.page(query, question="q", size=30)
    assert len(first.events) < 5
    assert first.token is not None
    answered = await all_pages(querying, query, 30)
    assert sorted(answered) == expected(stored, query)


async def test_pages_do_not_see_what_was_stored_after_the_first(
    filled: tuple[GatewayStore, list[Stored], Querying],
) -> None:
    store, stored, querying = filled
    for order in ({}, {"orderBy": "eventTime"}, {"orderBy": "recordTime"}):
        query = query_from_json({"eventType": ["ObjectEvent"], **order})
        first = await querying.page(query, question="q", size=20)
        wanted = set(expected(stored, query))
        assert first.token is not None
        before = len(stored)
        fresh = [
            goods.event(f"{order}{n}", time_ms=goods.BEGIN_MS + n * 600_000) for n in range(10)
        ]
        await store.capture(goods.unit(f"later-{order}", *fresh))
        seen = [one.key.position for one in first.events]
        token = first.token.text
        while token:
            page = await querying.page(query, question="q", size=20, token=token)
            seen += [one.key.position for one in page.events]
            token = page.token.text if page.token else ""
        assert len(seen) == len(set(seen))
        assert {position for position in seen if position <= before} == wanted
        stored = [*stored]
        assert len(await all_pages(querying, query_from_json({}), 500)) > before


async def test_erasing_an_event_takes_it_out_of_the_index(
    filled: tuple[GatewayStore, list[Stored], Querying],
) -> None:
    store, stored, querying = filled
    follower, _ = goods.querying(store)
    gone = next(one for one in stored if goods.LONG in str(one.subject.event))
    others = [one for one in stored if goods.LONG in str(one.subject.event) and one is not gone]
    query = query_from_json({"EQ_bizTransaction_po": [goods.LONG]})
    assert gone.position in await all_pages(querying, query, 50)
    for one in (gone, *others):
        await follower.forget(one.entry)
        await store.erase_event(one.entry)
    assert await all_pages(querying, query, 50) == []

    def left(connection: Any) -> tuple[list[str], int]:
        counted = select(func.count()).select_from(facet_event)
        named = facet_values(connection, "transaction", "", 100)
        counted = counted.where(facet_event.c.position == gone.position)
        return named, connection.execute(counted).scalar()

    named, rows = await store.read(left)
    assert goods.LONG not in named
    assert rows == 0


async def test_no_value_without_events_and_a_rebuild_gives_the_same(
    filled: tuple[GatewayStore, list[Stored], Querying],
) -> None:
    store, _, _ = filled
    follower, _ = goods.querying(store)

    def rows(connection: Any) -> dict[str, int]:
        held = select(facet_event.c.facet, func.count()).group_by(facet_event.c.facet)
        counts = {row[0]: row[1] for row in connection.execute(held)}
        listed = connection.execute(select(facet.c.key, facet.c.id)).all()
        assert {row.id for row in listed} == set(counts)
        return {row.key: counts[row.id] for row in listed}

    await follower.catch_up()
    before = await store.read(rows)
    assert before
    await follower.rebuild()
    assert await store.read(rows) == before


class Broken(Facets):
    """A projection that fails before anything of its pass is written."""

    def prepare(self, connection: Any, events: Any) -> Any:
        raise OSError("no disk")


async def test_an_index_that_is_behind_is_not_asked(
    filled: tuple[GatewayStore, list[Stored], Querying],
) -> None:
    store, stored, _ = filled
    _, behind = goods.querying(store, Broken())
    with pytest.raises(NotReadyError) as refused:
        await behind.page(query_from_json({}), question="q")
    assert refused.value.code == "index_behind"
    (found,) = await behind.events_with_id("urn:uuid:00000003")  # needs no index
    assert found.key.position == stored[3].position
