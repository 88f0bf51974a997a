"""Projections follow the events: in order, once, together with their cursor."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select

from node_gateway.services.following import FollowedEvent, Follower
from node_gateway.storage.database import Insert
from node_gateway.storage.ports import GatewayStore
from node_gateway.storage.tables import meta
from tests.gateway.storage.making import code_name, event, unit
from tests.gateway.storage.test_large_events import large, tree_of

PREFIX = "seen:"


class Seen:
    """Writes one row per event; a table that is there anyway serves."""

    def __init__(self, name: str = "seen") -> None:
        self.name = name
        self.prepared: list[int] = []
        self.fails = False

    def prepare(self, connection: Connection, events: Sequence[FollowedEvent]) -> Any:
        self.prepared += [one.position for one in events]
        return [(self._row(one), len(one.event.get("epcList", ()))) for one in events]

    def apply(self, connection: Connection, insert_rows: Insert, change: Any) -> None:
        insert_rows(connection, meta, [(row, str(count).encode()) for row, count in change])
        if self.fails:
            raise RuntimeError("the projection is wrong")

    def forget(self, connection: Connection, event: FollowedEvent) -> None:
        connection.execute(delete(meta).where(meta.c.name == self._row(event)))

    def clear(self, connection: Connection) -> None:
        connection.execute(delete(meta).where(meta.c.name.like(f"{self.name}:%")))

    def _row(self, event: FollowedEvent) -> str:
        return f"{self.name}:{event.position:06d}"

    async def rows(self, store: GatewayStore) -> dict[int, int]:
        def work(connection: Connection) -> dict[int, int]:
            query = select(meta).where(meta.c.name.like(f"{self.name}:%")).order_by(meta.c.name)
            return {int(name[-6:]): int(value) for name, value in connection.execute(query)}

        return await store.read(work)


async def stored(store: GatewayStore, *names: str) -> None:
    await store.capture(unit("-".join(names), *(event(name) for name in names)))


async def test_every_event_is_followed_once_and_in_order(store: GatewayStore) -> None:
    seen = Seen()
    follower = Follower(store, [seen])
    assert await follower.catch_up() == 0
    await stored(store, "a", "b")
    assert await follower.catch_up() == 2
    await stored(store, "c")
    assert await follower.catch_up() == 3
    assert await follower.catch_up() == 3
    assert seen.prepared == [1, 2, 3]
    assert await seen.rows(store) == {1: 1, 2: 1, 3: 1}


async def test_a_large_event_comes_with_all_of_its_codes(store: GatewayStore) -> None:
    seen = Seen()
    await store.capture(unit("large", large(tree_of(30_000))))
    await stored(store, "next")
    assert await Follower(store, [seen]).catch_up() == 2
    assert await seen.rows(store) == {1: 20_000, 2: 1}


async def test_what_fails_to_be_written_is_not_counted_as_followed(store: GatewayStore) -> None:
    seen = Seen()
    await stored(store, "a")
    seen.fails = True
    with pytest.raises(RuntimeError, match="the projection is wrong"):
        await Follower(store, [seen]).catch_up()
    assert await seen.rows(store) == {}
    await stored(store, "b")  # capture goes on
    seen.fails = False
    assert await Follower(store, [seen]).catch_up() == 2
    assert await seen.rows(store) == {1: 1, 2: 1}


async def test_a_new_projection_begins_with_the_first_event(store: GatewayStore) -> None:
    old, new = Seen("old"), Seen("new")
    await stored(store, "a", "b")
    await Follower(store, [old]).catch_up()
    await stored(store, "c")
    await Follower(store, [old, new]).catch_up()
    assert old.prepared == [1, 2, 3]
    assert new.prepared == [1, 2, 3]
    assert await old.rows(store) == await new.rows(store) == {1: 1, 2: 1, 3: 1}


async def test_an_erased_event_is_forgotten_and_not_found_again_by_a_rebuild(
    store: GatewayStore,
) -> None:
    seen = Seen()
    first = event("a", codes=[code_name(1)])
    await store.capture(unit("one", first, event("b")))
    follower = Follower(store, [seen])
    await follower.forget(first.entry)  # follows first what it had not yet
    assert await seen.rows(store) == {2: 1}
    await store.erase_event(first.entry)
    await follower.forget(first.entry)
    assert await follower.rebuild() == 2
    assert await seen.rows(store) == {2: 1}


async def test_a_rebuild_gives_what_was_there(store: GatewayStore) -> None:
    seen = Seen()
    await stored(store, "a", "b", "c")
    follower = Follower(store, [seen])
    await follower.catch_up()
    before = await seen.rows(store)
    await store.write("test", lambda c: c.execute(insert(meta).values(name="seen:9", value=b"1")))
    assert await follower.rebuild() == 3
    assert await seen.rows(store) == before
