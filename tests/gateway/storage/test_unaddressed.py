"""Shipments whose receiver nobody knows: found by party, at the cost of the parties."""

from __future__ import annotations

import sqlite3
from hashlib import sha256

import pytest
from sqlalchemy import Connection

from node_gateway.storage import handover_unaddressed as unaddressed
from node_gateway.storage.ports import GatewayStore

PARTIES = [f"https://id.gs1.org/417/690{number:04d}000009" for number in range(7)]
_STEPS = 100


def entry(number: int) -> bytes:
    return sha256(str(number).encode()).digest()


def steps_of(connection: Connection, limit: int) -> int:
    """Return in hundreds how many steps SQLite takes to find the parties."""
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    taken = []
    raw.set_progress_handler(lambda: taken.append(1), _STEPS)
    try:
        unaddressed.parties_after(connection, "", limit)
    finally:
        raw.set_progress_handler(None, _STEPS)
    return len(taken)


@pytest.mark.asyncio
async def test_parties_are_found_in_order_and_shipments_in_pages(store: GatewayStore) -> None:
    def fill(connection: Connection) -> None:
        for number in range(20):
            named = {PARTIES[number % 7], PARTIES[0]}
            unaddressed.add(connection, store.insert, named, entry(number))
        unaddressed.add(connection, store.insert, [PARTIES[3], "Z", "a"], entry(3))

    await store.write("test", fill)
    expected = ["Z", "a", *PARTIES]
    assert await store.read(lambda c: unaddressed.parties_after(c, "", 100)) == expected
    assert await store.read(lambda c: unaddressed.parties_after(c, "Z", 2)) == expected[1:3]
    assert await store.read(lambda c: unaddressed.parties_after(c, PARTIES[6], 5)) == []
    first = sorted(entry(number) for number in range(20) if number != 3)
    (known,) = await store.read(lambda c: unaddressed.unknown(c, "a", 1))
    assert known == (PARTIES[0], 19, tuple(first[:10]))
    page = await store.read(lambda c: unaddressed.waiting_for(c, PARTIES[0], first[4], 3))
    assert [one.entry for one in page] == first[5:8]
    assert {one.event for one in page} == {None}  # such events were never stored

    def drop(connection: Connection) -> list[bool]:
        return [unaddressed.remove(connection, entry(3)) for _ in range(2)]

    assert await store.write("test", drop) == [True, False]
    assert await store.read(lambda c: unaddressed.parties_after(c, "", 100)) == PARTIES
    await store.write("test", unaddressed.clear)
    assert await store.read(lambda c: unaddressed.parties_after(c, "", 100)) == []


@pytest.mark.asyncio
async def test_looking_for_parties_costs_the_same_however_much_waits(store: GatewayStore) -> None:
    def fill(connection: Connection, count: int) -> None:
        for number in range(count):
            unaddressed.add(connection, store.insert, [PARTIES[number % 3]], entry(number))

    await store.write("test", lambda c: fill(c, 30))
    if await store.read(lambda c: c.dialect.name) != "sqlite":
        found = await store.read(lambda c: unaddressed.parties_after(c, "", 100))
        assert found == PARTIES[:3]
        return
    few = await store.read(lambda c: steps_of(c, 100))
    await store.write("test", lambda c: fill(c, 6_000))
    assert await store.read(lambda c: steps_of(c, 100)) <= few + 1
